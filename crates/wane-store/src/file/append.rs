//! Appending: a block is written in space that was written before, and made durable.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use wane_wire::record::Sequence;

use crate::layout::{Head, Header, SECTOR};
use crate::log::LogError;
use crate::manifest::failed;
use crate::seeded::Defect;
use crate::segment::{Segment, lock};
use crate::sync::Sync;

use super::Inner;

/// Where the log goes on.
pub(super) struct Writer {
    /// The segment that is being filled.
    pub(super) active: Option<Arc<Segment>>,
    pub(super) offset: u64,
    pub(super) next: u64,
    /// The checksum of the last block.
    pub(super) previous: u32,
    /// The last block that is surely durable.
    pub(super) durable: u64,
    /// The segment's generation.
    pub(super) generation: u64,
    pub(super) buffer: Vec<u8>,
}

impl Inner {
    pub(super) fn append(&self, expected: Sequence, records: &[u8]) -> Result<(), LogError> {
        let mut writer = lock(&self.writer);
        if self.stopped.load(Ordering::Acquire) {
            return Err(LogError::Stopped);
        }
        let next = Sequence(writer.next);
        if expected != next {
            return Err(LogError::Unexpected { expected, next });
        }
        if records.len() > self.options.limit() {
            return Err(LogError::TooLarge(records.len()));
        }
        self.write(&mut writer, records).inspect_err(|_| self.stop())?;
        self.next.store(writer.next, Ordering::Release);
        Ok(())
    }

    /// A disk that failed once can not be trusted to have what it says: nothing is written any more.
    fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
    }

    fn write(&self, writer: &mut Writer, records: &[u8]) -> Result<(), LogError> {
        let pending = u32::try_from(writer.next - 1 - writer.durable).unwrap_or(u32::MAX);
        let mut head = Head::new(self.seed, (writer.next, writer.previous, pending), records);
        let fits = writer.active.as_ref().is_some_and(|active| writer.offset + head.extent() <= active.header.size);
        writer.buffer.clear();
        let begun = if fits { None } else { Some(self.begin(writer)?) };
        if begun.is_some() {
            // Everything before the new segment is durable now.
            head = Head::new(self.seed, (writer.next, writer.previous, 0), records);
        }
        let Some(segment) = begun.clone().or_else(|| writer.active.clone()) else { return Err(LogError::Stopped) };
        let start = writer.offset - writer.buffer.len() as u64;
        self.fill(writer, &segment, &head, records);
        self.commit(&segment, &writer.buffer, (start, writer.next), begun.is_some())?;
        segment.mark(writer.next, writer.offset);
        if self.options.sync == Sync::Always || begun.is_some() {
            writer.durable = writer.next;
        }
        writer.offset += head.extent();
        writer.previous = head.sum;
        writer.next += 1;
        if let Some(begun) = begun {
            lock(&self.space).live.push_back(Arc::clone(&begun));
            writer.active = Some(begun);
        }
        Ok(())
    }

    /// Puts the block, and what has to stand behind it, at the end of the buffer.
    fn fill(&self, writer: &mut Writer, segment: &Segment, head: &Head, records: &[u8]) {
        head.put(&mut writer.buffer);
        writer.buffer.extend(records);
        let whole = writer.buffer.len().next_multiple_of(SECTOR);
        // Behind the last block is a sector of zeros, so that no old block, or a part of one, is ever found there.
        let after = writer.offset + head.extent() + SECTOR as u64;
        let more = if segment.header.fresh || after > segment.header.size { 0 } else { SECTOR };
        writer.buffer.resize(whole + more, 0);
    }

    fn commit(&self, segment: &Segment, bytes: &[u8], at: (u64, u64), begun: bool) -> Result<(), LogError> {
        let (offset, sequence) = at;
        let seeded = self.options.seeded();
        let skipped = seeded.has(Defect::SyncSkipped) && sequence.is_multiple_of(3);
        // The header of a segment is made durable with its first block, however weak the durability is: recovery relies
        // on it.
        let sync =
            || if (self.options.sync == Sync::Always && !skipped) || begun { segment.file.sync_data() } else { Ok(()) };
        let write = || segment.file.write_at(bytes, offset);
        let done = if seeded.has(Defect::AnswerBeforeCommit) {
            sync().and_then(|()| write())
        } else {
            write().and_then(|()| sync())
        };
        done.map_err(|error| failed(&segment.name(), error))
    }

    /// Takes a free segment for the next block; its header is at the start of the buffer.
    fn begin(&self, writer: &mut Writer) -> Result<Arc<Segment>, LogError> {
        self.settle(writer)?;
        let spare = self.take()?;
        let generation = writer.generation + 1;
        let (first, previous) = (writer.next, writer.previous);
        let header = Header { generation, first, previous, fresh: spare.fresh, size: spare.size };
        writer.buffer.extend(header.sector(&self.origin));
        writer.generation = generation;
        writer.offset = SECTOR as u64;
        Ok(Arc::new(Segment::new(spare.slot, spare.file, header)))
    }

    /// Makes durable what a weaker durability left; nothing is to do with the usual one.
    fn settle(&self, writer: &mut Writer) -> Result<(), LogError> {
        let Some(active) = writer.active.as_ref().filter(|_| writer.durable + 1 < writer.next) else { return Ok(()) };
        active.file.sync_data().map_err(|error| failed(&active.name(), error))?;
        writer.durable = writer.next - 1;
        Ok(())
    }

    pub(super) fn sync(&self) -> Result<(), LogError> {
        let (active, last) = {
            let writer = lock(&self.writer);
            if self.stopped.load(Ordering::Acquire) {
                return Err(LogError::Stopped);
            }
            let Some(active) = writer.active.clone().filter(|_| writer.durable + 1 < writer.next) else {
                return Ok(());
            };
            (active, writer.next - 1)
        };
        // Blocks go on being appended meanwhile. When another segment is begun, that makes this one durable too.
        let synced = active.file.sync_data();
        synced.map_err(|error| failed(&active.name(), error)).inspect_err(|_| self.stop())?;
        let mut writer = lock(&self.writer);
        writer.durable = writer.durable.max(last);
        Ok(())
    }
}
