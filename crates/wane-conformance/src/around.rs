//! What is looked at around every case, whatever the case is about.

use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::raw::{Bare, Call, Said};

/// The checks around every case: id, what must be so, and what goes wrong where it is not so.
pub const CHECKS: [(&str, &str, &str); 8] = [
    (
        "no-thread-left",
        "no thread is left",
        "a plugin is a codec: a thread of its own goes on after a reload, and nobody knows of it",
    ),
    (
        "no-descriptor-left",
        "no file descriptor is left",
        "a plugin opens nothing; one descriptor a request takes the service down within a day",
    ),
    (
        "no-pointer-kept",
        "nothing of an input is read after the call, nor behind its end",
        "the memory belongs to somebody else by then: another customer's words, or nobody's",
    ),
    (
        "same-again",
        "a new instance says the same of the same calls",
        "what depends on anything else can neither be tested nor replayed",
    ),
    (
        "same-alone",
        "a call gives the same whether others came before it or not",
        "the host makes as many instances as it has threads, and gives a request to any of them",
    ),
    (
        "same-on-another-thread",
        "an instance says the same when another thread calls it",
        "the host gives an instance to whichever thread is free",
    ),
    (
        "same-in-another-process",
        "another process says the same of the same calls",
        "addresses and seeds differ from process to process, and so would what customers are told",
    ),
    (
        "no-secret-told",
        "no secret stands in an event, a reply, a reason or a request",
        "events and reasons are logged; requests hold placeholders until they are sent",
    ),
];

/// The most calls that are also made alone: each needs an instance.
const MOST_ALONE: usize = 100;
/// Shorter secrets might stand somewhere by chance.
const LEAST_SECRET: usize = 8;

/// Something that was seen around a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Which of [`CHECKS`].
    pub check: String,
    /// What was seen.
    pub what: String,
}

impl Seen {
    pub(crate) fn new(check: &str, what: impl Into<String>) -> Self {
        Self { check: check.to_owned(), what: what.into() }
    }
}

/// What a process has open and running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Household {
    threads: usize,
    descriptors: usize,
}

impl Household {
    pub(crate) fn now() -> Self {
        let count = |path: &str| std::fs::read_dir(path).map_or(0, Iterator::count);
        Self { threads: count("/proc/self/task"), descriptors: count("/proc/self/fd") }
    }

    /// What is there now that was not there before.
    pub(crate) fn left(self) -> Vec<Seen> {
        let now = Self::now();
        let more = |check: &str, before: usize, now: usize| {
            (now > before).then(|| Seen::new(check, format!("{} more than before it was loaded", now - before)))
        };
        let threads = more("no-thread-left", self.threads, now.threads);
        threads.into_iter().chain(more("no-descriptor-left", self.descriptors, now.descriptors)).collect()
    }
}

/// Calls that were made, and what they were made with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Made<'a> {
    /// The file that is loaded.
    pub(crate) file: &'a Path,
    /// The config that instances are made of.
    pub(crate) config: &'a str,
    /// The calls, in order.
    pub(crate) calls: &'a [Call],
}

impl Made<'_> {
    /// Makes the calls once more in every way that must not matter; also gives the digest of what was said.
    pub(crate) fn again(self, secrets: &[&str]) -> Result<(Vec<Seen>, String), String> {
        let bare = Bare::open(self.file, false)?;
        let said = self.sequence(bare)?;
        let mut seen = Vec::new();
        seen.extend(differs("same-again", &said, &self.sequence(bare)?));
        seen.extend(differs("same-alone", &said, &self.alone(bare)?));
        seen.extend(differs("same-on-another-thread", &said, &self.elsewhere(bare)?));
        seen.extend(told(&said, secrets));
        Ok((seen, digest(&said)))
    }

    /// The digest of what is said when everything that goes in is taken away after its call.
    pub(crate) fn guarded(self) -> Result<String, String> {
        self.sequence(Bare::open(self.file, true)?).map(|said| digest(&said))
    }

    fn sequence(self, bare: Bare) -> Result<Vec<Said>, String> {
        let mut live = bare.create(self.config)?;
        self.calls.iter().map(|call| live.call(call)).collect()
    }

    fn alone(self, bare: Bare) -> Result<Vec<Said>, String> {
        self.calls.iter().take(MOST_ALONE).map(|call| bare.create(self.config)?.call(call)).collect()
    }

    fn elsewhere(self, bare: Bare) -> Result<Vec<Said>, String> {
        let mut live = bare.create(self.config)?;
        let calls = || self.calls.iter().map(|call| live.call(call)).collect();
        let joined = std::thread::scope(|scope| scope.spawn(calls).join());
        joined.unwrap_or_else(|_| Err("the other thread panicked".to_owned()))
    }
}

/// Whether two tellings differ, as far as both go.
fn differs(check: &str, one: &[Said], other: &[Said]) -> Option<Seen> {
    let index = one.iter().zip(other).position(|(one, other)| one != other)?;
    Some(Seen::new(check, format!("call {} said something else", index + 1)))
}

fn told(said: &[Said], secrets: &[&str]) -> Option<Seen> {
    let pieces = || said.iter().flat_map(|said| &said.pieces).map(|(_, piece)| piece);
    let secrets = secrets.iter().filter(|secret| secret.len() >= LEAST_SECRET);
    let found =
        |secret: &&&str| pieces().any(|piece| piece.windows(secret.len()).any(|part| part == secret.as_bytes()));
    let count = secrets.filter(found).count();
    (count > 0).then(|| Seen::new("no-secret-told", format!("{count} of the case's secrets stand in what it said")))
}

fn digest(said: &[Said]) -> String {
    let mut hash = Sha256::new();
    for said in said {
        hash.update(said.code.to_le_bytes());
        for (letter, piece) in &said.pieces {
            hash.update(letter.to_string());
            hash.update((piece.len() as u64).to_le_bytes());
            hash.update(piece);
        }
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
