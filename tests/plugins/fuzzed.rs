//! Every channel has its fuzz target, and its share of the tests that goes without a fuzzer.

use std::fs;

use crate::place::here;

#[test]
fn no_channel_is_left_out() {
    let manifest = fs::read_to_string(here("fuzz/Cargo.toml")).expect("the fuzzer's manifest");
    let entries = fs::read_dir(here("plugins")).expect("the plugins").map(|entry| entry.expect("an entry"));
    let names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    let channels: Vec<&String> = names.iter().filter(|name| !name.starts_with("foil")).collect();
    assert!(channels.len() >= 8, "{channels:?}");
    for name in channels {
        for file in [
            format!("fuzz/channels/{name}.rs"),
            format!("fuzz/fuzz_targets/{name}.rs"),
            format!("plugins/{name}/tests/fuzz.rs"),
        ] {
            assert!(here(&file).is_file(), "there is no {file}");
        }
        assert!(manifest.contains(&format!("\nname = \"{name}\"\n")), "no target `{name}` in fuzz/Cargo.toml");
    }
}
