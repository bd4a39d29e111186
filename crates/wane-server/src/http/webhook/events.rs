//! From what a plugin gives to events of the engine, and the names of conversations that plugins' channels have.

use wane_core::event::{Event, EventFacts, EventKind};
use wane_core::facts::Name;
use wane_core::signal::{EventType, SignalRole};
use wane_core::time::Timestamp;
use wane_plugin_host::call::PluginEvent;

/// The most bytes of an id, of an account or of an address (ours: the longest of any provider is half of it).
const LONGEST: usize = 512;

/// The name of the conversation that an event of a plugin belongs to.
pub(super) fn name(channel: &str, event: &PluginEvent) -> String {
    format!("{channel}:{}:{}", event.account.as_deref().unwrap_or_default(), event.address)
}

/// What a conversation's name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conversation<'a> {
    /// The channel.
    pub channel: &'a str,
    /// The business's account on it; empty when the provider does not tell.
    pub account: &'a str,
    /// The customer on it.
    pub address: &'a str,
}

/// Reads the name of a conversation that came through a plugin; `None` for any other name.
///
/// ```
/// use wane_server::http::webhook::conversation;
/// let parts = conversation("line:U1:U2").expect("a name of that form");
/// assert_eq!((parts.channel, parts.account, parts.address), ("line", "U1", "U2"));
/// assert!(conversation("c1").is_none());
/// ```
#[must_use]
pub fn conversation(name: &str) -> Option<Conversation<'_>> {
    let (channel, rest) = name.split_once(':')?;
    let (account, address) = rest.split_once(':')?;
    (!channel.is_empty() && !address.is_empty()).then_some(Conversation { channel, account, address })
}

/// The event for the engine; `None` when there is nothing in it for a conversation.
///
/// # Errors
/// What of it the plugin got wrong.
pub(super) fn event(channel: &str, given: &PluginEvent) -> Result<Option<Event>, String> {
    let Some(kind) = kind(&given.event_type)? else { return Ok(None) };
    let role = role(given)?;
    // A receipt that is not the customer's device speaking (the provider sent it on, or could not) is no event of the chat.
    if kind == EventKind::BuiltIn(EventType::Receipt) && role.is_none() {
        return Ok(None);
    }
    // What was sent through the same app comes back: whoever sent it told of it, and a notice is nobody's answer.
    if given.more.get("own").and_then(serde_json::Value::as_bool) == Some(true) {
        return Ok(None);
    }
    let account = given.account.as_deref().unwrap_or_default();
    if given.address.is_empty() || [account, &given.address].iter().any(|part| part.len() > LONGEST) {
        return Err("an event's address or account is empty or too long".to_owned());
    }
    if account.contains(':') {
        return Err("an event's account has a colon in it".to_owned());
    }
    Ok(Some(Event {
        id: id(given)?,
        conversation: name(channel, given).into(),
        channel: Some(channel.into()),
        at: given.at_ms.map(Timestamp::from_millis).transpose().map_err(|error| format!("`at_ms` is {error}"))?,
        kind,
        role,
        participant: participant(given, role),
        facts: facts(given),
    }))
}

fn kind(word: &str) -> Result<Option<EventKind>, String> {
    if word == "ignored" {
        return Ok(None);
    }
    if let Some(kind) = EventType::parse(word) {
        return Ok(Some(EventKind::BuiltIn(kind)));
    }
    if word.strip_prefix("x.").is_some_and(|own| !own.is_empty()) {
        return Ok(Some(EventKind::Custom(word.into())));
    }
    Err("an event of a type that there is not".to_owned())
}

fn role(given: &PluginEvent) -> Result<Option<SignalRole>, String> {
    let Some(word) = given.role.as_deref() else { return Ok(None) };
    SignalRole::parse(word).map(Some).ok_or_else(|| "an event of a role that there is not".to_owned())
}

fn id(given: &PluginEvent) -> Result<Option<Name>, String> {
    match given.id.as_deref() {
        None | Some("") => Ok(None),
        Some(id) if id.len() > LONGEST => Err("an event's id is too long".to_owned()),
        Some(id) => Ok(Some(id.into())),
    }
}

/// Customers are one: who of a group wrote makes no difference to the session.
fn participant(given: &PluginEvent, role: Option<SignalRole>) -> Option<Name> {
    let named = given.more.get("participant").and_then(serde_json::Value::as_str);
    named.filter(|_| role != Some(SignalRole::Customer)).map(Name::from)
}

fn facts(given: &PluginEvent) -> EventFacts {
    let text = |name: &str| given.more.get(name).and_then(serde_json::Value::as_str).map(Name::from);
    EventFacts { language: text("language"), queue: text("queue"), ..EventFacts::default() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn given(json: serde_json::Value) -> PluginEvent {
        serde_json::from_value(json).expect("the form of a plugin's event")
    }

    #[test]
    fn a_message_becomes_an_event_without_its_text() {
        let given = given(json!({
            "type": "message", "role": "customer", "kind": "text", "id": "m7", "address": "4930", "account": "n1",
            "at_ms": 1_700_000_000_000_i64, "activity": true, "text": "private", "reply_token": "r"
        }));
        let event = event("whatsapp", &given).expect("well-formed").expect("an event");
        assert_eq!(&*event.conversation, "whatsapp:n1:4930");
        assert_eq!((event.id.as_deref(), event.channel.as_deref()), (Some("m7"), Some("whatsapp")));
        assert_eq!(event.at.map(Timestamp::millis), Some(1_700_000_000_000));
        assert_eq!(event.role, Some(SignalRole::Customer));
        assert!(!format!("{event:?}").contains("private"));
    }

    #[test]
    fn markers_receipts_of_nobody_and_own_echoes_are_no_events() {
        for json in [
            json!({ "type": "ignored", "kind": "poll", "address": "-" }),
            json!({ "type": "receipt", "kind": "sent", "address": "4930" }),
            json!({ "type": "message", "role": "rep", "echo": true, "own": true, "address": "4930" }),
        ] {
            assert_eq!(event("whatsapp", &given(json)), Ok(None));
        }
    }

    #[test]
    fn what_a_plugin_gets_wrong_is_its_fault() {
        for json in [
            json!({ "type": "mesage", "address": "4930" }),
            json!({ "type": "message", "role": "king", "address": "4930" }),
            json!({ "type": "message", "role": "customer", "address": "" }),
            json!({ "type": "message", "role": "customer", "address": "4930", "account": "a:b" }),
            json!({ "type": "message", "role": "customer", "address": "4930", "at_ms": -1 }),
            json!({ "type": "message", "role": "customer", "address": "4930", "id": "x".repeat(513) }),
        ] {
            assert!(event("whatsapp", &given(json.clone())).is_err(), "{json}");
        }
    }

    #[test]
    fn names_are_read_back() {
        let parts = conversation("whatsapp::US.1:2").expect("the form");
        assert_eq!((parts.channel, parts.account, parts.address), ("whatsapp", "", "US.1:2"));
        assert_eq!(conversation("whatsapp:n1:"), None);
        assert_eq!(conversation("6f1c2b1e-6a43"), None);
    }
}
