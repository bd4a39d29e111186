//! What a shard is after a crash: what it was.

use wane_core::effect::{Lapse, Outcome};
use wane_core::event::Event;
use wane_core::participant::Role;
use wane_core::signal::EventType;
use wane_runtime::epoch::Epoch;
use wane_runtime::shard::{Figures, Reply, View};
use wane_wire::record::{Address, Record};

use super::world::{DAY, HOUR, MINUTE, Node, Replica, START, Step, assert_same, steps};

/// What a node held after each step: how many blocks there were, and all conversations.
type Held = Vec<(usize, Vec<View>, Figures)>;

/// A node with every step in blocks of its own.
fn lived(seed: u64, count: usize, tidies: bool) -> (Node, Held) {
    let mut node = Node::new(2);
    node.tidies = tidies;
    let mut after = Vec::new();
    for step in steps(seed, count, 25) {
        node.step(&step);
        node.commit();
        after.push((node.blocks.len(), node.views(), node.figures()));
    }
    (node, after)
}

fn up_to(records: &[(Address, Record)], blocks: usize) -> usize {
    records.partition_point(|(address, _)| address.block().0 <= blocks as u64)
}

#[test]
fn a_crash_after_any_block_loses_nothing() {
    for (seed, shards, tidies) in [(21, 2, true), (22, 1, false), (23, 5, true)] {
        let (mut node, after) = lived(seed, 700, tidies);
        let records = node.records();
        let (mut replica, mut done) = (Replica::new(shards), 0);
        for (blocks, views, figures) in &after {
            let end = up_to(&records, *blocks);
            replica.replay(&records[done..end], None).expect("the log agrees with itself");
            done = end;
            assert_same(&replica.0, views, figures);
        }
        for (_, record) in &records {
            if let Record::Event(event) = record {
                assert_eq!(replica.0.seen(&event.event), node.seen(&event.event));
            }
        }
    }
}

/// A snapshot that was taken while events came in.
struct Fuzzy {
    /// The first block that is needed with it.
    from: usize,
    /// The last block that is in it.
    through: usize,
    epochs: Vec<(u32, Epoch)>,
    pieces: Vec<Vec<u8>>,
}

/// Runs the steps and takes snapshots all the time, a slice after each step.
fn lived_with_snapshots(seed: u64, count: usize) -> (Node, Held, Vec<Fuzzy>) {
    let mut node = Node::new(2);
    let (mut after, mut taken) = (Vec::new(), Vec::new());
    let mut now: Option<(Fuzzy, Vec<(usize, u64)>)> = None;
    for step in steps(seed, count, 25) {
        node.step(&step);
        node.commit();
        after.push((node.blocks.len(), node.views(), node.figures()));
        let (fuzzy, left) = now.get_or_insert_with(|| {
            let (from, epochs) = (node.blocks.len() + 1, node.shards[0].epochs());
            (Fuzzy { from, through: 0, epochs, pieces: Vec::new() }, vec![(1, 0), (0, 0)])
        });
        let Some((shard, cursor)) = left.pop() else { continue };
        let mut piece = Vec::new();
        let next = node.shards[shard].snapshot(cursor, 4, &mut piece);
        fuzzy.pieces.push(piece);
        left.extend(next.map(|cursor| (shard, cursor)));
        fuzzy.through = node.blocks.len();
        if left.is_empty() {
            taken.extend(now.take().map(|(fuzzy, _)| fuzzy));
            node.shards.iter_mut().for_each(wane_runtime::shard::Shard::snapshot_done);
        }
    }
    (node, after, taken)
}

#[test]
fn a_snapshot_and_the_log_after_it_are_what_was() {
    let (node, after, taken) = lived_with_snapshots(31, 900);
    let records = node.records();
    assert!(taken.len() > 20, "{} snapshots", taken.len());
    for (number, fuzzy) in taken.iter().enumerate() {
        let mut replica = Replica::new([1, 2, 3][number % 3]);
        replica.restore(&fuzzy.epochs, &fuzzy.pieces);
        let known = fuzzy.epochs.last().map(|(_, epoch)| match epoch {
            Epoch::Rules { now, .. } | Epoch::Outage { now, .. } => *now,
        });
        let mut done = up_to(&records, fuzzy.from - 1);
        // A crash at the end of the snapshot, and at some later blocks.
        for (blocks, views, figures) in after.iter().filter(|(blocks, ..)| *blocks >= fuzzy.through).take(60).step_by(6)
        {
            let end = up_to(&records, *blocks);
            replica.replay(&records[done..end], known).expect("the log agrees with itself");
            done = end;
            assert_same(&replica.0, views, figures);
        }
    }
}

