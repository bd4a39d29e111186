//! Each foil fails what is named beside it in `plugins/foils/foils.toml`, and nothing else.

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde::Deserialize;
use serde_json::Value;
use wane_tests::binary::{stderr, stdout};

use crate::place::{Place, conformance, here, text};

const PROFILE: &str = "plugins/foils/profile";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Foil {
    #[serde(rename = "fault")]
    _fault: String,
    define: String,
    #[serde(default)]
    fails: Vec<String>,
    /// What all its failing cases are, if not failures.
    verdict: Option<String>,
    refused: Option<String>,
}

fn foils() -> BTreeMap<String, Foil> {
    let file = std::fs::read_to_string(here("plugins/foils/foils.toml")).expect("the list of foils");
    toml::from_str(&file).expect("of the form that it says")
}

fn bad(case: &Value) -> bool {
    matches!(case["verdict"].as_str(), Some("fail" | "crash" | "timeout"))
}

/// The ids of all that failed.
fn failed(report: &Value) -> Vec<String> {
    let id = |value: &Value| value["id"].as_str().unwrap_or_default().to_owned();
    let list = |name: &str| report[name].as_array().cloned().unwrap_or_default();
    let cases = list("cases").into_iter().filter(bad);
    let around = list("around").into_iter().filter(|check| check["seen"] != serde_json::json!([]));
    let mut ids: Vec<String> = cases.chain(around).map(|value| id(&value)).collect();
    ids.sort();
    ids
}

/// What is not as the list says.
fn wrong(place: &Place, name: &str, foil: &Foil) -> Option<String> {
    let file = place.pager(name, Some(&foil.define));
    let output = conformance(&[text(&file), "--cases", PROFILE, "--timeout", "2", "--format", "json"]);
    if let Some(refused) = &foil.refused {
        let fits = output.status.code() == Some(3) && stderr(&output).contains(refused.as_str());
        return (!fits).then(|| format!("{name}: {:?} {}", output.status.code(), stderr(&output)));
    }
    let report: Value = serde_json::from_str(&stdout(&output)).unwrap_or_default();
    let (mut expected, found) = (foil.fails.clone(), failed(&report));
    expected.sort();
    let cases = report["cases"].as_array().into_iter().flatten().filter(|case| bad(case));
    let verdict = foil.verdict.as_deref().unwrap_or("fail");
    let verdicts = cases.into_iter().all(|case| case["verdict"] == verdict);
    let fits = output.status.code() == Some(1) && found == expected && !expected.is_empty() && verdicts;
    (!fits).then(|| format!("{name}: expected {expected:?}\n   but it failed {found:?}\n{}", stderr(&output)))
}

#[test]
fn the_good_plugin_passes() {
    let place = Place::new();
    let file = place.pager("pager", None);
    let output = conformance(&[text(&file), "--profile", "core", "--cases", PROFILE, "--level", "3"]);
    let shown = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{shown}{}", stderr(&output));
    assert!(shown.contains("reached   L3 robust") && shown.contains("verdict   CONFORMS"), "{shown}");
}

#[test]
fn each_foil_fails_what_finds_it_and_nothing_else() {
    let (place, foils) = (Place::new(), foils());
    assert!(foils.len() >= 20, "the foils are gone");
    let (left, found) = (Mutex::new(foils.iter()), Mutex::new(Vec::new()));
    let work = || {
        loop {
            let next = left.lock().expect("nobody panics with it").next();
            let Some((name, foil)) = next else { return };
            found.lock().expect("nobody panics with it").extend(wrong(&place, name, foil));
        }
    };
    std::thread::scope(|scope| (0..2).for_each(|_| drop(scope.spawn(work))));
    let found = found.into_inner().expect("nobody panics with it");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_panic_fails_its_case() {
    let place = Place::new();
    let file = place.rust_foil();
    let run =
        |case: &str| conformance(&[text(&file), "--cases", "plugins/foils/panic", "--only", case, "--format", "json"]);
    let output = run("a-word-that-is-too-much");
    let report: Value = serde_json::from_str(&stdout(&output)).expect("a report");
    assert_eq!(failed(&report), ["a-word-that-is-too-much"], "{report}");
    assert!(report["cases"][0]["details"].to_string().contains("panicked"), "{report}");
    assert_eq!(run("a-word-that-is-refused").status.code(), Some(0));
}
