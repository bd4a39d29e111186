//! The packs under `rules/packs`: their scenarios, rows of one's own laid over them, their limits, and that what their
//! pages and the stock files show as examples is accepted.

#![expect(clippy::unwrap_used, reason = "a file of the repository that can not be read fails the test")]

#[path = "packs/random.rs"]
mod random;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use wane_core::diagnostic::Diagnostic;
use wane_core::engine::Engine;
use wane_core::event::Event;
use wane_core::participant::Role;
use wane_core::rules::files::Files;
use wane_core::scenario::{self, Scenario};
use wane_core::signal::EventType;
use wane_core::time::Timestamp;
use wane_tests::rules;

const PACKS: [&str; 3] = ["amazon-connect", "chatwoot", "genesys-engage"];

fn pack(name: &str) -> Files {
    rules::files(&rules::repository().join("rules/packs").join(name)).unwrap()
}

fn found(files: &Files) -> Vec<String> {
    let said = |found: &Diagnostic| format!("{}: {}", found.code, found.message);
    wane_core::rules::load(files).1.iter().map(said).collect()
}

fn with_row(files: &Files, path: &str, timer: &str, after: &str) -> Files {
    let mut files = files.clone();
    files.insert(path, format!("[[rules]]\nid = \"ours\"\ntimer = \"{timer}\"\nafter = \"{after}\"\n"));
    files
}

