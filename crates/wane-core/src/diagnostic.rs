//! What is wrong with a rule file, as data: code, place, words and help. Rendering is the command line's.

use std::fmt;
use std::ops::Range;

use crate::facts::Name;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing of the directory is applied.
    Error,
    /// Applied, but probably not what was meant.
    Warning,
}

/// A stable number for a kind of fault; never used again for another. `E…` are errors, `W…` warnings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Code(pub &'static str);

impl Code {
    /// Whether the code is of an error or of a warning.
    #[must_use]
    pub fn severity(self) -> Severity {
        if self.0.starts_with('W') { Severity::Warning } else { Severity::Error }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// A place in a rule file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file's path relative to the directory, with `/`.
    pub file: Name,
    /// The bytes of the file's text that are meant. Empty ranges point between bytes.
    pub span: Range<usize>,
}

/// A place with a word about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub place: Place,
    /// What is there, in a few words; may be empty.
    pub text: String,
}

/// One finding about the rule files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Which kind of fault.
    pub code: Code,
    /// What is wrong: lower-case start, no final stop, backticks round the user's text.
    pub message: String,
    /// Where it is; the first one is the fault's own place. Empty only when no file can be named.
    pub labels: Vec<Label>,
    /// What would be right.
    pub help: Option<String>,
}

impl Diagnostic {
    /// A finding without a place yet.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), labels: Vec::new(), help: None }
    }

    /// Adds a place; the first added is the fault's own.
    #[must_use]
    pub fn at(mut self, place: Place, text: impl Into<String>) -> Self {
        self.labels.push(Label { place, text: text.into() });
        self
    }

    /// Says what would be right.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Error or warning.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }
}

/// The one of `known` that somebody who wrote `word` most likely meant.
///
/// A directory may name thousands of things that nobody declares, so most candidates are ruled out without looking at
/// the order of their letters.
#[must_use]
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = word.chars().count();
    let limit = (length / 3).max(1);
    let letters = letters(word);
    // An edit brings in one letter at most, and takes one away at most.
    let near = |candidate: &&str| {
        let other = self::letters(candidate);
        let most = u32::try_from(limit).unwrap_or(u32::MAX);
        (letters & !other).count_ones() <= most && (other & !letters).count_ones() <= most
    };
    known
        .into_iter()
        .filter(|candidate| candidate.len().abs_diff(word.len()) <= limit * 4)
        .filter(near)
        .filter(|candidate| candidate.chars().count().abs_diff(length) <= limit)
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The set of a word's letters, as bits; different letters may share one.
fn letters(word: &str) -> u64 {
    word.chars().fold(0, |set, letter| set | 1 << (u32::from(fold(letter)) & 63))
}

/// Letters that count as the same have one form.
const fn fold(letter: char) -> char {
    if letter == '_' { '-' } else { letter.to_ascii_lowercase() }
}

/// Edits (insert, delete, replace, swap of neighbours) between two words, without regard to case and `_` for `-`.
fn distance(left: &str, right: &str) -> usize {
    let [left, right] = [left, right].map(|word| word.chars().map(fold).collect::<Vec<char>>());
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in right.iter().enumerate() {
            let at = |cells: &[usize], index: usize| cells.get(index).copied().unwrap_or(usize::MAX / 2);
            let mut best = (at(&last, j) + usize::from(a != b)).min(at(&last, j + 1) + 1).min(at(&row, j) + 1);
            let swapped = i > 0 && j > 0 && left.get(i - 1) == Some(b) && right.get(j - 1) == Some(a);
            if swapped {
                best = best.min(at(&before_last, j - 1) + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_suggested_and_far_ones_are_not() {
        let known = ["customer-activity", "client-contact", "whatsapp"];
        assert_eq!(did_you_mean("whatsap", known), Some("whatsapp"));
        assert_eq!(did_you_mean("customer_activty", known), Some("customer-activity"));
        assert_eq!(did_you_mean("hwatsapp", known), Some("whatsapp"), "swapped neighbours are one mistake");
        assert_eq!(did_you_mean("sms", known), None);
    }
}
