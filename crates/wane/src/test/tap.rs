//! Results in the Test Anything Protocol, version 14.

use std::io::{self, Write};

use super::{Report, pretty};
use crate::out::{Out, plain};

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
        writeln!(out, "{word} {number} - {}", escape(&format!("{}: {}", case.file.display(), case.name)))?;
        block(&pretty::reasons(case), &case.place(), out)?;
    }
    for broken in &report.broken {
        number += 1;
        writeln!(out, "not ok {number} - {}", escape(&broken.file.display().to_string()))?;
        let lines: Vec<String> =
            broken.found.iter().map(|found| format!("{}: {}", found.code, found.message)).collect();
        block(&lines, &broken.file.display().to_string(), out)?;
    }
    Ok(())
}

/// `#` starts a directive in a description, and a line is all that it has.
fn escape(text: &str) -> String {
    plain(&text.replace('\\', "\\\\").replace('#', "\\#")).into_owned()
}

fn block(lines: &[String], place: &str, out: &mut Out) -> io::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(out, "  ---\n  at: {place}\n  message: |")?;
    for line in lines {
        writeln!(out, "    {}", plain(line))?;
    }
    writeln!(out, "  ...")
}
