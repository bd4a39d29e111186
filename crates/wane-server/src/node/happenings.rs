//! What happened to all conversations: as much of it as one of them has still to go through, and which rules are needed
//! for nothing but to read records with. What neither asks for is forgotten.
//!
//! Here are numbers, records and what they mean; the rules themselves are in `rulesets`.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use wane_core::engine::Engine;
use wane_core::ruleset::{Ruleset, RulesetHash};
use wane_runtime::epoch::Epoch;
use wane_runtime::shard::Needs;
use wane_wire::record::{Address, Ordinal, Record, Sequence};

use super::start::StartError;

/// Rules by which nothing is decided any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Retired {
    /// Which.
    pub(super) hash: RulesetHash,
    /// All records that they decided are in blocks before this one.
    pub(super) before: Sequence,
}

impl Retired {
    /// Whether records that they decided may be among those from `oldest` on.
    pub(super) fn is_needed(&self, oldest: Sequence) -> bool {
        oldest < self.before
    }
}

/// What a snapshot must say of them. The shards number the happenings in the same way.
#[derive(Clone, Debug)]
pub(super) struct Happenings {
    /// The number of the first one, from 1.
    first: u32,
    /// Each with its place in the log. The first one is the rules that were in force after the happening of its number and
    /// place: everybody has that one behind.
    list: VecDeque<(Address, Record)>,
    /// By which of their rules there may be records.
    decided: BTreeSet<Ordinal>,
    retired: BTreeMap<Ordinal, Retired>,
}

impl Default for Happenings {
    fn default() -> Self {
        Self { first: 1, list: VecDeque::new(), decided: BTreeSet::new(), retired: BTreeMap::new() }
    }
}

impl Happenings {
    /// The number of the first one.
    pub(super) const fn first(&self) -> u32 {
        self.first
    }

    /// The first one gets this number; `false` when that comes too late, or there is no such number.
    pub(super) fn begin_at(&mut self, first: u32) -> bool {
        let in_time = self.list.is_empty() && first > 0;
        if in_time {
            self.first = first;
        }
        in_time
    }

    /// Whether what the log says there is known.
    pub(super) fn knows(&self, at: Address) -> bool {
        self.list.back().is_some_and(|(last, _)| *last >= at)
    }

    /// Adds one. An outage before any rules happens to nobody.
    pub(super) fn push(&mut self, at: Address, record: Record) {
        if !self.list.is_empty() || matches!(record, Record::Activation { .. }) {
            self.list.push_back((at, record));
        }
    }

    /// There may be records by these rules.
    pub(super) fn decided(&mut self, rules: impl IntoIterator<Item = Ordinal>) {
        self.decided.extend(rules);
    }

    /// These rules are needed to read records.
    pub(super) fn retire(&mut self, ordinal: Ordinal, retired: Retired) {
        self.retired.insert(ordinal, retired);
    }

    /// All shards have that one behind them, and every record by rules before it is in a block before `open`.
    pub(super) fn reached(&mut self, number: u32, open: Sequence) {
        while self.first < number && self.list.len() > 1 {
            let Some((_, passed)) = self.list.pop_front() else { return };
            self.first += 1;
            match self.list.front_mut() {
                // The rules stay in force over an outage.
                Some((_, next)) if matches!(next, Record::Outage { .. }) => *next = passed,
                Some(_) | None => self.replaced(&passed, open),
            }
        }
    }

    /// Rules were followed by others, and nobody needs them to go on.
    fn replaced(&mut self, passed: &Record, open: Sequence) {
        if let Record::Activation { ordinal, hash, .. } = passed
            && self.decided.remove(ordinal)
        {
            self.retired.insert(*ordinal, Retired { hash: *hash, before: open });
        }
    }

    /// Records before that block can not be read any more; forgets the rules that only they needed.
    pub(super) fn release(&mut self, oldest: Sequence) {
        self.retired.retain(|_, retired| retired.is_needed(oldest));
    }

    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = &(Address, Record)> {
        self.list.iter()
    }

    /// The rules that are needed to read records only.
    pub(super) const fn retired(&self) -> &BTreeMap<Ordinal, Retired> {
        &self.retired
    }

    /// All rules that are needed.
    pub(super) fn rules(&self) -> BTreeSet<Ordinal> {
        let activated = |(_, record): &(Address, Record)| {
            if let Record::Activation { ordinal, .. } = record { Some(*ordinal) } else { None }
        };
        self.list.iter().filter_map(activated).chain(self.retired.keys().copied()).collect()
    }
}

/// Finds the rules of a hash; or says why not.
pub(super) type Find<'f> = &'f dyn Fn(RulesetHash) -> Result<Arc<Ruleset>, String>;

/// The rules of a hash that the log names.
pub(super) fn find(rulesets: Find<'_>, hash: RulesetHash) -> Result<Arc<Ruleset>, StartError> {
    rulesets(hash).map_err(|why| StartError::Rules { hash, why })
}

