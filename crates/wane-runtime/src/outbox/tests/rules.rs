//! One rule at a time.

use wane_core::time::Timestamp;
use wane_wire::record::{Address, EffectRef, Mark};

use crate::outbox::{Attempt, Filter, Marked, Offered, Outbox, Outcome, Policy, State};

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000 + millis).expect("valid")
}

fn effect(record: u64) -> EffectRef {
    EffectRef { record: Address(record), index: 0 }
}

/// An outbox with one endpoint that is owed an effect of each lane.
fn owed(policy: Policy, lanes: &[u64]) -> Outbox {
    let mut outbox = Outbox::new(policy);
    outbox.open(Address(1), &"e".into(), Filter::default());
    for (record, lane) in (2..).zip(lanes) {
        let offered = Offered { effect: effect(record), lane: *lane, kind: "session.ended", channel: "web" };
        outbox.offer(Address(record - 1), Address(record), &[offered]);
        outbox.advance(Address(record));
    }
    outbox
}

fn tried(outbox: &mut Outbox, now: Timestamp) -> Vec<u64> {
    outbox.due(now).iter().map(|attempt| attempt.effect.record.0).collect()
}

fn settle(outbox: &mut Outbox, now: Timestamp, attempt: &Attempt, outcome: Outcome) -> Mark {
    let settled = outbox.result(now, attempt, outcome).expect("it was under way");
    assert_eq!(outbox.mark(&settled.mark), Marked::Done);
    if let Some(why) = settled.disable {
        outbox.switch(&attempt.endpoint, Some(why));
    }
    settled.mark.mark
}

fn failed() -> Outcome {
    Outcome::Failed { why: "answered 500".into(), retry_after: None }
}

#[test]
fn a_lane_goes_one_by_one_and_lanes_do_not_wait_for_each_other() {
    let mut outbox = owed(Policy::default(), &[7, 7, 8]);
    let attempts = outbox.due(at(0));
    assert_eq!(attempts.iter().map(|attempt| attempt.effect.record.0).collect::<Vec<_>>(), [2, 4]);
    assert_eq!(tried(&mut outbox, at(0)), [0_u64; 0]);
    let settled = outbox.result(at(1), &attempts[0], Outcome::Delivered).expect("under way");
    assert_eq!(tried(&mut outbox, at(1)), [0_u64; 0], "the mark is not durable yet");
    assert_eq!(outbox.mark(&settled.mark), Marked::Done);
    assert_eq!(tried(&mut outbox, at(1)), [3]);
}

#[test]
fn no_more_than_eight_at_a_time() {
    let mut outbox = owed(Policy::default(), &(0..20).collect::<Vec<_>>());
    assert_eq!(outbox.due(at(0)).len(), 8);
    assert_eq!(outbox.due(at(0)).len(), 0);
    assert_eq!(outbox.next_wake(), None, "a result comes first");
}

#[test]
fn ten_attempts_and_it_is_dead_and_can_be_retried() {
    let mut outbox = owed(Policy::default(), &[7]);
    let mut now = at(0);
    for attempt in 1..=10 {
        now = outbox.next_wake().expect("it waits").max(now);
        let [started] = &outbox.due(now)[..] else { panic!("one is due") };
        assert_eq!(started.attempt, attempt);
        let mark = settle(&mut outbox, now, started, failed());
        assert_eq!(matches!(mark, Mark::Dead { .. }), attempt == 10, "{mark:?}");
    }
    let hours = now.millis_since(at(0)) / 3_600_000;
    assert!((60..=91).contains(&hours), "{hours}");
    let [dead] = &outbox.list("e", State::Dead, None, 10)[..] else { panic!("one is dead") };
    assert_eq!(dead.why.as_deref(), Some("answered 500"));

    let mark = outbox.retry(now, "e", dead.effect).expect("it is dead");
    assert_eq!(outbox.mark(&mark), Marked::Done);
    outbox.switch("e", None);
    assert_eq!(outbox.due(now)[0].attempt, 1);
    assert_eq!(outbox.retry(now, "e", effect(2)), None);
}

#[test]
fn after_ten_failures_in_a_row_one_probe_at_a_time() {
    let mut outbox = owed(Policy::default(), &(0..30).collect::<Vec<_>>());
    let attempts: Vec<Attempt> = (0..2)
        .flat_map(|_| {
            let due = outbox.due(at(0));
            due.iter().for_each(|attempt| {
                settle(&mut outbox, at(0), attempt, failed());
            });
            due
        })
        .collect();
    assert!(attempts.len() >= 10);
    assert_eq!(tried(&mut outbox, at(1)).len(), 0, "left alone");
    let wake = outbox.next_wake().expect("a probe");
    let [probe] = &outbox.due(wake)[..] else { panic!("one probe") };
    settle(&mut outbox, wake, probe, Outcome::Delivered);
    assert_eq!(outbox.due(wake).len(), 8, "well again");
}

