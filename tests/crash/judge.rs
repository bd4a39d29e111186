//! The whole log after all rounds, against a plain opinion of what the rules mean.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use wane_core::time::Timestamp;
use wane_tests::binary::{stderr, stdout, wane};

use crate::daemon::Place;
use crate::rules::{CHANNELS, NUDGE};
use crate::writer::{Writer, text};

/// A decision: conversation, timer, deadline.
type Due = (String, String, i64);

/// Judges it; how many events there are.
pub(crate) fn whole(place: &Place, writers: &[Writer], (effects, decisions): (&[Value], &[Value])) -> usize {
    let verified = run(place, &["store", "verify", "wane-data"]);
    assert!(verified.ends_with("whole\n"), "{verified}");
    let replayed = run(place, &["store", "replay", "wane-data"]);
    assert_eq!(run(place, &["store", "replay", "wane-data"]), replayed, "the digests of two replays");
    let exported = run(place, &["store", "export", "wane-data", "--format", "json"]);
    let records: Vec<Value> = exported.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let events: Vec<&Value> = records.iter().filter(|record| record["record"] == "event").collect();
    each_once(&events, writers);
    activations(&records);
    unique("effect", effects.iter().map(|effect| text(effect, "id")));
    unique("decision", decisions.iter().map(|decision| text(decision, "key")));
    due(&events, decisions);
    events.len()
}

fn run(place: &Place, arguments: &[&str]) -> String {
    let output = wane(place.path(), arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}{}", stdout(&output), stderr(&output));
    stdout(&output)
}

/// What was answered is in the log, and nothing is there twice.
fn each_once(events: &[&Value], writers: &[Writer]) {
    unique("event", events.iter().map(|record| text(&record["event"], "id")));
    let known: BTreeMap<&str, &str> =
        events.iter().map(|record| (text(&record["event"], "id"), text(record, "conversation"))).collect();
    for (id, conversation) in writers.iter().flat_map(Writer::noted) {
        assert_eq!(known.get(id), Some(&conversation), "{id} was answered, and is not in the log");
    }
}

fn unique<'a>(what: &str, keys: impl Iterator<Item = &'a str>) {
    let mut seen = BTreeSet::new();
    for key in keys {
        assert!(seen.insert(key), "the {what} {key} is there twice");
    }
}

/// Rulesets are numbered one after another.
fn activations(records: &[Value]) {
    let ordinals = records.iter().filter(|record| record["record"] == "activation").map(|record| &record["ordinal"]);
    for (expected, ordinal) in (1_u64..).zip(ordinals) {
        assert_eq!(ordinal.as_u64(), Some(expected), "the number of a ruleset");
    }
}

/// Every message restarts both timers; each of them runs out if the next message is not there by then.
fn due(events: &[&Value], decisions: &[Value]) {
    let mut decided: BTreeSet<Due> = BTreeSet::new();
    for decision in decisions {
        let (deadline, at) = (instant(decision, "deadline"), instant(decision, "decided_at"));
        assert!(at >= deadline, "too early: {decision}");
        let due = (text(decision, "conversation").to_owned(), text(decision, "timer").to_owned(), deadline);
        assert!(decided.insert(due), "decided twice: {decision}");
    }
    let mut talks: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for event in events {
        talks.entry(text(event, "conversation")).or_default().push(event);
    }
    for (conversation, talk) in talks {
        for (place, event) in talk.iter().enumerate() {
            let next = talk.get(place + 1).map(|next| instant(next, "now"));
            let now = instant(event, "now");
            assert!(next.is_none_or(|next| next >= now), "time went back in {conversation}");
            if next == Some(now) {
                // It restarts them to the same deadlines.
                continue;
            }
            for (timer, after) in [("quiet", after(event)), ("nudge", NUDGE)] {
                let expected = next.is_none_or(|next| next >= now + after);
                let key = (conversation.to_owned(), timer.to_owned(), now + after);
                assert_eq!(decided.remove(&key), expected, "whether `{timer}` was decided after {event}");
            }
        }
    }
    assert_eq!(decided, BTreeSet::new(), "nothing else was due");
}

fn after(event: &Value) -> i64 {
    let channel = text(event, "channel");
    CHANNELS.iter().find(|(name, _)| *name == channel).expect("one of those channels").1
}

fn instant(value: &Value, key: &str) -> i64 {
    Timestamp::parse(text(value, key)).expect("an instant").millis()
}
