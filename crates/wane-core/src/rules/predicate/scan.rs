//! A first look at a predicate's text: its tokens with their places, and what no expression may contain.
//!
//! rhai's nodes know where they begin, not where they end; the tokens give the rest. And what could make rhai's parser
//! work hard or recurse deeply (a long text, nested brackets, blocks) is refused here, in one pass without recursion.

use super::Fault;
use super::faults;
use super::ir::Span;
use super::sandbox::{MAX_LENGTH, MAX_NESTING};

/// What a token is, as far as places and limits need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Word,
    Number,
    Text,
    Open,
    Close,
    Sign,
}

/// A token: its bytes and, for a bracket, its partner.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) span: Span,
    pub(super) shape: Shape,
    partner: u32,
}

/// The tokens of a text.
#[derive(Debug)]
pub(super) struct Tokens<'a> {
    text: &'a str,
    tokens: Vec<Token>,
}

/// Signs of two or three bytes that are read as one, longest first.
const LONG_SIGNS: [&str; 29] = [
    "**=", "<<=", ">>=", "..=", "...", "??=", "==", "!=", "<=", ">=", "&&", "||", "=>", "->", "::", "?.", "??", "?[",
    "..", "**", "<<", ">>", "+=", "-=", "*=", "/=", "%=", "//", "/*",
];

/// Words that rhai keeps for statements, functions and modules.
const STATEMENT_WORDS: [&str; 33] = [
    "let",
    "const",
    "if",
    "else",
    "switch",
    "do",
    "while",
    "until",
    "loop",
    "for",
    "continue",
    "break",
    "return",
    "throw",
    "try",
    "catch",
    "fn",
    "private",
    "import",
    "export",
    "as",
    "global",
    "this",
    "eval",
    "Fn",
    "call",
    "curry",
    "print",
    "debug",
    "type_of",
    "is_def_var",
    "is_def_fn",
    "is_shared",
];

impl<'a> Tokens<'a> {
    /// Reads a text.
    ///
    /// # Errors
    /// Everything in it that an expression may not contain.
    pub(super) fn scan(text: &'a str) -> Result<Self, Vec<Fault>> {
        if text.len() > MAX_LENGTH {
            return Err(vec![faults::too_long(text)]);
        }
        let mut scanner = Scanner {
            text,
            place: 0,
            tokens: Vec::with_capacity(text.len() / 3),
            open: Vec::new(),
            prefixes: 0,
            faults: Vec::new(),
        };
        while scanner.next() {}
        if scanner.faults.is_empty() { Ok(Self { text, tokens: scanner.tokens }) } else { Err(scanner.faults) }
    }

    /// The text with the names after dots blotted out (`customer.default` as `customer.xxxxxxx`), every place kept: rhai
    /// reserves many words that are fine names of facts. Names are read from the tokens, not from rhai's tree.
    pub(super) fn masked(&self) -> String {
        let mut masked = String::with_capacity(self.text.len());
        let mut done = 0;
        for (index, token) in self.tokens.iter().enumerate().skip(1) {
            if token.shape == Shape::Word && self.is_sign(index - 1, ".") && !self.is_sign(index + 1, "(") {
                masked.push_str(self.text.get(done..token.span.start()).unwrap_or_default());
                masked.extend(token.span.range().map(|_| 'x'));
                done = token.span.end();
            }
        }
        masked.push_str(self.text.get(done..).unwrap_or_default());
        masked
    }

    fn is_sign(&self, index: usize, sign: &str) -> bool {
        self.tokens.get(index).is_some_and(|token| self.text(token.span) == sign)
    }

    /// The byte of a place as rhai counts: lines from 1, characters from 1.
    pub(super) fn byte(&self, position: rhai::Position) -> usize {
        let line = position.line().unwrap_or(1);
        let start = match line.checked_sub(2) {
            None => 0,
            Some(nth) => self.text.match_indices('\n').nth(nth).map_or(0, |(at, _)| at + 1),
        };
        let rest = self.text.get(start..).unwrap_or_default();
        let nth = position.position().unwrap_or(1) - 1;
        start + rest.char_indices().nth(nth).map_or(rest.len(), |(at, _)| at)
    }

    /// The index of the token that begins at a place of rhai's.
    pub(super) fn at(&self, position: rhai::Position) -> usize {
        self.starting(self.byte(position))
    }

    fn starting(&self, byte: usize) -> usize {
        self.tokens.partition_point(|token| token.span.start() < byte)
    }

    /// The bytes of a token; the end of the text when there is none.
    pub(super) fn span(&self, index: usize) -> Span {
        self.tokens.get(index).map_or(Span::new(self.text.len(), self.text.len()), |token| token.span)
    }

