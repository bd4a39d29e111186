//! A node on a log of files, as the daemon has it.

use std::error::Error;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use wane_core::event::Event;
use wane_core::participant::Role;
use wane_core::rules::{self, files::Files};
use wane_core::signal::EventType;
use wane_core::time::Timestamp;
use wane_server::node::{Node, Observer, Retention, Setup, Started};
use wane_store::file::{FileLog, Options};
use wane_store::manifest::Creation;

/// What the node tells of its commits: bytes of each, and how long it took.
#[derive(Default)]
pub(crate) struct Commits(Mutex<Vec<(usize, Duration)>>);

impl Commits {
    pub(crate) fn take(&self) -> Vec<(usize, Duration)> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Observer for Commits {
    fn committed(&self, bytes: usize, took: Duration) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((bytes, took));
    }
}

/// A file of rules: where it is, and what is in it.
pub(crate) type RuleFile = (String, Vec<u8>);

/// Starts a node of two shards with those rules; the log is given, too, since its owner keeps segments ready.
pub(crate) fn start(
    place: &Path,
    text: &[RuleFile],
    commits: &Arc<Commits>,
) -> Result<(Started, FileLog), Box<dyn Error>> {
    let mut files = Files::default();
    text.iter().for_each(|(name, text)| files.insert(name.as_str(), text.clone()));
    let rules = Arc::new(rules::load(&files).0.ok_or("the rules are wrong")?);
    let creation = Creation { identity: [1; 16], key: [2; 16], created: Timestamp::EPOCH, shards: 2 };
    let options = Options { create: Some(creation), ..Options::default() };
    let log = FileLog::open(place, options)?.log;
    let setup = Setup {
        log: Arc::new(log.clone()),
        key: [2; 16],
        shards: 2,
        manual_clock: false,
        initial: Some(Arc::clone(&rules)),
        rulesets: &|_| Ok(Arc::clone(&rules)),
        retention: Retention::default(),
        overdue_rate: 5_000,
        hold_overdue_over: None,
        snapshot_bytes: 64 << 20,
        snapshot_every: Duration::from_secs(600),
        observer: Arc::clone(commits) as Arc<dyn Observer>,
    };
    Ok((Node::start(&setup)?, log))
}

/// A customer's message with an id of its own.
pub(crate) fn message(channel: &str, conversation: u64, id: u64) -> Event {
    let mut event = Event::new(format!("conv-{conversation:016x}"), EventType::Message).by(Role::Customer).on(channel);
    event.id = Some(format!("{id:016x}").into());
    event
}
