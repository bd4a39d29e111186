//! `wane new-channel`: what it writes builds and works at once, and nothing is overwritten.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use wane_tests::binary::{repository, stdout, wane};

use super::*;

/// Runs a command in a directory, which must go well; what it printed.
#[expect(clippy::expect_used, reason = "a test that can not run anything fails")]
fn run(dir: &Path, command: &mut Command) -> String {
    let output = command.current_dir(dir).output().expect("started");
    let said = format!("{}{}", stdout(&output), stderr(&output));
    assert!(output.status.success(), "{command:?} in {}: {said}", dir.display());
    said
}

/// Cargo for a crate outside of the workspace: with our versions, which are there, and our directory for what is built.
#[expect(clippy::expect_used, reason = "as above")]
fn cargo(dir: &Path) -> Command {
    fs::copy(repository().join("Cargo.lock"), dir.join("Cargo.lock")).expect("our versions");
    let mut cargo = wane_tests::binary::cargo();
    cargo.env("CARGO_TARGET_DIR", built()).arg("--offline");
    cargo
}

fn built() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("new-channel-built")
}

/// What the plugin makes of the two samples.
fn samples(dir: &Path, plugin: &Path) -> (Value, Value) {
    let file = plugin.display().to_string();
    let call = |what: &str, sample: &str| -> Value {
        let output = wane(dir, &["plugin", what, &file, sample]);
        expect(&output, 0, &[], &[]);
        serde_json::from_str(&stdout(&output)).unwrap_or_default()
    };
    (call("translate", "samples/message"), call("render", "samples/notice"))
}

/// The samples, the exports and the name are as they should be; the same in both languages.
#[expect(clippy::indexing_slicing, reason = "what is not there fails the test")]
fn works(dir: &Path, plugin: &Path) {
    let inspected = wane(dir, &["plugin", "inspect", &plugin.display().to_string()]);
    expect(&inspected, 0, &["channel   shop-sms", "exports   wane_plugin_entry\n", "trusted   yes"], &[]);
    let judged = wane(dir, &["conformance", &plugin.display().to_string(), "--cases", "conformance"]);
    expect(&judged, 0, &["0 failed", "CONFORMS"], &[]);
    let (said, sent) = samples(dir, plugin);
    assert_eq!((said["verify"].as_str(), said["status"].as_u64()), (Some("accept"), Some(200)), "{said}");
    let event = serde_json::json!([{ "type": "message", "role": "customer", "kind": "text", "id": "m-1", "address": "u-77",
        "account": null, "at_ms": 1_772_355_600_250_i64, "activity": true, "text": "Is the shop open? 😀" }]);
    assert_eq!(said["events"], event);
    let request = &sent["requests"][0];
    assert_eq!((sent["action"].as_str(), request["method"].as_str()), (Some("send"), Some("POST")), "{sent}");
    let body: Value = serde_json::from_str(request["body"].as_str().unwrap_or_default()).unwrap_or_default();
    assert_eq!(body, serde_json::json!({ "account": "shop", "to": "u-77", "text": "Are you still there?" }));
}

/// A place that only we can change: a plugin that lies in it is trusted.
#[expect(clippy::expect_used, reason = "a test that has no place fails")]
fn place() -> tempfile::TempDir {
    let place = tempfile::tempdir().expect("a directory");
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o700)).expect("ours");
    place
}

#[test]
fn a_channel_in_rust_builds_passes_its_tests_and_works() {
    let (place, checkout) = (place(), repository().display().to_string());
    let made = wane(place.path(), &["new-channel", "shop-sms", "--sdk", &checkout]);
    expect(&made, 0, &["`shop-sms`: a channel in Rust", "cd shop-sms\n  cargo test"], &[]);
    let dir = place.path().join("shop-sms");
    let said = run(&dir, cargo(&dir).args(["test", "--quiet"]));
    assert!(said.contains("5 passed"), "{said}");
    run(&dir, cargo(&dir).args(["build", "--quiet"]));
    let plugin = dir.join("libwane_channel_shop_sms.so");
    fs::copy(built().join("debug/libwane_channel_shop_sms.so"), &plugin).unwrap_or_default();
    fs::set_permissions(&plugin, fs::Permissions::from_mode(0o700)).unwrap_or_default();
    works(&dir, &plugin);
}

