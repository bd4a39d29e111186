//! Reading directories of rule files and scenario files.

use std::fs;
use std::path::{Path, PathBuf};

use wane_core::rules::files::Files;

use crate::trouble::Trouble;

/// Deeper nesting of directories is a loop of links.
const DEEPEST: usize = 32;

/// The directory at the top of the stock rules whose own directories are rulesets of their own.
const PACKS: &str = "packs";

/// All rule files under a directory, without the packs at its top.
///
/// # Errors
/// [`Trouble`] when it is no directory, can not be read, or has no rule file.
pub(crate) fn rule_files(dir: &Path) -> Result<Files, Trouble> {
    let about = fs::metadata(dir).map_err(Trouble::read(dir))?;
    if !about.is_dir() {
        let help = "rules are given as the directory that holds them";
        return Err(Trouble::usage(format!("`{}` is a file, not a directory", dir.display()), help));
    }
    let mut paths = Vec::new();
    walk(dir, 0, &mut paths)?;
    let mut files = Files::default();
    for path in paths {
        if path.to_str().is_none() {
            let message = format!("the name of `{}` is not UTF-8", path.display());
            return Err(Trouble::usage(message, "findings and explanations name files; give it another name"));
        }
        let name = relative(dir, &path);
        if !name.starts_with("packs/") {
            files.insert(name, read(&path)?);
        }
    }
    if files.is_empty() {
        let message = format!("there is no rule file (`*.toml`) under `{}`", dir.display());
        return Err(Trouble::usage(message, no_rules_help(dir)));
    }
    Ok(files)
}

/// The content of a file; a pipe or a device would be waited for without end.
fn read(path: &Path) -> Result<Vec<u8>, Trouble> {
    if !fs::metadata(path).map_err(Trouble::read(path))?.is_file() {
        let message = format!("`{}` is neither a file nor a directory", path.display());
        return Err(Trouble::usage(message, "a name that starts with a dot is passed over"));
    }
    fs::read(path).map_err(Trouble::read(path))
}

fn no_rules_help(dir: &Path) -> String {
    let packs = dir.join(PACKS);
    if packs.is_dir() {
        format!("a pack is a ruleset of its own: name one of the directories under `{}`", packs.display())
    } else {
        "give the directory that holds your rule files".to_owned()
    }
}

/// All scenario files that the paths name: files as they are, directories with everything under them.
///
/// # Errors
/// [`Trouble`] when one of them can not be read or holds no file.
pub(crate) fn scenario_files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Trouble> {
    let mut found = Vec::new();
    for path in paths {
        let about = fs::metadata(path).map_err(Trouble::read(path))?;
        if about.is_file() {
            found.push(path.clone());
            continue;
        }
        let before = found.len();
        walk(path, 0, &mut found)?;
        if found.len() == before {
            let message = format!("there is no scenario file (`*.toml`) under `{}`", path.display());
            return Err(Trouble::usage(message, "give scenario files, or a directory that holds some"));
        }
    }
    Ok(found)
}

/// The `*.toml` files under a directory in byte order of their paths; hidden ones are left out.
fn walk(dir: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), Trouble> {
    if depth > DEEPEST {
        let message = format!("`{}` lies more than {DEEPEST} directories deep", dir.display());
        return Err(Trouble::usage(message, "is there a link that leads back to itself?"));
    }
    let mut entries = Vec::new();
    for entry in fs::read_dir(dir).map_err(Trouble::read(dir))? {
        entries.push(entry.map_err(Trouble::read(dir))?.path());
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
