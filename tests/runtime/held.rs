//! Deadlines that are held back after a stop, one by one, and what new rules would do.

use std::collections::BTreeSet;
use std::sync::Arc;

use wane_core::engine::Engine;
use wane_core::event::Event;
use wane_core::participant::Role;
use wane_core::rules::files::Files;
use wane_core::signal::EventType;
use wane_core::time::Timestamp;
use wane_runtime::batch::Batch;
use wane_runtime::epoch::Epoch;
use wane_runtime::shard::{Needs, Preview, Reply, Shard};
use wane_tests::rules;
use wane_wire::record::{Address, Ordinal, Sequence};

use super::world::{MINUTE, START, at, settings};

fn engine(after: &str) -> Arc<Engine> {
    let mut files = Files::default();
    files.insert(
        "rules.toml",
        format!(
            "[timers.idle]\nrestart_on = [\"message:customer\"]\non_reload = \"recompute\"\non_lapse = [\"end-session\"]\n\
             [[rules]]\nid = \"idle\"\ntimer = \"idle\"\nafter = \"{after}\"\n"
        ),
    );
    Arc::new(Engine::new(rules::compile(&files).unwrap()))
}

/// Ten conversations, one a minute, each ending half an hour after its message.
fn ten() -> (Shard, Batch) {
    let (mut shard, mut batch) = (Shard::new(settings(0, 1)), Batch::default());
    shard.epoch(Epoch::Rules { ordinal: Ordinal(1), now: at(START), engine: engine("30m") });
    for minute in 0..10 {
        let event = message(minute);
        assert!(matches!(
            shard.event(at(START + minute * MINUTE), &event, &mut batch),
            Reply::Answered { record: Some(_), .. }
        ));
    }
    seal(&mut shard, &mut batch, 1);
    (shard, batch)
}

fn message(number: i64) -> Event {
    Event::new(format!("c{number}"), EventType::Message).by(Role::Customer).on("web")
}

fn seal(shard: &mut Shard, batch: &mut Batch, block: u64) {
    shard.seal(batch, Address::new(Sequence(block), 0));
    batch.clear();
}

fn minutes(now: i64) -> Timestamp {
    at(START + now * MINUTE)
}

fn open(shard: &Shard) -> usize {
    shard.list(0, 100, &|view| view.state.session().is_some()).0.len()
}

#[test]
fn what_is_overdue_longer_than_allowed_waits_for_its_release() {
    let (mut shard, mut batch) = ten();
    shard.hold_before(Some(minutes(35)));
    shard.tick(minutes(120), 100, &mut batch);
    assert_eq!(open(&shard), 5, "those whose deadline was at 35 minutes or later are decided");
    assert_eq!(shard.figures().overdue, 5);
    assert!(shard.next_wake().is_none_or(|wake| wake > minutes(120)), "nobody is woken for what is held");

    shard.event(minutes(121), &message(2), &mut batch);
    assert_eq!(shard.figures().overdue, 4, "an event decides it");
    let view = shard.view("c2").unwrap();
    assert_eq!(view.state.sessions(), 2, "the old session ended and the message opened another");

    shard.hold_before(None);
    assert_eq!(shard.next_wake(), Some(minutes(30)));
    assert_eq!(shard.tick(minutes(122), 2, &mut batch), 2);
    assert_eq!(shard.figures().overdue, 2);
    assert_eq!(shard.tick(minutes(122), 100, &mut batch), 2);
    assert_eq!((open(&shard), shard.figures().overdue), (1, 0));
    seal(&mut shard, &mut batch, 2);
}

#[test]
fn what_is_due_and_not_yet_decided_is_counted() {
    let (mut shard, mut batch) = ten();
    assert_eq!(shard.tick(minutes(100), 4, &mut batch), 4);
    assert_eq!(shard.figures().overdue, 6);
    let ended = |shard: &Shard, name: &str| shard.view(name).unwrap().state.session().is_none();
    assert!(ended(&shard, "c3") && !ended(&shard, "c4"), "oldest deadline first");
    assert_eq!(shard.tick(minutes(100), 100, &mut batch), 6);
    assert_eq!(shard.figures().overdue, 0);
    seal(&mut shard, &mut batch, 2);
}

#[test]
fn a_preview_tells_what_new_rules_would_do_and_does_nothing() {
    let (shard, _) = ten();
    let look = |after: &str| {
        let (mut found, mut cursor) = (Preview::default(), Some(0));
        while let Some(from) = cursor {
            cursor = shard.preview(&engine(after), minutes(20), (from, 3), &mut found);
        }
        found
    };
    let same = look("30m");
    assert_eq!((same.conversations, same.unchanged), (10, 10));
    let longer = look("40m");
    assert_eq!((longer.later, longer.unchanged), (10, 0));
    let shorter = look("15m");
    assert_eq!((shorter.lapse_now, shorter.earlier, shorter.lapse_by_timer), (6, 4, vec![6]), "0 to 5 minutes plus 15");
    assert_eq!(shorter.examples.len(), 6);
    assert_eq!(open(&shard), 10);
}

