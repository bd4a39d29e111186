//! Bytes into texts and texts into documents, with the faults that has: too large, not UTF-8, not TOML.

use std::collections::BTreeSet;
use std::ops::Range;

use toml::de::{DeTable, Error};

use super::check;
use super::files::Files;
use super::finding::Findings;
use super::schema::{self, Document};
use super::source::{At, Source, Sources, Sp};
use crate::facts::Name;

/// All files as texts. A file that can not be read stands there empty, so that every file keeps its number.
pub(crate) fn sources<'a>(files: &'a Files, out: &mut Findings) -> (Sources<'a>, Readable) {
    let mut readable = Readable::default();
    let total = files.iter().map(|(_, content)| content.len()).sum();
    let fits = total <= check::file_too_large::LARGEST_DIRECTORY;
    if files.is_empty() {
        out.push(check::no_rule_files::found());
    } else if !fits {
        out.push(check::file_too_large::directory(total));
    }
    let mut sources = Sources::default();
    for ((path, content), number) in files.iter().zip(0..) {
        let text = if fits { decode(number, content, out) } else { None };
        readable.all &= text.is_some();
        readable.whole &= text.is_some();
        sources.files.push(Source::new(path.clone(), text.unwrap_or_default()));
    }
    (sources, readable)
}

/// Whether every file could be read: if not, a name that nobody declares may be declared there.
#[derive(Clone, Debug)]
pub(crate) struct Readable {
    pub(crate) all: bool,
    /// Whether every file was TOML throughout.
    pub(crate) whole: bool,
    /// The lines that are not TOML: a name that stands there may have been declared there.
    pub(crate) broken: Vec<String>,
    /// Names in parts that were not read as what they were meant for.
    astray: BTreeSet<Name>,
    /// Where what was read may be another thing than was meant.
    doubtful: Vec<(u32, Range<usize>)>,
}

impl Readable {
    /// Whether something was read there that may not be what was meant.
    pub(crate) fn is_doubtful(&self, at: At) -> bool {
        // What the parser puts in place of a value that it could not read stands nowhere.
        if at.range() == (0..0) && self.doubtful.iter().any(|(file, _)| *file == at.file) {
            return true;
        }
        let start = at.range().start;
        let next = self.doubtful.partition_point(|(file, region)| (*file, region.start) <= (at.file, start));
        let last = next.checked_sub(1).and_then(|last| self.doubtful.get(last));
        last.is_some_and(|(file, region)| *file == at.file && start < region.end)
    }

    /// Whether that word may have been declared where nothing could be read.
    pub(crate) fn may_declare(&self, word: &str) -> bool {
        !self.all || self.astray.contains(word) || self.broken.iter().any(|line| line.contains(word))
    }
}

impl Default for Readable {
    fn default() -> Self {
        Self { all: true, whole: true, broken: Vec::new(), astray: BTreeSet::new(), doubtful: Vec::new() }
    }
}

fn decode<'a>(file: u32, content: &'a [u8], out: &mut Findings) -> Option<&'a str> {
    if content.len() > check::file_too_large::LARGEST_FILE {
        out.push(check::file_too_large::file(At::new(file, &(0..0)), content.len()));
        return None;
    }
    match std::str::from_utf8(content) {
        Ok(text) => Some(text),
        Err(error) => {
            let offset = error.valid_up_to();
            out.push(check::not_utf8::found(At::new(file, &(offset..offset)), offset));
            None
        }
    }
}

/// Reads every text as a rule file.
pub(crate) fn documents(sources: &Sources<'_>, readable: &mut Readable, out: &mut Findings) -> Vec<Document> {
    let documents: Vec<Document> =
        sources.files.iter().zip(0..).map(|(source, file)| document(file, source, readable, out)).collect();
    for name in documents.iter().flat_map(|document| &document.astray) {
        readable.whole = false;
        readable.astray.insert(name.clone());
    }
    documents
}

fn document(file: u32, source: &Source<'_>, readable: &mut Readable, out: &mut Findings) -> Document {
    let (table, errors) = DeTable::parse_recoverable(source.text);
    readable.whole &= errors.is_empty();
    readable.broken.extend(errors.iter().take(check::toml_syntax::SHOWN).filter_map(|error| line(source.text, error)));
    syntax(file, source, &errors, out);
    let at = At::new(file, &(0..0));
    if errors.is_empty() {
        return schema::read(Sp::new(table.get_ref(), at), out);
    }
    // What was read of a broken file is still worth checking, but not what only the breakage made wrong.
    let mut found = Findings::default();
    let document = schema::read(Sp::new(table.get_ref(), at), &mut found);
    readable.doubtful.extend(doubtful(source.text, &errors).into_iter().map(|region| (file, region)));
    found.retain(|finding| !finding.is_missing_key() && !readable.is_doubtful(finding.place()));
    out.append(found);
    document
}

