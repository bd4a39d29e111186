//! RocksDB by its C interface: the library and the header are the system's (`librocksdb-dev`).

#![expect(unsafe_code, reason = "a library of C")]

use std::ffi::{CStr, CString, c_char, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr::{NonNull, null_mut};

use crate::{Fault, Store};

type Opaque = *mut c_void;

#[link(name = "rocksdb")]
unsafe extern "C" {
    fn rocksdb_options_create() -> Opaque;
    fn rocksdb_options_set_create_if_missing(options: Opaque, yes: u8);
    fn rocksdb_options_destroy(options: Opaque);
    fn rocksdb_open(options: Opaque, name: *const c_char, error: *mut *mut c_char) -> Opaque;
    fn rocksdb_close(database: Opaque);
    fn rocksdb_writeoptions_create() -> Opaque;
    fn rocksdb_writeoptions_set_sync(options: Opaque, yes: u8);
    fn rocksdb_writeoptions_destroy(options: Opaque);
    fn rocksdb_writebatch_create() -> Opaque;
    fn rocksdb_writebatch_clear(batch: Opaque);
    fn rocksdb_writebatch_put(batch: Opaque, key: *const u8, key_length: usize, value: *const u8, length: usize);
    fn rocksdb_writebatch_destroy(batch: Opaque);
    fn rocksdb_write(database: Opaque, options: Opaque, batch: Opaque, error: *mut *mut c_char);
    fn rocksdb_free(memory: *mut c_void);
}

/// RocksDB with the options that it comes with, each record under a key of its own, each batch synced.
pub(crate) struct RocksDb {
    database: NonNull<c_void>,
    synced: Opaque,
    batch: Opaque,
    next: u64,
}

impl RocksDb {
    pub(crate) fn open(path: &Path) -> Result<Self, Fault> {
        let name = CString::new(path.as_os_str().as_bytes())?;
        let mut error = null_mut();
        // SAFETY: what is passed was made by the library just before or outlives the call; the options are given back once,
        // and the database does not need them any more.
        let database = unsafe {
            let options = rocksdb_options_create();
            rocksdb_options_set_create_if_missing(options, 1);
            let database = rocksdb_open(options, name.as_ptr(), &raw mut error);
            rocksdb_options_destroy(options);
            database
        };
        told(error)?;
        let database = NonNull::new(database).ok_or("RocksDB gave no database")?;
        // SAFETY: they make something new, and the options are what was made.
        unsafe {
            let synced = rocksdb_writeoptions_create();
            rocksdb_writeoptions_set_sync(synced, 1);
            Ok(Self { database, synced, batch: rocksdb_writebatch_create(), next: 0 })
        }
    }
}

impl Store for RocksDb {
    fn commit(&mut self, records: &[u8], length: usize) -> Result<(), Fault> {
        let mut error = null_mut();
        // SAFETY: the three are this store's own and live as long as it does; the batch copies keys and records.
        unsafe {
            rocksdb_writebatch_clear(self.batch);
            for record in records.chunks(length) {
                let key = self.next.to_be_bytes();
                rocksdb_writebatch_put(self.batch, key.as_ptr(), key.len(), record.as_ptr(), record.len());
                self.next += 1;
            }
            rocksdb_write(self.database.as_ptr(), self.synced, self.batch, &raw mut error);
        }
        told(error)
    }
}

impl Drop for RocksDb {
    fn drop(&mut self) {
        // SAFETY: each was made once, and nobody has it after this.
        unsafe {
            rocksdb_writebatch_destroy(self.batch);
            rocksdb_writeoptions_destroy(self.synced);
            rocksdb_close(self.database.as_ptr());
        }
    }
}

/// What the library says went wrong.
fn told(error: *mut c_char) -> Result<(), Fault> {
    if error.is_null() {
        return Ok(());
    }
    // SAFETY: an error that is not null is a text of C, which is the caller's to free.
    let text = unsafe { CStr::from_ptr(error) }.to_string_lossy().into_owned();
    // SAFETY: it is freed once, and was copied.
    unsafe { rocksdb_free(error.cast()) };
    Err(format!("RocksDB: {text}").into())
}
