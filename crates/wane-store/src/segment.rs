//! One segment file: where its blocks are, and reading them one after another.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::disk::DiskFile;
use crate::layout::{HEAD, Head, Header, SECTOR, Seed};

/// About this far apart are the blocks whose places are remembered.
const STRIDE: u64 = 1 << 16;

/// How much is read ahead.
const AHEAD: usize = 1 << 16;

pub(crate) fn name(slot: u32) -> String {
    format!("segment-{slot:06}")
}

/// The number of a segment file, by its name.
pub(crate) fn is_name(text: &str) -> bool {
    text.strip_prefix("segment-").is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A guard, whoever panicked with it: what these locks guard is changed in single steps.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A segment file that holds nothing that is needed.
pub(crate) struct Spare {
    pub(crate) slot: u32,
    pub(crate) file: Box<dyn DiskFile>,
    pub(crate) size: u64,
    /// Whether it is all zeros.
    pub(crate) fresh: bool,
}

/// A segment file in use.
pub(crate) struct Segment {
    pub(crate) slot: u32,
    pub(crate) file: Box<dyn DiskFile>,
    pub(crate) header: Header,
    /// Some blocks and where they are, ascending.
    marks: Mutex<Vec<(u64, u64)>>,
}

impl Segment {
    pub(crate) const fn new(slot: u32, file: Box<dyn DiskFile>, header: Header) -> Self {
        Self { slot, file, header, marks: Mutex::new(Vec::new()) }
    }

    pub(crate) fn name(&self) -> String {
        name(self.slot)
    }

    /// Remembers where a block is, if that is worth it.
    pub(crate) fn mark(&self, sequence: u64, offset: u64) {
        let mut marks = lock(&self.marks);
        let last = marks.last().map_or(SECTOR as u64, |(_, offset)| *offset);
        if offset >= last + STRIDE {
            marks.push((sequence, offset));
        }
    }

    /// A block at or before that one, and where it is.
    pub(crate) fn nearest(&self, sequence: u64) -> (u64, u64) {
        let marks = lock(&self.marks);
        let index = marks.partition_point(|(marked, _)| *marked <= sequence);
        let mark = index.checked_sub(1).and_then(|index| marks.get(index));
        mark.copied().unwrap_or((self.header.first, SECTOR as u64))
    }

    pub(crate) fn into_spare(self) -> Spare {
        Spare { slot: self.slot, size: self.header.size, file: self.file, fresh: false }
    }
}

/// Reads a file in pieces larger than what is asked for.
pub(crate) struct Window<'a> {
    file: &'a dyn DiskFile,
    start: u64,
    bytes: Vec<u8>,
}

impl<'a> Window<'a> {
    pub(crate) const fn new(file: &'a dyn DiskFile) -> Self {
        Self { file, start: 0, bytes: Vec::new() }
    }

    /// Those bytes; fewer when the file ends before.
    pub(crate) fn get(&mut self, offset: u64, length: usize) -> io::Result<&[u8]> {
        let end = self.start + self.bytes.len() as u64;
        if offset < self.start || offset + length as u64 > end {
            self.bytes.resize(length.max(AHEAD), 0);
            let read = self.file.read_at(&mut self.bytes, offset)?;
            self.bytes.truncate(read);
            self.start = offset;
        }
        // Both differences are within the window, which is in memory.
        let from = usize::try_from(offset - self.start).unwrap_or(usize::MAX).min(self.bytes.len());
        let to = from.saturating_add(length).min(self.bytes.len());
        Ok(self.bytes.get(from..to).unwrap_or_default())
    }
}

/// Where the next block is expected, and what it must follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) sequence: u64,
    pub(crate) previous: u32,
    pub(crate) offset: u64,
}

/// Why there is not the block that was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// There is nothing: zeros, or the end of the file.
    Nothing,
    /// An older block, which was there before the segment was used again; or one of another history.
    Other,
    /// No block.
    Garbage,
    /// The head is whole, its records are not.
    Records,
}

impl Flaw {
    pub(crate) const fn what(self) -> &'static str {
        match self {
            Self::Nothing => "there is no block, but the log went on",
            Self::Other => "a block of another time is where the log went on",
            Self::Garbage => "the head of a block is damaged",
            Self::Records => "the records of a block are damaged",
        }
    }
}

/// Goes through a segment, block by block.
pub(crate) struct Walk<'a> {
    seed: Seed,
    window: Window<'a>,
}

impl<'a> Walk<'a> {
    pub(crate) const fn new(seed: Seed, file: &'a dyn DiskFile) -> Self {
        Self { seed, window: Window::new(file) }
    }

    /// The head at that place, when there is one.
    pub(crate) fn head(&mut self, offset: u64) -> io::Result<Option<Head>> {
        Ok(Head::read(self.seed, self.window.get(offset, HEAD)?))
    }

    /// The records after that head, when they are whole.
    pub(crate) fn records(&mut self, offset: u64, head: &Head) -> io::Result<Option<&[u8]>> {
        let length = usize::try_from(head.length).unwrap_or(usize::MAX);
        let records = self.window.get(offset + HEAD as u64, length)?;
        let whole = records.len() == length && self.seed.sum(records) == head.records;
        Ok(whole.then_some(records))
    }

    /// The block that must be at that place, or what is wrong. Moves the place behind it.
    pub(crate) fn next(&mut self, place: &mut Place, believe: bool) -> io::Result<Result<Head, Flaw>> {
        let Some(head) = self.head(place.offset)? else {
            let sector = self.window.get(place.offset, SECTOR)?;
            let blank = sector.iter().all(|byte| *byte == 0);
            return Ok(Err(if blank { Flaw::Nothing } else { Flaw::Garbage }));
        };
        if (head.sequence, head.previous) != (place.sequence, place.previous) {
            return Ok(Err(Flaw::Other));
        }
        if !believe && self.records(place.offset, &head)?.is_none() {
            return Ok(Err(Flaw::Records));
        }
        *place = Place { sequence: head.sequence + 1, previous: head.sum, offset: place.offset + head.extent() };
        Ok(Ok(head))
    }
}
