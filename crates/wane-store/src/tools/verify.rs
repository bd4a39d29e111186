//! Looking at every block and every snapshot.

use std::path::Path;

use wane_wire::record::Sequence;

use crate::disk::{Disk, RealDisk};
use crate::file::{Check, Cut};
use crate::log::{LogError, SnapshotReader};
use crate::manifest::{Manifest, failed};
use crate::seeded::Seeded;
use crate::snapshot::{Kept, Reader};
use crate::survey::{self, Failure, Manner};

/// What is in a directory.
#[derive(Debug)]
pub struct Report {
    /// Which log it is.
    pub manifest: Manifest,
    /// The oldest block that is kept.
    pub first: Sequence,
    /// The last one; the one before `first` when there is none.
    pub last: Sequence,
    /// How many blocks were read.
    pub blocks: u64,
    /// Their bytes of records.
    pub bytes: u64,
    /// How many segment files are in use.
    pub segments: usize,
    /// How many lie ready.
    pub spares: usize,
    /// What the next start will cut.
    pub cut: Option<Cut>,
    /// Snapshots and what they hold, the oldest first.
    pub snapshots: Vec<Snapshot>,
    /// What is wrong: with the log at most one thing, since it can not be followed further; then with snapshots.
    pub damage: Vec<LogError>,
}

impl Report {
    /// Whether nothing is wrong. A torn end is nothing wrong.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.damage.is_empty()
    }
}

/// A whole snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The file and what it is for.
    pub kept: Kept,
    /// How many pieces it has.
    pub pieces: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Looks at every block and every snapshot. Changes nothing.
///
/// # Errors
/// [`LogError::Directory`] when there is no log, [`LogError::Held`]; a damaged manifest; failing disks. Damage
/// of blocks and snapshots is in the report.
pub fn verify(directory: &Path) -> Result<Report, LogError> {
    let disk = RealDisk::open(directory, false);
    verify_on(&disk.map_err(|error| failed(&directory.display().to_string(), error))?)
}

/// The same on any disk.
///
/// # Errors
/// As [`verify()`].
pub fn verify_on(disk: &dyn Disk) -> Result<Report, LogError> {
    let there = Manifest::read(disk)?;
    let manifest = there.ok_or_else(|| LogError::Directory(format!("there is no log in `{}`", disk.place())))?;
    let _held = crate::file::hold(disk)?;
    let manner = Manner { check: Check::Whole, forgive: false, seeded: Seeded::default() };
    let mut damage = Vec::new();
    let survey = match survey::survey(disk, &manifest, manner) {
        Ok(survey) => survey,
        Err(Failure::Log(error)) => return Err(error),
        Err(Failure::Damage(found)) => {
            damage.push(found.error);
            survey::survey(disk, &manifest, Manner { forgive: true, ..manner }).map_err(Failure::into_error)?
        }
    };
    damage.extend(survey.damaged);
    let mut snapshots = Vec::new();
    for kept in survey.snapshots {
        match read(disk, &manifest, kept) {
            Ok(snapshot) => snapshots.push(snapshot),
            Err(error @ LogError::Damaged { .. }) => damage.push(error),
            Err(error) => return Err(error),
        }
    }
    Ok(Report {
        first: manifest.first,
        last: Sequence(survey.end.sequence - 1),
        blocks: survey.blocks,
        bytes: survey.bytes,
        segments: survey.live.len(),
        spares: survey.spares.len(),
        cut: survey.cut,
        snapshots,
        damage,
        manifest,
    })
}

fn read(disk: &dyn Disk, manifest: &Manifest, kept: Kept) -> Result<Snapshot, LogError> {
    let mut reader = Reader::whole(disk, manifest, &kept.name)?;
    let (mut pieces, mut bytes) = (0, 0);
    while let Some(piece) = reader.piece()? {
        pieces += 1;
        bytes += piece.len() as u64;
    }
    Ok(Snapshot { kept, pieces, bytes })
}
