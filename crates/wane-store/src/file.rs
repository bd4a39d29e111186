//! The log in a directory.
//!
//! Here is what a log is opened with and what comes of it; the parts of its work are apart: `open` recovers and repairs,
//! `append` makes blocks durable, `read` gives them back, `space` begins, frees and prepares segments, `snapshots` takes and
//! finds snapshots. How the end of the log is found is in `survey`.

mod append;
mod open;
mod read;
mod salvage;
mod snapshots;
mod space;

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use wane_wire::record::{BLOCK_LIMIT, Sequence};

use crate::disk::{Disk, Lock, RealDisk};
use crate::layout::{HEAD, SECTOR, Seed};
use crate::log::{Block, Log, LogError, SnapshotReader, SnapshotWriter};
use crate::manifest::{Creation, Manifest, failed};
#[cfg(feature = "seeded-defects")]
use crate::seeded::Defect;
use crate::seeded::Seeded;
use crate::segment::lock;
use crate::sync::Sync;

pub use crate::survey::{Check, Cut};
pub(crate) use open::{create, hold};
pub use salvage::Loss;

/// How a log is opened.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How many bytes new segments have: a multiple of 4096, at least 4096; 64 MiB unless said otherwise. A block has to
    /// fit in one, so smaller ones than 2 MiB are for tests.
    pub segment: u64,
    /// How many free segments are kept for reuse; further ones are removed. 2 unless said otherwise.
    pub spares: usize,
    /// When blocks are made durable: before the answer, unless said otherwise.
    pub sync: Sync,
    /// How much is looked at: all, unless said otherwise.
    pub check: Check,
    /// Go on in spite of damage, and lose what has to be lost; see [`Loss`]. Off unless said otherwise.
    pub salvage: bool,
    /// What to make a new log with when there is none. Without it a missing log is an error.
    pub create: Option<Creation>,
    /// A fault on purpose.
    #[cfg(feature = "seeded-defects")]
    pub defect: Option<Defect>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            segment: 64 << 20,
            spares: 2,
            sync: Sync::Always,
            check: Check::Whole,
            salvage: false,
            create: None,
            #[cfg(feature = "seeded-defects")]
            defect: None,
        }
    }
}

impl Options {
    const fn seeded(&self) -> Seeded {
        Seeded {
            #[cfg(feature = "seeded-defects")]
            defect: self.defect,
        }
    }

    /// The most bytes of records in one block.
    fn limit(&self) -> usize {
        let fits = self.segment.saturating_sub((SECTOR + HEAD) as u64);
        usize::try_from(fits).unwrap_or(usize::MAX).min(BLOCK_LIMIT)
    }
}

/// A log that was opened, and what had to be done for it.
pub struct Opened {
    /// The log.
    pub log: FileLog,
    /// Whether it is new.
    pub created: bool,
    /// What a crash had left at its end. Nobody had been told that it was there.
    pub cut: Option<Cut>,
    /// What [`Options::salvage`] gave up.
    pub losses: Vec<Loss>,
    /// Snapshots that are passed over since they are damaged.
    pub damaged_snapshots: Vec<LogError>,
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { log, created, cut, losses, .. } = self;
        let mut shown = f.debug_struct("Opened");
        shown
            .field("log", log)
            .field("created", created)
            .field("cut", cut)
            .field("losses", losses)
            .finish_non_exhaustive()
    }
}

/// The newest whole snapshot, if there is one, and what is wrong with newer ones.
pub type Newest = (Option<Box<dyn SnapshotReader>>, Vec<LogError>);

/// The log in a directory. Clones are handles of the same one; the directory is free again when the last one is dropped.
#[derive(Clone)]
pub struct FileLog(Arc<Inner>);

impl std::fmt::Debug for FileLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let place = self.0.disk.place();
        f.debug_struct("FileLog").field("place", &place).field("next", &self.next()).finish_non_exhaustive()
    }
}

pub(crate) struct Inner {
    disk: Arc<dyn Disk>,
    options: Options,
    seed: Seed,
    /// As it was at the start; what changes of it is in `manifest`.
    origin: Manifest,
    /// Taken before `manifest`, and that before `space`.
    writer: Mutex<append::Writer>,
    manifest: Mutex<space::Books>,
    space: Mutex<space::Space>,
    next: AtomicU64,
    first: AtomicU64,
    stopped: AtomicBool,
    /// How many snapshots were begun.
    drafts: AtomicU64,
    _lock: Lock,
}

impl FileLog {
    /// Opens the log in a directory of the file system. The directory is made when it is missing and
    /// [`Options::create`] is there.
    ///
    /// # Errors
    /// [`LogError::Held`] when another process has it; [`LogError::Directory`] when there is no log, or its format is another one;
    /// [`LogError::Damaged`] when answered blocks are damaged or missing; failing disks.
    pub fn open(directory: &Path, options: Options) -> Result<Opened, LogError> {
        let disk = RealDisk::open(directory, options.create.is_some());
        let disk = disk.map_err(|error| failed(&directory.display().to_string(), error))?;
        Self::open_on(Arc::new(disk), options)
    }

    /// Opens the log on any disk.
    ///
    /// # Errors
    /// As [`FileLog::open`].
    pub fn open_on(disk: Arc<dyn Disk>, options: Options) -> Result<Opened, LogError> {
        open::open(disk, options)
    }

    /// Which log this is, when it was made and with which key. `first` and `segments` are as they were when it was opened.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.0.origin
    }

    /// The newest whole snapshot, and what is wrong with newer ones that were passed over.
    ///
    /// # Errors
    /// Failing disks, and damage when no whole snapshot is left without which the log is of no use, since its beginning is
    /// no longer kept.
    pub fn whole_snapshot(&self) -> Result<Newest, LogError> {
        self.0.whole_snapshot()
    }

    /// The bytes that the log's segments take on the disk, free ones included.
    #[must_use]
    pub fn size(&self) -> u64 {
        lock(&self.0.space).size()
    }
}

impl Log for FileLog {
    fn next(&self) -> Sequence {
        Sequence(self.0.next.load(Ordering::Acquire))
    }

    fn first(&self) -> Sequence {
        Sequence(self.0.first.load(Ordering::Acquire))
    }

    fn append(&self, expected: Sequence, records: &[u8]) -> Result<(), LogError> {
        self.0.append(expected, records)
    }

    fn read(&self, from: Sequence, most: usize) -> Result<Vec<Block>, LogError> {
        self.0.read(from, most)
    }

    fn start_snapshot(&self, from: Sequence) -> Result<Box<dyn SnapshotWriter>, LogError> {
        Ok(Box::new(snapshots::Writer::start(Arc::clone(&self.0), from)?))
    }

    fn snapshot(&self) -> Result<Option<Box<dyn SnapshotReader>>, LogError> {
        Ok(self.0.whole_snapshot()?.0)
    }

    fn release(&self, before: Sequence) -> Result<(), LogError> {
        self.0.release(before)
    }

    fn durability(&self) -> Sync {
        self.0.options.sync
    }

    fn sync(&self) -> Result<(), LogError> {
        self.0.sync()
    }

    fn prepare(&self) -> Result<bool, LogError> {
        self.0.prepare()
    }
}
