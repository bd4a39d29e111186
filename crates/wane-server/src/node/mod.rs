//! The shards' threads and the log's: where events wait, are decided, and become durable.
//!
//! [`Node`] is the handle that handlers use. An answer is given after its record is durable. Queues are bounded: a full one
//! is [`NodeError::Busy`], told at once. Groups of records go through `commit`, a shard's thread is `worker`, `start` makes
//! a node from what the log holds, `keep` takes snapshots and lets old parts of the log go.

mod command;
mod commit;
mod happenings;
mod keep;
mod pace;
mod replay;
mod rulesets;
mod start;
mod told;
mod worker;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::{oneshot, watch};
use wane_core::engine::Engine;
use wane_core::event::Event;
use wane_core::facts::Name;
use wane_core::ruleset::Ruleset;
use wane_core::time::Timestamp;
use wane_runtime::epoch::Epoch;
use wane_runtime::shard::{Figures, Preview, Shard, View};
use wane_store::log::Block;
use wane_wire::record::{Address, Ordinal, Record, Sequence, decode};

use crate::clock::Clock;
use command::{Command, Decided, Page};
use commit::Committer;
use happenings::Happenings;
use rulesets::Rulesets;

pub use replay::{Replayed, See, replay};
pub use start::{Recovered, Retention, Setup, StartError, Started};
pub use told::{Answered, Cursor, EVENT_LIMIT, Failure, Keep, ListPage, NodeError};

/// Hears of what the node does, for metrics.
pub trait Observer: Send + Sync {
    /// A block of that many bytes became durable in that time.
    fn committed(&self, bytes: usize, took: Duration);
}

/// The running shards and their log.
#[derive(Clone)]
pub struct Node(Arc<Inner>);

struct Inner {
    clock: Clock,
    /// Whether an event was ever taken, or a manual clock set: from then on time does not go back.
    begun: AtomicBool,
    key: [u8; 16],
    committer: Arc<Committer>,
    shards: Vec<Lane>,
    rulesets: RwLock<Rulesets>,
    /// One activation at a time, so that all shards hear of them in one order.
    activating: tokio::sync::Mutex<()>,
    /// What a snapshot must say of them.
    happenings: Mutex<Happenings>,
    extras: Mutex<BTreeMap<String, Extra>>,
    readers: Mutex<Vec<Reader>>,
    threads: Mutex<Threads>,
    failure: watch::Receiver<Option<Failure>>,
}

/// The way to one shard.
struct Lane {
    commands: Sender<Command>,
    queued: Arc<AtomicUsize>,
}

/// Gives what another part of the daemon wants to find in the next snapshot.
pub type Extra = Arc<dyn Fn() -> Vec<u8> + Send + Sync>;

/// Tells the oldest block that somebody has still to read; `None` when that is none.
pub type Reader = Arc<dyn Fn() -> Option<Sequence> + Send + Sync>;

#[derive(Default)]
struct Threads {
    shards: Vec<JoinHandle<()>>,
    keeper: Option<(Sender<()>, JoinHandle<()>)>,
    log: Option<JoinHandle<()>>,
}

/// Events that may wait for one shard; about a tenth of a second's work.
const QUEUE_LIMIT: usize = 16_384;

impl Node {
    /// The time of the engine.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// Applies events, each conversation's in the order given; answers in the order given, after all are durable.
    ///
    /// # Errors
    /// [`NodeError`]; with `Busy` and `TooLarge` none of the events was taken.
    pub async fn submit(&self, events: Vec<Event>) -> Result<Vec<Answered>, NodeError> {
        if events.iter().any(|event| told::size(event) > EVENT_LIMIT) {
            return Err(NodeError::TooLarge);
        }
        let count = events.len();
        self.0.begun.store(true, Ordering::Release);
        let mut lots = self.sort(events);
        self.reserve(&lots)?;
        let mut replies = Vec::with_capacity(lots.len());
        for (lane, lot) in self.0.shards.iter().zip(&mut lots) {
            if lot.is_empty() {
                continue;
            }
            let (reply, answer) = oneshot::channel();
            lane.send(Command::Events(std::mem::take(lot), reply))?;
            replies.push(answer);
        }
        let mut decided = Vec::with_capacity(count);
        for reply in replies {
            decided.extend(reply.await.map_err(|_| NodeError::Stopped)?);
        }
        decided.sort_unstable_by_key(|(number, _)| *number);
        let mut answers = Vec::with_capacity(count);
        for (_, decided) in decided {
            answers.push(self.answered(decided).await?);
        }
        Ok(answers)
    }

