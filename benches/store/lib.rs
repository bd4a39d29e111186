//! What is compared: a raw file, Wane's log and stores of others, each of which makes batches of records durable.
//!
//! RocksDB and Redis are there with the features of their names, since they need packages of the system.

#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "rocksdb")]
mod rocksdb;

use std::error::Error;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};
use wane_core::time::Timestamp;
use wane_store::file::{FileLog, Options};
use wane_store::log::Log;
use wane_store::manifest::Creation;

/// Why a store can not be opened, or does not take a batch.
pub type Fault = Box<dyn Error>;

/// Makes records durable.
pub trait Store {
    /// Makes records of one length durable, all of them.
    ///
    /// # Errors
    /// When it can not.
    fn commit(&mut self, records: &[u8], length: usize) -> Result<(), Fault>;

    /// What it does off the writing thread; not measured.
    ///
    /// # Errors
    /// When it can not.
    fn between(&mut self) -> Result<(), Fault> {
        Ok(())
    }
}

/// A store under its name.
pub struct Peer {
    /// What it is.
    pub name: &'static str,
    /// It.
    pub store: Box<dyn Store>,
    /// How many times its records a second Wane's log is meant to reach; `None` of Wane's log itself.
    pub goal: Option<f64>,
}

impl Peer {
    fn new(name: &'static str, goal: Option<f64>, store: impl Store + 'static) -> Self {
        Self { name, store: Box::new(store), goal }
    }
}

/// Opens all of them in a directory: the raw file is the first, Wane's log the second.
///
/// # Errors
/// Of the first that does not open.
pub fn open(directory: &Path) -> Result<Vec<Peer>, Fault> {
    let at = |name: &str| directory.join(name);
    Ok(vec![
        Peer::new("raw file, pre-written, no checksums", Some(0.5), Raw::open(&at("raw"))?),
        Peer::new("Wane's log", None, Wane::open(&at("wane"))?),
        Peer::new("fjall 3, batch with SyncData", Some(3.0), Fjall::open(&at("fjall"))?),
        #[cfg(feature = "rocksdb")]
        Peer::new("RocksDB, batch with sync", Some(3.0), rocksdb::RocksDb::open(&at("rocksdb"))?),
        #[cfg(feature = "redis")]
        Peer::new("Redis, a ZADD a record", Some(30.0), redis::Redis::open(&at("redis"), redis::each)?),
        #[cfg(feature = "redis")]
        Peer::new("Redis, a ZADD a batch", Some(30.0), redis::Redis::open(&at("redis-one"), redis::one)?),
    ])
}

const SEGMENT: u64 = 64 << 20;

/// A file that was written with zeros before, and is written again from the front when it is full: the least that a
/// durable log can cost.
struct Raw {
    file: File,
    offset: u64,
}

impl Raw {
    fn open(path: &Path) -> Result<Self, Fault> {
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
    fn commit(&mut self, records: &[u8], _: usize) -> Result<(), Fault> {
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
struct Wane {
    log: FileLog,
    released: u64,
}

impl Wane {
    fn open(path: &Path) -> Result<Self, Fault> {
        let creation = Creation { identity: [1; 16], key: [2; 16], created: Timestamp::EPOCH, shards: 1 };
        let options = Options { create: Some(creation), segment: SEGMENT, ..Options::default() };
        let log = FileLog::open(path, options)?.log;
        Ok(Self { log, released: 0 })
    }
}

impl Store for Wane {
    fn commit(&mut self, records: &[u8], _: usize) -> Result<(), Fault> {
        Ok(self.log.append(self.log.next(), records)?)
    }

    fn between(&mut self) -> Result<(), Fault> {
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
struct Fjall {
    database: Database,
    keyspace: Keyspace,
    next: u64,
}

impl Fjall {
    fn open(path: &Path) -> Result<Self, Fault> {
        let database = Database::builder(path).open()?;
        let keyspace = database.keyspace("records", KeyspaceCreateOptions::default)?;
        Ok(Self { database, keyspace, next: 0 })
    }
}

impl Store for Fjall {
    fn commit(&mut self, records: &[u8], length: usize) -> Result<(), Fault> {
        let mut batch = self.database.batch().durability(Some(PersistMode::SyncData));
        for record in records.chunks(length) {
            batch.insert(&self.keyspace, self.next.to_be_bytes(), record);
            self.next += 1;
        }
        Ok(batch.commit()?)
    }
}
