//! Finds, vets, loads and calls channel plugins: in this process, or in processes of their own.
//!
//! [`Host`] holds the plugins of all channels; [`Channel`] is one of them, ready to be called from any thread. What goes in
//! and comes out is in [`call`]. The ABI itself is `wane-plugin-abi`'s.
//!
//! A plugin's way: its path and file are vetted (`trust`), its manifest is read without running it (`elf`, `manifest`),
//! the operator's config is checked against the manifest (`config`), the bytes that were vetted are copied to a private
//! place under the name of their hash and loaded from there, never to be unloaded (`library`). From then on an `instance` is
//! called by one thread at a time; what it says is collected within bounds (`output`) and checked before anybody sees it.
//! A fault costs the request that met it and the instance; too many in a while rest the whole plugin (`rest`).
//!
//! A call has a seat (`seats`) and a `worker`: an instance in this process, or a child with one ([`process`]). Those who call
//! do not notice which. What the in-process tier can not do: stop a plugin that hangs, survive one that crashes; its budget
//! is measured and counted as a fault after the fact. The operator's trust picks the tier (`generation`).

pub mod call;
mod channel;
mod config;
mod elf;
mod generation;
mod host;
mod instance;
mod jwt;
mod library;
mod manifest;
pub mod minisign;
mod output;
pub mod process;
mod rest;
mod seats;
mod secret;
mod settings;
mod signature;
mod status;
mod stopwatch;
mod trust;
mod worker;

pub use channel::Channel;
pub use host::{Change, Host, HostError, Inspected, inspect, inspect_bytes};
pub use manifest::{Encoding, Jwt, JwtAlgorithm, KeyEncoding, Kinds, Manifest, Place, Scheme, SecretNeed};
pub use secret::Secret;
pub use settings::{Budget, ChannelSettings, Others, Rest, Settings, Tier, Trust};
pub use status::{PluginStatus, Quarantine};
pub use trust::Signed;
