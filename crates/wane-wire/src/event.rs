//! Events from JSON: `{"type":"message","role":"customer","conversation":"c1","channel":"web","at":"2026-03-01T09:00:00Z"}`.
//!
//! | field | of | meaning |
//! |---|---|---|
//! | `type`, `conversation` | all, needed | what happened, and where |
//! | `at` | all | when it was sent, RFC 3339; JSON Lines need it ([`parse_line`]) |
//! | `id` | all | the same id again in a conversation changes nothing (C5) |
//! | `channel` | all | needed on the first event of a conversation |
//! | `role` | all but `session.started` | whose doing it was: `customer`, `rep`, `bot`, `agent` |
//! | `by` | `session.started` | `customer` or `business` |
//! | `participant`, `participants` | | which one of its role; who is there from the start |
//! | `authenticated`, `queue`, `language`, `customer`, `attributes` | | facts; what is absent stays as it was |
//! | `kind` | `receipt` | `sent`, `delivered`, `read`, `failed` |
//!
//! Every other field counts as one of `attributes`. Whether those are declared is the ruleset's business, not the form's.

use std::collections::BTreeSet;

use serde::Deserialize;
use wane_core::diagnostic::did_you_mean;
use wane_core::event::{Event, EventFacts, EventKind};
use wane_core::facts::{Name, Value};
use wane_core::participant::Role;
use wane_core::signal::{EffectType, EventType, HANDLER_CHANGED, SignalRole};
use wane_core::time::Timestamp;

use crate::error::EventError;
use crate::raw::{Json, Raw};

mod locate;
#[cfg(test)]
mod tests;

const RECEIPTS: &[&str] = &["sent", "delivered", "read", "failed"];

/// Reads one event.
///
/// # Errors
/// [`EventError`] names the field that is wrong and what would be right.
///
/// ```
/// use wane_wire::event::parse;
/// let event = parse(r#"{"type":"message","role":"customer","conversation":"c1"}"#).expect("valid");
/// assert_eq!(event.type_name(), "message");
/// let error = parse(r#"{"type":"mesage","conversation":"c1"}"#).expect_err("no such type");
/// assert_eq!(error.field, "type");
/// assert_eq!(error.help.as_deref(), Some("did you mean `message`?"));
/// ```
pub fn parse(text: &str) -> Result<Event, EventError> {
    let raw = read(text)?;
    event(raw).map_err(|error| locate::locate(text, error))
}

/// Reads one event of JSON Lines, which needs its `at`.
///
/// # Errors
/// As [`parse`], and when there is no `at`.
///
/// ```
/// use wane_wire::event::parse_line;
/// let line = r#"{"type":"message","conversation":"c1","at":"2026-03-01T10:00:00+01:00"}"#;
/// let (at, _) = parse_line(line).expect("valid");
/// assert_eq!(at.to_string(), "2026-03-01T09:00:00.000Z");
/// assert_eq!(parse_line(r#"{"type":"message","conversation":"c1"}"#).expect_err("no instant").field, "at");
/// ```
pub fn parse_line(text: &str) -> Result<(Timestamp, Event), EventError> {
    let event = parse(text)?;
    match event.at {
        Some(at) => Ok((at, event)),
        None => Err(EventError::new("at", "the field `at` is missing")
            .help("every line needs its instant, such as `\"at\":\"2026-03-01T09:00:00Z\"`")),
    }
}

fn read(text: &str) -> Result<Raw<'_>, EventError> {
    let mut json = serde_json::Deserializer::from_str(text);
    let raw = Raw::deserialize(&mut json).and_then(|raw| json.end().map(|()| raw));
    raw.map_err(|error| {
        let mut fault = EventError::new("", json_words(&error));
        let line = text.split('\n').take(error.line().saturating_sub(1)).map(|line| line.len() + 1).sum::<usize>();
        fault.offset = (line + error.column().saturating_sub(1)).min(text.len());
        fault
    })
}