#[test]
fn there_is_a_test_for_every_pack() {
    let mut there: Vec<String> = fs::read_dir(rules::repository().join("rules/packs"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    there.sort();
    assert_eq!(there, PACKS);
}

#[test]
fn packs_have_no_findings() {
    for name in PACKS {
        assert_eq!(found(&pack(name)), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn every_scenario_of_a_pack_comes_out() {
    let mut failed = Vec::new();
    for name in PACKS {
        let scenarios = scenarios(&rules::repository().join("tests/packs").join(name)).unwrap();
        assert!(scenarios.len() > 20, "{name}: only {} scenarios found", scenarios.len());
        failed.extend(scenarios.iter().filter_map(|scenario| failure(name, scenario)));
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

fn scenarios(directory: &Path) -> io::Result<Vec<Scenario>> {
    let mut paths = fs::read_dir(directory)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<PathBuf>>>()?;
    paths.sort();
    let mut scenarios = Vec::new();
    for path in paths {
        let (parsed, faults) = scenario::parse(&path.to_string_lossy(), &fs::read(&path)?);
        assert!(faults.is_empty(), "{}: {faults:?}", path.display());
        scenarios.extend(parsed);
    }
    Ok(scenarios)
}

fn failure(name: &str, scenario: &Scenario) -> Option<String> {
    let files = scenario.files(|other| if other.is_none() { Ok(pack(name)) } else { Err("no other pack") }).unwrap();
    let (ruleset, diagnostics) = wane_core::rules::load(&files);
    let place = format!("{}: {}", scenario.place.file, scenario.name);
    if !scenario.refused.is_empty() {
        let lacking = scenario::refusal(&scenario.refused, &diagnostics);
        let accepted = ruleset.is_some().then(|| format!("{place}: not refused"));
        return accepted.or_else(|| lacking.map(|texts| format!("{place}: no finding says {texts:?}")));
    }
    let Some(ruleset) = ruleset else { return Some(format!("{place}: refused with {:?}", found(&files))) };
    let failure = scenario::run(scenario, &Engine::new(Arc::new(ruleset))).failure?;
    Some(format!("{place}: {failure:?}"))
}

/// The parameters of the packs: timer, shortest and longest value, and values that are refused.
const LIMITS: [(&str, &str, &str, &str, &[&str]); 15] = [
    ("amazon-connect", "customer-idle", "2m", "480m", &["119s", "1m", "150s", "481m"]),
    ("amazon-connect", "customer-disconnect", "2m", "480m", &["1m", "150s", "481m"]),
    ("amazon-connect", "agent-idle", "2m", "480m", &["1m", "150s", "481m"]),
    ("amazon-connect", "agent-disconnect", "2m", "480m", &["1m", "150s", "481m"]),
    ("amazon-connect", "chat-duration", "60m", "10080m", &["59m", "3630s", "10081m"]),
    ("amazon-connect", "disconnect-flow", "1ms", "3650d", &["0s", "3651d"]),
    ("genesys-engage", "alert", "1s", "86400s", &["999ms", "1500ms", "86401s"]),
    ("genesys-engage", "second-alert", "1s", "86400s", &["0s", "1500ms", "86401s"]),
    ("genesys-engage", "close", "1s", "86400s", &["0s", "1500ms", "86401s"]),
    ("genesys-engage", "async-alert", "1s", "1728000s", &["0s", "1500ms", "1728001s"]),
    ("genesys-engage", "async-close", "1s", "1728000s", &["0s", "1500ms", "1728001s"]),
    ("chatwoot", "auto-resolve", "10m", "1439856m", &["9m", "630s", "1439857m", "1000d"]),
    ("chatwoot", "follow-up", "1ms", "3650d", &["0s"]),
    ("chatwoot", "pending-resolve", "1ms", "3650d", &["0s"]),
    ("amazon-connect", "connection", "1ms", "3650d", &["0s"]),
];

#[test]
fn limits_are_the_vendors() {
    for (name, timer, shortest, longest, refused) in LIMITS {
        let files = pack(name);
        for after in [shortest, longest, "never"] {
            let found = found(&with_row(&files, "ours.toml", timer, after));
            assert_eq!(found, Vec::<String>::new(), "{timer} = {after}");
        }
        for after in refused {
            let (ruleset, found) = wane_core::rules::load(&with_row(&files, "ours.toml", timer, after));
            assert!(ruleset.is_none(), "{timer} = {after} is accepted");
            let said = found.iter().any(|found| found.labels.iter().any(|label| &*label.place.file == "ours.toml"));
            assert!(said, "{timer} = {after}: {found:?}");
        }
    }
}

#[test]
fn a_row_of_ones_own_may_be_called_like_its_timer() {
    for (name, timer, shortest, ..) in LIMITS {
        let mut files = pack(name);
        let row = format!("[[rules]]\nid = \"{timer}\"\ntimer = \"{timer}\"\nafter = \"{shortest}\"\n");
        files.insert("ours.toml", row);
        assert_eq!(found(&files), Vec::<String>::new(), "{timer}");
    }
}

/// A chat of a rep in which nobody says anything: the row that gives each timer its length.
fn rows_in_force(files: &Files) -> Vec<(String, String)> {
    let ruleset = rules::compile(files).unwrap();
    let engine = Engine::new(Arc::clone(&ruleset));
    let mut conversation = None;
    let start = Timestamp::parse("2026-01-01T00:00:00Z").unwrap();
    engine.step(&mut conversation, start, &Event::new("c1", EventType::SessionStarted).by(Role::Customer).on("web"));
    engine.step(&mut conversation, start, &Event::new("c1", EventType::ParticipantJoined).by(Role::Rep));
    let timers = conversation.as_ref().unwrap().timers().iter();
    timers
        .filter_map(|state| {
            let wane_core::timer::Phase::Running(running) = &state.phase else { return None };
            let timer = ruleset.timer(state.timer)?.name.to_string();
            Some((timer, ruleset.row(running.row)?.id.to_string()))
        })
        .collect()
}

#[test]
fn a_row_of_ones_own_wins_over_the_packs_wherever_its_file_sorts() {
    for (name, timer, after) in [
        ("amazon-connect", "customer-idle", "5m"),
        ("amazon-connect", "agent-idle", "5m"),
        ("amazon-connect", "customer-disconnect", "10m"),
        ("amazon-connect", "agent-disconnect", "10m"),
        ("amazon-connect", "chat-duration", "60m"),
        ("genesys-engage", "alert", "60s"),
        ("chatwoot", "auto-resolve", "60m"),
        ("chatwoot", "waiting", "1h"),
    ] {
        for path in ["a.toml", "ours.toml", "zz/ours.toml"] {
            let rows = rows_in_force(&with_row(&pack(name), path, timer, after));
            assert!(rows.contains(&(timer.to_owned(), "ours".to_owned())), "{name}, {path}: {rows:?}");
        }
    }
}

#[test]
fn parameters_without_a_default_are_off() {
    let running = |name: &str| rows_in_force(&pack(name)).into_iter().map(|(timer, _)| timer).collect::<Vec<_>>();
    assert_eq!(running("amazon-connect"), ["chat-duration"]);
    assert_eq!(running("genesys-engage"), ["alert"]);
    assert_eq!(running("chatwoot"), ["waiting"]);
}

#[test]
fn a_new_length_of_genesys_applies_at_once() {
    let (before, after) = (pack("genesys-engage"), with_row(&pack("genesys-engage"), "ours.toml", "alert", "60s"));
    let (before, after) = (rules::compile(&before).unwrap(), rules::compile(&after).unwrap());
    let start = Timestamp::parse("2026-01-01T00:00:00Z").unwrap();
    let mut conversation = None;
    let started = Event::new("c1", EventType::SessionStarted).by(Role::Customer).on("web");
    Engine::new(Arc::clone(&before)).step(&mut conversation, start, &started);
    let mut conversation = conversation.unwrap();

    let engine = Engine::new(after);
    engine.adopt(&mut conversation, &before, start.plus_millis(10_000));
    assert_eq!(engine.next_wake(&conversation), Some(start.plus_millis(60_000)), "its anchor is kept");
    let effects = engine.advance(&mut conversation, start.plus_millis(60_000));
    assert_eq!(effects.len(), 1, "the alert: {effects:?}");
}

/// The ```toml blocks of a page.
fn examples(page: &Path) -> Vec<String> {
    let text = fs::read_to_string(page).unwrap();
    let blocks = text.split("```toml\n").skip(1).filter_map(|rest| rest.split_once("```"));
    blocks.map(|(block, _)| block.to_owned()).collect()
}

#[test]
fn what_the_pages_of_the_packs_show_is_accepted() {
    for name in PACKS {
        let page = rules::repository().join("rules/packs").join(name).join("README.md");
        let examples = examples(&page);
        assert!(!examples.is_empty(), "{name} shows no example");
        for example in examples {
            let mut files = pack(name);
            files.insert("ours.toml", example.clone());
            assert_eq!(found(&files), Vec::<String>::new(), "{name}:\n{example}");
        }
    }
}

#[test]
fn what_the_page_of_the_stock_rules_shows_is_accepted() {
    let stock = rules::repository().join("rules");
    let examples = examples(&stock.join("README.md"));
    assert_eq!(examples.len(), 1);
    let mut files = rules::files(&stock).unwrap();
    examples.into_iter().for_each(|example| files.insert("ours.toml", example));
    assert_eq!(found(&files), Vec::<String>::new());
}

#[test]
fn every_worked_example_is_a_ruleset_without_findings() {
    for page in ["timers.md", "calendars.md"] {
        let examples = examples(&rules::repository().join("docs/rules").join(page));
        assert!(examples.len() > 3, "{page} shows {} examples", examples.len());
        for example in examples {
            let mut files = Files::default();
            files.insert("example.toml", example.clone());
            assert_eq!(found(&files), Vec::<String>::new(), "{page}:\n{example}");
        }
    }
}

/// The scenarios of a page name the example they are about by a text in it.
#[test]
fn what_the_cookbook_says_about_its_examples_is_so() {
    let examples = examples(&rules::repository().join("docs/rules/timers.md"));
    let example = |text: Option<&str>| {
        let mut meant = examples.iter().filter(|example| text.is_some_and(|text| example.contains(text)));
        let (one, other) = (meant.next(), meant.next());
        let mut files = Files::default();
        files.insert("example.toml", one.filter(|_| other.is_none()).ok_or("not exactly one example")?.clone());
        Ok::<_, &str>(files)
    };
    let scenarios = scenarios(&rules::repository().join("tests/cookbook")).unwrap();
    assert!(scenarios.len() > 8, "only {}", scenarios.len());
    for scenario in scenarios {
        let engine = Engine::new(rules::compile(&scenario.files(example).unwrap()).unwrap());
        let failure = scenario::run(&scenario, &engine).failure;
        assert!(failure.is_none(), "{}: {failure:?}", scenario.name);
    }
}

/// What an admin gets who takes the `#` away from an example of the stock files: tables that begin with `# [`.
fn commented_out(text: &str) -> Vec<String> {
    let mut blocks: Vec<Vec<&str>> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        let bare = line.strip_prefix("# ").unwrap_or_default();
        if bare.starts_with('[') && !inside {
            blocks.push(Vec::new());
        }
        inside = bare.starts_with('[') || (inside && !bare.is_empty());
        if let Some(block) = blocks.last_mut().filter(|_| inside) {
            block.push(bare);
        }
    }
    blocks.into_iter().map(|lines| lines.join("\n")).collect()
}

#[test]
fn the_examples_of_the_stock_files_are_accepted() {
    let stock = rules::files(&rules::repository().join("rules")).unwrap();
    let texts: Vec<(String, String)> =
        stock.iter().map(|(path, content)| (path.to_string(), String::from_utf8(content.to_vec()).unwrap())).collect();
    let mut tried = 0;
    for (path, text) in &texts {
        for example in commented_out(text) {
            let mut files = stock.clone();
            let channel = text.lines().find(|line| line.starts_with("channel = ")).unwrap_or_default();
            let mut org = String::new();
            if !example.contains("[org]") {
                org += "[org]\npermissions = [\"ConfigureInactivityTimeout\"]\n";
            }
            if !example.contains("[facts]") {
                org += "[facts]\ncustomer.tier = \"text\"\nattributes.entry = \"text\"\n";
            }
            files.insert("org.toml", org);
            files.insert("ours.toml", appended(&example, channel));
            assert_eq!(found(&files), Vec::<String>::new(), "{path}:\n{example}");
            tried += 1;
        }
    }
    assert!(tried >= 12, "only {tried} examples found");
}

/// An example on its own: `[[timers.…]]` rows need the timer they belong to, which is tried under another name.
fn appended(example: &str, channel: &str) -> String {
    if example.starts_with("[[timers.token.afterwards]]") {
        let timer = "[groups]\nours = [\"client.connected\"]\n[timers.ours]\nrestart_on = [\"token.issued\"]\noptional = true\n";
        return format!("{timer}{}", example.replace("timers.token", "timers.ours"));
    }
    format!("{channel}\n{example}")
}
