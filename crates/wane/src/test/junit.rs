//! Results as the XML that JUnit made common: a suite per file.

use std::io::{self, Write};

use wane_conformance::report::escape_xml as escape;

use super::{Case, Report, pretty};
use crate::out::Out;

/// Shows the report.
///
/// # Errors
/// When the output is gone.
pub(super) fn show(report: &Report, out: &mut Out) -> io::Result<()> {
    let (tests, failures) = (report.cases.len(), report.failed());
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    let errors = report.broken.len();
    writeln!(
        out,
        "<testsuites name=\"wane test\" tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\">",
        tests + errors
    )?;
    for cases in report.cases.chunk_by(|left, right| left.file == right.file) {
        suite(cases, out)?;
    }
    for broken in &report.broken {
        let name = escape(&broken.file.display().to_string());
        let lines: Vec<String> =
            broken.found.iter().map(|found| format!("{}: {}", found.code, found.message)).collect();
        writeln!(out, "  <testsuite name=\"{name}\" tests=\"1\" failures=\"0\" errors=\"1\">")?;
        writeln!(out, "    <testcase name=\"the file\" classname=\"{name}\">")?;
        writeln!(out, "      <error message=\"not a scenario file\">{}</error>", escape(&lines.join("\n")))?;
        writeln!(out, "    </testcase>\n  </testsuite>")?;
    }
    writeln!(out, "</testsuites>")
}

fn suite(cases: &[Case], out: &mut Out) -> io::Result<()> {
    let Some(first) = cases.first() else { return Ok(()) };
    let name = escape(&first.file.display().to_string());
    let failures = cases.iter().filter(|case| !case.passed()).count();
    let tests = cases.len();
    writeln!(out, "  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\">")?;
    for case in cases {
        let head = format!("<testcase name=\"{}\" classname=\"{name}\" line=\"{}\"", escape(&case.name), case.line);
        if case.passed() {
            writeln!(out, "    {head}/>")?;
            continue;
        }
        let reasons = pretty::reasons(case);
        let message = reasons.first().map_or("", String::as_str);
        writeln!(out, "    {head}>")?;
        writeln!(out, "      <failure message=\"{}\">{}</failure>", escape(message), escape(&reasons.join("\n")))?;
        writeln!(out, "    </testcase>")?;
    }
    writeln!(out, "  </testsuite>")
}
