//! How the real daemon stops and does not start: the exit codes of `docs/operations.md`, a torn end of the log, damage.

#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests may fail")]

mod codes;
mod damage;
mod place;
