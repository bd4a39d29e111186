//! What a step expects: effects in part, and how the conversation is.

use toml::de::DeValue;

use super::DEFAULT_CONVERSATION;
use super::codes::WRONG_VALUE;
use super::fields::{Field, NAMES};
use super::read::{Faults, Section, instant};
use crate::facts::Name;
use crate::participant::{Handler, Role};
use crate::session::Status;
use crate::signal::EffectType;
use crate::time::Timestamp;

/// An effect as far as a scenario names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExpectedEffect {
    /// The fields that must be as given; `type` first.
    pub fields: Vec<(&'static str, Wanted)>,
}

/// What a field must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Exactly this.
    Is(Field),
    /// The session of that number.
    Session(u32),
}

/// The state of a conversation as far as a scenario names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExpectedSession {
    /// Which conversation.
    pub of: Option<Name>,
    /// The session's status.
    pub status: Option<Status>,
    /// Whether the conversation has ended.
    pub conversation_ended: Option<bool>,
    /// Who handles.
    pub handler: Option<Handler>,
    /// Who is present, in any order.
    pub participants: Option<Vec<Role>>,
    /// How timers are getting on.
    pub timers: Vec<(String, ExpectedTimer)>,
}

/// How a timer is getting on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExpectedTimer {
    /// It runs, until then.
    Until(Timestamp),
    /// It runs, whatever its deadline.
    Running,
    /// It runs, but does not count now.
    Paused,
    /// It does not run.
    Stopped,
    /// Its deadline was reached.
    Lapsed,
}

/// Reads the list of effects of a step.
pub(super) fn effects(step: Section<'_>, start: Timestamp, faults: &mut Faults) -> Option<Vec<ExpectedEffect>> {
    let sections = step.sections("effects", "an expected effect", faults)?;
    Some(sections.into_iter().map(|section| effect(section, start, faults)).collect())
}

fn effect(section: Section<'_>, start: Timestamp, faults: &mut Faults) -> ExpectedEffect {
    section.only(NAMES, faults);
    if section.get("type").is_none() {
        section.missing("type", "such as `type = \"session.ended\"`", faults);
    }
    let mut fields = Vec::new();
    for name in NAMES {
        let wanted = match *name {
            "at" | "anchor" | "deadline" => {
                section.instant(name, start, faults).map(|at| Wanted::Is(Field::At(at.value)))
            }
            "type" => effect_type(section, faults),
            "session" => session_name(section, faults),
            _ => section.text(name, faults).map(|text| Wanted::Is(Field::Text(text.value.to_owned()))),
        };
        fields.extend(wanted.map(|wanted| (*name, wanted)));
    }
    ExpectedEffect { fields }
}

fn effect_type(section: Section<'_>, faults: &mut Faults) -> Option<Wanted> {
    let word = section.text("type", faults)?;
    if EffectType::parse(word.value).is_none() && !word.value.starts_with("x.") {
        let known: Vec<&str> = EffectType::ALL.iter().map(|kind| kind.name()).collect();
        faults.not_one_of(word.span.clone(), "effect", (word.value, &known));
    }
    Some(Wanted::Is(Field::Text(word.value.to_owned())))
}

fn session_name(section: Section<'_>, faults: &mut Faults) -> Option<Wanted> {
    if let Some(DeValue::Integer(number)) = section.get("session").map(toml::Spanned::get_ref) {
        return number.as_str().parse().ok().map(Wanted::Session);
    }
    section.text("session", faults).map(|text| Wanted::Is(Field::Text(text.value.to_owned())))
}

const SESSION_KEYS: &[&str] = &["status", "conversation", "handler", "participants", "timers", "of"];

/// Reads the `session` of a step.
pub(super) fn session(step: Section<'_>, start: Timestamp, faults: &mut Faults) -> Option<ExpectedSession> {
    let section = step.section("session", "an expected session", faults)?;
    section.only(SESSION_KEYS, faults);
    Some(ExpectedSession {
        of: section.name("of", faults),
        status: word(section, ("status", &["waiting", "active", "inactive", "ended"]), Status::parse, faults),
        conversation_ended: word(section, ("conversation", &["open", "ended"]), |word| Some(word == "ended"), faults),
        handler: word(section, ("handler", &["none", "bot", "agent", "rep"]), Handler::parse, faults),
        participants: participants(section, faults),
        timers: timers(section, start, faults),
    })
}

fn word<T>(
    section: Section<'_>,
    (key, known): (&'static str, &[&str]),
    parse: impl Fn(&str) -> Option<T>,
    faults: &mut Faults,
) -> Option<T> {
    let word = section.text(key, faults)?;
    if !known.contains(&word.value) {
        faults.not_one_of(word.span, key, (word.value, known));
        return None;
    }
    parse(word.value)
}

fn participants(section: Section<'_>, faults: &mut Faults) -> Option<Vec<Role>> {
    let words = section.texts("participants", faults)?;
    let mut roles = Vec::new();
    for word in words {
        match Role::parse(word.value) {
            Some(role) => roles.push(role),
            None => faults.not_one_of(word.span, "role", (word.value, &["rep", "bot", "agent", "customer"])),
        }
    }
    roles.sort_unstable();
    Some(roles)
}

fn timers(section: Section<'_>, start: Timestamp, faults: &mut Faults) -> Vec<(String, ExpectedTimer)> {
    let Some(inner) = section.section("timers", "the table of timers", faults) else { return Vec::new() };
    let mut timers = Vec::new();
    for key in inner.table.keys() {
        let name: &str = key.get_ref();
        let phase = match inner.get(name).and_then(|value| value.get_ref().as_str()) {
            Some("stopped") => Some(ExpectedTimer::Stopped),
            Some("lapsed") => Some(ExpectedTimer::Lapsed),
            Some("running") => Some(ExpectedTimer::Running),
            Some("paused") => Some(ExpectedTimer::Paused),
            Some(text) => match instant(text, start) {
                Ok(at) => Some(ExpectedTimer::Until(at)),
                Err(_) => {
                    let span = inner.get(name).map_or(key.span(), toml::Spanned::span);
                    let message = format!("`{text}` is no state of a timer");
                    let help = "its deadline as a duration from the start, or `stopped`, `lapsed`, `running`, `paused`"
                        .to_owned();
                    faults.add_with(WRONG_VALUE, span, message, ("", Some(help)));
                    None
                }
            },
            None => inner.instant(name, start, faults).map(|at| ExpectedTimer::Until(at.value)),
        };
        timers.extend(phase.map(|phase| (name.to_owned(), phase)));
    }
    timers
}

impl ExpectedSession {
    /// The conversation it is about, when the step's event is in that one.
    #[must_use]
    pub fn conversation<'a>(&'a self, of_event: Option<&'a Name>) -> &'a str {
        self.of.as_deref().or(of_event.map(|name| &**name)).unwrap_or(DEFAULT_CONVERSATION)
    }
}