/// What a record means for all conversations, by rules that are found by their hash.
pub(super) fn epoch_of(record: &Record, rulesets: Find<'_>) -> Result<Option<Epoch>, StartError> {
    Ok(match record {
        Record::Outage { from, now } => Some(Epoch::Outage { from: *from, now: *now }),
        Record::Activation { now, ordinal, hash, .. } => {
            let rules = find(rulesets, *hash)?;
            Some(Epoch::Rules { ordinal: *ordinal, now: *now, engine: Arc::new(Engine::new(rules)) })
        }
        Record::Event(_)
        | Record::Lapse(_)
        | Record::Forget { .. }
        | Record::Tick { .. }
        | Record::Delivery(_)
        | Record::Admin { .. } => None,
    })
}

/// What all shards need together.
pub(super) fn together(needs: impl IntoIterator<Item = Needs>) -> Needs {
    let both = |one: Needs, mut other: Needs| {
        other.decided.extend(one.decided);
        Needs { reached: other.reached.min(one.reached), decided: other.decided }
    };
    needs.into_iter().reduce(both).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use wane_core::time::Timestamp;

    use super::*;

    const NOW: Timestamp = Timestamp::EPOCH;

    fn at(block: u64) -> Address {
        Address::new(Sequence(block), 0)
    }

    fn rules(number: u32) -> Record {
        let hash = hash(number);
        Record::Activation { now: NOW, ordinal: Ordinal(number), hash, by: "ana".into() }
    }

    fn hash(number: u32) -> RulesetHash {
        RulesetHash([u8::try_from(number).expect("a small number"); 32])
    }

    const OUTAGE: Record = Record::Outage { from: NOW, now: NOW };

    /// Rules 1, an outage, rules 2, rules 3, an outage; in blocks 1 to 5.
    fn five() -> Happenings {
        let mut happenings = Happenings::default();
        let all = [rules(1), OUTAGE, rules(2), rules(3), OUTAGE];
        (1..).zip(all).for_each(|(block, record)| happenings.push(at(block), record));
        happenings
    }

    fn listed(happenings: &Happenings) -> Vec<(Address, Record)> {
        happenings.all().cloned().collect()
    }

    #[test]
    fn what_all_have_behind_is_forgotten_but_for_the_rules_in_force_after_it() {
        let mut happenings = five();
        happenings.reached(2, Sequence(9));
        assert_eq!(happenings.first(), 2);
        let left = [(at(2), rules(1)), (at(3), rules(2)), (at(4), rules(3)), (at(5), OUTAGE)];
        assert_eq!(listed(&happenings), left, "rules 1 are in force in the place of the outage");
        happenings.reached(3, Sequence(9));
        assert_eq!((happenings.first(), listed(&happenings)), (3, left[1..].to_vec()));
        happenings.reached(2, Sequence(9));
        assert_eq!(happenings.first(), 3, "nothing comes back");
        happenings.reached(99, Sequence(9));
        assert_eq!((happenings.first(), listed(&happenings)), (5, vec![(at(5), rules(3))]), "the last one stays");
        assert!(happenings.knows(at(5)) && !happenings.knows(at(6)));
        assert_eq!(happenings.rules(), BTreeSet::from([Ordinal(3)]));
    }

    #[test]
    fn rules_that_decided_something_are_kept_as_long_as_its_record_can_be_read() {
        let mut happenings = five();
        happenings.decided([Ordinal(1), Ordinal(3)]);
        happenings.reached(4, Sequence(9));
        assert_eq!(happenings.rules(), BTreeSet::from([Ordinal(1), Ordinal(3)]), "by rules 2 there is no record");
        assert_eq!(happenings.retired()[&Ordinal(1)], Retired { hash: hash(1), before: Sequence(9) });
        happenings.push(at(9), rules(4));
        happenings.reached(6, Sequence(10));
        happenings.release(Sequence(8));
        assert_eq!(happenings.rules(), BTreeSet::from([Ordinal(1), Ordinal(3), Ordinal(4)]));
        happenings.release(Sequence(9));
        assert_eq!(happenings.rules(), BTreeSet::from([Ordinal(3), Ordinal(4)]), "block 8 was the last one by rules 1");
        happenings.release(Sequence(99));
        assert_eq!(happenings.rules(), BTreeSet::from([Ordinal(4)]), "those in force stay");
    }

    #[test]
    fn an_outage_before_any_rules_is_nobodys_and_has_no_number() {
        let mut happenings = Happenings::default();
        happenings.push(at(1), OUTAGE);
        happenings.push(at(2), rules(1));
        assert_eq!((happenings.first(), listed(&happenings)), (1, vec![(at(2), rules(1))]));
        assert!(!happenings.begin_at(7), "too late");
        let mut happenings = Happenings::default();
        assert!(!happenings.begin_at(0) && happenings.begin_at(7) && happenings.first() == 7);
    }

    #[test]
    fn shards_need_what_the_slowest_of_them_needs() {
        let needs =
            |reached, decided: &[u32]| Needs { reached, decided: decided.iter().copied().map(Ordinal).collect() };
        assert_eq!(together([needs(4, &[1]), needs(3, &[2]), needs(5, &[])]), needs(3, &[1, 2]));
        assert_eq!(together([]), Needs::default());
    }
}
