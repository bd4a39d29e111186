//! Readers over spanned TOML: every key that is wrong is a finding, and the rest is read all the same.

use std::cell::Cell;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::describe::{Kind, Table};
use crate::facts::Name;
use crate::rules::check;
use crate::rules::finding::Findings;
use crate::rules::source::{At, Sp};
use crate::time::Period;

/// A value of a rule file.
pub(crate) type Item<'t> = Sp<&'t DeValue<'t>>;

/// A table that is read by its description.
pub(crate) struct Reader<'t> {
    /// The table's header, or the braces of an inline one.
    pub(crate) at: At,
    table: &'t DeTable<'t>,
    spec: &'static Table,
    /// Whether the table itself had faults when it was opened.
    pub(crate) faulty: bool,
    /// One bit for each key that was asked for: what is described but never asked for is our mistake.
    asked: Cell<u64>,
}

impl<'t> Reader<'t> {
    /// Opens a table: keys that its description does not have, and those that it misses, are reported here.
    pub(crate) fn open(table: Sp<&'t DeTable<'t>>, spec: &'static Table, out: &mut Findings) -> Self {
        Self::open_named(table, spec, "NAME", out)
    }

    /// The same for a table of that name.
    fn open_named(table: Sp<&'t DeTable<'t>>, spec: &'static Table, name: &str, out: &mut Findings) -> Self {
        let before = out.count();
        let mut reader = Self { at: table.at, table: table.value, spec, faulty: false, asked: Cell::new(0) };
        for (key, _) in reader.table {
            if !spec.keys.iter().any(|known| known.name == key.get_ref()) {
                out.push(check::unknown_key::found(&spanned_key(reader.at.file, key), spec, name));
            }
        }
        for key in spec.keys.iter().filter(|key| key.required && !reader.table.contains_key(key.name)) {
            if !reader.is_misspelt(key.name) {
                out.push(check::missing_key::found(reader.at, spec, key, name));
            }
        }
        reader.faulty = out.count() > before;
        reader
    }

    /// Whether a key that nobody knows is likely to be meant for that one.
    pub(crate) fn is_misspelt(&self, key: &str) -> bool {
        let known = || self.spec.keys.iter().map(|known| known.name);
        let unknown =
            self.table.iter().map(|(key, _)| &**key.get_ref()).filter(|key| !known().any(|name| name == *key));
        !self.table.contains_key(key)
            && unknown.into_iter().any(|name| crate::diagnostic::did_you_mean(name, known()) == Some(key))
    }

    /// Whether that key is there, or misspelt.
    pub(crate) fn means(&self, key: &str) -> bool {
        self.table.contains_key(key) || self.is_misspelt(key)
    }

