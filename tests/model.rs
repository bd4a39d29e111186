//! The engine with the stock rules against the model: random sequences of events, and real conversations.
//!
//! `WANE_MODEL_SEED` and `WANE_MODEL_CASES` in the environment give another seed and more cases.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "the support of tests, which may fail")]

mod random;
mod repeat;

use proptest::prelude::*;
use proptest::test_runner::TestError;

use wane_core::event::{Event, EventKind};
use wane_core::participant::Role;
use wane_core::signal::EventType;
use wane_tests::model::clock::Lengths;
use wane_tests::model::compare::Pair;
use wane_tests::rules;
use wane_tests::traffic::{CHANNELS, Chat, TIMINGS};

use random::{CASES, Case, Gap, HOUR, SETTINGS, START, cases, compiled, event, runner};

fn run(case: &Case, pair: &mut Pair) -> Result<(), String> {
    let mut now = START;
    for (index, step) in case.steps.iter().enumerate() {
        let name = format!("c{}", step.conversation);
        now = match step.gap {
            Gap::Millis(gap) => now + gap,
            Gap::Deadline(beside) => pair.next_deadline(&name).map_or(now, |at| at + beside).max(now),
        };
        let channel = CHANNELS[case.channels[step.conversation]];
        let compared = match event(step, channel, case.named, now) {
            Some(event) => pair.event(now, &event),
            None => pair.tick(&name, now),
        };
        compared.map_err(|difference| format!("step {index} at {}ms, {step:?}: {difference}", now - START))?;
    }
    Ok(())
}

#[test]
fn random_events_give_the_same_in_engine_and_model() {
    let rules = compiled();
    let compared = std::cell::Cell::new(0);
    let seen = std::cell::RefCell::new(std::collections::BTreeMap::<String, u64>::new());
    let result = runner(CASES).run(&cases(), |case| {
        let mut pair = Pair::new(rules[case.settings].clone(), SETTINGS[case.settings]);
        run(&case, &mut pair).map_err(TestCaseError::fail)?;
        compared.set(compared.get() + pair.compared);
        for (what, count) in pair.seen {
            *seen.borrow_mut().entry(what).or_default() += count;
        }
        Ok(())
    });
    if let Err(TestError::Fail(reason, case)) = &result {
        panic!("{reason}\nchannels {:?}, {:?}", case.channels.map(|c| CHANNELS[c]), SETTINGS[case.settings]);
    }
    result.unwrap();
    assert!(compared.get() > 50_000, "only {} comparisons", compared.get());
    every_kind_of_effect_was_seen(&seen.into_inner());
}

fn every_kind_of_effect_was_seen(seen: &std::collections::BTreeMap<String, u64>) {
    for what in [
        "session.opened",
        "session.activated",
        "session.requeued",
        "session.inactivated",
        "session.inactivated <- inactivity",
        "session.ended",
        "session.ended <- token",
        "session.ended <- bot",
        "session.ended <- agent",
        "session.ended <- inactive-end",
        "session.ended <- unanswered",
        "bot_session.ended <- bot",
        "bot_session.ended <- agent",
        "conversation.ended <- token",
        "participant.removed rep",
        "participant.removed bot <- bot",
        "participant.removed agent <- agent",
        "client.refused new-conversation-required",
        "client.refused new-conversation-required <- token",
    ] {
        assert!(seen.get(what).is_some_and(|count| *count >= 10), "`{what}` hardly came: {seen:?}");
    }
}

/// What an organisation calls its own changes nothing by the stock rules, in both.
#[test]
fn own_events_are_taken_while_a_session_is_open() {
    let mut pair = Pair::new(compiled().swap_remove(0), SETTINGS[0]);
    let mut own = Event::new("c0", EventType::Message).on("web");
    own.kind = EventKind::Custom("x.survey-sent".into());
    pair.event(START, &own).unwrap();
    pair.event(START + 1, &Event::new("c0", EventType::SessionStarted).on("web").by(Role::Customer)).unwrap();
    pair.event(START + 2, &own).unwrap();
    pair.event(START + 3, &Event::new("c0", EventType::SessionClosed).by(Role::Rep)).unwrap();
    pair.event(START + 4, &own).unwrap();
}

