//! The words for everything that can be wrong with a predicate, one function per kind of mistake.

use std::ops::Range;

use super::Fault;
use super::ir::Span;
use super::sandbox::{MAX_LENGTH, MAX_NESTING};
use crate::choose::Failure;
use crate::diagnostic::{Code, did_you_mean};

/// The text is not an expression that can be read.
pub(crate) const SYNTAX: Code = Code("E0401");
/// A name that is no fact.
pub(crate) const UNKNOWN_FACT: Code = Code("E0402");
/// A comparison of values of different types.
pub(crate) const UNLIKE_TYPES: Code = Code("E0403");
/// A statement, or another thing that is no expression over facts.
pub(crate) const NOT_EXPRESSION: Code = Code("E0404");
/// A call of something that predicates do not have.
pub(crate) const CALL: Code = Code("E0405");
/// A value where a condition is needed.
pub(crate) const NOT_BOOL: Code = Code("E0406");
/// A value that the fact can never have.
pub(crate) const OUTSIDE_LIST: Code = Code("E0407");
/// Longer or deeper than predicates may be.
pub(crate) const TOO_LARGE: Code = Code("E0408");
/// An operand or argument of the wrong type.
pub(crate) const OPERAND: Code = Code("E0409");
/// A constant part that always fails.
pub(crate) const CONSTANT: Code = Code("E0410");

/// A fault with its place; words at the place and help are added.
pub(super) fn fault(code: Code, span: Span, message: impl Into<String>) -> Fault {
    Fault { code, span: span.range(), message: message.into(), label: String::new(), help: None }
}

impl Fault {
    pub(super) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

pub(super) fn too_long(text: &str) -> Fault {
    let message = format!("a predicate of {} bytes is too long", text.len());
    let shown: Range<usize> = 0..text.floor_char_boundary(40);
    fault(TOO_LARGE, Span::new(shown.start, shown.end), message)
        .label(format!("at most {MAX_LENGTH} bytes"))
        .help("split it into several rules, or declare a fact that says it")
}

pub(super) fn too_deep(span: Span) -> Fault {
    fault(TOO_LARGE, span, "the predicate is nested too deeply")
        .label(format!("more than {MAX_NESTING} levels"))
        .help("split it into several rules")
}

pub(super) fn too_complex(span: Span) -> Fault {
    fault(TOO_LARGE, span, "the predicate has too many operators in a row")
        .label("too long a chain")
        .help("split it into several rules, or write `fact in [\"a\", \"b\"]` for a list of values")
}

pub(super) fn open_text(span: Span) -> Fault {
    fault(SYNTAX, span, "a text is not closed").label("starts here").help("close it with `\"`")
}

pub(super) fn wrong_quote(span: Span, written: &str) -> Fault {
    let inner = written.trim_matches(['\'', '`']);
    fault(SYNTAX, span, "texts stand in double quotes")
        .label("not a text")
        .help(format!("write `\"{inner}\"`; in TOML, put the whole predicate in single quotes: `when = '…'`"))
}

pub(super) fn broken_text(span: Span) -> Fault {
    fault(SYNTAX, span, "a text goes over the end of its line")
        .label("not closed on its line")
        .help("close it with `\"`, or write the line break as `\\n`")
}

pub(super) fn no_escape(span: Span, letter: char) -> Fault {
    let fault = fault(SYNTAX, span, format!("`\\{letter}` is no character")).label("not known");
    match letter {
        'x' | 'u' | 'U' => fault.help("write `\\x` with two, `\\u` with four, `\\U` with eight hexadecimal digits"),
        _ => fault.help("write `\\\\` for a backslash, `\\\"` for a quote"),
    }
}

/// A number with letters in it, or one that is too large.
pub(super) fn no_number(span: Span, written: &str) -> Fault {
    if written.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_') {
        return fault(OPERAND, span, format!("`{written}` is too large")).label("numbers have 64 bits");
    }
    let fault = fault(OPERAND, span, format!("`{written}` is not a whole number")).label("facts are whole numbers");
    let (number, unit) = written.split_at(written.find(|c: char| !c.is_ascii_digit()).unwrap_or(written.len()));
    let function = match unit {
        "s" => "seconds",
        "m" | "min" => "minutes",
        "h" => "hours",
        "d" => "days",
        "ms" => return fault.help(format!("write `{number}`: lengths of time are milliseconds")),
        _ => return fault.help("write digits only; lengths of time are milliseconds, or `minutes(90)`"),
    };
    fault.help(format!("write `{function}({number})`"))
}

