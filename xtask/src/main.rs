//! The repository's own checks: `cargo xtask tidy`. What a compiler or a linter finds is theirs; here is what they can
//! not know: that documents, manifests and sources agree.

mod finding;
mod markdown;
mod metadata;
mod tidy;
mod tree;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use finding::Finding;
use tree::Tree;

const USAGE: &str = "usage: cargo xtask tidy\n\n  tidy   check that documents, manifests and sources agree\n";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["tidy"] => tidy(),
        ["help" | "--help" | "-h"] => say(&mut io::stdout(), USAGE, ExitCode::SUCCESS),
        _ => say(&mut io::stderr(), USAGE, ExitCode::from(2)),
    }
}

fn tidy() -> ExitCode {
    match check() {
        Ok(findings) if findings.is_empty() => say(&mut io::stdout(), "tidy: nothing to say\n", ExitCode::SUCCESS),
        Ok(findings) => say(&mut io::stdout(), &report(&findings), ExitCode::FAILURE),
        Err(error) => say(&mut io::stderr(), &format!("tidy: {error}\n"), ExitCode::from(2)),
    }
}

fn check() -> io::Result<Vec<Finding>> {
    let root = root();
    let tree = Tree::read(&root)?;
    let members = metadata::read(&root)?;
    Ok(tidy::all(&tree, &members))
}

fn report(findings: &[Finding]) -> String {
    let lines: String = findings.iter().map(|finding| format!("{finding}\n")).collect();
    let noun = if findings.len() == 1 { "finding" } else { "findings" };
    format!("{lines}tidy: {} {noun}\n", findings.len())
}

/// The top of the repository: the directory above this package.
fn root() -> PathBuf {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    own.parent().map_or_else(|| own.clone(), PathBuf::from)
}

/// Writes and gives the status on. A reader that went away is no reason to fail.
fn say(to: &mut impl Write, text: &str, status: ExitCode) -> ExitCode {
    let _ = to.write_all(text.as_bytes());
    status
}
