//! Random conversations under the packs, against three opinions of a few lines each that know nothing of timers: they
//! walk the events and say when the vendor would have spoken up or ended.

#![expect(clippy::indexing_slicing, reason = "two sides, each with two limits")]

use std::sync::Arc;

use proptest::prelude::*;
use wane_core::effect::EffectBody;
use wane_core::engine::Engine;
use wane_core::event::{Event, EventKind};
use wane_core::participant::Role;
use wane_core::rules::files::Files;
use wane_core::signal::EventType;
use wane_core::time::Timestamp;
use wane_tests::rules;

use super::pack;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
/// So much is still watched after the last event.
const AFTER: i64 = 20 * 60 * MINUTE;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Did {
    Wrote(Role),
    Joined(Role, &'static str),
    Left(Role, &'static str),
    Typed,
    Noted,
    Parked,
}

type Log = Vec<(i64, Did)>;
type Said = Vec<(i64, String)>;

/// What the engine says from the start to the first end, endings of participants left out.
fn engine_says(files: &Files, log: &Log) -> Said {
    let ruleset = rules::compile(files).unwrap();
    let engine = Engine::new(Arc::clone(&ruleset));
    let start = Timestamp::parse("2026-01-01T00:00:00Z").unwrap();
    let mut conversation = None;
    let opened = Event::new("c1", EventType::SessionStarted).by(Role::Customer).on("web");
    let mut effects = engine.step(&mut conversation, start, &opened).effects;
    for (at, did) in log {
        effects.extend(engine.step(&mut conversation, start.plus_millis(*at), &event(*did)).effects);
    }
    let end = start.plus_millis(log.last().map_or(0, |(at, _)| *at) + AFTER);
    effects.extend(engine.advance(conversation.as_mut().unwrap(), end));
    let mut said = Vec::new();
    for effect in effects {
        let at = effect.at.millis_since(start);
        if effect.body == EffectBody::SessionEnded {
            said.push((at, "end".to_owned()));
            break;
        }
        if let EffectBody::NoticeDue(notice) = &effect.body {
            said.push((at, notice.template.to_string()));
        }
        if let EffectBody::Custom { name, .. } = &effect.body {
            said.push((at, name.to_string()));
        }
    }
    said
}

fn event(did: Did) -> Event {
    let named = |mut event: Event, id: &str| {
        event.participant = (!id.is_empty()).then(|| id.into());
        event
    };
    match did {
        Did::Wrote(role) => Event::new("c1", EventType::Message).by(role),
        Did::Joined(role, id) => named(Event::new("c1", EventType::ParticipantJoined).by(role), id),
        Did::Left(role, id) => named(Event::new("c1", EventType::ParticipantLeft).by(role), id),
        Did::Typed => Event::new("c1", EventType::Typing).by(Role::Customer),
        Did::Parked => Event::new("c1", EventType::SessionParked).by(Role::Rep),
        Did::Noted => Event { kind: EventKind::Custom("x.private-note".into()), ..Event::new("c1", EventType::Typing) },
    }
}

/// Events with the gaps before them; the gaps are often just as long as the limits that are tried.
fn log(what: Vec<Did>, unit: i64) -> impl Strategy<Value = Log> {
    let gap = prop_oneof![(0..14_i64).prop_map(move |n| n * unit), 0..14 * unit];
    prop::collection::vec((gap, prop::sample::select(what)), 0..14).prop_map(|steps| {
        let mut at = 0;
        let timed = |(gap, did)| {
            at += gap;
            (at, did)
        };
        steps.into_iter().map(timed).collect()
    })
}

fn limit(unit: i64, from: i64) -> impl Strategy<Value = Option<i64>> {
    prop::option::of((from..from + 9).prop_map(move |n| n * unit))
}

fn overlay(name: &str, lengths: &[(&str, Option<i64>)], more: &str) -> Files {
    let mut files = pack(name);
    let row = |(timer, after): &(&str, Option<i64>)| {
        let after = after.map_or("never".to_owned(), |millis| format!("{millis}ms"));
        format!("[[rules]]\nid = \"our-{timer}\"\ntimer = \"{timer}\"\nafter = \"{after}\"\n")
    };
    files.insert("ours.toml", lengths.iter().map(row).collect::<String>() + more);
    files
}

/// Alerts one after the other from the last activity on.
fn genesys(log: &Log, steps: [(&str, Option<i64>); 3]) -> Said {
    let mut said = Vec::new();
    let active = |did: &Did| !matches!(did, Did::Typed | Did::Noted | Did::Parked);
    let activity: Vec<i64> =
        std::iter::once(0).chain(log.iter().filter(|(_, did)| active(did)).map(|(at, _)| *at)).collect();
    let last = log.last().map_or(0, |(at, _)| *at) + AFTER;
    for (index, from) in activity.iter().enumerate() {
        // What is due at the instant of the next activity is said before it.
        let until = activity.get(index + 1).copied().unwrap_or(last);
        let mut due = *from;
        for (name, length) in steps {
            due += length.unwrap_or_default();
            if length.is_some() && due <= until {
                said.push((due, name.to_owned()));
            }
        }
        if said.last().is_some_and(|(_, name)| name == "end") {
            break;
        }
    }
    said
}

/// Looks at every fifth minute whether the last row is older than the limit.
fn chatwoot(log: &Log, limit: i64, flag: bool) -> Said {
    let (mut bot, mut rep, mut snoozed, mut waiting) = (false, false, false, true);
    let mut since = Some(0);
    let last = log.last().map_or(0, |(at, _)| *at) + AFTER;
    for (index, (at, did)) in std::iter::once(&(0, Did::Typed)).chain(log).enumerate() {
        let was_inactive = snoozed;
        match did {
            Did::Wrote(Role::Customer) => {
                waiting = true;
                // Coming back from a snooze the conversation is unassigned.
                rep &= !snoozed;
                snoozed = false;
            }
            Did::Wrote(Role::Rep) => {
                waiting = false;
                snoozed &= rep;
                rep = true;
            }
            Did::Wrote(_) => {
                snoozed &= bot;
                bot = true;
            }
            Did::Joined(Role::Rep, _) => (rep, snoozed) = (true, false),
            Did::Joined(..) => (bot, snoozed) = (true, false),
            Did::Left(Role::Rep, _) => rep = false,
            Did::Left(..) => bot = false,
            Did::Parked => snoozed = true,
            Did::Noted | Did::Typed => {}
        }
        let open = !snoozed && (rep || !bot);
        let row = matches!(did, Did::Wrote(_) | Did::Noted) || (was_inactive && !snoozed);
        since = if open { Some(since.filter(|_| !row).unwrap_or(*at)) } else { None };
        let until = log.get(index).map_or(last, |(at, _)| *at);
        let Some(since) = since.filter(|_| !(flag && waiting)) else { continue };
        let look = ((since + limit) / (5 * MINUTE) + 1) * 5 * MINUTE;
        if look <= until {
            return vec![(look, "auto-resolve".to_owned()), (look, "end".to_owned())];
        }
    }
    Vec::new()
}

/// One role's side of a chat: when its clock began, and whether it was marked.
#[derive(Clone, Copy, Debug, Default)]
struct Side {
    since: Option<i64>,
    marked: bool,
}

impl Side {
    /// The next thing to say.
    fn due(self, idle: Option<i64>, disconnect: Option<i64>) -> Option<(i64, bool)> {
        let since = self.since?;
        match (self.marked, idle) {
            (false, Some(idle)) => Some((since + idle, false)),
            (true, _) | (false, None) => Some((since + disconnect?, true)),
        }
    }
}

/// Two sides with two limits each, while both are there.
fn amazon(log: &Log, limits: [[Option<i64>; 2]; 2]) -> Said {
    let mut said = Vec::new();
    let mut reps: Vec<&str> = Vec::new();
    let mut away = false;
    let mut sides = [Side::default(); 2];
    let last = log.last().map_or(0, |(at, _)| *at) + AFTER;
    for (at, did) in log.iter().copied().chain([(last, Did::Typed)]) {
        if say_what_is_due(&mut sides, limits, at, &mut said) {
            return said;
        }
        let mut begins = [false; 2];
        match did {
            Did::Wrote(Role::Customer) => begins[0] = true,
            Did::Wrote(_) => {
                // Writing without having joined is joining.
                begins = if reps.is_empty() { [true; 2] } else { [false, true] };
                if reps.is_empty() {
                    reps.push("");
                }
            }
            Did::Joined(Role::Rep, id) => {
                begins = [true; 2];
                if !reps.contains(&id) {
                    reps.push(id);
                }
            }
            Did::Joined(..) => (away, begins) = (false, [true; 2]),
            Did::Left(Role::Rep, id) => reps.retain(|present| *present != id),
            Did::Left(..) => away = true,
            Did::Typed | Did::Noted | Did::Parked => {}
        }
        for (index, side) in sides.iter_mut().enumerate() {
            if reps.is_empty() || away {
                *side = Side::default();
            } else if begins[index] {
                let wrote = matches!(did, Did::Wrote(role) if (role == Role::Customer) == (index == 0));
                if side.marked && wrote {
                    said.push((at, ["x.customer-returned", "x.agent-returned"][index].to_owned()));
                }
                *side = Side { since: Some(at), marked: false };
            }
        }
    }
    said
}

fn say_what_is_due(sides: &mut [Side; 2], limits: [[Option<i64>; 2]; 2], until: i64, said: &mut Said) -> bool {
    let next = |sides: &[Side; 2]| {
        let due = |index: usize| {
            let (at, ends) = sides[index].due(limits[index][0], limits[index][1])?;
            Some((at, index, ends))
        };
        // At one instant the customer's side comes first.
        [due(0), due(1)].into_iter().flatten().min_by_key(|(at, index, _)| (*at, *index))
    };
    while let Some((at, index, ends)) = next(sides).filter(|(at, ..)| *at <= until) {
        if ends {
            said.push((at, "end".to_owned()));
            return true;
        }
        said.push((at, ["x.customer-idle", "x.agent-idle"][index].to_owned()));
        sides[index] = Side { since: Some(at), marked: true };
    }
    false
}

/// Nobody writes while the customer is away, and nobody leaves who is not there.
fn plausible(log: &Log) -> Log {
    let mut away = false;
    let mut reps: Vec<&str> = Vec::new();
    let mut kept = Vec::new();
    for (at, did) in log.iter().copied() {
        let fits = match did {
            Did::Wrote(_) => !away,
            Did::Left(Role::Customer, _) => !std::mem::replace(&mut away, true),
            Did::Joined(Role::Customer, _) => std::mem::replace(&mut away, false),
            Did::Left(_, id) => reps.contains(&id),
            Did::Joined(..) | Did::Typed | Did::Noted | Did::Parked => true,
        };
        if !fits {
            continue;
        }
        match did {
            Did::Wrote(Role::Rep) if reps.is_empty() => reps.push(""),
            Did::Joined(Role::Rep, id) if !reps.contains(&id) => reps.push(id),
            Did::Left(Role::Rep, "") => reps.clear(),
            Did::Left(Role::Rep, id) => reps.retain(|present| *present != id),
            Did::Wrote(_) | Did::Joined(..) | Did::Left(..) | Did::Typed | Did::Noted | Did::Parked => {}
        }
        kept.push((at, did));
    }
    kept
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn genesys_says_the_same(
        log in log(vec![
            Did::Wrote(Role::Customer), Did::Wrote(Role::Rep), Did::Joined(Role::Rep, "a"), Did::Left(Role::Rep, "a"),
            Did::Left(Role::Customer, ""), Did::Joined(Role::Customer, ""), Did::Typed, Did::Noted,
        ], SECOND),
        alert in limit(SECOND, 1), second in limit(SECOND, 1), close in limit(SECOND, 1),
    ) {
        let lengths = [("alert", alert), ("second-alert", second), ("close", close)];
        let expected = genesys(&log, [("alert", alert), ("second-alert", second), ("end", close)]);
        prop_assert_eq!(engine_says(&overlay("genesys-engage", &lengths, ""), &log), expected);
    }

    #[test]
    fn chatwoot_says_the_same(
        log in log(vec![
            Did::Wrote(Role::Customer), Did::Wrote(Role::Rep), Did::Wrote(Role::Bot), Did::Joined(Role::Rep, ""),
            Did::Left(Role::Rep, ""), Did::Left(Role::Bot, ""), Did::Noted, Did::Parked, Did::Typed,
        ], 5 * MINUTE),
        limit in (10..30_i64).prop_map(|n| n * MINUTE), flag in any::<bool>(),
    ) {
        let never = "[[rules]]\nid = \"flag\"\ntimer = \"auto-resolve\"\nwhen = 'timer(\"waiting\") == \"running\"'\n\
                     after = \"never\"\npriority = 10\n";
        let files = overlay("chatwoot", &[("auto-resolve", Some(limit))], if flag { never } else { "" });
        prop_assert_eq!(engine_says(&files, &log), chatwoot(&log, limit, flag));
    }

    #[test]
    fn amazon_says_the_same(
        log in log(vec![
            Did::Wrote(Role::Customer), Did::Wrote(Role::Customer), Did::Wrote(Role::Rep), Did::Wrote(Role::Rep),
            Did::Joined(Role::Rep, "a"), Did::Joined(Role::Rep, "b"), Did::Left(Role::Rep, "a"), Did::Left(Role::Rep, "b"),
            Did::Left(Role::Customer, ""), Did::Joined(Role::Customer, ""), Did::Typed,
        ], MINUTE),
        customer in [limit(MINUTE, 2), limit(MINUTE, 2)], agent in [limit(MINUTE, 2), limit(MINUTE, 2)],
    ) {
        let log = plausible(&log);
        let lengths = [
            ("customer-idle", customer[0]), ("customer-disconnect", customer[1]),
            ("agent-idle", agent[0]), ("agent-disconnect", agent[1]),
        ];
        prop_assert_eq!(engine_says(&overlay("amazon-connect", &lengths, ""), &log), amazon(&log, [customer, agent]));
    }
}
