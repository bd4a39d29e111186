//! Channel plugins as the daemon calls them: what crossing the boundary costs, reloads under fire, and faulty channels
//! beside a healthy one, called by the host alone and in a running daemon.
//!
//! `cargo run --release -p wane-bench-plugins -- [--quick] [boundary] [reload] [foils] [live] [begin]`; all if none is named.
//! `live` and `begin` need a release build of the daemon, which the variable `WANE` names if it is not `../target/release/wane`.
//! This program is also what a plugin's process runs, and the peer that only sends bytes back.

mod boundary;
mod foils;
mod live;
mod place;
mod reload;
mod rounds;

use std::error::Error;
use std::io::{self, Write};

/// Targets, what was reached, and what is to be said of it.
pub(crate) type Targets = Vec<(String, String, Verdict)>;

/// Whether a target is reached.
#[derive(Clone, Copy)]
pub(crate) enum Verdict {
    Pass,
    Miss,
    /// Whatever was seen, chance alone may have put it on this side.
    Open,
}

impl Verdict {
    const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Miss => "MISS",
            Self::Open => "open",
        }
    }
}

impl From<bool> for Verdict {
    fn from(is_within: bool) -> Self {
        if is_within { Self::Pass } else { Self::Miss }
    }
}

/// A part of the program.
type Part = fn(bool) -> Result<Targets, Box<dyn Error>>;

const PARTS: [(&str, Part); 5] = [
    ("boundary", boundary::run),
    ("reload", reload::run),
    ("foils", foils::run),
    ("live", live::run),
    ("begin", live::begin),
];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("plugin-host") => return wane_plugin_host::process::run().map_err(Into::into),
        Some(boundary::ECHO) => return boundary::echo().map_err(Into::into),
        _ => {}
    }
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let named = |name: &str| {
        arguments.iter().all(|argument| argument.starts_with("--")) || arguments.iter().any(|argument| argument == name)
    };
    let mut targets = Vec::new();
    for (name, part) in PARTS.into_iter().filter(|(name, _)| named(name)) {
        writeln!(io::stdout(), "{name}\n")?;
        targets.extend(part(quick)?);
        writeln!(io::stdout())?;
    }
    let mut out = io::stdout().lock();
    for (target, reached, verdict) in targets {
        writeln!(out, "  {}  {target:<86} {reached}", verdict.name())?;
    }
    if quick {
        writeln!(out, "\nA quick run: the figures above mean nothing.")?;
    }
    Ok(())
}
