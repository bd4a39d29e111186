//! Events from JSON: what is read, and what every mistake says.

use super::*;
use crate::EventJson;

const WHOLE: &str = r#"{"id":"e1","type":"session.started","by":"business","participant":"p","conversation":"c1","channel":"web","at":"2026-03-01T09:00:00.123Z","queue":"q","language":"de","authenticated":true,"participants":["bot"],"customer":{"tier":"vip"},"attributes":{"n":5,"on":true,"text":"a \"quoted\" one"}}"#;

#[test]
fn what_is_written_is_what_was_read() {
    let event = parse(WHOLE).unwrap();
    assert_eq!(serde_json::to_string(&EventJson(&event)).unwrap(), WHOLE);
    assert_eq!(event.role, Some(SignalRole::Business));
}

#[test]
fn an_unknown_field_is_an_attribute() {
    let event = parse(r#"{"type":"x.moved","conversation":"c","colour":"red","kind":"soft"}"#).unwrap();
    let names: Vec<&str> = event.facts.attributes.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, ["kind", "colour"]);
    assert_eq!(event.kind, EventKind::Custom("x.moved".into()));
}

/// Text, field, a part of the message, a part of the help, and what stands at the place.
const WRONG: &[(&str, &str, &str, &str, &str)] = &[
    (r#"{"conversation":"c"}"#, "type", "missing", "message", "{"),
    (r#"{"type":"message"}"#, "conversation", "missing", "conversation", "{"),
    (r#"{"type":"mesage","conversation":"c"}"#, "type", "unknown event type `mesage`", "`message`", "\"mesage\""),
    (r#"{"type":"zzzzzz","conversation":"c"}"#, "type", "unknown event type", "`x.`", "\"zzz"),
    (r#"{"type":"session.ended","conversation":"c"}"#, "type", "unknown event type", "engine", "\"session"),
    (r#"{"type":7,"conversation":"c"}"#, "type", "must be a text, not a number", "", "7"),
    (r#"{"type":"message","conversation":""}"#, "conversation", "empty", "", "\"\""),
    (r#"{"type":"message","conversation":"c","at":"yesterday"}"#, "at", "RFC 3339", "", "\"yes"),
    (r#"{"type":"message","conversation":"c","at":"+10000-01-01T00:00:00Z"}"#, "at", "`at` is", "", "\"+1"),
    (r#"{"type":"message","conversation":"c","at":"1969-12-31T23:59:59Z"}"#, "at", "1970 to 9999", "", "\"1969"),
    (r#"{"type":"message","conversation":"c","at":1772355600}"#, "at", "a text, not a number", "", "1772"),
    (r#"{"type":"message","conversation":"c","role":"custmer"}"#, "role", "`custmer`", "`customer`", "\"cust"),
    (r#"{"type":"message","conversation":"c","by":"customer"}"#, "by", "only `session.started`", "`role`", "\"cust"),
    (r#"{"type":"session.started","conversation":"c","role":"rep"}"#, "role", "no `role`", "`by`", "\"rep"),
    (r#"{"type":"receipt","conversation":"c","kind":"lost"}"#, "kind", "`lost`", "`sent`", "\"lost"),
    (r#"{"type":"message","conversation":"c","authenticated":"yes"}"#, "authenticated", "`true` or", "", "\"yes"),
    (r#"{"type":"message","conversation":"c","customer":{"a":1.5}}"#, "customer.a", "fraction", "", "1.5"),
    (r#"{"type":"message","conversation":"c","customer":["a"]}"#, "customer", "an object, not a list", "", "[\"a"),
    (r#"{"type":"message","conversation":"c","attributes":{"a":null}}"#, "attributes.a", "`null`", "leave out", "null"),
    (r#"{"type":"message","conversation":"c","text":{"a":"b"}}"#, "text", "not an object", "", "{\"a"),
    (r#"{"type":"session.started","conversation":"c","participants":["but"]}"#, "participants", "but", "`bot`", "[\"b"),
    (r#"{"type":"message","type":"message","conversation":"c"}"#, "", "`type` is there twice", "", ""),
    (r#"{"type":"message","conversation":"c","a":1,"attributes":{"a":2}}"#, "a", "twice: by itself", "once", "1,"),
    (r#"["type"]"#, "", "JSON object", "", ""),
    (r#"{"type":"message","#, "", "ends too early", "", ""),
    (r#"{"type":"message",}"#, "", "not JSON", "", "}"),
    ("nonsense", "", "not JSON", "", ""),
    ("", "", "ends too early", "", ""),
];

#[test]
fn every_mistake_names_its_field_its_place_and_what_would_be_right() {
    for (text, field, message, help, at) in WRONG {
        let error = parse(text).expect_err(text);
        assert_eq!(error.field, *field, "{text}");
        assert!(error.message.contains(message), "{text}: {}", error.message);
        assert!(error.help.clone().unwrap_or_default().contains(help), "{text}: {:?}", error.help);
        assert!(text[error.offset..].starts_with(at), "{text}: at {}", &text[error.offset..]);
    }
}

#[test]
fn a_line_needs_its_instant() {
    let error = parse_line(r#"{"type":"message","conversation":"c"}"#).unwrap_err();
    assert_eq!(error.field, "at");
    assert!(parse_line(WHOLE).is_ok());
}

#[test]
fn deep_nesting_is_refused_and_no_overflow() {
    let bomb = format!(r#"{{"type":"message","conversation":"c","a":{}1"#, "[".repeat(100_000));
    assert!(parse(&bomb).unwrap_err().message.contains("recursion"));
}
