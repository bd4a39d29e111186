//! The cases of the channel, `tests/channels/whatsapp`, and what it must survive.

use serde_json::{Value, json};
use wane_channel_whatsapp::WhatsApp;
use wane_plugin::testing::FakeInput;

#[cfg(test)]
#[expect(dead_code, reason = "the host checks the signature, and bodies are no forms")]
#[path = "../../../tests/channels/bad.rs"]
mod bad;

#[cfg(test)]
#[path = "../../../tests/channels/cases.rs"]
mod cases;

fn config() -> Value {
    json!({
        "phone_number_id": "77000111",
        "verify_token": "knock twice & wait",
        "templates": { "still-there": { "name": "are_you_there", "language": "de" } },
    })
}

#[test]
fn every_case_is_as_expected() {
    cases::check::<WhatsApp>("whatsapp", &config());
}

#[test]
fn bad_bodies_are_refused() {
    let message = json!({ "from": "4915112345678", "id": "wamid.B1", "timestamp": "1772355600", "type": "text",
        "text": { "body": "Grüße \"🙂\"" }, "context": { "id": "wamid.B0" } });
    let value = json!({ "messaging_product": "whatsapp", "metadata": { "phone_number_id": "77000111" },
        "contacts": [{ "wa_id": "4915112345678", "profile": { "name": "N" } }], "messages": [message] });
    let changes = json!([{ "field": "messages", "value": value }]);
    let body = json!({ "object": "whatsapp_business_account", "entry": [{ "id": "5", "changes": changes }] });
    let message = "/entry/0/changes/0/value/messages/0";
    let needed = ["id", "timestamp", "type", "text", "text/body"].map(|name| format!("{message}/{name}"));
    let whole = ["/object", "/entry", "/entry/0/changes", "/entry/0/changes/0/field", "/entry/0/changes/0/value"];
    let needed: Vec<&str> = needed.iter().map(String::as_str).chain(whole).collect();
    bad::json::<WhatsApp>(&bad::Good {
        config: config(),
        input: FakeInput::webhook(body.to_string()),
        sign: &|_| {},
        needed: &needed,
        batch: "/entry/0/changes/0/value/messages",
    });
}
