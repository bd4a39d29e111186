//! The desk: keeps rulesets, and changes which one is in force.
//!
//! [`bundles`] holds the files of every ruleset that ever was in force; [`versions`] says when and by whom. A change goes
//! through [`Desk::activate`] only, whoever asks for it: a client (`routes`), a signal or the watched directory
//! ([`reload`], with [`quiet`], [`look`] and [`reader`]). Its order makes it all or nothing, at any crash: the bundle is durable; then
//! the node logs the activation and tells the shards; then the index is written. What a timer makes of new rules is the
//! engine's business. [`audit`] records what administrators do.

pub mod apply;
pub mod audit;
pub mod bundles;
mod durable;
mod forms;
pub mod load;
pub mod look;
pub mod quiet;
pub mod reader;
pub mod reload;
mod routes;
#[cfg(test)]
mod tests;
pub mod versions;

use std::future::Future;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use thiserror::Error;
use wane_core::facts::Name;
use wane_core::rules::files::Files;
use wane_core::ruleset::{Ruleset, RulesetHash};
use wane_core::time::Timestamp;
use wane_wire::finding::FindingJson;
use wane_wire::record::{Ordinal, Record, RecordError, Sequence, iterate};

use crate::node::{Node, NodeError};
use bundles::{BundleError, Bundles};
use load::Checked;
pub use routes::routes;
use versions::{Version, Versions};

/// The keeper of rulesets. A handle: copies are the same desk.
#[derive(Clone, Debug)]
pub struct Desk(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    bundles: Bundles,
    versions: Mutex<Versions>,
    /// One change at a time: what it was compared with stays so until it is done.
    changing: tokio::sync::Mutex<()>,
    attempt: Mutex<Option<Attempt>>,
}

/// The running node, as far as rules are concerned.
pub trait Running: Clone + Send + Sync + 'static {
    /// The time of the engine.
    fn now(&self) -> Timestamp;

    /// The rules in force and their number.
    fn rules(&self) -> (Ordinal, Arc<Ruleset>);

    /// The last durable block of the log.
    fn durable(&self) -> Sequence;

    /// Puts rules in force, durably; gives their number.
    ///
    /// # Errors
    /// [`NodeError`].
    fn activate(&self, rules: Arc<Ruleset>, by: Name) -> impl Future<Output = Result<Ordinal, NodeError>> + Send;
}

impl Running for Node {
    fn now(&self) -> Timestamp {
        Self::now(self)
    }

    fn rules(&self) -> (Ordinal, Arc<Ruleset>) {
        Self::rules(self)
    }

    fn durable(&self) -> Sequence {
        Self::durable(self)
    }

    fn activate(&self, rules: Arc<Ruleset>, by: Name) -> impl Future<Output = Result<Ordinal, NodeError>> + Send {
        Self::activate(self, rules, by)
    }
}

/// Rules that somebody wants in force.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// Their files.
    pub files: Arc<Files>,
    /// Who: the name of a token, or `signal`, `watch`.
    pub by: Name,
    /// Only if these rules are in force now; against changes that somebody else made meanwhile.
    pub if_active: Option<RulesetHash>,
}

/// A change that was made, or need not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activated {
    /// Whether anything changed: `false` when these very rules are in force already.
    pub changed: bool,
    /// The number of the rules in force.
    pub ordinal: Ordinal,
    /// The rules in force.
    pub hash: RulesetHash,
    /// The rules that were in force before.
    pub previous: (Ordinal, RulesetHash),
    /// Warnings about the new rules.
    pub warnings: Vec<FindingJson>,
}

/// Why a change was not made. Nothing changed then, unless the node stopped.
#[derive(Debug, Error)]
pub enum Refusal {
    /// The rules have errors.
    #[error("{}", .0.words())]
    Broken(Box<Checked>),
    /// The rules have no timer: most likely a file that is just being written.
    #[error("the rules have no timer, so that no session would ever end")]
    Empty,
    /// Somebody was faster.
    #[error("the rules in force are {active}, not {expected}")]
    Moved {
        /// What was asked for.
        expected: RulesetHash,
        /// What is so.
        active: RulesetHash,
    },
    /// No version is meant by that.
    #[error("{0}")]
    NoVersion(String),
    /// They can not be kept, or not be had.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// The index of versions can not be written.
    #[error("the index of ruleset versions can not be written: {0}")]
    Index(#[source] std::io::Error),
    /// The node can not.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The work was cut off, because of a fault of ours or since the daemon stops.
    #[error("the change was cut off: {0}")]
    CutOff(String),
}

/// The last time that somebody wanted other rules.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Name,
    /// Which rules, when they could be read.
    pub hash: Option<RulesetHash>,
    /// Why it did not work; `None` when it did.
    pub error: Option<String>,
    /// What is wrong with the rules, when that is why.
    pub findings: Vec<FindingJson>,
}

