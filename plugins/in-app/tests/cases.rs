//! The cases of the channel, `tests/channels/in-app`, and what it must survive. What frames mean is told by the cases of
//! `tests/channels/web` too, for it is the same source.

use serde_json::json;
use wane_channel_in_app::InApp;
use wane_plugin::testing::FakeInput;

#[cfg(test)]
#[expect(dead_code, reason = "the host checks tokens, and bodies are no forms")]
#[path = "../../../tests/channels/bad.rs"]
mod bad;

#[cfg(test)]
#[path = "../../../tests/channels/cases.rs"]
mod cases;

const MESSAGES: &str = "/iamessage/api/v2/conversation/2f1c2b1e-6a43-4f0e-9a51-7b3f1c2d4e5a";

#[test]
fn every_case_is_as_expected() {
    cases::check::<InApp>("in-app", &json!({ "push_url": "https://push.example/send", "push_token": "t" }));
}

#[test]
fn a_gateway_that_asks_for_no_token_is_shown_none() {
    let config = json!({ "push_url": "https://push.example/send" });
    let mut host = wane_plugin::testing::FakeHost::<InApp>::new(config).expect("a config that fits");
    let effect = json!({ "text": "?", "to": "guest:1", "now_ms": 1, "channel_state": { "device_id": "d" } });
    let said = host.render(effect).expect("an effect that fits");
    assert!(said.requests[0].headers.iter().all(|(name, _)| name != "Authorization"));
}

#[test]
fn without_a_gateway_nothing_is_pushed() {
    let mut host = wane_plugin::testing::FakeHost::<InApp>::new(json!({})).expect("a config that fits");
    let effect = json!({ "text": "?", "to": "guest:1", "now_ms": 1, "channel_state": { "device_id": "d" } });
    let said = host.render(effect).expect("an effect that fits");
    assert_eq!(said.suppressed.as_deref(), Some("no_push_gateway"));
}

#[test]
fn bad_frames_are_refused() {
    let message = json!({ "message": { "id": "0a6c1d8e-52fb-4d0a-9b7c-1e2f3a4b5c11", "messageType": "StaticContentMessage",
        "staticContent": { "formatType": "Text", "text": "Grüße \"🙂\"" } }, "esDeveloperName": "App" });
    bad::json::<InApp>(&bad::Good {
        config: json!({}),
        input: FakeInput::client_frame(message.to_string()).path(format!("{MESSAGES}/message")),
        sign: &|_| {},
        needed: &["/message", "/message/id", "/message/messageType", "/message/staticContent/formatType"],
        batch: "",
    });
    let receipts = json!({ "acks": [{ "id": "a1", "entryType": "Read", "conversationEntryId": "m1" }] });
    bad::json::<InApp>(&bad::Good {
        config: json!({}),
        input: FakeInput::client_frame(receipts.to_string()).path(format!("{MESSAGES}/acknowledge-entries")),
        sign: &|_| {},
        needed: &["/acks", "/acks/0/id", "/acks/0/entryType", "/acks/0/conversationEntryId"],
        batch: "/acks",
    });
}
