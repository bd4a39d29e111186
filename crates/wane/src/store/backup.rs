//! `wane store backup DIR TO`: a copy of a data directory that can be started as it is.

use std::fs;
use std::io::Write;
use std::path::Path;

use wane_store::tools;

use super::{LOG, verify};
use crate::Verdict;
use crate::out::Out;
use crate::trouble::Trouble;

pub(super) fn run(data: &Path, to: &Path, out: &mut Out) -> Result<Verdict, Trouble> {
    if to.exists() && fs::read_dir(to).map_err(Trouble::read(to))?.next().is_some() {
        let message = format!("`{}` is not empty", to.display());
        return Err(Trouble::usage(message, "give a directory that is empty or not there yet"));
    }
    fs::create_dir_all(to).map_err(write(to))?;
    let report = tools::backup(&data.join(LOG), &to.join(LOG))?;
    let rest = copy(data, to, &|name| name != LOG)?;
    verify::show(&report, out)?;
    writeln!(out, "copied to `{}`, with {rest} other files", to.display())?;
    Ok(Verdict::Well)
}

fn write(path: &Path) -> impl FnOnce(std::io::Error) -> Trouble {
    let path = path.to_owned();
    move |source| Trouble::Write { path, source }
}

/// Copies the files under a directory, durably; how many there are. Links are not followed, so nothing from elsewhere
/// gets into the copy.
fn copy(from: &Path, to: &Path, wanted: &dyn Fn(&str) -> bool) -> Result<u64, Trouble> {
    let mut copied = 0;
    for entry in fs::read_dir(from).map_err(Trouble::read(from))? {
        let entry = entry.map_err(Trouble::read(from))?;
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().map_err(Trouble::read(&path))?;
        if !wanted(&entry.file_name().to_string_lossy()) {
            continue;
        }
        if kind.is_dir() {
            fs::create_dir_all(&target).map_err(write(&target))?;
            copied += copy(&path, &target, &|_| true)?;
        } else if kind.is_file() {
            fs::copy(&path, &target).map_err(write(&target))?;
            fs::File::open(&target).and_then(|file| file.sync_all()).map_err(write(&target))?;
            copied += 1;
        }
    }
    fs::File::open(to).and_then(|dir| dir.sync_all()).map_err(write(to))?;
    Ok(copied)
}