#[test]
fn new_rules_reach_everybody_in_idle_time() {
    let (mut shard, mut batch) = ten();
    shard.epoch(Epoch::Rules { ordinal: Ordinal(2), now: minutes(20), engine: engine("15m") });
    assert_eq!(shard.tick(minutes(20), 100, &mut batch), 0, "the calendar knows the old deadlines");
    while shard.tidy(minutes(20), 4, &mut batch) {}
    assert!(batch.is_empty(), "nothing was decided by that");
    assert_eq!(shard.tick(minutes(20), 100, &mut batch), 6, "the clock need not go on for it");
    assert_eq!(shard.tick(minutes(21), 100, &mut batch), 1);
    assert_eq!(open(&shard), 3);
    assert_eq!(shard.epochs().len(), 1, "nobody needs the old rules any more");
    assert_eq!(shard.figures().by_channel.iter().flatten().sum::<u64>(), 10);
    seal(&mut shard, &mut batch, 2);
}

#[test]
fn a_repeat_is_told_where_the_first_one_is() {
    use wane_runtime::shard::Seen;
    let (mut shard, mut batch) = ten();
    let mut event = message(3);
    event.id = Some("m1".into());
    let Reply::Answered { record: Some(place), .. } = shard.event(minutes(10), &event, &mut batch) else {
        panic!("new")
    };
    assert_eq!(shard.event(minutes(10), &event, &mut batch), Reply::Seen(Seen::Here(place)));
    assert_eq!(shard.seen("c3", "m1"), None, "not written yet");
    let base = Address::new(Sequence(9), 100);
    shard.seal(&mut batch, base);
    assert_eq!(shard.event(minutes(10), &event, &mut batch), Reply::Seen(Seen::At(place.at(base))));
    assert_eq!(shard.seen("c3", "m1"), Some(place.at(base)));
    assert_eq!(shard.seen("c4", "m1"), None, "an id is known in its conversation");
}

/// A shard that takes over what another one wrote.
fn restored(epochs: &[(u32, Epoch)], piece: &[u8]) -> Result<Shard, String> {
    let mut shard = Shard::new(settings(0, 1));
    shard.begin_at(epochs[0].0);
    epochs.iter().for_each(|(_, epoch)| shard.epoch(epoch.clone()));
    shard.restore(piece).map(|()| shard)
}

fn written(shard: &mut Shard) -> Vec<u8> {
    let (mut piece, mut cursor) = (Vec::new(), Some(0));
    while let Some(from) = cursor {
        cursor = shard.snapshot(from, 100, &mut piece);
    }
    shard.snapshot_done();
    piece
}

fn states(shard: &Shard) -> Vec<String> {
    let views = shard.list(0, 100, &|_| true).0;
    views.iter().map(|view| format!("{} {:?} {}", view.conversation, view.state, view.engine.rules().hash)).collect()
}

#[test]
fn of_what_all_have_behind_them_only_the_rules_in_force_are_left() {
    let (mut shard, mut batch) = ten();
    let decided = BTreeSet::from([Ordinal(1)]);
    assert_eq!(shard.needs(), Needs { reached: 1, decided });
    shard.epoch(Epoch::Outage { from: minutes(20), now: minutes(22) });
    while shard.tidy(minutes(22), 4, &mut batch) {}
    assert_eq!(shard.needs(), Needs { reached: 2, decided: BTreeSet::new() });
    let epochs = shard.epochs();
    assert!(matches!(&epochs[..], [(2, Epoch::Rules { ordinal: Ordinal(1), .. })]), "{epochs:?}");

    let mut other = restored(&epochs, &written(&mut shard)).expect("a whole piece");
    for shard in [&mut shard, &mut other] {
        shard.epoch(Epoch::Rules { ordinal: Ordinal(2), now: minutes(25), engine: engine("26m") });
        shard.event(minutes(26), &message(3), &mut batch);
        while shard.tidy(minutes(26), 4, &mut batch) {}
        shard.tick(minutes(33), 100, &mut batch);
        batch.clear();
    }
    assert_eq!(open(&shard), 3, "c3, and those whose 26 minutes are not over");
    assert_eq!(states(&shard), states(&other));
    assert_eq!(shard.needs(), other.needs());
}

#[test]
fn one_that_waits_is_taken_through_all_that_came_since_also_after_a_restart() {
    let (mut shard, mut batch) = ten();
    let (mut plain, _) = ten();
    for shard in [&mut shard, &mut plain] {
        shard.hold_before(Some(minutes(31)));
        shard.tick(minutes(30), 100, &mut batch);
    }
    batch.clear();
    for number in 2..=1_000 {
        let now = minutes(30 + i64::from(number));
        let epoch = if number % 2 == 0 {
            Epoch::Outage { from: now, now: now.plus_millis(1) }
        } else {
            Epoch::Rules { ordinal: Ordinal(number), now, engine: engine(&format!("{}m", 2_000 - number)) }
        };
        shard.epoch(epoch.clone());
        plain.epoch(epoch);
        while shard.tidy(now, 100, &mut batch) {}
        assert_eq!(shard.needs().reached, 1, "c0 waits since the first rules");
    }
    let epochs = shard.epochs();
    assert_eq!(epochs.len(), 1_000);
    let piece = written(&mut shard);
    let refused = restored(&epochs[1..], &piece).expect_err("c0 has to go through the second");
    assert!(refused.contains("what happened after 1, which is missing"), "{refused}");
    let mut shard = restored(&epochs, &piece).expect("a whole piece");

    for shard in [&mut shard, &mut plain] {
        shard.hold_before(None);
        shard.tick(minutes(1_040), 100, &mut batch);
        batch.clear();
    }
    assert_eq!(states(&shard), states(&plain));
    while shard.tidy(minutes(1_040), 100, &mut batch) {}
    assert_eq!((shard.needs().reached, shard.epochs().len()), (1_000, 1));
    assert_eq!(states(&shard), states(&plain));
}
