//! From an effect to the event that a partner knows from the platform's bus: a message for a notice, a change of status for
//! what becomes of a session.
//!
//! The partner learns the name of a conversation with the answer to its first interaction, and it is the same here.
//! `clientDuration` is always 0, since nobody typed.

use serde_json::{Value, json};
use wane_plugin::{Effect, Refusal, Request};

use crate::{Config, conversation_identifier};

/// The request, or why nothing is sent.
pub(crate) fn request(config: &Config, effect: &Effect) -> Result<Result<Request, &'static str>, Refusal> {
    if effect.to.is_empty() {
        return Err(Refusal::Malformed("the effect has no `to`".to_owned()));
    }
    let id = effect.uuid();
    let payload = match (status(effect), effect.text.as_deref()) {
        (Some(status), _) => changed(config, effect, &id, status),
        (None, _) if effect.more_text("type").is_some_and(|kind| kind != "notice.due") => {
            return Ok(Err("not_a_notice"));
        }
        (None, None | Some("")) => return Ok(Err("no_text")),
        (None, Some(_)) if effect.state_truth("opted_out") => return Ok(Err("opted_out")),
        (None, Some(text)) => message(&id, text),
    };
    let event = json!({
        "EventType__c": "Interaction",
        "payload": {
            "channelAddressIdentifier": channel_address(config, effect),
            "recipient": { "appType": "custom", "subject": effect.to, "role": "EndUser" },
            "conversationIdentifier": conversation(config, effect),
            "payload": entry(effect, &id, &payload),
        },
    });
    let request = Request::post(&config.events_url).bearer("events_token").header("Idempotency-Key", &id);
    Ok(Ok(request.json(&event)?))
}

/// The status that a session has now, and the one it had.
fn status(effect: &Effect) -> Option<(&'static str, Option<&'static str>)> {
    // A notice says goodbye in words; the change itself is an effect of its own.
    if effect.text.as_deref().is_some_and(|text| !text.is_empty()) {
        return None;
    }
    match effect.more_text("type").unwrap_or(&effect.effect) {
        "session.opened" | "session_opened" => Some(("Waiting", Some("New"))),
        "session.requeued" | "session_waiting" => Some(("Waiting", None)),
        "session.activated" | "session_active" => Some(("Active", None)),
        "session.inactivated" | "session_inactive" => Some(("Inactive", Some("Active"))),
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
    let ended = (now == "Ended").then_some(("sessionEndTime", Value::from(effect.now_ms)));
    let before = before.map(|before| ("sessionStatusPrev", Value::from(before)));
    if let Value::Object(payload) = &mut payload {
        payload.extend(before.into_iter().chain(ended).map(|(name, value)| (name.to_owned(), value)));
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
