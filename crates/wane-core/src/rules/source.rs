//! Places in rule files: small copies of where something stood ([`At`], [`Sp`]), and the texts they point into.
//!
//! Reading bytes into texts, with the faults that has, is in [`super::read`].

use std::ops::{Deref, Range};

use crate::diagnostic::Place;
use crate::facts::Name;
use crate::timer::Origin;

/// A place: the file's number and the bytes in its text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct At {
    /// The number of the file, in byte order of the paths.
    pub(crate) file: u32,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl At {
    pub(crate) fn new(file: u32, span: &Range<usize>) -> Self {
        let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Self { file, start: number(span.start), end: number(span.end) }
    }

    pub(crate) fn range(self) -> Range<usize> {
        let number = |at: u32| usize::try_from(at).unwrap_or(usize::MAX);
        number(self.start)..number(self.end)
    }
}

/// A value with its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sp<T> {
    pub(crate) value: T,
    pub(crate) at: At,
}

impl<T> Sp<T> {
    pub(crate) const fn new(value: T, at: At) -> Self {
        Self { value, at }
    }

    /// Another value at the same place.
    pub(crate) fn with<U>(&self, value: U) -> Sp<U> {
        Sp { value, at: self.at }
    }
}

impl<T> Deref for Sp<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// One file's path and text.
#[derive(Debug)]
pub(crate) struct Source<'a> {
    pub(crate) path: Name,
    pub(crate) text: &'a str,
    /// The byte at which each line starts.
    lines: Vec<usize>,
}

impl<'a> Source<'a> {
    pub(crate) fn new(path: Name, text: &'a str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { path, text, lines: std::iter::once(0).chain(breaks).collect() }
    }

    /// The line of a byte, from 1.
    pub(crate) fn line(&self, at: usize) -> u32 {
        u32::try_from(self.lines.partition_point(|start| *start <= at)).unwrap_or(u32::MAX)
    }
}

/// All files, by number.
#[derive(Debug, Default)]
pub(crate) struct Sources<'a> {
    pub(crate) files: Vec<Source<'a>>,
}

impl<'a> Sources<'a> {
    fn get(&self, at: At) -> Option<&Source<'a>> {
        self.files.get(usize::try_from(at.file).ok()?)
    }

    pub(crate) fn place(&self, at: At) -> Option<Place> {
        self.get(at).map(|source| Place { file: source.path.clone(), span: at.range() })
    }

    pub(crate) fn origin(&self, at: At) -> Origin {
        let Some(source) = self.get(at) else { return Origin { file: "".into(), line: 0 } };
        Origin { file: source.path.clone(), line: source.line(at.range().start) }
    }

    /// The text of a place, as written.
    pub(crate) fn written(&self, at: At) -> &'a str {
        self.get(at).and_then(|source| source.text.get(at.range())).unwrap_or_default()
    }
}
