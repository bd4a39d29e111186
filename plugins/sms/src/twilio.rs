//! Twilio: forms, signed together with the address that Twilio called.
//!
//! The signature is an HMAC in base64: with SHA-1 and the auth token, or with SHA-256 and the secret of a shared key, as a
//! header says. Over a form it covers the address and every field; over any other body the address, in whose query
//! `bodySHA256` covers the body. A message has no instant: when it came is all that is known.

use std::collections::BTreeSet;

use wane_plugin::verify::{Hash, from_base64, hmac_fits, same, sha256_hex};
use wane_plugin::{Event, Field, Input, Refusal, read_fields};

use crate::fields::{Fields, is_form};
use crate::words::{Said, Status, is_sms};
use crate::{Config, only, url};

pub(crate) fn events(config: &Config, input: &Input<'_>) -> Result<Vec<Event>, Refusal> {
    // A form counts as it was signed, then only if it is text: who does not sign learns nothing of what is wrong with it.
    let text = if is_form(input) { String::from_utf8_lossy(input.body) } else { "".into() };
    if !is_signed(config, input, &read_fields(&text).collect::<Vec<_>>())? {
        return Err(Refusal::BadSignature);
    }
    let pairs = if is_form(input) { input.form()? } else { Vec::new() };
    if !is_form(input) && !input.body.is_empty() {
        return Err(Refusal::Unsupported("messages come as forms".to_owned()));
    }
    let fields = if input.body.is_empty() { Fields::of(input)? } else { Fields::of_pairs(pairs) };
    match fields.text("MessageStatus")?.as_deref() {
        None | Some("received" | "receiving") => said(&fields, input),
        Some(word) => status(&fields, word),
    }
}

fn is_signed(config: &Config, input: &Input<'_>, pairs: &[Field<'_>]) -> Result<bool, Refusal> {
    let given = only(input, "x-twilio-signature")?.and_then(from_base64);
    let settings = only(input, "x-twilio-webhooks-signature-settings")?;
    let (Some(given), Some((hash, key))) = (given, key(config, settings)) else { return Ok(false) };
    if !is_form(input) && !input.body.is_empty() && !is_body_named(input) {
        return Ok(false);
    }
    let sorted: BTreeSet<&Field<'_>> = pairs.iter().collect();
    let fields: String = sorted.into_iter().flat_map(|(name, value)| [&**name, &**value]).collect();
    let fits = |url: &String| hmac_fits(hash, key.as_bytes(), format!("{url}{fields}").as_bytes(), &given);
    Ok(url::signed(input).iter().any(fits))
}

/// The hash and the key by `key=…,algorithm=…`; none for an algorithm that is not known.
fn key<'c>(config: &'c Config, settings: Option<&str>) -> Option<(Hash, &'c str)> {
    let parts = settings.unwrap_or_default().split(',').filter_map(|part| part.split_once('='));
    let parts = parts.map(|(name, value)| (name.trim(), value.trim()));
    let named = parts.filter(|(name, value)| *name == "algorithm" && !value.is_empty()).map(|(_, value)| value).next();
    let (auth_token, shared_key) = (config.auth_token.as_deref(), config.shared_key.as_deref());
    match named.map(str::to_ascii_uppercase).as_deref() {
        None | Some("HMAC_SHA1") => Some((Hash::Sha1, auth_token?)),
        Some("HMAC_SHA256") => Some((Hash::Sha256, shared_key.or(auth_token)?)),
        Some(_) => None,
    }
}

/// Whether the query, which is signed, has the digest of the body.
fn is_body_named(input: &Input<'_>) -> bool {
    let named = input.query("bodySHA256");
    named.is_some_and(|digest| same(&*digest, sha256_hex(input.body)))
}

fn said(fields: &Fields, input: &Input<'_>) -> Result<Vec<Event>, Refusal> {
    let (id, from, to) = (fields.needed("MessageSid")?, fields.needed("From")?, fields.needed("To")?);
    is_sms([&*from, &*to])?;
    let count = fields.text("NumMedia")?.unwrap_or("0".into());
    let count: u32 = count.parse().map_err(|_| Refusal::Malformed("`NumMedia` is no number".to_owned()))?;
    let kind = fields.text("MediaContentType0")?;
    let media = (count > 0).then(|| kind.as_deref().unwrap_or("media"));
    if media.is_none() && fields.one("Body")?.is_none() {
        return Err(Refusal::Malformed("`Body` is missing".to_owned()));
    }
    let (text, consent) = (fields.text("Body")?.unwrap_or_default(), fields.text("OptOutType")?);
    let said = Said { id: &id, from: &from, to: &to, text: &text, media, consent: consent.as_deref() };
    // The same on every resend, as the message's own id is.
    let again = input.header("i-twilio-idempotency-token");
    let marked = |event: Event| match again {
        Some(token) => event.with("idempotency_token", token),
        None => event,
    };
    Ok(said.events().into_iter().map(marked).collect())
}

/// Of a message to the customer: here `To` is the customer.
fn status(fields: &Fields, word: &str) -> Result<Vec<Event>, Refusal> {
    let (id, to) = (fields.needed("MessageSid")?, fields.needed("To")?);
    let (from, error) = (fields.text("From")?.unwrap_or_default(), fields.text("ErrorCode")?);
    is_sms([&*to, &*from])?;
    Ok(vec![Status { id: &id, to: &to, from: &from, word, error: error.as_deref() }.event()])
}