    /// The token's text.
    pub(super) fn text(&self, span: Span) -> &'a str {
        self.text.get(span.range()).unwrap_or_default()
    }

    /// From one token to the bracket that closes the one at or after it.
    pub(super) fn to_close(&self, index: usize) -> Span {
        let start = self.span(index);
        let open = self.tokens.iter().skip(index).find(|token| token.shape == Shape::Open);
        let close = open.map(|token| self.span(token.partner as usize));
        close.map_or(start, |close| Span { start: start.start, end: close.end })
    }

    /// From a sign in front (`-`, `!`) to the end of the number or word after it.
    pub(super) fn to_operand(&self, index: usize) -> Span {
        let start = self.span(index);
        let operand = self.tokens.iter().skip(index).find(|token| matches!(token.shape, Shape::Word | Shape::Number));
        operand.map_or(start, |token| Span { start: start.start, end: token.span.end })
    }

    /// The span with the brackets that enclose exactly it.
    pub(super) fn widen(&self, span: Span) -> Span {
        let mut first = self.starting(span.start());
        let mut last = self.starting(span.end());
        let mut wide = span;
        while let Some(before) = first.checked_sub(1)
            && let (Some(open), Some(close)) = (self.tokens.get(before), self.tokens.get(last))
            && open.shape == Shape::Open
            && open.partner as usize == last
            && self.text(open.span) == "("
            && !self.is_call(before)
        {
            wide = Span { start: open.span.start, end: close.span.end };
            first = before;
            last += 1;
        }
        wide
    }

    /// From the one to the other, brackets included.
    pub(super) fn join(&self, left: Span, right: Span) -> Span {
        Span { start: self.widen(left).start, end: self.widen(right).end }
    }

    fn is_call(&self, open: usize) -> bool {
        let before = open.checked_sub(1).and_then(|index| self.tokens.get(index));
        before.is_some_and(|token| token.shape == Shape::Word && !matches!(self.text(token.span), "in"))
    }
}

/// Whether it is a whole number of 64 bits as rhai writes them.
fn is_whole(written: &str) -> bool {
    let digits: String = written.chars().filter(|c| *c != '_').collect();
    let (radix, digits) = match digits.get(..2) {
        Some("0x" | "0X") => (16, digits.get(2..)),
        Some("0o" | "0O") => (8, digits.get(2..)),
        Some("0b" | "0B") => (2, digits.get(2..)),
        _ => (10, Some(&*digits)),
    };
    digits
        .is_some_and(|digits| u64::from_str_radix(digits, radix).is_ok_and(|n| radix != 10 || i64::try_from(n).is_ok()))
}

struct Scanner<'a> {
    text: &'a str,
    place: usize,
    tokens: Vec<Token>,
    /// The brackets that are open, as indices of tokens.
    open: Vec<usize>,
    /// How many prefix operators stand directly before this place.
    prefixes: usize,
    faults: Vec<Fault>,
}

