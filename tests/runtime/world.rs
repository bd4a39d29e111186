//! A node without threads and files: some shards, the blocks they wrote, and beside them each conversation by itself, which
//! the plain engine decides about.

use std::collections::BTreeMap;
use std::sync::Arc;

use wane_core::effect::{Answer, Effect, Lapse, Outcome};
use wane_core::engine::Engine;
use wane_core::event::Event;
use wane_core::participant::Role;
use wane_core::ruleset::Ruleset;
use wane_core::session::Conversation;
use wane_core::signal::EventType;
use wane_core::time::Timestamp;
use wane_runtime::batch::Batch;
use wane_runtime::block::Builder;
use wane_runtime::epoch::Epoch;
use wane_runtime::shard::{Disagreement, Figures, Reply, Seen, Settings, Shard, View};
use wane_tests::rules;
use wane_tests::traffic::CHANNELS;
use wane_wire::record::{Address, Ordinal, Record, Sequence, encode, iterate};

pub(super) const MINUTE: i64 = 60_000;
pub(super) const HOUR: i64 = 60 * MINUTE;
pub(super) const DAY: i64 = 24 * HOUR;
/// 2026-01-01T00:00:00Z
pub(super) const START: i64 = 1_767_225_600_000;

pub(super) fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis).unwrap()
}

/// Timers that the stock rules have none like: warnings that are left out, grace, outages that count for nothing.
const MORE: &str = r#"
[timers.nudge]
restart_on = ["message:customer"]
warn       = [{ before = "9m", notify = "a", to = "customer" }, { before = "6m", notify = "b", to = "customer" }]
catch_up   = "none"
outage     = "extend"
on_reload  = "recompute"
on_lapse   = [{ emit = "x.nudged" }]

[[rules]]
id    = "nudge"
timer = "nudge"
after = "NUDGE"

[timers.late]
restart_on = ["message:rep"]
grace      = "30s"
outage     = "OUTAGE"
on_lapse   = [{ notify = "late", to = "rep" }]

[[rules]]
id    = "late"
timer = "late"
after = "17m"
"#;

/// Four rulesets: the order and the lengths of timers differ, and the last one lacks some.
pub(super) fn rulesets() -> Vec<Arc<Ruleset>> {
    let rulesets = [("12m", "extend", "z.toml"), ("7m", "fire", "a.toml"), ("40m", "extend", "a.toml")];
    let mut all: Vec<_> = rulesets
        .into_iter()
        .map(|(nudge, outage, file)| {
            let mut files = rules::files(&rules::repository().join("rules")).unwrap();
            files.insert(file, MORE.replace("NUDGE", nudge).replace("OUTAGE", outage));
            rules::compile(&files).unwrap()
        })
        .collect();
    all.push(rules::compile(&rules::files(&rules::repository().join("rules")).unwrap()).unwrap());
    all
}

/// A small generator of numbers that are always the same.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11
    }

    pub(super) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next()).unwrap() % limit
    }

    fn length(&mut self, limit: i64) -> i64 {
        i64::try_from(self.next()).unwrap() % limit
    }
}

/// What happens to a node.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Event(i64, Box<Event>),
    Time(i64),
    Rules(i64, usize),
    Outage(i64, i64),
}

/// Random steps; conversations have names of both kinds.
pub(super) fn steps(seed: u64, count: usize, conversations: usize) -> Vec<Step> {
    let mut random = Random(seed | 1);
    let (mut now, mut steps, mut last_id) = (START, Vec::new(), None);
    for number in 0..count {
        now += match random.below(20) {
            0 => random.length(30 * HOUR),
            1..6 => random.length(20 * MINUTE),
            6..12 => random.length(40_000),
            _ => 0,
        };
        steps.push(match random.below(200) {
            0 => Step::Rules(now, random.below(4)),
            1 => {
                let from = now;
                now += 1 + random.length(3 * HOUR);
                Step::Outage(from, now)
            }
            2..40 => Step::Time(now),
            _ => {
                let conversation = random.below(conversations);
                let mut event = event(&mut random, conversation, now);
                event.id = match random.below(8) {
                    0 => None,
                    1 => last_id.take(),
                    _ => Some(format!("id-{number}").into()),
                };
                last_id.clone_from(&event.id);
                Step::Event(now, Box::new(event))
            }
        });
    }
    steps
}

