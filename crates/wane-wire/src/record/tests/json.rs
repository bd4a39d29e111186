//! The JSON form of every kind of record.

use std::sync::Arc;

use wane_core::engine::Engine;
use wane_core::rules::files::Files;
use wane_core::rules::load;
use wane_core::ruleset::Ruleset;

use super::*;

const RULES: &str = r#"
[timers.quiet]
restart_on = ["message:customer"]
on_lapse   = ["end-session"]

[[rules]]
id    = "quiet"
timer = "quiet"
after = "15m"
"#;

fn rules() -> Ruleset {
    let mut files = Files::default();
    files.insert("a.toml", RULES);
    load(&files).0.expect("valid rules")
}

fn json(record: &Record, rules: Option<&Ruleset>) -> serde_json::Value {
    let hash = rules.map(|rules| rules.hash.to_string()).unwrap_or_default();
    let reading = Reading { org: "acme", rules: rules.map(|rules| (rules, hash.as_str())) };
    let address = Address::new(Sequence(7), 12);
    let mut json = serde_json::to_value(RecordJson::new(record, address, reading)).expect("texts and numbers only");
    assert_eq!(json["address"], "7-12");
    assert_eq!(json["now"], "2026-03-01T09:00:00.000Z");
    let map = json.as_object_mut().expect("an object");
    map.remove("address");
    map.remove("now");
    json
}

fn expect(record: &Record, text: &str) {
    let expected: serde_json::Value = serde_json::from_str(text).expect("JSON");
    assert_eq!(json(record, None), expected);
}

#[test]
fn records_of_no_conversation_tell_what_they_are_about() {
    expect(&Record::Tick { now: nine() }, r#"{"record":"tick"}"#);
    let from = nine().plus_millis(-60_000);
    expect(&Record::Outage { from, now: nine() }, r#"{"record":"outage","from":"2026-03-01T08:59:00.000Z"}"#);
    let hash = RulesetHash([0xab; 32]);
    expect(
        &Record::Activation { now: nine(), ordinal: Ordinal(2), hash, by: "cli".into() },
        &format!(r#"{{"record":"activation","ordinal":2,"ruleset":"{}","by":"cli"}}"#, "ab".repeat(32)),
    );
    expect(
        &delivery(),
        r#"{"record":"delivery","endpoint":"crm","effect":{"record":"3-500","index":1},
            "mark":"failed","attempt":2,"why":"status 503","next":"2026-03-01T09:00:30.000Z"}"#,
    );
    expect(
        &Record::Admin { now: nine(), kind: "audit".into(), json: br#"{"who":["a",1]}"#.to_vec() },
        r#"{"record":"admin","kind":"audit","json":{"who":["a",1]}}"#,
    );
    expect(
        &Record::Admin { now: nine(), kind: "audit".into(), json: b"no JSON".to_vec() },
        r#"{"record":"admin","kind":"audit"}"#,
    );
    expect(
        &Record::Forget { now: nine(), conversation: "c1".into(), previous: Address(5 << 20 | 77) },
        r#"{"record":"forget","conversation":"c1","previous":"5-77"}"#,
    );
}

#[test]
fn an_event_tells_what_came_of_it() {
    let rules = rules();
    let engine = Engine::new(Arc::new(rules.clone()));
    let mut state = None;
    let early = nine().plus_millis(-3_600_000);
    let message = Event::new("c1", EventType::Message).by(Role::Customer).on("web");
    engine.decide(&mut state, early, &message);
    let mut again = message.clone();
    again.channel = None;
    let decided = engine.decide(&mut state, nine(), &again);
    let record = Record::Event(Box::new(EventRecord {
        now: nine(),
        rules: Ordinal(1),
        previous: Address::new(Sequence(3), 500),
        event: again,
        channel: state.expect("open").channel().0,
        applied: true,
        late_by: decided.answer.late_by,
        lapsed_effects: 1,
        lapses: decided.answer.lapses,
        effects: decided.answer.effects,
    }));
    let json = json(&record, Some(&rules));
    assert_eq!((&json["record"], &json["conversation"]), (&"event".into(), &"c1".into()));
    assert_eq!((&json["previous"], &json["outcome"]), (&"3-500".into(), &"applied".into()));
    assert_eq!(json["channel"], "web", "though the event does not say it");
    assert_eq!(json["event"], serde_json::json!({"type":"message","role":"customer","conversation":"c1"}));
    let hash = rules.hash.to_string();
    let lapse = &json["lapses"][0];
    assert_eq!(lapse["key"].as_str().map(str::len), Some(32));
    assert_eq!(
        (&lapse["session"], &lapse["timer"], &lapse["generation"], &lapse["rule"], &lapse["ruleset"]),
        (&"c1/1".into(), &"quiet".into(), &1.into(), &"quiet".into(), &hash.as_str().into())
    );
    assert_eq!(lapse["deadline"], "2026-03-01T08:15:00.000Z");
    assert_eq!(lapse["decided_at"], "2026-03-01T09:00:00.000Z");
    let types: Vec<_> = json["effects"].as_array().expect("a list").iter().map(|effect| &effect["type"]).collect();
    assert_eq!(types, ["session.ended", "session.opened"]);
    assert_eq!(json["effects"][0]["channel"], "web");
}

#[test]
fn without_its_rules_a_record_keeps_what_needs_none() {
    let json = json(&ended(), None);
    assert_eq!(
        json,
        serde_json::json!({
            "record": "lapse", "conversation": "whatsapp:15550100", "previous": "3-500",
        })
    );
}
