//! Reading directories of rule files and scenario files, with the troubles of a command.

use std::fs;
use std::path::{Path, PathBuf};

use wane_core::rules::files::Files;
use wane_server::desk::reader::{self, ReadError};

use crate::trouble::Trouble;

/// All rule files under a directory, without the packs at its top.
///
/// # Errors
/// [`Trouble`] when it is no directory, can not be read, or has no rule file.
pub(crate) fn rule_files(dir: &Path) -> Result<Files, Trouble> {
    Ok(reader::rule_files(dir)?)
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
        let under = reader::toml_files(path)?;
        if under.is_empty() {
            let message = format!("there is no scenario file (`*.toml`) under `{}`", path.display());
            return Err(Trouble::usage(message, "give scenario files, or a directory that holds some"));
        }
        found.extend(under);
    }
    Ok(found)
}

impl From<ReadError> for Trouble {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Disk { path, error } => Self::Read { path, source: error },
            ReadError::Odd { message, help } => Self::Usage { message, help },
        }
    }
}