fn event(random: &mut Random, conversation: usize, now: i64) -> Event {
    use EventType as E;
    let often = [E::Message, E::Message, E::Message, E::SessionStarted, E::ParticipantJoined, E::TokenIssued];
    let kind = if random.below(4) > 0 { often[random.below(6)] } else { E::ALL[random.below(E::ALL.len())] };
    let name = match conversation % 3 {
        0 => format!("conversation {conversation}"),
        _ => format!("0d3f2a8e-6f0c-4c0b-9d53-{conversation:012x}"),
    };
    let mut event = Event::new(name, kind).on(CHANNELS[conversation % CHANNELS.len()]);
    let roles = kind.roles();
    event.role = (!roles.is_empty()).then(|| roles[random.below(roles.len())]);
    event.at = (random.below(10) == 0).then(|| at(now - random.length(40 * MINUTE)));
    event.facts.authenticated = [None, None, Some(true), Some(false)][random.below(4)];
    if kind == E::SessionStarted && random.below(2) == 0 {
        event.facts.participants = vec![[Role::Rep, Role::Bot, Role::Agent][random.below(3)]];
    }
    event
}

/// What became of conversations: all lapses and effects of each, in order.
pub(super) type Told = BTreeMap<String, (Vec<Lapse>, Vec<Effect>)>;

/// The plain engine, one conversation at a time.
pub(super) struct Plain {
    engine: Engine,
    held: BTreeMap<String, Option<Conversation>>,
    pub(super) told: Told,
}

impl Plain {
    pub(super) fn new(rules: &Arc<Ruleset>) -> Self {
        Self { engine: Engine::new(Arc::clone(rules)), held: BTreeMap::new(), told: Told::new() }
    }

    pub(super) fn event(&mut self, now: i64, event: &Event) -> Answer {
        let held = self.held.entry(event.conversation.to_string()).or_default();
        let answer = self.engine.step(held, at(now), event);
        if answer.outcome != Outcome::Duplicate && !(answer.lapses.is_empty() && answer.effects.is_empty()) {
            let told = self.told.entry(event.conversation.to_string()).or_default();
            told.0.extend(answer.lapses.iter().copied());
            told.1.extend(answer.effects.iter().cloned());
        }
        answer
    }

    pub(super) fn time(&mut self, now: i64) {
        for (name, held) in &mut self.held {
            let Some(held) = held else { continue };
            let moved = self.engine.tick(held, at(now));
            if !(moved.lapses.is_empty() && moved.effects.is_empty()) {
                let told = self.told.entry(name.clone()).or_default();
                told.0.extend(moved.lapses);
                told.1.extend(moved.effects);
            }
        }
    }

    pub(super) fn outage(&mut self, from: i64, now: i64) {
        for (name, held) in &mut self.held {
            let Some(held) = held else { continue };
            let moved = self.engine.catch_up(held, at(from), at(now));
            if !(moved.lapses.is_empty() && moved.effects.is_empty()) {
                let told = self.told.entry(name.clone()).or_default();
                told.0.extend(moved.lapses);
                told.1.extend(moved.effects);
            }
        }
    }

    pub(super) fn rules(&mut self, now: i64, rules: &Arc<Ruleset>) {
        let engine = Engine::new(Arc::clone(rules));
        for held in self.held.values_mut().flatten() {
            engine.adopt(held, self.engine.rules(), at(now));
        }
        self.engine = engine;
    }
}

/// Shards and their blocks.
pub(super) struct Node {
    pub(super) shards: Vec<Shard>,
    builder: Builder,
    batch: Batch,
    pub(super) blocks: Vec<Vec<u8>>,
    pub(super) rulesets: Vec<Arc<Ruleset>>,
    ordinal: u32,
    /// Whether it catches up with new rules in idle time.
    pub(super) tidies: bool,
}

pub(super) fn settings(index: u16, shards: u16) -> Settings {
    Settings {
        index,
        shards,
        key: *b"0123456789abcdef",
        ids_for: 8 * DAY,
        ended_for: 3_000 * DAY,
        idle_for: 3_000 * DAY,
    }
}

