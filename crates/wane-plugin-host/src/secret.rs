//! Secrets: never printed, wiped when dropped, put into requests at the last moment.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use zeroize::Zeroizing;

use crate::call::Request;
use crate::manifest::{Manifest, Place};

const OPEN: &str = "{{secret:";
const CLOSE: &str = "}}";

/// A secret. Neither `Debug` nor anything else shows it.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// The secret itself, for whoever needs it. Do not keep it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        use subtle::ConstantTimeEq;
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

/// The secrets of one channel.
pub(crate) type Secrets = BTreeMap<String, Secret>;

/// What is wrong with a request's placeholders, if anything: a secret that is not declared, not given, or in a place where
/// the manifest does not put it.
pub(crate) fn check(request: &Request, manifest: &Manifest, secrets: &Secrets) -> Result<(), String> {
    if has_placeholder(&request.method) || request.headers.iter().any(|(name, _)| has_placeholder(name)) {
        return Err("a placeholder of a secret stands where no secret belongs".to_owned());
    }
    names(&request.url).try_for_each(|name| allowed(name, Place::Url, manifest, secrets))?;
    names(&request.body).try_for_each(|name| allowed(name, Place::Body, manifest, secrets))?;
    let mut values = request.headers.iter().flat_map(|(_, value)| names(value));
    values.try_for_each(|name| allowed(name, Place::Header, manifest, secrets))
}

fn allowed(name: &str, place: Place, manifest: &Manifest, secrets: &Secrets) -> Result<(), String> {
    let Some(need) = manifest.secret(name) else {
        return Err("a request names a secret that the manifest does not declare".to_owned());
    };
    if !need.places.contains(&place) {
        return Err(format!("the secret `{name}` stands in the {}; the manifest does not put it there", place.name()));
    }
    // A token that the host makes is there when its key is.
    let given = need.jwt.as_ref().map_or(name, |jwt| jwt.key.as_str());
    if secrets.contains_key(given) { Ok(()) } else { Err(format!("the secret `{name}` is needed and not configured")) }
}

/// The request with its secrets in it. Each goes in as its place needs it: percent-encoded into an address or a form, escaped
/// into JSON, as it is into a header, except that `Basic USER:PASSWORD` is encoded as a whole (RFC 7617).
pub(crate) fn expand(request: &Request, secrets: &Secrets) -> Request {
    let body = match content_type(request) {
        Some(kind) if kind.contains("json") => json,
        Some(kind) if kind.contains("x-www-form-urlencoded") => percent,
        _ => raw,
    };
    let headers = request.headers.iter().map(|(name, value)| (name.clone(), credentials(value, secrets)));
    Request {
        method: request.method.clone(),
        url: filled(&request.url, secrets, percent),
        headers: headers.collect(),
        body: filled(&request.body, secrets, body),
    }
}

/// The value of a header. `Basic` without a placeholder is encoded already: the plugin knew all of it.
fn credentials(value: &str, secrets: &Secrets) -> String {
    match value.strip_prefix("Basic ") {
        Some(pair) if has_placeholder(pair) => {
            let pair = Zeroizing::new(filled(pair, secrets, raw));
            format!("Basic {}", STANDARD.encode(pair.as_bytes()))
        }
        _ => filled(value, secrets, raw),
    }
}

/// Makes every placeholder in a text of the effect harmless: whoever can put words into an effect must not get at a secret.
pub(crate) fn disarm(value: &mut Value) {
    match value {
        Value::String(text) if has_placeholder(text) => *text = text.replace(OPEN, "{ {secret:"),
        Value::Array(values) => values.iter_mut().for_each(disarm),
        Value::Object(fields) => fields.values_mut().for_each(disarm),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn has_placeholder(text: &str) -> bool {
    text.contains(OPEN)
}

/// The names in the placeholders of a text. One that is not closed has the name of all that follows.
fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split(OPEN).skip(1).map(|rest| rest.split_once(CLOSE).map_or(rest, |(name, _)| name))
}

fn filled(text: &str, secrets: &Secrets, encode: fn(&str) -> String) -> String {
    let mut parts = text.split(OPEN);
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let known = part.split_once(CLOSE).and_then(|(name, rest)| Some((secrets.get(name)?, rest)));
        match known {
            Some((secret, rest)) => whole.extend([encode(secret.reveal()).as_str(), rest]),
            None => whole.extend([OPEN, part]),
        }
    }
    whole
}

