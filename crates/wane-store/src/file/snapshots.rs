//! Taking and finding snapshots.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use wane_wire::record::Sequence;

use crate::disk::DiskFile;
use crate::log::{LogError, SnapshotWriter};
use crate::manifest::{self, failed};
use crate::segment::lock;
use crate::snapshot::{self, Encoder, Kept, Reader};

use super::{Inner, Newest};

/// How many snapshots are kept.
const KEPT: usize = 2;

/// How much is gathered before it is written.
const GATHER: usize = 1 << 20;

/// A snapshot on its way.
pub(super) struct Writer {
    log: Arc<Inner>,
    file: Box<dyn DiskFile>,
    draft: String,
    from: Sequence,
    encoder: Encoder,
    buffer: Vec<u8>,
    offset: u64,
    done: bool,
}

impl Writer {
    pub(super) fn start(log: Arc<Inner>, from: Sequence) -> Result<Self, LogError> {
        let first = Sequence(log.first.load(Ordering::Acquire));
        if from < first {
            return Err(LogError::Gone { asked: from, first });
        }
        let draft = format!("snapshot-{}.tmp", log.drafts.fetch_add(1, Ordering::Relaxed));
        let file = log.disk.create(&draft).map_err(|error| failed(&draft, error))?;
        let mut buffer = Vec::new();
        let encoder = Encoder::new(&log.origin, from, &mut buffer);
        Ok(Self { log, file, draft, from, encoder, buffer, offset: 0, done: false })
    }

    fn flush(&mut self) -> Result<(), LogError> {
        self.file.write_at(&self.buffer, self.offset).map_err(|error| failed(&self.draft, error))?;
        self.offset += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    fn complete(&mut self, through: Sequence) -> Result<(), LogError> {
        let next = self.log.next.load(Ordering::Acquire);
        if through.0 >= next || through.next() < self.from {
            return Err(LogError::Unexpected { expected: through, next: Sequence(next) });
        }
        // With a weaker durability the blocks may not be durable yet that the snapshot is ahead of.
        self.log.sync()?;
        self.encoder.footer(through, &mut self.buffer);
        self.flush()?;
        let name = snapshot::name(through);
        let named = || {
            self.file.sync_data()?;
            self.log.disk.rename(&self.draft, &name)?;
            self.log.disk.sync_directory()
        };
        named().map_err(|error| failed(&self.draft, error))?;
        self.done = true;
        self.log.keep(Kept { through, from: self.from, name })
    }
}

impl SnapshotWriter for Writer {
    fn put(&mut self, piece: &[u8]) -> Result<(), LogError> {
        self.encoder.piece(piece, &mut self.buffer)?;
        self.buffer.extend(piece);
        if self.buffer.len() >= GATHER { self.flush() } else { Ok(()) }
    }

    fn finish(mut self: Box<Self>, through: Sequence) -> Result<(), LogError> {
        self.complete(through)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if !self.done {
            // What can not be removed now is removed when the log is opened next.
            let _ = self.log.disk.remove(&self.draft);
        }
    }
}

impl Inner {
    /// A new snapshot is there: others than the newest two go.
    fn keep(&self, kept: Kept) -> Result<(), LogError> {
        let kept = {
            let mut space = lock(&self.space);
            space.snapshots.retain(|other| other.name != kept.name);
            space.snapshots.push(kept);
            space.snapshots.sort();
            let old = space.snapshots.len().saturating_sub(KEPT);
            space.snapshots.drain(..old);
            space.snapshots.clone()
        };
        if kept.len() < KEPT {
            return Ok(());
        }
        let names = self.disk.list().map_err(|error| failed(&self.disk.place(), error))?;
        let old = |name: &String| snapshot::is_name(name) && kept.iter().all(|kept| kept.name != *name);
        self.remove(names.into_iter().filter(old))
    }

    pub(super) fn whole_snapshot(&self) -> Result<Newest, LogError> {
        let snapshots = lock(&self.space).snapshots.clone();
        let first = self.first.load(Ordering::Acquire);
        let mut damaged = Vec::new();
        for kept in snapshots.iter().rev().filter(|kept| kept.from.0 >= first) {
            match Reader::whole(self.disk.as_ref(), &self.origin, &kept.name) {
                Ok(reader) => return Ok((Some(Box::new(reader)), damaged)),
                Err(error @ LogError::Damaged { .. }) => damaged.push(error),
                Err(error) => return Err(error),
            }
        }
        if first == 1 {
            return Ok((None, damaged));
        }
        Err(damaged.into_iter().next().unwrap_or_else(|| {
            let what = format!("the log begins with block {first}, and no snapshot is there to begin with");
            LogError::Damaged { file: manifest::NAME.to_owned(), offset: 0, what }
        }))
    }
}