#[test]
fn retry_after_holds_the_whole_endpoint() {
    let mut outbox = owed(Policy { concurrency: 1, ..Policy::default() }, &[1, 2]);
    let attempt = outbox.due(at(0)).remove(0);
    let asks = Outcome::Failed { why: "answered 429".into(), retry_after: Some(90_000) };
    settle(&mut outbox, at(0), &attempt, asks);
    assert_eq!(tried(&mut outbox, at(89_999)), [0_u64; 0]);
    assert_eq!(tried(&mut outbox, at(90_000)), [3]);
}

#[test]
fn gone_switches_off_and_keeps_what_is_owed() {
    let mut outbox = owed(Policy { concurrency: 1, ..Policy::default() }, &[1, 2]);
    let attempt = outbox.due(at(0)).remove(0);
    let settled = outbox.result(at(0), &attempt, Outcome::Gone { why: "answered 410".into() }).expect("under way");
    assert_eq!(settled.disable.as_deref(), Some("answered 410"));
    assert_eq!(tried(&mut outbox, at(0)), [0_u64; 0], "already before the log says so");
    assert_eq!(outbox.mark(&settled.mark), Marked::Done);
    outbox.switch("e", settled.disable);
    assert_eq!((tried(&mut outbox, at(1)).len(), outbox.next_wake(), outbox.books().pending), (0, None, 2));
    outbox.switch("e", None);
    assert_eq!(tried(&mut outbox, at(3_600_000)), [3]);
}

#[test]
fn five_days_of_failure_switch_off() {
    let mut outbox = owed(Policy::default(), &[1, 2, 3]);
    let day = 86_400_000;
    let first = outbox.due(at(0)).remove(0);
    settle(&mut outbox, at(0), &first, failed());
    let second = Attempt { endpoint: "e".into(), effect: effect(3), attempt: 1 };
    let settled = outbox.result(at(5 * day - 1), &second, failed()).expect("under way");
    assert_eq!(settled.disable, None);
    let third = Attempt { endpoint: "e".into(), effect: effect(4), attempt: 1 };
    let settled = outbox.result(at(5 * day), &third, failed()).expect("under way");
    assert!(settled.disable.is_some_and(|why| why.starts_with("nothing was delivered since 2027-01-15T08:00:00")));
}

#[test]
fn removing_an_endpoint_cancels_what_it_is_owed() {
    let mut outbox = owed(Policy::default(), &[1, 2, 3]);
    let attempt = outbox.due(at(0)).remove(0);
    outbox.close("e");
    assert_eq!(outbox.result(at(1), &attempt, Outcome::Delivered), None);
    let books = outbox.books();
    assert_eq!((books.enqueued, books.cancelled, books.balance()), (3, 3, true));
}

#[test]
fn too_many_dead_letters_stop_an_endpoint() {
    let mut outbox = owed(Policy { dead: 2, concurrency: 1, ..Policy::default() }, &[1, 2, 3]);
    for _ in 0..2 {
        let attempt = outbox.due(at(0)).remove(0);
        settle(&mut outbox, at(0), &attempt, Outcome::Refused { why: "answered 400".into() });
    }
    assert_eq!(tried(&mut outbox, at(0)), [0_u64; 0]);
    assert!(outbox.health("e").is_some_and(|health| health.is_full));
}

#[test]
fn filters_take_names_beginnings_and_everything() {
    let filter =
        |types: &[&str]| Filter { types: types.iter().map(|name| (*name).to_owned()).collect(), channels: vec![] };
    assert!(filter(&[]).takes("notice.due", "web"));
    assert!(filter(&["session.*"]).takes("session.ended", "web"));
    assert!(!filter(&["session.*"]).takes("bot_session.ended", "web"));
    assert!(!filter(&["session.ended"]).takes("session.ended2", "web"));
    let web = Filter { channels: vec!["web".into()], ..Filter::default() };
    assert!(web.takes("notice.due", "web") && !web.takes("notice.due", "sms"));
}

#[test]
fn a_damaged_snapshot_is_told() {
    let whole = owed(Policy::default(), &[1, 2]).snapshot();
    let text = String::from_utf8(whole).expect("JSON");
    let unbalanced = text.replace("\"enqueued\":2", "\"enqueued\":3");
    assert_ne!(text, unbalanced);
    for broken in [unbalanced.as_str(), "", "{}", &text.replace("\"version\":1", "\"version\":9")] {
        assert!(Outbox::restore(Policy::default(), broken.as_bytes()).is_err(), "{broken}");
    }
}
