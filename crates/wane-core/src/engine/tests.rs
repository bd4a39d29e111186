//! The engine on small rulesets: the options of timers that need exact instants, outages and reloads.

use super::*;
use crate::participant::Role;
use crate::rules::files::Files;
use crate::signal::EventType;
use crate::timer::Phase;

const MINUTE: i64 = 60_000;

fn rules(text: &str) -> Arc<Ruleset> {
    let mut files = Files::default();
    files.insert("rules.toml", text.as_bytes());
    let (rules, diagnostics) = crate::rules::load(&files);
    Arc::new(rules.unwrap_or_else(|| panic!("{diagnostics:#?}")))
}

struct Chat {
    engine: Engine,
    state: Option<Conversation>,
}

impl Chat {
    fn new(text: &str) -> Self {
        Self { engine: Engine::new(rules(text)), state: None }
    }

    fn event(&mut self, at: i64, kind: EventType, role: Role) -> Vec<String> {
        self.delivered(at, at, kind, role)
    }

    fn delivered(&mut self, now: i64, sent: i64, kind: EventType, role: Role) -> Vec<String> {
        let mut event = Event::new("c", kind).by(role).on("web");
        event.at = Some(instant(sent));
        show(&self.engine.step(&mut self.state, instant(now), &event).effects)
    }

    fn look(&mut self, at: i64) -> Vec<String> {
        let state = self.state.as_mut().expect("a conversation");
        show(&self.engine.advance(state, instant(at)))
    }

    fn wake(&self) -> Option<i64> {
        self.state.as_ref().and_then(|state| self.engine.next_wake(state)).map(|at| at.millis_since(instant(0)))
    }
}

fn instant(millis: i64) -> Timestamp {
    Timestamp::parse("2026-01-01T00:00:00Z").expect("valid").plus_millis(millis)
}

/// Effects as `type@offset`; notices with their template.
fn show(effects: &[Effect]) -> Vec<String> {
    effects
        .iter()
        .map(|effect| {
            let name = if let crate::effect::EffectBody::NoticeDue(notice) = &effect.body {
                format!("notice:{}", notice.template)
            } else {
                effect.body.type_name().to_owned()
            };
            format!("{name}@{}", effect.at.millis_since(instant(0)))
        })
        .collect()
}

/// One timer of ten minutes that every message of the customer restarts, with extra lines.
fn ten_minutes(extra: &str) -> String {
    format!(
        "[timers.quiet]\nrestart_on = [\"message:customer\"]\non_lapse = [\"end-session\"]\n{extra}\n\
         [[rules]]\nid = \"ten\"\ntimer = \"quiet\"\nafter = \"10m\"\n"
    )
}

#[test]
fn a_message_exactly_at_the_deadline_is_too_late() {
    let mut chat = Chat::new(&ten_minutes(""));
    chat.event(0, EventType::Message, Role::Customer);
    assert_eq!(chat.wake(), Some(10 * MINUTE));
    let effects = chat.event(10 * MINUTE, EventType::Message, Role::Customer);
    assert_eq!(effects, ["session.ended@600000", "session.opened@600000"]);
}

#[test]
fn strictly_after_lets_the_event_at_the_limit_count() {
    let mut chat = Chat::new(&ten_minutes("fires = \"after\""));
    chat.event(0, EventType::Message, Role::Customer);
    assert_eq!(chat.look(10 * MINUTE), [""; 0]);
    assert_eq!(chat.event(10 * MINUTE, EventType::Message, Role::Customer), [""; 0]);
    assert_eq!(chat.look(20 * MINUTE + 1), ["session.ended@1200000"]);
}

#[test]
fn a_sweep_finds_lapses_on_its_grid_only() {
    let mut chat = Chat::new(&ten_minutes("sweep = { every = \"5m\", offset = \"1m\" }"));
    chat.event(0, EventType::Message, Role::Customer);
    assert_eq!(chat.wake(), Some(11 * MINUTE));
    assert_eq!(chat.event(10 * MINUTE + 30_000, EventType::Message, Role::Customer), [""; 0]);
    assert_eq!(chat.look(26 * MINUTE), ["session.ended@1260000"]);
}

#[test]
fn within_the_grace_a_message_sent_in_time_still_counts() {
    let mut chat = Chat::new(&ten_minutes("grace = \"2s\""));
    chat.event(0, EventType::Message, Role::Customer);
    assert_eq!(chat.look(10 * MINUTE + 1_999), [""; 0]);
    assert_eq!(chat.delivered(10 * MINUTE + 1_999, 10 * MINUTE - 1, EventType::Message, Role::Customer), [""; 0]);
    assert_eq!(chat.wake(), Some(20 * MINUTE + 1_999));
}

