//! Finds, vets, loads and calls channel plugins.
//!
//! [`Host`] holds the plugins of all channels; [`Channel`] is one of them, ready to be called from any thread. What goes in
//! and comes out is in [`call`]. The ABI itself is `wane-plugin-abi`'s.

pub mod call;
mod host;

pub use host::{Channel, Host, HostError};
