//! A log that is slow to become durable, receivers that answer anything, and a process that dies.

use std::collections::{BTreeMap, BTreeSet};

use wane_core::facts::Name;
use wane_core::time::Timestamp;
use wane_wire::record::{Address, DeliveryRecord, EffectRef, Mark, Sequence};

use crate::outbox::{Attempt, Filter, Marked, Offered, Outbox, Outcome, Policy, State};

#[derive(Clone, Debug)]
pub(super) enum Op {
    /// A record with effects: lane and type of each.
    Effects(Vec<(u64, u8)>),
    Follow,
    Due,
    Result(usize, u8),
    Durable(usize),
    Advance(i64),
    Snapshot,
    Crash,
    Retry(usize),
    Enable,
}

#[derive(Clone, Debug)]
enum Entry {
    Open(Name, Filter),
    Effects(Vec<(u64, u8)>),
    Mark(DeliveryRecord),
    Switch(Name, Option<Name>),
}

const KINDS: [&str; 3] = ["session.ended", "session.opened", "notice.due"];
pub(super) const POLICY: Policy =
    Policy { concurrency: 2, window: 5, dead: 50, attempts: 10, breaker: 4, give_up: 432_000_000 };

pub(super) struct World {
    log: Vec<(Address, Entry)>,
    /// Written, not yet durable: lost in a crash.
    afloat: Vec<Entry>,
    outbox: Outbox,
    snapshot: Option<Vec<u8>>,
    flying: Vec<Attempt>,
    now: Timestamp,
    /// What receivers said yes to.
    received: BTreeSet<(Name, EffectRef)>,
}

impl World {
    pub(super) fn new() -> Self {
        let now = Timestamp::from_millis(1_800_000_000_000).expect("valid");
        let mut world = Self {
            log: Vec::new(),
            afloat: Vec::new(),
            outbox: Outbox::new(POLICY),
            snapshot: None,
            flying: Vec::new(),
            now,
            received: BTreeSet::new(),
        };
        world.append(Entry::Effects(vec![(1, 0)]));
        world.append(Entry::Open("all".into(), Filter::default()));
        world.append(Entry::Open("sessions".into(), Filter { types: vec!["session.*".into()], channels: vec![] }));
        world
    }

    pub(super) fn apply(&mut self, op: Op) {
        match op {
            Op::Effects(effects) => self.append(Entry::Effects(effects)),
            Op::Follow => self.follow(),
            Op::Due => self.start(),
            Op::Result(which, what) => self.finish_attempt(which, what),
            Op::Durable(most) => self.make_durable(most),
            Op::Advance(millis) => self.now = self.now.plus_millis(millis),
            Op::Snapshot => self.snapshot = Some(self.outbox.snapshot()),
            Op::Crash => self.crash(),
            Op::Retry(which) => self.retry(which),
            Op::Enable => self.enable(),
        }
        assert!(self.outbox.books().balance(), "{:?}", self.outbox.books());
    }

    fn append(&mut self, entry: Entry) {
        // Two records a block, so that cursors stand in the middle of blocks as well.
        let number = self.log.len() as u64;
        let offset = if number.is_multiple_of(2) { 0 } else { 100 };
        self.log.push((Address::new(Sequence(number / 2 + 1), offset), entry));
    }

    fn make_durable(&mut self, most: usize) {
        let most = most.min(self.afloat.len());
        let entries: Vec<Entry> = self.afloat.drain(..most).collect();
        entries.into_iter().for_each(|entry| self.append(entry));
    }

    fn follow(&mut self) {
        let applied = self.outbox.applied();
        let news: Vec<(Address, Entry)> = self.log.iter().filter(|(at, _)| *at > applied).cloned().collect();
        let mut after = applied;
        for (at, entry) in news {
            self.catch_up();
            let effects = if let Entry::Effects(effects) = &entry { offered(at, effects) } else { Vec::new() };
            match entry {
                Entry::Open(id, filter) => self.outbox.open(at, &id, filter),
                Entry::Switch(id, off) => self.outbox.switch(&id, off),
                Entry::Mark(mark) => self.mark(&mark),
                Entry::Effects(_) => {}
            }
            self.outbox.offer(after, at, &effects);
            self.outbox.advance(at);
            after = at;
        }
        self.catch_up();
    }

