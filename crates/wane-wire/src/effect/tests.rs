//! Effects as JSON: what leaves the process for each kind of effect, and that scenarios know the same fields.

use std::collections::BTreeSet;
use std::sync::Arc;

use wane_core::engine::Engine;
use wane_core::event::Event;
use wane_core::participant::Role;
use wane_core::rules::files::Files;
use wane_core::rules::load;
use wane_core::scenario;
use wane_core::signal::EventType;

use super::*;

const RULES: &str = r#"
[channels.web]
notice_window = "window"

[timers.window]
title    = "Reply window"
start_on = ["message:customer"]
on_lapse = []

[timers.quiet]
title    = "Quiet"
handler  = ["rep"]
start_on = ["message:rep"]
warn     = [{ before = "1m", notify = "still-there", to = "customer" }]
on_lapse = [
  { notify = "bye", to = "customer" },
  { transfer = "vip" },
  { tag = "quiet" },
  { emit = "x.quiet" },
  "end-session",
]

[[rules]]
id    = "window"
timer = "window"
after = "9m30s"

[[rules]]
id    = "quiet"
timer = "quiet"
after = "10m"
"#;

/// A customer writes at 0, a rep answers a second later and hears no more.
fn effects() -> (Engine, Vec<Effect>) {
    let mut files = Files::default();
    files.insert("a.toml", RULES.as_bytes());
    let (rules, found) = load(&files);
    let engine = Engine::new(Arc::new(rules.unwrap_or_else(|| panic!("{found:?}"))));
    let start = Timestamp::parse("2026-03-01T09:00:00Z").unwrap();
    let mut conversation = None;
    let message = |role: Role| Event::new("c1", EventType::Message).by(role).on("web");
    let mut effects = engine.step(&mut conversation, start, &message(Role::Customer)).effects;
    effects.extend(engine.step(&mut conversation, start.plus_millis(1_000), &message(Role::Rep)).effects);
    let state = conversation.as_mut().unwrap();
    while let Some(wake) = engine.next_wake(state) {
        effects.extend(engine.advance(state, wake));
    }
    (engine, effects)
}

const GOLDEN: &[&str] = &[
    r#"{"id":"c1/1-1","type":"session.opened","at":"2026-03-01T09:00:00.000Z","conversation":"c1","session":"c1/1","channel":"web","cause":"message","ruleset":"H"}"#,
    r#"{"id":"c1/1-2","type":"session.activated","at":"2026-03-01T09:00:01.000Z","conversation":"c1","session":"c1/1","channel":"web","cause":"message","ruleset":"H"}"#,
    r#"{"id":"c1/1-3","type":"notice.due","at":"2026-03-01T09:09:01.000Z","conversation":"c1","session":"c1/1","channel":"web","template":"still-there","to":"customer","cause":"warning","timer":"quiet","rule":"quiet","anchor":"2026-03-01T09:00:01.000Z","deadline":"2026-03-01T09:10:01.000Z","generation":2,"ruleset":"H"}"#,
    r#"{"id":"c1/1-4","type":"notice.undeliverable","at":"2026-03-01T09:10:01.000Z","conversation":"c1","session":"c1/1","channel":"web","why":"window-closed","template":"bye","to":"customer","window":"window","cause":"lapse","timer":"quiet","rule":"quiet","anchor":"2026-03-01T09:00:01.000Z","deadline":"2026-03-01T09:10:01.000Z","generation":2,"ruleset":"H"}"#,
    r#"{"id":"c1/1-5","type":"transfer.requested","at":"2026-03-01T09:10:01.000Z","conversation":"c1","session":"c1/1","channel":"web","queue":"vip","cause":"lapse","timer":"quiet","rule":"quiet","anchor":"2026-03-01T09:00:01.000Z","deadline":"2026-03-01T09:10:01.000Z","generation":2,"ruleset":"H"}"#,
    r#"{"id":"c1/1-6","type":"session.tagged","at":"2026-03-01T09:10:01.000Z","conversation":"c1","session":"c1/1","channel":"web","tag":"quiet","cause":"lapse","timer":"quiet","rule":"quiet","anchor":"2026-03-01T09:00:01.000Z","deadline":"2026-03-01T09:10:01.000Z","generation":2,"ruleset":"H"}"#,
    r#"{"id":"c1/1-7","type":"x.quiet","at":"2026-03-01T09:10:01.000Z","conversation":"c1","session":"c1/1","channel":"web","cause":"lapse","timer":"quiet","rule":"quiet","anchor":"2026-03-01T09:00:01.000Z","deadline":"2026-03-01T09:10:01.000Z","generation":2,"ruleset":"H"}"#,
    r#"{"id":"c1/1-8","type":"session.ended","at":"2026-03-01T09:10:01.000Z","conversation":"c1","session":"c1/1","channel":"web","cause":"lapse","timer":"quiet","rule":"quiet","anchor":"2026-03-01T09:00:01.000Z","deadline":"2026-03-01T09:10:01.000Z","generation":2,"ruleset":"H"}"#,
    r#"{"id":"c1/1-9","type":"participant.removed","at":"2026-03-01T09:10:01.000Z","conversation":"c1","session":"c1/1","channel":"web","role":"rep","cause":"lapse","timer":"quiet","rule":"quiet","anchor":"2026-03-01T09:00:01.000Z","deadline":"2026-03-01T09:10:01.000Z","generation":2,"ruleset":"H"}"#,
];

#[test]
fn the_fields_are_stable() {
    let (engine, effects) = effects();
    let rules = engine.rules();
    let context = Context { conversation: "c1", channel: "web", rules, ruleset: "H" };
    let lines: Vec<String> =
        effects.iter().map(|effect| serde_json::to_string(&EffectJson::new(effect, context)).unwrap()).collect();
    assert_eq!(lines, GOLDEN);
}

#[test]
fn scenarios_know_the_same_fields_with_the_same_values() {
    let (engine, effects) = effects();
    let rules = engine.rules();
    let hash = rules.hash.to_string();
    let context = Context { conversation: "c1", channel: "web", rules, ruleset: &hash };
    for effect in &effects {
        let json = serde_json::to_value(EffectJson::new(effect, context)).unwrap();
        let wire: BTreeSet<(String, String)> = json
            .as_object()
            .unwrap()
            .iter()
            .filter(|(name, _)| *name != "generation")
            .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
            .collect();
        let known = scenario::fields(effect, scenario::Context { conversation: "c1", channel: "web", rules });
        let known: BTreeSet<(String, String)> =
            known.into_iter().map(|(name, field)| (name.to_owned(), field.to_string())).collect();
        assert_eq!(wire, known);
    }
}
