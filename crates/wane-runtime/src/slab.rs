//! The conversations of a shard as bytes, by slot, and their slots by name.
//!
//! The bytes of a conversation: a head of three bytes ([`Head`]), its name, its state as `wane_core::packed` writes it.

use wane_core::bytes::Reader;
use wane_wire::record::Address;

use crate::name::Key;
use crate::table::Table;

/// What is told of a conversation without reading its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// Its status, by number.
    pub(crate) status: u8,
    /// Whether it waits in the calendar only to be forgotten.
    pub(crate) idle: bool,
    /// Its channel, in the rules that decided last.
    pub(crate) channel: u16,
}

const IDLE: u8 = 0x80;

impl Head {
    /// How many bytes it takes.
    pub(crate) const LENGTH: usize = 3;

    pub(crate) fn put(self, out: &mut Vec<u8>) {
        out.push(self.status | if self.idle { IDLE } else { 0 });
        out.extend_from_slice(&self.channel.to_le_bytes());
    }

    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let [flags, low, high] = *bytes.first_chunk::<{ Self::LENGTH }>()?;
        let channel = u16::from_le_bytes([low, high]);
        Some(Self { status: flags & !IDLE, idle: flags & IDLE != 0, channel })
    }
}

/// A conversation.
#[derive(Debug, Default)]
pub(crate) struct Entry {
    /// Empty in a slot that is free.
    pub(crate) bytes: Box<[u8]>,
    /// Its latest record.
    pub(crate) last: Address,
    tag: u32,
    /// The last happening to all that it has gone through.
    pub(crate) epoch: u32,
}

impl Entry {
    /// Its name, as [`Key::bytes`], and its state.
    pub(crate) fn parts(&self) -> Option<(&[u8], &[u8])> {
        split(&self.bytes)
    }

    /// Its head.
    pub(crate) fn head(&self) -> Option<Head> {
        Head::read(&self.bytes)
    }

    /// Puts other bytes in the place of its own.
    pub(crate) fn set(&mut self, bytes: &[u8]) {
        if self.bytes.len() == bytes.len() {
            self.bytes.copy_from_slice(bytes);
        } else {
            self.bytes = bytes.into();
        }
    }
}

/// The name and the state in a conversation's bytes.
pub(crate) fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = bytes.get(Head::LENGTH..)?;
    let mut reader = Reader::new(rest, 0);
    let length = match reader.number().ok()? {
        0 => 16,
        length => usize::try_from(length).ok()? - 1,
    };
    rest.split_at_checked(reader.at().checked_add(length)?)
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Slab {
    entries: Vec<Entry>,
    free: Vec<u32>,
    names: Table,
}

impl Slab {
    /// How many conversations there are.
    pub(crate) const fn len(&self) -> usize {
        self.names.len()
    }

    /// The slot of a name.
    pub(crate) fn find(&self, key: &Key) -> Option<u32> {
        let is = |slot: u32| {
            let entry = self.get(slot).filter(|entry| entry.tag == key.tag);
            let rest = entry.and_then(|entry| entry.bytes.get(Head::LENGTH..));
            rest.is_some_and(|rest| rest.starts_with(&key.bytes))
        };
        self.names.find(u64::from(key.tag), is)
    }

    /// The slot that a name may have.
    pub(crate) fn guess(&self, key: &Key) -> Option<u32> {
        self.names.guess(u64::from(key.tag))
    }

    /// The conversation in a slot.
    pub(crate) fn get(&self, slot: u32) -> Option<&Entry> {
        self.entries.get(slot as usize).filter(|entry| !entry.bytes.is_empty())
    }

    /// The same, to change it.
    pub(crate) fn get_mut(&mut self, slot: u32) -> Option<&mut Entry> {
        self.entries.get_mut(slot as usize).filter(|entry| !entry.bytes.is_empty())
    }

    /// How many slots there are, free ones included.
    pub(crate) const fn slots(&self) -> usize {
        self.entries.len()
    }

    /// Adds a conversation whose name is not there; gives its slot. `None` when four thousand million are there.
    pub(crate) fn insert(&mut self, key: &Key, bytes: &[u8], epoch: u32) -> Option<u32> {
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => {
                let slot = u32::try_from(self.entries.len()).ok()?;
                self.entries.push(Entry::default());
                slot
            }
        };
        *self.entries.get_mut(slot as usize)? = Entry { bytes: bytes.into(), last: Address::NONE, tag: key.tag, epoch };
        let entries = &self.entries;
        let hash_of = |slot: u32| entries.get(slot as usize).map_or(0, |entry| u64::from(entry.tag));
        self.names.insert(u64::from(key.tag), slot, hash_of);
        Some(slot)
    }

    /// Nobody finds it by its name any more; its slot is kept until [`Slab::release`].
    pub(crate) fn unname(&mut self, slot: u32) {
        if let Some(tag) = self.get(slot).map(|entry| entry.tag) {
            self.names.remove(u64::from(tag), slot);
        }
    }

    /// Its slot is free.
    pub(crate) fn release(&mut self, slot: u32) {
        if let Some(entry) = self.get_mut(slot) {
            *entry = Entry::default();
            self.free.push(slot);
        }
    }
}
