//! Vonage: JSON or forms, with a bearer token (JWT, HS256) that names the digest of the body.
//!
//! Two of its services send messages: the Messages API (`message_uuid`, `from`, `to`) and the older SMS API (`messageId`,
//! `msisdn`, where `msisdn` is the customer in messages and receipts alike). Nothing in the token covers the query, so what
//! comes without a body is not taken.

use std::borrow::Cow;

use serde_json::Value;
use wane_plugin::verify::{JwtRules, jwt, same, sha256_hex};
use wane_plugin::{Event, Input, Refusal, instant};

use crate::fields::Fields;
use crate::words::{Said, Status};
use crate::{Config, only};

/// How far clocks may be apart.
const LEEWAY_MS: i64 = 60_000;

pub(crate) fn events(config: &Config, input: &Input<'_>) -> Result<Vec<Event>, Refusal> {
    check(config, input)?;
    let fields = Fields::of(input)?;
    if fields.one("message_uuid")?.is_some() { of_messages(&fields) } else { of_sms(&fields) }
}

fn check(config: &Config, input: &Input<'_>) -> Result<(), Refusal> {
    let token = only(input, "authorization")?.and_then(|value| value.strip_prefix("Bearer "));
    let (Some(token), Some(key)) = (token, &config.signature_secret) else { return Err(Refusal::BadSignature) };
    let rules =
        JwtRules { key: key.as_bytes(), algorithms: &["HS256"], now_ms: input.received_at_ms, leeway_ms: LEEWAY_MS };
    let claims = jwt(token, &rules)?;
    let digest = claims.get("payload_hash").and_then(Value::as_str).unwrap_or_default();
    // A token for the same secret, but made for another key of the account.
    let foreign = claims.get("api_key").is_some_and(|key| config.api_key.as_ref().is_some_and(|own| key != own));
    if foreign || input.body.is_empty() || !same(digest, sha256_hex(input.body)) {
        return Err(Refusal::BadSignature);
    }
    Ok(())
}

/// The Messages API.
fn of_messages(fields: &Fields) -> Result<Vec<Event>, Refusal> {
    if fields.text("channel")?.is_some_and(|channel| !matches!(&*channel, "sms" | "mms")) {
        return Err(Refusal::Unsupported("a message of another channel than SMS".to_owned()));
    }
    let (id, from, to) = (fields.needed("message_uuid")?, party(fields, "from")?, party(fields, "to")?);
    let at = instant::read(&fields.needed("timestamp")?)?;
    if let Some(word) = fields.text("status")? {
        let error =
            fields.one("error")?.and_then(|error| error.get("title").or(error.get("code"))).and_then(Value::as_str);
        // Here `to` is the customer.
        return Ok(vec![Status { id: &id, to: &to, from: &from, word: &word, error }.event().at_ms(at)]);
    }
    let (kind, text) = (fields.needed("message_type")?, fields.text("text")?);
    let media = (kind != "text").then_some(&*kind);
    if media.is_none() && fields.one("text")?.is_none() {
        return Err(Refusal::Malformed("`text` is missing".to_owned()));
    }
    let text = text.unwrap_or_default();
    let said = Said { id: &id, from: &from, to: &to, text: &text, media, consent: None };
    Ok(said.events().into_iter().map(|event| event.at_ms(at)).collect())
}

/// A number, which stands alone or in an object.
fn party<'f>(fields: &'f Fields, name: &str) -> Result<Cow<'f, str>, Refusal> {
    match fields.one(name)? {
        Some(Value::Object(party)) => match party.get("number").and_then(Value::as_str) {
            Some(number) if !number.is_empty() => Ok(number.into()),
            _ => Err(Refusal::Malformed(format!("`{name}` has no `number`"))),
        },
        _ => fields.needed(name),
    }
}

/// The SMS API.
fn of_sms(fields: &Fields) -> Result<Vec<Event>, Refusal> {
    let (id, customer, own) = (fields.needed("messageId")?, fields.needed("msisdn")?, fields.needed("to")?);
    let at = instant::read(&fields.needed("message-timestamp")?)?;
    if let Some(word) = fields.text("status")? {
        let error = fields.text("err-code")?.filter(|code| code != "0");
        let status = Status { id: &id, to: &customer, from: &own, word: &word, error: error.as_deref() };
        return Ok(vec![status.event().at_ms(at)]);
    }
    let (kind, text) = (fields.text("type")?.unwrap_or("text".into()), fields.text("text")?);
    let media = (!matches!(&*kind, "text" | "unicode")).then_some(&*kind);
    if media.is_none() && fields.one("text")?.is_none() {
        return Err(Refusal::Malformed("`text` is missing".to_owned()));
    }
    let text = text.unwrap_or_default();
    let said = Said { id: &id, from: &customer, to: &own, text: &text, media, consent: None };
    Ok(said.events().into_iter().map(|event| event.at_ms(at)).collect())
}