impl Scanner<'_> {
    /// Reads one token; `false` at the end of the text, and when there is no sense in going on.
    fn next(&mut self) -> bool {
        let rest = self.text.get(self.place..).unwrap_or_default();
        let Some(c) = rest.chars().next() else { return false };
        if c.is_whitespace() {
            self.place += c.len_utf8();
            return true;
        }
        match c {
            '"' => self.quoted(rest),
            '\'' | '`' => self.wrong_quote(rest, c),
            '0'..='9' => self.number(rest),
            c if c.is_ascii_alphabetic() || c == '_' => self.word(rest),
            _ => self.sign(rest, c),
        }
    }

    fn push(&mut self, length: usize, shape: Shape) -> Span {
        let span = Span::new(self.place, self.place + length);
        self.tokens.push(Token { span, shape, partner: u32::MAX });
        self.place += length;
        if shape != Shape::Sign {
            self.prefixes = 0;
        }
        span
    }

    fn quoted(&mut self, rest: &str) -> bool {
        let mut escaped = false;
        let mut bytes = rest.bytes().enumerate().skip(1).peekable();
        while let Some((at, byte)) = bytes.next() {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                // Two quotes in a row stand for one.
                b'"' if bytes.peek().is_some_and(|(_, next)| *next == b'"') => escaped = true,
                b'"' => {
                    let span = self.push(at + 1, Shape::Text);
                    self.inside(span, rest.get(1..at).unwrap_or_default());
                    return true;
                }
                _ => {}
            }
        }
        self.faults.push(faults::open_text(Span::new(self.place, self.text.len())));
        false
    }

    /// Line breaks and escapes inside a text, as rhai knows them.
    fn inside(&mut self, span: Span, inner: &str) {
        let mut chars = inner.char_indices();
        while let Some((at, c)) = chars.next() {
            let place = span.start() + 1 + at;
            match c {
                '\n' => return self.faults.push(faults::broken_text(span)),
                '\\' => {
                    let Some((next, letter)) = chars.next() else { return };
                    let digits = match letter {
                        '"' | '\\' | 't' | 'n' | 'r' | '\n' => 0,
                        'x' => 2,
                        'u' => 4,
                        'U' => 8,
                        _ => usize::MAX,
                    };
                    let after = inner.get(next + letter.len_utf8()..).unwrap_or_default();
                    let given = after.chars().take(digits.min(8)).take_while(char::is_ascii_hexdigit).count();
                    if given < digits {
                        let end = span.start() + 1 + next + letter.len_utf8();
                        self.faults.push(faults::no_escape(Span::new(place, end), letter));
                    }
                }
                _ => {}
            }
        }
    }

    fn wrong_quote(&mut self, rest: &str, quote: char) -> bool {
        let length = rest.char_indices().skip(1).find(|(_, c)| *c == quote).map_or(rest.len(), |(at, _)| at + 1);
        let span = self.push(length, Shape::Text);
        self.faults.push(faults::wrong_quote(span, rest.get(..length).unwrap_or_default()));
        true
    }

    fn number(&mut self, rest: &str) -> bool {
        let is_digit = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let whole = rest.find(|c| !is_digit(c)).unwrap_or(rest.len());
        let fraction = rest.get(whole..).and_then(|rest| rest.strip_prefix('.'));
        let fraction = fraction.map_or(0, |rest| rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()));
        if fraction > 0 {
            let span = self.push(whole + 1 + fraction, Shape::Number);
            self.faults.push(faults::fraction(span, rest.get(..whole + 1 + fraction).unwrap_or_default()));
        } else {
            let span = self.push(whole, Shape::Number);
            let written = rest.get(..whole).unwrap_or_default();
            if !is_whole(written) {
                self.faults.push(faults::no_number(span, written));
            }
        }
        true
    }

    fn word(&mut self, rest: &str) -> bool {
        let length = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        let word = rest.get(..length).unwrap_or_default();
        let after_dot = self.tokens.last().is_some_and(|token| self.text.get(token.span.range()) == Some("."));
        let span = self.push(length, Shape::Word);
        if !after_dot && (STATEMENT_WORDS.contains(&word) || matches!(word, "and" | "or" | "not")) {
            self.faults.push(faults::not_expression(span, word));
        }
        true
    }

    fn sign(&mut self, rest: &str, c: char) -> bool {
        let long = LONG_SIGNS.iter().find(|sign| rest.starts_with(**sign)).map(|sign| sign.len());
        let length = long.unwrap_or(c.len_utf8());
        let sign = rest.get(..length).unwrap_or_default();
        match sign {
            "(" | "[" => return self.open(),
            ")" | "]" => self.close(),
            "!" | "-" | "+" => return self.prefix(),
            "==" | "!=" | "<=" | ">=" | "<" | ">" | "&&" | "||" | "*" | "/" | "%" | "." | "," => {
                self.push(length, Shape::Sign);
                self.prefixes = 0;
            }
            // Nothing after these could be understood.
            "//" | "/*" | "{" | "}" => {
                let span = self.push(length, Shape::Sign);
                self.faults.push(faults::not_expression(span, sign));
                return false;
            }
            _ => {
                let span = self.push(length, Shape::Sign);
                self.faults.push(faults::not_expression(span, sign));
            }
        }
        true
    }

    fn open(&mut self) -> bool {
        self.open.push(self.tokens.len());
        let span = self.push(1, Shape::Open);
        let fits = self.open.len() <= MAX_NESTING;
        if !fits {
            self.faults.push(faults::too_deep(span));
        }
        fits
    }

    fn close(&mut self) {
        let index = self.tokens.len();
        self.push(1, Shape::Close);
        let partner = self.open.pop();
        let token = partner.and_then(|open| self.tokens.get_mut(open));
        if let Some(token) = token {
            token.partner = u32::try_from(index).unwrap_or(u32::MAX);
        }
    }

    fn prefix(&mut self) -> bool {
        let span = self.push(1, Shape::Sign);
        self.prefixes += 1;
        let fits = self.prefixes <= MAX_NESTING;
        if !fits {
            self.faults.push(faults::too_deep(span));
        }
        fits
    }
}