fn content_type(request: &Request) -> Option<String> {
    let header = request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"))?;
    Some(header.1.to_ascii_lowercase())
}

fn raw(secret: &str) -> String {
    secret.to_owned()
}

fn json(secret: &str) -> String {
    let quoted = Value::from(secret).to_string();
    quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or_default().to_owned()
}

fn percent(secret: &str) -> String {
    let mut text = String::with_capacity(secret.len());
    for byte in secret.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => text.push(char::from(byte)),
            // Writing to a text does not fail.
            _ => drop(write!(text, "%{byte:02X}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets() -> Secrets {
        BTreeMap::from([("token".to_owned(), Secret::from("a\"b c")), ("evil".to_owned(), "{{secret:token}}".into())])
    }

    fn request(url: &str, kind: &str, body: &str) -> Request {
        let headers =
            vec![("Content-Type".to_owned(), kind.to_owned()), ("A".to_owned(), "Bearer {{secret:token}}".to_owned())];
        Request { method: "POST".to_owned(), url: url.to_owned(), headers, body: body.to_owned() }
    }

    #[test]
    fn secrets_go_in_as_their_place_needs_it() {
        let expanded = expand(
            &request("https://x/{{secret:token}}/y", "application/json", r#"{"t":"{{secret:token}}"}"#),
            &secrets(),
        );
        assert_eq!(expanded.url, "https://x/a%22b%20c/y");
        assert_eq!(expanded.body, r#"{"t":"a\"b c"}"#);
        assert_eq!(expanded.headers[1].1, "Bearer a\"b c");
        let form = expand(&request("", "application/x-www-form-urlencoded", "t={{secret:token}}&u=1"), &secrets());
        assert_eq!(form.body, "t=a%22b%20c&u=1");
    }

    #[test]
    fn basic_credentials_are_encoded_with_the_secret_in_them() {
        let value = |text: &str| {
            let headers = vec![("Authorization".to_owned(), text.to_owned())];
            let request = Request { headers, ..request("", "text/plain", "") };
            expand(&request, &secrets()).headers.swap_remove(0).1
        };
        assert_eq!(value("Basic AC1:{{secret:token}}"), "Basic QUMxOmEiYiBj");
        assert_eq!(value("Basic QUMx"), "Basic QUMx", "encoded already");
        assert_eq!(value("Bearer {{secret:token}}"), "Bearer a\"b c");
    }

    #[test]
    fn what_is_no_known_placeholder_stays() {
        for text in ["{{secret:nobody}}", "{{secret:token", "{{secret:", "}}{{", "{{secret:{{secret:"] {
            assert_eq!(expand(&request("", "text/plain", text), &secrets()).body, text);
        }
    }

    #[test]
    fn a_secret_is_not_looked_into() {
        assert_eq!(expand(&request("", "text/plain", "{{secret:evil}}"), &secrets()).body, "{{secret:token}}");
    }

    #[test]
    fn words_of_an_effect_are_no_placeholders() {
        let mut effect =
            serde_json::json!({ "text": "say {{secret:token}}", "list": [{ "a": "{{secret:token}}" }], "n": 1 });
        disarm(&mut effect);
        assert!(!effect.to_string().contains(OPEN));
    }

    #[test]
    fn nothing_shows_a_secret() {
        assert_eq!(format!("{:?}", secrets()), r#"{"evil": Secret(…), "token": Secret(…)}"#);
    }
}
