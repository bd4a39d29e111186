//! Replacing a file so that a crash at any instant leaves the old one or the new one, whole.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// What the name of a file ends with that is not finished; such a file is worth nothing after a crash.
pub(super) const UNFINISHED: &str = ".unfinished";

/// Puts a file in place: written beside it, synced, renamed over it, and the directory synced.
///
/// # Errors
/// Failing disks. The old file, if there was one, may be there or be replaced then.
pub(super) fn replace(dir: &Path, name: &str, content: &[u8]) -> io::Result<()> {
    let beside = dir.join(format!("{name}{UNFINISHED}"));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&beside, dir.join(name))?;
    sync(dir)
}

/// Makes a directory, and its name in the one above it durable.
///
/// # Errors
/// Failing disks.
pub(super) fn directory(dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    dir.parent().filter(|above| !above.as_os_str().is_empty()).map_or(Ok(()), sync)
}

/// The names in a directory are only as durable as the directory.
fn sync(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}
