//! Rule files as names and contents; reading a directory is the caller's.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::facts::Name;
use crate::ruleset::RulesetHash;

/// The rule files of a directory: path relative to it (with `/`), and content, in byte order of the path.
///
/// The content is bytes, because a file that is not UTF-8 is a fault to report like any other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    files: BTreeMap<Name, Vec<u8>>,
}

impl Files {
    /// Adds a file, or replaces the one of that path.
    pub fn insert(&mut self, path: impl Into<Name>, content: impl Into<Vec<u8>>) {
        self.files.insert(path.into(), content.into());
    }

    /// The files in byte order of their paths.
    pub fn iter(&self) -> impl Iterator<Item = (&Name, &[u8])> {
        self.files.iter().map(|(path, content)| (path, content.as_slice()))
    }

    /// One file's content.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(Vec::as_slice)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The name of the ruleset that they are, whether it can be used or not: SHA-256 over the length and the bytes of each
    /// path and each content in turn, so that no two directories read alike; a length is eight bytes, the lowest first.
    #[must_use]
    pub fn hash(&self) -> RulesetHash {
        let mut hash = Sha256::new();
        for (path, content) in self.iter() {
            for part in [path.as_bytes(), content] {
                hash.update((part.len() as u64).to_le_bytes());
                hash.update(part);
            }
        }
        RulesetHash(hash.finalize().into())
    }
}
