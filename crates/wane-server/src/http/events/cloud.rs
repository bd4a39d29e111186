//! CloudEvents 1.0, structured JSON: the event is the envelope's `data`, and what it leaves out comes from the envelope:
//! `id`, `time` as `at`, `subject` as `conversation`, and `type`, with or without `wane.` before it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::value::RawValue;
use wane_core::event::Event;
use wane_core::signal::EventType;
use wane_wire::error::EventError;

type Fields<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

/// Reads one envelope.
pub(super) fn parse(text: &str) -> Result<Event, EventError> {
    let envelope: Fields<'_> = serde_json::from_str(text)
        .map_err(|error| EventError::new("", format!("a CloudEvent is a JSON object: {error}")))?;
    for needed in ["specversion", "id", "source", "type"] {
        string(&envelope, needed)?;
    }
    if string(&envelope, "specversion")? != "1.0" {
        return Err(EventError::new("specversion", "only version `1.0` of CloudEvents is known"));
    }
    let data = data(&envelope)?;
    let mut event = String::from("{");
    for (key, said) in [("id", "id"), ("at", "time"), ("conversation", "subject"), ("type", "type")] {
        let Some(value) = envelope.get(said).filter(|_| !data.contains_key(key)) else { continue };
        let value = if key == "type" { kind(&string(&envelope, said)?)? } else { Cow::Borrowed(value.get()) };
        separate(&mut event);
        let _ = write!(event, "\"{key}\":{value}");
    }
    for (key, value) in &data {
        separate(&mut event);
        let key = serde_json::to_string(key).unwrap_or_default();
        let _ = write!(event, "{key}:{}", value.get());
    }
    event.push('}');
    // The place in this text would say nothing to its sender.
    wane_wire::event::parse(&event).map_err(|error| EventError { offset: 0, ..error })
}

fn separate(text: &mut String) {
    if text.len() > 1 {
        text.push(',');
    }
}

fn data<'a>(envelope: &Fields<'a>) -> Result<Fields<'a>, EventError> {
    if envelope.contains_key("data_base64") {
        return Err(EventError::new("data_base64", "the event is a JSON object").help("send it as `data`"));
    }
    let Some(data) = envelope.get("data") else { return Ok(Fields::new()) };
    serde_json::from_str(data.get()).map_err(|_| EventError::new("data", "`data` must be an object: the event"))
}

fn string<'a>(envelope: &Fields<'a>, key: &str) -> Result<Cow<'a, str>, EventError> {
    let Some(value) = envelope.get(key) else {
        return Err(EventError::new(key, format!("the field `{key}` is missing")).help("a CloudEvent needs it"));
    };
    let text: Option<String> = serde_json::from_str(value.get()).ok();
    let text = text.filter(|text| !text.is_empty());
    text.map(Cow::Owned).ok_or_else(|| EventError::new(key, format!("`{key}` must be a text that is not empty")))
}

/// The event's type as JSON. With `wane.` before it, a wrong one is explained by the reader of events.
fn kind(said: &str) -> Result<Cow<'static, str>, EventError> {
    let ours = EventType::parse(said).is_some() || said.starts_with("x.");
    let Some(kind) = said.strip_prefix("wane.").or(Some(said).filter(|_| ours)) else {
        let help = "write `message` or `wane.message`, for example, or put a `type` into `data`";
        return Err(EventError::new("type", format!("`{said}` is no event of Wane")).help(help));
    };
    Ok(Cow::Owned(serde_json::to_string(kind).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENVELOPE: &str = r#""specversion":"1.0","id":"e1","source":"shop","time":"2026-03-01T09:00:00Z""#;

    #[test]
    fn what_data_leaves_out_comes_from_the_envelope() {
        let text = format!(
            r#"{{{ENVELOPE},"type":"wane.message","subject":"c1","data":{{"role":"customer","channel":"web"}}}}"#
        );
        let plain = r#"{"id":"e1","type":"message","conversation":"c1","at":"2026-03-01T09:00:00Z","role":"customer","channel":"web"}"#;
        assert_eq!(parse(&text), wane_wire::event::parse(plain));
    }

    #[test]
    fn the_type_needs_no_prefix() {
        for (kind, meant) in [("message", "message"), ("x.returned", "x.returned"), ("wane.x.returned", "x.returned")] {
            let text = format!(r#"{{{ENVELOPE},"type":"{kind}","subject":"c1"}}"#);
            let plain = format!(r#"{{"id":"e1","type":"{meant}","conversation":"c1","at":"2026-03-01T09:00:00Z"}}"#);
            assert_eq!(parse(&text), wane_wire::event::parse(&plain));
        }
    }

    #[test]
    fn what_data_says_goes_first() {
        let text = format!(
            r#"{{{ENVELOPE},"type":"com.shop.said","subject":"c1","data":{{"id":"own","type":"message","conversation":"c2"}}}}"#
        );
        let event = parse(&text).expect("valid");
        assert_eq!((event.id.as_deref(), &*event.conversation), (Some("own"), "c2"));
    }

    #[test]
    fn what_is_no_cloud_event_is_named() {
        for (text, field) in [
            (r#"{"specversion":"1.0","id":"e1","source":"s"}"#.to_owned(), "type"),
            (format!(r#"{{{ENVELOPE},"type":"com.shop.said","subject":"c1"}}"#), "type"),
            (format!(r#"{{{ENVELOPE},"type":"wane.mesage","subject":"c1"}}"#), "type"),
            (format!(r#"{{{ENVELOPE},"type":"wane.message"}}"#), "conversation"),
            (format!(r#"{{{ENVELOPE},"type":"wane.message","subject":"c1","data":"hello"}}"#), "data"),
            (format!(r#"{{{ENVELOPE},"type":"wane.message","subject":"c1","data_base64":"aGVsbG8="}}"#), "data_base64"),
            (r#"{"specversion":"0.3","id":"e1","source":"s","type":"wane.message"}"#.to_owned(), "specversion"),
        ] {
            assert_eq!(parse(&text).expect_err(&text).field, field, "{text}");
        }
    }
}
