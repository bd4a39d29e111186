//! What the channels of Meta have in common: the handshake, the envelope of a webhook, and where messages are posted.
//! `plugins/messenger` compiles this source too.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use wane_plugin::{Input, Object, Outcome, Refusal, Request, Sink, Text, verify};

/// Meta asks once whether the address is ours: the challenge goes back when the token is the one that was entered.
pub(crate) fn handshake(verify_token: Option<&str>, input: &Input<'_>, sink: &mut Sink<'_>) -> Outcome {
    if input.query("hub.mode").as_deref() != Some("subscribe") {
        return Err(Refusal::BadSignature);
    }
    let (given, known) = (input.query("hub.verify_token"), verify_token.filter(|known| !known.is_empty()));
    let (Some(given), Some(known)) = (given, known) else { return Err(Refusal::BadSignature) };
    if !verify::same(given.as_bytes(), known) {
        return Err(Refusal::BadSignature);
    }
    match input.query("hub.challenge") {
        Some(challenge) => sink.reply_text(&challenge),
        None => Err(Refusal::Malformed("a handshake has a `hub.challenge`".to_owned())),
    }
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    object: Text<'a>,
    entry: Vec<&'a RawValue>,
}

/// The entries of a webhook, which must be about that object.
pub(crate) fn entries<'a>(object: &str, input: &Input<'a>) -> Result<Vec<&'a RawValue>, Refusal> {
    let Object(envelope) = input.json::<Object<Envelope<'a>>>()?;
    if envelope.object == object {
        Ok(envelope.entry)
    } else {
        Err(Refusal::Unsupported(format!("a body about something else than `{object}`")))
    }
}

/// A message of that sender's. The sender becomes a part of the address: digits only; `what` is what it is called.
pub(crate) fn message(version: &str, sender: &str, what: &str, body: &Value) -> Result<Request, Refusal> {
    if !sender.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refusal::Malformed(format!("{what} consists of digits")));
    }
    Request::post(format!("https://graph.facebook.com/{version}/{sender}/messages")).bearer("token").json(body)
}
