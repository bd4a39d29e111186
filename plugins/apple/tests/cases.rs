//! The cases of the channel, `tests/channels/apple`, and what it must survive.

use serde_json::{Value, json};
use wane_channel_apple::Apple;
use wane_plugin::testing::{FakeHost, FakeInput};
use wane_plugin::verify::{Hash, hmac};

#[cfg(test)]
#[expect(dead_code, reason = "bodies are no forms")]
#[path = "../../../tests/channels/bad.rs"]
mod bad;

#[cfg(test)]
#[path = "../../../tests/channels/cases.rs"]
mod cases;

/// Base64 of `a key of nobody`.
const KEY: &str = "YSBrZXkgb2Ygbm9ib2R5";

fn config() -> Value {
    json!({ "msp_id": "msp-1", "msp_secret_base64": KEY, "business_id": "biz-1" })
}

/// A token as the gateway makes it.
fn token(claims: &Value) -> String {
    let coded =
        |bytes: &[u8]| wane_plugin::verify::base64(bytes).trim_end_matches('=').replace('+', "-").replace('/', "_");
    let head = coded(br#"{"alg":"HS256","typ":"JWT"}"#);
    let signed = format!("{head}.{}", coded(claims.to_string().as_bytes()));
    format!("{signed}.{}", coded(&hmac(Hash::Sha256, b"a key of nobody", signed.as_bytes())))
}

fn message() -> FakeInput {
    let body = json!({ "v": 1, "id": "11111111-0000-4000-8000-000000000001", "type": "text", "sourceId": "urn:mbid:A",
        "destinationId": "biz-1", "locale": "de_DE", "body": "Grüße \"🙂\"" });
    let bearer = format!("Bearer {}", token(&json!({ "aud": "msp-1", "iat": 1_757_900_000 })));
    FakeInput::webhook(body.to_string()).header("Authorization", bearer)
}

fn good() -> bad::Good<'static> {
    let needed = &["/id", "/type", "/sourceId", "/destinationId", "/body"];
    bad::Good { config: config(), input: message(), sign: &|_| {}, needed, batch: "" }
}

#[test]
fn every_case_is_as_expected() {
    cases::check::<Apple>("apple", &config());
}

#[test]
fn bad_bodies_are_refused() {
    bad::json::<Apple>(&good());
}

#[test]
fn bad_tokens_are_refused() {
    bad::token::<Apple>(&good(), "authorization");
}

#[test]
fn a_token_is_neither_too_old_nor_from_tomorrow() {
    let mut host = FakeHost::<Apple>::new(config()).expect("a config that fits");
    let mut taken = |seconds: i64| {
        let input = message().at_ms((1_757_900_000 + seconds) * 1_000);
        host.translate(&input).expect("an answer").refusal.is_none()
    };
    for (seconds, is_fresh) in [(0, true), (604_800, true), (604_801, false), (-300, true), (-301, false)] {
        assert_eq!(taken(seconds), is_fresh, "{seconds} s");
    }
}

#[test]
fn a_key_that_is_none_is_refused() {
    for wrong in ["", "not base64!", "===="] {
        let mut config = config();
        config["msp_secret_base64"] = wrong.into();
        let refused = FakeHost::<Apple>::new(config).map(drop).expect_err("no key");
        assert_eq!(refused.to_string(), "malformed: `msp_secret_base64` is not base64");
    }
}
