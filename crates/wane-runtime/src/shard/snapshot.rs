//! Pieces of snapshots: conversations as they lie in memory, and event ids. Any number of shards can read what any number
//! wrote.
//!
//! | bytes | of a conversation | | bytes | of the ids of an hour |
//! |---|---|---|---|---|
//! | 1 | 1 | | 1 | 2 |
//! | 2 | its partition | | 8 | the hour, counted from 1970 |
//! | 4 | the last happening to all that it went through | | 4 | how many follow |
//! | 8 | the address of its latest record | | 16 each | the hash, its upper 16 bits the partition; the address |
//! | 8 | its place in the calendar, in milliseconds, or -1 | | | |
//! | 4 | how many bytes follow | | | |
//! | … | its head, its name, its state | | | |
//!
//! All numbers are little-endian.

use wane_core::bytes::{Malformed, Reader};
use wane_core::packed;
use wane_wire::record::Address;

use super::Shard;
use crate::name::{Key, partition_of};
use crate::slab::split;

const CONVERSATION: u8 = 1;
const IDS: u8 = 2;
/// Cursors from here on are those of ids.
const FROM_IDS: u64 = 1 << 40;
/// Ids count for less than conversations: so many segments of them go into a slice of this many conversations.
const SEGMENT: usize = 256;

impl Shard {
    /// Writes about `most` conversations into a piece of a snapshot, from a cursor on (`0` is the start); the next cursor.
    /// Between the first slice and [`Shard::snapshot_done`] nothing is forgotten. No batch may be open: what is in the
    /// snapshot has its address.
    pub fn snapshot(&mut self, cursor: u64, most: usize, piece: &mut Vec<u8>) -> Option<u64> {
        self.snapshot = true;
        if cursor >= FROM_IDS {
            return self.write_ids(cursor - FROM_IDS, most.div_ceil(SEGMENT), piece);
        }
        let end = (self.slab.slots() as u64).min(cursor.saturating_add(most as u64));
        for slot in cursor..end {
            if let Ok(slot) = u32::try_from(slot) {
                self.write(slot, piece);
            }
        }
        Some(if end < self.slab.slots() as u64 { end } else { FROM_IDS })
    }

    /// The snapshot is finished or given up.
    pub const fn snapshot_done(&mut self) {
        self.snapshot = false;
    }

    /// Takes over the conversations and ids of a piece that belong to this shard. Before any record is replayed and any
    /// event comes; happenings to all must have been given as far as they were known when the snapshot was begun.
    ///
    /// # Errors
    /// Says what is wrong with the piece.
    pub fn restore(&mut self, piece: &[u8]) -> Result<(), String> {
        self.restored = true;
        let mut reader = Reader::new(piece, 0);
        while reader.left() > 0 {
            let at = reader.at();
            match reader.byte() {
                Ok(CONVERSATION) => self.read(&mut reader),
                Ok(IDS) => self.read_ids(&mut reader).map_err(|error| error.to_string()),
                _ => Err("neither a conversation nor ids".to_owned()),
            }
            .map_err(|error| format!("a piece of the snapshot is broken at byte {at}: {error}"))?;
        }
        Ok(())
    }

    /// All pieces were given. What else the first event or record had to wait for is done now.
    pub fn restored(&mut self) {
        self.ids.index();
    }

    fn write(&self, slot: u32, piece: &mut Vec<u8>) {
        let Some(entry) = self.slab.get(slot) else { return };
        let Some(key) = self.key(slot) else { return };
        let Ok(length) = u32::try_from(entry.bytes.len()) else { return };
        piece.push(CONVERSATION);
        piece.extend_from_slice(&key.partition.to_le_bytes());
        piece.extend_from_slice(&entry.epoch.to_le_bytes());
        piece.extend_from_slice(&entry.last.0.to_le_bytes());
        piece.extend_from_slice(&self.calendar.deadline(slot).unwrap_or(-1).to_le_bytes());
        piece.extend_from_slice(&length.to_le_bytes());
        piece.extend_from_slice(&entry.bytes);
    }

    fn write_ids(&self, from: u64, most: usize, piece: &mut Vec<u8>) -> Option<u64> {
        let from = usize::try_from(from).ok()?;
        for number in from..from + most {
            let segment = self.ids.segment(number)?;
            let Ok(count) = u32::try_from(segment.ids.len()) else { continue };
            if count == 0 {
                continue;
            }
            piece.push(IDS);
            piece.extend_from_slice(&segment.hour.to_le_bytes());
            piece.extend_from_slice(&count.to_le_bytes());
            for (hash, address) in &segment.ids {
                piece.extend_from_slice(&hash.to_le_bytes());
                piece.extend_from_slice(&address.to_le_bytes());
            }
        }
        Some(FROM_IDS + (from + most) as u64)
    }

    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), String> {
        let text = |error: Malformed| error.to_string();
        let partition = u16::from_le_bytes(reader.array().map_err(text)?);
        let epoch = u32::from_le_bytes(reader.array().map_err(text)?);
        let last = Address(u64::from_le_bytes(reader.array().map_err(text)?));
        let deadline = i64::from_le_bytes(reader.array().map_err(text)?);
        let length = u32::from_le_bytes(reader.array().map_err(text)?);
        let bytes = reader.take(length as usize).map_err(text)?;
        if !self.has(partition) {
            return Ok(());
        }
        let (name, state) = split(bytes).ok_or("a conversation ends too early")?;
        if epoch < self.epochs.first() {
            return Err(format!(
                "a conversation has still to go through what happened after {epoch}, which is missing"
            ));
        }
        if let Some(passed) = self.epochs.get(epoch) {
            packed::unpack(state, &passed.engine).map_err(|error| error.to_string())?;
        }
        let key = Key::of_bytes(&self.settings.key, name.to_vec());
        if self.slab.find(&key).is_some() {
            return Err("a conversation comes twice".to_owned());
        }
        let slot = self.put(&key, None, bytes, epoch).ok_or("too many conversations")?;
        if let Some(entry) = self.slab.get_mut(slot) {
            entry.last = last;
        }
        self.calendar.arm(slot, (deadline >= 0).then_some(deadline));
        Ok(())
    }

    fn read_ids(&mut self, reader: &mut Reader<'_>) -> Result<(), Malformed> {
        let hour = i64::from_le_bytes(reader.array()?);
        let count = u32::from_le_bytes(reader.array()?);
        let bytes = reader.take(usize::try_from(count).unwrap_or(usize::MAX).saturating_mul(16))?;
        let (ids, _) = bytes.as_chunks::<8>();
        let (ids, _) = ids.as_chunks::<2>();
        let ids = ids.iter().map(|[hash, address]| (u64::from_le_bytes(*hash), u64::from_le_bytes(*address)));
        let settings = &self.settings;
        self.ids.load(hour, ids.filter(|(hash, _)| settings.has(partition_of(*hash))));
        Ok(())
    }
}
