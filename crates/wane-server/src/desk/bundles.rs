//! Rule files as they were put in force, kept for good: one file for each ruleset, named by its hash.
//!
//! A bundle is a JSON object, `{"format":1,"files":{"<path>":"<text>"}}`, so that it can be read without Wane. Its name is
//! the hash of what is in it, which is compared whenever it is read: that is its checksum. Rules that the log's records are
//! by are needed to read them, and earlier ones may be wanted back, so bundles are never deleted.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use wane_core::rules;
use wane_core::rules::files::Files;
use wane_core::ruleset::{Ruleset, RulesetHash};
use wane_wire::finding::FindingJson;

use super::durable;

/// The directory of bundles, under that of the data.
const DIRECTORY: &str = "rulesets";
/// How the name of a bundle ends.
const BUNDLE: &str = ".json";
/// The version of a bundle's form.
const FORMAT: u32 = 1;

/// The store of rule bundles of a data directory. Needs nothing of the running daemon: recovery reads from it, too.
#[derive(Clone, Debug)]
pub struct Bundles {
    dir: PathBuf,
}

/// Why a bundle can not be had or kept.
#[derive(Debug, Error)]
pub enum BundleError {
    /// There is none of that name.
    #[error("the rules {0} are not in `{dir}`", dir = .1.display())]
    Unknown(RulesetHash, PathBuf),
    /// Its content is not what its name says.
    #[error("`{file}` is damaged: {what}", file = .file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// They were good once, but this version of Wane finds errors in them.
    #[error("this version of Wane can not use the rules {hash}: {first}")]
    Refused {
        /// Which.
        hash: RulesetHash,
        /// The first error.
        first: String,
    },
    /// Only text is kept; files with errors are not.
    #[error("`{0}` is not UTF-8")]
    NotText(String),
    /// The disk.
    #[error("`{file}`: {error}", file = .file.display())]
    Disk {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
}

#[derive(Serialize)]
struct Written<'a> {
    format: u32,
    files: BTreeMap<&'a str, &'a str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    format: u32,
    files: BTreeMap<String, String>,
}

impl Bundles {
    /// Opens the store of a data directory, which is made when it is not there. What a crash left unfinished is removed.
    ///
    /// # Errors
    /// Failing disks.
    pub fn open(data: &Path) -> Result<Self, BundleError> {
        let dir = data.join(DIRECTORY);
        let failed = |error| BundleError::Disk { file: dir.clone(), error };
        durable::directory(&dir).map_err(failed)?;
        for entry in fs::read_dir(&dir).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.to_string_lossy().ends_with(durable::UNFINISHED) {
                fs::remove_file(&path).map_err(|error| BundleError::Disk { file: path, error })?;
            }
        }
        Ok(Self { dir })
    }

    /// Where it is.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Keeps files. When this returns `Ok`, no crash loses them. To keep what is kept already costs reading it.
    ///
    /// # Errors
    /// [`BundleError::NotText`], and failing disks.
    pub fn save(&self, files: &Files) -> Result<RulesetHash, BundleError> {
        let hash = files.hash();
        // One that is damaged is written anew: these files are what it should be.
        if self.files(hash).is_ok() {
            return Ok(hash);
        }
        let file = self.path(hash);
        let texts = files.iter().map(|(path, content)| {
            let text = std::str::from_utf8(content).map_err(|_| BundleError::NotText(path.to_string()))?;
            Ok((&**path, text))
        });
        let written = Written { format: FORMAT, files: texts.collect::<Result<_, BundleError>>()? };
        let json = serde_json::to_vec(&written).map_err(io::Error::from);
        json.and_then(|json| durable::replace(&self.dir, &name(hash), &json))
            .map_err(|error| BundleError::Disk { file, error })?;
        Ok(hash)
    }

    /// The files of a bundle.
    ///
    /// # Errors
    /// [`BundleError::Unknown`], [`BundleError::Damaged`], and failing disks.
    pub fn files(&self, hash: RulesetHash) -> Result<Files, BundleError> {
        let file = self.path(hash);
        let bytes = match fs::read(&file) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(BundleError::Unknown(hash, self.dir.clone()));
            }
            Err(error) => return Err(BundleError::Disk { file, error }),
        };
        let damaged = |what: String| BundleError::Damaged { file: file.clone(), what };
        let read: Read = serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
        if read.format != FORMAT {
            return Err(damaged(format!(
                "its format is {}, not {FORMAT}; a later version may have written it",
                read.format
            )));
        }
        let mut files = Files::default();
        for (path, text) in read.files {
            files.insert(path, text);
        }
        let found = files.hash();
        if found == hash { Ok(files) } else { Err(damaged(format!("its content is that of {found}"))) }
    }

    /// The rules of a bundle, ready for use: what a number in the log stands for.
    ///
    /// # Errors
    /// As [`Bundles::files`], and [`BundleError::Refused`].
    pub fn load(&self, hash: RulesetHash) -> Result<Arc<Ruleset>, BundleError> {
        let files = self.files(hash)?;
        let (rules, found) = rules::load(&files);
        rules.map(Arc::new).ok_or_else(|| BundleError::Refused { hash, first: first(&found, &files) })
    }

    /// The names of all that are kept, in their order.
    ///
    /// # Errors
    /// Failing disks.
    pub fn list(&self) -> Result<Vec<RulesetHash>, BundleError> {
        let failed = |error| BundleError::Disk { file: self.dir.clone(), error };
        let mut known = Vec::new();
        for entry in fs::read_dir(&self.dir).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            known.extend(name.to_str().and_then(|name| RulesetHash::parse(name.strip_suffix(BUNDLE)?)));
        }
        known.sort();
        Ok(known)
    }

    fn path(&self, hash: RulesetHash) -> PathBuf {
        self.dir.join(name(hash))
    }
}