    async fn answered(&self, decided: Decided) -> Result<Answered, NodeError> {
        match decided {
            Decided::New { answer, rules, next, record } => Ok(Answered::New { answer, rules, next, record }),
            Decided::Seen(address, event) => match self.read(address).await {
                Ok(Record::Event(first)) if first.event == *event => Ok(Answered::Duplicate(first, address)),
                Ok(_) => Ok(Answered::Conflict(address)),
                Err(NodeError::Gone) => Ok(Answered::Forgotten),
                Err(error) => Err(error),
            },
        }
    }

    /// The events of each shard.
    fn sort(&self, events: Vec<Event>) -> Vec<Vec<(u32, Event)>> {
        let mut lots: Vec<Vec<(u32, Event)>> = self.0.shards.iter().map(|_| Vec::new()).collect();
        for (number, event) in (0..).zip(events) {
            let shard = self.shard_of(&event.conversation);
            if let Some(lot) = lots.get_mut(shard) {
                lot.push((number, event));
            }
        }
        lots
    }

    /// Takes room in the queues for all of them, or for none.
    fn reserve(&self, lots: &[Vec<(u32, Event)>]) -> Result<(), NodeError> {
        let taken = self.0.shards.iter().zip(lots).take_while(|(lane, lot)| lane.reserve(lot.len())).count();
        if taken == lots.len() {
            return Ok(());
        }
        for (lane, lot) in self.0.shards.iter().zip(lots).take(taken) {
            lane.queued.fetch_sub(lot.len(), Ordering::AcqRel);
        }
        Err(NodeError::Busy)
    }

    fn shard_of(&self, conversation: &str) -> usize {
        let shards = u16::try_from(self.0.shards.len()).unwrap_or(u16::MAX);
        usize::from(Shard::of(&self.0.key, conversation, shards))
    }

    fn lane(&self, conversation: &str) -> Result<&Lane, NodeError> {
        self.0.shards.get(self.shard_of(conversation)).ok_or(NodeError::Stopped)
    }

    /// A conversation as it is now.
    ///
    /// # Errors
    /// [`NodeError`].
    pub async fn view(&self, conversation: &str) -> Result<Option<View>, NodeError> {
        let name = conversation.to_owned();
        self.lane(conversation)?.ask(|reply| Command::View(name, reply)).await
    }

    /// Conversations, a page: from a cursor on (`None`: the start), at most `limit`.
    ///
    /// # Errors
    /// [`NodeError`].
    pub async fn list(&self, page: ListPage) -> Result<(Vec<View>, Option<Cursor>), NodeError> {
        let start = page.cursor.unwrap_or(Cursor { shard: 0, place: 0 });
        let mut views = Vec::new();
        let mut cursor = start.place;
        for (number, lane) in (0_u16..).zip(&self.0.shards).skip(usize::from(start.shard)) {
            let wanted = Page { cursor, limit: page.limit - views.len(), keep: page.keep.clone() };
            let (found, next) = lane.ask(|reply| Command::List(wanted, reply)).await?;
            views.extend(found);
            if let Some(place) = next {
                return Ok((views, Some(Cursor { shard: number, place })));
            }
            if views.len() >= page.limit {
                let more = usize::from(number) + 1 < self.0.shards.len();
                return Ok((views, more.then_some(Cursor { shard: number + 1, place: 0 })));
            }
            cursor = 0;
        }
        Ok((views, None))
    }

    /// The record of an event by its id.
    ///
    /// # Errors
    /// [`NodeError`].
    pub async fn seen(&self, conversation: &str, id: &str) -> Result<Option<Address>, NodeError> {
        let (name, id) = (conversation.to_owned(), id.to_owned());
        self.lane(conversation)?.ask(|reply| Command::Seen(name, id, reply)).await
    }

    /// What other rules would do to the conversations that are kept.
    ///
    /// # Errors
    /// [`NodeError`].
    pub async fn preview(&self, engine: Arc<Engine>) -> Result<Preview, NodeError> {
        let mut replies = Vec::new();
        for lane in &self.0.shards {
            let (reply, answer) = oneshot::channel();
            lane.send(Command::Preview(Arc::clone(&engine), reply))?;
            replies.push(answer);
        }
        let mut whole = Preview::default();
        for reply in replies {
            whole.add(reply.await.map_err(|_| NodeError::Stopped)?);
        }
        Ok(whole)
    }

