//! The thread of one shard: takes what waits, decides, hands the batch to the committer; and does long work in slices
//! in between.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError};
use std::time::Duration;

use tokio::sync::oneshot;
use wane_core::engine::Engine;
use wane_core::event::Event;
use wane_core::time::Timestamp;
use wane_runtime::batch::{Batch, Place};
use wane_runtime::shard::{Hashed, Preview, Reply, Seen, Shard};
use wane_wire::record::Address;

use super::command::{Command, Decided, Page};
use super::commit::{Committer, Release};
use super::pace::Pace;
use crate::clock::Clock;

/// Conversations whose deadlines are decided before somebody else gets a turn.
const TICK_AT_ONCE: usize = 512;
/// Commands taken before deadlines get their turn.
const ROUND: usize = 256;
/// Conversations that long work looks at in one slice: about a millisecond.
const SLICE: usize = 1_024;
/// Longest sleep: long enough to cost nothing, short enough for retention.
const NAP: Duration = Duration::from_secs(1);

pub(super) struct Worker {
    pub(super) shard: Shard,
    pub(super) clock: Clock,
    pub(super) commands: Receiver<Command>,
    pub(super) committer: Arc<Committer>,
    /// Events that were sent here and are not yet taken.
    pub(super) queued: Arc<AtomicUsize>,
    pub(super) pace: Pace,
    /// How far a manual clock was moved here; it shows that a moment later.
    reached: Timestamp,
    batch: Batch,
    replies: Vec<Waiting>,
    jobs: VecDeque<Job>,
    tidying: bool,
    /// There are new rules, and what they bring due is not all decided.
    renewed: bool,
}

/// An answer that waits for its batch to be durable.
enum Waiting {
    Events(oneshot::Sender<Vec<(u32, Decided)>>, Vec<(u32, Undated)>),
    Done(oneshot::Sender<()>),
}

/// A decision whose record may have no address yet.
struct Undated {
    decided: Decided,
    place: Option<Place>,
}

impl Undated {
    /// The batch got its address.
    fn settle(&mut self, base: Address) {
        let Some(place) = self.place.take() else { return };
        match &mut self.decided {
            Decided::New { record, .. } => *record = Some(place.at(base)),
            Decided::Seen(address, _) => *address = place.at(base),
        }
    }
}

/// Long work, done in slices.
enum Job {
    Preview {
        engine: Arc<Engine>,
        cursor: u64,
        so_far: Box<Preview>,
        reply: oneshot::Sender<Preview>,
    },
    /// `held` is a piece that the disk had no time for.
    Snapshot {
        cursor: Option<u64>,
        held: Vec<u8>,
        pieces: SyncSender<Vec<u8>>,
    },
}

enum Next {
    Go,
    Stop,
}

impl Worker {
    pub(super) fn new(
        shard: Shard,
        commands: Receiver<Command>,
        (clock, committer): (Clock, Arc<Committer>),
        queued: Arc<AtomicUsize>,
        pace: Pace,
    ) -> Self {
        Self {
            shard,
            clock,
            commands,
            committer,
            queued,
            pace,
            reached: Timestamp::EPOCH,
            batch: Batch::default(),
            replies: Vec::new(),
            jobs: VecDeque::new(),
            tidying: true,
            renewed: false,
        }
    }

    /// Runs until told to stop; what was taken is decided and handed over before.
    pub(super) fn run(mut self) {
        while let Next::Go = self.round() {}
        self.flush();
    }

    fn round(&mut self) -> Next {
        let mut next = match self.commands.recv_timeout(self.nap()) {
            Ok(command) => self.take(command),
            Err(RecvTimeoutError::Timeout) => Next::Go,
            Err(RecvTimeoutError::Disconnected) => Next::Stop,
        };
        for _ in 0..ROUND {
            let Next::Go = next else { break };
            match self.commands.try_recv() {
                Ok(command) => next = self.take(command),
                Err(_) => break,
            }
        }
        if self.clock.is_manual() {
            self.catch_up();
        } else {
            self.tick(self.clock.now());
        }
        self.idle_work();
        self.flush();
        next
    }

    /// How long there is nothing to do by itself.
    fn nap(&self) -> Duration {
        if self.tidying || !self.jobs.is_empty() {
            let waits_for_disk = |job: &Job| matches!(job, Job::Snapshot { held, .. } if !held.is_empty());
            let waiting = !self.tidying && self.jobs.iter().all(waits_for_disk);
            return if waiting { Duration::from_millis(1) } else { Duration::ZERO };
        }
        if self.clock.is_manual() {
            return if self.renewed { Duration::ZERO } else { NAP };
        }
        let Some(wake) = self.shard.next_wake() else { return NAP };
        let wait = wake.millis_since(self.clock.now()).max(self.pace.wait(self.clock.now(), wake));
        Duration::from_millis(u64::try_from(wait).unwrap_or_default()).min(NAP)
    }

