//! Scenario files: unit tests of rule files, and the form of every conformance case.
//!
//! [`parse`] reads a file, [`Scenario::files`] says which rule files a scenario is about, and [`run`] plays it against
//! an [`Engine`](crate::engine::Engine) and reports the first step that came out otherwise. The form itself is
//! described in `docs/rules/scenarios.md`. No disk here: the caller gives texts.

mod codes;
mod compare;
mod event;
mod expect;
mod fields;
mod parse;
mod read;
mod run;
mod sources;
mod tally;
mod world;

#[cfg(test)]
mod tests;

pub use codes::CODES;
pub use compare::DiffLine;
pub use expect::{ExpectedEffect, ExpectedSession, ExpectedTimer, Wanted};
pub use fields::{Context, Field, fields};
pub use parse::parse;
pub use run::{Failure, Mismatch, Run, run};
pub use sources::refusal;
pub use tally::Tally;
pub use world::{Played, World};

use crate::diagnostic::Place;
use crate::event::Event;
use crate::facts::Name;
use crate::rules::files::Files;
use crate::time::Timestamp;

/// The conversation of every event and expectation that names no other.
pub const DEFAULT_CONVERSATION: &str = "c1";

/// One scenario of a file.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name, unique in its file.
    pub name: String,
    /// The numbers of the statements that it shows.
    pub covers: Vec<String>,
    /// The channel of the first event of a conversation that names none.
    pub channel: Option<Name>,
    /// The directory of its rules, relative to the one given with `--rules`.
    pub rules: Option<String>,
    /// The instant called 0.
    pub start: Timestamp,
    /// Rule files given in the scenario itself.
    pub inline: Files,
    /// Texts that the ruleset's diagnostics must contain; empty when it is to be accepted.
    pub refused: Vec<String>,
    /// Its steps, in order of time.
    pub steps: Vec<Step>,
    /// Where it stands.
    pub place: Place,
}

/// One step: the clock moves, then an event may come; then things are as expected.
#[derive(Clone, Debug)]
pub struct Step {
    /// To where the clock moves.
    pub at: Timestamp,
    /// The service was down for so many milliseconds until `at`.
    pub outage: Option<i64>,
    /// What comes.
    pub event: Option<Event>,
    /// Every effect since the step before, in order; `None` when anything may come.
    pub effects: Option<Vec<ExpectedEffect>>,
    /// How the conversation is afterwards.
    pub session: Option<ExpectedSession>,
    /// What becomes of the event; `None` when anything may.
    pub answer: Option<ExpectedAnswer>,
    /// Where it stands.
    pub place: Place,
}

/// What becomes of a step's event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExpectedAnswer {
    /// It counts.
    Applied,
    /// Its id is known (C5).
    Duplicate,
    /// It is refused, with a reason that contains this text.
    Refused(String),
}
