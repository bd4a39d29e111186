//! What one endpoint is owed.
//!
//! INVARIANT: a lane (one conversation) has at most one delivery under way, and it is the oldest one of the lane that is
//! open. `ready` holds the oldest open delivery of each lane that has none under way, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use wane_core::facts::Name;
use wane_core::time::Timestamp;
use wane_wire::record::{Address, DeliveryRecord, EffectRef, Mark};

use super::{Attempt, Books, Filter, Marked, Offered, Outcome, Policy, schedule};

/// An open delivery.
#[derive(Clone, Debug)]
pub(super) struct Open {
    pub(super) lane: u64,
    /// How many attempts failed.
    pub(super) failed: u32,
    /// When the next attempt is due; `None`: at once.
    pub(super) due: Option<Timestamp>,
    /// Why the last attempt failed.
    pub(super) why: Option<Name>,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Until it is due, or its turn comes.
    Waits,
    /// An attempt is under way.
    Flies,
    /// The attempt is over; its mark is not in the log yet.
    Lands,
}

/// A delivery that was given up.
#[derive(Clone, Debug)]
pub(super) struct Dead {
    pub(super) lane: u64,
    pub(super) at: Timestamp,
    pub(super) why: Name,
}

/// The open deliveries of a conversation.
#[derive(Debug, Default)]
struct Lane {
    open: BTreeSet<EffectRef>,
    /// One of them is under way.
    busy: bool,
    /// Its entry in `ready`.
    listed: Option<Turn>,
}

type Turn = (Option<Timestamp>, EffectRef);

/// One endpoint's deliveries.
#[derive(Debug, Default)]
pub(super) struct Queue {
    pub(super) filter: Filter,
    /// All records up to here were looked at.
    pub(super) cursor: Address,
    /// The cursor must get there, room or not: a mark waits for it.
    must_reach: Address,
    pub(super) open: BTreeMap<EffectRef, Open>,
    pub(super) dead: BTreeMap<EffectRef, Dead>,
    lanes: BTreeMap<u64, Lane>,
    ready: BTreeSet<Turn>,
    flying: usize,
    pub(super) enqueued: u64,
    pub(super) delivered: u64,
    pub(super) cancelled: u64,
    /// Why it is switched off.
    pub(super) off: Option<Name>,
    /// It will be switched off as soon as the log says so.
    stopping: bool,
    /// Failures since the last success.
    pub(super) failures: u32,
    /// Since when there are only failures.
    pub(super) failing_since: Option<Timestamp>,
    /// Until when a failing endpoint is left alone.
    pub(super) probe_at: Option<Timestamp>,
    /// Until when it asked to be left alone.
    held_until: Option<Timestamp>,
}

/// What the log says.
impl Queue {
    pub(super) fn new(cursor: Address, filter: Filter) -> Self {
        Self { filter, cursor, ..Self::default() }
    }

    pub(super) const fn cursor(&self) -> Address {
        self.cursor
    }

    pub(super) fn oldest(&self) -> Address {
        let open = self.open.keys().next().map(|effect| effect.record);
        let dead = self.dead.keys().next().map(|effect| effect.record);
        [open, dead].into_iter().flatten().fold(self.cursor, Address::min)
    }

    /// Whether it is worth reading the log again for it: half its window is free, so that a reading fills many places.
    pub(super) fn is_hungry(&self, policy: &Policy) -> bool {
        self.open.len() <= policy.window / 2 || self.cursor < self.must_reach
    }

    fn has_room(&self, policy: &Policy) -> bool {
        self.open.len() < policy.window || self.cursor < self.must_reach
    }