/// serde's words without the line and column at their end, which the caller shows its own way.
fn json_words(error: &serde_json::Error) -> String {
    let words = error.to_string();
    let words = words.rfind(" at line ").and_then(|at| words.get(..at)).unwrap_or(&words);
    match error.classify() {
        serde_json::error::Category::Data => {
            let words = words.strip_suffix(", expected a JSON object").unwrap_or(words);
            let found = words.strip_prefix("invalid type: ").map(|found| found.replace("sequence", "a list"));
            found.map_or_else(|| words.to_owned(), |found| format!("an event is a JSON object, not {found}"))
        }
        serde_json::error::Category::Eof => format!("the JSON ends too early: {words}"),
        serde_json::error::Category::Io | serde_json::error::Category::Syntax => format!("not JSON: {words}"),
    }
}

fn event(raw: Raw<'_>) -> Result<Event, EventError> {
    let kind = kind(&raw.kind)?;
    let Some(conversation) = name("conversation", &raw.conversation)? else {
        return Err(missing("conversation", "every event names its conversation"));
    };
    let role = role(&kind, &raw)?;
    Ok(Event {
        id: name("id", &raw.id)?,
        conversation,
        channel: name("channel", &raw.channel)?,
        at: at(&raw.at)?,
        role,
        participant: name("participant", &raw.participant)?,
        facts: facts(&kind, raw)?,
        kind,
    })
}

fn missing(field: &str, help: &str) -> EventError {
    EventError::new(field, format!("the field `{field}` is missing")).help(help)
}

fn wrong(field: &str, want: &str, value: &Json<'_>) -> EventError {
    EventError::new(field, format!("`{field}` must be {want}, not {}", value.kind()))
}

fn text<'j>(field: &str, value: &'j Json<'_>) -> Result<Option<&'j str>, EventError> {
    match value {
        Json::Absent => Ok(None),
        Json::Text(text) => Ok(Some(text)),
        Json::Null | Json::Bool(_) | Json::Int(_) | Json::Float | Json::List(_) | Json::Table(_) => {
            Err(wrong(field, "a text", value))
        }
    }
}

fn name(field: &str, value: &Json<'_>) -> Result<Option<Name>, EventError> {
    match text(field, value)? {
        Some("") => Err(EventError::new(field, format!("`{field}` is empty")).help("leave it out or give it a value")),
        found => Ok(found.map(Name::from)),
    }
}

fn flag(field: &str, value: &Json<'_>) -> Result<Option<bool>, EventError> {
    match value {
        Json::Absent => Ok(None),
        Json::Bool(flag) => Ok(Some(*flag)),
        Json::Null | Json::Int(_) | Json::Float | Json::Text(_) | Json::List(_) | Json::Table(_) => {
            Err(wrong(field, "`true` or `false`", value))
        }
    }
}

fn at(value: &Json<'_>) -> Result<Option<Timestamp>, EventError> {
    let Some(text) = text("at", value)? else { return Ok(None) };
    Timestamp::parse(text).map(Some).map_err(|error| EventError::new("at", format!("`at` is {error}: `{text}`")))
}

fn kind(value: &Json<'_>) -> Result<EventKind, EventError> {
    let Some(word) = text("type", value)? else {
        return Err(missing("type", "such as `\"type\":\"message\"`"));
    };
    if let Some(kind) = EventType::parse(word) {
        return Ok(EventKind::BuiltIn(kind));
    }
    if word.strip_prefix("x.").is_some_and(|own| !own.is_empty()) {
        return Ok(EventKind::Custom(word.into()));
    }
    let error = EventError::new("type", format!("unknown event type `{word}`"));
    if EffectType::parse(word).is_some() || word == HANDLER_CHANGED {
        return Err(error.help("that is what the engine says itself; it is no event"));
    }
    let meant = did_you_mean(word, EventType::ALL.iter().map(|kind| kind.name()));
    Err(match meant {
        Some(meant) => error.help(format!("did you mean `{meant}`?")),
        None => error.help("an organisation's own events start with `x.`"),
    })
}

