//! Which rule files a scenario is about, and whether they are refused as it says.

use toml::de::DeTable;

use super::Scenario;
use crate::diagnostic::Diagnostic;
use crate::rules::files::Files;

impl Scenario {
    /// Its rule files: those of a directory, its own, or its own laid over those of a directory.
    ///
    /// `directory` reads a directory of rules: the one named, relative to that given with `--rules`, or that one itself.
    ///
    /// # Errors
    /// Whatever `directory` gives.
    pub fn files<E>(&self, directory: impl FnOnce(Option<&str>) -> Result<Files, E>) -> Result<Files, E> {
        if self.stands_alone() {
            return Ok(self.inline.clone());
        }
        let mut files = directory(self.rules.as_deref())?;
        for (path, content) in self.inline.iter() {
            files.insert(path.clone(), content);
        }
        Ok(files)
    }

    /// Whether its inline files are a ruleset of their own: no `rules`, a timer among them, and nothing that they name but
    /// only a directory declares. Files that are to be refused stand alone with whatever is wrong with them.
    #[must_use]
    pub fn stands_alone(&self) -> bool {
        self.rules.is_none()
            && self.inline.iter().any(|(_, content)| declares_timer(content))
            && (!self.refused.is_empty() || crate::rules::load(&self.inline).0.is_some())
    }
}

/// Also true of a file that is broken: what is expected then are its own diagnostics, not those of a directory.
fn declares_timer(content: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(content) else { return true };
    DeTable::parse(text).map_or(true, |table| table.get_ref().keys().any(|key| key.get_ref() == "timers"))
}

/// The texts that a refused ruleset's diagnostics lack; `None` when all are there.
///
/// `texts` are expected as a code, or as a part of a message, label or help.
#[must_use]
pub fn refusal<'a>(texts: &'a [String], diagnostics: &[Diagnostic]) -> Option<Vec<&'a str>> {
    let lacking: Vec<&str> = texts.iter().map(String::as_str).filter(|text| !said(text, diagnostics)).collect();
    if lacking.is_empty() { None } else { Some(lacking) }
}

fn said(text: &str, diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|found| {
        format!("{}: {}", found.code, found.message).contains(text)
            || found.help.as_ref().is_some_and(|help| help.contains(text))
            || found.labels.iter().any(|label| label.text.contains(text))
    })
}
