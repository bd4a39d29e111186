//! The content of one file: as it is read, as it is on the disk, and the writes in between.

use crate::layout::SECTOR;

use super::Draw;

/// A file's bytes.
#[derive(Clone, Debug, Default)]
pub(super) struct Content {
    /// As the process sees it.
    pub(super) now: Vec<u8>,
    /// As it is on the disk.
    lasting: Vec<u8>,
    /// Writes that are not synced: where, and what.
    pending: Vec<(usize, Vec<u8>)>,
}

impl Content {
    pub(super) fn read(&self, buffer: &mut [u8], offset: u64) -> usize {
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        let bytes = self.now.get(from..).unwrap_or_default();
        let length = bytes.len().min(buffer.len());
        if let (Some(into), Some(bytes)) = (buffer.get_mut(..length), bytes.get(..length)) {
            into.copy_from_slice(bytes);
        }
        length
    }

    pub(super) fn write(&mut self, bytes: &[u8], offset: u64) {
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        put(&mut self.now, offset, bytes);
        self.pending.push((offset, bytes.to_vec()));
    }

    pub(super) fn sync(&mut self) {
        for (offset, bytes) in std::mem::take(&mut self.pending) {
            put(&mut self.lasting, offset, &bytes);
        }
    }

    /// Some of the writes got to the disk, some never will, though they can still be read.
    pub(super) fn fail_sync(&mut self, draw: &mut Draw) {
        // The length follows the writes that were kept.
        for (offset, bytes) in std::mem::take(&mut self.pending) {
            torn(&mut self.lasting, offset, &bytes, draw);
        }
    }

    pub(super) fn cut_power(&mut self, draw: &mut Draw) {
        let mut lengths = vec![self.lasting.len()];
        for (offset, bytes) in std::mem::take(&mut self.pending) {
            let longest = lengths.last().copied().unwrap_or(0);
            lengths.push(longest.max(offset.saturating_add(bytes.len())));
            torn(&mut self.lasting, offset, &bytes, draw);
        }
        // The length is any of those that the file had since.
        let which = draw.below(lengths.len() as u64);
        let length = usize::try_from(which).ok().and_then(|which| lengths.get(which).copied());
        self.lasting.resize(length.unwrap_or(0), 0);
        self.now.clone_from(&self.lasting);
    }

    pub(super) fn damage(&mut self, offset: u64, change: impl FnOnce(&mut u8)) {
        let Ok(offset) = usize::try_from(offset) else { return };
        if let Some(byte) = self.now.get_mut(offset) {
            change(byte);
        }
        self.lasting.clone_from(&self.now);
        self.pending.clear();
    }
}

fn put(into: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    let end = offset.saturating_add(bytes.len());
    if into.len() < end {
        into.resize(end, 0);
    }
    if let Some(place) = into.get_mut(offset..end) {
        place.copy_from_slice(bytes);
    }
}

/// Lost, kept, or kept in some sectors.
fn torn(into: &mut Vec<u8>, offset: usize, bytes: &[u8], draw: &mut Draw) {
    let manner = draw.below(4);
    let mut rest = bytes;
    let mut at = offset;
    while !rest.is_empty() {
        let length = (SECTOR - at % SECTOR).min(rest.len());
        let (sector, after) = rest.split_at(length);
        let kept = match manner {
            0 => false,
            1 => true,
            _ => draw.chance(50),
        };
        if kept {
            put(into, at, sector);
        }
        at += length;
        rest = after;
    }
}
