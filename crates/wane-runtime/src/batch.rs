//! The records of one round of a shard, before they have an address.

use wane_wire::record::Address;

/// Encoded records, and where in them the addresses of earlier records still have to be written.
#[derive(Debug, Default)]
pub struct Batch {
    pub(crate) bytes: Vec<u8>,
    pub(crate) links: Vec<Link>,
}

/// A record of a conversation in a batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Link {
    /// Where the record starts in the batch.
    pub(crate) record: u32,
    /// Where its eight bytes for the address of the conversation's previous record are.
    pub(crate) previous: u32,
    /// The conversation's slot in the shard.
    pub(crate) slot: u32,
    /// The event id that was remembered with it, by its place in the shard's memory of ids.
    pub(crate) id: Option<u32>,
    /// Whether the conversation is gone with it.
    pub(crate) forgets: bool,
}

impl Batch {
    /// A batch is closed when it reaches this many bytes, so that it always fits a block.
    pub const FULL: usize = 256 * 1024;

    /// Whether there is nothing in it.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Whether it should be closed.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.bytes.len() >= Self::FULL
    }

    /// Its records; complete after [`crate::shard::Shard::seal`].
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Empties it for the next round.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.links.clear();
    }
}

/// Where in the log something happened, relative to its batch until that is sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(pub u32);

impl Place {
    /// The address, once the batch has one.
    #[must_use]
    pub const fn at(self, base: Address) -> Address {
        Address::new(base.block(), base.offset() + self.0)
    }
}
