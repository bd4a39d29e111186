//! Blocks: the records that gathered while the last block was made durable.

use std::collections::VecDeque;

use wane_wire::record::{Address, BLOCK_LIMIT, Sequence};

/// The blocks that are not yet handed to the log. Only the last one still grows.
#[derive(Debug)]
pub struct Builder {
    /// The number of the first of `blocks`.
    first: Sequence,
    blocks: VecDeque<Vec<u8>>,
}

impl Builder {
    /// A builder whose first block gets that number.
    #[must_use]
    pub const fn new(next: Sequence) -> Self {
        Self { first: next, blocks: VecDeque::new() }
    }

    /// Adds records of `bytes` together, in one block; gives the address of the first. `bytes` is at most [`BLOCK_LIMIT`];
    /// a batch that is larger gets a block that no log will take, so batches are closed long before that.
    pub fn add(&mut self, bytes: &[u8]) -> Address {
        let base = self.place(bytes.len());
        if let Some(block) = self.blocks.back_mut() {
            block.extend_from_slice(bytes);
        }
        base
    }

    /// Where the next `length` bytes will be put by [`Builder::add`].
    pub fn place(&mut self, length: usize) -> Address {
        let room = self.blocks.back().map_or(0, |block| BLOCK_LIMIT - block.len().min(BLOCK_LIMIT));
        if self.blocks.is_empty() || room < length {
            self.blocks.push_back(Vec::new());
        }
        let offset = self.blocks.back().map_or(0, Vec::len);
        let block = Sequence(self.first.0 + self.blocks.len() as u64 - 1);
        Address::new(block, u32::try_from(offset).unwrap_or(u32::MAX))
    }

    /// The block that the next records go to, or a later one when they do not fit.
    #[must_use]
    pub fn open(&self) -> Sequence {
        Sequence(self.first.0 + (self.blocks.len() as u64).saturating_sub(1))
    }

    /// How many bytes wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.blocks.iter().map(Vec::len).sum()
    }

    /// Takes the oldest block, which grows no more.
    pub fn take(&mut self) -> Option<(Sequence, Vec<u8>)> {
        let block = self.blocks.pop_front()?;
        let sequence = self.first;
        self.first = sequence.next();
        Some((sequence, block))
    }
}
