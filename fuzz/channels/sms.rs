//! How the sms plugin is fuzzed: once for each provider, each request signed as that provider signs.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use wane_plugin::testing::FakeInput;
use wane_plugin::verify::{Hash, base64, hmac, sha256_hex};

use crate::feed::Target;

/// The plugin.
pub(crate) type Plugin = wane_channel_sms::Sms;

const KEY: &str = "a token of nobody";

/// The providers.
pub(crate) fn targets() -> Vec<Target> {
    let twilio = json!({ "scheme": "twilio", "auth_token": KEY, "account_sid": "AC00000000000000000000000000000001" });
    vec![
        Target { config: twilio, sign: sign_twilio },
        Target { config: json!({ "scheme": "vonage-signed-webhook", "signature_secret": KEY }), sign: sign_vonage },
        Target { config: json!({ "scheme": "messagebird-jwt", "signing_key": KEY }), sign: sign_messagebird },
    ]
}

fn url(input: &FakeInput) -> String {
    if input.query.is_empty() { input.path.clone() } else { format!("{}?{}", input.path, input.query) }
}

/// The address and the fields of the form in their order. What is no form is signed by its address alone.
fn sign_twilio(input: &mut FakeInput) {
    let is_form = |(name, value): &(String, Vec<u8>)| {
        name == "content-type" && value.starts_with(b"application/x-www-form-urlencoded")
    };
    let mut signed = url(input);
    if input.headers.iter().any(is_form) {
        let body = String::from_utf8_lossy(&input.body).into_owned();
        let pairs =
            body.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        let pairs: BTreeSet<_> = pairs.map(|(name, value)| (decoded(name), decoded(value))).collect();
        signed.extend(pairs.into_iter().map(|(name, value)| name + &value));
    }
    let digest = hmac(Hash::Sha1, KEY.as_bytes(), signed.as_bytes());
    give(input, "x-twilio-signature", base64(&digest));
}

fn decoded(text: &str) -> String {
    let digits = |at: usize| text.get(at + 1..at + 3).and_then(|digits| u8::from_str_radix(digits, 16).ok());
    let (mut bytes, mut at) = (Vec::new(), 0);
    while let Some(&byte) = text.as_bytes().get(at) {
        let escaped = if byte == b'%' { digits(at) } else { None };
        bytes.push(escaped.unwrap_or(if byte == b'+' { b' ' } else { byte }));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn sign_vonage(input: &mut FakeInput) {
    let token = token(&json!({ "payload_hash": sha256_hex(&input.body) }));
    give(input, "authorization", format!("Bearer {token}"));
}

fn sign_messagebird(input: &mut FakeInput) {
    let now = input.received_at_ms / 1_000;
    let url_hash = sha256_hex(url(input).as_bytes());
    let mut claims = json!({ "iss": "MessageBird", "nbf": now, "exp": now.saturating_add(60), "url_hash": url_hash });
    if !input.body.is_empty() {
        claims["payload_hash"] = sha256_hex(&input.body).into();
    }
    give(input, "messagebird-signature-jwt", token(&claims));
}

/// A signed token, RFC 7515.
fn token(claims: &Value) -> String {
    let part = |bytes: &[u8]| base64(bytes).replace('+', "-").replace('/', "_").trim_end_matches('=').to_owned();
    let signed = format!("{}.{}", part(br#"{"alg":"HS256"}"#), part(claims.to_string().as_bytes()));
    let digest = hmac(Hash::Sha256, KEY.as_bytes(), signed.as_bytes());
    format!("{signed}.{}", part(&digest))
}

fn give(input: &mut FakeInput, name: &str, value: String) {
    input.headers.retain(|(known, _)| known != name);
    input.headers.push((name.to_owned(), value.into_bytes()));
}