impl Node {
    pub(super) fn new(shards: u16) -> Self {
        let rulesets = rulesets();
        let mut node = Self {
            shards: (0..shards).map(|index| Shard::new(settings(index, shards))).collect(),
            builder: Builder::new(Sequence(1)),
            batch: Batch::default(),
            blocks: Vec::new(),
            rulesets,
            ordinal: 0,
            tidies: true,
        };
        node.rules(START, 0);
        node
    }

    fn shard(&mut self, conversation: &str) -> usize {
        let shards = u16::try_from(self.shards.len()).unwrap();
        usize::from(Shard::of(&settings(0, 1).key, conversation, shards))
    }

    /// Gives the batch its address.
    fn seal(&mut self, shard: usize) {
        if self.batch.is_empty() {
            return;
        }
        let base = self.builder.place(self.batch.bytes().len());
        self.shards[shard].seal(&mut self.batch, base);
        assert_eq!(self.builder.add(self.batch.bytes()), base);
        self.batch.clear();
    }

    fn write(&mut self, record: &Record) {
        let mut bytes = Vec::new();
        encode(record, 0, &mut bytes);
        self.builder.add(&bytes);
    }

    /// The blocks so far are durable.
    pub(super) fn commit(&mut self) {
        while let Some((sequence, block)) = self.builder.take() {
            assert_eq!(sequence.0, self.blocks.len() as u64 + 1);
            self.blocks.push(block);
        }
    }

    pub(super) fn event(&mut self, now: i64, event: &Event) -> Reply {
        let shard = self.shard(&event.conversation);
        let reply = self.shards[shard].event(at(now), event, &mut self.batch);
        self.seal(shard);
        reply
    }

    pub(super) fn time(&mut self, now: i64) {
        for shard in 0..self.shards.len() {
            while self.shards[shard].tick(at(now), 3, &mut self.batch) == 3 {
                self.seal(shard);
            }
            self.seal(shard);
        }
    }

    pub(super) fn tidy(&mut self, now: i64) {
        for shard in 0..self.shards.len() {
            while self.shards[shard].tidy(at(now), 3, &mut self.batch) {
                self.seal(shard);
            }
            self.seal(shard);
        }
    }

    pub(super) fn rules(&mut self, now: i64, rules: usize) {
        self.ordinal += 1;
        let (now, ordinal, hash) = (at(now), Ordinal(self.ordinal), self.rulesets[rules].hash);
        self.write(&Record::Activation { now, ordinal, hash, by: "test".into() });
        let engine = Arc::new(Engine::new(Arc::clone(&self.rulesets[rules])));
        self.shards.iter_mut().for_each(|shard| {
            shard.epoch(Epoch::Rules { ordinal, now, engine: Arc::clone(&engine) });
        });
    }

    pub(super) fn outage(&mut self, from: i64, now: i64) {
        let (from, now) = (at(from), at(now));
        self.write(&Record::Outage { from, now });
        self.shards.iter_mut().for_each(|shard| shard.epoch(Epoch::Outage { from, now }));
    }

    /// One step, without committing it.
    pub(super) fn step(&mut self, step: &Step) -> Option<Reply> {
        match step {
            Step::Event(now, event) => return Some(self.event(*now, event)),
            Step::Time(now) => self.time(*now),
            Step::Rules(now, rules) => {
                self.time(*now);
                self.rules(*now, *rules);
                if self.tidies {
                    self.tidy(*now);
                    self.time(*now);
                }
            }
            Step::Outage(from, now) => {
                self.time(*from);
                self.outage(*from, *now);
                self.time(*now);
            }
        }
        None
    }

    /// All conversations, by name.
    pub(super) fn views(&self) -> Vec<View> {
        let mut all: Vec<View> = self.shards.iter().flat_map(|shard| shard.list(0, usize::MAX, &|_| true).0).collect();
        all.sort_by(|a, b| a.conversation.cmp(&b.conversation));
        all
    }

    pub(super) fn figures(&self) -> Figures {
        let mut sum = Figures::default();
        self.shards.iter().for_each(|shard| sum.add(&shard.figures()));
        sum
    }

