//! Fuzzes the byoc plugin: see `README.md`.

#![no_main]

#[path = "../channels/byoc.rs"]
mod channel;
#[path = "../src/feed.rs"]
mod feed;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    for target in channel::targets() {
        feed::feed::<channel::Plugin>(&target, data);
    }
});
