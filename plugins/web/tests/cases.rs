//! The cases of the channel, `tests/channels/web`, and what it must survive.

use serde_json::json;
use wane_channel_web::Web;
use wane_plugin::testing::FakeInput;

#[cfg(test)]
#[expect(dead_code, reason = "the host checks tokens, and bodies are no forms")]
#[path = "../../../tests/channels/bad.rs"]
mod bad;

#[cfg(test)]
#[path = "../../../tests/channels/cases.rs"]
mod cases;

#[test]
fn every_case_is_as_expected() {
    cases::check::<Web>("web", &json!({}));
}

#[test]
fn bad_frames_are_refused() {
    let conversation = json!({ "conversationId": "2f1c2b1e-6a43-4f0e-9a51-7b3f1c2d4e5a", "esDeveloperName": "Chat" });
    bad::json::<Web>(&bad::Good {
        config: json!({}),
        input: FakeInput::client_frame(conversation.to_string()).path("/iamessage/api/v2/conversation"),
        sign: &|_| {},
        needed: &["/conversationId"],
        batch: "",
    });
}
