//! Results in the Test Anything Protocol, version 14.

use std::io::{self, Write};

use super::{Report, pretty};
use crate::out::Out;

/// Shows the report.
///
/// # Errors
/// When the output is gone.
pub(super) fn show(report: &Report, out: &mut Out) -> io::Result<()> {
    writeln!(out, "TAP version 14\n1..{}", report.cases.len() + report.broken.len())?;
    let mut number = 0;
    for case in &report.cases {
        number += 1;
        let word = if case.passed() { "ok" } else { "not ok" };
        writeln!(out, "{word} {number} - {}: {}", case.file.display(), escape(&case.name))?;
        block(&pretty::reasons(case), &case.place(), out)?;
    }
    for broken in &report.broken {
        number += 1;
        writeln!(out, "not ok {number} - {}", broken.file.display())?;
        let lines: Vec<String> =
            broken.found.iter().map(|found| format!("{}: {}", found.code, found.message)).collect();
        block(&lines, &broken.file.display().to_string(), out)?;
    }
    Ok(())
}

/// `#` starts a directive in a description.
fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('#', "\\#")
}

fn block(lines: &[String], place: &str, out: &mut Out) -> io::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(out, "  ---\n  at: {place}\n  message: |")?;
    for line in lines {
        writeln!(out, "    {line}")?;
    }
    writeln!(out, "  ...")
}
