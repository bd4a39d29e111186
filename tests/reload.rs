//! A change of the ruleset under a conversation (R5), and the reason that a decision carries (R6).

use std::sync::Arc;

use wane_core::effect::{Cause, Effect};
use wane_core::engine::Engine;
use wane_core::event::Event;
use wane_core::participant::Role;
use wane_core::rules::files::Files;
use wane_core::ruleset::Ruleset;
use wane_core::session::Conversation;
use wane_core::signal::EventType;
use wane_core::time::Timestamp;
use wane_core::timer::Phase;
use wane_tests::rules;

const MINUTE: i64 = 60_000;
const START: i64 = 1_767_225_600_000;

/// A ruleset with one timer, that long, under that name.
fn idle(after: &str, options: &str) -> Arc<Ruleset> {
    let mut files = Files::default();
    let text = format!(
        "[timers.idle]\nstart_on = [\"session.started\"]\non_lapse = [\"end-session\"]\n{options}\n\
         [[rules]]\nid = \"idle-{after}\"\ntimer = \"idle\"\nafter = \"{after}\"\n"
    );
    files.insert("rules.toml", text);
    rules::compile(&files).unwrap()
}

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_millis(START + minutes * MINUTE).unwrap()
}

fn started(engine: &Engine) -> Conversation {
    let mut slot = None;
    engine.step(&mut slot, at(0), &Event::new("c1", EventType::SessionStarted).on("web").by(Role::Customer));
    slot.unwrap()
}

/// A session that began under the old rules and went over to the new ones after ten minutes.
fn changed(old: &Arc<Ruleset>, new: &Arc<Ruleset>) -> (Engine, Conversation) {
    let mut held = started(&Engine::new(old.clone()));
    let engine = Engine::new(new.clone());
    engine.adopt(&mut held, old, at(10));
    (engine, held)
}

fn ends(effects: &[Effect]) -> Vec<(i64, &str)> {
    effects.iter().map(|effect| ((effect.at.millis() - START) / MINUTE, effect.body.type_name())).collect()
}

#[test]
fn a_running_timer_keeps_its_deadline() {
    let (engine, mut held) = changed(&idle("30m", ""), &idle("20m", ""));
    assert_eq!(engine.next_wake(&held), Some(at(30)));
    assert_eq!(engine.advance(&mut held, at(29)), []);
    assert_eq!(ends(&engine.advance(&mut held, at(60))), [(30, "session.ended")]);
}

#[test]
fn a_running_timer_is_chosen_again_where_it_says_so() {
    let (engine, mut held) = changed(&idle("30m", ""), &idle("20m", "on_reload = \"recompute\""));
    assert_eq!(engine.next_wake(&held), Some(at(20)), "the anchor is kept");
    assert_eq!(ends(&engine.advance(&mut held, at(60))), [(20, "session.ended")]);
}

#[test]
fn a_deadline_that_is_past_by_the_new_rules_lapses_at_the_change() {
    let (engine, mut held) = changed(&idle("30m", ""), &idle("5m", "on_reload = \"recompute\""));
    assert_eq!(ends(&engine.advance(&mut held, at(10))), [(10, "session.ended")]);
}

#[test]
fn a_timer_that_the_new_rules_do_not_have_is_gone() {
    let old = idle("30m", "");
    let mut files = Files::default();
    files.insert(
        "rules.toml",
        "[timers.life]\nstart_on = [\"session.started\"]\non_lapse = [\"end-session\"]\n\
         [[rules]]\nid = \"life\"\ntimer = \"life\"\nafter = \"1h\"\n",
    );
    let (engine, mut held) = changed(&old, &rules::compile(&files).unwrap());
    assert_eq!((held.timers().len(), engine.next_wake(&held)), (0, None), "and the new one starts with its next start");
    assert_eq!(engine.advance(&mut held, at(1_000)), []);
}

#[test]
fn the_same_rules_change_nothing() {
    let stock = rules::compile(&rules::files(&rules::repository().join("rules")).unwrap()).unwrap();
    let engine = Engine::new(stock.clone());
    let mut slot = Some(started(&engine));
    engine.step(&mut slot, at(1), &Event::new("c1", EventType::TokenIssued));
    engine.step(&mut slot, at(2), &Event::new("c1", EventType::Message).by(Role::Bot));
    let before = slot.unwrap();
    let mut after = before.clone();
    engine.adopt(&mut after, &stock, at(10));
    assert_eq!(before, after);
}

