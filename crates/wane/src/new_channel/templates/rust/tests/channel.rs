//! What comes in, what goes out, and what is refused. The host that stands in here needs no network and checks no
//! signature; `wane plugin translate` and `wane conformance` use the real one.

use serde_json::json;
use wane_channel_pager::Codec;
use wane_plugin::testing::{FakeHost, FakeInput, effect};

fn host() -> FakeHost<Codec> {
    FakeHost::new(json!({ "account": "shop" })).expect("the config fits")
}

fn webhook(body: impl Into<Vec<u8>>) -> FakeInput {
    FakeInput::webhook(body)
}

/// The words of the refusal.
fn refused(body: &str) -> String {
    host().translate(&webhook(body)).expect_err("refused").to_string()
}

#[test]
fn the_sample_is_a_message() {
    let said = host().translate(&webhook(include_str!("../samples/message/body.bin"))).expect("translated");
    let [event] = said.events.as_slice() else { panic!("one event, not {:?}", said.events) };
    assert_eq!((event.event_type.as_str(), event.role.as_deref()), ("message", Some("customer")));
    assert_eq!((event.id.as_deref(), event.address.as_str()), (Some("m-1"), "u-77"));
    assert_eq!((event.at_ms, event.activity), (Some(1_772_355_600_250), Some(true)));
}

#[test]
fn every_event_of_a_batch_counts_in_its_order() {
    let events = ["text", "typing", "read", "hologram"].map(|kind| {
        json!({ "id": format!("e-{kind}"), "type": kind, "from": "u-77", "at_ms": 5, "text": "hi", "message": "m-0" })
    });
    let said = host().translate(&webhook(json!({ "events": events }).to_string())).expect("translated");
    let kinds: Vec<_> = said.events.iter().map(|event| (event.event_type.as_str(), event.activity)).collect();
    let quiet = Some(false);
    assert_eq!(kinds, [("message", Some(true)), ("typing", quiet), ("receipt", quiet), ("ignored", quiet)]);
}

#[test]
fn what_is_wrong_is_refused_whole() {
    assert!(refused("{").starts_with("malformed: JSON that ends too early"));
    assert!(refused(r#"{"events":7}"#).starts_with("malformed: JSON of another shape"));
    let good = json!({ "id": "1", "type": "text", "from": "u", "at_ms": 5, "text": "hi" });
    for (name, wrong) in [("id", json!("")), ("from", json!("")), ("at_ms", json!(-1)), ("text", json!(null))] {
        let mut bad = good.clone();
        bad[name] = wrong;
        assert!(refused(&json!({ "events": [good, bad] }).to_string()).starts_with("malformed"), "{name}");
    }
}

#[test]
fn a_notice_becomes_a_request() {
    let said = host().render(effect("notice", "Still there?", "u-77", 0)).expect("rendered");
    let [request] = said.requests.as_slice() else { panic!("one request, not {said:?}") };
    assert_eq!(request.headers[0], ("Authorization".to_owned(), "Bearer {{secret:token}}".to_owned()));
    let body: serde_json::Value = serde_json::from_str(&request.body).expect("JSON");
    assert_eq!(body, json!({ "account": "shop", "to": "u-77", "text": "Still there?" }));
}

#[test]
fn without_a_text_nothing_is_sent() {
    let said = host().render(json!({ "effect": "notice", "to": "u-77", "now_ms": 0 })).expect("rendered");
    assert_eq!(said.suppressed.as_deref(), Some("there is no text to send"));
}
