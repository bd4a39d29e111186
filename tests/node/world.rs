//! A data directory that nodes are started in, with rules in any number; what snapshots say, and what a kill would leave.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tempfile::TempDir;
use wane_core::event::Event;
use wane_core::participant::Role;
use wane_core::rules::{self, files::Files};
use wane_core::ruleset::{Ruleset, RulesetHash};
use wane_core::signal::EventType;
use wane_core::time::Timestamp;
use wane_runtime::shard::View;
use wane_server::node::{ListPage, Node, Observer, Retention, Setup, replay};
use wane_store::file::{FileLog, Options};
use wane_store::log::{Block, Log, LogError, SnapshotReader, SnapshotWriter};
use wane_store::manifest::Creation;
use wane_store::sync::Sync;
use wane_wire::record::{Ordinal, Record, Sequence, encode, iterate};

pub(crate) const KEY: [u8; 16] = [7; 16];
pub(crate) const MINUTE: i64 = 60_000;
pub(crate) const DAY: i64 = 24 * 60 * MINUTE;

/// Rules that end a session so many minutes after the customer's last message, also sessions that are there already.
pub(crate) fn rules(minutes: u32) -> Arc<Ruleset> {
    let mut files = Files::default();
    let text = format!(
        "[timers.quiet]\nrestart_on = [\"message:customer\"]\non_reload = \"recompute\"\non_lapse = [\"end-session\"]\n\
         [[rules]]\nid = \"quiet\"\ntimer = \"quiet\"\nafter = \"{minutes}m\"\n"
    );
    files.insert("rules.toml", text);
    Arc::new(rules::load(&files).0.expect("valid rules"))
}

pub(crate) struct Quiet;

impl Observer for Quiet {
    fn committed(&self, _: usize, _: Duration) {}
}

/// How a node is started.
#[derive(Clone, Copy)]
pub(crate) struct How {
    pub(crate) manual_clock: bool,
    /// The bytes of a segment.
    pub(crate) segment: u64,
    /// Snapshots are written as they were before anything was forgotten.
    pub(crate) old_snapshots: bool,
    /// What a kill would leave is kept, at each step of a snapshot.
    pub(crate) images: bool,
}

pub(crate) const HOW: How = How { manual_clock: true, segment: 4 << 20, old_snapshots: false, images: false };

/// A directory, and the rules that can be had.
pub(crate) struct Place {
    pub(crate) dir: TempDir,
    pub(crate) library: BTreeMap<RulesetHash, Arc<Ruleset>>,
}

/// A node that runs, its log, and which rules its start looked up.
pub(crate) struct Run {
    pub(crate) node: Node,
    pub(crate) log: Arc<Watched>,
    pub(crate) looked_up: Vec<RulesetHash>,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("a directory"), library: BTreeMap::new() }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.dir.path().join("log")
    }

    pub(crate) fn start(&mut self, how: How) -> Run {
        let initial = self.keep(1);
        self.start_in(&self.data(), how, &initial)
    }

    /// Starts in what a kill left.
    pub(crate) fn start_in(&self, data: &Path, how: How, initial: &Arc<Ruleset>) -> Run {
        let log = Arc::new(Watched::open(data, how));
        let looked_up = Mutex::new(Vec::new());
        let find = |hash: RulesetHash| {
            looked_up.lock().expect("sound").push(hash);
            self.library.get(&hash).cloned().ok_or_else(|| "it is missing".to_owned())
        };
        let setup = Setup {
            log: Arc::clone(&log) as Arc<dyn Log>,
            key: KEY,
            shards: 2,
            manual_clock: how.manual_clock,
            initial: Some(Arc::clone(initial)),
            rulesets: &find,
            retention: Retention::default(),
            overdue_rate: 5_000,
            hold_overdue_over: None,
            snapshot_bytes: 256 << 20,
            snapshot_every: Duration::from_secs(600),
            observer: Arc::new(Quiet),
        };
        let node = Node::start(&setup).expect("it starts").node;
        Run { node, log, looked_up: looked_up.into_inner().expect("sound") }
    }

    /// Makes rules that can be found from now on.
    pub(crate) fn keep(&mut self, minutes: u32) -> Arc<Ruleset> {
        let rules = rules(minutes);
        Arc::clone(self.library.entry(rules.hash).or_insert(rules))
    }

    /// Makes every decision of a log again, by the rules that can be found.
    pub(crate) fn assert_replays(&self, data: &Path) {
        let log = FileLog::open(data, Options::default()).expect("a log").log;
        let find = |hash: RulesetHash| self.library.get(&hash).cloned().ok_or_else(|| "it is missing".to_owned());
        let mut unread = 0;
        let see = &mut |_, record: &Record, rules: Option<&Ruleset>| {
            unread += u32::from(record.decided().is_some() && rules.is_none());
        };
        replay(&log, KEY, &find, see).expect("the log agrees with itself");
        assert_eq!(unread, 0, "the rules of each record are known");
    }
}