fn name(hash: RulesetHash) -> String {
    format!("{hash}{BUNDLE}")
}

/// The first error of a load that failed, on one line: `timers.toml:3:9: E0203: there is no timer ...`.
pub(super) fn first(found: &[wane_core::diagnostic::Diagnostic], files: &Files) -> String {
    use wane_core::diagnostic::Severity;
    let error = found.iter().find(|found| found.severity() == Severity::Error).or(found.first());
    let Some(error) = error.map(|error| FindingJson::new(error, files, &str::to_owned)) else { return String::new() };
    let place = error.labels.first().map(|label| format!("{}:{}:{}: ", label.file, label.line, label.column));
    format!("{}{}: {}", place.unwrap_or_default(), error.code, error.message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(after: &str) -> Files {
        super::super::tests::files(after)
    }

    #[test]
    fn what_is_saved_comes_back_the_same_and_is_saved_once() {
        let data = tempfile::tempdir().expect("a directory");
        let bundles = Bundles::open(data.path()).expect("it opens");
        let hash = bundles.save(&files("10m")).expect("it is saved");
        assert_eq!(hash, files("10m").hash());
        assert_eq!(bundles.save(&files("10m")).expect("again"), hash);
        let other = bundles.save(&files("20m")).expect("another");
        let again = Bundles::open(data.path()).expect("it opens again");
        assert_eq!(again.files(hash).expect("it is there"), files("10m"));
        assert_eq!(again.load(hash).expect("it is usable").hash, hash);
        let mut both = vec![hash, other];
        both.sort();
        assert_eq!(again.list().expect("a list"), both);
    }

    #[test]
    fn damage_is_noticed_told_with_its_file_and_healed_by_saving() {
        let data = tempfile::tempdir().expect("a directory");
        let bundles = Bundles::open(data.path()).expect("it opens");
        let hash = bundles.save(&files("10m")).expect("it is saved");
        let path = bundles.path(hash);
        let whole = fs::read_to_string(&path).expect("it is text");
        let cut = whole.get(..whole.len() / 2).expect("half of it").to_owned();
        for (bad, said) in [
            (whole.replace("10m", "90m"), "its content is that of"),
            (cut, "EOF"),
            (whole.replace("1,", "2,"), "its format is 2"),
        ] {
            fs::write(&path, &bad).expect("it is written");
            let error = bundles.load(hash).expect_err("damaged").to_string();
            assert!(error.contains(said) && error.contains(&hash.to_string()), "{error}");
        }
        bundles.save(&files("10m")).expect("it is saved again");
        assert!(bundles.load(hash).is_ok());
    }

    #[test]
    fn an_unknown_one_and_one_with_errors_are_errors() {
        let data = tempfile::tempdir().expect("a directory");
        let bundles = Bundles::open(data.path()).expect("it opens");
        assert!(matches!(bundles.load(files("1m").hash()), Err(BundleError::Unknown(..))));
        let hash = bundles.save(&files("a while")).expect("what is saved need not be good");
        let error = bundles.load(hash).expect_err("bad rules").to_string();
        assert!(error.contains("quiet.toml:") && error.contains(&hash.to_string()), "{error}");
    }

    #[test]
    fn what_a_crash_left_unfinished_is_gone_after_opening() {
        let data = tempfile::tempdir().expect("a directory");
        let bundles = Bundles::open(data.path()).expect("it opens");
        let torn = bundles.dir().join(format!("x{}", durable::UNFINISHED));
        fs::write(&torn, "{").expect("it is written");
        Bundles::open(data.path()).expect("it opens again");
        assert!(!torn.exists());
    }
}