#[test]
fn within_the_grace_a_message_sent_too_late_is_too_late() {
    let mut chat = Chat::new(&ten_minutes("grace = \"2s\""));
    chat.event(0, EventType::Message, Role::Customer);
    let effects = chat.event(10 * MINUTE + 1, EventType::Message, Role::Customer);
    assert_eq!(effects, ["session.ended@600000", "session.opened@600001"]);
}

#[test]
fn several_overdue_warnings_catch_up_as_declared() {
    let warned = |catch_up: &str| {
        let warn = "warn = [{ before = \"5m\", notify = \"five\", to = \"customer\" }, \
                    { before = \"1m\", notify = \"one\", to = \"customer\" }]";
        let mut chat = Chat::new(&ten_minutes(&format!("{warn}\n{catch_up}")));
        chat.event(0, EventType::Message, Role::Customer);
        chat.look(9 * MINUTE + 1)
    };
    assert_eq!(warned(""), ["notice:one@540000"]);
    assert_eq!(warned("catch_up = \"all\""), ["notice:five@300000", "notice:one@540000"]);
    assert_eq!(warned("catch_up = \"none\""), [""; 0]);
}

#[test]
fn a_hold_stops_the_clock_and_its_end_lets_it_go_on() {
    let mut chat = Chat::new(&ten_minutes("pause_while = \"hold\""));
    chat.event(0, EventType::Message, Role::Customer);
    chat.event(4 * MINUTE, EventType::HoldStarted, Role::Rep);
    assert_eq!(chat.wake(), None);
    chat.event(60 * MINUTE, EventType::HoldEnded, Role::Rep);
    assert_eq!(chat.wake(), Some(66 * MINUTE));
}

#[test]
fn an_outage_extends_where_it_is_declared_and_else_counts() {
    let after_outage = |extra: &str| {
        let mut chat = Chat::new(&ten_minutes(extra));
        chat.event(0, EventType::Message, Role::Customer);
        let state = chat.state.as_mut().expect("a conversation");
        let effects = show(&chat.engine.resume(state, instant(4 * MINUTE), instant(60 * MINUTE)));
        (effects, chat.wake())
    };
    assert_eq!(after_outage(""), (vec!["session.ended@600000".to_owned()], None));
    assert_eq!(after_outage("outage = \"extend\""), (Vec::new(), Some(66 * MINUTE)));
}

#[test]
fn an_outage_that_starts_after_its_end_does_not_move_the_clock_beyond() {
    let mut chat = Chat::new(&ten_minutes(""));
    chat.event(0, EventType::Message, Role::Customer);
    let state = chat.state.as_mut().expect("a conversation");
    assert!(chat.engine.resume(state, instant(60 * MINUTE), instant(4 * MINUTE)).is_empty());
    assert_eq!(chat.wake(), Some(10 * MINUTE));
}

#[test]
fn a_warning_is_not_sent_when_its_lapse_fell_into_the_outage_too() {
    let warn = "warn = [{ before = \"1m\", notify = \"one\", to = \"customer\" }]";
    let mut chat = Chat::new(&ten_minutes(warn));
    chat.event(0, EventType::Message, Role::Customer);
    let state = chat.state.as_mut().expect("a conversation");
    let effects = show(&chat.engine.resume(state, instant(4 * MINUTE), instant(60 * MINUTE)));
    assert_eq!(effects, ["session.ended@600000"]);
}

#[test]
fn a_reload_keeps_deadlines_or_chooses_again_with_the_anchor_kept() {
    let reloaded = |extra: &str| {
        let mut chat = Chat::new(&ten_minutes(extra));
        chat.event(0, EventType::Message, Role::Customer);
        let before = Arc::clone(chat.engine.rules());
        chat.engine = Engine::new(rules(&ten_minutes(extra).replace("after = \"10m\"", "after = \"3m\"")));
        let state = chat.state.as_mut().expect("a conversation");
        chat.engine.adopt(state, &before, instant(MINUTE));
        chat.wake()
    };
    assert_eq!(reloaded(""), Some(10 * MINUTE));
    assert_eq!(reloaded("on_reload = \"recompute\""), Some(3 * MINUTE));
}

#[test]
fn a_recomputed_deadline_that_is_past_lapses_at_the_reload_and_not_before() {
    let mut chat = Chat::new(&ten_minutes("on_reload = \"recompute\""));
    chat.event(0, EventType::Message, Role::Customer);
    let before = Arc::clone(chat.engine.rules());
    let shorter = ten_minutes("on_reload = \"recompute\"").replace("after = \"10m\"", "after = \"3m\"");
    chat.engine = Engine::new(rules(&shorter));
    let state = chat.state.as_mut().expect("a conversation");
    chat.engine.adopt(state, &before, instant(5 * MINUTE));
    assert_eq!(chat.look(5 * MINUTE), ["session.ended@300000"]);
}

