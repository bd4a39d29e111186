//! Typed reading of spanned TOML tables: whatever does not fit becomes a diagnostic, and reading goes on.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::codes::{MISSING_KEY, UNKNOWN_KEY, WRONG_VALUE};
use crate::diagnostic::{Code, Diagnostic, Place, did_you_mean};
use crate::facts::{Name, Value};
use crate::time::{Timestamp, parse_offset};

/// What was found wrong in one file.
pub(super) struct Faults {
    pub(super) file: Name,
    pub(super) found: Vec<Diagnostic>,
}

impl Faults {
    pub(super) fn place(&self, span: Range<usize>) -> Place {
        Place { file: self.file.clone(), span }
    }

    pub(super) fn add(&mut self, code: Code, span: Range<usize>, message: impl Into<String>) {
        self.add_with(code, span, message, ("", None));
    }

    pub(super) fn add_with(
        &mut self,
        code: Code,
        span: Range<usize>,
        message: impl Into<String>,
        (label, help): (&str, Option<String>),
    ) {
        let mut fault = Diagnostic::new(code, message).at(self.place(span), label);
        fault.help = help;
        self.found.push(fault);
    }

    /// A value that is not one of the words that fit.
    pub(super) fn not_one_of(&mut self, span: Range<usize>, what: &str, (word, known): (&str, &[&str])) {
        let help = did_you_mean(word, known.iter().copied())
            .map_or_else(|| format!("one of {}", quoted(known)), |meant| format!("did you mean `{meant}`?"));
        self.add_with(WRONG_VALUE, span, format!("unknown {what} `{word}`"), ("not known here", Some(help)));
    }
}

/// The words in backticks, with commas.
pub(super) fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// A table of the file, with a word for what it is.
#[derive(Clone, Copy)]
pub(super) struct Section<'t> {
    pub(super) table: &'t DeTable<'t>,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) what: &'static str,
}

/// A value with the bytes it was read from.
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) span: Range<usize>,
}

impl<'t> Section<'t> {
    pub(super) fn new(table: &'t DeTable<'t>, span: Range<usize>, what: &'static str) -> Self {
        Self { table, start: span.start, end: span.end, what }
    }

    /// The section's own place, for what is missing in it: its first line.
    pub(super) fn span(&self) -> Range<usize> {
        self.start..self.end
    }

    /// Reports every key that is not among those.
    pub(super) fn only(&self, known: &[&str], faults: &mut Faults) {
        for key in self.table.keys() {
            let word: &str = key.get_ref();
            if !known.contains(&word) {
                let help = did_you_mean(word, known.iter().copied()).map_or_else(
                    || format!("{} can have {}", self.what, quoted(known)),
                    |meant| format!("did you mean `{meant}`?"),
                );
                let message = format!("{} has no key `{word}`", self.what);
                faults.add_with(UNKNOWN_KEY, key.span(), message, ("unknown key", Some(help)));
            }
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&'t Spanned<DeValue<'t>>> {
        self.table.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
    }

    pub(super) fn missing(&self, key: &str, help: &str, faults: &mut Faults) {
        let message = format!("{} needs `{key}`", self.what);
        faults.add_with(MISSING_KEY, self.span(), message, (&format!("no `{key}` here"), Some(help.to_owned())));
    }

    fn wrong(&self, key: &str, (want, value): (&str, &Spanned<DeValue<'_>>), faults: &mut Faults) {
        let message = format!("`{key}` must be {want}");
        let label = format!("this is {}", kind_of(value.get_ref()));
        faults.add_with(WRONG_VALUE, value.span(), message, (&label, None));
    }

    pub(super) fn text(&self, key: &str, faults: &mut Faults) -> Option<At<&'t str>> {
        let value = self.get(key)?;
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.wrong(key, ("a text in quotes", value), faults);
        }
        Some(At { value: text?, span: value.span() })
    }

    pub(super) fn name(&self, key: &str, faults: &mut Faults) -> Option<Name> {
        let text = self.text(key, faults)?;
        if text.value.is_empty() {
            faults.add(WRONG_VALUE, text.span, format!("`{key}` is empty"));
            return None;
        }
        Some(text.value.into())
    }

    pub(super) fn flag(&self, key: &str, faults: &mut Faults) -> Option<bool> {
        let value = self.get(key)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            self.wrong(key, ("`true` or `false`", value), faults);
        }
        flag
    }

