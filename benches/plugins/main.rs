//! Channel plugins as the daemon calls them: what crossing the boundary costs, reloads under fire, and faulty channels
//! beside a healthy one, called by the host alone and in a running daemon.
//!
//! `cargo run --release -p wane-bench-plugins -- [--quick] [boundary] [reload] [foils] [live]`; all if none is named. `live`
//! needs a release build of the daemon, which the variable `WANE` names if it is not `../target/release/wane`. This program is
//! also what a plugin's process runs, and the peer that only sends bytes back.

mod boundary;
mod foils;
mod live;
mod place;
mod reload;
mod rounds;

use std::error::Error;
use std::io::{self, Write};

/// Targets, what was reached, and whether that is within.
pub(crate) type Targets = Vec<(String, String, bool)>;
/// A part of the program.
type Part = fn(bool) -> Result<Targets, Box<dyn Error>>;

const PARTS: [(&str, Part); 4] =
    [("boundary", boundary::run), ("reload", reload::run), ("foils", foils::run), ("live", live::run)];

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
    for (target, reached, met) in targets {
        writeln!(out, "  {}  {target:<86} {reached}", if met { "pass" } else { "MISS" })?;
    }
    if quick {
        writeln!(out, "\nA quick run: the figures above mean nothing.")?;
    }
    Ok(())
}
