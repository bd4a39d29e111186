//! All profiles and cases that there are: the stock ones, which are in the kit, and an integrator's own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::case::{Case, Profile, Way};
use crate::read::{self, Fault, File};

/// The name of the profile whose cases every plugin plays.
pub const CORE: &str = "core";

const STOCK: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/stock.rs"));

/// A text with its name.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    /// As it is shown: a path.
    pub(crate) name: String,
    /// Its content.
    pub(crate) text: String,
}

/// A profile with its cases.
#[derive(Clone, Debug)]
pub struct Set {
    /// The profile.
    pub profile: Profile,
    /// Its cases, by way and id.
    pub cases: Vec<Listed>,
    pub(crate) text: Text,
}

/// A case with the text that it was read from.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The case.
    pub case: Case,
    pub(crate) text: Text,
}

/// Profiles with their cases, by name.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// The sets.
    pub sets: BTreeMap<String, Set>,
}

impl Catalog {
    /// The cases of `core` alone, with the samples of a profile: `core` has none of its own.
    #[must_use]
    pub fn core_with(&self, samples: &Set) -> Set {
        let mut set = samples.clone();
        set.cases = self.sets.get(CORE).map(|core| core.cases.clone()).unwrap_or_default();
        set.profile.title = format!("what every channel must do, with the samples of `{}`", set.profile.name);
        CORE.clone_into(&mut set.profile.name);
        set
    }

    /// What the kit brings along.
    ///
    /// # Errors
    /// The first [`Fault`]; the kit's tests see to it that there is none.
    pub fn stock() -> Result<Self, Fault> {
        let files = STOCK.iter().map(|(path, text)| {
            let name = format!("tests/conformance/{path}");
            ((*path).to_owned(), Text { name, text: (*text).to_owned() })
        });
        Self::of(files.collect())
    }

    /// The profiles in the directories of a directory, in place of the stock ones.
    ///
    /// # Errors
    /// The first [`Fault`].
    pub fn read(root: &Path) -> Result<Self, Fault> {
        Self::of(files(root)?)
    }

    /// One directory with `profile.toml` and cases, as a profile of that name.
    ///
    /// # Errors
    /// The first [`Fault`].
    pub fn own(directory: &Path, name: &str) -> Result<Set, Fault> {
        let files = files(directory)?.into_iter().map(|(path, text)| (format!("{name}/{path}"), text)).collect();
        let mut catalog = Self::of(files)?;
        catalog.sets.remove(name).ok_or_else(|| trouble(directory, "there is no `profile.toml` in it".to_owned()))
    }

    fn of(files: Vec<(String, Text)>) -> Result<Self, Fault> {
        let mut sets: BTreeMap<String, Set> = BTreeMap::new();
        let profiles = files.iter().filter_map(|(path, text)| Some((path.strip_suffix("/profile.toml")?, text)));
        for (name, text) in profiles.filter(|(name, _)| !name.contains('/')) {
            let profile = read::profile(File { name: &text.name, text: &text.text }, name)?;
            sets.insert(name.to_owned(), Set { profile, cases: Vec::new(), text: text.clone() });
        }
        for (path, text) in files.iter().filter(|(path, _)| !path.ends_with("/profile.toml")) {
            let (set, way, stem) = placed(path).ok_or_else(|| misplaced(text))?;
            let set = sets.get_mut(set).ok_or_else(|| misplaced(text))?;
            let case = case(text, &set.profile, (way, stem))?;
            set.cases.push(Listed { case, text: text.clone() });
        }
        for set in sets.values_mut() {
            set.cases.sort_by(|left, right| (left.case.way, &left.case.id).cmp(&(right.case.way, &right.case.id)));
        }
        let catalog = Self { sets };
        catalog.sets.values().try_for_each(|set| known(&catalog, set))?;
        Ok(catalog)
    }
}

/// Reads a case for a profile: the requests of a case of `core` are completed by the profile under test.
pub(crate) fn case(text: &Text, profile: &Profile, (way, stem): (Way, &str)) -> Result<Case, Fault> {
    read::case(File { name: &text.name, text: &text.text }, (profile, way, stem), &profile.name)
}

/// `<profile>/<way>/<id>.toml`
fn placed(path: &str) -> Option<(&str, Way, &str)> {
    let (set, rest) = path.split_once('/')?;
    let (way, file) = rest.split_once('/')?;
    let way = [Way::Valid, Way::Invalid, Way::Robust].into_iter().find(|known| known.name() == way)?;
    file.strip_suffix(".toml").filter(|stem| !stem.contains('/')).map(|stem| (set, way, stem))
}

fn misplaced(text: &Text) -> Fault {
    Fault {
        file: text.name.clone(),
        line: 1,
        message: "lies where no case lies".to_owned(),
        help: "a case is `<profile>/<valid|invalid|robust>/<id>.toml`, beside the profile's `profile.toml`".to_owned(),
    }
}

/// Requirements that nobody declares, and ids that are there twice.
fn known(catalog: &Catalog, set: &Set) -> Result<(), Fault> {
    let mut ids = BTreeMap::new();
    for Listed { case, text } in &set.cases {
        let fault =
            |message: String, help: &str| Fault { file: text.name.clone(), line: 1, message, help: help.to_owned() };
        if let Some(other) = ids.insert(&case.id, case.way) {
            return Err(fault(format!("the id `{}` is also in `{}`", case.id, other.name()), "ids are given once"));
        }
        for id in &case.requirements {
            let core = catalog.sets.get(CORE).is_some_and(|core| core.profile.requirements.contains_key(id));
            if !core && !set.profile.requirements.contains_key(id) {
                let known = set.profile.requirements.keys().map(String::as_str);
                let help = wane_core::diagnostic::did_you_mean(id, known).map_or_else(
                    || "declare it in `profile.toml`".to_owned(),
                    |meant| format!("did you mean `{meant}`?"),
                );
                return Err(fault(format!("no requirement `{id}` is declared"), &help));
            }
        }
    }
    Ok(())
}

/// All files of cases below a directory, by their path in it.
fn files(root: &Path) -> Result<Vec<(String, Text)>, Fault> {
    let mut found = Vec::new();
    collect(root, &mut found)?;
    found.sort();
    found.into_iter().map(|path| file(root, &path)).collect()
}

fn file(root: &Path, path: &Path) -> Result<(String, Text), Fault> {
    let text = std::fs::read_to_string(path).map_err(|error| trouble(path, format!("can not be read: {error}")))?;
    let inside = path.strip_prefix(root).unwrap_or(path).display().to_string();
    Ok((inside, Text { name: path.display().to_string(), text }))
}

fn collect(directory: &Path, found: &mut Vec<PathBuf>) -> Result<(), Fault> {
    let failed = |error: std::io::Error| trouble(directory, format!("can not be read: {error}"));
    for entry in directory.read_dir().map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            collect(&path, found)?;
        } else if path.extension().is_some_and(|end| end == "toml") {
            found.push(path);
        }
    }
    Ok(())
}

fn trouble(path: &Path, message: String) -> Fault {
    Fault { file: path.display().to_string(), line: 1, message, help: String::new() }
}
