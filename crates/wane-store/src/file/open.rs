//! Opening: what recovery changes, after `survey` has found out what is there.
//!
//! Every step may be interrupted by a crash and is then done again at the next start; none makes something visible that is
//! not durable.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex};

use wane_wire::record::Sequence;

use crate::disk::{Disk, DiskFile, Lock};
use crate::layout::{Header, SECTOR, Seed};
use crate::log::LogError;
use crate::manifest::{self, Creation, Manifest, failed};
use crate::seeded::Defect;
use crate::segment::{self, Segment, Window};
use crate::snapshot;
use crate::survey::Survey;

use super::append::Writer;
use super::salvage::{self, Saved};
use super::space::{Books, Space};
use super::{FileLog, Inner, Opened, Options};

const LOCK: &str = "lock";

pub(super) fn open(disk: Arc<dyn Disk>, options: Options) -> Result<Opened, LogError> {
    if options.segment < 4096 || !options.segment.is_multiple_of(4096) {
        let text = format!("a segment of {} bytes: it must be a multiple of 4096", options.segment);
        return Err(LogError::Directory(text));
    }
    let lock = hold(disk.as_ref())?;
    let (manifest, created) = known(disk.as_ref(), &options)?;
    // Names that a killed process left in the system's cache are used from here on.
    disk.sync_directory().map_err(|error| failed(&disk.place(), error))?;
    let Saved { manifest, mut survey, losses } = salvage::survey(disk.as_ref(), manifest, &options)?;
    repair(disk.as_ref(), &manifest, &mut survey, &options)?;
    let (cut, damaged_snapshots) = (survey.cut.take(), std::mem::take(&mut survey.damaged));
    let log = assemble(disk, options, manifest, survey, lock)?;
    Ok(Opened { log, created, cut, losses, damaged_snapshots })
}

/// Takes a directory for this process.
pub(crate) fn hold(disk: &dyn Disk) -> Result<Lock, LogError> {
    let held = disk.lock(LOCK).map_err(|error| failed(LOCK, error))?;
    held.ok_or_else(|| LogError::Held(disk.place()))
}

fn known(disk: &dyn Disk, options: &Options) -> Result<(Manifest, bool), LogError> {
    if let Some(manifest) = Manifest::read(disk)? {
        return Ok((manifest, false));
    }
    let Some(creation) = options.create else {
        return Err(LogError::Directory(format!("there is no log in `{}`", disk.place())));
    };
    create(disk, &creation, Sequence(1)).map(|manifest| (manifest, true))
}

/// Makes the manifest of a new log that begins with that block.
pub(crate) fn create(disk: &dyn Disk, creation: &Creation, first: Sequence) -> Result<Manifest, LogError> {
    let names = disk.list().map_err(|error| failed(&disk.place(), error))?;
    // The manifest is durable before there is any other file, so this is no creation that was interrupted.
    if let Some(name) = names.iter().find(|name| segment::is_name(name) || snapshot::is_name(name)) {
        let what = format!("it is missing, but `{name}` is there");
        return Err(LogError::Damaged { file: manifest::NAME.to_owned(), offset: 0, what });
    }
    let manifest = Manifest::new(creation, first);
    manifest.write(disk, false)?;
    Ok(manifest)
}

/// Puts the files in the state that the survey says they are in.
fn repair(disk: &dyn Disk, manifest: &Manifest, survey: &mut Survey, options: &Options) -> Result<(), LogError> {
    wipe(survey)?;
    if !options.seeded().has(Defect::TailNotSynced) {
        settle(manifest, survey)?;
    }
    for name in std::mem::take(&mut survey.leftovers) {
        disk.remove(&name).map_err(|error| failed(&name, error))?;
    }
    Ok(())
}

/// Zeros over what was cut, so that it never comes back as a part of the log.
fn wipe(survey: &Survey) -> Result<(), LogError> {
    let live = survey.live.iter().map(|segment| (segment.slot, segment.file.as_ref()));
    let files: Vec<(u32, &dyn DiskFile)> =
        live.chain(survey.spares.iter().map(|spare| (spare.slot, spare.file.as_ref()))).collect();
    for (slot, file) in files {
        let failed = |error| failed(&segment::name(slot), error);
        let mut wiped = false;
        for (_, offset) in survey.wipes.iter().filter(|(wiped, _)| *wiped == slot) {
            file.write_at(&[0; SECTOR], *offset).map_err(failed)?;
            wiped = true;
        }
        if wiped {
            file.sync_data().map_err(failed)?;
        }
    }
    Ok(())
}

/// Writes the end of the log again as it is, and makes it durable: it may be in the system's cache only, if the process was
/// killed; and a sync that failed may have left it there for good.
fn settle(manifest: &Manifest, survey: &mut Survey) -> Result<(), LogError> {
    let (from, to) = (survey.unsynced, survey.end.offset);
    let Some(Segment { slot, file, header, .. }) = survey.live.last_mut() else { return Ok(()) };
    // Parts of a torn block may lie behind the end.
    *header = Header { fresh: false, ..*header };
    let mut window = Window::new(file.as_ref());
    let mut again = || {
        file.write_at(&header.sector(manifest), 0)?;
        let mut offset = from;
        while offset < to {
            let sector = window.get(offset, SECTOR)?;
            file.write_at(sector, offset)?;
            offset += SECTOR as u64;
        }
        file.sync_data()
    };
    again().map_err(|error| failed(&segment::name(*slot), error))
}

fn assemble(
    disk: Arc<dyn Disk>,
    options: Options,
    mut manifest: Manifest,
    mut survey: Survey,
    held: Lock,
) -> Result<FileLog, LogError> {
    let (spares, odd): (Vec<_>, Vec<_>) =
        std::mem::take(&mut survey.spares).into_iter().partition(|spare| spare.size == options.segment);
    if !odd.is_empty() {
        manifest.segments.retain(|slot| odd.iter().all(|spare| spare.slot != *slot));
        manifest.write(disk.as_ref(), false)?;
        for spare in odd {
            let name = segment::name(spare.slot);
            disk.remove(&name).map_err(|error| failed(&name, error))?;
        }
    }
    let live: VecDeque<_> = std::mem::take(&mut survey.live).into_iter().map(Arc::new).collect();
    let active = live.back().cloned();
    let end = survey.end;
    let writer = Writer {
        offset: end.offset,
        next: end.sequence,
        previous: end.previous,
        durable: end.sequence - 1,
        generation: active.as_ref().map_or(0, |segment| segment.header.generation),
        active,
        buffer: Vec::new(),
    };
    let first = manifest.first.0;
    let slot = manifest.segments.last().map_or(1, |slot| slot + 1);
    let books = Books { manifest: manifest.clone(), slot };
    let space = Space { live, spares, retired: Vec::new(), snapshots: survey.snapshots };
    Ok(FileLog(Arc::new(Inner {
        disk,
        options,
        seed: Seed::of(&manifest),
        origin: manifest,
        writer: Mutex::new(writer),
        manifest: Mutex::new(books),
        space: Mutex::new(space),
        next: AtomicU64::new(end.sequence),
        first: AtomicU64::new(first),
        stopped: AtomicBool::new(false),
        drafts: AtomicU64::new(0),
        _lock: held,
    })))
}
