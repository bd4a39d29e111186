//! From the text of rule files to a [`Ruleset`], or to everything that is wrong with them.

pub mod files;
pub mod predicate;

use crate::diagnostic::Diagnostic;
use crate::ruleset::Ruleset;
use files::Files;

/// Reads, checks and compiles all rule files of a directory together.
///
/// The ruleset is there when no diagnostic is an error. All faults of all files come in one go, in the order of files
/// and places.
#[must_use]
pub fn load(files: &Files) -> (Option<Ruleset>, Vec<Diagnostic>) {
    let _ = files;
    (None, Vec::new())
}