impl Run {
    /// The customer says something in a conversation.
    pub(crate) async fn say(&self, conversation: &str) {
        let event = Event::new(conversation, EventType::Message).by(Role::Customer).on("web");
        self.node.submit(vec![event]).await.expect("taken");
    }

    pub(crate) async fn activate(&self, rules: &Arc<Ruleset>) -> Ordinal {
        self.node.activate(Arc::clone(rules), "ana".into()).await.expect("in force")
    }

    /// Moves a manual clock. When it is moved, every shard has had its turn for idle work.
    pub(crate) async fn pass(&self, millis: i64) -> Timestamp {
        self.node.set_clock(self.node.now().plus_millis(millis)).await.expect("moved")
    }

    pub(crate) async fn views(&self) -> Vec<Seen> {
        let page = ListPage { cursor: None, limit: 1_000, keep: None };
        let (views, more) = self.node.list(page).await.expect("a list");
        assert!(more.is_none(), "that is all");
        views.into_iter().map(Seen::new).collect()
    }

    /// Each record that is kept can be told with its rules; how many were decided by how many rules.
    pub(crate) async fn assert_readable(&self) -> (usize, usize) {
        let (mut records, mut by, mut from) = (0, Vec::new(), self.node.oldest());
        loop {
            let blocks = self.node.blocks(from, 1 << 20).await.expect("kept");
            let Some(last) = blocks.last() else { break };
            from = last.sequence.next();
            for block in &blocks {
                let all = iterate(&block.records, block.sequence).map(|record| record.expect("whole").1);
                for rules in all.filter_map(|record| record.decided().map(|decided| decided.rules)) {
                    assert!(self.node.rules_of(rules).is_some(), "rules {} are needed", rules.0);
                    records += 1;
                    by.push(rules);
                }
            }
        }
        by.sort_unstable();
        by.dedup();
        (records, by.len())
    }

    /// How many numbers of rules are known, of so many.
    pub(crate) fn held(&self, of: u32) -> usize {
        (1..=of).filter(|ordinal| self.node.rules_of(Ordinal(*ordinal)).is_some()).count()
    }

    /// Ends it.
    pub(crate) fn end(self) -> Left {
        self.node.stop();
        let mut left = Left { happenings: 0, numbers: 0, retired: 0, images: self.log.images() };
        let mut snapshot = self.log.log.snapshot().expect("readable").expect("there is one");
        while let Some(piece) = snapshot.piece().expect("whole") {
            left.happenings += usize::from(piece[0] == b'h');
            left.numbers += usize::from(piece[0] == b'n');
            left.retired += usize::from(piece[0] == b'r');
        }
        left
    }
}

/// What a node that ended left: how many pieces of each kind its last snapshot has, and what kills would have left.
pub(crate) struct Left {
    pub(crate) happenings: usize,
    pub(crate) numbers: usize,
    pub(crate) retired: usize,
    pub(crate) images: Vec<PathBuf>,
}

/// What is known of a conversation.
#[derive(Debug, PartialEq)]
pub(crate) struct Seen {
    pub(crate) name: String,
    pub(crate) rules: RulesetHash,
    state: String,
    last: u64,
}

impl Seen {
    fn new(view: View) -> Self {
        let View { conversation, state, engine, last } = view;
        Self { name: conversation.to_string(), rules: engine.rules().hash, state: format!("{state:?}"), last: last.0 }
    }
}

/// A log that shows what would be left if the process were killed in the middle of its snapshots.
pub(crate) struct Watched {
    pub(crate) log: Arc<FileLog>,
    old: bool,
    images: Option<Images>,
}

/// Copies of a directory.
#[derive(Clone)]
struct Images {
    data: PathBuf,
    taken: Arc<Mutex<Vec<PathBuf>>>,
}

