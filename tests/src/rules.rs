//! The stock rules of this repository, and rulesets made of them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use wane_core::rules::files::Files;
use wane_core::ruleset::Ruleset;

use crate::model::Settings;

/// The directory of the repository.
#[must_use]
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The files of a rule directory; `packs` at its top is left out.
///
/// # Errors
/// What the file system says.
pub fn files(directory: &Path) -> io::Result<Files> {
    let mut files = Files::default();
    read_into(&mut files, directory, "")?;
    Ok(files)
}

fn read_into(files: &mut Files, directory: &Path, prefix: &str) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            if path != "packs" {
                read_into(files, &entry.path(), &format!("{path}/"))?;
            }
        } else if path.ends_with(".toml") {
            files.insert(path, fs::read(entry.path())?);
        }
    }
    Ok(())
}

/// Compiles files that must be right.
///
/// # Errors
/// Every diagnostic, a line each.
pub fn compile(files: &Files) -> Result<Arc<Ruleset>, String> {
    let (rules, diagnostics) = wane_core::rules::load(files);
    let said: Vec<String> =
        diagnostics.iter().map(|found| format!("{}: {} {:?}", found.code, found.message, found.labels)).collect();
    rules.map(Arc::new).ok_or_else(|| said.join("\n"))
}

/// The stock rules with these settings made in the files that an admin would make them in.
///
/// # Errors
/// What the file system says.
pub fn with_settings(settings: Settings) -> io::Result<Files> {
    let mut files = files(&repository().join("rules"))?;
    if let Some(minutes) = settings.inactivity {
        let row = format!("[[rules]]\nid = \"inactivity-on\"\ntimer = \"inactivity\"\nafter = \"{minutes}m\"\n");
        files.insert("site.toml", row);
    }
    let wake = if settings.wake_to_active { "active" } else { "waiting" };
    let org = format!("[org]\nstatus_based_capacity = {}\n[wake]\nto = \"{wake}\"\n", settings.status_based_capacity);
    files.insert("org.toml", org);
    Ok(files)
}