#[test]
fn a_directory_with_one_error_gives_no_ruleset_at_all() {
    let mut files = rules::files(&rules::repository().join("rules")).unwrap();
    files.insert("site.toml", "[[rules]]\nid = \"ours\"\ntimer = \"no-such-timer\"\nafter = \"5m\"\n");
    let (ruleset, diagnostics) = wane_core::rules::load(&files);
    assert!(ruleset.is_none());
    assert_eq!(diagnostics.len(), 1, "{diagnostics:?}");
}

#[test]
fn a_decision_carries_row_file_line_anchor_and_deadline() {
    let rules = rules::compile(&rules::files(&rules::repository().join("rules")).unwrap()).unwrap();
    let engine = Engine::new(rules.clone());
    let mut slot = Some(started(&engine));
    engine.step(&mut slot, at(2), &Event::new("c1", EventType::Message).by(Role::Bot));
    let mut held = slot.unwrap();
    let bot = rules.find_timer("bot").unwrap();
    let state = held.timers().iter().find(|state| state.timer == bot).unwrap();
    assert!(matches!(state.phase, Phase::Running(_)));
    let effects = engine.advance(&mut held, at(1_000));
    let ended = effects.first().unwrap();
    let Cause::Lapse(cause) = ended.cause else { panic!("{ended:?}") };
    let row = rules.row(cause.row).unwrap();
    let text = rules::files(&rules::repository().join("rules")).unwrap();
    let text = String::from_utf8(text.get("defaults.toml").unwrap().to_vec()).unwrap();
    let line = text.lines().nth(usize::try_from(row.origin.line).unwrap() - 1).unwrap();
    assert_eq!((&*row.id, &*row.origin.file), ("bot", "defaults.toml"));
    assert!(
        line.starts_with("[[rules]]") || line.starts_with("id      = \"bot\""),
        "line {} is `{line}`",
        row.origin.line
    );
    assert_eq!((cause.anchor, cause.deadline, ended.at), (at(2), at(122), at(122)));
}

/// The pack `genesys-engage` with rows of an admin's own: a timer and its length each.
fn engage(rows: &[(&str, &str)]) -> Arc<Ruleset> {
    let mut files = rules::files(&rules::repository().join("rules/packs/genesys-engage")).unwrap();
    let row = |(timer, after): &(&str, &str)| {
        format!("[[rules]]\nid = \"ours-{timer}\"\ntimer = \"{timer}\"\nafter = \"{after}\"\n")
    };
    files.insert("ours.toml", rows.iter().map(row).collect::<String>());
    rules::compile(&files).unwrap()
}

fn second(seconds: i64) -> Timestamp {
    Timestamp::from_millis(START + seconds * 1_000).unwrap()
}

/// What comes, and when, of a chat that is silent from the start and whose rules change after so many seconds.
fn silent(old: &[(&str, &str)], change: i64, new: &[(&str, &str)]) -> Vec<(i64, String)> {
    let (before, engine) = (engage(old), Engine::new(engage(new)));
    let first = Engine::new(before.clone());
    let mut held = started(&first);
    let mut effects = first.advance(&mut held, second(change));
    engine.adopt(&mut held, &before, second(change));
    effects.extend(engine.advance(&mut held, second(100_000)));
    let told = |effect: &Effect| ((effect.at.millis() - START) / 1_000, effect.body.type_name().to_owned());
    effects.iter().map(told).collect()
}

#[test]
fn a_change_applies_at_once_to_chats_under_way_in_genesys_engage() {
    let both = |alert, ends| vec![(alert, "notice.due".to_owned()), (ends, "session.ended".to_owned())];
    assert_eq!(silent(&[], 60, &[("alert", "100s")]), both(100, 145));
    assert_eq!(silent(&[], 150, &[("alert", "100s")]), both(150, 195), "that is past already");
    assert_eq!(silent(&[], 260, &[("alert", "600s")]), both(255, 300), "the alert is out");
    assert_eq!(silent(&[], 260, &[("close", "10s")]), both(255, 265));
    assert_eq!(silent(&[("second-alert", "60s")], 260, &[]), both(255, 300), "the second one is switched off");
    let second = [(255, "notice.due".to_owned()), (285, "notice.due".to_owned()), (330, "session.ended".to_owned())];
    assert_eq!(silent(&[], 260, &[("second-alert", "30s")]), second, "the second one is switched on");
    assert_eq!(silent(&[], 30, &[("alert", "never")]), [(45, "session.ended".to_owned())], "no alert at all");
}
