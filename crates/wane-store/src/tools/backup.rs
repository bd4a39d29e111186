//! A copy of a whole log.

use std::path::Path;

use crate::disk::{Disk, DiskFile, RealDisk};
use crate::log::LogError;
use crate::manifest::{self, failed};
use crate::{segment, snapshot};

use super::verify::{Report, verify_on};

/// How much is copied at once.
const CHUNK: usize = 1 << 20;

/// Copies the log of one directory to another one, which is empty or not there yet, and looks at every byte of the copy.
/// The copy is durable when this returns, and opens as the original does.
///
/// # Errors
/// [`LogError::Directory`] when there is no log or something is where the copy is to be; [`LogError::Held`];
/// [`LogError::Damaged`] when the original is damaged, of which no copy is made; failing disks.
pub fn backup(directory: &Path, to: &Path) -> Result<Report, LogError> {
    let open =
        |path: &Path, create| RealDisk::open(path, create).map_err(|error| failed(&path.display().to_string(), error));
    let from = open(directory, false)?;
    let report = verify_on(&from)?;
    if let Some(damage) = report.damage.into_iter().next() {
        return Err(damage);
    }
    backup_on(&from, &open(to, true)?)
}

/// The same from any disk to any other, without looking at the original first.
///
/// # Errors
/// As [`backup`]; damage is noticed in the copy.
pub fn backup_on(from: &dyn Disk, to: &dyn Disk) -> Result<Report, LogError> {
    let held = crate::file::hold(from)?;
    let names = |disk: &dyn Disk| disk.list().map_err(|error| failed(&disk.place(), error));
    if !names(to)?.is_empty() {
        return Err(LogError::Directory(format!("`{}` is not empty", to.place())));
    }
    let (last, others): (Vec<_>, Vec<_>) =
        names(from)?.into_iter().filter(|name| is_part(name)).partition(|name| name == manifest::NAME);
    // The manifest comes last: what is interrupted is no log.
    for name in others.iter().chain(&last) {
        copy(from, to, name).map_err(|error| failed(name, error))?;
        to.sync_directory().map_err(|error| failed(&to.place(), error))?;
    }
    drop(held);
    let report = verify_on(to)?;
    match report.damage.into_iter().next() {
        Some(damage) => Err(damage),
        None => Ok(Report { damage: Vec::new(), ..report }),
    }
}

fn is_part(name: &str) -> bool {
    name == manifest::NAME || segment::is_name(name) || snapshot::is_name(name)
}

fn copy(from: &dyn Disk, to: &dyn Disk, name: &str) -> std::io::Result<()> {
    let (from, to): (Box<dyn DiskFile>, Box<dyn DiskFile>) = (from.open(name)?, to.create(name)?);
    let mut chunk = vec![0; CHUNK];
    let mut offset = 0;
    loop {
        let read = from.read_at(&mut chunk, offset)?;
        if read == 0 {
            return to.sync_data();
        }
        to.write_at(chunk.get(..read).unwrap_or_default(), offset)?;
        offset += read as u64;
    }
}
