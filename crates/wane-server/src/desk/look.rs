//! Looking at a directory of rules that somebody may be writing to.

use std::fmt::Write;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use sha2::{Digest, Sha256};
use wane_core::rules::files::Files;

use super::quiet::Look;
use super::reader::{self, ReadError};

/// Deeper directories are not rules.
const DEEPEST: usize = 32;

/// What was seen.
#[derive(Debug)]
pub struct Seen {
    /// What it looks like.
    pub look: Look,
    /// The rule files, as they were read at that look.
    pub files: Result<Files, ReadError>,
}

/// Looks at a directory; reads every rule file.
#[must_use]
pub fn look(dir: &Path) -> Seen {
    let stamps = stamps(dir);
    let files = reader::rule_files(dir);
    let content = match &files {
        Ok(files) => files.hash().0,
        Err(error) => Sha256::digest(error.to_string()).into(),
    };
    Seen { look: Look { stamps, content }, files }
}

/// Reads a directory that should not be moving: looked at twice, it is the same.
///
/// # Errors
/// [`ReadError`], also when it changed in between.
pub fn read_still(dir: &Path) -> Result<Files, ReadError> {
    let (first, second) = (look(dir), look(dir));
    if first.look == second.look {
        return second.files;
    }
    Err(ReadError::Odd {
        message: format!("`{}` changed while it was read", dir.display()),
        help: "reload when all files are in place".to_owned(),
    })
}

/// A digest of names, sizes and times, without reading anything: of the rule files, and of what is being written beside
/// them under a name made of theirs, such as `.timers.toml.x7Fq2a` or `timers.toml.part`.
#[must_use]
pub fn stamps(dir: &Path) -> [u8; 32] {
    let mut list = String::new();
    walk(dir, 0, &mut list);
    Sha256::digest(list).into()
}

fn walk(dir: &Path, depth: usize, list: &mut String) {
    // What vanishes between being listed and being looked at was not there.
    let Ok(entries) = fs::read_dir(dir) else { return };
    let mut paths: Vec<_> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.contains(".toml") {
            stamp(&path, list);
        } else if depth < DEEPEST && !name.starts_with('.') && path.is_dir() {
            walk(&path, depth + 1, list);
        }
    }
}

fn stamp(path: &Path, list: &mut String) {
    // A link is followed: what counts is the file. A link to nothing is something all the same.
    let about = fs::metadata(path).or_else(|_| fs::symlink_metadata(path));
    let (size, second, nano, inode) = about.map_or((0, 0, 0, 0), |a| (a.size(), a.mtime(), a.mtime_nsec(), a.ino()));
    let _ = writeln!(list, "{path:?} {size} {second}.{nano} {inode}");
}

#[cfg(test)]
mod tests {
    use super::super::tests::files;
    use super::*;

    fn directory() -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("a directory");
        for (path, content) in files("10m").iter() {
            fs::write(dir.path().join(&**path), content).expect("written");
        }
        dir
    }

    #[test]
    fn what_editors_and_copies_leave_beside_the_rules_is_no_rule_but_is_seen_to_change() {
        let dir = directory();
        let before = look(dir.path());
        for name in
            [".#quiet.toml", "quiet.toml~", ".quiet.toml.swp", "#quiet.toml#", ".quiet.toml.x7Fq2a", "quiet.toml.part"]
        {
            fs::write(dir.path().join(name), "half a [").expect("written");
            let now = look(dir.path());
            assert_eq!(now.look.content, before.look.content, "{name}");
            assert_ne!(now.look.stamps, before.look.stamps, "{name}");
            fs::remove_file(dir.path().join(name)).expect("removed");
        }
        fs::write(dir.path().join("4913"), "").expect("written");
        assert_eq!(look(dir.path()).look, before.look, "vim tries whether it may write");
    }

    #[test]
    fn a_replaced_file_is_another_look_even_with_the_same_content() {
        let dir = directory();
        let before = look(dir.path()).look;
        let path = dir.path().join("quiet.toml");
        fs::copy(&path, dir.path().join("new")).expect("copied");
        fs::rename(dir.path().join("new"), &path).expect("renamed");
        let after = look(dir.path()).look;
        assert_eq!(after.content, before.content);
        assert_ne!(after.stamps, before.stamps);
    }

    #[test]
    fn a_directory_that_is_away_is_a_look_too() {
        let dir = directory();
        let there = look(dir.path());
        let gone = look(&dir.path().join("gone"));
        assert!(gone.files.is_err() && gone.look != there.look);
        assert_eq!(gone.look, look(&dir.path().join("gone")).look);
        assert!(read_still(dir.path()).is_ok() && read_still(&dir.path().join("gone")).is_err());
    }

    #[test]
    fn links_into_a_hidden_directory_are_followed() {
        // As orchestrators mount configuration: the files are links through a hidden link that is swapped.
        let dir = tempfile::tempdir().expect("a directory");
        let at = |name: &str| dir.path().join(name);
        for (version, after) in [("..1", "10m"), ("..2", "20m")] {
            fs::create_dir(at(version)).expect("made");
            let files = files(after);
            fs::write(at(version).join("quiet.toml"), files.get("quiet.toml").expect("it is there")).expect("written");
        }
        std::os::unix::fs::symlink("..1", at("..data")).expect("linked");
        std::os::unix::fs::symlink("..data/quiet.toml", at("quiet.toml")).expect("linked");
        let before = look(dir.path());
        assert_eq!(before.files.expect("readable"), files("10m"));
        std::os::unix::fs::symlink("..2", at("..new")).expect("linked");
        fs::rename(at("..new"), at("..data")).expect("swapped");
        let after = look(dir.path());
        assert_ne!(after.look.stamps, before.look.stamps);
        assert_eq!(after.files.expect("readable"), files("20m"));
    }
}