    fn take(&mut self, command: Command) -> Next {
        match command {
            Command::Events(events, reply) => self.events(events, reply),
            Command::Epoch(epoch) => {
                self.shard.epoch(epoch);
                (self.tidying, self.renewed) = (true, true);
            }
            Command::Until(to, reply) => self.until(to, reply),
            Command::View(name, reply) => {
                let view = self.shard.view(&name);
                self.looked(view, reply);
            }
            Command::List(page, reply) => {
                let list = self.list(&page);
                self.looked(list, reply);
            }
            Command::Seen(name, id, reply) => self.seen(&name, &id, reply),
            Command::Preview(engine, reply) => {
                let job = Job::Preview { engine, cursor: 0, so_far: Box::default(), reply };
                self.jobs.push_back(job);
            }
            Command::Figures(reply) => answer(reply, self.shard.figures()),
            Command::Needs(reply) => {
                let needs = self.shard.needs();
                self.looked(needs, reply);
            }
            Command::Snapshot(pieces) => {
                self.jobs.push_back(Job::Snapshot { cursor: Some(0), held: Vec::new(), pieces })
            }
            Command::SnapshotDone => self.shard.snapshot_done(),
            Command::ReleaseHeld => {
                self.shard.hold_before(None);
                self.pace.again(self.clock.now());
            }
            Command::Stop => return Next::Stop,
        }
        Next::Go
    }

    fn events(&mut self, events: Vec<(u32, Event)>, reply: oneshot::Sender<Vec<(u32, Decided)>>) {
        self.queued.fetch_sub(events.len(), Ordering::AcqRel);
        let mut decided = Vec::with_capacity(events.len());
        let hashed: Vec<_> = events.iter().map(|(_, event)| self.shard.hashed(event)).collect();
        for (place, (number, event)) in events.into_iter().enumerate() {
            if self.batch.is_full() {
                // The records of what was decided so far go out; its answers wait for the rest, which is durable later.
                let base = self.flush();
                decided.iter_mut().for_each(|(_, decision): &mut (u32, Undated)| decision.settle(base));
            }
            let ahead = hashed.get(place..).unwrap_or_default();
            if place % Shard::AHEAD == 0 {
                self.shard.look_ahead(ahead);
            }
            decided.extend(ahead.first().map(|hashed| (number, self.event(event, hashed))));
        }
        self.replies.push(Waiting::Events(reply, decided));
    }

    fn event(&mut self, event: Event, hashed: &Hashed) -> Undated {
        let now = self.clock.now().max(self.reached);
        match self.shard.hashed_event(now, (&event, hashed), &mut self.batch) {
            Reply::Answered { answer, next, record } => {
                let rules = Arc::clone(self.shard.rules());
                Undated { decided: Decided::New { answer, rules, next, record: None }, place: record }
            }
            Reply::Seen(Seen::At(address)) => Undated { decided: Decided::Seen(address, Box::new(event)), place: None },
            Reply::Seen(Seen::Here(place)) => {
                Undated { decided: Decided::Seen(Address::NONE, Box::new(event)), place: Some(place) }
            }
        }
    }

    fn seen(&mut self, name: &str, id: &str, reply: oneshot::Sender<Option<Address>>) {
        // An event of this very batch has its address only after it is handed over.
        self.flush();
        let seen = self.shard.seen(name, id);
        self.looked(seen, reply);
    }