#[test]
fn a_changed_fact_chooses_again_with_the_anchor_kept() {
    let text = "[facts]\ncustomer.tier = \"text\"\n\
                [timers.quiet]\nrestart_on = [\"message:customer\"]\non_lapse = [\"end-session\"]\n\
                [[rules]]\nid = \"vip\"\ntimer = \"quiet\"\nwhen = 'customer.tier == \"vip\"'\nafter = \"never\"\n\
                [[rules]]\nid = \"ten\"\ntimer = \"quiet\"\nafter = \"10m\"\n";
    let mut chat = Chat::new(text);
    let tier = |tier: &str| {
        let mut event = Event::new("c", EventType::AttributesChanged);
        event.facts.customer.push(("tier".into(), crate::facts::Value::Text(tier.into())));
        event
    };
    chat.event(0, EventType::Message, Role::Customer);
    assert_eq!(chat.wake(), Some(10 * MINUTE));
    chat.engine.step(&mut chat.state, instant(MINUTE), &tier("vip"));
    assert_eq!(chat.wake(), None, "never");
    assert!(matches!(chat.state.as_ref().expect("a conversation").timers()[0].phase, Phase::Unset { .. }));
    let answer = chat.engine.step(&mut chat.state, instant(12 * MINUTE), &tier("standard"));
    assert_eq!(show(&answer.effects), ["session.ended@720000"], "ten minutes from the anchor are over");
}

#[test]
fn a_timer_that_never_ran_is_stopped_to_predicates_too() {
    let text = "[timers.other]\nstart_on = [\"postback\"]\non_lapse = [{ tag = \"other\" }]\n\
                [[rules]]\nid = \"other\"\ntimer = \"other\"\nafter = \"1h\"\n\
                [timers.quiet]\nrestart_on = [\"message:customer\"]\non_lapse = [\"end-session\"]\n\
                [[rules]]\nid = \"ten\"\ntimer = \"quiet\"\nwhen = 'timer(\"other\") == \"stopped\"'\nafter = \"10m\"\n";
    let mut chat = Chat::new(text);
    chat.event(0, EventType::Message, Role::Customer);
    assert_eq!(chat.wake(), Some(10 * MINUTE));
}

#[test]
fn deciding_without_ids_is_the_same_and_remembers_none() {
    let mut chat = Chat::new(&ten_minutes(""));
    let mut event = Event::new("c", EventType::Message).by(Role::Customer).on("web");
    event.id = Some("m1".into());
    let mut other = None;
    for (millis, lapsed) in [(0, 0), (30 * MINUTE, 1), (31 * MINUTE, 0)] {
        let decided = chat.engine.decide(&mut other, instant(millis), &event);
        let mut known = event.clone();
        known.id = Some(format!("m{millis}").into());
        assert_eq!(decided.answer, chat.engine.step(&mut chat.state, instant(millis), &known));
        assert_eq!(decided.lapsed_effects, lapsed);
    }
    let (other, mut state) = (other.expect("open"), chat.state.expect("open"));
    assert_ne!(other, state);
    state.forget_ids(instant(9 * 24 * 60 * MINUTE));
    assert_eq!(other, state, "but for the ids");
}

#[test]
fn a_repeated_id_gives_the_first_answer_and_changes_nothing() {
    let mut chat = Chat::new(&ten_minutes(""));
    let mut event = Event::new("c", EventType::Message).by(Role::Customer).on("web");
    event.id = Some("m1".into());
    let first = chat.engine.step(&mut chat.state, instant(0), &event);
    let state = chat.state.clone();
    let again = chat.engine.step(&mut chat.state, instant(5 * MINUTE), &event);
    assert_eq!(again.outcome, Outcome::Duplicate);
    assert_eq!(again.effects, first.effects);
    assert_eq!(chat.state, state);
}

#[test]
fn an_id_is_forgotten_after_eight_days_so_that_memory_is_bounded() {
    const DAY: i64 = 24 * 60 * MINUTE;
    let mut chat = Chat::new(&ten_minutes(""));
    let mut message = |at: i64, id: &str| {
        let mut event = Event::new("c", EventType::Message).by(Role::Customer).on("web");
        event.id = Some(id.into());
        chat.engine.step(&mut chat.state, instant(at), &event).outcome
    };
    message(0, "m1");
    message(8 * DAY, "m2");
    assert_eq!(message(8 * DAY, "m1"), Outcome::Duplicate);
    message(8 * DAY + 1, "m3");
    assert_eq!(message(8 * DAY + 1, "m1"), Outcome::Applied);
}