    fn mark(&mut self, mark: &DeliveryRecord) {
        if self.outbox.mark(mark) == Marked::Behind {
            self.catch_up();
            assert_eq!(self.outbox.mark(mark), Marked::Done);
        }
    }

    fn catch_up(&mut self) {
        while let Some(from) = self.outbox.behind() {
            let mut after = from;
            let until = self.outbox.applied();
            for (at, entry) in self.log.iter().filter(|(at, _)| *at > from && *at <= until) {
                if let Entry::Effects(effects) = entry {
                    self.outbox.offer(after, *at, &offered(*at, effects));
                    after = *at;
                }
            }
            self.outbox.passed(after, until);
            assert!(self.outbox.behind() > Some(from) || self.outbox.behind().is_none());
        }
    }

    fn start(&mut self) {
        for attempt in self.outbox.due(self.now) {
            self.is_its_turn(&attempt);
            self.flying.push(attempt);
        }
        let flying = |id: &str| self.flying.iter().filter(|attempt| &*attempt.endpoint == id).count();
        assert!(flying("all") <= POLICY.concurrency && flying("sessions") <= POLICY.concurrency);
        for id in ["all", "sessions"] {
            // A window, and what one record may add to it, and what is alive again by hand.
            assert!(self.outbox.list(id, State::Pending, None, usize::MAX).len() < POLICY.window + 3 + 50);
        }
    }

    /// All older effects of the lane that the endpoint wants are settled, in the log, before a younger one is tried.
    fn is_its_turn(&self, attempt: &Attempt) {
        let open = self.outbox.list(&attempt.endpoint, State::Pending, None, usize::MAX);
        let lane = self.lane_of(attempt.effect);
        for (effect, kind, other) in self.effects() {
            if other == lane && effect < attempt.effect && self.is_owed(&attempt.endpoint, effect, kind) {
                assert!(self.is_settled(&attempt.endpoint, effect), "{attempt:?} overtakes {effect:?}; open: {open:?}");
            }
        }
        let other =
            self.flying.iter().find(|other| other.endpoint == attempt.endpoint && self.lane_of(other.effect) == lane);
        assert_eq!(other, None, "two of one lane at a time");
    }

    fn effects(&self) -> impl Iterator<Item = (EffectRef, u8, u64)> {
        self.log.iter().flat_map(|(at, entry)| {
            let effects: &[(u64, u8)] = if let Entry::Effects(effects) = entry { effects } else { &[] };
            (0..).zip(effects).map(|(index, (lane, kind))| (EffectRef { record: *at, index }, *kind, *lane))
        })
    }

    fn lane_of(&self, effect: EffectRef) -> u64 {
        self.effects().find(|(other, ..)| *other == effect).expect("it is in the log").2
    }

    fn is_owed(&self, endpoint: &str, effect: EffectRef, kind: u8) -> bool {
        let opened = self.log.iter().find(|(_, entry)| matches!(entry, Entry::Open(id, _) if &**id == endpoint));
        effect.record > opened.expect("opened").0 && (endpoint == "all" || KINDS[usize::from(kind)] != "notice.due")
    }

    /// What the log, as far as it was followed, says last about a delivery.
    fn is_settled(&self, endpoint: &str, effect: EffectRef) -> bool {
        let mut settled = false;
        for (_, entry) in self.log.iter().filter(|(at, _)| *at <= self.outbox.applied()) {
            if let Entry::Mark(record) = entry
                && record.effect == effect
                && &*record.endpoint == endpoint
            {
                settled = match record.mark {
                    Mark::Delivered | Mark::Cancelled { .. } | Mark::Dead { .. } => true,
                    Mark::Failed { .. } | Mark::Retried => false,
                };
            }
        }
        settled
    }

