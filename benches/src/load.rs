//! From a directory on disk to a ruleset in force: read, checked, compiled.

use std::path::{Path, PathBuf};
use std::{fs, io};

use wane_core::rules::files::Files;

use crate::engines::wane;
use crate::measure;
use crate::report::{Target, line, nanos};
use crate::workload::Workload;

/// Loads a directory of so many rules several times.
///
/// # Errors
/// When the directory for it can not be written or read.
pub fn load(rules: usize, rounds: usize) -> io::Result<Target> {
    let directory = Directory::write(&wane::files(&Workload::new(rules, 1)))?;
    let mut spent = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        let begun = measure::time(|| read(&directory.0).map(|files| wane::ruleset(&files)));
        spent.push(begun.as_nanos() as f64);
    }
    let bytes: usize = read(&directory.0)?.iter().map(|(_, content)| content.len()).sum();
    let median = measure::median(&mut spent);
    let size = bytes as f64 / 1e6;
    line(&format!(
        "\n  Wane, a directory of {rules} rules ({size:.1} MB) read, checked and compiled: {}",
        nanos(median)
    ));
    Ok(Target::at_most(&format!("a directory of {rules} rules loaded, checked and compiled"), 5e8, median))
}

fn read(directory: &Path) -> io::Result<Files> {
    let mut files = Files::default();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        files.insert(entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path())?);
    }
    Ok(files)
}

/// A directory that goes away with its value.
struct Directory(PathBuf);

impl Directory {
    fn write(files: &Files) -> io::Result<Self> {
        let directory = Self(std::env::temp_dir().join(format!("wane-bench-{}", std::process::id())));
        fs::create_dir_all(&directory.0)?;
        for (path, content) in files.iter() {
            fs::write(directory.0.join(&**path), content)?;
        }
        Ok(directory)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // Left behind in the directory for temporary files at worst.
        let _ = fs::remove_dir_all(&self.0);
    }
}
