//! Shards decide what the plain engine decides, however many there are.

use wane_core::effect::Outcome;
use wane_runtime::shard::Reply;

use super::world::{Node, Plain, START, Step, is_seen, steps};

/// Runs the steps through both; gives how many conversations had something to tell.
fn compare(seed: u64, shards: u16, count: usize) -> usize {
    let mut node = Node::new(shards);
    let mut plain = Plain::new(&node.rulesets[0]);
    let mut applied = 0;
    for step in steps(seed, count, 40) {
        let reply = node.step(&step);
        match &step {
            Step::Event(now, event) => {
                let wanted = plain.event(*now, event);
                let reply = reply.expect("an event is answered");
                if wanted.outcome == Outcome::Duplicate {
                    assert!(is_seen(&reply), "{event:?}");
                    continue;
                }
                applied += usize::from(wanted.outcome == Outcome::Applied);
                let Reply::Answered { answer, .. } = reply else { panic!("{event:?} is new") };
                assert_eq!(answer, wanted, "{event:?}");
            }
            Step::Time(now) => plain.time(*now),
            Step::Rules(now, rules) => {
                plain.time(*now);
                plain.rules(*now, &node.rulesets[*rules]);
                plain.time(*now);
            }
            Step::Outage(from, now) => {
                plain.time(*from);
                plain.outage(*from, *now);
            }
        }
    }
    node.commit();
    let told = node.told();
    assert_eq!(told.keys().collect::<Vec<_>>(), plain.told.keys().collect::<Vec<_>>());
    for (name, told) in &told {
        assert_eq!(told.0, plain.told[name].0, "the lapses of {name}");
        assert_eq!(told.1, plain.told[name].1, "the effects of {name}");
    }
    assert!(applied > count / 3, "{applied} of {count} events counted");
    told.values().filter(|told| !told.0.is_empty()).count()
}

#[test]
fn one_shard_decides_as_the_engine_does() {
    for seed in 1..=4 {
        assert!(compare(seed, 1, 2_500) > 20);
    }
}

#[test]
fn many_shards_decide_as_the_engine_does() {
    for (seed, shards) in [(5, 2), (6, 3), (7, 16)] {
        assert!(compare(seed, shards, 2_500) > 20);
    }
}

/// Every wake-up that is promised is enough: nobody needs to look in between.
#[test]
fn walking_from_wake_up_to_wake_up_finds_every_deadline_at_its_instant() {
    let mut node = Node::new(2);
    let steps = steps(9, 600, 60);
    let mut now = START;
    for step in &steps {
        if let Step::Event(at, event) = step {
            now = *at;
            walk(&mut node, now);
            node.event(now, event);
        }
    }
    walk(&mut node, now + 100 * super::world::HOUR);
    node.commit();
    let mut lapses = 0;
    for (_, record) in node.records() {
        if let wane_wire::record::Record::Lapse(lapse) = record {
            lapses += lapse.lapses.len();
            for lapsed in &lapse.lapses {
                let grace = if lapsed.at == lapse.now { 0 } else { 30_000 };
                assert_eq!(lapsed.at.plus_millis(grace), lapse.now, "decided when it was due");
            }
        }
    }
    assert!(lapses > 100, "{lapses} lapses");
}

fn walk(node: &mut Node, until: i64) {
    loop {
        let wakes = node.shards.iter().filter_map(wane_runtime::shard::Shard::next_wake);
        let Some(wake) = wakes.min().filter(|wake| wake.millis() <= until) else { return };
        node.time(wake.millis());
    }
}
