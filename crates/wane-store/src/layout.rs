//! The bytes of a segment: its header, the heads of blocks, and their checksums.
//!
//! Everything begins at a sector, so that no sector that holds something durable is ever written again with other bytes, and
//! a head is on the disk whole or not at all. Described for people in `docs/log-format.md`.

use crate::manifest::Manifest;

/// What a disk writes whole or not at all.
pub(crate) const SECTOR: usize = 512;

/// The bytes of a block's head.
pub(crate) const HEAD: usize = 32;

const BLOCK_MAGIC: [u8; 4] = *b"WBlk";
const SEGMENT_MAGIC: [u8; 8] = *b"WaneSeg\x01";

/// Rounded up to a whole number of sectors.
pub(crate) const fn sectors(bytes: u64) -> u64 {
    bytes.next_multiple_of(SECTOR as u64)
}

/// Where checksums begin: a log's own number, so that nothing of another log is ever taken for a part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seed(u32);

impl Seed {
    pub(crate) fn of(manifest: &Manifest) -> Self {
        let identity = crc32c::crc32c(&manifest.identity);
        Self(crc32c::crc32c_append(identity, &manifest.key))
    }

    /// What the first block has for its predecessor's checksum.
    pub(crate) const fn chain(self) -> u32 {
        self.0
    }

    pub(crate) fn sum(self, bytes: &[u8]) -> u32 {
        crc32c::crc32c_append(self.0, bytes)
    }
}

/// Takes numbers off the front of some bytes.
pub(crate) struct Bytes<'a>(pub(crate) &'a [u8]);

impl Bytes<'_> {
    pub(crate) fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (front, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*front)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }
}

/// What stands before the records of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// Bytes of records.
    pub(crate) length: u32,
    /// The block's number.
    pub(crate) sequence: u64,
    /// The checksum of the head of the block before it.
    pub(crate) previous: u32,
    /// How many of the blocks right before it were not yet durable when it was written.
    pub(crate) pending: u32,
    /// The checksum of the records.
    pub(crate) records: u32,
    /// The checksum of the head, and with it of all that was before: the next block's `previous`.
    pub(crate) sum: u32,
}

impl Head {
    /// The head for some records.
    pub(crate) fn new(seed: Seed, (sequence, previous, pending): (u64, u32, u32), records: &[u8]) -> Self {
        // Blocks are far shorter than 4 GiB, which appending has checked.
        let length = u32::try_from(records.len()).unwrap_or(u32::MAX);
        let head = Self { length, sequence, previous, pending, records: seed.sum(records), sum: 0 };
        Self { sum: seed.sum(&head.fields()), ..head }
    }

    fn fields(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEAD);
        bytes.extend(BLOCK_MAGIC);
        bytes.extend(self.length.to_le_bytes());
        bytes.extend(self.sequence.to_le_bytes());
        bytes.extend(self.previous.to_le_bytes());
        bytes.extend(self.pending.to_le_bytes());
        bytes.extend(self.records.to_le_bytes());
        bytes
    }

    pub(crate) fn put(&self, into: &mut Vec<u8>) {
        into.extend(self.fields());
        into.extend(self.sum.to_le_bytes());
    }

    /// The head at the front of those bytes, when it is a whole one of this log.
    pub(crate) fn read(seed: Seed, bytes: &[u8]) -> Option<Self> {
        let (checked, _) = bytes.split_at_checked(HEAD - 4)?;
        let mut rest = Bytes(bytes);
        if rest.take()? != BLOCK_MAGIC {
            return None;
        }
        let (length, sequence, previous) = (rest.u32()?, rest.u64()?, rest.u32()?);
        let (pending, records, sum) = (rest.u32()?, rest.u32()?, rest.u32()?);
        (sum == seed.sum(checked)).then_some(Self { length, sequence, previous, pending, records, sum })
    }

    /// How much of a segment the block takes.
    pub(crate) const fn extent(&self) -> u64 {
        sectors(HEAD as u64 + self.length as u64)
    }

    /// The last block that was surely durable when this one was written.
    pub(crate) const fn durable(&self) -> u64 {
        (self.sequence - 1).saturating_sub(self.pending as u64)
    }
}

/// Whether a sector looks like the start of a block of some log, whichever.
pub(crate) fn looks_like_a_block(sector: &[u8]) -> bool {
    sector.starts_with(&BLOCK_MAGIC)
}

/// The first sector of a segment that is, or was, in use. All blocks before `first` were durable when it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// The how-manieth segment of the log it is, from 1, without gaps.
    pub(crate) generation: u64,
    /// Its first block.
    pub(crate) first: u64,
    /// The checksum of the block before that.
    pub(crate) previous: u32,
    /// Whether it was all zeros before; otherwise old blocks lie in what is not written yet.
    pub(crate) fresh: bool,
    /// How long the file was.
    pub(crate) size: u64,
}

impl Header {
    /// The whole sector.
    pub(crate) fn sector(&self, manifest: &Manifest) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(SECTOR);
        bytes.extend(SEGMENT_MAGIC);
        bytes.extend(manifest.identity);
        bytes.extend(self.generation.to_le_bytes());
        bytes.extend(self.first.to_le_bytes());
        bytes.extend(self.previous.to_le_bytes());
        bytes.extend(u32::from(self.fresh).to_le_bytes());
        bytes.extend(self.size.to_le_bytes());
        bytes.extend(Seed::of(manifest).sum(&bytes).to_le_bytes());
        bytes.resize(SECTOR, 0);
        bytes
    }

    /// The header in that sector, when it is a whole one of this log.
    pub(crate) fn read(manifest: &Manifest, sector: &[u8]) -> Option<Self> {
        let (checked, _) = sector.split_at_checked(8 + 16 + 32)?;
        let mut rest = Bytes(sector);
        if rest.take()? != SEGMENT_MAGIC || rest.take()? != manifest.identity {
            return None;
        }
        let (generation, first, previous) = (rest.u64()?, rest.u64()?, rest.u32()?);
        let (fresh, size, sum) = (rest.u32()?, rest.u64()?, rest.u32()?);
        let whole = sum == Seed::of(manifest).sum(checked);
        whole.then_some(Self { generation, first, previous, fresh: fresh == 1, size })
    }
}
