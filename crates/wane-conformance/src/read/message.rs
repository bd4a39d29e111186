//! A request of a case: what it is made of, and how it is signed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use wane_plugin_host::call::InputKind;

use super::section::Section;
use super::{Fault, quoted};
use crate::case::{Message, SCHEMES, SignScheme, SignatureFault, Signer, Signing};
use crate::wire;

const KEYS: [&str; 14] = [
    "method",
    "url",
    "headers",
    "now_ms",
    "kind",
    "account",
    "sign",
    "signature",
    "text",
    "json",
    "form",
    "base64",
    "gzip",
    "times",
];
const BODIES: [&str; 4] = ["text", "json", "form", "base64"];
const SIGN: [&str; 8] = ["scheme", "secret", "key", "key_encoding", "header", "prefix", "encoding", "claims"];

/// A request without anything.
pub(super) fn blank() -> Message {
    Message {
        method: "POST".to_owned(),
        url: "/".to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
        gzip: false,
        now_ms: None,
        kind: None,
        account: String::new(),
        sign: Signing::default(),
    }
}

/// Reads the request under that key; what it does not say is as in `defaults`.
pub(super) fn message(outer: &Section<'_>, key: &'static str, defaults: Option<&Message>) -> Result<Message, Fault> {
    let mut message = defaults.cloned().unwrap_or_else(blank);
    let Some(section) = outer.section(key, "a request", &KEYS)? else { return Ok(message) };
    if let Some(method) = section.text("method")? {
        method.clone_into(&mut message.method);
    }
    if let Some(url) = section.text("url")? {
        url.clone_into(&mut message.url);
    }
    for (name, value) in headers(&section)? {
        let new = |(_, other): &(usize, &(String, String))| other.0 == name;
        let inherited = defaults.map_or(0, |defaults| defaults.headers.len());
        if let Some((index, _)) = message.headers.iter().take(inherited).enumerate().find(new) {
            message.headers.remove(index);
        }
        message.headers.push((name, value));
    }
    message.now_ms = section.number("now_ms")?.or(message.now_ms);
    message.kind = section.word("kind", &KINDS)?.or(message.kind);
    if let Some(account) = section.text("account")? {
        account.clone_into(&mut message.account);
    }
    if let Some(scheme) = signer(&section)? {
        message.sign.scheme = scheme;
    }
    message.sign.fault = signature_fault(&section)?.unwrap_or_default();
    if let Some(body) = body(&section, &mut message.headers)? {
        let times = section.bounded("times", 1, 100_000)?.unwrap_or(1);
        message.body = body.repeat(usize::try_from(times).unwrap_or(1));
    }
    message.gzip = section.flag("gzip")?;
    Ok(message)
}

const KINDS: [(&str, InputKind); 3] =
    [("webhook", InputKind::Webhook), ("handshake", InputKind::Handshake), ("client-frame", InputKind::ClientFrame)];

const FAULTS: [(&str, SignatureFault); 10] = [
    ("good", SignatureFault::None),
    ("missing", SignatureFault::Missing),
    ("twice", SignatureFault::Twice),
    ("empty", SignatureFault::Empty),
    ("cut", SignatureFault::Cut),
    ("longer", SignatureFault::Longer),
    ("other-key", SignatureFault::OtherKey),
    ("other-body", SignatureFault::OtherBody),
    ("other-prefix", SignatureFault::OtherPrefix),
    ("upper-case", SignatureFault::UpperCase),
];

fn signature_fault(section: &Section<'_>) -> Result<Option<SignatureFault>, Fault> {
    section.word("signature", &FAULTS)
}

