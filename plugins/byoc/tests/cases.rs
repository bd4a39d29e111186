//! The cases of the channel, `tests/channels/byoc`, and what it must survive.

use serde_json::{Value, json};
use wane_channel_byoc::Byoc;
use wane_plugin::testing::{FakeHost, FakeInput};

#[cfg(test)]
#[expect(dead_code, reason = "bodies are no forms")]
#[path = "../../../tests/channels/bad.rs"]
mod bad;

#[cfg(test)]
#[path = "../../../tests/channels/cases.rs"]
mod cases;

fn config() -> Value {
    json!({
        "org_id": "00D000000000123",
        "authorization_context": "shop",
        "channel_address_identifier": "chan-1",
        "access_token": "Ours7 theirs",
        "accepted_access_tokens": [{ "token": "scopeless", "scope": ["api"] }],
        "events_url": "https://partner.example/events",
        "oauth_clients": [partner().get("client")],
    })
}

fn partner() -> Value {
    serde_json::from_str(include_str!("../../../tests/channels/partner.json")).unwrap_or_default()
}

fn request(path: &str, body: &Value) -> FakeInput {
    FakeInput::webhook(body.to_string())
        .path(format!("/api/v1/{path}"))
        .header("Authorization", "Bearer Ours7")
        .header("OrgId", "00D000000000123")
        .header("AuthorizationContext", "shop")
        .header("RequestId", "r-1")
        .header("Content-Type", "application/json")
}

fn message() -> Value {
    let message = json!({ "messageType": "StaticContentMessage", "id": "m-1",
        "staticContent": { "formatType": "Text", "text": "Grüße \"🙂\"" } });
    let payload = json!({ "id": "m-1", "entryType": "Message", "abstractMessage": message });
    json!({ "to": "chan-1", "from": "cust-7", "interactions": [
        { "timestamp": 1_757_900_000_000_i64, "interactionType": "EntryInteraction", "payload": payload }] })
}

fn good(input: FakeInput, needed: &'static [&'static str], batch: &'static str) -> bad::Good<'static> {
    bad::Good { config: config(), input, sign: &|_| {}, needed, batch }
}

#[test]
fn every_case_is_as_expected() {
    cases::check::<Byoc>("byoc", &config());
}

#[test]
fn bad_interactions_are_refused() {
    let needed = &[
        "/to",
        "/from",
        "/interactions",
        "/interactions/0/timestamp",
        "/interactions/0/interactionType",
        "/interactions/0/payload",
        "/interactions/0/payload/id",
        "/interactions/0/payload/entryType",
        "/interactions/0/payload/abstractMessage",
        "/interactions/0/payload/abstractMessage/id",
        "/interactions/0/payload/abstractMessage/messageType",
        "/interactions/0/payload/abstractMessage/staticContent",
        "/interactions/0/payload/abstractMessage/staticContent/formatType",
        "/interactions/0/payload/abstractMessage/staticContent/text",
    ];
    bad::json::<Byoc>(&good(request("interactions", &message()), needed, ""));
}

#[test]
fn bad_receipts_are_refused() {
    let receipt = json!({ "acknowledgementTimestamp": "1757900000000", "acknowledgementType": "Read",
        "acknowledgedConversationEntryIdentifier": "m-1", "acknowledgmentCreatedConversationEntryIdentifier": "r-1" });
    let sender = json!({ "appType": "custom", "subject": "cust-7", "role": "EndUser" });
    let body = json!({ "conversationIdentifier": "c-1", "sender": sender, "acknowledgements": [receipt] });
    let needed = &[
        "/conversationIdentifier",
        "/sender",
        "/sender/appType",
        "/sender/subject",
        "/sender/role",
        "/acknowledgements",
        "/acknowledgements/0/acknowledgementTimestamp",
        "/acknowledgements/0/acknowledgementType",
        "/acknowledgements/0/acknowledgedConversationEntryIdentifier",
        "/acknowledgements/0/acknowledgmentCreatedConversationEntryIdentifier",
    ];
    bad::json::<Byoc>(&good(request("acknowledgement", &body), needed, ""));
}

#[test]
fn bad_consents_and_sessions_are_refused() {
    let consent =
        json!({ "endUserClientId": "cust-7", "channelAddressIdentifier": "chan-1", "consentStatus": "OptedOut" });
    let mut input = request("consent", &consent);
    input.method = "PATCH".to_owned();
    let needed = &["/endUserClientId", "/channelAddressIdentifier", "/consentStatus"];
    bad::json::<Byoc>(&good(input, needed, ""));
    let session = json!({ "channelAddressIdentifier": "chan-1", "endUserClientId": "cust-7", "conversationIdentifier": "c-1",
        "operation": "Inactivate", "sessionId": "s-1" });
    let needed =
        &["/channelAddressIdentifier", "/endUserClientId", "/conversationIdentifier", "/operation", "/sessionId"];
    bad::json::<Byoc>(&good(request("messagingSession", &session), needed, ""));
}

#[test]
fn bad_tokens_are_refused() {
    let good = good(request("interactions", &message()), &[], "");
    bad::token::<Byoc>(&good, "authorization");
}

/// Cut off at every byte, a body in parts is nothing, and never two things.
#[test]
fn parts_that_are_cut_off_are_refused() {
    let json = message().to_string();
    let body = format!("--b1\r\nContent-Disposition: form-data; name=\"json\"\r\n\r\n{json}\r\n--b1--");
    let mut host = FakeHost::<Byoc>::new(config()).expect("a config that fits");
    let mut said = |body: &[u8]| {
        let mut input = request("interactions", &Value::Null);
        input.headers.retain(|(name, _)| name != "content-type");
        let input = input.header("Content-Type", "multipart/form-data; boundary=b1");
        host.translate(&FakeInput { body: body.to_vec(), ..input }).expect("an answer").events.len()
    };
    assert_eq!(said(body.as_bytes()), 1);
    for at in 0..body.len() {
        assert_eq!(said(&body.as_bytes()[..at]), 0, "{at} bytes");
    }
    for times in [2, 9, 1_000] {
        let part = "--b1\r\nContent-Disposition: form-data; name=\"json\"\r\n\r\n{}\r\n".repeat(times);
        assert_eq!(said(format!("{part}--b1--").as_bytes()), 0, "{times} parts");
    }
}