    /// Puts rules in force, durably; gives their number. What they are made of must be stored before.
    ///
    /// # Errors
    /// [`NodeError`].
    pub async fn activate(&self, rules: Arc<Ruleset>, by: Name) -> Result<Ordinal, NodeError> {
        let node = self.clone();
        // Whoever asked may go away in the middle: the shards must hear of what the log says all the same.
        let done = tokio::spawn(async move { node.put_in_force(rules, by).await });
        done.await.map_err(|_| NodeError::Stopped)?
    }

    async fn put_in_force(&self, rules: Arc<Ruleset>, by: Name) -> Result<Ordinal, NodeError> {
        let _one = self.0.activating.lock().await;
        let now = self.now();
        let ordinal = Ordinal(self.rules().0.0 + 1);
        let record = Record::Activation { now, ordinal, hash: rules.hash, by };
        let address = self.record(record.clone()).await?;
        self.0.happenings().push(address, record);
        let rules = self.0.rulesets.write().unwrap_or_else(PoisonError::into_inner).add(ordinal, rules);
        let engine = Arc::new(Engine::new(rules));
        for lane in &self.0.shards {
            let engine = Arc::clone(&engine);
            lane.send(Command::Epoch(Epoch::Rules { ordinal, now, engine }))?;
        }
        Ok(ordinal)
    }

    /// Appends a record that is not about the state of conversations: delivery marks, what administrators did.
    ///
    /// # Errors
    /// [`NodeError`].
    pub async fn record(&self, record: Record) -> Result<Address, NodeError> {
        let (reply, done) = oneshot::channel();
        let release = |durable: bool| {
            if durable {
                // Whoever asked may be gone by now; the record stays.
                let _ = reply.send(());
            }
        };
        let address = self.0.committer.record(&record, Box::new(release));
        done.await.map_err(|_| NodeError::Stopped)?;
        Ok(address)
    }

    /// Moves a manual clock and decides everything that is due until then, durably. It goes back only before anything has
    /// happened ([`Node::may_begin`]).
    ///
    /// # Errors
    /// [`NodeError`].
    pub async fn set_clock(&self, to: Timestamp) -> Result<Timestamp, NodeError> {
        let node = self.clone();
        // Whoever asked may go away in the middle: the clock must show what was decided all the same.
        tokio::spawn(async move { node.move_clock(to).await }).await.map_err(|_| NodeError::Stopped)?
    }

    /// Whether a manual clock may still begin at any instant, also before the one it shows.
    #[must_use]
    pub fn may_begin(&self) -> bool {
        self.0.clock.is_manual() && !self.0.begun.load(Ordering::Acquire)
    }

    async fn move_clock(&self, to: Timestamp) -> Result<Timestamp, NodeError> {
        if self.may_begin() {
            self.0.clock.begin(to);
        }
        self.0.begun.store(true, Ordering::Release);
        let mut replies = Vec::new();
        for lane in &self.0.shards {
            let (reply, done) = oneshot::channel();
            lane.send(Command::Until(to, reply))?;
            replies.push(done);
        }
        for reply in replies {
            reply.await.map_err(|_| NodeError::Stopped)?;
        }
        let now = self.0.clock.set(to);
        self.record(Record::Tick { now }).await?;
        Ok(now)
    }

    /// Decides the overdue deadlines that were held back at the start.
    ///
    /// # Errors
    /// [`NodeError`].
    pub fn release_held(&self) -> Result<(), NodeError> {
        self.0.shards.iter().try_for_each(|lane| lane.send(Command::ReleaseHeld))
    }

    /// The rules in force and their number.
    #[must_use]
    pub fn rules(&self) -> (Ordinal, Arc<Ruleset>) {
        {
            let rulesets = self.0.rulesets();
            (rulesets.current, Arc::clone(&rulesets.rules))
        }
    }

    /// The rules of a number, to read records with; `None` when they are not known any more.
    #[must_use]
    pub fn rules_of(&self, ordinal: Ordinal) -> Option<Arc<Ruleset>> {
        self.0.rulesets().known.get(&ordinal).cloned()
    }

    /// The last durable block.
    #[must_use]
    pub fn durable(&self) -> Sequence {
        self.0.committer.durable()
    }

    /// The oldest block that is still kept.
    #[must_use]
    pub fn oldest(&self) -> Sequence {
        self.0.committer.log().first()
    }

    /// Returns as soon as a block after `after` is durable.
    ///
    /// # Errors
    /// [`NodeError::Stopped`].
    pub async fn durable_after(&self, after: Sequence) -> Result<Sequence, NodeError> {
        let mut durable = self.0.committer.follow();
        let state = durable.wait_for(|state| state.through > after || state.stopped).await;
        match state.map(|state| *state) {
            Ok(state) if state.through > after => Ok(state.through),
            Ok(_) | Err(_) => Err(NodeError::Stopped),
        }
    }