    /// The value of a key, whatever it is.
    pub(crate) fn item(&self, key: &str) -> Option<Item<'t>> {
        let index = self.spec.keys.iter().position(|known| known.name == key);
        debug_assert!(index.is_some(), "`{key}` is read but not described in `{}`", self.spec.name);
        self.asked.set(self.asked.get() | 1 << index.unwrap_or(63));
        let value = self.table.get(key)?;
        Some(Sp::new(value.get_ref(), At::new(self.at.file, &value.span())))
    }

    /// The value of a key after `read`; a value that `read` refuses is a wrong type.
    pub(crate) fn get<T>(&self, key: &str, out: &mut Findings, read: Read<'t, T>) -> Option<Sp<T>> {
        let item = self.item(key)?;
        let value = read(&item);
        if value.is_none() {
            self.wrong_type(key, &item, out);
        }
        value.map(|value| item.with(value))
    }

    /// A text; an empty one is reported, and then as good as none.
    pub(crate) fn text(&self, key: &str, out: &mut Findings) -> Option<Sp<Name>> {
        let text = self.get(key, out, text)?;
        let is_empty = text.trim().is_empty();
        if is_empty {
            out.push(check::empty_value::text(text.at, key, self.requires(key)));
        }
        (!is_empty).then_some(text)
    }

    /// Whether the table must have that key.
    pub(crate) fn requires(&self, key: &str) -> bool {
        self.spec.keys.iter().any(|known| known.name == key && known.required)
    }

    pub(crate) fn flag(&self, key: &str, out: &mut Findings) -> Option<Sp<bool>> {
        self.get(key, out, |item| item.as_bool())
    }

    pub(crate) fn number(&self, key: &str, out: &mut Findings) -> Option<Sp<i64>> {
        self.get(key, out, number)
    }

    /// A length of time; a text that is none is a finding of its own.
    pub(crate) fn duration(&self, key: &str, out: &mut Findings) -> Option<Sp<Period>> {
        let text = self.get(key, out, text)?;
        match Period::parse(&text) {
            Ok(period) => Some(text.with(period)),
            Err(error) => {
                out.push(check::bad_duration::found(&text, error, key));
                None
            }
        }
    }

    /// One of a few words.
    pub(crate) fn word<T: Copy>(&self, key: &str, words: &[(&'static str, T)], out: &mut Findings) -> Option<Sp<T>> {
        let text = self.get(key, out, text)?;
        match words.iter().find(|(word, _)| *word == &*text.value) {
            Some((_, value)) => Some(text.with(*value)),
            None => {
                out.push(check::unknown_word::found(&text, key, words.iter().map(|(word, _)| *word)));
                None
            }
        }
    }

    /// A list of texts.
    pub(crate) fn texts(&self, key: &str, out: &mut Findings) -> Option<Sp<Vec<Sp<Name>>>> {
        let list = self.list(key, out)?;
        let mut texts = Vec::with_capacity(list.len());
        for item in &list.value {
            match text(item) {
                Some(text) => texts.push(item.with(text)),
                None => self.wrong_item(key, item, out),
            }
        }
        Some(list.with(texts))
    }

    /// A list that means nothing when it is empty.
    pub(crate) fn filled(&self, key: &str, out: &mut Findings) -> Option<Sp<Vec<Sp<Name>>>> {
        if let Some(item) = self.item(key).filter(|item| item.as_array().is_some_and(|list| list.is_empty())) {
            out.push(check::empty_value::list(item.at, key, self.requires(key)));
        }
        self.texts(key, out)
    }

    /// The values of a list.
    pub(crate) fn list(&self, key: &str, out: &mut Findings) -> Option<Sp<Vec<Item<'t>>>> {
        let item = self.item(key)?;
        let Some(array) = item.as_array() else {
            self.wrong_type(key, &item, out);
            return None;
        };
        let items = array.iter().map(|value| Sp::new(value.get_ref(), At::new(item.at.file, &value.span())));
        Some(item.with(items.collect()))
    }

    /// A table of described keys.
    pub(crate) fn table(&self, key: &str, spec: &'static Table, out: &mut Findings) -> Option<Reader<'t>> {
        let table = self.get(key, out, |item| item.as_table())?;
        Some(Reader::open(table, spec, out))
    }

    /// A list of tables of described keys.
    pub(crate) fn tables(&self, key: &str, spec: &'static Table, out: &mut Findings) -> Vec<Reader<'t>> {
        let list = self.list(key, out).map(|list| list.value).unwrap_or_default();
        let mut readers = Vec::with_capacity(list.len());
        for item in list {
            match item.as_table() {
                Some(table) => readers.push(Reader::open(item.with(table), spec, out)),
                None => self.wrong_item(key, &item, out),
            }
        }
        readers
    }

    /// The entries of a table of free names, in the order of the text.
    pub(crate) fn entries(&self, key: &str, out: &mut Findings) -> Vec<(Sp<Name>, Item<'t>)> {
        let Some(table) = self.get(key, out, |item| item.as_table()) else { return Vec::new() };
        entries(&table)
    }

    /// The same where every entry is a table of described keys.
    pub(crate) fn named(&self, key: &str, spec: &'static Table, out: &mut Findings) -> Vec<(Sp<Name>, Reader<'t>)> {
        let mut readers = Vec::new();
        for (name, item) in self.entries(key, out) {
            match item.as_table() {
                // The name is a better place than a header that may be far above or missing.
                Some(table) => {
                    readers.push((name.clone(), Reader::open_named(Sp::new(table, name.at), spec, &name, out)))
                }
                None => self.wrong_item(key, &item, out),
            }
        }
        readers
    }

    pub(crate) fn wrong_type(&self, key: &str, item: &Item<'t>, out: &mut Findings) {
        if let Some(known) = self.spec.keys.iter().find(|known| known.name == key) {
            out.push(check::wrong_type::found(item, known.name, known.kind));
        }
    }

    /// The same for an item of a list or of a table of names.
    pub(crate) fn wrong_item(&self, key: &str, item: &Item<'t>, out: &mut Findings) {
        if let Some(known) = self.spec.keys.iter().find(|known| known.name == key) {
            out.push(check::wrong_type::found(item, known.name, inner(known.kind)));
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Ends the reading; in tests, finds keys that are described but that nobody reads.
    pub(crate) fn finish(self) {
        for (index, key) in self.spec.keys.iter().enumerate() {
            debug_assert!(self.asked.get() >> index & 1 == 1, "`{}` of `{}` is never read", key.name, self.spec.name);
        }
    }
}

/// How a value is taken; `None` when it has another type.
pub(crate) type Read<'t, T> = fn(&Item<'t>) -> Option<T>;

/// What an item of a list, or of a table of names, should have been.
const fn inner(kind: &'static Kind) -> &'static Kind {
    if let Kind::List(inner) | Kind::Map(_, inner) = kind { inner } else { kind }
}

pub(crate) fn text(item: &Item<'_>) -> Option<Name> {
    item.as_str().map(Name::from)
}

pub(crate) fn number(item: &Item<'_>) -> Option<i64> {
    let integer = item.as_integer()?;
    i64::from_str_radix(integer.as_str(), integer.radix()).ok()
}

/// The entries of a table, in the order of the text: the parser keeps them by name.
pub(crate) fn entries<'t>(table: &Sp<&'t DeTable<'t>>) -> Vec<(Sp<Name>, Item<'t>)> {
    let file = table.at.file;
    let entry = |(key, value): (&'t Spanned<_>, &'t Spanned<DeValue<'t>>)| {
        (spanned_key(file, key), Sp::new(value.get_ref(), At::new(file, &value.span())))
    };
    let mut entries: Vec<_> = table.value.iter().map(entry).collect();
    entries.sort_by_key(|(name, _)| name.at);
    entries
}

fn spanned_key(file: u32, key: &Spanned<std::borrow::Cow<'_, str>>) -> Sp<Name> {
    Sp::new(Name::from(&**key.get_ref()), At::new(file, &key.span()))
}
