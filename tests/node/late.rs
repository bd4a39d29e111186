//! A node whose disk answers late: nobody is shown what is not yet told to be durable.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use wane_core::event::Event;
use wane_core::participant::Role;
use wane_core::rules::{self, files::Files};
use wane_core::signal::EventType;
use wane_core::time::Timestamp;
use wane_server::node::{Node, Observer, Retention, Setup};
use wane_store::file::{FileLog, Options};
use wane_store::log::{Block, Log, LogError, SnapshotReader, SnapshotWriter};
use wane_store::manifest::Creation;
use wane_wire::record::Sequence;

const RULES: &str = r#"
[timers.quiet]
restart_on = ["message:customer"]
on_lapse   = ["end-session"]

[[rules]]
id    = "quiet"
timer = "quiet"
after = "15m"
"#;

/// A log whose blocks are on the disk a while before it says so.
struct Late {
    log: FileLog,
    shut: Mutex<bool>,
    opened: Condvar,
}

impl Late {
    fn shut(&self, shut: bool) {
        *self.shut.lock().unwrap_or_else(PoisonError::into_inner) = shut;
        self.opened.notify_all();
    }
}

impl Log for Late {
    fn next(&self) -> Sequence {
        self.log.next()
    }

    fn first(&self) -> Sequence {
        self.log.first()
    }

    fn append(&self, expected: Sequence, records: &[u8]) -> Result<(), LogError> {
        self.log.append(expected, records)?;
        let shut = self.shut.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.opened.wait_while(shut, |shut| *shut).unwrap_or_else(PoisonError::into_inner));
        Ok(())
    }

    fn read(&self, from: Sequence, most: usize) -> Result<Vec<Block>, LogError> {
        self.log.read(from, most)
    }

    fn start_snapshot(&self, from: Sequence) -> Result<Box<dyn SnapshotWriter>, LogError> {
        self.log.start_snapshot(from)
    }

    fn snapshot(&self) -> Result<Option<Box<dyn SnapshotReader>>, LogError> {
        self.log.snapshot()
    }

    fn release(&self, before: Sequence) -> Result<(), LogError> {
        self.log.release(before)
    }
}

struct Quiet;

impl Observer for Quiet {
    fn committed(&self, _: usize, _: Duration) {}
}

fn start(log: &Arc<Late>) -> Node {
    let mut files = Files::default();
    files.insert("rules.toml", RULES);
    let rules = Arc::new(rules::load(&files).0.expect("valid rules"));
    let setup = Setup {
        log: Arc::clone(log) as Arc<dyn Log>,
        key: [7; 16],
        shards: 1,
        manual_clock: true,
        initial: Some(Arc::clone(&rules)),
        rulesets: &|_| Ok(Arc::clone(&rules)),
        retention: Retention::default(),
        overdue_rate: 5_000,
        hold_overdue_over: None,
        snapshot_bytes: 256 << 20,
        snapshot_every: Duration::from_secs(600),
        observer: Arc::new(Quiet),
    };
    Node::start(&setup).expect("it starts").node
}

/// A follower that read ahead would hold a cursor from the future, and be sent away when it comes back with it.
#[tokio::test(flavor = "multi_thread")]
async fn a_block_is_shown_when_it_was_told_to_be_durable_and_not_before() {
    let place = tempfile::tempdir().expect("a directory");
    let creation = Creation { identity: [1; 16], key: [7; 16], created: Timestamp::EPOCH, shards: 1 };
    let options = Options { segment: 4 << 20, create: Some(creation), ..Options::default() };
    let log = FileLog::open(&place.path().join("log"), options).expect("a log").log;
    let log = Arc::new(Late { log, shut: Mutex::new(false), opened: Condvar::new() });
    let first = start(&log);
    first.durable_after(Sequence(0)).await.expect("the first rules");
    first.stop();

    // What was written before this start is not in its memory, so that a reader of it goes to the disk.
    let node = start(&log);
    log.shut(true);
    let (from, sender) = (log.next(), node.clone());
    let event = Event::new("c", EventType::Message).by(Role::Customer).on("web");
    let answer = tokio::spawn(async move { sender.submit(vec![event]).await });
    written(&log, from).await;
    let shown = node.blocks(log.first(), 1 << 20).await.expect("read");
    assert!(shown.iter().all(|block| block.sequence < from), "what is only on the disk is shown");
    assert_eq!(node.blocks(from, 1 << 20).await.expect("read"), []);
    assert!(!answer.is_finished(), "nor is it answered");

    log.shut(false);
    answer.await.expect("it ends").expect("taken");
    let shown = node.blocks(log.first(), 1 << 20).await.expect("read");
    assert!(shown.iter().any(|block| block.sequence == from));
    node.stop();
}

/// Returns when that block is on the disk.
async fn written(log: &Late, block: Sequence) {
    let written = async {
        while log.next() == block {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), written).await.expect("it is written");
    assert_eq!(log.read(block, 1 << 20).expect("read").len(), 1);
}