impl Desk {
    /// Opens the desk of a data directory.
    ///
    /// # Errors
    /// Failing disks.
    pub fn open(data: &Path) -> Result<Self, BundleError> {
        let bundles = Bundles::open(data)?;
        let versions = Mutex::new(Versions::open(bundles.dir()));
        let (changing, attempt) = (tokio::sync::Mutex::new(()), Mutex::new(None));
        Ok(Self(Arc::new(Inner { bundles, versions, changing, attempt })))
    }

    /// The store of bundles.
    #[must_use]
    pub fn bundles(&self) -> &Bundles {
        &self.0.bundles
    }

    /// The last attempt to change the rules, of whoever; `None` since the start of the daemon.
    #[must_use]
    pub fn attempt(&self) -> Option<Attempt> {
        self.0.attempt.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The activations that are known, in their order.
    #[must_use]
    pub fn versions(&self) -> Vec<Version> {
        self.index(|versions| versions.all().to_vec())
    }

    /// One of them; of an activation in progress, when it is done: rules are in force a moment before they are listed.
    pub async fn version(&self, ordinal: Ordinal) -> Option<Version> {
        let known = || self.index(|versions| versions.get(ordinal).cloned());
        if let Some(version) = known() {
            return Some(version);
        }
        let _done = self.0.changing.lock().await;
        known()
    }

    /// Puts rules in force, whole or not at all. Once begun it is done whether or not the caller waits for it.
    ///
    /// # Errors
    /// [`Refusal`]; the old rules are in force then.
    pub async fn activate(&self, node: &impl Running, proposal: Proposal) -> Result<Activated, Refusal> {
        let (desk, node) = (self.clone(), node.clone());
        let change = tokio::spawn(async move {
            let _one = desk.0.changing.lock().await;
            let result = desk.change(&node, &proposal).await;
            desk.tried(node.now(), &proposal, &result);
            result
        });
        change.await.unwrap_or_else(|cut| Err(Refusal::CutOff(cut.to_string())))
    }

    async fn change(&self, node: &impl Running, proposal: &Proposal) -> Result<Activated, Refusal> {
        let (ordinal, active) = node.rules();
        let previous = (ordinal, active.hash);
        if let Some(expected) = proposal.if_active.filter(|expected| *expected != active.hash) {
            return Err(Refusal::Moved { expected, active: active.hash });
        }
        if proposal.files.hash() == active.hash {
            return Ok(Activated { changed: false, ordinal, hash: active.hash, previous, warnings: Vec::new() });
        }
        let checked = load::check(proposal.files.clone()).await?;
        let Some(rules) = checked.rules.clone() else { return Err(Refusal::Broken(Box::new(checked))) };
        if rules.timers.is_empty() {
            return Err(Refusal::Empty);
        }
        self.prepare(proposal.files.clone(), ordinal, node.durable()).await?;
        let (hash, at) = (rules.hash, node.now());
        let ordinal = node.activate(rules, proposal.by.clone()).await?;
        self.activated(Version { ordinal, hash, at, by: proposal.by.clone() }).await;
        Ok(Activated { changed: true, ordinal, hash, previous, warnings: checked.findings })
    }

    /// Everything that has to be durable before the log speaks of the rules.
    async fn prepare(&self, files: Arc<Files>, present: Ordinal, durable: Sequence) -> Result<(), Refusal> {
        let desk = self.clone();
        let work = move || {
            desk.0.bundles.save(&files)?;
            desk.index(|versions| versions.begin(present, durable)).map_err(Refusal::Index)
        };
        load::aside(work).await?
    }

    async fn activated(&self, version: Version) {
        let desk = self.clone();
        let written = load::aside(move || desk.index(|versions| versions.add([version]))).await;
        // They are in force all the same, and the next start finds them in the log.
        match written {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "the index of ruleset versions could not be written"),
            Err(error) => tracing::error!(%error, "the index of ruleset versions could not be written"),
        }
    }