    pub(super) fn offer(&mut self, policy: &Policy, (after, at): (Address, Address), effects: &[Offered<'_>]) {
        let is_next = after <= self.cursor && self.cursor < at;
        let wanted = effects.iter().filter(|offered| self.filter.takes(offered.kind, offered.channel));
        let wanted: Vec<(EffectRef, u64)> = wanted.map(|offered| (offered.effect, offered.lane)).collect();
        if !is_next || (!wanted.is_empty() && !self.has_room(policy)) {
            return;
        }
        self.cursor = at;
        self.enqueued += wanted.len() as u64;
        for (effect, lane) in wanted {
            self.admit(effect, Open::new(lane));
        }
    }

    pub(super) fn admit(&mut self, effect: EffectRef, open: Open) {
        let lane = open.lane;
        self.open.insert(effect, open);
        self.lanes.entry(lane).or_default().open.insert(effect);
        self.relist(lane);
    }

    pub(super) fn switch(&mut self, off: Option<Name>) {
        self.stopping = false;
        if off.is_none() {
            self.failures = 0;
            self.failing_since = None;
            self.probe_at = None;
        }
        self.off = off;
    }

    pub(super) fn mark(&mut self, policy: &Policy, record: &DeliveryRecord) -> Marked {
        if record.effect.record > self.cursor {
            self.must_reach = self.must_reach.max(record.effect.record);
            return Marked::Behind;
        }
        match &record.mark {
            Mark::Delivered => self.delivered(record.effect),
            Mark::Failed { attempt, why, next } => self.failed(policy, record, (*attempt, why, *next)),
            Mark::Dead { why } => self.given_up(record, why),
            Mark::Cancelled { .. } => self.cancelled += u64::from(self.remove(record.effect).is_some()),
            Mark::Retried => self.revive(record.effect),
        }
        Marked::Done
    }

    fn delivered(&mut self, effect: EffectRef) {
        self.failures = 0;
        self.failing_since = None;
        self.probe_at = None;
        self.delivered += u64::from(self.remove(effect).is_some());
    }

    fn failed(&mut self, policy: &Policy, record: &DeliveryRecord, (attempt, why, next): (u32, &Name, Timestamp)) {
        self.land(record.effect, |open| {
            open.failed = attempt;
            open.due = Some(next);
            open.why = Some(why.clone());
        });
        self.failures = self.failures.saturating_add(1);
        self.failing_since = self.failing_since.or(Some(record.now));
        if let Some(beyond) = self.failures.checked_sub(policy.breaker) {
            self.probe_at = Some(record.now.plus_millis(schedule::probe(beyond)));
        }
    }

    fn given_up(&mut self, record: &DeliveryRecord, why: &Name) {
        if let Some(open) = self.remove(record.effect) {
            self.dead.insert(record.effect, Dead { lane: open.lane, at: record.now, why: why.clone() });
        }
    }

    fn revive(&mut self, effect: EffectRef) {
        if let Some(dead) = self.dead.remove(&effect) {
            self.admit(effect, Open::new(dead.lane));
        }
    }

    /// Takes a delivery out; whatever was under way in its lane is over.
    fn remove(&mut self, effect: EffectRef) -> Option<Open> {
        self.land(effect, |_| ());
        let open = self.open.remove(&effect)?;
        if let Some(lane) = self.lanes.get_mut(&open.lane) {
            lane.open.remove(&effect);
        }
        self.relist(open.lane);
        Some(open)
    }

    /// An attempt is over and its mark is known.
    fn land(&mut self, effect: EffectRef, change: impl FnOnce(&mut Open)) {
        let Some(open) = self.open.get_mut(&effect) else { return };
        change(open);
        let (stage, lane) = (open.stage, open.lane);
        open.stage = Stage::Waits;
        self.flying -= usize::from(stage == Stage::Flies);
        if let Some(lane) = self.lanes.get_mut(&lane) {
            lane.busy &= stage == Stage::Waits;
        }
        self.relist(lane);
    }

    /// Makes `ready` right for a lane.
    fn relist(&mut self, number: u64) {
        let Some(lane) = self.lanes.get_mut(&number) else { return };
        let first = lane.open.first().filter(|_| !lane.busy);
        let turn = first.and_then(|effect| Some((self.open.get(effect)?.due, *effect)));
        if let Some(listed) = lane.listed.take() {
            self.ready.remove(&listed);
        }
        lane.listed = turn;
        self.ready.extend(turn);
        if lane.open.is_empty() {
            self.lanes.remove(&number);
        }
    }
}

/// Attempts.
impl Queue {
    /// How many attempts may be under way; when the breaker is open, a single one.
    const fn limit(&self, policy: &Policy) -> usize {
        if self.failures >= policy.breaker { 1 } else { policy.concurrency }
    }

    fn is_stopped(&self, policy: &Policy) -> bool {
        self.off.is_some() || self.stopping || self.dead.len() >= policy.dead
    }

    pub(super) fn next_wake(&self, policy: &Policy) -> Option<Timestamp> {
        if self.is_stopped(policy) || self.flying >= self.limit(policy) {
            return None;
        }
        let (due, _) = self.ready.first()?;
        let gates = [*due, self.probe_at, self.held_until];
        Some(gates.into_iter().flatten().max().unwrap_or(Timestamp::EPOCH))
    }

    pub(super) fn due(&mut self, policy: &Policy, now: Timestamp, mut start: impl FnMut(EffectRef, u32)) {
        while self.next_wake(policy).is_some_and(|wake| wake <= now) {
            let Some((_, effect)) = self.ready.first().copied() else { return };
            let Some(open) = self.open.get_mut(&effect) else { return };
            open.stage = Stage::Flies;
            self.flying += 1;
            let (lane, attempt) = (open.lane, open.failed.saturating_add(1));
            if let Some(lane) = self.lanes.get_mut(&lane) {
                lane.busy = true;
            }
            self.relist(lane);
            start(effect, attempt);
        }
    }

