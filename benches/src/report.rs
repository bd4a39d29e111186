//! What is printed: tables, and targets with what was reached.

use std::io::{self, Write};

/// Prints a line.
///
/// A reader that went away is no reason to fail.
pub fn line(text: &str) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// Nanoseconds with a unit and three or four figures.
#[must_use]
pub fn nanos(nanos: f64) -> String {
    match nanos {
        ..100.0 => format!("{nanos:.1} ns"),
        ..10_000.0 => format!("{nanos:.0} ns"),
        ..10_000_000.0 => format!("{:.1} us", nanos / 1e3),
        _ => format!("{:.0} ms", nanos / 1e6),
    }
}

/// How many times as long.
#[must_use]
pub fn times(ratio: f64) -> String {
    if ratio < 10.0 { format!("{ratio:.1} x") } else { format!("{ratio:.0} x") }
}

/// A figure that was aimed at.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// What is aimed at, with the figure.
    pub what: String,
    /// What was reached, with its unit.
    pub reached: String,
    /// Whether that is enough.
    pub met: bool,
}

impl Target {
    /// A time that may not be longer.
    #[must_use]
    pub fn at_most(what: &str, limit: f64, reached: f64) -> Self {
        Self { what: format!("{what}: at most {}", nanos(limit)), reached: nanos(reached), met: reached <= limit }
    }

    /// A ratio that may not be smaller.
    #[must_use]
    pub fn times_at_least(what: &str, limit: f64, reached: f64) -> Self {
        Self { what: format!("{what}: at least {}", times(limit)), reached: times(reached), met: reached >= limit }
    }

    /// A number that must be zero.
    #[must_use]
    pub fn none(what: &str, reached: f64) -> Self {
        Self { what: format!("{what}: 0"), reached: format!("{reached:.2}"), met: reached == 0.0 }
    }
}

/// Prints the targets.
pub fn targets(targets: &[Target]) {
    line("\nTargets\n");
    for target in targets {
        let mark = if target.met { "pass" } else { "MISS" };
        line(&format!("  {mark}  {:<88} {:>10}", target.what, target.reached));
    }
    let met = targets.iter().filter(|target| target.met).count();
    line(&format!("\n  {met} of {} met", targets.len()));
}
