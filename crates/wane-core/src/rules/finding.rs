//! Findings while loading: diagnostics whose places are still small numbers.

use super::check::{Check, more_findings};
use super::source::{At, Sources};
use crate::diagnostic::{Code, Diagnostic};

/// A diagnostic in the making.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    code: Code,
    message: String,
    labels: Vec<(At, String)>,
    help: Option<String>,
}

impl Finding {
    pub(crate) fn new(check: &Check, message: impl Into<String>) -> Self {
        Self { code: check.code, message: message.into(), labels: Vec::new(), help: None }
    }

    /// A finding of a code that is another module's to know.
    pub(crate) const fn coded(code: Code, message: String) -> Self {
        Self { code, message, labels: Vec::new(), help: None }
    }

    /// Adds a place; the first added is the fault's own.
    pub(crate) fn at(mut self, at: At, text: impl Into<String>) -> Self {
        self.labels.push((at, text.into()));
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Help that says "did you mean", or else what there is to choose from.
    pub(crate) fn meant<'a>(self, word: &str, known: impl Iterator<Item = &'a str> + Clone) -> Self {
        match crate::diagnostic::did_you_mean(word, known.clone()) {
            Some(near) => self.help(format!("did you mean `{near}`?")),
            None => self.choices(known),
        }
    }

    fn choices<'a>(self, known: impl Iterator<Item = &'a str>) -> Self {
        const SHOWN: usize = 24;
        let mut known: Vec<&str> = known.collect();
        known.sort_unstable();
        known.dedup();
        let more = known.len().saturating_sub(SHOWN);
        let shown: Vec<String> = known.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
        match (shown.is_empty(), more) {
            (true, _) => self,
            (false, 0) if shown.len() == 1 => self.help(format!("there is only {}", shown.join(""))),
            (false, 0) => self.help(format!("write one of {}", shown.join(", "))),
            (false, more) => self.help(format!("write one of {} or {more} more", shown.join(", "))),
        }
    }

    pub(crate) fn place(&self) -> At {
        self.labels.first().map(|(at, _)| *at).unwrap_or_default()
    }

    pub(crate) fn is_error(&self) -> bool {
        self.code.severity() == crate::diagnostic::Severity::Error
    }

    /// Whether it is about a key that is not there.
    pub(crate) fn is_missing_key(&self) -> bool {
        self.code == super::check::missing_key::CHECK.code
    }

    /// Whether it is about a name that is declared nowhere.
    pub(crate) fn is_unknown_name(&self) -> bool {
        super::check::UNKNOWN_NAMES.iter().any(|check| check.code == self.code)
    }

    /// Whether it is about the type of a fact, or its values.
    pub(crate) fn is_about_type(&self) -> bool {
        super::check::TYPES.iter().any(|check| check.code == self.code)
    }

    /// What stands between backticks in its message, and what between those.
    pub(crate) fn words(&self) -> impl Iterator<Item = &str> {
        self.message.split('`')
    }

    /// Whether it is about something that is not there, and may be what could not be read.
    pub(crate) fn is_absence(&self) -> bool {
        super::check::ABSENCES.iter().any(|check| check.code == self.code)
    }

    fn into_diagnostic(self, sources: &Sources<'_>) -> Diagnostic {
        let mut diagnostic = Diagnostic::new(self.code, self.message);
        for (at, text) in self.labels {
            if let Some(place) = sources.place(at) {
                diagnostic = diagnostic.at(place, text);
            }
        }
        diagnostic.help = self.help;
        diagnostic
    }
}

/// All findings of a run.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    all: Vec<Finding>,
}

impl Findings {
    pub(crate) fn push(&mut self, finding: Finding) {
        self.all.push(finding);
    }

    pub(crate) const fn count(&self) -> usize {
        self.all.len()
    }

    pub(crate) fn append(&mut self, mut others: Self) {
        self.all.append(&mut others.all);
    }

    pub(crate) fn any_error(&self) -> bool {
        self.all.iter().any(Finding::is_error)
    }

    pub(crate) fn retain(&mut self, keep: impl FnMut(&Finding) -> bool) {
        self.all.retain(keep);
    }

    /// The diagnostics, in the order of files and places; of each file so many as anybody reads, errors first.
    pub(crate) fn into_diagnostics(mut self, sources: &Sources<'_>) -> Vec<Diagnostic> {
        self.all.sort_by(|a, b| (a.place(), a.code, &a.message).cmp(&(b.place(), b.code, &b.message)));
        self.all.dedup_by(|a, b| (a.place(), a.code) == (b.place(), b.code) && a.message == b.message);
        let files = self.all.chunk_by(|a, b| a.place().file == b.place().file);
        let shown: Vec<Finding> = files.flat_map(shown).collect();
        shown.into_iter().map(|finding| finding.into_diagnostic(sources)).collect()
    }
}

/// The findings of one file that are shown, and how many are not.
fn shown(file: &[Finding]) -> Vec<Finding> {
    let most = more_findings::SHOWN;
    let hidden = file.len().saturating_sub(most);
    let mut order: Vec<usize> = (0..file.len()).collect();
    if hidden > 0 {
        order.sort_by_key(|index| !file.get(*index).is_some_and(Finding::is_error));
    }
    let next =
        order.get(most).and_then(|index| file.get(*index)).map(|next| more_findings::found(next.place(), hidden));
    order.truncate(most);
    order.sort_unstable();
    order.iter().filter_map(|index| file.get(*index).cloned()).chain(next).collect()
}
