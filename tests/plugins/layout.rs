//! The header and the Rust types say the same, byte for byte.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::mem::offset_of;
use std::process::Command;

use wane_plugin_abi::{ABI_MAJOR, ABI_MINOR, Header, Input, MAGIC, Plugin, Sink, Slice, code, kind};

use crate::place::{compile, here};

macro_rules! layout {
    ($text:ident, $c:literal, $rust:ty: $($field:ident),*) => {
        writeln!($text, "{} {}", $c, size_of::<$rust>()).expect("a text");
        $(writeln!($text, "{}.{} {}", $c, stringify!($field), offset_of!($rust, $field)).expect("a text");)*
    };
}

fn ours() -> String {
    let mut text = String::new();
    layout!(text, "wane_slice", Slice: ptr, len);
    layout!(text, "wane_header", Header: name, value);
    layout!(text, "wane_input", Input: size, kind, received_at_ms, account, method, path, query, headers, header_count, body);
    layout!(text, "wane_sink", Sink: size, reserved, host, event, reply, request, suppress, fail);
    layout!(text, "wane_plugin", Plugin: magic, size, abi_major, abi_minor, min_host_minor, reserved, manifest, create,
        destroy, translate, render, get_extension, later);
    let codes = [
        ("WANE_OK", code::OK),
        ("WANE_IGNORED", code::IGNORED),
        ("WANE_BAD_SIGNATURE", code::BAD_SIGNATURE),
        ("WANE_MALFORMED", code::MALFORMED),
        ("WANE_UNSUPPORTED", code::UNSUPPORTED),
        ("WANE_DUPLICATE", code::DUPLICATE),
        ("WANE_RETRY_LATER", code::RETRY_LATER),
        ("WANE_OUTSIDE_WINDOW", code::OUTSIDE_WINDOW),
        ("WANE_FAULT_BUG", code::FAULT_BUG),
        ("WANE_FAULT_PANIC", code::FAULT_PANIC),
        ("WANE_FAULT_LIMIT", code::FAULT_LIMIT),
        ("WANE_FAULT_MEMORY", code::FAULT_MEMORY),
        ("WANE_FAULT_MISUSE", code::FAULT_MISUSE),
    ];
    let kinds = [
        ("WANE_WEBHOOK", kind::WEBHOOK),
        ("WANE_HANDSHAKE", kind::HANDSHAKE),
        ("WANE_CLIENT_FRAME", kind::CLIENT_FRAME),
    ];
    let versions = [("WANE_ABI_MAJOR", ABI_MAJOR), ("WANE_ABI_MINOR", ABI_MINOR)];
    let codes = codes.map(|(name, code)| (name, i64::from(code))).into_iter();
    let kinds = kinds.map(|(name, kind)| (name, i64::from(kind)));
    let versions = versions.map(|(name, version)| (name, i64::from(version)));
    for (name, number) in codes.chain(kinds).chain(versions) {
        writeln!(text, "{name} {number}").expect("a text");
    }
    writeln!(text, "WANE_MAGIC {}", MAGIC.cast_signed()).expect("a text");
    text
}

/// `name number` a line.
fn lines(text: &str) -> BTreeMap<String, i64> {
    let pairs = text.lines().filter_map(|line| line.split_once(' '));
    pairs.map(|(name, number)| (name.to_owned(), number.parse().expect("a number"))).collect()
}

/// What the compiled header says.
fn theirs(compiler: &str, kind: &[&str]) -> BTreeMap<String, i64> {
    let directory = tempfile::tempdir().expect("a directory");
    let program = directory.path().join("layout");
    compile(compiler, kind, &["-Wpedantic"], &here("tests/plugins/foils/layout.c"), &program);
    let output = Command::new(program).output().expect("runs");
    lines(&String::from_utf8(output.stdout).expect("text"))
}

#[test]
fn sizes_offsets_and_numbers_are_those_of_the_header() {
    let theirs = theirs("cc", &["-std=c11"]);
    assert_eq!(theirs, lines(&ours()));
    assert!(theirs.len() > 50, "everything is compared");
}

#[test]
fn the_header_is_the_same_in_cpp() {
    assert_eq!(theirs(cpp(), &["-std=c++11", "-xc++"]), lines(&ours()));
}

/// Structs may get longer at their end, but for those that stand in lists or in others; nothing else may ever change.
#[test]
#[cfg(target_pointer_width = "64")]
fn what_abi_1_0_had_is_where_it_was() {
    let frozen = std::fs::read_to_string(here("tests/plugins/frozen/abi-1.0/layout.txt")).expect("the frozen layout");
    let now = lines(&ours());
    for (name, then) in lines(&frozen) {
        let now = now.get(&name).copied().unwrap_or_else(|| panic!("`{name}` is gone"));
        match name.as_str() {
            "WANE_ABI_MINOR" | "wane_input" | "wane_sink" | "wane_plugin" => assert!(now >= then, "{name}"),
            _ => assert_eq!(now, then, "{name}"),
        }
    }
}

#[test]
fn the_header_is_clean_in_cpp() {
    let directory = tempfile::tempdir().expect("a directory");
    let source = directory.path().join("clean.cc");
    let text = "#include \"wane_plugin.h\"\nWANE_PLUGIN_NOTE(\"{}\");\nextern const wane_slice told;\n\
        const wane_slice told = WANE_PLUGIN_MANIFEST;\n";
    std::fs::write(&source, text).expect("written");
    compile(cpp(), &["-std=c++11", "-Wpedantic", "-c"], &[], &source, &directory.path().join("clean.o"));
}

/// The example is C++ too: nobody who writes a channel in it is left without one.
#[test]
fn the_example_is_clean_in_cpp() {
    let directory = tempfile::tempdir().expect("a directory");
    let kind = ["-std=c++11", "-xc++", "-Wpedantic", "-c"];
    compile(cpp(), &kind, &[], &here("examples/c-channel/channel.c"), &directory.path().join("channel.o"));
}

fn cpp() -> &'static str {
    let there = Command::new("c++").arg("--version").output().is_ok_and(|output| output.status.success());
    assert!(there, "no C++ compiler `c++`: that the header is clean in C++11 can not be shown on this machine");
    "c++"
}
