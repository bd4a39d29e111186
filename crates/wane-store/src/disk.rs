//! What the log asks of a file system, as small as it can be, and the real one.
//!
//! The boundary is here so that the same log runs over a disk in memory that fails, loses power and tears writes
//! ([`crate::memory`]). Nothing here knows what the files hold.

use std::any::Any;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One flat directory of files.
pub trait Disk: Send + Sync {
    /// The names of all files, in any order.
    ///
    /// # Errors
    /// What the system says.
    fn list(&self) -> io::Result<Vec<String>>;

    /// A new, empty file for reading and writing; one of that name is emptied.
    ///
    /// # Errors
    /// What the system says.
    fn create(&self, name: &str) -> io::Result<Box<dyn DiskFile>>;

    /// A file that is there, for reading and writing.
    ///
    /// # Errors
    /// What the system says, such as that there is none.
    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>>;

    /// Gives a file another name; one that had it is gone.
    ///
    /// # Errors
    /// What the system says.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// What the system says.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes durable which names there are. The content of files is their own matter.
    ///
    /// # Errors
    /// What the system says.
    fn sync_directory(&self) -> io::Result<()>;

    /// Takes the directory for this process, until what is given back is dropped; `None` when another one has it.
    ///
    /// # Errors
    /// What the system says.
    fn lock(&self, name: &str) -> io::Result<Option<Lock>>;

    /// Where it is, for messages.
    fn place(&self) -> String;
}

/// Holds a directory as long as it lives.
pub type Lock = Arc<dyn Any + Send + Sync>;

/// An open file. All of it may be called from several threads.
pub trait DiskFile: Send + Sync {
    /// How long it is.
    ///
    /// # Errors
    /// What the system says.
    fn length(&self) -> io::Result<u64>;

    /// Reads up to `buffer.len()` bytes; fewer only at the end of the file.
    ///
    /// # Errors
    /// What the system says.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes all of it. Not durable before [`DiskFile::sync_data`].
    ///
    /// # Errors
    /// What the system says; how much was written is then unknown.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Makes what was written durable, and the length.
    ///
    /// # Errors
    /// What the system says. What was written since the last success may then be lost although it can still be read, and
    /// asking again does not help.
    fn sync_data(&self) -> io::Result<()>;
}

/// A directory of the file system. What is made in it is its owner's alone: the log names people.
#[derive(Debug)]
pub struct RealDisk {
    directory: PathBuf,
}

impl RealDisk {
    /// That directory; it is made, with those above it, when it is missing and `create` says so.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(directory: &Path, create: bool) -> io::Result<Self> {
        if create && !directory.is_dir() {
            make(directory)?;
        }
        File::open(directory)?;
        Ok(Self { directory: directory.to_owned() })
    }
}

/// Makes a directory so that it stays: its name is durable in the one above before anything is put in it.
fn make(directory: &Path) -> io::Result<()> {
    let above = directory.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !above.is_dir() {
        make(above)?;
    }
    match DirBuilder::new().mode(0o700).create(directory) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        done => done,
    }?;
    File::open(above)?.sync_all()
}

impl Disk for RealDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&self.directory)? {
            // A name that is no text is none of the log's.
            names.extend(entry?.file_name().into_string().ok());
        }
        Ok(names)
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let mut options = OpenOptions::new();
        let file =
            options.read(true).write(true).create(true).truncate(true).mode(0o600).open(self.directory.join(name))?;
        Ok(Box::new(RealFile(file)))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let file = OpenOptions::new().read(true).write(true).open(self.directory.join(name))?;
        Ok(Box::new(RealFile(file)))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        std::fs::rename(self.directory.join(from), self.directory.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        std::fs::remove_file(self.directory.join(name))
    }

    fn sync_directory(&self) -> io::Result<()> {
        File::open(&self.directory)?.sync_all()
    }

    fn lock(&self, name: &str) -> io::Result<Option<Lock>> {
        let mut options = OpenOptions::new();
        let file =
            options.read(true).write(true).create(true).truncate(false).mode(0o600).open(self.directory.join(name))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Arc::new(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn place(&self) -> String {
        self.directory.display().to_string()
    }
}

#[derive(Debug)]
struct RealFile(File);

impl DiskFile for RealFile {
    fn length(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut done = 0;
        while let Some(rest) = buffer.get_mut(done..).filter(|rest| !rest.is_empty()) {
            match self.0.read_at(rest, offset + done as u64) {
                Ok(0) => break,
                Ok(read) => done += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}
