//! The event of a step.

use super::DEFAULT_CONVERSATION;
use super::codes::WRONG_VALUE;
use super::read::{Faults, Section, fact_value};
use crate::diagnostic::did_you_mean;
use crate::event::{Event, EventFacts, EventKind};
use crate::facts::{Name, Value};
use crate::participant::Role;
use crate::signal::{EventType, SignalRole};
use crate::time::Timestamp;

/// The keys that mean something by themselves; any other is an attribute.
const KEYS: &[&str] = &[
    "type",
    "id",
    "conversation",
    "channel",
    "at",
    "role",
    "by",
    "participant",
    "participants",
    "authenticated",
    "queue",
    "language",
    "customer",
    "attributes",
    "kind",
];

const RECEIPTS: &[&str] = &["sent", "delivered", "read", "failed"];

/// Reads the event of a step; `None` when it is too broken to play.
pub(super) fn event(section: Section<'_>, start: Timestamp, faults: &mut Faults) -> Option<Event> {
    let kind = kind(section, faults)?;
    receipt_kind(section, &kind, faults);
    Some(Event {
        id: section.name("id", faults),
        conversation: section.name("conversation", faults).unwrap_or_else(|| DEFAULT_CONVERSATION.into()),
        channel: section.name("channel", faults),
        at: section.instant("at", start, faults).map(|at| at.value),
        role: role(section, &kind, faults),
        participant: section.name("participant", faults),
        facts: facts(section, &kind, faults),
        kind,
    })
}

fn kind(section: Section<'_>, faults: &mut Faults) -> Option<EventKind> {
    if section.get("type").is_none() {
        section.missing("type", "such as `type = \"message\"`", faults);
    }
    let text = section.text("type", faults)?;
    if let Some(kind) = EventType::parse(text.value) {
        return Some(EventKind::BuiltIn(kind));
    }
    if text.value.starts_with("x.") && text.value.len() > 2 {
        return Some(EventKind::Custom(text.value.into()));
    }
    let help = did_you_mean(text.value, EventType::ALL.iter().map(|kind| kind.name()))
        .map_or_else(|| "an organisation's own events start with `x.`".to_owned(), |m| format!("did you mean `{m}`?"));
    let message = format!("unknown event type `{}`", text.value);
    faults.add_with(WRONG_VALUE, text.span, message, ("no such event", Some(help)));
    None
}

fn role(section: Section<'_>, kind: &EventKind, faults: &mut Faults) -> Option<SignalRole> {
    let (key, other) = role_keys(kind);
    if let Some(value) = section.get(other) {
        let message = format!("`{}` has no `{other}`", type_name(kind));
        faults.add_with(WRONG_VALUE, value.span(), message, ("", Some(format!("write `{key}`"))));
    }
    let word = section.text(key, faults)?;
    let known: &[&str] = if key == "by" { &["customer", "business"] } else { &["customer", "rep", "bot", "agent"] };
    if !known.contains(&word.value) {
        faults.not_one_of(word.span, "role", (word.value, known));
        return None;
    }
    SignalRole::parse(word.value)
}

/// The key that says whose doing an event is, and the one that does not.
const fn role_keys(kind: &EventKind) -> (&'static str, &'static str) {
    match kind {
        EventKind::BuiltIn(EventType::SessionStarted) => ("by", "role"),
        EventKind::BuiltIn(_) | EventKind::Custom(_) => ("role", "by"),
    }
}

fn type_name(kind: &EventKind) -> &str {
    match kind {
        EventKind::BuiltIn(kind) => kind.name(),
        EventKind::Custom(name) => name,
    }
}

const fn is_receipt(kind: &EventKind) -> bool {
    matches!(kind, EventKind::BuiltIn(EventType::Receipt))
}

fn receipt_kind(section: Section<'_>, kind: &EventKind, faults: &mut Faults) {
    if is_receipt(kind)
        && let Some(word) = section.text("kind", faults)
        && !RECEIPTS.contains(&word.value)
    {
        faults.not_one_of(word.span, "kind of receipt", (word.value, RECEIPTS));
    }
}

fn facts(section: Section<'_>, kind: &EventKind, faults: &mut Faults) -> EventFacts {
    let mut attributes = table(section, "attributes", faults);
    for (key, value) in section.table {
        let name: &str = key.get_ref();
        let own = KEYS.contains(&name) && (name != "kind" || is_receipt(kind));
        if !own && let Some(value) = fact_value(name, value, faults) {
            attributes.push((name.into(), value));
        }
    }
    EventFacts {
        authenticated: section.flag("authenticated", faults),
        queue: section.name("queue", faults),
        language: section.name("language", faults),
        customer: table(section, "customer", faults),
        attributes,
        participants: participants(section, faults),
    }
}

fn table(section: Section<'_>, key: &'static str, faults: &mut Faults) -> Vec<(Name, Value)> {
    let Some(inner) = section.section(key, key, faults) else { return Vec::new() };
    let read = |(name, value): (&toml::Spanned<_>, _)| {
        let name: &std::borrow::Cow<'_, str> = name.get_ref();
        fact_value(name, value, faults).map(|value| (Name::from(name.as_ref()), value))
    };
    inner.table.iter().filter_map(read).collect()
}

fn participants(section: Section<'_>, faults: &mut Faults) -> Vec<Role> {
    let mut roles = Vec::new();
    for word in section.texts("participants", faults).unwrap_or_default() {
        match Role::parse(word.value) {
            Some(role) => roles.push(role),
            None => faults.not_one_of(word.span, "role", (word.value, &["rep", "bot", "agent", "customer"])),
        }
    }
    roles
}
