//! Plugins through the host: trust, loading, what each fault costs, reloading; the header against the Rust types; the
//! example in C.

#![expect(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may fail")]

mod apart;
mod faults;
// The frozen plugins are for this one kind of machine; on others there is nothing that could load them.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod frozen;
mod fuzzed;
mod layout;
mod loading;
mod place;
mod reload;
mod trust;
