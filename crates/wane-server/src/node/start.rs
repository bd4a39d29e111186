//! A node from what the log holds: the newest whole snapshot, then every record after it, then the threads.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;

use thiserror::Error;
use tokio::sync::watch;
use wane_core::facts::Name;
use wane_core::ruleset::{Ruleset, RulesetHash};
use wane_core::time::Timestamp;
use wane_runtime::epoch::Epoch;
use wane_runtime::shard::{Disagreement, Settings, Shard};
use wane_store::log::{Block, Log, LogError};
use wane_wire::record::{Address, Ordinal, Record, RecordError, RecordKind, Sequence, decode, instant, peek};

use super::commit::Committer;
use super::happenings::{Find, Happenings, Retired, epoch_of, find};
use super::keep::{self, Habits, Keeper};
use super::pace::Pace;
use super::rulesets::{Rulesets, same};
use super::worker::Worker;
use super::{Failure, Inner, Lane, Node, NodeError, Observer, Threads};
use crate::clock::Clock;

/// What a node is made of.
pub struct Setup<'a> {
    /// The log; its directory's key and number of shards.
    pub log: Arc<dyn Log>,
    /// Under which names and ids are hashed; the same for the life of the log.
    pub key: [u8; 16],
    /// How many shards.
    pub shards: u16,
    /// A clock that moves only when told.
    pub manual_clock: bool,
    /// The rules to start with when the log has none yet.
    pub initial: Option<Arc<Ruleset>>,
    /// Finds the rules that the log names.
    pub rulesets: &'a dyn Fn(RulesetHash) -> Result<Arc<Ruleset>, String>,
    /// How long things are kept.
    pub retention: Retention,
    /// Overdue deadlines decided a second after a stop.
    pub overdue_rate: u32,
    /// Deadlines that are overdue by more than this at the start, in milliseconds, wait for an operator.
    pub hold_overdue_over: Option<i64>,
    /// A snapshot is taken when the log has grown by so many bytes.
    pub snapshot_bytes: u64,
    /// Or when anything happened and the last one is so old.
    pub snapshot_every: Duration,
    /// Hears of commits.
    pub observer: Arc<dyn Observer>,
}

/// How long things are kept, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Event ids against repeats: 8 days (C5).
    pub ids: i64,
    /// Ended conversations.
    pub ended: i64,
    /// Conversations without an open session and without a running timer.
    pub idle: i64,
    /// The log, for histories and followers, beyond what recovery needs.
    pub log: i64,
}

impl Default for Retention {
    fn default() -> Self {
        const DAY: i64 = 24 * 60 * 60 * 1_000;
        Self { ids: 8 * DAY, ended: 30 * DAY, idle: 90 * DAY, log: 8 * DAY }
    }
}

/// A node that runs.
pub struct Started {
    /// It.
    pub node: Node,
    /// Its clock.
    pub clock: Clock,
    /// What was recovered.
    pub recovered: Recovered,
}

/// What a start found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Conversations, ended ones included.
    pub conversations: u64,
    /// Blocks read after the snapshot.
    pub blocks: u64,
    /// The last instant at which the service was known to be up; `None` on the first start.
    pub up_until: Option<Timestamp>,
    /// What other parts had put into the snapshot, by name.
    pub extras: BTreeMap<String, Vec<u8>>,
}

