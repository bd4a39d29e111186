//! Lines and columns of byte offsets.

/// A line and a column, both from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineColumn {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// Where an offset lies. Past the end it is the end.
#[must_use]
pub fn line_column(text: &str, offset: usize) -> LineColumn {
    let before = text.get(..floor(text, offset)).unwrap_or_default();
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let last = before.rsplit('\n').next().unwrap_or_default();
    let last = if line == 1 { last.trim_start_matches(MARK) } else { last };
    LineColumn { line, column: last.chars().count() + 1 }
}

/// What some editors put in front of a file's text, and nobody sees.
const MARK: char = '\u{feff}';

/// The bytes of a byte order mark at the start of a text.
#[must_use]
pub fn mark(text: &str) -> usize {
    if text.starts_with(MARK) { MARK.len_utf8() } else { 0 }
}

/// The nearest character boundary at or before an offset.
#[must_use]
pub fn floor(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let text = "a = 1\nü = x\n";
        assert_eq!(line_column(text, 0), LineColumn { line: 1, column: 1 });
        let x = text.find('x').expect("it is there");
        assert_eq!(line_column(text, x), LineColumn { line: 2, column: 5 });
        assert_eq!(line_column(text, 7), LineColumn { line: 2, column: 1 }, "inside a character is its start");
        assert_eq!(line_column("\u{feff}ab", 4), LineColumn { line: 1, column: 2 }, "a byte order mark is no column");
        assert_eq!(line_column(text, 999), LineColumn { line: 3, column: 1 });
    }
}
