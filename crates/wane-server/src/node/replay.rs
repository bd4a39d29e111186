//! A whole log once more, without threads and clocks: does it lead where it says (promise 4)?

use std::collections::BTreeMap;
use std::sync::Arc;

use wane_core::ruleset::Ruleset;
use wane_runtime::epoch::Epoch;
use wane_runtime::shard::{Settings, Shard};
use wane_store::log::{Block, Log};
use wane_wire::record::{Address, Ordinal, Record, RecordError, Sequence, iterate};

use super::happenings::{Find, Retired, epoch_of, find};
use super::keep::{self, Part};
use super::start::{Retention, StartError};

/// What of a log was replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// The oldest block that is kept.
    pub first: Sequence,
    /// From this block on, decisions were made again and compared. It is the oldest one unless older ones have been let
    /// go: then it is the newest snapshot's.
    pub checked_from: Sequence,
    /// How many blocks were read.
    pub blocks: u64,
    /// How many records.
    pub records: u64,
    /// Conversations at the end, ended ones that are still kept included.
    pub conversations: u64,
}

/// What is shown each record in the order of the log, with the rules that decided it where it has some.
pub type See<'a> = &'a mut dyn FnMut(Address, &Record, Option<&Ruleset>);

/// Reads all records that are kept; makes every decision again and compares it with what the log says.
///
/// # Errors
/// [`StartError::Disagrees`] when the log disagrees with itself; otherwise what keeps it from being read.
pub fn replay(log: &dyn Log, key: [u8; 16], rulesets: Find<'_>, see: See<'_>) -> Result<Replayed, StartError> {
    let retention = Retention::default();
    let Retention { ids, ended, idle, .. } = retention;
    let settings = Settings { index: 0, shards: 1, key, ids_for: ids, ended_for: ended, idle_for: idle };
    let first = log.first();
    let mut state = State { shard: Shard::new(settings), rulesets, known: BTreeMap::new(), last: Address::NONE };
    let mut replayed = Replayed { first, checked_from: first, blocks: 0, records: 0, conversations: 0 };
    if first > Sequence(1) {
        replayed.checked_from = state.restore(log)?.unwrap_or(first);
    }
    let mut at = first;
    loop {
        let blocks = log.read(at, 1 << 20)?;
        let Some(last) = blocks.last() else { break };
        at = last.sequence.next();
        for block in &blocks {
            replayed.blocks += 1;
            replayed.records += state.block(block, block.sequence >= replayed.checked_from, see)?;
        }
    }
    replayed.conversations = state.shard.figures().conversations;
    Ok(replayed)
}

struct State<'a> {
    shard: Shard,
    rulesets: Find<'a>,
    known: BTreeMap<Ordinal, Arc<Ruleset>>,
    /// The last happening that was passed on: the snapshot has some of them, too.
    last: Address,
}

impl State<'_> {
    /// Takes over the newest snapshot; from which block to go on.
    fn restore(&mut self, log: &dyn Log) -> Result<Option<Sequence>, StartError> {
        let Some(mut snapshot) = log.snapshot()? else { return Ok(None) };
        let from = snapshot.from();
        while let Some(piece) = snapshot.piece()? {
            keep::take_piece(piece, &mut |part| match part {
                Part::Conversations(piece) => self.shard.restore(&piece).map_err(StartError::Snapshot),
                Part::Happening(at, record) => self.happening(at, &record),
                Part::First(number) => {
                    self.shard.begin_at(number);
                    Ok(())
                }
                Part::Retired(rules) => self.retired(log.first(), rules),
                Part::Ages(_) | Part::Extra(..) => Ok(()),
            })?;
        }
        Ok(Some(from))
    }

    fn retired(&mut self, oldest: Sequence, rules: Vec<(Ordinal, Retired)>) -> Result<(), StartError> {
        for (ordinal, Retired { hash, .. }) in rules.into_iter().filter(|(_, retired)| retired.is_needed(oldest)) {
            self.known.insert(ordinal, find(self.rulesets, hash)?);
        }
        Ok(())
    }

    /// Happenings first, as a start does: the other records say themselves which rules they are by.
    fn block(&mut self, block: &Block, checked: bool, see: See<'_>) -> Result<u64, StartError> {
        let fault = |error: RecordError| StartError::Record { block: block.sequence, error };
        let records = iterate(&block.records, block.sequence).collect::<Result<Vec<_>, _>>().map_err(fault)?;
        for (at, record) in &records {
            self.happening(*at, record)?;
        }
        for (at, record) in &records {
            if checked {
                self.shard.replay(*at, record).map_err(Box::new)?;
            }
            see(*at, record, record.decided().and_then(|decided| self.known.get(&decided.rules)).map(|rules| &**rules));
        }
        Ok(records.len() as u64)
    }

    fn happening(&mut self, at: Address, record: &Record) -> Result<(), StartError> {
        if self.last >= at {
            return Ok(());
        }
        let Some(epoch) = epoch_of(record, self.rulesets)? else { return Ok(()) };
        if let Epoch::Rules { ordinal, engine, .. } = &epoch {
            self.known.insert(*ordinal, Arc::clone(engine.rules()));
        }
        self.last = at;
        self.shard.epoch(epoch);
        Ok(())
    }
}
