//! Why a session ended or went inactive, in words.

use std::path::Path;

use wane_core::effect::{Cause, Effect, EffectBody, TimerCause};
use wane_core::ruleset::Ruleset;
use wane_core::signal::{EffectType, EventType, Signal, SignalKind, SignalRole};
use wane_core::time::{Span, Timestamp};
use wane_core::timer::After;

use super::play::Moment;
use crate::out::plain;

/// `2026-03-01T09:00:00Z`: without a fraction that is zero.
pub(crate) fn instant(at: Timestamp) -> String {
    at.to_string().replace(".000Z", "Z")
}

/// The time alone when it is of the same day as `day`.
fn near(at: Timestamp, day: Timestamp) -> String {
    let (at, day) = (instant(at), instant(day));
    match (at.split_once('T'), day.split_once('T')) {
        (Some((date, time)), Some((same, _))) if date == same => time.trim_end_matches('Z').to_owned(),
        _ => at,
    }
}

/// Whether an effect is worth a line of its own.
pub(super) const fn is_told(effect: &Effect) -> bool {
    matches!(effect.body, EffectBody::SessionEnded | EffectBody::SessionInactivated)
}

/// `c17/1 ended at … because 2h passed since the customer's message at 08:12:03: …`
pub(super) fn line(moment: &Moment<'_>, effect: &Effect, dir: &Path) -> String {
    let did = if effect.body == EffectBody::SessionEnded { "ended" } else { "went inactive" };
    let session = format!("{}/{}", plain(&moment.talk.name), effect.session);
    format!("{session} {did} at {} because {}", instant(effect.at), because(moment, effect, dir))
}

/// The reason of an effect.
pub(super) fn because(moment: &Moment<'_>, effect: &Effect, dir: &Path) -> String {
    match &effect.cause {
        Cause::Event(kind) => event_words(moment, *kind),
        Cause::Lapse(cause) | Cause::Warning(cause) => {
            let rule = rule_words(moment.rules, cause, dir);
            format!("{}: {rule}", lapse_words(moment, cause, effect.at))
        }
        Cause::Afterwards(cause, _) => {
            let title = moment.rules.timer(cause.timer).map_or("the timer", |timer| &*timer.title);
            let rule = rule_words(moment.rules, cause, dir);
            let lapsed = near(cause.deadline, effect.at);
            let since = lapse_words(moment, cause, effect.at);
            format!("the client came after `{title}` had run out at {lapsed} ({since}): {rule}")
        }
    }
}

fn event_words(moment: &Moment<'_>, kind: SignalKind) -> String {
    let role = moment.event.and_then(|event| event.role);
    let who = role.map_or("somebody", SignalRole::name);
    match moment.rules.signal_name(kind) {
        "session.closed" => format!("the {who} closed it").replace("the somebody", "somebody"),
        "session.parked" => format!("the {who} set it inactive").replace("the somebody", "somebody"),
        "opt.out" => "the customer opted out".to_owned(),
        other => format!("of `{other}`"),
    }
}

/// `2h passed since the customer's message at 08:12:03`.
fn lapse_words(moment: &Moment<'_>, cause: &TimerCause, day: Timestamp) -> String {
    let length = length_words(moment.rules, cause);
    let since = moment.talk.start_of(cause.generation).map(|signal| since_words(moment.rules, signal));
    let at = near(cause.anchor, day);
    match since {
        Some(words) => format!("{length} passed since {words} at {at}"),
        None => format!("{length} passed since {at}"),
    }
}

fn length_words(rules: &Ruleset, cause: &TimerCause) -> String {
    let wall = Span(cause.deadline.millis_since(cause.anchor)).to_string();
    let Some(calendar) = rules.timer(cause.timer).and_then(|timer| timer.calendar) else { return wall };
    let name = rules.calendars.get(usize::from(calendar)).map_or("", |(name, _)| &**name);
    match rules.row(cause.row).map(|row| &row.after) {
        Some(After::For(period)) => format!("{period} of the hours of `{name}`"),
        Some(After::Never | After::Fact { .. }) | None => format!("{wall} (hours of `{name}`)"),
    }
}

/// What a timer counts from, in words that fit after "since".
fn since_words(rules: &Ruleset, signal: Signal) -> String {
    let who = signal.role.map_or("somebody", SignalRole::name);
    let is = |kind: EventType| signal.kind == SignalKind::event(kind);
    if is(EventType::Message) {
        format!("the {who}'s message")
    } else if is(EventType::Postback) {
        format!("the {who} pressed a button")
    } else if is(EventType::ParticipantJoined) {
        format!("the {who} joined")
    } else if is(EventType::Handover) {
        format!("the hand-over to the {who}")
    } else if is(EventType::TokenIssued) {
        "the token was issued".to_owned()
    } else if is(EventType::SessionStarted) {
        "the session started".to_owned()
    } else if is(EventType::SessionParked) || signal.kind == SignalKind::effect(EffectType::SessionInactivated) {
        "it went inactive".to_owned()
    } else {
        format!("`{}`", rules.signal_name(signal.kind))
    }
}

/// `timer bot, rule bot (rules/defaults.toml:17)`.
fn rule_words(rules: &Ruleset, cause: &TimerCause, dir: &Path) -> String {
    let timer = rules.timer(cause.timer).map_or("?", |timer| &*timer.name);
    match rules.row(cause.row) {
        Some(row) => {
            let file = dir.join(&*row.origin.file);
            format!("timer {timer}, rule {} ({}:{})", row.id, file.display(), row.origin.line)
        }
        None => format!("timer {timer}"),
    }
}
