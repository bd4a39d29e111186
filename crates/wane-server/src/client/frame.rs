//! What a client hears: server-sent events in the API's form, made of records of the log.

use serde_json::{Value, json};
use wane_core::effect::{Cause, Effect, EffectBody};
use wane_core::event::{Event, EventKind};
use wane_core::session::Status;
use wane_core::signal::{EventType, SignalKind, SignalRole};
use wane_core::time::Timestamp;
use wane_wire::record::{Address, Record, Sequence};

use super::routes::CLOSED;
use super::state::State;

/// One event of the stream.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    /// The record that it comes from.
    pub(super) at: Address,
    /// `<address>-<index>`: where a stream goes on after it.
    pub(super) id: String,
    pub(super) event: &'static str,
    pub(super) data: String,
}

/// The id that lies before everything after a block.
pub(super) fn start_of(durable: Sequence) -> String {
    format!("{}-0", Address::new(durable.next(), 0))
}

/// The record that an id names.
pub(super) fn address(id: &str) -> Option<Address> {
    let (address, _) = id.rsplit_once('-')?;
    Address::parse(address)
}

/// The word for a status in this API.
pub(super) const fn status_word(status: Status) -> &'static str {
    match status {
        Status::Waiting => "Waiting",
        Status::Active => "Active",
        Status::Inactive => "Inactive",
        Status::Ended => "Ended",
    }
}

/// One entry, before it has its place in the stream.
struct Entry {
    event: &'static str,
    kind: &'static str,
    id: String,
    role: &'static str,
    at: Timestamp,
    payload: Value,
}

/// What a record is to the customer's client, in order.
pub(super) fn frames(at: Address, record: &Record, state: &State) -> Vec<Frame> {
    let Some(decided) = record.decided() else { return Vec::new() };
    let (event, before) = if let Record::Event(record) = record {
        (record.applied.then_some(&record.event), lapsed(record.lapsed_effects))
    } else {
        (None, decided.effects.len())
    };
    // What the clock had on the way comes first, then the event, then what it meant.
    let (before, after) = decided.effects.split_at_checked(before).unwrap_or_default();
    let mut entries = of_effects(at, before, state);
    entries.extend(event.and_then(|event| of_event(at, event, decided.now, state)));
    entries.extend(of_effects(at, after, state));
    let numbered = (1..).zip(entries);
    numbered.map(|(index, entry)| entry.frame(at, index, decided.conversation)).collect()
}

