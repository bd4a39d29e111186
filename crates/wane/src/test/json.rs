//! Results as JSON: a line per scenario, then one with the counts.

use std::io::{self, Write};

use serde::Serialize;

use super::{Report, pretty};
use crate::out::Out;

#[derive(Serialize)]
struct Line<'a> {
    file: String,
    line: usize,
    name: &'a str,
    covers: &'a [String],
    passed: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<String>,
}

#[derive(Serialize)]
struct Counts {
    passed: usize,
    failed: usize,
    unreadable: usize,
}

/// Shows the report.
///
/// # Errors
/// When the output is gone.
pub(super) fn show(report: &Report, out: &mut Out) -> io::Result<()> {
    for case in &report.cases {
        let line = Line {
            file: case.file.display().to_string(),
            line: case.line,
            name: &case.name,
            covers: &case.covers,
            passed: case.passed(),
            reasons: pretty::reasons(case),
        };
        write_line(&line, out)?;
    }
    for broken in &report.broken {
        let reasons = broken.found.iter().map(|found| format!("{}: {}", found.code, found.message)).collect();
        let file = broken.file.display().to_string();
        write_line(&Line { file, line: 1, name: "", covers: &[], passed: false, reasons }, out)?;
    }
    let failed = report.failed();
    write_line(&Counts { passed: report.cases.len() - failed, failed, unreadable: report.broken.len() }, out)
}

fn write_line(value: &impl Serialize, out: &mut Out) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")
}
