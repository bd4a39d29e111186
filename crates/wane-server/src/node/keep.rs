//! Keeping house: snapshots when the log has grown, and letting go of what retention does not ask for.
//!
//! A snapshot is pieces, each with a byte that says what it holds. Conversations are written slice by slice by their shards
//! while events go on; each says which record it has last, so that a recovery reads the log from the snapshot's start and
//! passes over what is known.

use std::sync::mpsc::{Receiver, RecvTimeoutError, channel, sync_channel};
use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::oneshot;
use wane_core::bytes::{Malformed, Reader};
use wane_core::ruleset::RulesetHash;
use wane_core::time::Timestamp;
use wane_runtime::shard::Needs;
use wane_store::log::{LogError, SnapshotWriter};
use wane_wire::record::{Address, Ordinal, Record, Sequence, decode, encode};

use super::command::Command;
use super::happenings::{Retired, together};
use super::start::{Failed, StartError, guarded};
use super::{Inner, NodeError};

/// Pieces that may wait for the disk.
const PIECES: usize = 4;
/// How exactly the age of blocks is known, in milliseconds.
const AGE_STEP: i64 = 60_000;

/// The log grows by fewer bytes a second when nothing happens: it says that the service is up.
const SIGNS_OF_LIFE: u64 = 64;

const CONVERSATIONS: u8 = b'c';
const HAPPENING: u8 = b'h';
const FIRST: u8 = b'n';
const RETIRED: u8 = b'r';
const AGES: u8 = b'a';
const EXTRA: u8 = b'x';

/// What a piece holds.
pub(super) enum Part {
    /// Conversations, in the shards' form.
    Conversations(Vec<u8>),
    /// Something that happened to all conversations, and where the log said so.
    Happening(Address, Record),
    /// The number of the first of what happened to all conversations; 1 when nothing says it.
    First(u32),
    /// Rules that only records need.
    Retired(Vec<(Ordinal, Retired)>),
    /// When blocks were written.
    Ages(Vec<(Timestamp, Sequence)>),
    /// Something of another part of the daemon.
    Extra(String, Vec<u8>),
}

/// Takes a piece apart.
///
/// # Errors
/// [`StartError::Snapshot`], and what `take` says.
pub(super) fn take_piece(
    mut piece: Vec<u8>,
    take: &mut dyn FnMut(Part) -> Result<(), StartError>,
) -> Result<(), StartError> {
    let fault = |what: &str| StartError::Snapshot(what.to_owned());
    let kind = if piece.is_empty() { None } else { Some(piece.remove(0)) };
    match kind {
        Some(CONVERSATIONS) => take(Part::Conversations(piece)),
        Some(HAPPENING) => {
            let (address, record) = piece.split_first_chunk().ok_or_else(|| fault("a piece is cut short"))?;
            let (record, _) = decode(record, 0).map_err(|error| StartError::Snapshot(error.to_string()))?;
            take(Part::Happening(Address(u64::from_le_bytes(*address)), record))
        }
        Some(FIRST) => {
            let number = <[u8; 4]>::try_from(piece).map_err(|_| fault("a number is not of 4 bytes"))?;
            take(Part::First(u32::from_le_bytes(number)))
        }
        Some(RETIRED) => {
            let retired = retired(&piece).map_err(|error| StartError::Snapshot(error.to_string()))?;
            take(Part::Retired(retired))
        }
        Some(AGES) => take(Part::Ages(ages(&piece))),
        Some(EXTRA) => {
            let end = piece.iter().position(|byte| *byte == 0).ok_or_else(|| fault("a piece has no name"))?;
            let bytes = piece.split_off(end + 1);
            piece.truncate(end);
            let name = String::from_utf8(piece).map_err(|_| fault("the name of a piece is not UTF-8"))?;
            take(Part::Extra(name, bytes))
        }
        Some(_) | None => Err(fault("a piece of an unknown kind")),
    }
}

fn retired(bytes: &[u8]) -> Result<Vec<(Ordinal, Retired)>, Malformed> {
    let mut reader = Reader::new(bytes, 0);
    let mut all = Vec::new();
    while reader.left() > 0 {
        let ordinal = Ordinal(u32::from_le_bytes(reader.array()?));
        let hash = RulesetHash(reader.array()?);
        let before = Sequence(u64::from_le_bytes(reader.array()?));
        all.push((ordinal, Retired { hash, before }));
    }
    Ok(all)
}

fn ages(bytes: &[u8]) -> Vec<(Timestamp, Sequence)> {
    let (pairs, _) = bytes.as_chunks::<8>();
    let (pairs, _) = pairs.as_chunks::<2>();
    let pair = |[at, block]: &[[u8; 8]; 2]| {
        (Timestamp::EPOCH.plus_millis(i64::from_le_bytes(*at)), Sequence(u64::from_le_bytes(*block)))
    };
    pairs.iter().map(pair).collect()
}

