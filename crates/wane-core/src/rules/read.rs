//! Bytes into texts and texts into documents, with the faults that has: too large, not UTF-8, not TOML.

use toml::de::{DeTable, Error};

use super::check;
use super::files::Files;
use super::finding::Findings;
use super::schema::{self, Document};
use super::source::{At, Source, Sources, Sp};

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
#[derive(Clone, Copy, Debug)]
pub(crate) struct Readable {
    pub(crate) all: bool,
    /// Whether every file was TOML throughout.
    pub(crate) whole: bool,
}

impl Default for Readable {
    fn default() -> Self {
        Self { all: true, whole: true }
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
    sources.files.iter().zip(0..).map(|(source, file)| document(file, source, readable, out)).collect()
}

fn document(file: u32, source: &Source<'_>, readable: &mut Readable, out: &mut Findings) -> Document {
    let (table, errors) = DeTable::parse_recoverable(source.text);
    readable.whole &= errors.is_empty();
    syntax(file, source, &errors, out);
    let at = At::new(file, &(0..0));
    if errors.is_empty() {
        return schema::read(Sp::new(table.get_ref(), at), out);
    }
    // What was read of a broken file is still worth checking, but not what only the breakage made wrong.
    let mut found = Findings::default();
    let document = schema::read(Sp::new(table.get_ref(), at), &mut found);
    let broken: Vec<u32> = errors.iter().filter_map(Error::span).map(|span| source.line(span.start)).collect();
    found.retain(|finding| !finding.is_missing_key() && !broken.contains(&source.line(finding.place().range().start)));
    out.append(found);
    document
}

fn syntax(file: u32, source: &Source<'_>, errors: &[Error], out: &mut Findings) {
    let most = check::toml_syntax::SHOWN;
    let at = |error: &Error| At::new(file, &error.span().unwrap_or_else(|| source.text.len()..source.text.len()));
    for error in errors.iter().take(most) {
        let at = at(error);
        match error.message() {
            "duplicate key" => {
                let key = source.text.get(at.range()).unwrap_or_default();
                out.push(check::duplicate_key::found(at, key));
            }
            message if message.starts_with("cannot recurse") => out.push(check::too_deep::found(at)),
            message => out.push(check::toml_syntax::found(at, message)),
        }
    }
    if let Some(next) = errors.get(most) {
        out.push(check::toml_syntax::more(at(next), errors.len() - most));
    }
}
