//! From the text of rule files to a [`Ruleset`], or to everything that is wrong with them.
//!
//! One way through: bytes become texts and documents (`read`, [`schema`]), names become what they name (`resolve`), the
//! whole is judged (`check`, one file per diagnostic), and what has no error becomes a ruleset (`compile`). Every step
//! goes on after a fault and leaves out only what the fault touches.

pub mod check;
mod compile;
mod escape;
pub mod files;
mod finding;
pub mod predicate;
mod read;
mod resolve;
pub mod schema;
mod source;

use crate::diagnostic::Diagnostic;
use crate::ruleset::Ruleset;
use files::Files;
use finding::{Finding, Findings};

/// Reads, checks and compiles all rule files of a directory together.
///
/// The ruleset is there when no diagnostic is an error. All faults of all files come in one go, in the order of files
/// and places.
///
/// ```
/// use wane_core::rules::{files::Files, load};
/// let mut files = Files::default();
/// files.insert("timers.toml", "[timers.bot]\nrestart_on = [\"message:custmer\"]\non_lapse = [\"end-session\"]\n");
/// let (ruleset, diagnostics) = load(&files);
/// assert!(ruleset.is_none());
/// assert!(diagnostics.iter().any(|found| found.help.as_deref() == Some("did you mean `customer`?")));
/// ```
#[must_use]
pub fn load(files: &Files) -> (Option<Ruleset>, Vec<Diagnostic>) {
    let mut out = Findings::default();
    let (sources, mut readable) = read::sources(files, &mut out);
    let documents = read::documents(&sources, &mut readable, &mut out);
    let context = resolve::Context { sources: &sources };
    let mut found = Findings::default();
    let model = resolve::resolve(&documents, &context, &mut found);
    check::judge(&model, &mut found);
    // A name that nobody declares may be declared in the file that could not be read.
    let word = |finding: &Finding| sources.written(finding.place()).trim_matches(['"', '\'']);
    found.retain(|finding| !finding.is_unknown_name() || !readable.may_declare(word(finding)));
    // Nor is it known what a fact of an unreadable type can be compared with.
    let vague: std::collections::BTreeSet<&str> = documents
        .iter()
        .flat_map(|document| &document.facts)
        .filter(|fact| fact.vague)
        .map(|fact| &*fact.name.value)
        .collect();
    found.retain(|finding| !finding.is_about_type() || !finding.words().any(|word| vague.contains(word)));
    found.retain(|finding| readable.whole || !finding.is_absence());
    found.retain(|finding| !readable.is_doubtful(finding.place()));
    out.append(found);
    let ruleset = (!out.any_error()).then(|| compile::compile(model, &context, files));
    (ruleset, out.into_diagnostics(&sources))
}