/// Why a node does not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A record that can not be read, though its block is whole.
    #[error("block {}: {error}", .block.0)]
    Record {
        /// Where.
        block: Sequence,
        /// Why.
        error: RecordError,
    },
    /// A snapshot whose pieces are whole but can not be read.
    #[error("the snapshot: {0}")]
    Snapshot(String),
    /// Replaying leads elsewhere than the log says.
    #[error(transparent)]
    Disagrees(#[from] Box<Disagreement>),
    /// Rules that the log names are missing.
    #[error("the ruleset {hash} was in force, but {why}")]
    Rules {
        /// Which.
        hash: RulesetHash,
        /// Why not.
        why: String,
    },
    /// There are no rules to start with.
    #[error("the log has no rules yet, and none were given")]
    NoRules,
    /// A thread could not be started.
    #[error("a thread could not be started: {0}")]
    Thread(#[from] std::io::Error),
    /// A fault of ours: a shard's thread panicked.
    #[error("internal fault: a shard failed while it took over what the log holds")]
    Fault,
    /// The first record could not be written.
    #[error("the log takes nothing: {0}")]
    Write(NodeError),
}

/// One thing for a shard to take over.
enum Input {
    Piece(Arc<Vec<u8>>),
    First(u32),
    Epoch(Epoch),
    Block(Block),
}

/// What the reader learns on the way.
#[derive(Default)]
struct Learned {
    happenings: Happenings,
    rulesets: BTreeMap<Ordinal, Arc<Ruleset>>,
    ages: Vec<(Timestamp, Sequence)>,
    /// Whether there was ever a conversation.
    begun: bool,
    /// Bytes of records after the snapshot.
    replayed: u64,
    recovered: Recovered,
}

impl Node {
    /// Recovers what the log holds and starts the threads.
    ///
    /// # Errors
    /// [`StartError`]; nothing runs then.
    pub fn start(setup: &Setup<'_>) -> Result<Started, StartError> {
        let (mut shards, mut learned) = recover(setup)?;
        let earliest = learned.recovered.up_until.unwrap_or(Timestamp::EPOCH);
        let clock = clock(setup, learned.recovered.up_until, earliest);
        let now = clock.now();
        learned.recovered.conversations = shards.iter().map(|shard| shard.figures().conversations).sum();
        let committer = Arc::new(Committer::new(Arc::clone(&setup.log), clock.clone(), Arc::clone(&setup.observer)));
        for record in opening(setup, &learned, now)? {
            let address = committer.record(&record, Box::new(|_| ()));
            let epoch = epoch(&record, setup.rulesets, &mut learned, setup.initial.as_ref())?;
            learned.happenings.push(address, record);
            shards.iter_mut().for_each(|shard| epoch.iter().for_each(|epoch| shard.epoch(epoch.clone())));
        }
        if let Some(over) = setup.hold_overdue_over {
            shards.iter_mut().for_each(|shard| shard.hold_before(Some(now.plus_millis(-over))));
        }
        run(setup, shards, learned, clock, committer)
    }
}

fn clock(setup: &Setup<'_>, up_until: Option<Timestamp>, earliest: Timestamp) -> Clock {
    match up_until {
        Some(then) if setup.manual_clock => Clock::manual(then),
        None if setup.manual_clock => Clock::manual(Clock::system(earliest).now()),
        Some(_) | None => Clock::system(earliest),
    }
}

/// What is logged first: rules, when there are none yet; else that the service was away.
fn opening(setup: &Setup<'_>, learned: &Learned, now: Timestamp) -> Result<Vec<Record>, StartError> {
    let mut records = Vec::new();
    if let Some(from) = learned.recovered.up_until.filter(|from| *from < now) {
        records.push(Record::Outage { from, now });
    }
    if learned.rulesets.is_empty() {
        let hash = setup.initial.as_ref().ok_or(StartError::NoRules)?.hash;
        records.push(Record::Activation { now, ordinal: Ordinal(1), hash, by: Name::from("start") });
    }
    Ok(records)
}

fn recover(setup: &Setup<'_>) -> Result<(Vec<Shard>, Learned), StartError> {
    std::thread::scope(|scope| {
        let mut ways = Vec::new();
        let mut threads = Vec::new();
        for index in 0..setup.shards {
            let (way, inputs) = sync_channel(16);
            let shard = Shard::new(settings(setup, index));
            ways.push(way);
            threads.push(scope.spawn(move || take_over(shard, &inputs)));
        }
        let read = read(setup, &ways);
        drop(ways);
        let shards = threads.into_iter().map(|thread| thread.join().unwrap_or(Err(StartError::Fault)));
        let shards = shards.collect::<Result<Vec<_>, _>>()?;
        Ok((shards, read?))
    })
}

fn settings(setup: &Setup<'_>, index: u16) -> Settings {
    let Retention { ids, ended, idle, .. } = setup.retention;
    let (key, shards) = (setup.key, setup.shards);
    Settings { index, shards, key, ids_for: ids, ended_for: ended, idle_for: idle }
}

/// Reads the snapshot and the log, and passes everything on to all shards.
fn read(setup: &Setup<'_>, ways: &[SyncSender<Input>]) -> Result<Learned, StartError> {
    let mut learned = Learned::default();
    let mut from = setup.log.first();
    if let Some(mut snapshot) = setup.log.snapshot()? {
        from = snapshot.from();
        while let Some(piece) = snapshot.piece()? {
            keep::take_piece(piece, &mut |part| take_part(setup, ways, &mut learned, part))?;
        }
    }
    loop {
        let blocks = setup.log.read(from, 1 << 20)?;
        let Some(last) = blocks.last() else { return Ok(learned) };
        from = last.sequence.next();
        for block in blocks {
            happenings(setup, ways, &mut learned, &block)?;
            learned.recovered.blocks += 1;
            learned.replayed += block.records.len() as u64;
            pass(ways, || Input::Block(block.clone()));
        }
    }
}

fn take_part(
    setup: &Setup<'_>,
    ways: &[SyncSender<Input>],
    learned: &mut Learned,
    part: keep::Part,
) -> Result<(), StartError> {
    match part {
        keep::Part::Conversations(piece) => {
            learned.begun = true;
            let piece = Arc::new(piece);
            pass(ways, || Input::Piece(Arc::clone(&piece)));
        }
        keep::Part::Happening(address, record) => {
            if let Record::Tick { now } = record {
                // What the clock showed then; with a manual one, rules may be dated after it.
                learned.recovered.up_until = Some(now);
            }
            if let Record::Activation { ordinal, .. } = &record {
                // Records by them may be in the log, before the blocks that are read now.
                learned.happenings.decided([*ordinal]);
            }
            happening(setup, ways, learned, (address, record))?;
        }
        keep::Part::First(number) => {
            if !learned.happenings.begin_at(number) {
                return Err(StartError::Snapshot(format!("what happened can not begin with number {number} there")));
            }
            pass(ways, || Input::First(number));
        }
        keep::Part::Retired(rules) => retired(setup, learned, rules)?,
        keep::Part::Ages(ages) => learned.ages = ages,
        keep::Part::Extra(name, bytes) => drop(learned.recovered.extras.insert(name, bytes)),
    }
    Ok(())
}

/// Takes over the rules that records in the log need. What only records before it needed is let go, unseen.
fn retired(setup: &Setup<'_>, learned: &mut Learned, rules: Vec<(Ordinal, Retired)>) -> Result<(), StartError> {
    let oldest = setup.log.first();
    for (ordinal, retired) in rules.into_iter().filter(|(_, retired)| retired.is_needed(oldest)) {
        let rules = same(&learned.rulesets, retired.hash).map_or_else(|| find(setup.rulesets, retired.hash), Ok)?;
        learned.rulesets.insert(ordinal, rules);
        learned.happenings.retire(ordinal, retired);
    }
    Ok(())
}

/// The records of a block that are about all conversations come first: the others say themselves which rules they are by.
fn happenings(
    setup: &Setup<'_>,
    ways: &[SyncSender<Input>],
    learned: &mut Learned,
    block: &Block,
) -> Result<(), StartError> {
    let fault = |error| StartError::Record { block: block.sequence, error };
    let mut offset = 0;
    while offset < block.records.len() {
        let peeked = peek(&block.records, offset).map_err(fault)?;
        let made = instant(&block.records, offset).map_err(fault)?;
        learned.begun |= peeked.partition.is_some();
        let up_until = &mut learned.recovered.up_until;
        // Before the first event a manual clock may have been set back.
        let begins = peeked.kind == RecordKind::Tick && !learned.begun;
        *up_until = if begins { Some(made) } else { (*up_until).max(Some(made)) };
        if is_happening(peeked.kind) {
            let (record, _) = decode(&block.records, offset).map_err(fault)?;
            let address = Address::new(block.sequence, u32::try_from(offset).unwrap_or(u32::MAX));
            happening(setup, ways, learned, (address, record))?;
        }
        offset = peeked.next_offset;
    }
    Ok(())
}

fn happening(
    setup: &Setup<'_>,
    ways: &[SyncSender<Input>],
    learned: &mut Learned,
    (address, record): (Address, Record),
) -> Result<(), StartError> {
    if let Record::Outage { now, .. } | Record::Activation { now, .. } = &record {
        learned.recovered.up_until = learned.recovered.up_until.max(Some(*now));
    }
    // The snapshot says some of them, too.
    if learned.happenings.knows(address) {
        return Ok(());
    }
    if let Some(epoch) = epoch(&record, setup.rulesets, learned, None)? {
        pass(ways, || Input::Epoch(epoch.clone()));
        learned.happenings.push(address, record);
    }
    Ok(())
}

/// What a record means for all conversations; its rules are found, or are those given.
fn epoch(
    record: &Record,
    find: Find<'_>,
    learned: &mut Learned,
    given: Option<&Arc<Ruleset>>,
) -> Result<Option<Epoch>, StartError> {
    let here = |hash| given.filter(|rules| rules.hash == hash).cloned().or_else(|| same(&learned.rulesets, hash));
    let found = |hash| here(hash).map_or_else(|| find(hash), Ok);
    let epoch = epoch_of(record, &found)?;
    if let Some(Epoch::Rules { ordinal, engine, .. }) = &epoch {
        learned.rulesets.insert(*ordinal, Arc::clone(engine.rules()));
    }
    Ok(epoch)
}

const fn is_happening(kind: RecordKind) -> bool {
    matches!(kind, RecordKind::Tick | RecordKind::Outage | RecordKind::Activation)
}

/// A shard that failed hears nothing more; its fault is told when it is joined.
fn pass(ways: &[SyncSender<Input>], input: impl Fn() -> Input) {
    ways.iter().for_each(|way| drop(way.send(input())));
}

/// The thread of one shard while the log is read.
fn take_over(mut shard: Shard, inputs: &Receiver<Input>) -> Result<Shard, StartError> {
    for input in inputs {
        match input {
            Input::Piece(piece) => shard.restore(&piece).map_err(StartError::Snapshot)?,
            Input::First(number) => shard.begin_at(number),
            Input::Epoch(epoch) => shard.epoch(epoch),
            Input::Block(block) => replay(&mut shard, &block)?,
        }
    }
    shard.restored();
    Ok(shard)
}

fn replay(shard: &mut Shard, block: &Block) -> Result<(), StartError> {
    let fault = |error| StartError::Record { block: block.sequence, error };
    let (mut offset, mut run) = (0, Vec::with_capacity(Shard::AHEAD));
    while offset < block.records.len() {
        let peeked = peek(&block.records, offset).map_err(fault)?;
        if peeked.partition.is_some_and(|partition| shard.has(partition)) {
            let (record, _) = decode(&block.records, offset).map_err(fault)?;
            run.push((Address::new(block.sequence, u32::try_from(offset).unwrap_or(u32::MAX)), record));
        }
        offset = peeked.next_offset;
        if run.len() == Shard::AHEAD || offset >= block.records.len() {
            shard.replay_run(&run).map_err(Box::new)?;
            run.clear();
        }
    }
    Ok(())
}

fn run(
    setup: &Setup<'_>,
    shards: Vec<Shard>,
    learned: Learned,
    clock: Clock,
    committer: Arc<Committer>,
) -> Result<Started, StartError> {
    let (failed, failure) = watch::channel(None);
    let failed = Arc::new(failed);
    let rate = setup.overdue_rate.div_ceil(u32::from(setup.shards.max(1)));
    let mut threads = Threads { log: Some(log_thread(&committer, Arc::clone(&failed))?), ..Threads::default() };
    let mut lanes = Vec::new();
    for (index, shard) in shards.into_iter().enumerate() {
        let (commands, inputs) = channel();
        let queued = Arc::new(AtomicUsize::new(0));
        let pace = Pace::new(clock.now(), rate);
        let way = (clock.clone(), Arc::clone(&committer));
        let worker = Worker::new(shard, inputs, way, Arc::clone(&queued), pace);
        let name = format!("shard-{index}");
        let failed = Arc::clone(&failed);
        let work = move || guarded(&failed, || worker.run());
        threads.shards.push(std::thread::Builder::new().name(name).spawn(work)?);
        lanes.push(Lane { commands, queued });
    }
    let current = learned.rulesets.last_key_value().map(|(ordinal, rules)| (*ordinal, Arc::clone(rules)));
    let (current, rules) = current.ok_or(StartError::NoRules)?;
    let inner = Arc::new(Inner {
        clock: clock.clone(),
        begun: AtomicBool::new(learned.begun),
        key: setup.key,
        committer,
        shards: lanes,
        rulesets: RwLock::new(Rulesets { current, rules, known: learned.rulesets }),
        activating: tokio::sync::Mutex::new(()),
        happenings: Mutex::new(learned.happenings),
        extras: Mutex::default(),
        readers: Mutex::default(),
        threads: Mutex::new(threads),
        failure,
    });
    let habits = Habits {
        retention: setup.retention.log,
        snapshot_bytes: setup.snapshot_bytes,
        snapshot_every: setup.snapshot_every,
    };
    Keeper::start(&inner, habits, (learned.ages, learned.replayed), failed)?;
    Ok(Started { node: Node(inner), clock, recovered: learned.recovered })
}

fn log_thread(committer: &Arc<Committer>, failed: Arc<Failed>) -> Result<JoinHandle<()>, std::io::Error> {
    let committer = Arc::clone(committer);
    let write = move || {
        guarded(&failed, || {
            if let Err(error) = committer.run() {
                failed.send_replace(Some(Failure::Write(error.to_string())));
            }
        });
    };
    std::thread::Builder::new().name("log".to_owned()).spawn(write)
}

/// Tells why the node can not go on.
pub(super) type Failed = watch::Sender<Option<Failure>>;

/// A thread without which the node can not go on: when it panics, the process is to stop and not to wait for it.
pub(super) fn guarded(failed: &Failed, work: impl FnOnce()) {
    let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
    if done.is_err() {
        let thread = std::thread::current().name().unwrap_or_default().to_owned();
        failed.send_if_modified(|failure| failure.is_none() && failure.replace(Failure::Fault(thread)).is_none());
    }
}
