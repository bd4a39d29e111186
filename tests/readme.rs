//! The README is true: every command in it runs, and prints what stands below it.
//!
//! The commands run in a directory that has what a reader has after following along: the repository's rules, scenarios
//! and examples, the files whose name stands in the first line of a block, and `my-rules`. With `BLESS=1` in the
//! environment the outputs are written into the README instead of compared.

#![expect(clippy::expect_used, reason = "a test that can not be set up fails")]

use std::fs;
use std::path::Path;
use std::process::Command;

use wane_tests::binary;
use wane_tests::rules::repository;

/// Commands that find something, which is what the README shows them for.
const FINDING: [&str; 2] = ["wane check broken", "wane diff rules my-rules"];

/// Commands that this test does not run: the tests themselves, what changes the machine, and what a test of its own runs
/// (`serve.rs`).
const NOT_RUN: [&str; 4] = ["cargo test", "cargo install", "cargo build", "wane demo"];

/// Stands in an output for lines that are not shown.
const LEFT_OUT: &str = "[...]";

#[derive(Debug)]
struct Block {
    language: String,
    /// The bytes of the README between the fences.
    range: std::ops::Range<usize>,
}

fn blocks(readme: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<(String, usize)> = None;
    let mut offset = 0;
    for line in readme.split_inclusive('\n') {
        let after = offset + line.len();
        if let Some(language) = line.strip_prefix("```") {
            open = match open.take() {
                None => Some((language.trim().to_owned(), after)),
                Some((language, start)) => {
                    blocks.push(Block { language, range: start..offset });
                    None
                }
            };
        }
        offset = after;
    }
    blocks
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).expect("made");
        for entry in fs::read_dir(from).expect("read") {
            let entry = entry.expect("an entry");
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        fs::copy(from, to).expect("copied");
    }
}

/// A directory as the README's reader has it.
fn desk(readme: &str) -> tempfile::TempDir {
    let desk = tempfile::tempdir().expect("a directory");
    let top = repository();
    for part in ["rules", "examples"] {
        copy(&top.join(part), &desk.path().join(part));
    }
    copy(&top.join("tests/scenarios"), &desk.path().join("tests/scenarios"));
    copy(&top.join("rules"), &desk.path().join("my-rules"));
    for block in blocks(readme).iter().filter(|block| block.language == "toml") {
        let text = &readme[block.range.clone()];
        let first = text.lines().next().unwrap_or_default();
        let name = first.strip_prefix("# ").and_then(|line| line.split([':', ' ']).next()).expect("a file's name");
        let path = desk.path().join(name);
        fs::create_dir_all(path.parent().expect("a directory")).expect("made");
        fs::write(path, text).expect("written");
    }
    desk
}

/// Runs a command line as a shell does; what it printed, or why it went wrong.
fn run(desk: &Path, line: &str) -> String {
    let line = line.replace("cargo run --release -- ", "wane ");
    let programs = binary::path().parent().expect("a directory");
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap_or_default());
    let mut shell = Command::new("sh");
    let output = shell.args(["-c", &line]).current_dir(desk).env("PATH", path).env("NO_COLOR", "1").output();
    let output = output.expect("a shell");
    let text = format!("{}{}", binary::stdout(&output), binary::stderr(&output));
    let expected = i32::from(FINDING.contains(&line.as_str()));
    assert_eq!(output.status.code(), Some(expected), "`{line}` printed\n{text}");
    text
}

/// Whether the shown lines are among the printed ones, in their order and without others between them but where it says so.
fn is_excerpt(shown: &str, printed: &str) -> bool {
    let mut rest = printed;
    let parts: Vec<&str> = shown.split(&format!("{LEFT_OUT}\n")).collect();
    let starts = parts.first().is_some_and(|first| printed.starts_with(first));
    let ends = parts.last().is_some_and(|last| printed.ends_with(last));
    starts
        && ends
        && parts.iter().all(|part| {
            let found = rest.find(part);
            rest = found.and_then(|at| rest.get(at + part.len()..)).unwrap_or_default();
            found.is_some()
        })
}

#[test]
fn an_excerpt_has_the_lines_in_order() {
    assert!(is_excerpt("a\n[...]\nd\n", "a\nb\nc\nd\n"));
    assert!(!is_excerpt("a\n[...]\nb\n", "a\nb\nc\nd\n"), "the end is not the end");
    assert!(!is_excerpt("a\n[...]\nx\n[...]\nd\n", "a\nb\nc\nd\n"));
}

#[test]
fn every_command_of_the_readme_prints_what_stands_below_it() {
    let path = repository().join("README.md");
    let readme = fs::read_to_string(&path).expect("a README");
    let desk = desk(&readme);
    let blocks = blocks(&readme);
    let mut fresh = readme.clone();
    let mut compared = 0;
    // From the end, so that the ranges stay right while outputs are replaced.
    for (index, block) in blocks.iter().enumerate().rev().filter(|(_, block)| block.language == "sh") {
        let mut printed = String::new();
        for line in readme[block.range.clone()].lines().filter(|line| !NOT_RUN.iter().any(|not| line.starts_with(not)))
        {
            printed = run(desk.path(), line);
        }
        let shown = blocks.get(index + 1).filter(|next| next.language == "text");
        let Some(shown) = shown.filter(|_| !printed.is_empty()) else { continue };
        compared += 1;
        let text = &readme[shown.range.clone()];
        if text.contains(LEFT_OUT) {
            assert!(is_excerpt(text, &printed), "of this output\n{printed}the README shows\n{text}");
        } else {
            fresh.replace_range(shown.range.clone(), &printed);
        }
    }
    assert!(compared >= 5, "the README shows outputs");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &fresh).expect("written");
    } else {
        assert_eq!(fresh, readme, "run the test with BLESS=1 to put the new outputs in, and read them");
    }
}