/// A recovered node goes on as if nothing had been.
#[test]
fn a_recovered_node_decides_the_same() {
    let all = steps(41, 900, 25);
    let mut node = Node::new(2);
    all[..500].iter().for_each(|step| drop(node.step(step)));
    node.commit();
    let mut other = Replica::new(3);
    other.replay(&node.records(), None).expect("the log agrees with itself");
    let mut other = other.0;
    for step in &all[500..] {
        if matches!(step, Step::Rules(..)) {
            continue;
        }
        match (node.step(step), other.step(step)) {
            (Some(Reply::Answered { answer, next, .. }), Some(Reply::Answered { answer: found, next: point, .. })) => {
                assert_eq!((answer, next), (found, point));
            }
            (one, two) => assert_eq!(one.is_some(), two.is_some()),
        }
    }
    let (wanted, found) = (node.views(), other.views());
    assert_eq!(wanted.len(), found.len());
    for (wanted, found) in wanted.iter().zip(&found) {
        assert_eq!(wanted.state, found.state);
    }
}

/// Records of rules that were in force a moment ago come after those of their successors when a shard was slow.
#[test]
fn records_of_older_rules_are_replayed_by_them() {
    let (node, after) = lived(51, 400, false);
    let records = node.records();
    let mut early = Replica::new(2);
    // All happenings are known before the first record of a conversation is.
    let is_happening = |record: &Record| matches!(record, Record::Activation { .. });
    let (mut first, rest): (Vec<_>, Vec<_>) = records.iter().cloned().partition(|(_, record)| is_happening(record));
    let outages = rest.iter().any(|(_, record)| matches!(record, Record::Outage { .. }));
    if outages {
        // An outage is between the rules before and after it; those after it are told after it.
        let end =
            records.iter().position(|(_, record)| matches!(record, Record::Outage { .. })).unwrap_or(records.len());
        first.retain(|(address, _)| records[..end].iter().any(|(known, _)| known == address));
    }
    let told: Vec<_> = first.iter().map(|(address, _)| *address).collect();
    early.replay(&first, None).expect("only rules");
    let rest: Vec<_> = records.iter().filter(|(address, _)| !told.contains(address)).cloned().collect();
    early.replay(&rest, None).expect("each record by its own rules");
    let (_, views, figures) = after.last().unwrap();
    assert_same(&early.0, views, figures);
}

/// An outage decides by the rules that were in force then; others that follow at once number their timers otherwise.
#[test]
fn what_fell_due_in_an_outage_is_told_by_the_rules_of_that_time() {
    let mut node = Node::new(1);
    node.tidies = false;
    node.rules(START, 1);
    let said = |role| Event::new("c", EventType::Message).on("web").by(role);
    node.event(START, &said(Role::Customer));
    node.event(START + MINUTE, &said(Role::Rep));
    node.outage(START + 2 * MINUTE, START + HOUR);
    node.rules(START + HOUR, 0);
    node.time(START + HOUR);
    node.commit();

    let records = node.records();
    let lapses: Vec<(u32, &str)> = records
        .iter()
        .filter_map(|(_, record)| record.decided())
        .flat_map(|decided| {
            let rules = &node.rulesets[[0, 1, 0][usize::try_from(decided.rules.0).unwrap() - 1]];
            let name = |lapse: &Lapse| (decided.rules.0, &*rules.timer(lapse.cause.timer).unwrap().name);
            decided.lapses.iter().map(name).collect::<Vec<_>>()
        })
        .collect();
    assert!(lapses.contains(&(2, "late")), "{lapses:?}");
    let mut replica = Replica::new(1);
    replica.replay(&records, None).expect("the log agrees with itself");
    assert_same(&replica.0, &node.views(), &node.figures());
}