/// Where an error begins: a text of several lines that is not closed is noticed at the end of the file only.
fn begins(text: &str, error: &Error) -> Option<usize> {
    let at = error.span()?.start;
    let quotes = match error.message() {
        check::toml_syntax::OPEN_LITERAL => "\'\'\'",
        check::toml_syntax::OPEN_BASIC => "\"\"\"",
        _ => return Some(at),
    };
    let ends = text.get(at..).is_some_and(|rest| rest.trim().is_empty());
    Some(text.rfind(quotes).filter(|_| ends).unwrap_or(at))
}

/// From the line of each syntax error to the next header: keys there may have landed in another table than was meant.
fn doubtful(text: &str, errors: &[Error]) -> Vec<Range<usize>> {
    // A text that is not closed has taken everything to the end of the file.
    let start = |error: &Error| {
        let begin = begins(text, error)?;
        Some((begin, begin < error.span()?.start))
    };
    let mut starts: Vec<(usize, bool)> = errors.iter().filter_map(start).collect();
    starts.sort_unstable();
    let mut regions: Vec<Range<usize>> = Vec::new();
    for (at, open) in starts {
        // Most errors lie in the region of the one before: each region is searched for once.
        if regions.last().is_some_and(|last| at < last.end) {
            continue;
        }
        let start = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
        let next = text.get(at..).and_then(|rest| rest.find("\n[")).filter(|_| !open);
        regions.push(start..next.map_or(text.len() + 1, |next| at + next + 1));
    }
    regions
}

/// The line in which an error is.
fn line(text: &str, error: &Error) -> Option<String> {
    let (before, after) = text.split_at_checked(error.span()?.start)?;
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let end = after.find('\n').unwrap_or(after.len());
    text.get(start..before.len() + end).map(str::to_owned)
}

/// Where the first line begins that was read as a part of a list or an inline table which no later bracket closes. What
/// is wrong after it says only that the rest of the file is no list.
fn swallowed(text: &str, errors: &[Error]) -> Option<usize> {
    let is_open = |error: &Error| error.message().starts_with("unclosed array, ") || is_open_table(error);
    let is_inside = |error: &&Error| {
        ["missing comma", "between key-value pairs", "inline table element"]
            .iter()
            .any(|words| error.message().contains(words))
    };
    let begins = |error: &Error| {
        let at = error.span()?.start;
        let (before, rest) = text.split_at_checked(at)?;
        let first = rest.lines().next().unwrap_or_default();
        let key = first.split_once('=').is_some_and(|(key, _)| !key.contains(['"', '{', '[', ',']));
        let alone = before.rsplit('\n').next().is_some_and(|line| line.trim().is_empty());
        (alone && (key || first.starts_with('['))).then_some(at)
    };
    errors.iter().find(|error| is_open(error))?;
    errors.iter().filter(is_inside).filter_map(begins).min()
}

fn is_open_table(error: &Error) -> bool {
    error.message().starts_with("unclosed inline table, ")
}

fn is_rest(error: &Error) -> bool {
    ["unexpected key or value", "key with no value"].iter().any(|words| error.message().starts_with(words))
}

fn same_line(source: &Source<'_>, one: &Error, other: &Error) -> bool {
    let line = |error: &Error| error.span().map(|span| source.line(span.start));
    line(one) == line(other)
}

fn syntax(file: u32, source: &Source<'_>, errors: &[Error], out: &mut Findings) {
    let most = check::toml_syntax::SHOWN;
    let swallowed = swallowed(source.text, errors);
    let mut errors: Vec<&Error> = errors
        .iter()
        .filter(|error| swallowed.is_none_or(|from| error.span().is_some_and(|span| span.start < from)))
        .collect();
    // The rest of a line in which something was wrong is nothing new.
    errors.sort_by_key(|error| error.span().map(|span| span.start));
    errors.dedup_by(|later, first| is_rest(later) && same_line(source, later, first));
    if let Some(from) = swallowed {
        let at = source.text.get(..from).map_or(from, |before| before.trim_end().len());
        // A text that is not closed has taken the bracket with it.
        let line = source.line(at);
        if !errors.iter().filter_map(|error| error.span()).any(|span| source.line(span.start) == line) {
            out.push(check::toml_syntax::open_list(At::new(file, &(at..at))));
        }
    }
    let at = |error: &Error| At::new(file, &error.span().unwrap_or(source.text.len()..source.text.len()));
    for error in errors.iter().take(most) {
        let at = at(error);
        match error.message() {
            "duplicate key" => {
                let key = source.text.get(at.range()).unwrap_or_default();
                out.push(check::duplicate_key::found(at, key));
            }
            message if message.starts_with("cannot recurse") => out.push(check::too_deep::found(at)),
            message => {
                let begin = begins(source.text, error).unwrap_or(at.range().start);
                let at = if begin < at.range().start { At::new(file, &(begin..begin + 3)) } else { at };
                out.push(check::toml_syntax::found(at, message));
            }
        }
    }
    if let Some(next) = errors.get(most) {
        out.push(check::toml_syntax::more(at(next), errors.len() - most));
    }
}
