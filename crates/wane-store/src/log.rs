//! The boundary behind which a log sits.

use std::sync::Arc;

use thiserror::Error;
use wane_wire::record::Sequence;

use crate::sync::Sync;

/// A block as read back: what one [`Log::append`] made durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its number.
    pub sequence: Sequence,
    /// Its records, one after another.
    pub records: Arc<[u8]>,
}

/// An append-only sequence of blocks with snapshots of the state that they lead to.
///
/// Every method may be called from any thread; blocks are appended by one writer at a time.
pub trait Log: Send + std::marker::Sync {
    /// The number that the next block gets.
    fn next(&self) -> Sequence;

    /// The oldest block that is still kept; equal to [`Log::next`] when there is none.
    fn first(&self) -> Sequence;

    /// Makes a block durable. When this returns `Ok`, no crash loses it (unless the log was opened with a weaker
    /// durability, by name).
    ///
    /// # Errors
    /// [`LogError::Unexpected`] when `expected` is not [`Log::next`]: somebody else wrote, nothing was appended. Any other
    /// error is final: whether the block is there is unknown, and the process must stop.
    fn append(&self, expected: Sequence, records: &[u8]) -> Result<(), LogError>;

    /// Blocks from `from` on, in order, at most about `most` bytes but at least one block if there is one; none when
    /// `from` is not yet durable.
    ///
    /// # Errors
    /// [`LogError::Gone`] when `from` is older than [`Log::first`]; damage and failing disks.
    fn read(&self, from: Sequence, most: usize) -> Result<Vec<Block>, LogError>;

    /// Starts a snapshot of the state that the log leads to.
    ///
    /// A snapshot may be taken while blocks go on being appended. `from` is the block from which a recovery has to read
    /// on: no conversation in it is older than the start of that block.
    ///
    /// # Errors
    /// Failing disks.
    fn start_snapshot(&self, from: Sequence) -> Result<Box<dyn SnapshotWriter>, LogError>;

    /// The newest whole snapshot.
    ///
    /// # Errors
    /// Failing disks. A damaged snapshot is passed over for an older whole one while the log still reaches back to it.
    fn snapshot(&self) -> Result<Option<Box<dyn SnapshotReader>>, LogError>;

    /// Blocks before this one are needed no longer: their space may be used again. Keeps what the newest snapshot needs.
    ///
    /// # Errors
    /// Failing disks.
    fn release(&self, before: Sequence) -> Result<(), LogError>;

    /// When blocks are made durable: before [`Log::append`] comes back, unless the log was opened otherwise.
    fn durability(&self) -> Sync {
        Sync::Always
    }

    /// Makes durable what was appended so far. To be called about every so often with [`Sync::Interval`], and before the
    /// process ends with any weaker durability than [`Sync::Always`]; does nothing when nothing is open.
    ///
    /// # Errors
    /// Failing disks; the log is then stopped.
    fn sync(&self) -> Result<(), LogError> {
        Ok(())
    }

    /// Sees to it that space lies ready, so that appending need not wait for it; `true` when it made some. To be called
    /// off the appending thread, after blocks were appended; appending helps itself if nobody did, and then takes as long
    /// as it takes to write a segment.
    ///
    /// # Errors
    /// Failing and full disks. Nothing is lost by that; the log goes on while there is room.
    fn prepare(&self) -> Result<bool, LogError> {
        Ok(false)
    }
}

/// A snapshot that is being written.
pub trait SnapshotWriter: Send {
    /// Adds a piece; pieces come back as they were put, in order.
    ///
    /// # Errors
    /// Failing disks. A snapshot that is dropped unfinished leaves no trace.
    fn put(&mut self, piece: &[u8]) -> Result<(), LogError>;

    /// Makes it durable and the newest. `through` is the last block whose records any piece may hold; it must be durable.
    ///
    /// # Errors
    /// Failing disks.
    fn finish(self: Box<Self>, through: Sequence) -> Result<(), LogError>;
}

/// A snapshot that is being read.
pub trait SnapshotReader: Send {
    /// From where to read the log after it.
    fn from(&self) -> Sequence;

    /// The next piece; `None` after the last.
    ///
    /// # Errors
    /// Damage and failing disks.
    fn piece(&mut self) -> Result<Option<Vec<u8>>, LogError>;
}

/// What goes wrong with a log.
#[derive(Debug, Error)]
pub enum LogError {
    /// Another writer was there first.
    #[error("block {} was expected to be the next, but {} is", .expected.0, .next.0)]
    Unexpected {
        /// What the writer thought.
        expected: Sequence,
        /// What is so.
        next: Sequence,
    },
    /// Not kept any more.
    #[error("block {} is no longer kept; the oldest is {}", .asked.0, .first.0)]
    Gone {
        /// What was asked for.
        asked: Sequence,
        /// The oldest.
        first: Sequence,
    },
    /// A block larger than the format allows.
    #[error("a block of {0} bytes is too large")]
    TooLarge(usize),
    /// The bytes are not what was written.
    #[error("`{file}` is damaged at byte {offset}: {what}")]
    Damaged {
        /// The file.
        file: String,
        /// Where in it.
        offset: u64,
        /// What is wrong.
        what: String,
    },
    /// Another process has the directory.
    #[error("`{0}` is in use by another process")]
    Held(String),
    /// The directory is not what it should be: empty where a log is needed, full where none may be, of another version.
    #[error("{0}")]
    Directory(String),
    /// The disk.
    #[error("`{file}`: {error}")]
    Disk {
        /// The file.
        file: String,
        /// Why.
        #[source]
        error: std::io::Error,
    },
    /// A write failed before; this log takes nothing any more.
    #[error("the log stopped when a write failed")]
    Stopped,
}
