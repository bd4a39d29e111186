//! Showing diagnostics: with the line of the file and the place in it, or as JSON.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::ops::Range;
use std::path::Path;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use wane_core::diagnostic::{Diagnostic, Label, Severity};
use wane_core::rules::files::Files;
use wane_wire::finding::FindingJson;
use wane_wire::place::{LineColumn, floor, line_column, mark};

use crate::out::Out;

/// A line longer than this is not shown, only named.
const LONGEST_LINE: usize = 2_000;

/// How many there are of each severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) errors: usize,
    pub(crate) warnings: usize,
}

impl Counts {
    pub(crate) fn of(diagnostics: &[Diagnostic]) -> Self {
        let errors = diagnostics.iter().filter(|found| found.severity() == Severity::Error).count();
        Self { errors, warnings: diagnostics.len() - errors }
    }

    /// `3 errors, 1 warning`.
    pub(crate) fn words(self) -> String {
        let parts: Vec<String> = [(self.errors, "error"), (self.warnings, "warning")]
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| plural(count, word))
            .collect();
        if parts.is_empty() { "no findings".to_owned() } else { parts.join(", ") }
    }
}

/// `1 error`, `2 errors`.
pub(crate) fn plural(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

/// Where the files of a set of diagnostics come from: what is put before their names, and their texts.
pub(crate) struct Source<'a> {
    pub(crate) dir: &'a Path,
    pub(crate) files: &'a Files,
}

impl Source<'_> {
    fn path(&self, file: &str) -> String {
        if self.dir.as_os_str().is_empty() { file.to_owned() } else { self.dir.join(file).display().to_string() }
    }

    fn text(&self, file: &str) -> Cow<'_, str> {
        self.files.get(file).map_or(Cow::Borrowed(""), String::from_utf8_lossy)
    }
}

/// Shows diagnostics for people.
///
/// # Errors
/// When the output is gone.
pub(crate) fn pretty(diagnostics: &[Diagnostic], source: &Source<'_>, out: &mut Out) -> io::Result<()> {
    let renderer = if out.colour() { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii);
    for diagnostic in diagnostics {
        writeln!(out, "{}\n", render(diagnostic, source, &renderer))?;
    }
    Ok(())
}

fn render(diagnostic: &Diagnostic, source: &Source<'_>, renderer: &Renderer) -> String {
    let level = match diagnostic.severity() {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = Group::with_title(level.primary_title(&*diagnostic.message).id(diagnostic.code.0));
    for (index, file) in files_of(diagnostic).into_iter().enumerate() {
        let labels: Vec<&Label> = diagnostic.labels.iter().filter(|label| *label.place.file == *file).collect();
        let text = source.text(file);
        group = match window(&text, &labels) {
            Some(shown) => group.element(snippet(&text, &labels, (shown, index == 0)).path(source.path(file))),
            None => group.element(only_place(&text, &labels, source.path(file))),
        };
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(&**help));
    }
    renderer.render(&[group])
}

/// The files that the labels name, each once, in their order.
fn files_of(diagnostic: &Diagnostic) -> Vec<&str> {
    let mut files: Vec<&str> = Vec::new();
    for label in &diagnostic.labels {
        if !files.contains(&&*label.place.file) {
            files.push(&label.place.file);
        }
    }
    files
}

/// The bytes of the whole lines that the labels lie on; `None` when a line is too long to show.
fn window(text: &str, labels: &[&Label]) -> Option<Range<usize>> {
    let first = labels.iter().map(|label| label.place.span.start).min()?;
    let last = labels.iter().map(|label| label.place.span.end).max()?;
    let (first, last) = (floor(text, first), floor(text, last.max(first)));
    let start = text.get(..first)?.rfind('\n').map_or_else(|| mark(text).min(first), |found| found + 1);
    let end = text.get(last..)?.find('\n').map_or(text.len(), |found| last + found);
    let end = text.get(..end)?.strip_suffix('\r').map_or(end, |line| line.len().max(last));
    let longest = text.get(start..end)?.lines().map(str::len).max().unwrap_or_default();
    (longest <= LONGEST_LINE).then_some(start..end)
}

fn snippet<'a>(
    text: &str,
    labels: &[&'a Label],
    (shown, own): (Range<usize>, bool),
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let line = line_column(text, shown.start).line;
    let part = text.get(shown.clone()).unwrap_or_default().to_owned();
    let mut snippet = Snippet::source(part.clone()).line_start(line);
    for (index, label) in labels.iter().enumerate() {
        let kind = if own && index == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
        let inside = |offset: usize| floor(&part, floor(text, offset).saturating_sub(shown.start));
        let (start, end) = (inside(label.place.span.start), inside(label.place.span.end));
        let annotation = kind.span(start..end.max(start));
        let word = (!label.text.is_empty()).then_some(&*label.text);
        snippet = snippet.annotation(match word {
            Some(word) => annotation.label(word),
            None => annotation,
        });
    }
    snippet
}

fn only_place(text: &str, labels: &[&Label], path: String) -> Origin<'static> {
    let start = labels.first().map_or(0, |label| label.place.span.start);
    let place = line_column(text, start);
    Origin::path(path).line(place.line).char_column(place.column)
}

/// Shows diagnostics as JSON, one a line; the first label is the fault's own place.
///
/// # Errors
/// When the output is gone.
pub(crate) fn json(diagnostics: &[Diagnostic], source: &Source<'_>, out: &mut Out) -> io::Result<()> {
    for diagnostic in diagnostics {
        let line = FindingJson::new(diagnostic, source.files, &|file| source.path(file));
        serde_json::to_writer(&mut *out, &line)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

fn ends(label: &Label, source: &Source<'_>) -> (LineColumn, LineColumn) {
    let text = source.text(&label.place.file);
    (line_column(&text, label.place.span.start), line_column(&text, label.place.span.end))
}

/// One line: `rules/a.toml:3:5: E0203: unknown timer`, for where a whole picture is too much.
pub(crate) fn one_line(diagnostic: &Diagnostic, source: &Source<'_>) -> String {
    let place = diagnostic.labels.first().map_or_else(String::new, |label| {
        let (start, _) = ends(label, source);
        format!("{}:{}:{}: ", source.path(&label.place.file), start.line, start.column)
    });
    format!("{place}{}: {}", diagnostic.code, diagnostic.message)
}

/// The codes that occur, each once.
pub(crate) fn codes(diagnostics: &[Diagnostic]) -> BTreeSet<&'static str> {
    diagnostics.iter().map(|found| found.code.0).collect()
}