fn conversations() -> Vec<Chat> {
    Chat::read(TIMINGS).collect::<Option<_>>().unwrap()
}

/// Gives a whole conversation to both, and then a week of silence.
fn replay(chat: &Chat, pair: &mut Pair) -> Result<(), String> {
    let events = chat.events();
    for (at, event) in &events {
        pair.event(at.millis(), event).map_err(|difference| format!("{} at {at}: {difference}", chat.name))?;
    }
    let silence = events.last().map_or(0, |(at, _)| at.millis()) + 168 * HOUR;
    while let Some(due) = pair.next_deadline(&chat.name).filter(|due| *due <= silence) {
        pair.tick(&chat.name, due - 1)?;
        pair.tick(&chat.name, due)?;
    }
    pair.tick(&chat.name, silence)
}

#[test]
fn real_conversations_give_the_same_in_engine_and_model() {
    let chats = conversations();
    assert_eq!(chats.len(), 2_046);
    for (rules, settings) in compiled().into_iter().zip(SETTINGS).take(2) {
        let mut pair = Pair::new(rules, settings);
        for chat in &chats {
            replay(chat, &mut pair).unwrap_or_else(|difference| panic!("{settings:?} {difference}"));
        }
        assert!(pair.compared > 120_000, "only {} comparisons", pair.compared);
        assert!(pair.seen["session.ended <- bot"] > 100, "{:?}", pair.seen);
    }
}

#[test]
fn the_sample_is_made_of_the_timings() {
    let made = wane_tests::sample::lines(&conversations());
    let kept = std::fs::read_to_string(rules::repository().join("examples/chats.jsonl")).unwrap();
    assert!(made == kept, "make it again: cargo run -p wane-tests --example make_sample > examples/chats.jsonl");
}

#[test]
fn the_sample_shows_every_kind_of_end() {
    let mut pair = Pair::new(compiled().swap_remove(1), SETTINGS[1]);
    let events = wane_tests::sample::events(&conversations());
    for (at, event) in &events {
        pair.event(at.millis(), event).unwrap();
    }
    let last = events.last().unwrap().0.millis();
    for chat in wane_tests::sample::chosen(&conversations()) {
        pair.tick(&chat.name, last).unwrap();
    }
    for (what, least) in [
        ("session.ended <- bot", 5),
        ("session.ended <- agent", 3),
        ("session.ended <- token", 3),
        ("session.inactivated <- inactivity", 5),
        ("session.ended <- inactive-end", 2),
        ("session.ended", 5),
    ] {
        assert!(pair.seen.get(what).is_some_and(|count| *count >= least), "`{what}`: {:?}", pair.seen);
    }
}

/// The comparison can fail: a model that is one millisecond off in any of its lengths is found out.
#[test]
fn a_model_that_is_a_millisecond_off_is_found_out() {
    let rules = compiled();
    for change in CHANGES {
        let found = (0..SETTINGS.len()).any(|index| {
            let mut changed = SETTINGS[index];
            change(&mut changed.lengths);
            runner(CASES / 4)
                .run(&cases().prop_map(move |case| Case { settings: index, ..case }), |case| {
                    run(&case, &mut Pair::new(rules[index].clone(), changed)).map_err(TestCaseError::fail)
                })
                .is_err()
        });
        let mut lengths = Lengths::SEED;
        change(&mut lengths);
        assert!(found, "nobody noticed {lengths:?}");
    }
}

const CHANGES: [fn(&mut Lengths); 7] = [
    |lengths| lengths.token_authenticated += 1,
    |lengths| lengths.token_unauthenticated += 1,
    |lengths| lengths.bot += 1,
    |lengths| lengths.agent -= 1,
    |lengths| lengths.inactive_end += 1,
    |lengths| lengths.unanswered -= 1,
    |lengths| lengths.minute += 1,
];