fn lapsed(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

#[expect(clippy::wildcard_enum_match_arm, reason = "what has no form in this API is left out, now and later")]
fn of_event(at: Address, event: &Event, now: Timestamp, state: &State) -> Option<Entry> {
    let EventKind::BuiltIn(kind) = event.kind else { return None };
    let customer = event.role == Some(SignalRole::Customer);
    let role = role(event.role);
    let id = event.id.as_deref().map_or_else(|| at.to_string(), str::to_owned);
    let entry = |name, kind, payload| Some(Entry { event: name, kind, id: id.clone(), role, at: now, payload });
    match kind {
        EventType::Message | EventType::Postback => {
            let text = state.text(&event.conversation, &id);
            entry("CONVERSATION_MESSAGE", "Message", message(&id, &text))
        }
        EventType::Typing if !customer => {
            entry("CONVERSATION_TYPING_STARTED_INDICATOR", "TypingStartedIndicator", json!({}))
        }
        EventType::ParticipantJoined | EventType::ParticipantLeft | EventType::Handover => {
            let operation = if kind == EventType::ParticipantLeft { "remove" } else { "add" };
            let payload = json!({ "entries": [{ "operation": operation, "participant": { "role": role } }] });
            entry("CONVERSATION_PARTICIPANT_CHANGED", "ParticipantChanged", payload)
        }
        EventType::TokenRevoked if id.starts_with(CLOSED) => {
            entry("CONVERSATION_CLOSE_CONVERSATION", "ConversationStateChanged", json!({}))
        }
        _ => None,
    }
}

/// An object and one field more.
fn with(mut object: Value, name: &str, value: Value) -> Value {
    if let Value::Object(fields) = &mut object {
        fields.insert(name.to_owned(), value);
    }
    object
}

fn message(id: &str, text: &str) -> Value {
    json!({ "abstractMessage": {
        "messageType": "StaticContentMessage",
        "id": id,
        "staticContent": { "formatType": "Text", "text": text },
    } })
}

fn of_effects(at: Address, effects: &[Effect], state: &State) -> Vec<Entry> {
    effects.iter().filter_map(|effect| of_effect(at, effect, state)).collect()
}

#[expect(clippy::wildcard_enum_match_arm, reason = "what has no form in this API is left out, now and later")]
fn of_effect(at: Address, effect: &Effect, state: &State) -> Option<Entry> {
    let id = format!("{at}-{}", effect.number);
    let entry =
        |event, kind, payload| Some(Entry { event, kind, id: id.clone(), role: "System", at: effect.at, payload });
    let status = |status| {
        let payload = json!({ "sessionStatus": status_word(status) });
        entry("CONVERSATION_SESSION_STATUS_CHANGED", "SessionStatusChanged", payload)
    };
    match &effect.body {
        EffectBody::SessionOpened | EffectBody::SessionRequeued => status(Status::Waiting),
        EffectBody::SessionActivated => status(Status::Active),
        EffectBody::SessionInactivated => status(Status::Inactive),
        EffectBody::SessionEnded => status(Status::Ended),
        EffectBody::ParticipantRemoved { role: gone, .. } => {
            let participant = json!({ "role": role(Some(SignalRole::from(*gone))) });
            let payload = json!({ "entries": [{ "operation": "remove", "participant": participant }] });
            entry("CONVERSATION_PARTICIPANT_CHANGED", "ParticipantChanged", payload)
        }
        // Clients hear of a closed conversation only when the customer closed it.
        EffectBody::ConversationEnded if effect.cause == Cause::Event(SignalKind::event(EventType::SessionClosed)) => {
            entry("CONVERSATION_CLOSE_CONVERSATION", "ConversationStateChanged", json!({}))
        }
        EffectBody::NoticeDue(notice) if matches!(notice.to, SignalRole::Customer | SignalRole::Everyone) => {
            let payload = message(&id, state.template(&notice.template));
            entry("CONVERSATION_MESSAGE", "Message", with(payload, "template", json!(&*notice.template)))
        }
        _ => None,
    }
}

const fn role(role: Option<SignalRole>) -> &'static str {
    match role {
        Some(SignalRole::Customer) => "EndUser",
        Some(SignalRole::Rep) => "Agent",
        Some(SignalRole::Bot | SignalRole::Agent) => "Chatbot",
        Some(SignalRole::Business | SignalRole::None | SignalRole::Everyone) | None => "System",
    }
}

impl Entry {
    fn frame(self, at: Address, index: u32, conversation: &str) -> Frame {
        let entry = self.json();
        let mut data = json!({ "channelType": "embedded_messaging", "conversationId": conversation });
        if let Some(status) = self.payload.get("sessionStatus") {
            data = with(data, "sessionStatus", status.clone());
        }
        data = with(data, "conversationEntry", entry);
        Frame { at, id: format!("{at}-{index}"), event: self.event, data: data.to_string() }
    }

    /// The payload is a JSON document inside a string, as the API has it.
    fn json(&self) -> Value {
        let payload = with(self.payload.clone(), "entryType", json!(self.kind));
        let payload = with(payload, "id", json!(self.id));
        json!({
            "identifier": self.id,
            "entryType": self.kind,
            "entryPayload": payload.to_string(),
            "sender": { "role": self.role, "appType": "messagingOnly" },
            "senderDisplayName": self.role,
            "transcriptedTimestamp": self.at.millis(),
            "clientTimestamp": self.at.millis(),
            "relatedRecords": [],
        })
    }
}

/// The entries of a record, for the list of entries.
pub(super) fn entries(at: Address, record: &Record, state: &State) -> Vec<Value> {
    let Record::Event(record) = record else { return Vec::new() };
    let entry = of_event(at, &record.event, record.now, state).filter(|_| record.applied);
    entry.iter().filter(|entry| entry.kind == "Message").map(Entry::json).collect()
}