/// The thread that keeps house.
pub(super) struct Keeper {
    inner: Weak<Inner>,
    habits: Habits,
    ages: Vec<(Timestamp, Sequence)>,
    /// What a start would have to read beside what this process wrote: bytes of the log before it.
    before: u64,
    /// How much was written when the last snapshot was begun, how large that was, and how many seconds ago it was.
    taken_at: u64,
    size: u64,
    seconds: u64,
}

/// When it does what.
pub(super) struct Habits {
    /// The log's retention, in milliseconds.
    pub(super) retention: i64,
    /// A snapshot is taken when the log has grown by so much, and by half the last one.
    pub(super) snapshot_bytes: u64,
    /// Or when anything happened, and the last one is so old.
    pub(super) snapshot_every: Duration,
}

impl Keeper {
    /// Starts it, with what a start found: the ages of blocks, and how much of the log had to be read after the snapshot.
    /// It ends when its way is dropped, after one last snapshot.
    ///
    /// # Errors
    /// When there is no thread to be had.
    pub(super) fn start(
        inner: &Arc<Inner>,
        habits: Habits,
        (ages, before): (Vec<(Timestamp, Sequence)>, u64),
        failed: Arc<Failed>,
    ) -> Result<(), std::io::Error> {
        let (stop, stopped) = channel();
        let inner_weak = Arc::downgrade(inner);
        let keeper = Self { inner: inner_weak, habits, ages, before, taken_at: 0, size: 0, seconds: 0 };
        let work = move || guarded(&failed, || keeper.run(&stopped));
        let thread = std::thread::Builder::new().name("keeper".to_owned()).spawn(work)?;
        inner.threads.lock().unwrap_or_else(PoisonError::into_inner).keeper = Some((stop, thread));
        Ok(())
    }

    fn run(mut self, stopped: &Receiver<()>) {
        loop {
            let over = !matches!(stopped.recv_timeout(Duration::from_secs(1)), Err(RecvTimeoutError::Timeout));
            let Some(inner) = self.inner.upgrade() else { return };
            if inner.committer.is_stopped() {
                return;
            }
            self.note_age(&inner);
            self.seconds += 1;
            if self.is_due(inner.committer.written(), over) {
                (self.taken_at, self.before, self.seconds) = (inner.committer.written(), 0, 0);
                if let Err(error) = self.snapshot(&inner) {
                    tracing::error!(%error, "no snapshot was taken; the log is kept");
                }
            }
            if over {
                return;
            }
        }
    }

    /// Whether it is time for a snapshot, when so many bytes were written and the end is or is not there.
    fn is_due(&self, written: u64, over: bool) -> bool {
        let grown = (self.before + written).saturating_sub(self.taken_at);
        let old = self.seconds >= self.habits.snapshot_every.as_secs() && grown > self.seconds * SIGNS_OF_LIFE;
        grown > self.habits.snapshot_bytes.max(self.size / 2) || old || (over && grown > 0)
    }

    fn note_age(&mut self, inner: &Inner) {
        let now = inner.clock.now();
        if self.ages.last().is_none_or(|(at, _)| now.millis_since(*at) >= AGE_STEP) {
            self.ages.push((now, inner.committer.open_block()));
        }
    }

    fn snapshot(&mut self, inner: &Inner) -> Result<(), NodeError> {
        let needs = needs(inner)?;
        let pieces = {
            // No activation may be between its record and the list of them.
            let _quiet = inner.activating.blocking_lock();
            // What the shards told is durable, so that all records by older rules are in blocks before this one.
            let from = inner.committer.open_block();
            forget(inner, needs, from);
            let mut writer = inner.committer.log().start_snapshot(from)?;
            self.size = 0;
            self.head(inner, from, &mut *writer)?;
            (from, writer)
        };
        let (from, mut writer) = pieces;
        let written = self.conversations(inner, &mut *writer).and_then(|()| self.finish(inner, writer));
        // Whatever came of it: until the shards hear this they forget nothing.
        inner.shards.iter().for_each(|lane| drop(lane.send(Command::SnapshotDone)));
        written?;
        self.let_go(inner, from)
    }

    /// What is not in the shards.
    fn head(&mut self, inner: &Inner, from: Sequence, writer: &mut dyn SnapshotWriter) -> Result<(), LogError> {
        self.happenings(inner, writer)?;
        // The log may say nothing after this, and the ticks before it are not read any more.
        self.happening(writer, Address::new(from, 0), &Record::Tick { now: inner.clock.now() })?;
        let extras = inner.extras.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for (name, extra) in extras {
            let mut piece = vec![EXTRA];
            piece.extend(name.as_bytes());
            piece.push(0);
            piece.extend(extra());
            self.put(writer, &piece)?;
        }
        let mut piece = vec![AGES];
        for (at, block) in &self.ages {
            piece.extend(at.millis().to_le_bytes());
            piece.extend(block.0.to_le_bytes());
        }
        self.put(writer, &piece)
    }

