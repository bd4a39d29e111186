//! The conformance kit: proves that a channel plugin does what its channel asks, and nothing that it must not.
//!
//! Cases are data ([`case`]), read strictly from TOML (`read`) out of the stock profiles or a directory of an integrator's own
//! ([`catalog`]). A run ([`runner`]) gives each case a process of its own (`child`), in which the case's steps are played
//! against the plugin through the host, as the service does (`play`), and then the same calls once more over the bare ABI,
//! to see what the host does not look at (`around`). Requests are signed here by code of the kit's own (`sign`), so that the
//! host's is checked by another. [`report`] shows what came of it.
//!
//! Not here: the command line (`wane conformance`), and any judgement that is not in a case or in the list of checks
//! around every case ([`around::CHECKS`]).

pub mod around;
pub mod case;
pub mod catalog;
mod child;
pub mod draft;
pub mod index;
mod matching;
mod mutate;
mod play;
mod raw;
mod read;
pub mod report;
pub mod runner;
mod sign;
mod wire;

pub use child::child;
pub use read::Fault;