fn headers(section: &Section<'_>) -> Result<Vec<(String, String)>, Fault> {
    let mut headers = Vec::new();
    for (name, value) in section.object("headers")? {
        let name = name.to_ascii_lowercase();
        match value {
            Value::String(value) => headers.push((name, value)),
            Value::Array(values) if values.iter().all(Value::is_string) => {
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                headers.extend(values.iter().map(|value| (name.clone(), text(value))));
            }
            Value::Array(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {
                return Err(section.fault(format!("the header `{name}` must be a text or a list of texts"), ""));
            }
        }
    }
    Ok(headers)
}

/// The body in one of its forms; a form of fields brings its content type.
fn body(section: &Section<'_>, headers: &mut Vec<(String, String)>) -> Result<Option<Vec<u8>>, Fault> {
    let given: Vec<&str> = BODIES.into_iter().filter(|key| section.get(key).is_some()).collect();
    let key = match given.as_slice() {
        [] => return Ok(None),
        [key] => *key,
        _ => return Err(section.fault(format!("a body is given as {}", quoted(&given)), "give it once")),
    };
    let kind = match key {
        "json" => "application/json",
        "form" => "application/x-www-form-urlencoded",
        _ => "",
    };
    if !kind.is_empty() && !headers.iter().any(|(name, _)| name == "content-type") {
        headers.push(("content-type".to_owned(), kind.to_owned()));
    }
    let body = match key {
        "json" => json(section)?,
        "form" => wire::form(&section.json("form")?.unwrap_or_default())
            .ok_or_else(|| section.fault("`form` must be a table of texts, or a list of pairs", ""))?,
        "base64" => STANDARD
            .decode(section.needed("base64")?)
            .map_err(|error| section.fault(format!("`base64` is not: {error}"), ""))?,
        _ => section.text("text")?.unwrap_or_default().as_bytes().to_vec(),
    };
    Ok(Some(body))
}

/// JSON as a text is kept as it stands, but must be JSON; as TOML it is written without blanks.
fn json(section: &Section<'_>) -> Result<Vec<u8>, Fault> {
    let value = section.json("json")?.unwrap_or_default();
    let Value::String(text) = value else { return Ok(value.to_string().into_bytes()) };
    match serde_json::from_str::<Value>(&text) {
        Ok(_) => Ok(text.into_bytes()),
        Err(error) => Err(section.fault(format!("`json` is not: {error}"), "a body that must be wrong is a `text`")),
    }
}

fn signer(section: &Section<'_>) -> Result<Option<Signer>, Fault> {
    let Some(value) = section.get("sign") else { return Ok(None) };
    if let Some(usual) = value.get_ref().as_bool() {
        return Ok(Some(if usual { Signer::Usual } else { Signer::Nobody }));
    }
    scheme(section).map(|scheme| scheme.map(Signer::Own))
}

/// Reads the table `sign`.
pub(super) fn scheme(outer: &Section<'_>) -> Result<Option<SignScheme>, Fault> {
    let Some(section) = outer.section("sign", "`sign`", &SIGN)? else { return Ok(None) };
    let names = SCHEMES.map(|name| (name, name));
    let scheme = section.word("scheme", &names)?;
    let scheme = scheme.ok_or_else(|| section.fault("`sign` needs `scheme`", quoted(&SCHEMES)))?;
    let (header, prefix, base64) = usual(scheme);
    let encodings = [("hex", false), ("base64", true)];
    Ok(Some(SignScheme {
        scheme: scheme.to_owned(),
        secret: section.text("secret")?.unwrap_or_default().to_owned(),
        key: section.text("key")?.map(str::to_owned),
        key_base64: section.word("key_encoding", &[("text", false), ("base64", true)])?.unwrap_or_default(),
        header: section.text("header")?.unwrap_or(header).to_ascii_lowercase(),
        prefix: section.text("prefix")?.unwrap_or(prefix).to_owned(),
        base64: section.word("encoding", &encodings)?.unwrap_or(base64),
        claims: section.object("claims")?,
    }))
}

/// Header, prefix and whether it is base64, where a scheme has usual ones.
fn usual(scheme: &str) -> (&'static str, &'static str, bool) {
    match scheme {
        "twilio-sha1" | "twilio-sha256" => ("x-twilio-signature", "", true),
        "jwt-hs256" | "bearer" => ("authorization", "Bearer ", true),
        _ => ("", "", false),
    }
}