    fn tried(&self, at: Timestamp, proposal: &Proposal, result: &Result<Activated, Refusal>) {
        let findings = match result {
            Err(Refusal::Broken(checked)) => checked.findings.clone(),
            _ => Vec::new(),
        };
        let error = result.as_ref().err().map(ToString::to_string);
        self.note(Attempt { at, by: proposal.by.clone(), hash: Some(proposal.files.hash()), error, findings });
    }

    /// Remembers an attempt; one that failed before there were files to judge, too.
    pub(super) fn note(&self, attempt: Attempt) {
        *self.0.attempt.lock().unwrap_or_else(PoisonError::into_inner) = Some(attempt);
    }

    fn index<T>(&self, work: impl FnOnce(&mut Versions) -> T) -> T {
        work(&mut self.0.versions.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The version that a text means: its number, or the first eight or more digits of its hash. Without a text it is the
    /// one that was in force before the present one; of two versions with the same rules, the later one.
    ///
    /// # Errors
    /// [`Refusal::NoVersion`].
    pub fn meant(&self, to: Option<&str>, active: RulesetHash) -> Result<Version, Refusal> {
        let versions = self.versions();
        let Some(to) = to else {
            let found = versions.iter().rev().find(|version| version.hash != active).cloned();
            return found.ok_or_else(|| Refusal::NoVersion("no other rules were in force before".to_owned()));
        };
        let number = to.parse::<u32>().ok().filter(|_| to.len() < SHORTEST);
        let found = match number {
            Some(number) => versions.iter().find(|version| version.ordinal.0 == number),
            None => by_hash(&versions, to)?,
        };
        let shown: String = to.chars().take(64).collect();
        found.cloned().ok_or_else(|| Refusal::NoVersion(format!("there is no version `{shown}`")))
    }

    /// Fills the index from the log when the log knows of an activation that a crash kept out of it.
    ///
    /// # Errors
    /// [`Refusal`]; the daemon can run without, only its list of versions has a hole then.
    pub async fn catch_up(&self, node: &Node) -> Result<(), Refusal> {
        // A new log begins with its first rules, which are still on their way to the disk.
        node.durable_after(Sequence(0)).await?;
        let (ordinal, _) = node.rules();
        let (whole, from) = self.index(|versions| (versions.is_whole(ordinal), versions.from()));
        if whole {
            return Ok(());
        }
        let mut from = from.max(node.oldest());
        let mut found = Vec::new();
        while from <= node.durable() {
            let blocks = node.blocks(from, PORTION).await?;
            let Some(last) = blocks.last() else { break };
            from = last.sequence.next();
            for block in &blocks {
                activations(&block.records, block.sequence, &mut found)
                    .map_err(|broken| NodeError::Log(broken.to_string()))?;
            }
        }
        self.index(|versions| versions.add(found)).map_err(Refusal::Index)
    }
}

/// Digits of a hash that name it; shorter ones are numbers.
const SHORTEST: usize = 8;

fn by_hash<'a>(versions: &'a [Version], start: &str) -> Result<Option<&'a Version>, Refusal> {
    let start = start.to_ascii_lowercase();
    let fits = |version: &&Version| start.len() >= SHORTEST && version.hash.to_string().starts_with(&start);
    let found = versions.iter().rev().find(fits);
    let other = versions.iter().filter(fits).any(|version| Some(version.hash) != found.map(|found| found.hash));
    if other {
        return Err(Refusal::NoVersion(format!("several rulesets begin with `{start}`; give more of the hash")));
    }
    Ok(found)
}

/// Bytes of the log that are read in one go.
const PORTION: usize = 4 << 20;

fn activations(records: &[u8], block: Sequence, found: &mut Vec<Version>) -> Result<(), RecordError> {
    for record in iterate(records, block) {
        if let (_, Record::Activation { now: at, ordinal, hash, by }) = record? {
            found.push(Version { ordinal, hash, at, by });
        }
    }
    Ok(())
}
