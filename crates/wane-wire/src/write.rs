//! Events as JSON, in the form that [`crate::event::parse`] reads.

use std::collections::BTreeMap;

use serde::ser::{Serialize, SerializeMap, Serializer};
use wane_core::event::{Event, EventKind};
use wane_core::facts::{Name, Value};
use wane_core::participant::Role;
use wane_core::signal::EventType;

/// An event ready to be written; [`parse`](crate::event::parse) reads it back.
///
/// ```
/// use wane_core::{event::Event, participant::Role, signal::EventType};
/// let event = Event::new("c1", EventType::Message).by(Role::Customer).on("web");
/// let json = serde_json::to_string(&wane_wire::EventJson(&event)).expect("texts and numbers only");
/// assert_eq!(json, r#"{"type":"message","role":"customer","conversation":"c1","channel":"web"}"#);
/// assert_eq!(wane_wire::event::parse(&json).as_ref(), Ok(&event));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct EventJson<'a>(pub &'a Event);

impl Serialize for EventJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let event = self.0;
        let mut map = serializer.serialize_map(None)?;
        let mut put = |key: &str, text: Option<&str>| text.map_or(Ok(()), |text| map.serialize_entry(key, text));
        put("id", event.id.as_deref())?;
        put("type", Some(event.type_name()))?;
        let started = event.kind == EventKind::BuiltIn(EventType::SessionStarted);
        put(if started { "by" } else { "role" }, event.role.map(|role| role.name()))?;
        put("participant", event.participant.as_deref())?;
        put("conversation", Some(&event.conversation))?;
        put("channel", event.channel.as_deref())?;
        put("at", event.at.map(|at| at.to_string()).as_deref())?;
        put("queue", event.facts.queue.as_deref())?;
        put("language", event.facts.language.as_deref())?;
        if let Some(authenticated) = event.facts.authenticated {
            map.serialize_entry("authenticated", &authenticated)?;
        }
        if !event.facts.participants.is_empty() {
            let roles: Vec<&str> = event.facts.participants.iter().copied().map(Role::name).collect();
            map.serialize_entry("participants", &roles)?;
        }
        for (key, facts) in [("customer", &event.facts.customer), ("attributes", &event.facts.attributes)] {
            if !facts.is_empty() {
                map.serialize_entry(key, &table(facts))?;
            }
        }
        map.end()
    }
}

fn table(facts: &[(Name, Value)]) -> BTreeMap<&str, Fact<'_>> {
    facts.iter().map(|(name, value)| (&**name, Fact(value))).collect()
}

struct Fact<'a>(&'a Value);

impl Serialize for Fact<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Text(text) => serializer.serialize_str(text),
            Value::Bool(flag) => serializer.serialize_bool(*flag),
            Value::Int(number) => serializer.serialize_i64(*number),
            Value::TextList(texts) => serializer.collect_seq(texts.iter().map(|text| &**text)),
        }
    }
}
