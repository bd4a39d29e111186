//! Playing the scenarios of files, each against the rules it is about.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use wane_core::diagnostic::Diagnostic;
use wane_core::engine::Engine;
use wane_core::rules;
use wane_core::rules::files::Files;
use wane_core::scenario::{self, Scenario};

use super::{Broken, Case, NotRefused, Outcome, Report};
use crate::cli::TestArgs;
use crate::diagnostics::{self, Source};
use crate::disk;
use crate::trouble::Trouble;
use wane_wire::place::line_column;

/// A directory of rules, loaded once for all scenarios that use it as it is.
struct Loaded {
    engine: Option<Engine>,
    found: Vec<Diagnostic>,
    files: Files,
    dir: PathBuf,
}

/// The directories used so far; `None` is the one given with `--rules`.
type Shelf = BTreeMap<Option<String>, Loaded>;

/// Plays every scenario of the files that `--only` leaves.
///
/// # Errors
/// [`Trouble`] when a file or a directory of rules can not be read.
pub(super) fn play(files: &[PathBuf], args: &TestArgs) -> Result<Report, Trouble> {
    let mut report = Report::default();
    let mut shelf = Shelf::new();
    for file in files {
        let content = fs::read(file).map_err(Trouble::read(file))?;
        let (scenarios, found) = scenario::parse(&file.display().to_string(), &content);
        if !found.is_empty() {
            report.broken.push(Broken { file: file.clone(), content, found });
            continue;
        }
        let text = String::from_utf8_lossy(&content);
        for scenario in scenarios.iter().filter(|scenario| wanted(scenario, args)) {
            let outcome = one(scenario, args, (&text, &mut shelf, &mut report))?;
            report.cases.push(Case {
                file: file.clone(),
                line: line_column(&text, scenario.place.span.start).line,
                name: scenario.name.clone(),
                covers: scenario.covers.clone(),
                outcome,
            });
        }
    }
    Ok(report)
}

fn wanted(scenario: &Scenario, args: &TestArgs) -> bool {
    args.only.as_ref().is_none_or(|only| scenario.name.contains(only) || scenario.file().contains(&**only))
}

fn one(
    scenario: &Scenario,
    args: &TestArgs,
    (text, shelf, report): (&str, &mut Shelf, &mut Report),
) -> Result<Outcome, Trouble> {
    if !scenario.inline.is_empty() {
        let loaded = load_own(scenario, &args.rules)?;
        return Ok(outcome(scenario, text, (&loaded, None)));
    }
    let loaded = on_shelf(shelf, scenario.rules.as_deref(), &args.rules)?;
    Ok(outcome(scenario, text, (loaded, Some(report))))
}

fn outcome(scenario: &Scenario, text: &str, (loaded, report): (&Loaded, Option<&mut Report>)) -> Outcome {
    if !scenario.refused.is_empty() {
        return refused(scenario, loaded);
    }
    let Some(engine) = &loaded.engine else { return Outcome::RulesRefused(loaded.lines()) };
    let run = scenario::run(scenario, engine);
    if let Some(report) = report {
        report.coverage.add(&loaded.dir, engine.rules(), &run.tally);
    }
    match run.failure {
        None => Outcome::Passed,
        Some(failure) => {
            let line = line_column(text, failure.place.span.start).line;
            Outcome::Failed(failure, line)
        }
    }
}

fn refused(scenario: &Scenario, loaded: &Loaded) -> Outcome {
    let lacking = scenario::refusal(&scenario.refused, &loaded.found).unwrap_or_default();
    let accepted = loaded.engine.is_some();
    if lacking.is_empty() && !accepted {
        return Outcome::Passed;
    }
    let lacking = lacking.into_iter().map(str::to_owned).collect();
    Outcome::RulesNotRefused(NotRefused { lacking, found: loaded.lines(), accepted })
}

impl Loaded {
    fn new(dir: PathBuf, files: Files) -> Self {
        let (ruleset, found) = rules::load(&files);
        let engine = ruleset.map(|ruleset| Engine::new(Arc::new(ruleset)));
        Self { engine, found, files, dir }
    }

    fn lines(&self) -> Vec<String> {
        let source = Source { dir: &self.dir, files: &self.files };
        self.found.iter().map(|found| diagnostics::one_line(found, &source)).collect()
    }
}

fn on_shelf<'a>(shelf: &'a mut Shelf, name: Option<&str>, rules: &Path) -> Result<&'a Loaded, Trouble> {
    let key = name.map(str::to_owned);
    if !shelf.contains_key(&key) {
        let dir = directory(name, rules);
        let files = disk::rule_files(&dir)?;
        shelf.insert(key.clone(), Loaded::new(dir, files));
    }
    shelf.get(&key).ok_or_else(|| Trouble::usage("no rules", "give `--rules`"))
}

fn directory(name: Option<&str>, rules: &Path) -> PathBuf {
    name.map_or_else(|| rules.to_owned(), |name| rules.join(name))
}

fn load_own(scenario: &Scenario, rules: &Path) -> Result<Loaded, Trouble> {
    let files = scenario.files(|name| disk::rule_files(&directory(name, rules)))?;
    Ok(Loaded::new(PathBuf::new(), files))
}