impl Images {
    fn take(&self, what: &str) {
        let mut taken = self.taken.lock().expect("sound");
        let there = std::fs::read_dir(self.data.parent().expect("a directory")).expect("read").count();
        let image = self.data.with_file_name(format!("{there}-{what}"));
        copy(&self.data, &image);
        taken.push(image);
    }
}

/// Copies a directory of files.
pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).expect("made");
    for entry in std::fs::read_dir(from).expect("read") {
        let entry = entry.expect("an entry");
        std::fs::copy(entry.path(), to.join(entry.file_name())).expect("copied");
    }
}

impl Watched {
    fn open(data: &Path, how: How) -> Self {
        let creation = Creation { identity: [1; 16], key: KEY, created: Timestamp::EPOCH, shards: 2 };
        // A kill loses nothing of what the system has; only a power cut would.
        let options =
            Options { segment: how.segment, spares: 0, sync: Sync::Off, create: Some(creation), ..Options::default() };
        let log = Arc::new(FileLog::open(data, options).expect("a log").log);
        let images = how.images.then(|| Images { data: data.to_owned(), taken: Arc::default() });
        Self { log, old: how.old_snapshots, images }
    }

    fn images(&self) -> Vec<PathBuf> {
        self.images.as_ref().map(|images| images.taken.lock().expect("sound").clone()).unwrap_or_default()
    }
}

impl Log for Watched {
    fn next(&self) -> Sequence {
        self.log.next()
    }

    fn first(&self) -> Sequence {
        self.log.first()
    }

    fn append(&self, expected: Sequence, records: &[u8]) -> Result<(), LogError> {
        self.log.append(expected, records)
    }

    fn read(&self, from: Sequence, most: usize) -> Result<Vec<Block>, LogError> {
        self.log.read(from, most)
    }

    fn start_snapshot(&self, from: Sequence) -> Result<Box<dyn SnapshotWriter>, LogError> {
        let to = self.log.start_snapshot(from)?;
        let old = self.old.then(|| Arc::clone(&self.log));
        Ok(Box::new(Writer { to, pieces: Vec::new(), old, images: self.images.clone() }))
    }

    fn snapshot(&self) -> Result<Option<Box<dyn SnapshotReader>>, LogError> {
        self.log.snapshot()
    }

    fn release(&self, before: Sequence) -> Result<(), LogError> {
        self.log.release(before)?;
        self.images.iter().for_each(|images| images.take("released"));
        Ok(())
    }
}

struct Writer {
    to: Box<dyn SnapshotWriter>,
    pieces: Vec<Vec<u8>>,
    old: Option<Arc<FileLog>>,
    images: Option<Images>,
}

impl SnapshotWriter for Writer {
    fn put(&mut self, piece: &[u8]) -> Result<(), LogError> {
        self.pieces.push(piece.to_vec());
        Ok(())
    }

    fn finish(mut self: Box<Self>, through: Sequence) -> Result<(), LogError> {
        let pieces = match &self.old {
            Some(log) => old_pieces(log, &self.pieces),
            None => std::mem::take(&mut self.pieces),
        };
        pieces.iter().try_for_each(|piece| self.to.put(piece))?;
        self.images.iter().for_each(|images| images.take("unfinished"));
        self.to.finish(through)?;
        self.images.iter().for_each(|images| images.take("finished"));
        Ok(())
    }
}

/// A snapshot without any number: it names all that ever happened, from the first rules on.
fn old_pieces(log: &FileLog, pieces: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut old = Vec::new();
    let mut from = Sequence(1);
    loop {
        let blocks = log.read(from, 1 << 20).expect("all blocks");
        let Some(last) = blocks.last() else { break };
        from = last.sequence.next();
        for block in &blocks {
            for record in iterate(&block.records, block.sequence) {
                let (at, record) = record.expect("whole");
                if matches!(record, Record::Activation { .. } | Record::Outage { .. }) {
                    let mut piece = vec![b'h'];
                    piece.extend(at.0.to_le_bytes());
                    encode(&record, 0, &mut piece);
                    old.push(piece);
                }
            }
        }
    }
    let tick = pieces.iter().rfind(|piece| piece[0] == b'h').expect("what the clock showed");
    old.push(tick.clone());
    old.extend(pieces.iter().filter(|piece| !b"hnr".contains(&piece[0])).cloned());
    old
}