/// Changes one thing that a record says.
fn changes(record: &Record) -> Vec<Record> {
    let mut changed = Vec::new();
    match record {
        Record::Event(event) => {
            let mut change = |change: &dyn Fn(&mut wane_wire::record::EventRecord)| {
                let mut other = event.clone();
                change(&mut other);
                changed.push(Record::Event(other));
            };
            change(&|event| event.applied = !event.applied);
            change(&|event| event.late_by += 1);
            change(&|event| event.previous = Address(event.previous.0 + 1));
            if !event.effects.is_empty() {
                change(&|event| drop(event.effects.pop()));
                change(&|event| event.effects[0].at = event.effects[0].at.plus_millis(1));
            }
            if !event.lapses.is_empty() {
                change(&|event| event.lapses[0].cause.generation += 1);
            }
        }
        Record::Lapse(lapse) => {
            let mut other = lapse.clone();
            other.now = other.lapses.first().map_or(other.now, |lapse| lapse.cause.anchor);
            if !lapse.lapses.is_empty() {
                changed.push(Record::Lapse(other));
                let mut other = lapse.clone();
                other.lapses[0].cause.deadline = other.lapses[0].cause.deadline.plus_millis(-1);
                changed.push(Record::Lapse(other));
            }
        }
        Record::Forget { .. }
        | Record::Tick { .. }
        | Record::Outage { .. }
        | Record::Activation { .. }
        | Record::Delivery(_)
        | Record::Admin { .. } => {}
    }
    changed
}

#[test]
fn a_changed_record_is_found() {
    let (node, _) = lived(61, 200, true);
    let records = node.records();
    let mut found = 0;
    for (number, (address, record)) in records.iter().enumerate() {
        for changed in changes(record) {
            let mut replica = Replica::new(1);
            replica.replay(&records[..number], None).expect("the log agrees with itself");
            let fault = replica.replay(&[(*address, changed.clone())], None);
            let fault = fault.expect_err(&format!("{changed:?} instead of {record:?}"));
            assert_eq!(fault.at, *address);
            assert_ne!(fault.said, fault.found);
            found += 1;
        }
    }
    assert!(found > 200, "{found} changes");
}

#[test]
fn a_missing_record_is_found() {
    let (node, _) = lived(62, 300, true);
    let records = node.records();
    let of = |record: &Record| match record {
        Record::Event(event) => Some(event.event.conversation.clone()),
        Record::Lapse(lapse) => Some(lapse.conversation.clone()),
        Record::Forget { .. }
        | Record::Tick { .. }
        | Record::Outage { .. }
        | Record::Activation { .. }
        | Record::Delivery(_)
        | Record::Admin { .. } => None,
    };
    let mut found = 0;
    for number in (0..records.len()).step_by(7) {
        let name = of(&records[number].1);
        let followed = records[number + 1..].iter().any(|(_, record)| name.is_some() && of(record) == name);
        let mut without = records.clone();
        without.remove(number);
        let fault = Replica::new(1).replay(&without, None);
        if followed {
            assert!(fault.is_err(), "{:?} is missing", records[number]);
            found += 1;
        }
    }
    assert!(found > 10, "{found} were followed by others");
}

/// Conversations are let go when retention says so, and a snapshot never misses one for it.
#[test]
fn retention_lets_go_and_the_log_says_so() {
    let mut node = Node::new(1);
    let settings = super::world::settings(0, 1);
    let short = wane_runtime::shard::Settings { ended_for: DAY, idle_for: 2 * DAY, ..settings };
    let epochs = node.shards[0].epochs();
    node.shards[0] = wane_runtime::shard::Shard::new(short.clone());
    epochs.iter().for_each(|(_, epoch)| node.shards[0].epoch(epoch.clone()));
    let mut applied = 0;
    for step in steps(71, 300, 30) {
        if let Some(Reply::Answered { answer, .. }) = node.step(&step) {
            applied += usize::from(answer.outcome == Outcome::Applied);
        }
    }
    assert!(applied > 50);
    let mut piece = Vec::new();
    node.shards[0].snapshot(0, 1, &mut piece);
    let held = node.figures().conversations;
    assert!(held > 0);
    node.time(START + 3_000 * DAY);
    assert_eq!(node.figures().conversations, held, "nothing is let go while a snapshot is taken");
    node.shards[0].snapshot_done();
    node.time(START + 3_001 * DAY);
    let left = node.views();
    // Some timers run for years.
    let runs = |view: &View| view.engine.next_wake(&view.state).is_some();
    assert!(left.iter().all(|view| view.state.session().is_some() || runs(view)), "what is idle is gone");
    assert_eq!(node.figures().conversations, left.len() as u64);
    node.commit();
    let records = node.records();
    let gone = records.iter().filter(|(_, record)| matches!(record, Record::Forget { .. })).count();
    assert!(gone > 10, "{gone} were let go");
    let mut replica = Replica::new(1);
    replica.0.shards[0] = wane_runtime::shard::Shard::new(short);
    replica.replay(&records, None).expect("the log agrees with itself");
    assert_same(&replica.0, &left, &node.figures());
    assert_eq!(replica.0.shards[0].seen("nobody", "nothing"), None);
}