    fn finish_attempt(&mut self, which: usize, what: u8) {
        if self.flying.is_empty() {
            return;
        }
        let attempt = self.flying.remove(which % self.flying.len());
        let why: Name = "because".into();
        let outcome = match what {
            0..=3 => Outcome::Delivered,
            4..=7 => Outcome::Failed { why, retry_after: (what == 4).then_some(60_000) },
            8 | 9 => Outcome::Refused { why },
            10 => Outcome::Nothing { why },
            _ => Outcome::Gone { why },
        };
        if outcome == Outcome::Delivered {
            self.received.insert((attempt.endpoint.clone(), attempt.effect));
        }
        let settled = self.outbox.result(self.now, &attempt, outcome).expect("it was under way");
        self.afloat.push(Entry::Mark(settled.mark));
        self.afloat.extend(settled.disable.map(|why| Entry::Switch(attempt.endpoint, Some(why))));
    }

    fn crash(&mut self) {
        self.afloat.clear();
        self.flying.clear();
        self.outbox = match &self.snapshot {
            Some(bytes) => Outbox::restore(POLICY, bytes).expect("its own snapshot"),
            None => Outbox::new(POLICY),
        };
        self.follow();
    }

    fn retry(&mut self, which: usize) {
        let dead = self.outbox.list("all", State::Dead, None, usize::MAX);
        if let Some(dead) = dead.get(which) {
            let mark = self.outbox.retry(self.now, "all", dead.effect).expect("it is dead");
            self.afloat.push(Entry::Mark(mark));
        }
    }

    fn enable(&mut self) {
        for id in ["all", "sessions"] {
            self.afloat.push(Entry::Switch(id.into(), None));
        }
    }

    /// Receivers are well again: all that is owed gets through, and what the log says is what receivers saw.
    pub(super) fn finish(mut self) {
        self.enable();
        for _ in 0..2_000 {
            self.make_durable(usize::MAX);
            self.follow();
            self.start();
            while !self.flying.is_empty() {
                self.finish_attempt(0, 0);
            }
            if self.afloat.is_empty() && self.outbox.books().pending == 0 {
                break;
            }
            self.now = self.outbox.next_wake().unwrap_or(self.now).max(self.now);
        }
        self.is_whole();
        let before = (self.outbox.books(), self.outbox.snapshot());
        self.crash();
        self.is_whole();
        assert_eq!(self.outbox.books(), before.0, "the log alone leads to the same books");
        let restored = Outbox::restore(POLICY, &before.1).expect("its own snapshot");
        assert_eq!(restored.snapshot(), before.1);
    }

    fn is_whole(&self) {
        let books = self.outbox.books();
        assert!(books.balance() && books.pending == 0, "{books:?}");
        let mut owed: BTreeMap<&str, u64> = BTreeMap::new();
        for (effect, kind, _) in self.effects() {
            for id in ["all", "sessions"].into_iter().filter(|id| self.is_owed(id, effect, kind)) {
                *owed.entry(id).or_default() += 1;
                assert!(self.is_settled(id, effect), "{effect:?} to {id} vanished");
                assert!(self.received.contains(&(id.into(), effect)) || !self.says_delivered(id, effect));
            }
        }
        for (id, owed) in owed {
            assert_eq!(self.outbox.health(id).map(|health| health.books.enqueued), Some(owed));
        }
    }

    fn says_delivered(&self, endpoint: &str, effect: EffectRef) -> bool {
        self.log.iter().any(|(_, entry)| {
            matches!(entry, Entry::Mark(record)
                if record.effect == effect && &*record.endpoint == endpoint && record.mark == Mark::Delivered)
        })
    }
}

fn offered(at: Address, effects: &[(u64, u8)]) -> Vec<Offered<'static>> {
    let effects = (0..).zip(effects);
    effects
        .map(|(index, (lane, kind))| Offered {
            effect: EffectRef { record: at, index },
            lane: *lane,
            kind: KINDS[usize::from(*kind)],
            channel: "web",
        })
        .collect()
}
