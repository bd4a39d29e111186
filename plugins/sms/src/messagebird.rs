//! MessageBird: JSON or forms, with a token (JWT, HS256 to HS512) that names the digests of the address and of the body.
//! Receipts come by `GET`, all in the query.

use serde_json::Value;
use wane_plugin::verify::{JwtRules, jwt, same, sha256_hex};
use wane_plugin::{Event, Input, Refusal, instant};

use crate::fields::Fields;
use crate::words::{Said, Status};
use crate::{Config, only, url};

/// How far clocks may be apart.
const LEEWAY_MS: i64 = 1_000;

pub(crate) fn events(config: &Config, input: &Input<'_>) -> Result<Vec<Event>, Refusal> {
    check(config, input)?;
    let fields = Fields::of(input)?;
    let id = fields.needed("id")?;
    let (events, at) = match fields.text("status")? {
        Some(word) => {
            let (customer, error) = (fields.needed("recipient")?, fields.text("statusErrorCode")?);
            let from = fields.text("originator")?.unwrap_or_default();
            let status = Status { id: &id, to: &customer, from: &from, word: &word, error: error.as_deref() };
            (vec![status.event()], fields.text("statusDatetime")?)
        }
        None => (said(&fields, &id)?, fields.text("createdDatetime")?),
    };
    let at = at.map(|text| instant::read(&text)).transpose()?;
    Ok(events.into_iter().map(|event| Event { at_ms: at, ..event }).collect())
}

fn check(config: &Config, input: &Input<'_>) -> Result<(), Refusal> {
    let (token, key) = (only(input, "messagebird-signature-jwt")?, config.signing_key.as_ref());
    let (Some(token), Some(key)) = (token, key) else { return Err(Refusal::BadSignature) };
    let algorithms = &["HS256", "HS384", "HS512"];
    let rules = JwtRules { key: key.as_bytes(), algorithms, now_ms: input.received_at_ms, leeway_ms: LEEWAY_MS };
    let claims = jwt(token, &rules)?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let is_complete = text("iss") == Some("MessageBird") && claims.get("nbf").is_some() && claims.get("exp").is_some();
    let url_fits = text("url_hash")
        .is_some_and(|digest| url::signed(input).iter().any(|url| same(digest, sha256_hex(url.as_bytes()))));
    let body_fits = match text("payload_hash") {
        Some(digest) => !input.body.is_empty() && same(digest, sha256_hex(input.body)),
        None => input.body.is_empty() && claims.get("payload_hash").is_none(),
    };
    if is_complete && url_fits && body_fits { Ok(()) } else { Err(Refusal::BadSignature) }
}

fn said(fields: &Fields, id: &str) -> Result<Vec<Event>, Refusal> {
    let (from, to) = (fields.needed("originator")?, fields.needed("recipient")?);
    if fields.one("body")?.is_none() {
        return Err(Refusal::Malformed("`body` is missing".to_owned()));
    }
    let text = fields.text("body")?.unwrap_or_default();
    Ok(Said { id, from: &from, to: &to, text: &text, media: None, consent: None }.events())
}
