//! `wane check`.

use std::fs;

use crate::{QUIET, directory, expect, here};
use wane_tests::binary::{stderr, stdout, wane};

#[test]
fn the_stock_rules_and_the_packs_have_no_findings() {
    for rules in ["rules", "rules/packs/amazon-connect", "rules/packs/genesys-engage", "rules/packs/chatwoot"] {
        expect(&here(&["check", rules]), 0, &["no findings"], &[]);
    }
}

const FAULTY: &str = r#"[timers.quiet]
title    = "Quiet"
handler  = ["repp"]
start_on = ["message:rep"]
on_lapse = ["end-session"]

[[rules]]
id    = "quiet"
timer = "quite"
after = "10"
"#;

#[test]
fn every_fault_is_shown_with_its_place_its_line_and_what_would_be_right() {
    let dir = directory("check-faults", &[("rules/a.toml", FAULTY)]);
    let output = wane(&dir, &["check"]);
    let wanted = [
        "rules/a.toml:3:13",
        "handler  = [\"repp\"]",
        "did you mean `rep`?",
        "rules/a.toml:9:9",
        "did you mean `quiet`?",
        "rules/a.toml:10:9",
        "3 errors",
        "wane check --explain E",
    ];
    expect(&output, 1, &wanted, &[]);
}

#[test]
fn marks_of_windows_editors_are_neither_shown_nor_counted() {
    let text = format!("\u{feff}chanel = \"web\"\n{FAULTY}").replace('\n', "\r\n");
    let dir = directory("check-windows", &[("rules/a.toml", &text)]);
    let output = wane(&dir, &["check"]);
    let wanted = ["rules/a.toml:1:1\n", "1 | chanel = \"web\"\n  | ^^^^^^\n", "4 | handler  = [\"repp\"]\n"];
    expect(&output, 1, &wanted, &[]);
    assert!(!stdout(&output).contains(['\u{feff}', '\u{240d}', '\r']), "{}", stdout(&output));
}

#[test]
fn json_is_one_finding_a_line() {
    let dir = directory("check-json", &[("a.toml", FAULTY)]);
    let output = wane(&dir, &["check", ".", "--format", "json"]);
    expect(&output, 1, &[], &[]);
    let said = stdout(&output);
    for line in said.lines() {
        let found: serde_json::Value = serde_json::from_str(line).expect("JSON");
        for key in ["code", "severity", "message", "labels"] {
            assert!(found.get(key).is_some(), "no `{key}` in {line}");
        }
        assert!(found["labels"][0]["line"].as_u64().is_some_and(|line| line > 0), "{line}");
    }
    assert!(said.lines().count() >= 3, "{said}");
}

#[test]
fn a_page_about_each_code() {
    let output = here(&["check", "--explain", "e0203"]);
    expect(&output, 0, &["E0203"], &[]);
    expect(&here(&["check", "--explain", "E0905"]), 0, &["steps run backwards"], &[]);
    expect(&here(&["check", "--explain", "E9999"]), 2, &[], &["there is no diagnostic `E9999`"]);
}

#[test]
fn directories_that_hold_no_rules_are_told_apart() {
    let dir = directory("check-none", &[("empty/readme.txt", ""), ("a.toml", ""), ("top/packs/x/a.toml", QUIET)]);
    expect(&wane(&dir, &["check", "nowhere"]), 2, &[], &["can not read `nowhere`", "no such file"]);
    expect(&wane(&dir, &["check", "a.toml"]), 2, &[], &["`a.toml` is a file", "help: "]);
    expect(&wane(&dir, &["check", "empty"]), 2, &[], &["no rule file", "`empty`"]);
    expect(&wane(&dir, &["check", "top"]), 2, &[], &["a pack is a ruleset of its own", "top/packs"]);
}

#[test]
fn broken_files_are_findings_and_no_crash() {
    let dir = directory("check-broken", &[("cut/a.toml", "[timers.quiet"), ("utf8/a.toml", "")]);
    fs::write(dir.join("utf8/a.toml"), b"title = \"\xff\"\n").expect("a file");
    expect(&wane(&dir, &["check", "cut"]), 1, &["cut/a.toml:1:", "1 error"], &[]);
    expect(&wane(&dir, &["check", "utf8"]), 1, &["utf8/a.toml:1:10", "UTF-8"], &[]);
}

/// Reading a pipe waits without end, and reading some devices fills the memory.
#[cfg(unix)]
#[test]
fn what_is_no_file_is_not_read() {
    let dir = directory("check-device", &[("rules/a.toml", QUIET)]);
    std::os::unix::fs::symlink("/dev/null", dir.join("rules/b.toml")).expect("a link");
    expect(&wane(&dir, &["check"]), 2, &[], &["`rules/b.toml` is neither a file nor a directory"]);
}

/// Two names that differ in such bytes only would be one in a ruleset.
#[cfg(unix)]
#[test]
fn a_name_that_is_not_utf_8_is_refused() {
    use std::os::unix::ffi::OsStrExt;
    let dir = directory("check-name", &[("rules/a.toml", QUIET)]);
    let name = std::ffi::OsStr::from_bytes(b"rules/\xff.toml");
    fs::write(dir.join(name), "").expect("a file");
    expect(&wane(&dir, &["check"]), 2, &[], &["is not UTF-8"]);
}

#[test]
fn bombs_are_refused() {
    let nested = format!("{QUIET}when = '{}authenticated{}'\n", "(".repeat(5_000), ")".repeat(5_000));
    let sums = format!("{QUIET}when = '{} == \"\"'\n", vec!["\"a\""; 20_000].join(" + "));
    let deep = format!("a = {}{}\n", "[".repeat(50_000), "]".repeat(50_000));
    let dir = directory("check-bombs", &[("nested/a.toml", &nested), ("sums/a.toml", &sums), ("deep/a.toml", &deep)]);
    fs::create_dir_all(dir.join("huge")).expect("a directory");
    fs::write(dir.join("huge/a.toml"), "# a comment that is long\n".repeat(2_100_000)).expect("a file");
    for bomb in ["nested", "sums", "deep", "huge"] {
        let output = wane(&dir, &["check", bomb]);
        expect(&output, 1, &["error[E", &format!("{bomb}/a.toml")], &[]);
        assert!(stdout(&output).len() < 20_000, "{bomb}: the finding is as long as the bomb");
        assert_eq!(stderr(&output), "");
    }
}
