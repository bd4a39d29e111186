//! Playing a scenario and finding the first step that comes out otherwise than expected.

use super::compare::{DiffLine, difference};
use super::expect::{ExpectedSession, ExpectedTimer};
use super::tally::Tally;
use super::world::{Played, World};
use super::{ExpectedAnswer, Scenario, Step};
use crate::diagnostic::Place;
use crate::effect::Outcome;
use crate::engine::Engine;
use crate::participant::Role;
use crate::ruleset::Ruleset;
use crate::session::{Conversation, Session};
use crate::time::{Span, Timestamp};
use crate::timer::{Phase, TimerState};

/// How a scenario came out.
#[derive(Debug)]
pub struct Run {
    /// The first step that came out otherwise; the steps after it were not played.
    pub failure: Option<Failure>,
    /// Which rows and timers were used.
    pub tally: Tally,
}

/// A step that came out otherwise than expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Which step, from 1.
    pub step: usize,
    /// Where it stands.
    pub place: Place,
    /// When it was, in milliseconds from the start.
    pub at: i64,
    /// What is otherwise.
    pub mismatches: Vec<Mismatch>,
    /// Why its event was not taken, where that may explain the rest.
    pub refusal: Option<String>,
}

/// One thing that is otherwise than expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// The effects.
    Effects(Vec<DiffLine>),
    /// A field of the session, a timer, or the answer.
    Field {
        /// Which.
        name: String,
        /// What was expected.
        expected: String,
        /// What is.
        actual: String,
    },
}

/// Plays a scenario under rules that were loaded for it.
#[must_use]
pub fn run(scenario: &Scenario, engine: &Engine) -> Run {
    let mut world = World::new(scenario, engine);
    let mut failure = None;
    for (index, step) in scenario.steps.iter().enumerate() {
        let played = world.play(step);
        failure = check(scenario, &world, (index, step, played));
        if failure.is_some() {
            break;
        }
    }
    Run { failure, tally: world.into_tally() }
}

fn check(scenario: &Scenario, world: &World<'_>, (index, step, played): (usize, &Step, Played)) -> Option<Failure> {
    let mut mismatches = Vec::new();
    if let Some(wanted) = &step.effects {
        let came: Vec<_> = played.effects.iter().map(|(name, effect)| world.fields(name, effect)).collect();
        mismatches.extend(difference(wanted, &came, scenario.start).map(Mismatch::Effects));
    }
    if let Some(wanted) = &step.answer {
        mismatches.extend(answer(wanted, played.answer.as_ref()));
    }
    if let Some(wanted) = &step.session {
        session(scenario, world, (step, wanted), &mut mismatches);
    }
    if mismatches.is_empty() {
        return None;
    }
    let refusal = match played.answer {
        Some(Outcome::Refused(why)) => Some(why.to_string()),
        Some(Outcome::Applied | Outcome::Duplicate) | None => None,
    };
    let at = step.at.millis_since(scenario.start);
    Some(Failure { step: index + 1, place: step.place.clone(), at, mismatches, refusal })
}

fn field(name: impl Into<String>, expected: impl Into<String>, actual: impl Into<String>) -> Option<Mismatch> {
    let (expected, actual) = (expected.into(), actual.into());
    (expected != actual).then(|| Mismatch::Field { name: name.into(), expected, actual })
}

fn answer(wanted: &ExpectedAnswer, came: Option<&Outcome>) -> Option<Mismatch> {
    let actual = match came {
        Some(Outcome::Applied) | None => "applied".to_owned(),
        Some(Outcome::Duplicate) => "duplicate".to_owned(),
        Some(Outcome::Refused(why)) => format!("refused: {why}"),
    };
    match wanted {
        ExpectedAnswer::Applied => field("answer", "applied", actual),
        ExpectedAnswer::Duplicate => field("answer", "duplicate", actual),
        ExpectedAnswer::Refused(why) => {
            let fits = matches!(came, Some(Outcome::Refused(_))) && actual.contains(why.as_str());
            if fits { None } else { field("answer", format!("refused: {why}"), actual) }
        }
    }
}

fn session(
    scenario: &Scenario,
    world: &World<'_>,
    (step, wanted): (&Step, &ExpectedSession),
    mismatches: &mut Vec<Mismatch>,
) {
    let name = wanted.conversation(step.event.as_ref().map(|event| &event.conversation));
    let Some(held) = world.conversation(name) else {
        mismatches.extend(field(format!("conversation `{name}`"), "known", "never heard of"));
        return;
    };
    mismatches.extend(wanted.status.and_then(|status| field("status", status.name(), held.status().name())));
    let word = |ended: bool| if ended { "ended" } else { "open" };
    mismatches
        .extend(wanted.conversation_ended.and_then(|ended| field("conversation", word(ended), word(held.ended()))));
    mismatches.extend(wanted.handler.and_then(|handler| field("handler", handler.name(), held.handler().name())));
    mismatches.extend(wanted.participants.as_ref().and_then(|roles| participants(roles, held)));
    for (timer, phase) in &wanted.timers {
        mismatches.extend(timer_phase(world, held, (timer, phase), scenario.start));
    }
}

fn participants(wanted: &[Role], held: &Conversation) -> Option<Mismatch> {
    let present = held.session().map(Session::participants).unwrap_or_default();
    let mut present: Vec<Role> = present.iter().map(|participant| participant.role).collect();
    present.sort_unstable();
    let show = |roles: &[Role]| roles.iter().map(|role| role.name()).collect::<Vec<_>>().join(", ");
    let words = |roles: &[Role]| if roles.is_empty() { "nobody".to_owned() } else { show(roles) };
    field("participants", words(wanted), words(&present))
}

fn timer_phase(
    world: &World<'_>,
    held: &Conversation,
    (name, wanted): (&str, &ExpectedTimer),
    start: Timestamp,
) -> Option<Mismatch> {
    let rules = world.rules();
    let title = format!("timer `{name}`");
    let Some(id) = rules.find_timer(name) else {
        return field(title, show_timer(wanted, start), unknown_timer(rules, name));
    };
    let state = held.timers().iter().find(|state| state.timer == id);
    let actual = phase(state);
    let runs = matches!(state.map(|state| &state.phase), Some(Phase::Running(_)));
    if *wanted == ExpectedTimer::Running && runs {
        return None;
    }
    field(title, show_timer(wanted, start), show_timer(&actual, start))
}

fn unknown_timer(rules: &Ruleset, name: &str) -> String {
    let known = rules.timers.iter().map(|timer| &*timer.name);
    let meant = crate::diagnostic::did_you_mean(name, known);
    meant.map_or_else(|| "no such timer".to_owned(), |meant| format!("no such timer; did you mean `{meant}`?"))
}

/// How a timer is getting on, as a scenario says it.
fn phase(state: Option<&TimerState>) -> ExpectedTimer {
    match state.map(|state| &state.phase) {
        Some(Phase::Running(running)) => running.deadline.map_or(ExpectedTimer::Paused, ExpectedTimer::Until),
        Some(Phase::Lapsed { .. }) => ExpectedTimer::Lapsed,
        Some(Phase::Unset { .. }) | None => ExpectedTimer::Stopped,
    }
}

fn show_timer(phase: &ExpectedTimer, start: Timestamp) -> String {
    match phase {
        ExpectedTimer::Until(at) => format!("until {}", Span(at.millis_since(start))),
        ExpectedTimer::Running => "running".to_owned(),
        ExpectedTimer::Paused => "paused".to_owned(),
        ExpectedTimer::Stopped => "stopped".to_owned(),
        ExpectedTimer::Lapsed => "lapsed".to_owned(),
    }
}
