//! The repository's files: paths, and the texts of those that the checks read.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

/// Directories that are not the repository's own text.
const SKIPPED: [&str; 2] = [".git", "target"];

/// The kinds of file that some check reads.
const READ: [&str; 6] = ["md", "rs", "toml", "sh", "yml", "yaml"];

/// All paths (with `/`, relative to the top) and the texts of those that are read.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    texts: BTreeMap<String, String>,
    paths: BTreeSet<String>,
}

impl Tree {
    /// Reads the repository.
    pub(crate) fn read(root: &Path) -> io::Result<Self> {
        let mut tree = Self::default();
        tree.enter(root, "")?;
        Ok(tree)
    }

    fn enter(&mut self, directory: &Path, prefix: &str) -> io::Result<()> {
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if SKIPPED.contains(&name.as_str()) {
                continue;
            }
            let path = format!("{prefix}{name}");
            if entry.file_type()?.is_dir() {
                self.enter(&entry.path(), &format!("{path}/"))?;
            } else if is_read(&path) {
                self.texts.insert(path.clone(), read_lossy(&entry.path())?);
            }
            self.paths.insert(path);
        }
        Ok(())
    }

    /// The texts of the files whose names end like that, by path.
    pub(crate) fn ending<'a>(&'a self, suffix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.texts.iter().filter(move |(path, _)| path.ends_with(suffix)).map(|(path, text)| (&**path, &**text))
    }

    /// One file's text.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.texts.get(path).map(String::as_str)
    }

    /// Whether there is such a file or directory; a closing `/` makes no difference.
    pub(crate) fn has(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        path.is_empty() || self.paths.contains(path)
    }

    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let mut tree = Self::default();
        for (path, text) in files {
            tree.texts.insert((*path).to_owned(), (*text).to_owned());
            let ends = path.match_indices('/').map(|(end, _)| end).chain([path.len()]);
            tree.paths.extend(ends.filter_map(|end| path.get(..end)).map(str::to_owned));
        }
        tree
    }
}

fn is_read(path: &str) -> bool {
    path == ".ci/run" || path.rsplit_once('.').is_some_and(|(_, kind)| READ.contains(&kind))
}

/// Fixtures hold text that is wrong on purpose, bytes that are not UTF-8 included.
fn read_lossy(path: &Path) -> io::Result<String> {
    fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}