    pub(super) fn result(
        &mut self,
        policy: &Policy,
        now: Timestamp,
        attempt: &Attempt,
        outcome: Outcome,
    ) -> Option<(Mark, Option<Name>)> {
        let open = self.open.get_mut(&attempt.effect).filter(|open| open.stage == Stage::Flies)?;
        open.stage = Stage::Lands;
        self.flying -= 1;
        Some(match outcome {
            Outcome::Delivered => (Mark::Delivered, None),
            Outcome::Refused { why } => (Mark::Dead { why }, None),
            Outcome::Nothing { why } => (Mark::Cancelled { why }, None),
            Outcome::Gone { why } => {
                self.stopping = true;
                (after_failure(policy, now, attempt, (why.clone(), None)), Some(why))
            }
            Outcome::Failed { why, retry_after } => {
                let disable = self.has_failed_for_good(policy, now);
                self.stopping |= disable.is_some();
                self.hold(now, retry_after);
                (after_failure(policy, now, attempt, (why, retry_after)), disable)
            }
        })
    }

    /// A receiver that asks to be left alone is asked by all its deliveries.
    fn hold(&mut self, now: Timestamp, retry_after: Option<i64>) {
        let asked = retry_after.map(|millis| now.plus_millis(millis.clamp(0, schedule::LONGEST_RETRY_AFTER)));
        self.held_until = self.held_until.max(asked);
    }

    fn has_failed_for_good(&self, policy: &Policy, now: Timestamp) -> Option<Name> {
        let since = self.failing_since?;
        (now.millis_since(since) >= policy.give_up).then(|| format!("nothing was delivered since {since}").into())
    }
}

fn after_failure(policy: &Policy, now: Timestamp, attempt: &Attempt, (why, retry_after): (Name, Option<i64>)) -> Mark {
    match schedule::pause(attempt.effect, (attempt.attempt, policy.attempts), retry_after) {
        Some(pause) => Mark::Failed { attempt: attempt.attempt, why, next: now.plus_millis(pause) },
        None => Mark::Dead { why },
    }
}

impl Open {
    pub(super) const fn new(lane: u64) -> Self {
        Self { lane, failed: 0, due: None, why: None, stage: Stage::Waits }
    }
}

/// What is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Open deliveries.
    Pending,
    /// Dead letters.
    Dead,
}

/// One delivery of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Which effect.
    pub effect: EffectRef,
    /// How many attempts failed; not known any more of dead letters.
    pub failed: Option<u32>,
    /// When the next attempt is due; nothing of dead letters, and of those that are tried as soon as their turn comes.
    pub due: Option<Timestamp>,
    /// When it was given up.
    pub died: Option<Timestamp>,
    /// Why the last attempt failed, or why it was given up.
    pub why: Option<Name>,
}

/// How an endpoint does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Its books.
    pub books: Books,
    /// Failures since the last success.
    pub failures: u32,
    /// Since when there are only failures.
    pub failing_since: Option<Timestamp>,
    /// Why it is switched off.
    pub off: Option<Name>,
    /// It has so many dead letters that it gets nothing more until they are retried.
    pub is_full: bool,
    /// Up to where the log was looked at for it.
    pub cursor: Address,
}

/// What there is to see.
impl Queue {
    pub(super) fn books(&self) -> Books {
        let Self { enqueued, delivered, cancelled, .. } = *self;
        Books { enqueued, pending: self.open.len() as u64, delivered, dead: self.dead.len() as u64, cancelled }
    }

    pub(super) fn health(&self, policy: &Policy) -> Health {
        Health {
            books: self.books(),
            failures: self.failures,
            failing_since: self.failing_since,
            off: self.off.clone(),
            is_full: self.dead.len() >= policy.dead,
            cursor: self.cursor,
        }
    }

    pub(super) fn is_dead(&self, effect: EffectRef) -> bool {
        self.dead.contains_key(&effect)
    }

    pub(super) fn list(&self, state: State, after: Option<EffectRef>, limit: usize) -> Vec<Listed> {
        let is_later = |effect: &EffectRef| after.is_none_or(|after| *effect > after);
        let pending = self.open.iter().filter(|(effect, _)| is_later(effect)).map(|(effect, open)| Listed {
            effect: *effect,
            failed: Some(open.failed),
            due: open.due,
            died: None,
            why: open.why.clone(),
        });
        let dead = self.dead.iter().filter(|(effect, _)| is_later(effect)).map(|(effect, dead)| Listed {
            effect: *effect,
            failed: None,
            due: None,
            died: Some(dead.at),
            why: Some(dead.why.clone()),
        });
        match state {
            State::Pending => pending.take(limit).collect(),
            State::Dead => dead.take(limit).collect(),
        }
    }
}
