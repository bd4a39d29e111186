//! Which rules were in force when, and who put them there: an index of what the log says.
//!
//! The log is the truth, but it does not go back for ever, and is long to read. The index is a small file that is replaced
//! whole at each activation. Before an activation it notes from which block of the log on to look for activations that it
//! does not know; so what a crash kept out of it is found again at the next start.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use wane_core::facts::Name;
use wane_core::ruleset::RulesetHash;
use wane_core::time::Timestamp;
use wane_wire::record::{Ordinal, Sequence};

use super::durable;

/// The name of the index, beside the bundles.
const INDEX: &str = "versions.json";
/// The version of its form.
const FORMAT: u32 = 1;

/// An activation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Its number in the log.
    pub ordinal: Ordinal,
    /// The rules.
    pub hash: RulesetHash,
    /// When.
    pub at: Timestamp,
    /// Who did it: the name of a token, or `start`, `signal`, `watch`.
    pub by: Name,
}

/// A [`Version`] as it is written.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct VersionJson {
    ordinal: u32,
    hash: String,
    at: String,
    by: String,
}

impl From<&Version> for VersionJson {
    fn from(version: &Version) -> Self {
        let Version { ordinal, hash, at, by } = version;
        Self { ordinal: ordinal.0, hash: hash.to_string(), at: at.to_string(), by: by.to_string() }
    }
}

impl VersionJson {
    fn read(&self) -> Option<Version> {
        let (hash, at) = (RulesetHash::parse(&self.hash)?, Timestamp::parse(&self.at).ok()?);
        Some(Version { ordinal: Ordinal(self.ordinal), hash, at, by: Name::from(self.by.as_str()) })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Index {
    format: u32,
    from: u64,
    versions: Vec<VersionJson>,
}

/// The activations that are known, in the order of their numbers.
#[derive(Debug)]
pub(super) struct Versions {
    dir: PathBuf,
    /// Activations that are not known are in this block of the log or a later one.
    from: Sequence,
    versions: Vec<Version>,
}

impl Versions {
    /// Reads the index of a directory. One that is missing or can not be read is empty: it is filled from the log.
    pub(super) fn open(dir: &Path) -> Self {
        let read = match fs::read(dir.join(INDEX)) {
            Ok(bytes) => parse(&bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok((Sequence(0), Vec::new())),
            Err(error) => Err(error.to_string()),
        };
        let (from, versions) = read.unwrap_or_else(|why| {
            tracing::warn!(
                file = INDEX,
                why,
                "the index of ruleset versions can not be read; it is made again from the log"
            );
            (Sequence(0), Vec::new())
        });
        Self { dir: dir.to_owned(), from, versions }
    }

    /// Where to look for activations that are not known.
    pub(super) const fn from(&self) -> Sequence {
        self.from
    }

    /// Whether there is no hole up to that activation.
    pub(super) fn is_whole(&self, present: Ordinal) -> bool {
        let dense =
            self.versions.windows(2).all(|pair| matches!(pair, [one, next] if one.ordinal.0 + 1 == next.ordinal.0));
        dense && self.versions.last().is_some_and(|last| last.ordinal == present)
    }

    /// An activation is about to be logged in a block after this one; `present` is the one before.
    pub(super) fn begin(&mut self, present: Ordinal, durable: Sequence) -> io::Result<()> {
        // What is missing lies further back, and is still to be found.
        if self.is_whole(present) {
            self.from = durable.next();
        }
        self.write()
    }

    /// Activations became durable.
    pub(super) fn add(&mut self, found: impl IntoIterator<Item = Version>) -> io::Result<()> {
        for version in found {
            self.versions.retain(|known| known.ordinal != version.ordinal);
            self.versions.push(version);
        }
        self.versions.sort_by_key(|version| version.ordinal);
        self.write()
    }

    pub(super) fn all(&self) -> &[Version] {
        &self.versions
    }

    pub(super) fn get(&self, ordinal: Ordinal) -> Option<&Version> {
        let place = self.versions.binary_search_by_key(&ordinal, |version| version.ordinal).ok()?;
        self.versions.get(place)
    }

    fn write(&self) -> io::Result<()> {
        let versions = self.versions.iter().map(VersionJson::from).collect();
        let json = serde_json::to_vec_pretty(&Index { format: FORMAT, from: self.from.0, versions })?;
        durable::replace(&self.dir, INDEX, &json)
    }
}

fn parse(bytes: &[u8]) -> Result<(Sequence, Vec<Version>), String> {
    let index: Index = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    if index.format != FORMAT {
        return Err(format!("its format is {}, not {FORMAT}", index.format));
    }
    let versions: Option<Vec<Version>> = index.versions.iter().map(VersionJson::read).collect();
    versions.map(|versions| (Sequence(index.from), versions)).ok_or_else(|| "a hash or an instant is none".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(ordinal: u32) -> Version {
        let at = Timestamp::from_millis(i64::from(ordinal) * 1_000).expect("valid");
        Version { ordinal: Ordinal(ordinal), hash: RulesetHash([7; 32]), at, by: "ana".into() }
    }

    #[test]
    fn what_was_added_is_there_after_opening_again_in_order_and_once() {
        let dir = tempfile::tempdir().expect("a directory");
        let mut versions = Versions::open(dir.path());
        versions.add([version(2), version(1)]).expect("written");
        versions.add([version(2)]).expect("written");
        versions.begin(Ordinal(2), Sequence(41)).expect("written");
        let again = Versions::open(dir.path());
        assert_eq!(again.all(), [version(1), version(2)]);
        assert_eq!(again.from(), Sequence(42));
        assert_eq!(again.get(Ordinal(2)), Some(&version(2)));
        assert_eq!(again.get(Ordinal(3)), None);
    }

    #[test]
    fn a_hole_is_known_until_it_is_filled() {
        let dir = tempfile::tempdir().expect("a directory");
        let mut versions = Versions::open(dir.path());
        assert!(!versions.is_whole(Ordinal(1)), "the first one is not known");
        versions.add([version(1)]).expect("written");
        versions.begin(Ordinal(1), Sequence(41)).expect("written");
        // The activation of 2 was logged, then the daemon was killed; 3 came before anybody looked.
        let mut versions = Versions::open(dir.path());
        assert!(versions.is_whole(Ordinal(1)) && !versions.is_whole(Ordinal(2)));
        versions.begin(Ordinal(2), Sequence(99)).expect("written");
        versions.add([version(3)]).expect("written");
        assert!(!versions.is_whole(Ordinal(3)));
        assert_eq!(versions.from(), Sequence(42), "where 2 is");
        versions.add([version(2)]).expect("written");
        versions.begin(Ordinal(3), Sequence(99)).expect("written");
        assert_eq!(versions.from(), Sequence(100));
    }

    #[test]
    fn a_damaged_index_is_an_empty_one_that_begins_at_the_start_of_the_log() {
        let dir = tempfile::tempdir().expect("a directory");
        let mut versions = Versions::open(dir.path());
        versions.add([version(1)]).expect("written");
        versions.begin(Ordinal(1), Sequence(41)).expect("written");
        let text = fs::read_to_string(dir.path().join(INDEX)).expect("text");
        for bad in [text.replace("07", "0x"), text.replace("\"format\": 1", "\"format\": 9"), String::new()] {
            fs::write(dir.path().join(INDEX), bad).expect("written");
            let again = Versions::open(dir.path());
            assert_eq!((again.from(), again.all().len()), (Sequence(0), 0));
        }
    }
}
