//! The cases of the channel, `tests/channels/sms`, and what it must survive, for each provider.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use wane_channel_sms::Sms;
use wane_plugin::testing::FakeInput;
use wane_plugin::verify::{Hash, base64, hmac, sha256_hex};

#[cfg(test)]
#[path = "../../../tests/channels/bad.rs"]
mod bad;

#[cfg(test)]
#[path = "../../../tests/channels/cases.rs"]
mod cases;

const KEY: &str = "a token of nobody";
const ADDRESS: &str = "https://hooks.example/sms";

fn twilio() -> Value {
    json!({ "scheme": "twilio", "auth_token": KEY, "account_sid": "AC00000000000000000000000000000001" })
}

#[test]
fn every_case_is_as_expected() {
    cases::check::<Sms>("sms", &twilio());
}

/// As Twilio signs: the address, and the fields in their order. The bodies here have nothing to decode but `%2B`, and what is
/// broken is signed somehow.
fn sign_form(input: &mut FakeInput) {
    let body = String::from_utf8_lossy(&input.body).into_owned();
    let fields: BTreeSet<(String, String)> = body
        .split('&')
        .filter(|field| !field.is_empty())
        .map(|field| field.split_once('=').unwrap_or((field, "")))
        .map(|(name, value)| (name.replace("%2B", "+"), value.replace("%2B", "+")))
        .collect();
    let fields: String = fields.into_iter().map(|(name, value)| name + &value).collect();
    let digest = hmac(Hash::Sha1, KEY.as_bytes(), format!("{ADDRESS}{fields}").as_bytes());
    give(input, "x-twilio-signature", base64(&digest));
}

fn give(input: &mut FakeInput, name: &str, value: String) {
    input.headers.retain(|(known, _)| known != name);
    input.headers.push((name.to_owned(), value.into_bytes()));
}

/// Base64 as tokens have it.
fn part(bytes: &[u8]) -> String {
    base64(bytes).replace('+', "-").replace('/', "_").trim_end_matches('=').to_owned()
}

fn token(claims: &Value) -> String {
    let signed = format!("{}.{}", part(br#"{"alg":"HS256"}"#), part(claims.to_string().as_bytes()));
    let digest = hmac(Hash::Sha256, KEY.as_bytes(), signed.as_bytes());
    format!("{signed}.{}", part(&digest))
}

fn sign_vonage(input: &mut FakeInput) {
    let token = token(&json!({ "payload_hash": sha256_hex(&input.body) }));
    give(input, "authorization", format!("Bearer {token}"));
}

fn sign_messagebird(input: &mut FakeInput) {
    let now = input.received_at_ms / 1_000;
    let (url, body) = (sha256_hex(ADDRESS.as_bytes()), sha256_hex(&input.body));
    let claims = json!({ "iss": "MessageBird", "nbf": now, "exp": now + 60, "url_hash": url, "payload_hash": body });
    give(input, "messagebird-signature-jwt", token(&claims));
}

fn good<'a>(config: Value, body: String, sign: &'a dyn Fn(&mut FakeInput), needed: &'a [&'a str]) -> bad::Good<'a> {
    let mut input = FakeInput::webhook(body).path(ADDRESS);
    sign(&mut input);
    bad::Good { config, input, sign, needed, batch: "" }
}

#[test]
fn bad_forms_of_twilio_are_refused() {
    let form = "MessageSid=SM1&From=%2B49151&To=%2B4930&Body=Hello&NumMedia=0&NewField=1";
    let sign = |input: &mut FakeInput| {
        sign_form(input);
        give(input, "content-type", "application/x-www-form-urlencoded".to_owned());
    };
    let good = good(twilio(), form.to_owned(), &sign, &["MessageSid", "From", "To"]);
    bad::form::<Sms>(&good);
    bad::signature::<Sms>(&good, "X-Twilio-Signature");
}

#[test]
fn bad_bodies_of_vonage_are_refused() {
    let config = json!({ "scheme": "vonage-signed-webhook", "signature_secret": KEY });
    let body = json!({ "channel": "sms", "message_uuid": "u-1", "to": { "number": "4930" }, "from": "49151",
        "timestamp": "2025-09-15T01:33:20Z", "message_type": "text", "text": "Grüße \"🙂\"", "usage": { "price": 0.1 } });
    let needed = ["/message_uuid", "/from", "/timestamp", "/message_type", "/text"];
    let good = good(config, body.to_string(), &sign_vonage, &needed);
    bad::json::<Sms>(&good);
    bad::signature::<Sms>(&good, "Authorization");
}

#[test]
fn bad_bodies_of_messagebird_are_refused() {
    let config = json!({ "scheme": "messagebird-jwt", "signing_key": KEY });
    let body = json!({ "id": "b1", "recipient": "4930", "originator": "49151", "body": "Grüße \"🙂\"", "x": [null] });
    let good = good(config, body.to_string(), &sign_messagebird, &["/id", "/recipient", "/originator", "/body"]);
    bad::json::<Sms>(&good);
    bad::signature::<Sms>(&good, "MessageBird-Signature-JWT");
}

#[test]
fn a_scheme_without_its_secret_is_told_at_once() {
    for scheme in ["twilio", "vonage-signed-webhook", "messagebird-jwt"] {
        let refused = wane_plugin::testing::FakeHost::<Sms>::new(json!({ "scheme": scheme })).expect_err("no secret");
        assert!(refused.to_string().contains("the scheme needs the secret `"), "{refused}");
    }
}
