//! Checking and compiling rules, beside the threads that serve requests.

use std::sync::Arc;

use tokio::sync::Semaphore;
use wane_core::rules;
use wane_core::rules::files::Files;
use wane_core::ruleset::{Ruleset, RulesetHash};
use wane_wire::finding::FindingJson;

use super::{Refusal, bundles};

/// Rulesets that are compiled at once; each takes a core and some tens of megabytes.
static COMPILERS: Semaphore = Semaphore::const_new(2);

/// Rule files, judged.
#[derive(Clone, Debug)]
pub struct Checked {
    /// Their name.
    pub hash: RulesetHash,
    /// Ready for use, when nothing is an error.
    pub rules: Option<Arc<Ruleset>>,
    /// Everything that is wrong with them.
    pub findings: Vec<FindingJson>,
    /// The first error on one line; empty when there is none.
    pub first: String,
}

impl Checked {
    /// How many errors there are.
    #[must_use]
    pub fn errors(&self) -> usize {
        self.findings.iter().filter(|finding| finding.severity == "error").count()
    }

    /// How many warnings there are.
    #[must_use]
    pub fn warnings(&self) -> usize {
        self.findings.len() - self.errors()
    }

    /// `the rules have 2 errors, the first one at timers.toml:3:9: …`.
    #[must_use]
    pub fn words(&self) -> String {
        match self.errors() {
            0 => "the rules have no error".to_owned(),
            1 => format!("the rules have an error: {}", self.first),
            many => format!("the rules have {many} errors, the first one: {}", self.first),
        }
    }
}

/// Checks and compiles files.
///
/// # Errors
/// Only [`Refusal::CutOff`]: what is wrong with the rules is in the answer.
pub async fn check(files: Arc<Files>) -> Result<Checked, Refusal> {
    let _place = COMPILERS.acquire().await.map_err(|closed| Refusal::CutOff(closed.to_string()))?;
    aside(move || judge(&files)).await
}

/// As [`check`], on this thread.
#[must_use]
pub fn judge(files: &Files) -> Checked {
    let (rules, found) = rules::load(files);
    let first = if rules.is_none() { bundles::first(&found, files) } else { String::new() };
    let findings = found.iter().map(|found| FindingJson::new(found, files, &str::to_owned)).collect();
    Checked { hash: files.hash(), rules: rules.map(Arc::new), findings, first }
}

/// Does work that takes a while, or waits for the disk, on a thread of its own.
///
/// # Errors
/// [`Refusal::CutOff`] when it panics.
pub(super) async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Refusal> {
    tokio::task::spawn_blocking(work).await.map_err(|cut| Refusal::CutOff(cut.to_string()))
}
