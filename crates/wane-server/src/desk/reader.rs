//! Reading directories of rule files and scenario files. The only place that does, for the daemon and the command line.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use thiserror::Error;
use wane_core::rules::files::Files;

/// Deeper nesting of directories is a loop of links.
const DEEPEST: usize = 32;
/// The directory at the top of the stock rules whose own directories are rulesets of their own.
const PACKS: &str = "packs";
/// Bytes of one file that are read: more than all rule files together can have, so that its being too large is found.
const MOST: u64 = (64 << 20) + 1;

/// Why a directory can not be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The disk says no.
    #[error("can not read `{path}`: {error}", path = .path.display())]
    Disk {
        /// What.
        path: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// It is not what it should be.
    #[error("{message}")]
    Odd {
        /// What is wrong.
        message: String,
        /// What would be right.
        help: String,
    },
}

fn disk(path: &Path) -> impl FnOnce(io::Error) -> ReadError {
    |error| ReadError::Disk { path: path.to_owned(), error }
}

fn odd(message: String, help: impl Into<String>) -> ReadError {
    ReadError::Odd { message, help: help.into() }
}

/// All rule files under a directory, without the packs at its top.
///
/// Files are those that end in `.toml` and do not begin with a dot, in directories that do not begin with a dot: what
/// editors and copying programs leave beside them (`.#a.toml`, `a.toml~`, `.a.toml.swp`, `4913`) is none. Links are
/// followed.
///
/// # Errors
/// [`ReadError`] when it is no directory, can not be read, or has no rule file.
pub fn rule_files(dir: &Path) -> Result<Files, ReadError> {
    let about = fs::metadata(dir).map_err(disk(dir))?;
    if !about.is_dir() {
        let help = "rules are given as the directory that holds them";
        return Err(odd(format!("`{}` is a file, not a directory", dir.display()), help));
    }
    let mut files = Files::default();
    for path in toml_files(dir)? {
        if path.to_str().is_none() {
            let message = format!("the name of `{}` is not UTF-8", path.display());
            return Err(odd(message, "findings and explanations name files; give it another name"));
        }
        let name = relative(dir, &path);
        if !name.starts_with("packs/") {
            files.insert(name, read(&path)?);
        }
    }
    if files.is_empty() {
        let message = format!("there is no rule file (`*.toml`) under `{}`", dir.display());
        return Err(odd(message, no_rules_help(dir)));
    }
    Ok(files)
}

/// The content of a file; a pipe or a device would be waited for without end.
fn read(path: &Path) -> Result<Vec<u8>, ReadError> {
    if !fs::metadata(path).map_err(disk(path))?.is_file() {
        let message = format!("`{}` is neither a file nor a directory", path.display());
        return Err(odd(message, "a name that starts with a dot is passed over"));
    }
    let mut content = Vec::new();
    let file = File::open(path).map_err(disk(path))?;
    file.take(MOST).read_to_end(&mut content).map_err(disk(path))?;
    Ok(content)
}

fn no_rules_help(dir: &Path) -> String {
    let packs = dir.join(PACKS);
    if packs.is_dir() {
        format!("a pack is a ruleset of its own: name one of the directories under `{}`", packs.display())
    } else {
        "give the directory that holds your rule files".to_owned()
    }
}

/// The `*.toml` files under a directory in byte order of their paths; hidden ones are left out.
///
/// # Errors
/// [`ReadError`] when it can not be read, or is nested without end.
pub fn toml_files(dir: &Path) -> Result<Vec<PathBuf>, ReadError> {
    let mut found = Vec::new();
    walk(dir, 0, &mut found)?;
    Ok(found)
}

fn walk(dir: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), ReadError> {
    if depth > DEEPEST {
        let message = format!("`{}` lies more than {DEEPEST} directories deep", dir.display());
        return Err(odd(message, "is there a link that leads back to itself?"));
    }
    let mut entries = Vec::new();
    for entry in fs::read_dir(dir).map_err(disk(dir))? {
        entries.push(entry.map_err(disk(dir))?.path());
    }
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            walk(&path, depth + 1, found)?;
        } else if name.ends_with(".toml") {
            found.push(path);
        }
    }
    Ok(())
}

/// The path below the directory, with `/`.
fn relative(dir: &Path, path: &Path) -> String {
    let below = path.strip_prefix(dir).unwrap_or(path);
    let parts: Vec<_> = below.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}
