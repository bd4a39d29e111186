//! Loading the rules that a command decides by; broken ones are shown and end the command.

use std::path::Path;
use std::sync::Arc;

use wane_core::rules;
use wane_core::rules::files::Files;
use wane_core::ruleset::Ruleset;

use crate::diagnostics::{self, Counts, Source};
use crate::disk;
use crate::out::Out;
use crate::trouble::Trouble;

/// Loads a directory of rules for use.
///
/// # Errors
/// [`Trouble`] when it can not be read, or its files have errors, which are then shown.
pub(crate) fn load(dir: &Path, out: &mut Out) -> Result<Arc<Ruleset>, Trouble> {
    let files = disk::rule_files(dir)?;
    compile(dir, &files, out)
}

/// Compiles files for use.
///
/// # Errors
/// As [`load`].
pub(crate) fn compile(dir: &Path, files: &Files, out: &mut Out) -> Result<Arc<Ruleset>, Trouble> {
    let (ruleset, found) = rules::load(files);
    match ruleset {
        Some(ruleset) => Ok(Arc::new(ruleset)),
        None => {
            diagnostics::pretty(&found, &Source { dir, files }, out)?;
            let words = Counts::of(&found).words();
            Err(Trouble::Rules(format!("the rules under `{}` can not be used: {words}", dir.display())))
        }
    }
}
