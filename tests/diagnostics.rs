//! Every diagnostic: its fixture prints what `expected` says, and file, list, page, fixture and index agree.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use wane_core::diagnostic::{Diagnostic, Place};
use wane_core::rules::files::Files;
use wane_core::rules::load;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("diagnostics")
}

/// The directories below a directory, by name.
fn directories(dir: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = entries(dir).into_iter().filter(|path| path.is_dir()).collect();
    found.sort();
    found
}

fn entries(dir: &Path) -> Vec<PathBuf> {
    fs::read_dir(dir).expect("a directory").map(|entry| entry.expect("an entry").path()).collect()
}

/// All `*.toml` files of a fixture.
fn files(root: &Path) -> Files {
    let mut files = Files::default();
    let mut open = vec![root.to_owned()];
    while let Some(dir) = open.pop() {
        for path in entries(&dir) {
            if path.is_dir() {
                // A pack is a ruleset of its own.
                open.extend((path != root.join("packs")).then_some(path));
            } else if path.extension().is_some_and(|extension| extension == "toml") {
                let name = path.strip_prefix(root).expect("below the root").to_str().expect("UTF-8").to_owned();
                files.insert(name, fs::read(&path).expect("readable"));
            }
        }
    }
    files
}

/// `CODE file:line:column message`, then further places and help, indented.
fn render(files: &Files, diagnostics: &[Diagnostic]) -> String {
    let mut text = String::new();
    for diagnostic in diagnostics {
        let place = diagnostic.labels.first().map(|label| position(files, &label.place)).unwrap_or_default();
        writeln!(text, "{} {place} {}", diagnostic.code, diagnostic.message).expect("a string takes all");
        for (index, label) in diagnostic.labels.iter().enumerate() {
            let place = position(files, &label.place);
            match (index, label.text.as_str()) {
                (0, "") => {}
                (0, words) => writeln!(text, "  here: {words}").expect("a string takes all"),
                (_, words) => writeln!(text, "  {place} {words}").expect("a string takes all"),
            }
        }
        if let Some(help) = &diagnostic.help {
            writeln!(text, "  help: {help}").expect("a string takes all");
        }
    }
    text
}

fn position(files: &Files, place: &Place) -> String {
    let content = files.get(&place.file).expect("a place is in a file");
    let before = &content[..place.span.start];
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let column = String::from_utf8_lossy(&before[start..]).chars().count() + 1;
    let marked = String::from_utf8_lossy(&content[place.span.clone()]).chars().take_while(|c| *c != '\n').count();
    format!("{}:{line}:{column}+{marked}", place.file)
}

#[test]
fn every_fixture_prints_what_is_expected() {
    let bless = std::env::var_os("WANE_BLESS").is_some();
    let mut wrong = String::new();
    for dir in directories(&root()) {
        let files = files(&dir);
        let (ruleset, diagnostics) = load(&files);
        let errors = diagnostics.iter().any(|found| found.code.0.starts_with('E'));
        assert_eq!(ruleset.is_none(), errors, "{}: a ruleset, or an error", dir.display());
        let printed = render(&files, &diagnostics);
        if bless {
            fs::write(dir.join("expected"), &printed).expect("writable");
        }
        let expected = fs::read_to_string(dir.join("expected")).unwrap_or_default();
        if printed != expected {
            writeln!(wrong, "{}:\n--- expected\n{expected}--- printed\n{printed}", dir.display())
                .expect("a string takes all");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn the_stock_rules_have_nothing_to_say() {
    let files = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules"));
    let (ruleset, diagnostics) = load(&files);
    assert_eq!(render(&files, &diagnostics), "");
    assert!(!ruleset.expect("no error").timers.is_empty());
}