    /// Tells what was seen in memory when the log has it, too: nobody is shown what a crash could undo.
    fn looked<T: Send + 'static>(&mut self, seen: T, reply: oneshot::Sender<T>) {
        self.flush();
        let release = move |durable: bool| {
            if durable {
                answer(reply, seen);
            }
        };
        self.committer.after_all(Box::new(release));
    }

    fn list(&self, page: &Page) -> (Vec<wane_runtime::shard::View>, Option<u64>) {
        match &page.keep {
            Some(keep) => self.shard.list(page.cursor, page.limit, &**keep),
            None => self.shard.list(page.cursor, page.limit, &|_| true),
        }
    }

    /// Moves a manual clock through every instant at which something is due, as real time would.
    fn until(&mut self, to: Timestamp, reply: oneshot::Sender<()>) {
        while let Some(wake) = self.shard.next_wake().filter(|wake| *wake <= to) {
            while self.shard.tick(wake, TICK_AT_ONCE, &mut self.batch) == TICK_AT_ONCE {
                self.flush_full();
            }
            self.flush_full();
        }
        self.reached = self.reached.max(to);
        self.replies.push(Waiting::Done(reply));
    }

    /// Moving a manual clock decides what lies on the way. New rules bring more that is due already, which nobody should
    /// have to move it for.
    fn catch_up(&mut self) {
        let now = self.clock.now().max(self.reached);
        let due = self.renewed && self.shard.next_wake().is_some_and(|wake| wake <= now);
        if due {
            self.shard.tick(now, TICK_AT_ONCE, &mut self.batch);
        }
        self.renewed = due || (self.renewed && self.tidying);
    }

    fn tick(&mut self, now: Timestamp) {
        let most = self.pace.allowed(now, self.shard.next_wake(), TICK_AT_ONCE);
        if most == 0 {
            return;
        }
        let decided = self.shard.tick(now, most, &mut self.batch);
        self.pace.spent(decided);
    }

    fn idle_work(&mut self) {
        if self.tidying {
            self.tidying = self.shard.tidy(self.clock.now(), SLICE, &mut self.batch);
        }
        if let Some(job) = self.jobs.pop_front()
            && let Some(job) = self.slice(job)
        {
            self.jobs.push_back(job);
        }
    }

    fn slice(&mut self, job: Job) -> Option<Job> {
        match job {
            Job::Preview { engine, cursor, mut so_far, reply } => {
                match self.shard.preview(&engine, self.clock.now(), (cursor, SLICE), &mut so_far) {
                    Some(cursor) => Some(Job::Preview { engine, cursor, so_far, reply }),
                    None => {
                        answer(reply, *so_far);
                        None
                    }
                }
            }
            Job::Snapshot { cursor, held, pieces } => self.piece(cursor, held, pieces),
        }
    }

    /// Gives the held piece away, or makes the next one. Never waits for the disk.
    fn piece(&mut self, cursor: Option<u64>, mut held: Vec<u8>, pieces: SyncSender<Vec<u8>>) -> Option<Job> {
        let mut next = cursor;
        if held.is_empty() {
            // States in the piece are as of the batches before: those must have their addresses.
            self.flush();
            next = self.shard.snapshot(cursor?, SLICE, &mut held);
        }
        match pieces.try_send(held) {
            Ok(()) => next.map(|cursor| Job::Snapshot { cursor: Some(cursor), held: Vec::new(), pieces }),
            Err(TrySendError::Full(held)) => Some(Job::Snapshot { cursor: next, held, pieces }),
            Err(TrySendError::Disconnected(_)) => None,
        }
    }

    fn flush_full(&mut self) {
        if self.batch.is_full() {
            self.flush();
        }
    }

    /// Hands the batch over with the answers that rest on it; its address.
    fn flush(&mut self) -> Address {
        let mut replies = std::mem::take(&mut self.replies);
        if self.batch.is_empty() {
            if !replies.is_empty() {
                self.committer.after_all(release(replies));
            }
            return Address::NONE;
        }
        let (shard, batch) = (&mut self.shard, &mut self.batch);
        let base = self.committer.add(batch.bytes().len(), |base| {
            shard.seal(batch, base);
            replies.iter_mut().for_each(|waiting| waiting.settle(base));
            (batch.bytes(), release(replies))
        });
        self.batch.clear();
        base
    }
}

impl Waiting {
    fn settle(&mut self, base: Address) {
        if let Self::Events(_, decided) = self {
            decided.iter_mut().for_each(|(_, decision)| decision.settle(base));
        }
    }

    fn send(self) {
        match self {
            Self::Events(reply, decided) => {
                let decided = decided.into_iter().map(|(number, undated)| (number, undated.decided)).collect();
                answer(reply, decided);
            }
            Self::Done(reply) => answer(reply, ()),
        }
    }
}

/// Whoever asked may be gone by now, which is their business.
fn answer<T>(reply: oneshot::Sender<T>, answer: T) {
    let _ = reply.send(answer);
}

/// Sends the answers when they are durable; when they never will be, they are dropped, and whoever waits sees that.
fn release(replies: Vec<Waiting>) -> Release {
    Box::new(move |durable| {
        if durable {
            replies.into_iter().for_each(Waiting::send);
        }
    })
}
