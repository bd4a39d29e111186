//! One loaded plugin with one config, and its instances.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::config::{self, Given};
use crate::elf::{self, Elf};
use crate::library;
use crate::manifest::Manifest;
use crate::process::child::{Recipe, Standing};
use crate::rest::Losses;
use crate::seats::{Seat, Seats};
use crate::settings::{ChannelSettings, Settings, Tier};
use crate::stopwatch::uptime;
use crate::trust::Vetted;
use crate::worker::{Source, Worker};

/// The most calls at once: more than a service needs, and few enough that a plugin that hangs leaves threads to others.
const MOST_CALLS: usize = 32;
/// The most processes of one plugin; the other calls wait for one of them.
const MOST_PROCESSES: usize = 4;

/// A plugin, loaded and configured. When the last call with it is over and a newer one is in its place, its workers end.
#[derive(Debug)]
pub(crate) struct Generation {
    pub(crate) number: u64,
    pub(crate) file: PathBuf,
    pub(crate) hash: String,
    pub(crate) manifest: Arc<Manifest>,
    pub(crate) given: Given,
    source: Source,
    seats: Seats,
    losses: Mutex<Losses>,
    idle: Mutex<Vec<Worker>>,
}

#[expect(unsafe_code, reason = "a library's pointers lead to constants")]
// SAFETY: the library is functions and constants of a file that stays loaded; everything else is shared by a lock.
unsafe impl Sync for Generation {}

/// A file whose manifest was read; nothing of it has run.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) vetted: Vetted,
    pub(crate) manifest: Manifest,
    pub(crate) exports: Vec<String>,
    note: Vec<u8>,
}

impl Found {
    /// Reads what a vetted file says of itself.
    pub(crate) fn read(vetted: Vetted) -> Result<Self, String> {
        let elf = elf::read(&vetted.bytes)?;
        Self::of(vetted, elf)
    }

    /// The same for a file that is known to be a shared object with a manifest.
    pub(crate) fn of(vetted: Vetted, elf: Elf) -> Result<Self, String> {
        let manifest = Manifest::parse(&elf.manifest)?;
        Ok(Self { vetted, manifest, exports: elf.exports, note: elf.manifest })
    }

    /// Checks the settings, then loads it and makes the first instance.
    pub(crate) fn load(&self, settings: &ChannelSettings, all: &Settings, number: u64) -> Result<Generation, String> {
        if let Some(expected) = &settings.sha256
            && !expected.eq_ignore_ascii_case(&self.vetted.hash)
        {
            return Err(format!("has the SHA-256 {}, configured is {expected}", self.vetted.hash));
        }
        self.spoken()?;
        let given = config::check(&self.manifest, settings)?;
        let source = self.source(settings, all)?;
        let seats = match source.tier() {
            Tier::Inproc => Seats::new(MOST_CALLS, 0),
            Tier::Process => Seats::new(MOST_PROCESSES, MOST_CALLS - MOST_PROCESSES),
        };
        let first = source.worker(given.config.reveal(), Standing::Good)?;
        Ok(Generation {
            number,
            file: self.vetted.path.clone(),
            hash: self.vetted.hash.clone(),
            manifest: Arc::new(self.manifest.clone()),
            given,
            source,
            seats,
            losses: Mutex::default(),
            idle: Mutex::new(vec![first]),
        })
    }

    /// Where it is to run.
    pub(crate) fn tier(&self, settings: &ChannelSettings, all: &Settings) -> Tier {
        let named = settings.sha256.is_some() || self.vetted.signed.is_some();
        let otherwise = if all.program.is_none() || named { Tier::Inproc } else { Tier::Process };
        settings.tier.unwrap_or(otherwise)
    }

    fn source(&self, settings: &ChannelSettings, all: &Settings) -> Result<Source, String> {
        let copy = library::keep(&self.vetted, &all.store)?;
        match (self.tier(settings, all), &all.program) {
            (Tier::Inproc, _) => library::open(&copy, &self.note).map(Source::Here),
            (Tier::Process, Some(program)) => {
                Ok(Source::Apart(Recipe { program: program.clone(), copy, manifest: self.note.clone() }))
            }
            (Tier::Process, None) => {
                Err("is to run in a process of its own, and no program for that is known".to_owned())
            }
        }
    }

    /// Another major version of the ABI is refused before anything runs, if the manifest tells.
    fn spoken(&self) -> Result<(), String> {
        let Some(abi) = &self.manifest.abi else { return Ok(()) };
        let major = abi.split('.').next().and_then(|major| major.parse::<u16>().ok());
        if major == Some(wane_plugin_abi::ABI_MAJOR) { Ok(()) } else { Err(library::other_version(abi)) }
    }
}

impl Generation {
    /// Where it runs.
    pub(crate) const fn tier(&self) -> Tier {
        self.source.tier()
    }

    /// The processes that wait for the next call.
    pub(crate) fn processes(&self) -> Vec<u32> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).iter().filter_map(Worker::process).collect()
    }

    /// A seat for one call, at once or within `patience`.
    pub(crate) fn seat(&self, patience: Duration) -> Option<Seat<'_>> {
        self.seats.take(patience)
    }

    /// A worker for one call: one that waits, or a new one. One that gives way ends when the plugin stands well again.
    pub(crate) fn take(&self) -> Result<Worker, String> {
        let waiting = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match waiting.filter(|worker| worker.standing() == Standing::Good || self.standing() == Standing::Lost) {
            Some(worker) => Ok(worker),
            None => self.fresh(),
        }
    }

    /// A new worker.
    pub(crate) fn fresh(&self) -> Result<Worker, String> {
        self.source.worker(self.given.config.reveal(), self.standing())
    }

    /// A worker was lost.
    pub(crate) fn lost(&self) {
        self.losses().note(uptime());
    }

    fn standing(&self) -> Standing {
        self.losses().standing(uptime())
    }

    fn losses(&self) -> MutexGuard<'_, Losses> {
        self.losses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives back a worker that did nothing wrong, while its call still has a seat: there are never more than seats.
    pub(crate) fn give(&self, worker: Worker) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(worker);
    }

    /// Whether these settings and this file would be the same again.
    pub(crate) fn same(&self, found: &Found, given: &Given, tier: Tier) -> bool {
        self.hash == found.vetted.hash
            && self.given.config == given.config
            && self.given.secrets == given.secrets
            && self.tier() == tier
    }
}
