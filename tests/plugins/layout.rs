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
        code::OK,
        code::IGNORED,
        code::BAD_SIGNATURE,
        code::MALFORMED,
        code::UNSUPPORTED,
        code::DUPLICATE,
        code::RETRY_LATER,
        code::OUTSIDE_WINDOW,
        code::FAULT_BUG,
        code::FAULT_PANIC,
        code::FAULT_LIMIT,
        code::FAULT_MEMORY,
        code::FAULT_MISUSE,
    ];
    let kinds = [kind::WEBHOOK, kind::HANDSHAKE, kind::CLIENT_FRAME].map(i64::from);
    let versions = [ABI_MAJOR, ABI_MINOR].map(i64::from);
    for (number, code) in codes.map(i64::from).into_iter().chain(kinds).chain(versions).enumerate() {
        writeln!(text, "code{number} {code}").expect("a text");
    }
    writeln!(text, "magic {MAGIC}").expect("a text");
    text
}

#[test]
fn sizes_offsets_and_numbers_are_those_of_the_header() {
    let directory = tempfile::tempdir().expect("a directory");
    let program = directory.path().join("layout");
    compile("cc", &["-std=c11", "-Wpedantic"], &[], &here("tests/plugins/foils/layout.c"), &program);
    let output = Command::new(program).output().expect("runs");
    let theirs = String::from_utf8(output.stdout).expect("text");
    let lines = |text: &str| -> BTreeMap<String, String> {
        text.lines()
            .filter_map(|line| line.split_once(' '))
            .map(|(name, number)| (name.into(), number.into()))
            .collect()
    };
    assert_eq!(lines(&theirs), lines(&ours()));
    assert!(lines(&theirs).len() > 50, "everything is compared");
}

#[test]
fn the_header_is_clean_in_cpp() {
    let there = Command::new("c++").arg("--version").output().is_ok_and(|output| output.status.success());
    assert!(there, "no C++ compiler `c++`: that the header is clean in C++11 can not be shown on this machine");
    let directory = tempfile::tempdir().expect("a directory");
    let source = directory.path().join("clean.cc");
    let text = "#include \"wane_plugin.h\"\nWANE_PLUGIN_NOTE(\"{}\");\nextern const wane_slice told;\n\
        const wane_slice told = WANE_PLUGIN_MANIFEST;\n";
    std::fs::write(&source, text).expect("written");
    compile("c++", &["-std=c++11", "-Wpedantic", "-c"], &[], &source, &directory.path().join("clean.o"));
}
