//! Events out of a body: one or many, plain or in envelopes of CloudEvents.

use axum::body::Bytes;
use serde_json::value::RawValue;
use wane_core::event::Event;
use wane_wire::error::EventError;

use super::cloud;
use crate::http::extract::json_problem;
use crate::http::problem::{Fault, Kind, Problem};

/// The most events in one request.
pub(super) const MOST: usize = 1_000;

/// The largest event, in bytes of its JSON: many of them must fit into one block of the log, with all that comes of them.
const EVENT_BYTES: usize = 64 << 10;

/// The longest id and name of a conversation, in bytes: they are in every record, in cursors and in paths.
const NAME_BYTES: usize = 256;

/// The form of a body, by its media type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// One event, or a list of them.
    Plain,
    /// One CloudEvent.
    Cloud,
    /// A list of CloudEvents.
    CloudBatch,
}

impl Form {
    pub(super) fn of(media_type: &str) -> Result<Self, Problem> {
        match media_type {
            "application/json" => Ok(Self::Plain),
            "application/cloudevents+json" => Ok(Self::Cloud),
            "application/cloudevents-batch+json" => Ok(Self::CloudBatch),
            other => {
                let detail = format!("events are not taken as `{}`", crate::http::extract::short(other));
                let help =
                    "send `application/json`, `application/cloudevents+json` or `application/cloudevents-batch+json`";
                Err(Problem::new(Kind::Unsupported, detail).help(help))
            }
        }
    }
}

/// The events of a request.
#[derive(Debug)]
pub(super) struct Events {
    pub(super) events: Vec<Event>,
    /// Whether the body was one event and no list: so is the answer.
    pub(super) single: bool,
}

/// Reads all events of a body, or says what is wrong with the first that can not be read.
pub(super) fn events(form: Form, body: &Bytes) -> Result<Events, Problem> {
    let text = std::str::from_utf8(body).map_err(|error| {
        let detail = format!("the body is not UTF-8 at byte {}", error.valid_up_to());
        Problem::new(Kind::BadBody, detail)
    })?;
    let list = match form {
        Form::Plain => text.trim_start().starts_with('['),
        Form::Cloud => false,
        Form::CloudBatch => true,
    };
    let one: fn(&str) -> Result<Event, EventError> =
        if form == Form::Plain { wane_wire::event::parse } else { cloud::parse };
    if list {
        return batch(text, one);
    }
    let item = text.trim();
    let event = bounded(item, one).map_err(|error| wrong((text, item), None, error))?;
    Ok(Events { events: vec![event], single: true })
}

fn batch(text: &str, one: fn(&str) -> Result<Event, EventError>) -> Result<Events, Problem> {
    let items: Vec<&RawValue> = serde_json::from_str(text).map_err(|error| json_problem(&error))?;
    if items.len() > MOST {
        let detail = format!("a request has at most {MOST} events, this one has {}", items.len());
        return Err(Problem::new(Kind::BadBody, detail).help("send it in parts"));
    }
    let mut events = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let event = bounded(item.get(), one);
        events.push(event.map_err(|error| wrong((text, item.get()), Some(index), error))?);
    }
    Ok(Events { events, single: false })
}

/// Reads one event of a bounded size.
fn bounded(text: &str, one: fn(&str) -> Result<Event, EventError>) -> Result<Event, EventError> {
    if text.len() > EVENT_BYTES {
        let message = format!("an event has at most {EVENT_BYTES} bytes, this one has {}", text.len());
        return Err(EventError::new("", message));
    }
    let event = one(text)?;
    for (field, name) in [("id", event.id.as_deref()), ("conversation", Some(&*event.conversation))] {
        if name.is_some_and(|name| name.len() > NAME_BYTES) {
            return Err(EventError::new(field, format!("`{field}` is longer than {NAME_BYTES} bytes")));
        }
    }
    Ok(event)
}