fn role(kind: &EventKind, raw: &Raw<'_>) -> Result<Option<SignalRole>, EventError> {
    let started = *kind == EventKind::BuiltIn(EventType::SessionStarted);
    let (key, value, other, stray) =
        if started { ("by", &raw.by, "role", &raw.role) } else { ("role", &raw.role, "by", &raw.by) };
    if *stray != Json::Absent {
        let whose = if started { "`session.started` has no `role`" } else { "only `session.started` has `by`" };
        return Err(EventError::new(other, whose).help(format!("write `{key}`")));
    }
    let Some(word) = text(key, value)? else { return Ok(None) };
    let known: &[&str] = if started { &["customer", "business"] } else { &["customer", "rep", "bot", "agent"] };
    one_of(key, word, known)?;
    Ok(SignalRole::parse(word))
}

fn one_of(field: &str, word: &str, known: &[&str]) -> Result<(), EventError> {
    if known.contains(&word) {
        return Ok(());
    }
    let error = EventError::new(field, format!("`{field}` can not be `{word}`"));
    let list = || known.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    Err(match did_you_mean(word, known.iter().copied()) {
        Some(meant) => error.help(format!("did you mean `{meant}`?")),
        None => error.help(format!("one of {}", list())),
    })
}

fn facts(kind: &EventKind, raw: Raw<'_>) -> Result<EventFacts, EventError> {
    let mut attributes = table("attributes", raw.attributes)?;
    if *kind == EventKind::BuiltIn(EventType::Receipt) {
        if let Some(word) = text("kind", &raw.receipt)? {
            one_of("kind", word, RECEIPTS)?;
        }
    } else if raw.receipt != Json::Absent {
        attributes.push(("kind".into(), value("kind", raw.receipt)?));
    }
    let listed: BTreeSet<Name> = attributes.iter().map(|(name, _)| name.clone()).collect();
    for (key, json) in raw.others {
        if listed.contains(&*key) {
            let twice = format!("`{key}` is there twice: by itself, and under `attributes`");
            return Err(EventError::new(key, twice).help("write it once"));
        }
        let read = value(&key, json)?;
        attributes.push((key.into(), read));
    }
    Ok(EventFacts {
        authenticated: flag("authenticated", &raw.authenticated)?,
        queue: name("queue", &raw.queue)?,
        language: name("language", &raw.language)?,
        customer: table("customer", raw.customer)?,
        attributes,
        participants: participants(&raw.participants)?,
    })
}

fn table(field: &str, json: Json<'_>) -> Result<Vec<(Name, Value)>, EventError> {
    match json {
        Json::Absent => Ok(Vec::new()),
        Json::Table(entries) => entries.into_iter().map(|(key, json)| entry(field, &key, json)).collect(),
        Json::Null | Json::Bool(_) | Json::Int(_) | Json::Float | Json::Text(_) | Json::List(_) => {
            Err(wrong(field, "an object", &json))
        }
    }
}

fn entry(field: &str, key: &str, json: Json<'_>) -> Result<(Name, Value), EventError> {
    let read = value(&format!("{field}.{key}"), json)?;
    Ok((key.into(), read))
}

fn value(field: &str, json: Json<'_>) -> Result<Value, EventError> {
    match json {
        Json::Text(text) => Ok(Value::Text(text.as_ref().into())),
        Json::Bool(flag) => Ok(Value::Bool(flag)),
        Json::Int(number) => Ok(Value::Int(number)),
        Json::Absent | Json::Null | Json::Float | Json::List(_) | Json::Table(_) => {
            let error = wrong(field, "a text, a truth value or a whole number", &json);
            Err(if json == Json::Null { error.help("leave out what is not known") } else { error })
        }
    }
}

fn participants(json: &Json<'_>) -> Result<Vec<Role>, EventError> {
    let items = match json {
        Json::Absent => return Ok(Vec::new()),
        Json::List(items) => items,
        Json::Null | Json::Bool(_) | Json::Int(_) | Json::Float | Json::Text(_) | Json::Table(_) => {
            return Err(wrong("participants", "a list of roles", json));
        }
    };
    items.iter().map(participant).collect()
}

fn participant(item: &Json<'_>) -> Result<Role, EventError> {
    let word = text("participants", item)?.unwrap_or_default();
    one_of("participants", word, &["rep", "bot", "agent", "customer"])?;
    Role::parse(word).ok_or_else(|| wrong("participants", "a list of roles", item))
}
