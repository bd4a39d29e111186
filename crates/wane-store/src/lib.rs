//! The durable log, its snapshots, and the index made from them.
//!
//! The log is the truth: state is what the log's records lead to, from the newest whole snapshot on. [`log::Log`] is the
//! boundary that a file and, one day, a replicated log stand behind. [`mod@file`] is the log in a directory, over a small
//! [`disk`] that is a real one or one in [`memory`] that fails and loses power as tests want it. [`tools`] is what is done
//! to a directory that no daemon holds; [`index`] is derived from the log, and may be lost.
//!
//! What the files look like is in `docs/log-format.md`.

pub mod disk;
pub mod file;
pub mod index;
mod layout;
pub mod log;
pub mod manifest;
pub mod memory;
pub mod seeded;
mod segment;
pub mod snapshot;
mod survey;
pub mod sync;
pub mod tools;