fn wrong((body, item): (&str, &str), index: Option<usize>, error: EventError) -> Problem {
    // Both are slices of one text, so the addresses differ by the offset.
    let start = item.as_ptr().addr().saturating_sub(body.as_ptr().addr());
    let before = body.get(..(start + error.offset).min(body.len())).unwrap_or(body);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, str::len) + 1;
    let which = index.map_or_else(|| "the event".to_owned(), |index| format!("event {index}"));
    let kind = if error.field.is_empty() && index.is_none() { Kind::BadBody } else { Kind::BadEvent };
    let problem = Problem::new(kind, format!("{which}, line {line} column {column}: {}", error.message));
    let problem = if let Some(help) = &error.help { problem.help(help.as_str()) } else { problem };
    let (line, column) = (Some(line), Some(column));
    problem.fault(Fault { index, field: error.field, message: error.message, help: error.help, line, column })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(form: Form, text: &str) -> Result<Events, Problem> {
        events(form, &Bytes::copy_from_slice(text.as_bytes()))
    }

    #[test]
    fn one_event_and_a_list_of_one_are_told_apart() {
        let one = r#"{"type":"message","conversation":"c1"}"#;
        assert!(read(Form::Plain, one).expect("valid").single);
        let list = read(Form::Plain, &format!(" [{one}]")).expect("valid");
        assert!(!list.single);
        assert_eq!(list.events.len(), 1);
        assert_eq!(read(Form::Plain, "[]").expect("valid").events.len(), 0);
    }

    #[test]
    fn a_wrong_event_is_named_by_its_place() {
        let text =
            "[\n  {\"type\":\"message\",\"conversation\":\"c1\"},\n  {\"type\":\"mesage\",\"conversation\":\"c1\"}\n]";
        let problem = read(Form::Plain, text).expect_err("no such type");
        assert_eq!(problem.kind, Kind::BadEvent);
        let fault = &problem.errors[0];
        assert_eq!((fault.index, fault.field.as_str()), (Some(1), "type"));
        assert_eq!((fault.line, fault.column), (Some(3), Some(11)));
        assert_eq!(fault.help.as_deref(), Some("did you mean `message`?"));
    }

    #[test]
    fn what_is_no_json_is_a_bad_body() {
        for text in ["", "nonsense", "[1,", "{\"type\":", "7", "\"x\"", "null"] {
            let problem = read(Form::Plain, text).expect_err(text);
            assert_eq!(problem.kind, Kind::BadBody, "{text}: {problem:?}");
        }
        let problem = events(Form::Plain, &Bytes::from_static(b"{\"type\":\"\xff\"}")).expect_err("not UTF-8");
        assert_eq!(problem.kind, Kind::BadBody);
        assert_eq!(read(Form::Plain, "[7]").expect_err("no object").kind, Kind::BadEvent);
    }

    #[test]
    fn a_request_has_a_thousand_events_at_most() {
        let one = r#"{"type":"message","conversation":"c1"}"#;
        let list = |count: usize| format!("[{}]", vec![one; count].join(","));
        assert_eq!(read(Form::Plain, &list(MOST)).expect("valid").events.len(), MOST);
        assert_eq!(read(Form::Plain, &list(MOST + 1)).expect_err("one too many").kind, Kind::BadBody);
    }

    #[test]
    fn an_event_has_a_size_and_its_names_a_length() {
        let event = |id: usize, text: usize| {
            let (id, text) = ("i".repeat(id), "x".repeat(text));
            format!(r#"{{"id":"{id}","type":"message","conversation":"c1","attributes":{{"note":"{text}"}}}}"#)
        };
        assert!(read(Form::Plain, &event(NAME_BYTES, 60_000)).is_ok());
        assert_eq!(read(Form::Plain, &event(NAME_BYTES + 1, 1)).expect_err("too long").errors[0].field, "id");
        assert!(read(Form::Plain, &event(1, EVENT_BYTES)).is_err());
        let list = format!("[{}]", event(1, EVENT_BYTES));
        assert_eq!(read(Form::Plain, &list).expect_err("too large").errors[0].index, Some(0));
    }

    #[test]
    fn very_deep_json_is_refused() {
        let deep = format!("[{}{}]", "[".repeat(100_000), "]".repeat(100_000));
        assert!(read(Form::Plain, &deep).is_err());
        let deep = format!("{{\"type\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(read(Form::Plain, &deep).is_err());
    }
}
