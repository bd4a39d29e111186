//! The cases of the channel, `tests/channels/messenger`, and what it must survive.

use serde_json::{Value, json};
use wane_channel_messenger::Messenger;
use wane_plugin::testing::FakeInput;

#[cfg(test)]
#[expect(dead_code, reason = "the host checks the signature, and bodies are no forms")]
#[path = "../../../tests/channels/bad.rs"]
mod bad;

#[cfg(test)]
#[path = "../../../tests/channels/cases.rs"]
mod cases;

fn config() -> Value {
    json!({ "page_id": "88000111", "app_id": "5150", "verify_token": "knock twice & wait" })
}

#[test]
fn every_case_is_as_expected() {
    cases::check::<Messenger>("messenger", &config());
}

#[test]
fn bad_bodies_are_refused() {
    let item = |what: &str, value: Value| json!({ "sender": { "id": "700" }, "recipient": { "id": "88" }, "timestamp": 1_772_355_600_250_i64, what: value });
    for (what, value, needed) in [
        ("message", json!({ "mid": "m_1", "text": "Grüße \"🙂\"", "nlp": { "x": [1.5] } }), "mid"),
        ("postback", json!({ "mid": "m_2", "title": "t", "payload": "p" }), ""),
        ("read", json!({ "watermark": 1_772_355_600_250_i64 }), "watermark"),
        ("reaction", json!({ "mid": "m_3", "action": "react", "emoji": "x" }), "action"),
        ("message_edit", json!({ "mid": "m_4", "text": "x", "num_edit": 1 }), "mid"),
        ("pass_thread_control", json!({ "new_owner_app_id": "5150", "metadata": "x" }), ""),
    ] {
        let entry = json!({ "id": "88", "time": 1, "messaging": [item(what, value)] });
        let body = json!({ "object": "page", "entry": [entry] });
        let place = "/entry/0/messaging/0";
        let own = [format!("{place}/sender"), format!("{place}/recipient"), format!("{place}/timestamp")];
        let field = (!needed.is_empty()).then(|| format!("{place}/{what}/{needed}"));
        let needed = ["/object", "/entry", "/entry/0/id"].into_iter();
        let needed: Vec<&str> = needed.chain(own.iter().chain(&field).map(String::as_str)).collect();
        bad::json::<Messenger>(&bad::Good {
            config: config(),
            input: FakeInput::webhook(body.to_string()),
            sign: &|_| {},
            needed: &needed,
            batch: "/entry/0/messaging",
        });
    }
}