    pub(super) fn seen(&mut self, event: &Event) -> Option<Address> {
        let shard = self.shard(&event.conversation);
        self.shards[shard].seen(&event.conversation, event.id.as_deref()?)
    }

    /// All records, each with its address.
    pub(super) fn records(&self) -> Vec<(Address, Record)> {
        let blocks = (1..).map(Sequence).zip(&self.blocks);
        blocks.flat_map(|(sequence, block)| iterate(block, sequence)).map(|record| record.expect("whole")).collect()
    }

    /// What the log says of each conversation.
    pub(super) fn told(&self) -> Told {
        let mut told = Told::new();
        for (_, record) in self.records() {
            let (name, lapses, effects) = match record {
                Record::Event(event) => (event.event.conversation, event.lapses, event.effects),
                Record::Lapse(lapse) => (lapse.conversation, lapse.lapses, lapse.effects),
                Record::Forget { .. }
                | Record::Tick { .. }
                | Record::Outage { .. }
                | Record::Activation { .. }
                | Record::Delivery(_)
                | Record::Admin { .. } => continue,
            };
            if !(lapses.is_empty() && effects.is_empty()) {
                let told = told.entry(name.to_string()).or_default();
                told.0.extend(lapses);
                told.1.extend(effects);
            }
        }
        told
    }
}

/// A node that only reads.
pub(super) struct Replica(pub(super) Node);

impl Replica {
    pub(super) fn new(shards: u16) -> Self {
        let mut node = Node::new(1);
        node.shards = (0..shards).map(|index| Shard::new(settings(index, shards))).collect();
        Self(node)
    }

    pub(super) fn restore(&mut self, epochs: &[(u32, Epoch)], pieces: &[Vec<u8>]) {
        for shard in &mut self.0.shards {
            shard.begin_at(epochs.first().map_or(1, |(number, _)| *number));
            epochs.iter().for_each(|(_, epoch)| shard.epoch(epoch.clone()));
            pieces.iter().for_each(|piece| shard.restore(piece).expect("a whole piece"));
        }
    }

    /// Applies records; happenings that the snapshot told are passed over.
    pub(super) fn replay(
        &mut self,
        records: &[(Address, Record)],
        known: Option<Timestamp>,
    ) -> Result<(), Disagreement> {
        for (address, record) in records {
            let epoch = match record {
                Record::Outage { from, now } => Some((*now, Epoch::Outage { from: *from, now: *now })),
                Record::Activation { now, ordinal, hash, .. } => {
                    let rules = self.0.rulesets.iter().find(|rules| rules.hash == *hash).expect("known rules");
                    let engine = Arc::new(Engine::new(Arc::clone(rules)));
                    Some((*now, Epoch::Rules { ordinal: *ordinal, now: *now, engine }))
                }
                Record::Event(_)
                | Record::Lapse(_)
                | Record::Forget { .. }
                | Record::Tick { .. }
                | Record::Delivery(_)
                | Record::Admin { .. } => None,
            };
            for shard in &mut self.0.shards {
                if let Some((_, epoch)) = epoch.as_ref().filter(|(now, _)| known.is_none_or(|known| *now > known)) {
                    shard.epoch(epoch.clone());
                }
                shard.replay(*address, record)?;
            }
        }
        Ok(())
    }
}

/// What two nodes that are the same agree about.
pub(super) fn assert_same(found: &Node, wanted: &[View], figures: &Figures) {
    let views = found.views();
    assert_eq!(views.len(), wanted.len());
    for (found, wanted) in views.iter().zip(wanted) {
        assert_eq!(found.conversation, wanted.conversation);
        assert_eq!(found.last, wanted.last, "{}", wanted.conversation);
        assert_eq!(found.state, wanted.state, "{}", wanted.conversation);
        assert_eq!(found.engine.rules().hash, wanted.engine.rules().hash, "{}", wanted.conversation);
    }
    let found = found.figures();
    assert_eq!(found.conversations, figures.conversations);
    let sum = |figures: &Figures| figures.by_channel.iter().flatten().sum::<u64>();
    assert_eq!(sum(&found), sum(figures));
}

pub(super) fn is_seen(reply: &Reply) -> bool {
    matches!(reply, Reply::Seen(Seen::At(_) | Seen::Here(_)))
}
