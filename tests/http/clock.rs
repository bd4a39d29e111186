//! `--clock manual`: where it begins, and that it never goes back.

use std::path::Path;

use serde_json::json;
use wane_tests::daemon::Daemon;

fn start(place: &Path) -> Daemon {
    Daemon::start(&place.join("data"), &["--clock", "manual"])
}

fn set(daemon: &Daemon, now: &str) -> u16 {
    daemon.post("admin", "/v1/clock", &json!({ "now": now })).status
}

fn event(daemon: &Daemon, event: &str) -> serde_json::Value {
    let mut event: serde_json::Value = serde_json::from_str(event).expect("JSON");
    event["conversation"] = "c1".into();
    let answer = daemon.post("events:write", "/v1/events", &event);
    assert_eq!((answer.status, &answer.json["outcome"]), (200, &json!("applied")), "{}", answer.text);
    answer.json
}

#[test]
fn a_manual_clock_begins_where_it_is_told_and_never_goes_back_over_a_crash_and_a_stop() {
    let place = tempfile::tempdir().expect("a directory");
    let mut daemon = start(place.path());
    assert_eq!(set(&daemon, "2001-03-01T09:00:00Z"), 200);
    assert_eq!(set(&daemon, "2001-03-01T08:59:59Z"), 409, "it was set");
    event(&daemon, r#"{"id":"e1","type":"session.started","channel":"web"}"#);
    let joined = event(&daemon, r#"{"id":"e2","type":"participant.joined","role":"bot"}"#);
    assert_eq!(joined["effects"][0]["at"], "2001-03-01T09:00:00.000Z");
    assert_eq!(joined["next_deadline"], "2001-03-01T11:00:00.000Z", "the bot's two hours");
    assert_eq!(set(&daemon, "2001-03-01T10:00:00Z"), 200);
    // A crash leaves the log alone; a stop a snapshot, which is then what is read.
    daemon.process.kill();
    let mut daemon = start(place.path());
    assert_eq!(set(&daemon, "2001-03-01T09:59:59Z"), 409);
    daemon.process.stop();
    let daemon = start(place.path());
    assert_eq!(set(&daemon, "2001-03-01T09:59:59Z"), 409);
    assert_eq!(set(&daemon, "2001-03-01T10:59:59Z"), 200);
    let state = daemon.get("sessions:read", "/v1/sessions/c1/1").json;
    assert_eq!((&state["status"], &state["next_deadline"]), (&json!("active"), &joined["next_deadline"]));
    assert_eq!(set(&daemon, "2001-03-01T11:00:00Z"), 200);
    let decided = daemon.get("sessions:read", "/v1/decisions").json;
    assert_eq!(decided["decisions"][0]["decided_at"], "2001-03-01T11:00:00.000Z", "{decided}");
}

#[test]
fn it_does_not_go_back_behind_an_event() {
    let place = tempfile::tempdir().expect("a directory");
    let daemon = start(place.path());
    event(&daemon, r#"{"id":"e1","type":"session.started","channel":"web"}"#);
    assert_eq!(set(&daemon, "2001-03-01T09:00:00Z"), 409);
}
