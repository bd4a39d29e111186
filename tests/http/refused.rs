//! A client that is refused hears the same when it asks again.

use serde_json::{Value, json};
use wane_tests::daemon::Daemon;

#[test]
fn a_repeat_of_a_refused_event_says_why_like_the_first_answer() {
    let place = tempfile::tempdir().expect("a directory");
    let daemon = Daemon::start(&place.path().join("data"), &["--clock", "manual"]);
    let set = |now: &str| assert_eq!(daemon.post("admin", "/v1/clock", &json!({ "now": now })).status, 200);
    let send = |event: Value| daemon.post("events:write", "/v1/events", &event).json;
    set("2026-03-01T09:00:00Z");
    send(json!({ "id": "e1", "type": "session.started", "conversation": "c1", "channel": "web" }));
    send(json!({ "id": "e2", "type": "token.issued", "conversation": "c1", "authenticated": false }));
    set("2026-03-01T10:00:00Z");
    let message = json!({ "id": "e3", "type": "message", "role": "customer", "conversation": "c1" });
    let first = send(message.clone());
    assert_eq!((&first["outcome"], &first["why"]["code"]), (&json!("refused"), &json!("new-conversation-required")));
    let again = send(message);
    assert_eq!((&again["outcome"], &again["duplicate"]), (&json!("duplicate"), &json!(true)));
    assert_eq!((&again["why"], &again["effects"]), (&first["why"], &first["effects"]));
}