    /// Durable blocks from `from` on, about `most` bytes at most; from memory when they are recent, else from the log.
    ///
    /// # Errors
    /// [`NodeError::Gone`] when they are no longer kept.
    pub async fn blocks(&self, from: Sequence, most: usize) -> Result<Vec<Block>, NodeError> {
        // A block may be on the disk a moment before that is told; whoever saw it would hold a cursor from the future.
        let through = self.durable();
        if from > through {
            return Ok(Vec::new());
        }
        let mut blocks = match self.0.committer.recent(from, most) {
            Some(blocks) => blocks,
            None => {
                let log = Arc::clone(self.0.committer.log());
                let read = tokio::task::spawn_blocking(move || log.read(from, most));
                read.await.map_err(|_| NodeError::Stopped)??
            }
        };
        blocks.retain(|block| block.sequence <= through);
        Ok(blocks)
    }

    /// One durable record.
    ///
    /// # Errors
    /// [`NodeError::Gone`] when it is no longer kept.
    pub async fn read(&self, at: Address) -> Result<Record, NodeError> {
        let blocks = self.blocks(at.block(), 1).await?;
        let block = blocks.first().filter(|block| block.sequence == at.block()).ok_or(NodeError::Gone)?;
        let offset = usize::try_from(at.offset()).unwrap_or(usize::MAX);
        let (record, _) = decode(&block.records, offset).map_err(|error| NodeError::Log(error.to_string()))?;
        Ok(record)
    }

    /// Figures of all shards together.
    ///
    /// # Errors
    /// [`NodeError`].
    pub async fn figures(&self) -> Result<Figures, NodeError> {
        let mut whole = Figures::default();
        for lane in &self.0.shards {
            whole.add(&lane.ask(Command::Figures).await?);
        }
        Ok(whole)
    }

    /// Events that wait to be decided, by shard.
    #[must_use]
    pub fn queued(&self) -> Vec<usize> {
        self.0.shards.iter().map(|lane| lane.queued.load(Ordering::Relaxed)).collect()
    }

    /// Returns when the node can not go on, with the reason. The process must stop then.
    pub async fn failed(&self) -> Failure {
        let mut failure = self.0.failure.clone();
        let failed = failure.wait_for(Option::is_some).await;
        let why = failed.ok().and_then(|why| why.clone());
        why.unwrap_or_else(|| Failure::Fault("its threads are gone".to_owned()))
    }

    /// What `extra` gives is put into every snapshot from now on, under that name; it comes back in
    /// [`Recovered::extras`].
    pub fn snapshot_with(&self, name: &str, extra: Extra) {
        self.0.extras.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), extra);
    }

    /// Blocks that `reader` has still to read are kept, whatever retention says.
    pub fn keep_for(&self, reader: Reader) {
        self.0.readers.lock().unwrap_or_else(PoisonError::into_inner).push(reader);
    }

    /// Decides and writes what was taken, takes a snapshot, then ends the threads. Blocks; more calls do nothing.
    pub fn stop(&self) {
        let threads = std::mem::take(&mut *self.0.threads.lock().unwrap_or_else(PoisonError::into_inner));
        if let Some((stop, keeper)) = threads.keeper {
            drop(stop);
            drop(keeper.join());
        }
        self.0.shards.iter().for_each(|lane| drop(lane.send(Command::Stop)));
        threads.shards.into_iter().for_each(|thread| drop(thread.join()));
        self.0.committer.close();
        threads.log.into_iter().for_each(|thread| drop(thread.join()));
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node").field("shards", &self.0.shards.len()).field("durable", &self.durable()).finish()
    }
}

impl Inner {
    fn rulesets(&self) -> RwLockReadGuard<'_, Rulesets> {
        self.rulesets.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn happenings(&self) -> MutexGuard<'_, Happenings> {
        self.happenings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lane {
    fn send(&self, command: Command) -> Result<(), NodeError> {
        self.commands.send(command).map_err(|_| NodeError::Stopped)
    }

    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Result<T, NodeError> {
        let (reply, answer) = oneshot::channel();
        self.send(command(reply))?;
        answer.await.map_err(|_| NodeError::Stopped)
    }

    /// Takes room for that many events; `false` when there is none, except that one request always finds room in an empty
    /// queue.
    fn reserve(&self, count: usize) -> bool {
        let room = |queued: usize| (queued == 0 || queued + count <= QUEUE_LIMIT).then_some(queued + count);
        self.queued.fetch_update(Ordering::AcqRel, Ordering::Acquire, room).is_ok()
    }
}