pub(super) fn fraction(span: Span, written: &str) -> Fault {
    let whole = written.split('.').next().unwrap_or_default();
    fault(OPERAND, span, format!("`{written}` is not a whole number"))
        .label("facts are whole numbers")
        .help(format!("write `{whole}`; lengths of time are milliseconds, or `minutes(90)`"))
}

pub(super) fn not_expression(span: Span, written: &str) -> Fault {
    let (what, help) = match written {
        "=" => ("an assignment", "`==` compares"),
        "&" => ("`&`", "write `&&`"),
        "|" => ("`|`", "write `||`"),
        "and" => ("`and`", "write `&&`"),
        "or" => ("`or`", "write `||`"),
        "not" => ("`not`", "write `!`, or `!in` for lists"),
        "//" | "/*" => ("a comment", "comments stand in the TOML, after `#`"),
        ";" => ("a statement", "a predicate is one expression; join conditions with `&&`"),
        "if" | "switch" => ("a branch", "join conditions with `&&` and `||`"),
        "else" | "let" | "const" | "return" | "throw" | "try" | "catch" | "{" | "}" => {
            ("a statement", "a predicate is one expression over facts")
        }
        "while" | "until" | "loop" | "for" | "do" | "continue" | "break" => {
            ("a loop", "a predicate is one expression over facts")
        }
        "import" | "export" | "eval" | "fn" | "private" | "Fn" | "call" | "curry" | "=>" | "->" | "::" => {
            ("code", "predicates run no code; they compare facts")
        }
        _ => return foreign_sign(span, written),
    };
    let message = if what.contains('`') {
        format!("{what} is not part of predicates")
    } else {
        format!("{what} is not part of predicates: `{written}`")
    };
    fault(NOT_EXPRESSION, span, message).label("not allowed here").help(help)
}

fn foreign_sign(span: Span, written: &str) -> Fault {
    let fault = fault(NOT_EXPRESSION, span, format!("`{written}` is not part of predicates")).label("not allowed here");
    if matches!(written, "\u{201c}" | "\u{201d}" | "\u{201e}" | "\u{2018}" | "\u{2019}") {
        return fault.help("texts stand in straight double quotes, `\"`");
    }
    fault.help("there are `==`, `!=`, `<`, `<=`, `>`, `>=`, `&&`, `||`, `!`, `in`, `+`, `-`, `*`, `/`, `%` and `( )`")
}

pub(super) fn constant(span: Span, failure: Failure) -> Fault {
    let (message, label) = match failure {
        Failure::DivisionByZero => ("a division by zero", "always fails"),
        Failure::Overflow => ("a number too large for 64 bits", "always fails"),
        Failure::Limit => ("a text longer than predicates may work with", "always fails"),
    };
    fault(CONSTANT, span, message).label(label)
}

pub(super) fn not_bool(span: Span, what: &str) -> Fault {
    fault(NOT_BOOL, span, format!("a condition is needed, this is {what}"))
        .label(format!("{what}, not true or false"))
        .help("compare it: `==`, `!=`, `<`, `>`, or `in [ … ]`")
}

pub(super) fn call(span: Span, name: &str) -> Fault {
    const KNOWN: [&str; 10] =
        ["hours", "minutes", "seconds", "days", "in_hours", "timer", "starts_with", "ends_with", "contains", "len"];
    let fault = fault(CALL, span, format!("there is no function `{name}` in predicates")).label("not allowed");
    match did_you_mean(name, KNOWN) {
        Some(near @ ("starts_with" | "ends_with" | "contains" | "len")) => {
            fault.help(format!("did you mean the text function `{near}`, as in `queue.{near}(…)`?"))
        }
        Some(near) => fault.help(format!("did you mean `{near}(…)`?")),
        None => fault.help(
            "there are `hours(n)`, `minutes(n)`, `seconds(n)`, `days(n)`, `in_hours(\"…\")`, `timer(\"…\")`, and for texts `.starts_with(…)`, `.ends_with(…)`, `.contains(…)`, `.len()`",
        ),
    }
}

pub(super) fn arguments(span: Span, name: &str, wanted: &str) -> Fault {
    fault(OPERAND, span, format!("`{name}` takes {wanted}")).label(format!("needs {wanted}"))
}

pub(super) fn not_date(span: Span, written: &str) -> Fault {
    fault(OUTSIDE_LIST, span, format!("`{written}` is not a date"))
        .label("no such day")
        .help("a date is written `\"2026-12-24\"`: year, month, day")
}