    /// Those that conversations may still have to go through. What is as if nothing had ever been forgotten is not said.
    fn happenings(&mut self, inner: &Inner, writer: &mut dyn SnapshotWriter) -> Result<(), LogError> {
        let happenings = inner.happenings().clone();
        if happenings.first() > 1 {
            let mut piece = vec![FIRST];
            piece.extend(happenings.first().to_le_bytes());
            self.put(writer, &piece)?;
        }
        if !happenings.retired().is_empty() {
            let mut piece = vec![RETIRED];
            for (ordinal, Retired { hash, before }) in happenings.retired() {
                piece.extend(ordinal.0.to_le_bytes());
                piece.extend(hash.0);
                piece.extend(before.0.to_le_bytes());
            }
            self.put(writer, &piece)?;
        }
        happenings.all().try_for_each(|(address, record)| self.happening(writer, *address, record))
    }

    fn happening(&mut self, writer: &mut dyn SnapshotWriter, at: Address, record: &Record) -> Result<(), LogError> {
        let mut piece = vec![HAPPENING];
        piece.extend(at.0.to_le_bytes());
        encode(record, 0, &mut piece);
        self.put(writer, &piece)
    }

    fn conversations(&mut self, inner: &Inner, writer: &mut dyn SnapshotWriter) -> Result<(), NodeError> {
        let (sender, pieces) = sync_channel(PIECES);
        for lane in &inner.shards {
            lane.send(Command::Snapshot(sender.clone()))?;
        }
        drop(sender);
        for mut piece in pieces {
            piece.insert(0, CONVERSATIONS);
            self.put(writer, &piece)?;
        }
        Ok(())
    }

    /// The states in the pieces rest on records; those must be durable before the snapshot counts.
    fn finish(&self, inner: &Inner, writer: Box<dyn SnapshotWriter>) -> Result<(), NodeError> {
        let (done, durable) = channel();
        inner.committer.after_all(Box::new(move |durable| {
            let _ = done.send(durable);
        }));
        if !durable.recv().unwrap_or_default() {
            return Err(NodeError::Stopped);
        }
        Ok(writer.finish(inner.committer.durable())?)
    }

    fn let_go(&mut self, inner: &Inner, from: Sequence) -> Result<(), NodeError> {
        let oldest = inner.clock.now().plus_millis(-self.habits.retention);
        let past = self.ages.partition_point(|(at, _)| *at <= oldest);
        // Blocks before the last age that is past are all older than it.
        let Some((_, keep)) = past.checked_sub(1).and_then(|last| self.ages.get(last)).copied() else { return Ok(()) };
        self.ages.drain(..past - 1);
        let readers = inner.readers.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let from = readers.iter().filter_map(|reader| reader()).min().map_or(from, |read| read.min(from));
        Ok(inner.committer.log().release(keep.min(from))?)
    }

    fn put(&mut self, writer: &mut dyn SnapshotWriter, piece: &[u8]) -> Result<(), LogError> {
        self.size += piece.len() as u64;
        writer.put(piece)
    }
}

/// What the shards need of what happened to all conversations. When it is told, the records that they wrote before are
/// durable.
fn needs(inner: &Inner) -> Result<Needs, NodeError> {
    let mut answers = Vec::new();
    for lane in &inner.shards {
        let (reply, answer) = oneshot::channel();
        lane.send(Command::Needs(reply))?;
        answers.push(answer);
    }
    let answers = answers.into_iter().map(|answer| answer.blocking_recv().map_err(|_| NodeError::Stopped));
    Ok(together(answers.collect::<Result<Vec<_>, _>>()?))
}

/// Forgets what nobody needs.
fn forget(inner: &Inner, needs: Needs, open: Sequence) {
    let rules = {
        let mut happenings = inner.happenings();
        happenings.decided(needs.decided);
        happenings.reached(needs.reached, open);
        happenings.release(inner.committer.oldest());
        happenings.rules()
    };
    inner.rulesets.write().unwrap_or_else(PoisonError::into_inner).keep(&rules);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(piece: &[u8]) -> Result<String, String> {
        let mut taken = String::new();
        let mut take = |part| {
            taken = match part {
                Part::First(number) => format!("first {number}"),
                Part::Retired(rules) => format!("{rules:?}"),
                Part::Conversations(_) | Part::Happening(..) | Part::Ages(_) | Part::Extra(..) => "other".to_owned(),
            };
            Ok(())
        };
        take_piece(piece.to_vec(), &mut take).map_err(|error| error.to_string())?;
        Ok(taken)
    }

    #[test]
    fn numbers_and_rules_that_are_cut_short_are_errors() {
        assert_eq!(taken(b"n\x03\x01\0\0"), Ok("first 259".to_owned()));
        assert_eq!(taken(b"n\x03\x01\0"), Err("the snapshot: a number is not of 4 bytes".to_owned()));
        let two = [b"r".as_slice(), &[1; 44], &[2; 44]].concat();
        let all = taken(&two).expect("whole");
        assert_eq!(all.matches("Retired").count(), 2, "{all}");
        for cut in [2, 44, 88] {
            let error = taken(&two[..cut]).expect_err("cut short");
            assert!(error.starts_with("the snapshot: "), "{error}");
        }
        assert_eq!(taken(b"?"), Err("the snapshot: a piece of an unknown kind".to_owned()));
    }
}
