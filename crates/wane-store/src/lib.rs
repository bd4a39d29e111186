//! The durable log, its snapshots, and the index made from them.
//!
//! The log is the truth: state is what the log's records lead to, from the newest whole snapshot on. [`log::Log`] is the
//! boundary that a file, a faulty memory and, one day, a replicated log stand behind.

pub mod log;
