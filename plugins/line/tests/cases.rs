//! The cases of the channel, `tests/channels/line`, and what it must survive.

use serde_json::{Value, json};
use wane_channel_line::Line;
use wane_plugin::testing::FakeInput;

#[cfg(test)]
#[expect(dead_code, reason = "the host checks the signature, and bodies are no forms")]
#[path = "../../../tests/channels/bad.rs"]
mod bad;

#[cfg(test)]
#[path = "../../../tests/channels/cases.rs"]
mod cases;

const BOT: &str = "U0123456789abcdef0123456789abcdef";

fn config() -> Value {
    json!({ "destination": BOT })
}

#[test]
fn every_case_is_as_expected() {
    cases::check::<Line>("line", &config());
}

#[test]
fn bad_bodies_are_refused() {
    let event = |kind: &str| {
        json!({ "type": kind, "mode": "active", "timestamp": 1_772_355_600_250_i64, "webhookEventId": "01KJ",
            "source": { "type": "user", "userId": "U7e" }, "replyToken": "r", "deliveryContext": { "isRedelivery": false },
            "message": { "id": "7", "type": "text", "text": "Grüße \"🙂\"", "emojis": [{ "index": 1.5 }] },
            "postback": { "data": "a=b" }, "unsend": { "messageId": "7" } })
    };
    for (kind, own) in [
        ("message", &["message", "message/id", "message/type"][..]),
        ("postback", &["postback", "postback/data"]),
        ("unsend", &["unsend", "unsend/messageId"]),
        ("follow", &[]),
    ] {
        let body = json!({ "destination": BOT, "events": [event(kind)] });
        let common = ["type", "mode", "timestamp", "webhookEventId", "source"];
        let inside = common.iter().chain(own).map(|name| format!("/events/0/{name}"));
        let needed: Vec<String> = inside.chain(["/destination".to_owned(), "/events".to_owned()]).collect();
        let needed: Vec<&str> = needed.iter().map(String::as_str).collect();
        bad::json::<Line>(&bad::Good {
            config: config(),
            input: FakeInput::webhook(body.to_string()),
            sign: &|_| {},
            needed: &needed,
            batch: "/events",
        });
    }
}
