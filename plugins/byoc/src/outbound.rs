//! From an effect to the event that a partner knows from the platform's bus: a message for a notice, a change of status for
//! what becomes of a session.
//!
//! The partner learns the name of a conversation with the answer to its first interaction, and it is the same here.
//! `clientDuration` is always 0, since nobody typed.

use serde_json::{Value, json};
use wane_plugin::{Effect, Outcome, Request, Sink};

use crate::{Config, conversation_identifier};

/// One request, or why nothing is sent.
pub(crate) fn render(config: &Config, effect: &Effect, sink: &mut Sink<'_>) -> Outcome {
    let (to, id) = (effect.recipient()?, effect.uuid());
    let payload = match (status(effect), effect.words()) {
        (Some(status), _) => changed(config, effect, &id, status),
        (None, _) if !effect.is_notice() => return sink.suppress("not_a_notice"),
        (None, None) => return sink.suppress("no_text"),
        (None, Some(_)) if effect.state_truth("opted_out") => return sink.suppress("opted_out"),
        (None, Some(text)) => message(&id, text),
    };
    let event = json!({
        "EventType__c": "Interaction",
        "payload": {
            "channelAddressIdentifier": channel_address(config, effect),
            "recipient": { "appType": "custom", "subject": to, "role": "EndUser" },
            "conversationIdentifier": conversation(config, effect),
            "payload": entry(effect, &id, &payload),
        },
    });
    let request = Request::post(&config.events_url).bearer("events_token").header("Idempotency-Key", &id);
    sink.request(&request.json(&event)?)
}

/// The status that a session has now, and the one it had.
fn status(effect: &Effect) -> Option<(&'static str, Option<&'static str>)> {
    // A notice says goodbye in words; the change itself is an effect of its own.
    if effect.words().is_some() {
        return None;
    }
    match effect.more_text("type").unwrap_or(&effect.effect) {
        "session.opened" | "session_opened" => Some(("Waiting", Some("New"))),
        "session.requeued" | "session_requeued" | "session_waiting" => Some(("Waiting", None)),
        "session.activated" | "session_activated" | "session_active" => Some(("Active", None)),
        "session.inactivated" | "session_inactivated" | "session_inactive" => Some(("Inactive", Some("Active"))),
        "session.ended" | "session_ended" => Some(("Ended", None)),
        _ => None,
    }
}

fn changed(config: &Config, effect: &Effect, id: &str, (now, before): (&str, Option<&str>)) -> Value {
    let mut payload = json!({
        "entryType": "SessionStatusChanged",
        "id": id,
        "sessionId": effect.state_text("session_id").or(effect.more_text("session")).unwrap_or_default(),
        "sessionStatus": now,
        "conversationIdentifier": conversation(config, effect),
        "channelAddressIdentifier": channel_address(config, effect),
        "sessionStartTime": effect.state_number("session_start_ms").unwrap_or(effect.now_ms),
    });
    if let (Value::Object(payload), Some(before)) = (&mut payload, before) {
        payload.insert("sessionStatusPrev".to_owned(), before.into());
    }
    if let (Value::Object(payload), "Ended") = (&mut payload, now) {
        payload.insert("sessionEndTime".to_owned(), effect.now_ms.into());
    }
    payload
}

fn message(id: &str, text: &str) -> Value {
    json!({
        "entryType": "Message",
        "id": id,
        "abstractMessage": {
            "messageType": "StaticContentMessage",
            "id": id,
            "staticContent": { "formatType": "Text", "text": text },
        },
    })
}

fn entry(effect: &Effect, id: &str, payload: &Value) -> Value {
    json!({
        "identifier": id,
        "entryType": payload.get("entryType"),
        "entryPayload": payload,
        "sender": { "appType": "wane", "subject": "wane", "role": "System" },
        "transcriptedTimestamp": effect.now_ms,
        "clientTimestamp": effect.now_ms,
        "clientDuration": 0,
    })
}

fn channel_address<'a>(config: &'a Config, effect: &'a Effect) -> &'a str {
    let told = effect.state_text("channel_address_identifier").or(effect.more_text("account"));
    let told = told.filter(|address| !address.is_empty());
    told.or(config.channel_address_identifier.as_deref()).unwrap_or_default()
}

fn conversation(config: &Config, effect: &Effect) -> String {
    let known = effect.state_text("conversation_identifier").map(str::to_owned);
    known.unwrap_or_else(|| conversation_identifier(channel_address(config, effect), &effect.to))
}
