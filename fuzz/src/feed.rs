//! What one input of the fuzzer does to a plugin: the entry that the fuzz targets and `mutants.rs` share.
//!
//! An input is a line and a body. The line is `effect`, and the body an effect in JSON; or it is a JSON object with what
//! `request.json` of the cases has (`method`, `path`, `url`, `query`, `headers`, `now_ms`), and the body that of a request.
//! Whatever comes, the plugin gives a refusal or something that the host takes, and the same each time; it does not panic
//! and reports no fault. What is signed by its own scheme is signed anew, so that changes get behind the signature.

use serde_json::{Map, Value};
use wane_plugin::testing::{FakeHost, FakeInput};
use wane_plugin::{Channel, Kind, Refusal, Request};

/// How a plugin is tried.
pub(crate) struct Target {
    /// Its config, secrets that reach it among them.
    pub(crate) config: Value,
    /// Signs a request that was changed; nothing where the host checks the signature.
    pub(crate) sign: fn(&mut FakeInput),
}

/// What a plugin took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fed {
    /// It gave events, a reply or requests, or had a reason to send nothing.
    Taken,
    /// It refused, as data.
    Refused,
}

/// Hands an input to the plugin.
///
/// # Panics
/// When the plugin does, reports a fault, gives what the host does not take, or something else the second time.
pub(crate) fn feed<C: Channel>(target: &Target, data: &[u8]) -> Fed {
    let line = data.iter().position(|&byte| byte == b'\n').unwrap_or(data.len());
    let (line, body) = (&data[..line], data.get(line + 1..).unwrap_or_default());
    if line == b"effect" { rendered::<C>(target, body) } else { translated::<C>(target, line, body) }
}

fn translated<C: Channel>(target: &Target, line: &[u8], body: &[u8]) -> Fed {
    let mut input = request(&serde_json::from_slice(line).unwrap_or_default(), body);
    (target.sign)(&mut input);
    let said = host::<C>(target).translate(&input);
    assert_eq!(said, host::<C>(target).translate(&input), "the same gives the same");
    said.map_or_else(refused, |said| {
        assert!(said.events.len() <= 1_000, "{} events", said.events.len());
        for event in &said.events {
            assert!(event.check().is_ok() && event.event_type.len() <= 64, "{event:?}");
        }
        assert!(said.reply.is_none_or(|reply| (200..=599).contains(&reply.status)), "a reply with a status");
        said.refusal.map_or(Fed::Taken, refused)
    })
}

fn rendered<C: Channel>(target: &Target, body: &[u8]) -> Fed {
    // The host hands over nothing but objects with an instant.
    let Ok(effect) = serde_json::from_slice::<Map<String, Value>>(body) else { return Fed::Refused };
    let effect = Value::Object(effect);
    let said = host::<C>(target).render(effect.clone());
    assert_eq!(said, host::<C>(target).render(effect), "the same gives the same");
    said.map_or_else(refused, |said| {
        assert!(said.requests.len() <= 16, "{} requests", said.requests.len());
        said.requests.iter().for_each(sendable);
        Fed::Taken
    })
}

/// A request that the host would send.
fn sendable(request: &Request) {
    assert!(request.url.starts_with("https://"), "`{}`", request.url);
    assert!(!request.url.chars().any(|c| c.is_control() || c == ' '), "`{}`", request.url);
    for (name, value) in &request.headers {
        assert!(!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':'), "`{name}`");
        assert!(!value.chars().any(|c| c.is_control() && c != '\t'), "`{name}: {value}`");
    }
}

fn host<C: Channel>(target: &Target) -> FakeHost<C> {
    FakeHost::new(target.config.clone()).unwrap_or_else(|why| panic!("the config fits: {why}"))
}

fn refused(refusal: Refusal) -> Fed {
    assert!(!matches!(refusal, Refusal::Fault(_) | Refusal::Limit), "{refusal}");
    Fed::Refused
}

fn request(about: &Value, body: &[u8]) -> FakeInput {
    let text = |name: &str| about[name].as_str().map(str::to_owned);
    let mut input = FakeInput::webhook(body);
    input.method = text("method").unwrap_or(input.method);
    input.kind = match input.method.as_str() {
        _ if about["path"].is_string() => Kind::ClientFrame,
        "GET" => Kind::Handshake,
        _ => Kind::Webhook,
    };
    input.path = text("path").unwrap_or(input.path);
    input.query = text("query").unwrap_or_default();
    if let Some(url) = text("url") {
        let (path, query) = url.split_once('?').unwrap_or((&url, ""));
        (input.path, input.query) = (path.to_owned(), query.to_owned());
    }
    input.received_at_ms = about["now_ms"].as_i64().unwrap_or(input.received_at_ms);
    for (name, value) in about["headers"].as_object().into_iter().flatten() {
        input = input.header(name, value.as_str().unwrap_or_default());
    }
    input
}
