//! Segments as space: made beforehand, taken into use, freed, used again.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use wane_wire::record::Sequence;

use crate::disk::DiskFile;
use crate::log::LogError;
use crate::manifest::{Manifest, failed};
use crate::seeded::Defect;
use crate::segment::{self, Segment, Spare, lock};
use crate::snapshot::Kept;

use super::Inner;

/// How much is written at once when a segment is made.
const CHUNK: u64 = 1 << 20;

/// The manifest as it is on the disk, and the number of the next new file.
pub(super) struct Books {
    pub(super) manifest: Manifest,
    /// Never given twice, not even after a failure: what became of a file whose making failed is unknown.
    pub(super) slot: u32,
}

/// Where everything is.
pub(super) struct Space {
    /// The segments in use, in order.
    pub(super) live: VecDeque<Arc<Segment>>,
    /// Free ones.
    pub(super) spares: Vec<Spare>,
    /// Free, but somebody may still be reading in them.
    pub(super) retired: Vec<Arc<Segment>>,
    /// Snapshots, the oldest first.
    pub(super) snapshots: Vec<Kept>,
}

impl Space {
    /// A free segment in which nobody reads.
    fn take(&mut self) -> Option<Spare> {
        if let Some(spare) = self.spares.pop() {
            return Some(spare);
        }
        // Nobody gets hold of one here any more, so one that is not shared stays so.
        let free = self.retired.iter().position(|segment| Arc::strong_count(segment) == 1)?;
        Arc::into_inner(self.retired.remove(free)).map(Segment::into_spare)
    }

    fn free(&self) -> usize {
        self.spares.len() + self.retired.len()
    }

    pub(super) fn size(&self) -> u64 {
        let segments = self.live.iter().chain(&self.retired).map(|segment| segment.header.size);
        segments.chain(self.spares.iter().map(|spare| spare.size)).sum()
    }

    /// The segments in front whose blocks all lie before that one. The last segment of all is never among them.
    fn before(&self, keep: u64) -> usize {
        self.live.iter().skip(1).take_while(|next| next.header.first <= keep).count()
    }
}

impl Inner {
    /// A free segment, made now if need be.
    pub(super) fn take(&self) -> Result<Spare, LogError> {
        loop {
            if let Some(spare) = lock(&self.space).take() {
                return Ok(spare);
            }
            self.make()?;
        }
    }

    pub(super) fn prepare(&self) -> Result<bool, LogError> {
        if lock(&self.space).free() > 0 {
            return Ok(false);
        }
        self.make()
    }

    /// Makes a free segment, unless somebody else just did.
    fn make(&self) -> Result<bool, LogError> {
        let mut books = lock(&self.manifest);
        if !lock(&self.space).spares.is_empty() {
            return Ok(false);
        }
        let slot = books.slot;
        books.slot += 1;
        let name = segment::name(slot);
        let forgotten = self.options.seeded().has(Defect::DirectoryForgotten);
        let made = || {
            let file = self.disk.create(&name)?;
            blank(file.as_ref(), self.options.segment)?;
            // The name must last before the manifest says that there is such a file.
            if forgotten { Ok(file) } else { self.disk.sync_directory().map(|()| file) }
        };
        let file = made().map_err(|error| {
            // On a full disk its space is needed; otherwise it is removed at the next start.
            let _ = self.disk.remove(&name);
            failed(&name, error)
        })?;
        let mut manifest = books.manifest.clone();
        manifest.segments.push(slot);
        manifest.write(self.disk.as_ref(), forgotten)?;
        books.manifest = manifest;
        lock(&self.space).spares.push(Spare { slot, file, size: self.options.segment, fresh: true });
        Ok(true)
    }

    pub(super) fn release(&self, before: Sequence) -> Result<(), LogError> {
        let mut books = lock(&self.manifest);
        let Some((first, dropped)) = self.releasable(before) else { return Ok(()) };
        let mut manifest = books.manifest.clone();
        manifest.first = Sequence(first);
        manifest.segments.retain(|slot| !dropped.contains(slot));
        // Durable before anything of it is used again: from now on nobody looks for those blocks.
        manifest.write(self.disk.as_ref(), false)?;
        books.manifest = manifest;
        self.first.store(first, Ordering::Release);
        {
            let mut space = lock(&self.space);
            while space.live.front().is_some_and(|segment| segment.header.first < first) && space.live.len() > 1 {
                let freed = space.live.pop_front().filter(|segment| !dropped.contains(&segment.slot));
                space.retired.extend(freed);
            }
        }
        self.remove(dropped.into_iter().map(segment::name))
    }

    /// The oldest block that has to stay, and the files that are not even needed as spares; `None` when nothing is free.
    fn releasable(&self, before: Sequence) -> Option<(u64, Vec<u32>)> {
        let space = lock(&self.space);
        // The older snapshot's blocks stay too: it is what there is if the newer one is damaged.
        let needed = space.snapshots.iter().map(|kept| kept.from.0).min()?;
        let count = space.before(before.0.min(needed));
        let first = space.live.get(count).filter(|_| count > 0)?.header.first;
        let reused = self.options.spares.saturating_sub(space.free());
        let dropped = space.live.iter().take(count).skip(reused).map(|segment| segment.slot).collect();
        Some((first, dropped))
    }

    /// Removes files; that they are gone need not be durable.
    pub(super) fn remove(&self, names: impl IntoIterator<Item = String>) -> Result<(), LogError> {
        for name in names {
            match self.disk.remove(&name) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(&name, error)),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Writes zeros and makes them durable, so that appending changes nothing but content.
fn blank(file: &dyn DiskFile, size: u64) -> io::Result<()> {
    let zeros = vec![0; usize::try_from(size.min(CHUNK)).unwrap_or_default()];
    let mut offset = 0;
    while offset < size {
        let length = usize::try_from(size - offset).unwrap_or(usize::MAX).min(zeros.len());
        file.write_at(zeros.get(..length).unwrap_or_default(), offset)?;
        offset += length as u64;
    }
    file.sync_data()
}