    /// A list of texts; a single text counts as a list of one.
    pub(super) fn texts(&self, key: &str, faults: &mut Faults) -> Option<Vec<At<&'t str>>> {
        let value = self.get(key)?;
        if let Some(text) = value.get_ref().as_str() {
            return Some(vec![At { value: text, span: value.span() }]);
        }
        let Some(items) = value.get_ref().as_array() else {
            self.wrong(key, ("a list of texts", value), faults);
            return None;
        };
        let mut texts = Vec::new();
        for item in items.iter() {
            match item.get_ref().as_str() {
                Some(text) => texts.push(At { value: text, span: item.span() }),
                None => self.wrong(key, ("a list of texts", item), faults),
            }
        }
        Some(texts)
    }

    /// A sub-table.
    pub(super) fn section(&self, key: &str, what: &'static str, faults: &mut Faults) -> Option<Section<'t>> {
        let value = self.get(key)?;
        let Some(table) = value.get_ref().as_table() else {
            self.wrong(key, ("a table", value), faults);
            return None;
        };
        Some(Section::new(table, value.span(), what))
    }

    /// A list of tables.
    pub(super) fn sections(&self, key: &str, what: &'static str, faults: &mut Faults) -> Option<Vec<Section<'t>>> {
        let value = self.get(key)?;
        let Some(items) = value.get_ref().as_array() else {
            self.wrong(key, ("a list of tables", value), faults);
            return None;
        };
        let mut sections = Vec::new();
        for item in items.iter() {
            match item.get_ref().as_table() {
                Some(table) => sections.push(Section::new(table, item.span(), what)),
                None => self.wrong(key, ("a list of tables", item), faults),
            }
        }
        Some(sections)
    }

    /// An instant: a duration from `start`, or a date and time.
    pub(super) fn instant(&self, key: &str, start: Timestamp, faults: &mut Faults) -> Option<At<Timestamp>> {
        let value = self.get(key)?;
        let read = match value.get_ref() {
            DeValue::String(text) => instant(text, start),
            DeValue::Datetime(date) => Timestamp::parse(&date.to_string()).map_err(|error| error.to_string()),
            DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Array(_) | DeValue::Table(_) => {
                self.wrong(key, ("a duration from the start, such as `\"2h\"`", value), faults);
                return None;
            }
        };
        match read {
            Ok(at) => Some(At { value: at, span: value.span() }),
            Err(problem) => {
                faults.add(WRONG_VALUE, value.span(), format!("`{key}` is {problem}"));
                None
            }
        }
    }
}

/// Reads `2h` from `start`, or `2026-03-01T09:00:00Z`.
pub(super) fn instant(text: &str, start: Timestamp) -> Result<Timestamp, String> {
    match parse_offset(text) {
        Ok(millis) => Ok(start.plus_millis(millis)),
        Err(offset) => Timestamp::parse(text).map_err(|error| match text.contains('T') && !text.starts_with('P') {
            true => error.to_string(),
            false => offset.to_string(),
        }),
    }
}

/// The value of a fact: text, truth value or whole number.
pub(super) fn fact_value(key: &str, value: &Spanned<DeValue<'_>>, faults: &mut Faults) -> Option<Value> {
    let read = match value.get_ref() {
        DeValue::String(text) => Some(Value::Text(text.as_ref().into())),
        DeValue::Boolean(flag) => Some(Value::Bool(*flag)),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok().map(Value::Int),
        DeValue::Float(_) | DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => None,
    };
    if read.is_none() {
        let message = format!("`{key}` must be a text, a truth value or a whole number");
        let label = format!("this is {}", kind_of(value.get_ref()));
        faults.add_with(WRONG_VALUE, value.span(), message, (&label, None));
    }
    read
}

fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "a truth value",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
