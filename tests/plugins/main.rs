//! Plugins through the host: trust, loading, what each fault costs, reloading; the header against the Rust types; the
//! example in C.

#![expect(clippy::expect_used, reason = "tests may fail")]

mod faults;
mod layout;
mod loading;
mod place;
mod reload;
mod trust;