#[test]
fn a_channel_in_c_builds_passes_its_tests_and_works() {
    let place = place();
    let made = wane(place.path(), &["new-channel", "shop-sms", "--lang", "c", "--dir", "deep/down"]);
    expect(&made, 0, &["`shop-sms`: a channel in C", "cd deep/down\n  make test"], &[]);
    let dir = place.path().join("deep/down");
    let said = run(&dir, Command::new("make").arg("test"));
    assert!(said.matches("ok   ").count() >= 10 && !said.contains("FAIL"), "{said}");
    run(&dir, &mut Command::new("make"));
    works(&dir, &dir.join("libwane_channel_shop_sms.so"));
    let strict = ["-std=c++11", "-xc++", "-Wall", "-Wextra", "-Werror", "-Wpedantic", "-c", "channel.c"];
    run(&dir, Command::new("c++").args(strict));
}

/// The reader of JSON that a channel in C begins with, under the compiler's watch: it reads nothing that is not there.
#[test]
fn the_reader_in_c_stays_within_what_it_reads() {
    let place = place();
    expect(&wane(place.path(), &["new-channel", "c", "--lang", "c"]), 0, &[], &[]);
    let dir = place.path().join("c");
    let fuzz = repository().join("tests/cli/fuzz_json.c");
    let sanitize =
        ["-std=c11", "-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-I.", "-o", "fuzz"];
    run(&dir, Command::new("cc").args(sanitize).arg(fuzz).arg("channel.c"));
    let said = run(&dir, &mut Command::new("./fuzz"));
    let numbers: Vec<u64> = said.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    assert!(matches!(numbers.as_slice(), [taken, refused] if *taken > 100 && *refused > 10_000), "{said}");
}

#[test]
fn a_channel_in_the_checkout_names_the_sdk_by_a_relative_path() {
    let dir = format!("target/new-channel-{}", std::process::id());
    expect(&here(&["new-channel", "near", "--dir", &dir]), 0, &[], &[]);
    let manifest = fs::read_to_string(repository().join(&dir).join("Cargo.toml")).unwrap_or_default();
    let _ = fs::remove_dir_all(repository().join(&dir));
    assert!(manifest.contains("path = \"../../crates/wane-plugin\""), "{manifest}");
}

#[test]
fn nothing_is_overwritten_and_nothing_half_made() {
    let place = place();
    fs::create_dir(place.path().join("there")).unwrap_or_default();
    let there = ["`", "there` is there already, and stays as it is"].concat();
    let made = wane(place.path(), &["new-channel", "there", "--lang", "c"]);
    expect(&made, 2, &[], &[&there[1..], "--dir DIR"]);
    assert_eq!(fs::read_dir(place.path().join("there")).map(Iterator::count).unwrap_or(1), 0);
    let made = wane(place.path(), &["new-channel", "far"]);
    expect(&made, 2, &[], &["this directory is in none", "--sdk DIR"]);
    let made = wane(place.path(), &["new-channel", "far", "--sdk", "there"]);
    expect(&made, 2, &[], &["is no checkout of Wane"]);
    assert!(!place.path().join("far").exists());
}

#[test]
fn bad_names_are_refused() {
    let place = place();
    for name in ["", "My-Sms", "my sms", "9lives", "a--b", "a-", "../up", "a/b", "ümlaut", &"a".repeat(41)] {
        let made = wane(place.path(), &["new-channel", "--lang", "c", "--", name]);
        expect(&made, 2, &[], &["a channel can not be called", "small letters, digits and single `-`"]);
    }
    assert_eq!(fs::read_dir(place.path()).map(Iterator::count).unwrap_or(1), 0);
}
