//! `wane test`: scenario files played against rule files.
//!
//! Here is the work; how results are shown is in one module per format.

mod cases;
mod coverage;
mod json;
mod junit;
mod pretty;
mod tap;

use std::path::PathBuf;

use wane_core::diagnostic::Diagnostic;
use wane_core::scenario::Failure;

use crate::Verdict;
use crate::cli::{TestArgs, TestFormat};
use crate::disk;
use crate::out::Out;
use crate::trouble::Trouble;

/// One scenario and how it came out.
#[derive(Debug)]
struct Case {
    /// The file as named on the command line.
    file: PathBuf,
    line: usize,
    name: String,
    covers: Vec<String>,
    outcome: Outcome,
}

/// How a scenario came out.
#[derive(Debug)]
enum Outcome {
    Passed,
    /// A step came out otherwise; with the line of the step.
    Failed(Failure, usize),
    /// Its rules were refused though they should not have been: each finding in a line.
    RulesRefused(Vec<String>),
    /// Its rules should have been refused, and were not, or for other reasons.
    RulesNotRefused(NotRefused),
}

/// What is missing in the refusal of a ruleset.
#[derive(Debug)]
struct NotRefused {
    /// The texts that no finding has.
    lacking: Vec<String>,
    /// The findings, a line each.
    found: Vec<String>,
    /// Whether the ruleset was taken.
    accepted: bool,
}

impl Case {
    const fn passed(&self) -> bool {
        matches!(self.outcome, Outcome::Passed)
    }

    /// `file:line`.
    fn place(&self) -> String {
        format!("{}:{}", self.file.display(), self.line)
    }
}

/// A scenario file that could not be read as such.
#[derive(Debug)]
struct Broken {
    file: PathBuf,
    content: Vec<u8>,
    found: Vec<Diagnostic>,
}

/// Everything that was played.
#[derive(Debug, Default)]
struct Report {
    cases: Vec<Case>,
    broken: Vec<Broken>,
    coverage: coverage::Coverage,
}

impl Report {
    fn failed(&self) -> usize {
        self.cases.iter().filter(|case| !case.passed()).count()
    }

    fn well(&self) -> bool {
        self.failed() == 0 && self.broken.is_empty()
    }
}

/// Runs the command.
///
/// # Errors
/// [`Trouble`] when files or rules can not be read, or nothing is left to play.
pub(crate) fn run(args: &TestArgs, out: &mut Out) -> Result<Verdict, Trouble> {
    let files = disk::scenario_files(&args.files)?;
    let report = cases::play(&files, args)?;
    if report.cases.is_empty() && report.broken.is_empty() {
        let only = args.only.as_deref().unwrap_or_default();
        let message = format!("no scenario has `{only}` in its name or file");
        return Err(Trouble::usage(message, "leave `--only` out to play all of them"));
    }
    match args.format {
        TestFormat::Pretty => pretty::show(&report, out)?,
        TestFormat::Tap => tap::show(&report, out)?,
        TestFormat::Junit => junit::show(&report, out)?,
        TestFormat::Json => json::show(&report, out)?,
    }
    if args.coverage {
        coverage::show(&report.coverage, args.format, out)?;
    }
    Ok(if report.well() { Verdict::Well } else { Verdict::Findings })
}
