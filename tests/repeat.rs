//! The engine against itself: the same events give the same effects to the last bit (C1), and neither more looks at the
//! clock nor a clock that jumps (C6) change what lapses.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use wane_core::effect::Effect;
use wane_core::engine::Engine;
use wane_core::event::Event;
use wane_core::participant::Role;
use wane_core::rules::files::Files;
use wane_core::ruleset::Ruleset;
use wane_core::session::Conversation;
use wane_core::signal::EventType;
use wane_core::time::Timestamp;
use wane_tests::rules;
use wane_tests::traffic::CHANNELS;

use super::random::{CASES, Case, Gap, HOUR, START, cases, compiled, event, runner};

/// Every effect of each conversation, in order.
type Told = BTreeMap<String, Vec<Effect>>;

/// What an engine makes of a case. Before each step it looks at the clock so many times more.
fn told(engine: &Engine, case: &Case, looks: i64) -> (Told, String) {
    let mut held: BTreeMap<String, Option<Conversation>> = BTreeMap::new();
    let (mut told, mut answers) = (Told::new(), Vec::new());
    let mut now = START;
    for step in &case.steps {
        let name = format!("c{}", step.conversation);
        let before = now;
        now += match step.gap {
            Gap::Millis(gap) => gap.max(0),
            // Here a model is not at hand to ask; any gap does.
            Gap::Deadline(beside) => HOUR + beside,
        };
        let slot = held.entry(name.clone()).or_default();
        for look in 1..=looks {
            let at = instant(before + (now - before) * look / looks);
            let effects = slot.as_mut().map(|known| engine.advance(known, at)).unwrap_or_default();
            told.entry(name.clone()).or_default().extend(effects);
        }
        let channel = CHANNELS[case.channels[step.conversation]];
        if let Some(event) = event(step, channel, case.named, now) {
            let answer = engine.step(slot, instant(now), &event);
            answers.push(format!("{answer:?}"));
            if answer.outcome != wane_core::effect::Outcome::Duplicate {
                told.entry(name).or_default().extend(answer.effects);
            }
        }
    }
    // A last look, so that everybody has seen the same clock.
    for (name, slot) in &mut held {
        let effects = slot.as_mut().map(|known| engine.advance(known, instant(now))).unwrap_or_default();
        told.entry(name.clone()).or_default().extend(effects);
    }
    (told, format!("{answers:?} {held:?}"))
}

fn instant(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis).unwrap()
}

#[test]
fn the_same_events_give_the_same_effects_to_the_last_bit() {
    let (once, again) = (compiled(), compiled());
    let effects = std::cell::Cell::new(0);
    runner(CASES / 2)
        .run(&cases(), |case| {
            let first = told(&Engine::new(once[case.settings].clone()), &case, 0);
            let second = told(&Engine::new(again[case.settings].clone()), &case, 0);
            prop_assert_eq!(&first.1, &second.1);
            prop_assert_eq!(&first.0, &second.0);
            effects.set(effects.get() + first.0.values().map(Vec::len).sum::<usize>());
            Ok(())
        })
        .unwrap();
    assert!(effects.get() > 2_000, "only {} effects", effects.get());
}

#[test]
fn looking_at_the_clock_more_often_changes_nothing() {
    let rules = compiled();
    more_looks_change_nothing(|case| rules[case.settings].clone());
}

/// Timers with every option that moves a lapse. Of warnings all are sent: with `last`, looks do decide (X1).
const OPTIONS: &str = r#"
[timers.exact]
restart_on = ["message:customer"]
warn       = [{ before = "20m", notify = "soon", to = "customer" }, { before = "1m", notify = "now", to = "customer" }]
catch_up   = "all"
on_lapse   = [{ emit = "x.exact" }]

[timers.grid]
start_on = ["message:rep", "x.exact"]
sweep    = { every = "5m", offset = "1m" }
fires    = "after"
on_lapse = ["mark-inactive"]

