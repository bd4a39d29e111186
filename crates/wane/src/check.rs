//! `wane check`: everything that is wrong with a directory of rule files.

use std::io::Write;

use wane_core::diagnostic::{Diagnostic, did_you_mean};
use wane_core::rules;
use wane_core::scenario::CODES;

use crate::Verdict;
use crate::cli::{CheckArgs, CheckFormat};
use crate::diagnostics::{self, Counts, Source, plural};
use crate::disk;
use crate::out::Out;
use crate::trouble::Trouble;

/// The pages about diagnostics, by code.
const PAGES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// Runs the command.
///
/// # Errors
/// [`Trouble`] when the directory can not be read or holds no rules.
pub(crate) fn run(args: &CheckArgs, out: &mut Out) -> Result<Verdict, Trouble> {
    if let Some(code) = &args.explain {
        return explain(code, out);
    }
    let files = disk::rule_files(&args.dir)?;
    let (ruleset, found) = rules::load(&files);
    let source = Source { dir: &args.dir, files: &files };
    match args.format {
        CheckFormat::Json => diagnostics::json(&found, &source, out)?,
        CheckFormat::Pretty => {
            diagnostics::pretty(&found, &source, out)?;
            summary(&found, out)?;
            if let Some(ruleset) = &ruleset {
                let (timers, rows) = (plural(ruleset.timers.len(), "timer"), plural(ruleset.rows.len(), "rule"));
                writeln!(
                    out,
                    "{}: {timers}, {rows}, ruleset {:.16}",
                    plural(files.len(), "file"),
                    ruleset.hash.to_string()
                )?;
            }
        }
    }
    Ok(if !found.is_empty() { Verdict::Findings } else { Verdict::Well })
}

fn summary(found: &[Diagnostic], out: &mut Out) -> Result<(), Trouble> {
    writeln!(out, "{}", Counts::of(found).words())?;
    let with_page = diagnostics::codes(found).into_iter().find(|code| page(code).is_some());
    if let Some(code) = with_page {
        writeln!(out, "more about a code: `wane check --explain {code}`")?;
    }
    Ok(())
}

fn page(code: &str) -> Option<&'static str> {
    PAGES.iter().find(|(name, _)| name.eq_ignore_ascii_case(code)).map(|(_, text)| *text)
}

fn explain(code: &str, out: &mut Out) -> Result<Verdict, Trouble> {
    if let Some((code, title, advice)) = CODES.iter().find(|(known, _, _)| known.0.eq_ignore_ascii_case(code)) {
        writeln!(out, "# {code}: {title}\n\n{advice} The form of scenario files: docs/rules/scenarios.md")?;
        return Ok(Verdict::Well);
    }
    let Some(text) = page(code) else {
        let meant = did_you_mean(code, PAGES.iter().map(|(name, _)| *name));
        let help = meant.map_or_else(
            || "a code is printed with each finding of `wane check`".to_owned(),
            |meant| format!("did you mean `{meant}`?"),
        );
        return Err(Trouble::usage(format!("there is no diagnostic `{code}`"), help));
    };
    writeln!(out, "{}", text.trim_end())?;
    Ok(Verdict::Well)
}
