//! All scenarios under `tests/scenarios` against the stock rules, and that every numbered statement of
//! `docs/semantics.md` has one.

#![expect(clippy::unwrap_used, reason = "the support of tests, which may fail")]

mod reload;

use std::collections::BTreeSet;
use std::fs;

use wane_core::engine::Engine;
use wane_core::scenario::{self, Scenario};
use wane_tests::rules;

fn scenarios() -> Vec<Scenario> {
    let directory = rules::repository().join("tests/scenarios");
    let mut paths: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut all = Vec::new();
    for path in paths {
        let name = path.file_name().unwrap().to_string_lossy();
        let (found, faults) = scenario::parse(&name, &fs::read(&path).unwrap());
        assert!(faults.is_empty(), "{faults:?}");
        all.extend(found);
    }
    all
}

/// What is wrong with one scenario, or nothing.
fn played(scenario: &Scenario) -> Option<String> {
    let stock = rules::repository().join("rules");
    let files =
        scenario.files(|named| rules::files(&named.map_or_else(|| stock.clone(), |named| stock.join(named)))).unwrap();
    let (ruleset, diagnostics) = wane_core::rules::load(&files);
    if !scenario.refused.is_empty() {
        let lacking = scenario::refusal(&scenario.refused, &diagnostics);
        return match (ruleset, lacking) {
            (None, None) => None,
            (Some(_), _) => Some("the rules were accepted".to_owned()),
            (None, Some(lacking)) => Some(format!("nothing says {lacking:?} among {diagnostics:#?}")),
        };
    }
    let Some(ruleset) = ruleset else { return Some(format!("the rules were refused: {diagnostics:#?}")) };
    let run = scenario::run(scenario, &Engine::new(ruleset.into()));
    run.failure.map(|failure| format!("step {}: {:#?} {:?}", failure.step, failure.mismatches, failure.refusal))
}

#[test]
fn every_scenario_comes_out_as_it_says() {
    let scenarios = scenarios();
    let wrong: Vec<String> = scenarios
        .iter()
        .filter_map(|scenario| Some(format!("{}: {}: {}", scenario.file(), scenario.name, played(scenario)?)))
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), scenarios.len(), wrong.join("\n"));
    assert!(scenarios.len() > 200, "only {}", scenarios.len());
}

/// The numbers of the statements, as the document has them: `- **T1** …`.
fn statements() -> BTreeSet<String> {
    let text = fs::read_to_string(rules::repository().join("docs/semantics.md")).unwrap();
    text.lines().filter_map(|line| line.strip_prefix("- **")?.split_once("**")).map(|(id, _)| id.to_owned()).collect()
}

#[test]
fn every_statement_has_a_scenario_and_every_scenario_a_statement() {
    let statements = statements();
    let sections = [("C", 6), ("L", 14), ("T", 16), ("R", 6), ("X", 8)];
    let all = sections.iter().flat_map(|(letter, count)| (1..=*count).map(move |number| format!("{letter}{number}")));
    assert_eq!(statements, all.collect(), "the document has every number");
    let mut covered = BTreeSet::new();
    for scenario in scenarios() {
        assert!(!scenario.covers.is_empty(), "`{}` covers nothing", scenario.name);
        covered.extend(scenario.covers);
    }
    assert_eq!(statements.difference(&covered).collect::<Vec<_>>(), Vec::<&String>::new(), "without a scenario");
    assert_eq!(covered.difference(&statements).collect::<Vec<_>>(), Vec::<&String>::new(), "not in the document");
}
