//! Every diagnostic: its fixture prints what `expected` says, and file, list, page, fixture and index agree.

#![expect(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use wane_core::diagnostic::{Diagnostic, Place};
use wane_core::rules::check::ALL;
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
fn the_stock_rules_and_the_packs_have_nothing_to_say() {
    let stock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules");
    let packs = directories(&stock.join("packs"));
    assert!(!packs.is_empty(), "there are packs");
    for dir in std::iter::once(stock).chain(packs) {
        let files = files(&dir);
        let (ruleset, diagnostics) = load(&files);
        assert_eq!(render(&files, &diagnostics), "", "{}", dir.display());
        assert!(!ruleset.expect("no error").timers.is_empty());
    }
}

/// The project's own copy of a text.
fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// File names below a directory, without their ending.
fn stems(path: &str, ending: &str) -> Vec<String> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    let names =
        entries(&dir).into_iter().filter_map(|path| Some(path.file_name()?.to_str()?.strip_suffix(ending)?.to_owned()));
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

/// Faults of whole files, whose input is made by a test instead of lying in a directory.
const WITHOUT_FIXTURE: [&str; 5] = ["E0101", "E0102", "E0103", "E0608", "W0715"];

#[test]
fn list_files_pages_and_index_agree() {
    let codes: Vec<&str> = ALL.iter().map(|check| check.code.0).collect();
    let mut unique = codes.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), codes.len(), "a code is given once");

    let mut sources: Vec<String> =
        ALL.iter().map(|check| check.name.replace('-', "_")).chain(["mod".to_owned()]).collect();
    sources.sort();
    let renamed = stems("crates/wane-core/src/rules/check", ".rs");
    assert_eq!(renamed.len(), sources.len(), "one file for each: {renamed:?} {sources:?}");

    let mut pages: Vec<String> = codes.iter().map(|code| (*code).to_owned()).chain(["README".to_owned()]).collect();
    pages.sort();
    assert_eq!(stems("docs/diagnostics", ".md"), pages, "one page for each");

    let index = read("docs/diagnostics/README.md");
    let rows: Vec<&str> = index.lines().filter(|line| line.starts_with("| [")).collect();
    let wanted: Vec<String> = ALL
        .iter()
        .map(|check| format!("| [{0}]({0}.md) | {1} | {2} |", check.code, check.name, check.summary))
        .collect();
    assert_eq!(rows, wanted, "one line for each, in the order of the list");
}

#[test]
fn every_diagnostic_has_its_fixture() {
    for check in ALL.iter().filter(|check| !WITHOUT_FIXTURE.contains(&check.code.0)) {
        let expected = read(&format!("tests/diagnostics/{}/expected", check.name));
        let found = expected.lines().any(|line| line.starts_with(check.code.0));
        assert!(found, "{} is not found by its fixture `{}`", check.code, check.name);
    }
}

/// The blocks of TOML below a heading of a page, each a file.
fn blocks(page: &str, heading: &str) -> Files {
    let section = page.split("\n## ").find(|section| section.starts_with(heading)).expect("a heading");
    let blocks = section.split("```toml\n").skip(1).filter_map(|block| Some(block.split_once("```")?.0));
    let mut files = Files::default();
    blocks.enumerate().for_each(|(index, block)| files.insert(format!("{index}.toml"), block));
    files
}

#[test]
fn every_page_shows_the_fault_and_the_way_out() {
    for check in ALL {
        let page = read(&format!("docs/diagnostics/{}.md", check.code));
        assert!(page.starts_with(&format!("# {}: {}\n", check.code, check.summary)), "{}: its heading", check.code);
        for heading in ["What it does\n", "Why it matters\n", "Example\n", "Instead\n"] {
            assert!(page.contains(&format!("\n## {heading}")), "{}: {heading}", check.code);
        }
        if WITHOUT_FIXTURE.contains(&check.code.0) {
            continue;
        }
        let codes: Vec<&str> = load(&blocks(&page, "Example")).1.iter().map(|found| found.code.0).collect();
        assert!(codes.contains(&check.code.0), "{}: the example gives {codes:?}", check.code);
        let better = blocks(&page, "Instead");
        assert_eq!(render(&better, &load(&better).1), "", "{}: the way out", check.code);
    }
}
