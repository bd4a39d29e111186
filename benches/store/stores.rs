//! What is compared.

use std::error::Error;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};
use wane_core::time::Timestamp;
use wane_store::file::{FileLog, Options};
use wane_store::log::Log;
use wane_store::manifest::Creation;

/// Makes records durable.
pub(crate) trait Store {
    /// What it is.
    fn name(&self) -> &'static str;

    /// Makes records of one length durable, all of them.
    fn commit(&mut self, records: &[u8], length: usize) -> Result<(), Box<dyn Error>>;

    /// What it does off the writing thread; not measured.
    fn between(&mut self) -> Result<(), Box<dyn Error>> {
        Ok(())
    }
}

const SEGMENT: u64 = 64 << 20;

/// A file that was written with zeros before, and is written again from the front when it is full: the least that a
/// durable log can cost.
pub(crate) struct Raw {
    file: File,
    offset: u64,
}

impl Raw {
    pub(crate) fn open(path: &Path) -> Result<Self, Box<dyn Error>> {
        let file = File::options().read(true).write(true).create(true).truncate(true).open(path)?;
        let zeros = vec![0; 1 << 20];
        for offset in (0..SEGMENT).step_by(zeros.len()) {
            file.write_all_at(&zeros, offset)?;
        }
        file.sync_data()?;
        Ok(Self { file, offset: 0 })
    }
}

impl Store for Raw {
    fn name(&self) -> &'static str {
        "raw file, pre-written, no checksums"
    }

    fn commit(&mut self, records: &[u8], _: usize) -> Result<(), Box<dyn Error>> {
        if self.offset + records.len() as u64 > SEGMENT {
            self.offset = 0;
        }
        self.file.write_all_at(records, self.offset)?;
        self.file.sync_data()?;
        self.offset += records.len() as u64;
        Ok(())
    }
}

/// Wane's log. Snapshots and releases come as in the daemon, so that segments are used again.
pub(crate) struct Wane {
    log: FileLog,
    released: u64,
}

impl Wane {
    pub(crate) fn open(path: &Path) -> Result<Self, Box<dyn Error>> {
        let creation = Creation { identity: [1; 16], key: [2; 16], created: Timestamp::EPOCH, shards: 1 };
        let options = Options { create: Some(creation), segment: SEGMENT, ..Options::default() };
        let log = FileLog::open(path, options)?.log;
        Ok(Self { log, released: 0 })
    }
}

impl Store for Wane {
    fn name(&self) -> &'static str {
        "Wane's log"
    }

    fn commit(&mut self, records: &[u8], _: usize) -> Result<(), Box<dyn Error>> {
        Ok(self.log.append(self.log.next(), records)?)
    }

    fn between(&mut self) -> Result<(), Box<dyn Error>> {
        self.log.prepare()?;
        let next = self.log.next();
        if next.0 - self.released > 2_000 {
            self.log.start_snapshot(next)?.finish(wane_wire::record::Sequence(next.0 - 1))?;
            self.log.release(next)?;
            self.released = next.0;
        }
        Ok(())
    }
}

/// fjall, each record under a key of its own, each batch synced.
pub(crate) struct Fjall {
    database: Database,
    keyspace: Keyspace,
    next: u64,
}

impl Fjall {
    pub(crate) fn open(path: &Path) -> Result<Self, Box<dyn Error>> {
        let database = Database::builder(path).open()?;
        let keyspace = database.keyspace("records", KeyspaceCreateOptions::default)?;
        Ok(Self { database, keyspace, next: 0 })
    }
}

impl Store for Fjall {
    fn name(&self) -> &'static str {
        "fjall 3, batch with SyncData"
    }

    fn commit(&mut self, records: &[u8], length: usize) -> Result<(), Box<dyn Error>> {
        let mut batch = self.database.batch().durability(Some(PersistMode::SyncData));
        for record in records.chunks(length) {
            batch.insert(&self.keyspace, self.next.to_be_bytes(), record);
            self.next += 1;
        }
        Ok(batch.commit()?)
    }
}
