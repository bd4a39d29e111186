//! The process tier: the same shared object in a child process, for plugins that the operator does not trust as he trusts
//! the service.
//!
//! A [`child`] is a small program, or this one again ([`program`]), started for nothing else, with one socket as its only
//! file. [`keeper`] starts it, it locks itself in ([`jail`]), loads the plugin and answers one question at a time ([`inside`]),
//! on the core of whoever asks ([`near`]), which it gives up at once to anybody else if it takes long ([`mod@slice`]). Both sides
//! speak in short binary frames ([`frame`]; what is in them: [`message`]), with bounds that both check. The parent believes
//! nothing: what a child says of a call goes through the same checks as what a plugin says in process (`output`), and a child
//! that says anything else, says nothing in time, or ends, is killed with its group.
//!
//! Signatures of providers are checked and secrets are put into requests by the parent: a child gets the config of its
//! plugin, and of the secrets only those that the manifest sends there (`to_plugin`).

pub(crate) mod child;
mod frame;
mod inside;
mod jail;
mod keeper;
mod message;
mod near;
mod program;
mod slice;

pub use inside::run;
pub use program::{NAME, Program, make, program};
