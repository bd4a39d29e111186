//! A table of a file, and the typed values in it.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use wane_core::diagnostic::did_you_mean;

use super::value::{json_of, kind_of, number_of};
use super::{Fault, File, quoted};

/// A table, with a word for what it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Section<'t> {
    pub(super) file: File<'t>,
    pub(super) table: &'t DeTable<'t>,
    start: usize,
    what: &'static str,
}

pub(super) type Entry<'t> = &'t Spanned<DeValue<'t>>;

impl<'t> Section<'t> {
    /// The table, whose keys must be among those.
    pub(super) fn new(
        file: File<'t>,
        (table, span): (&'t DeTable<'t>, Range<usize>),
        what: &'static str,
        known: &[&str],
    ) -> Result<Self, Fault> {
        let section = Self { file, table, start: span.start, what };
        section.only(known)?;
        Ok(section)
    }

    fn only(&self, known: &[&str]) -> Result<(), Fault> {
        for key in self.table.keys() {
            let word: &str = key.get_ref();
            if !known.contains(&word) {
                let help = did_you_mean(word, known.iter().copied()).map_or_else(
                    || format!("{} can have {}", self.what, quoted(known)),
                    |meant| format!("did you mean `{meant}`?"),
                );
                return Err(self.file.fault(&key.span(), format!("{} has no key `{word}`", self.what), help));
            }
        }
        Ok(())
    }

    pub(super) fn line(&self) -> usize {
        self.file.line(self.start)
    }

    pub(super) fn fault(&self, message: impl Into<String>, help: impl Into<String>) -> Fault {
        self.file.fault(&(self.start..self.start), message, help)
    }

    pub(super) fn get(&self, key: &str) -> Option<Entry<'t>> {
        self.table.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
    }

    pub(super) fn wrong(&self, key: &str, want: &str, value: Entry<'_>) -> Fault {
        let message = format!("`{key}` must be {want}; this is {}", kind_of(value.get_ref()));
        self.file.fault(&value.span(), message, "")
    }

    fn typed<T>(&self, key: &str, want: &str, read: impl Fn(&'t DeValue<'t>) -> Option<T>) -> Result<Option<T>, Fault> {
        let Some(value) = self.get(key) else { return Ok(None) };
        read(value.get_ref()).map(Some).ok_or_else(|| self.wrong(key, want, value))
    }

    pub(super) fn text(&self, key: &str) -> Result<Option<&'t str>, Fault> {
        self.typed(key, "a text in quotes", DeValue::as_str)
    }

    pub(super) fn needed(&self, key: &str) -> Result<&'t str, Fault> {
        match self.text(key)? {
            Some("") => Err(self.fault(format!("`{key}` is empty"), "")),
            Some(text) => Ok(text),
            None => Err(self.fault(format!("{} needs `{key}`", self.what), "docs/conformance.md says what it holds")),
        }
    }

    pub(super) fn flag(&self, key: &str) -> Result<bool, Fault> {
        Ok(self.typed(key, "`true` or `false`", DeValue::as_bool)?.unwrap_or_default())
    }

    pub(super) fn number(&self, key: &str) -> Result<Option<i64>, Fault> {
        self.typed(key, "a whole number", number_of)
    }

    /// A number within bounds.
    pub(super) fn bounded(&self, key: &str, least: u32, most: u32) -> Result<Option<u32>, Fault> {
        let Some(number) = self.number(key)? else { return Ok(None) };
        let fits = u32::try_from(number).ok().filter(|number| (least..=most).contains(number));
        fits.map(Some).ok_or_else(|| self.fault(format!("`{key}` must be {least} to {most}"), ""))
    }

    pub(super) fn texts(&self, key: &str) -> Result<Vec<String>, Fault> {
        let Some(value) = self.get(key) else { return Ok(Vec::new()) };
        let texts = value.get_ref().as_array().and_then(|items| {
            items.iter().map(|item| item.get_ref().as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
        });
        texts.ok_or_else(|| self.wrong(key, "a list of texts", value))
    }

    /// Any value, as JSON.
    pub(super) fn json(&self, key: &str) -> Result<Option<Value>, Fault> {
        self.get(key).map(|value| json_of(self.file, value)).transpose()
    }

    /// A table of anything, as JSON; empty if it is not there.
    pub(super) fn object(&self, key: &str) -> Result<Map<String, Value>, Fault> {
        match (self.json(key)?, self.get(key)) {
            (None, _) => Ok(Map::new()),
            (Some(Value::Object(map)), _) => Ok(map),
            (Some(_), Some(value)) => Err(self.wrong(key, "a table", value)),
            (Some(_), None) => Ok(Map::new()),
        }
    }

    /// A table of texts.
    pub(super) fn strings(&self, key: &str) -> Result<BTreeMap<String, String>, Fault> {
        let text = |(name, value): (String, Value)| match value {
            Value::String(text) => Ok((name, text)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                Err(self.fault(format!("`{key}.{name}` must be a text in quotes"), ""))
            }
        };
        self.object(key)?.into_iter().map(text).collect()
    }

    /// A table with these keys.
    pub(super) fn section(&self, key: &str, what: &'static str, known: &[&str]) -> Result<Option<Self>, Fault> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let table = value.get_ref().as_table().ok_or_else(|| self.wrong(key, "a table", value))?;
        Self::new(self.file, (table, value.span()), what, known).map(Some)
    }

    /// The tables in a table, by their names.
    pub(super) fn sections(
        &self,
        key: &str,
        what: &'static str,
        known: &[&str],
    ) -> Result<Vec<(&'t str, Self)>, Fault> {
        let Some(value) = self.get(key) else { return Ok(Vec::new()) };
        let tables = value.get_ref().as_table().ok_or_else(|| self.wrong(key, "a table", value))?;
        let one = |(name, value): (&'t Spanned<_>, Entry<'t>)| {
            let name: &'t std::borrow::Cow<'t, str> = name.get_ref();
            let table = value.get_ref().as_table().ok_or_else(|| self.wrong(name, "a table", value))?;
            Ok((name.as_ref(), Self::new(self.file, (table, value.span()), what, known)?))
        };
        tables.iter().map(one).collect()
    }

    /// One of these words.
    pub(super) fn word<T: Copy>(&self, key: &str, words: &[(&str, T)]) -> Result<Option<T>, Fault> {
        let Some(text) = self.text(key)? else { return Ok(None) };
        if let Some((_, meant)) = words.iter().find(|(word, _)| *word == text) {
            return Ok(Some(*meant));
        }
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let help = did_you_mean(text, known.iter().copied())
            .map_or_else(|| format!("there are {}", quoted(&known)), |meant| format!("did you mean `{meant}`?"));
        let span = self.get(key).map(Spanned::span).unwrap_or_default();
        Err(self.file.fault(&span, format!("unknown `{key}`: `{text}`"), help))
    }
}
