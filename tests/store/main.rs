//! The durable log, over real disks and over one that fails: what was answered is there, and nothing else.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests may fail")]

mod basics;
mod checker;
mod crashes;
mod damage;
mod index;
mod support;
mod tools;