[timers.patient]
restart_on  = ["message"]
grace       = "90s"
pause_while = "hold"
on_lapse    = [{ tag = "patient" }]

[timers.office]
start_on = ["session.started", "session.opened"]
calendar = "office"
on_lapse = ["end-session"]

[calendars.office]
timezone = "Europe/Berlin"
hours    = { mon-fri = ["09:00-12:30", "13:30-17:00"] }

[[rules]]
id    = "exact"
timer = "exact"
after = "45m"

[[rules]]
id    = "grid"
timer = "grid"
after = "7m"

[[rules]]
id    = "patient"
timer = "patient"
after = "10m"

[[rules]]
id    = "office"
timer = "office"
after = "5h"
"#;

#[test]
fn looking_more_often_changes_nothing_for_grids_graces_holds_and_calendars_either() {
    let mut files = Files::default();
    files.insert("rules.toml", OPTIONS);
    let rules = rules::compile(&files).unwrap();
    more_looks_change_nothing(|_| rules.clone());
}

fn more_looks_change_nothing(rules: impl Fn(&Case) -> Arc<Ruleset>) {
    runner(CASES / 2)
        .run(&cases(), |case| {
            let engine = Engine::new(rules(&case));
            let seldom = told(&engine, &case, 0).0;
            for looks in [1, 4] {
                let often = told(&engine, &case, looks).0;
                prop_assert_eq!(&format!("{seldom:?}"), &format!("{often:?}"));
            }
            Ok(())
        })
        .unwrap();
}

/// A session with a bot from the start, as it is a little later.
fn with_bot(engine: &Engine) -> Conversation {
    let mut slot = None;
    let start = Event::new("c0", EventType::SessionStarted).on("web");
    engine.step(&mut slot, instant(START), &start);
    engine.step(&mut slot, instant(START), &Event::new("c0", EventType::ParticipantJoined).by(Role::Bot));
    slot.unwrap()
}

#[test]
fn a_clock_that_jumps_backwards_stops_time_until_it_has_caught_up() {
    let engine = Engine::new(compiled().swap_remove(0));
    let mut held = with_bot(&engine);
    let deadline = START + 2 * HOUR;
    assert_eq!(engine.next_wake(&held), Some(instant(deadline)));
    for now in [START - HOUR, START, START - 1, deadline - 1] {
        assert_eq!(engine.advance(&mut held, instant(now)), [], "at {now}");
    }
    let mut slot = Some(held);
    let message = Event::new("c0", EventType::Message).by(Role::Customer);
    let answer = engine.step(&mut slot, instant(START - HOUR), &message);
    assert_eq!((answer.late_by, answer.effects.len()), (HOUR, 0), "it counts at the latest instant");
    let mut held = slot.unwrap();
    assert_eq!(engine.advance(&mut held, instant(deadline)).len(), 3);
    assert_eq!(engine.advance(&mut held, instant(START)), [], "and nothing comes twice");
}

#[test]
fn a_clock_that_jumps_forwards_lapses_what_is_due_in_order() {
    let engine = Engine::new(compiled().swap_remove(1));
    let mut slot = Some(with_bot(&engine));
    engine.step(&mut slot, instant(START), &Event::new("c0", EventType::ParticipantJoined).by(Role::Rep));
    engine.step(&mut slot, instant(START), &Event::new("c0", EventType::Message).by(Role::Rep));
    let effects = engine.advance(&mut slot.unwrap(), instant(START + 1_000 * HOUR));
    let at: Vec<(i64, &str)> =
        effects.iter().map(|effect| (effect.at.millis() - START, effect.body.type_name())).collect();
    let end = 5 * 60_000 + 24 * HOUR;
    assert_eq!(
        at,
        [
            (5 * 60_000, "session.inactivated"),
            (end, "session.ended"),
            (end, "bot_session.ended"),
            (end, "participant.removed"),
            (end, "participant.removed"),
        ]
    );
}
