//! From a place in a text's value to the place in the file where it is written: TOML strings may hold escapes.

/// The byte of `written` (a TOML string with its quotes) at which the value's byte `offset` stands.
pub(crate) fn place(written: &str, offset: usize) -> usize {
    let (start, escapes) = opening(written);
    let mut steps = Steps { rest: written.get(start..).unwrap_or_default(), escapes, at: start, value: 0 };
    while (steps.value < offset || steps.at_line_end()) && steps.step() {}
    steps.at.min(written.len())
}

/// Where the value begins, and whether backslashes mean something in it.
fn opening(written: &str) -> (usize, bool) {
    let basic = written.starts_with('"');
    let long = written.starts_with("\"\"\"") || written.starts_with("'''");
    let quotes = if long { 3 } else { 1 };
    let rest = written.get(quotes..).unwrap_or_default();
    // The line break right after three quotes is not part of the value.
    let skipped = match long {
        true if rest.starts_with("\r\n") => 2,
        true if rest.starts_with('\n') => 1,
        _ => 0,
    };
    (quotes + skipped, basic)
}

struct Steps<'a> {
    rest: &'a str,
    escapes: bool,
    at: usize,
    value: usize,
}

impl Steps<'_> {
    /// Moves over one character of the value, or one escape; `false` at the end.
    fn step(&mut self) -> bool {
        let Some(first) = self.rest.chars().next() else { return false };
        let (written, value) =
            if self.escapes && first == '\\' { self.escape() } else { (first.len_utf8(), first.len_utf8()) };
        self.rest = self.rest.get(written..).unwrap_or_default();
        self.at += written;
        self.value += value;
        true
    }

    /// Whether an escape comes that is nothing in the value.
    fn at_line_end(&self) -> bool {
        let mut next = self.rest.chars();
        self.escapes && next.next() == Some('\\') && next.next().is_some_and(char::is_whitespace)
    }

    /// The bytes that an escape takes in the file, and in the value.
    fn escape(&self) -> (usize, usize) {
        let letter = self.rest.chars().nth(1);
        let digits = match letter {
            Some('x') => 2,
            Some('u') => 4,
            Some('U') => 8,
            Some(space) if space.is_whitespace() => return (self.line_end(), 0),
            _ => return (1 + letter.map_or(0, char::len_utf8), 1),
        };
        let code = self.rest.get(2..2 + digits).and_then(|code| u32::from_str_radix(code, 16).ok());
        (2 + digits, code.and_then(char::from_u32).map_or(1, char::len_utf8))
    }

    /// A backslash at the end of a line swallows all white space that follows.
    fn line_end(&self) -> usize {
        let after = self.rest.get(1..).unwrap_or_default();
        1 + after.len() - after.trim_start().len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every character of the value is found where it is written.
    fn found(written: &str) -> String {
        let table = format!("a = {written}");
        let table: toml::Table = table.parse().expect("TOML");
        let value = table["a"].as_str().expect("text").to_owned();
        value.char_indices().map(|(at, _)| written[place(written, at)..].chars().next().expect("inside")).collect()
    }

    #[test]
    fn plain_texts_are_as_written() {
        assert_eq!(found(r#""a == 1""#), "a == 1");
        assert_eq!(found("'a == \"x\"'"), "a == \"x\"");
        assert_eq!(found("'''\na ==\nb'''"), "a ==\nb");
        assert_eq!(found("\"\"\"\na == b\"\"\""), "a == b");
    }

    #[test]
    fn an_escape_is_one_character_of_the_value() {
        assert_eq!(found(r#""a == \"x\" z""#), r#"a == \x\ z"#);
        assert_eq!(found(r#""\u00e4 \x41 \U0001F600 b""#), r"\ \ \ b");
        assert_eq!(found("\"\"\"a \\\n    b c\"\"\""), "a b c", "a break after a backslash is nothing");
    }
}
