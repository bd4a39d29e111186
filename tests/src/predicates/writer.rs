//! Random predicates over a schema, and damaged ones.

use wane_core::facts::{FactDef, FactType};

use super::rng::Rng;
use super::schema::{DAYS, NUMBERS, Schema, TEXTS};

/// Writes random predicates over a schema.
#[derive(Debug)]
pub struct Writer<'a> {
    rng: &'a mut Rng,
    schema: &'a Schema,
}

/// A random predicate that is typed well. It may still be refused for a constant part that always fails
/// (`E0410`), or for a value outside a closed list (`E0407`).
pub fn predicate(rng: &mut Rng, schema: &Schema) -> String {
    let depth = rng.below(4);
    Writer { rng, schema }.condition(depth)
}

/// A random predicate of a kind that rule tables are full of: conjunctions of simple comparisons.
pub fn simple_predicate(rng: &mut Rng, schema: &Schema) -> String {
    let count = 1 + rng.below(4);
    let mut writer = Writer { rng, schema };
    let parts: Vec<String> = (0..count).map(|_| writer.simple()).collect();
    parts.join(" && ")
}

impl Writer<'_> {
    fn condition(&mut self, depth: usize) -> String {
        if depth == 0 {
            return if self.rng.one_in(3) { self.rare() } else { self.simple() };
        }
        let next = depth - 1;
        match self.rng.below(7) {
            0 => format!("!({})", self.condition(next)),
            1 => format!("({}) {} ({})", self.condition(next), self.rng.pick(&["==", "!="]), self.condition(next)),
            2 => format!("({})", self.condition(next)),
            3 => self.chain(next, " || "),
            4 => self.chain(next, " && "),
            5 => format!("({}) && {}", self.chain(next, " || "), self.condition(next)),
            _ => format!("{} && {} || {}", self.condition(next), self.condition(next), self.simple()),
        }
    }

    fn chain(&mut self, depth: usize, operator: &str) -> String {
        let count = 2 + self.rng.below(3);
        let parts: Vec<String> = (0..count).map(|_| self.condition(depth)).collect();
        parts.join(operator)
    }

    /// What the lowering turns into a comparison of one number.
    fn simple(&mut self) -> String {
        match self.rng.below(8) {
            0 => format!("{}{}", self.rng.pick(&["", "!"]), self.named(|ty| *ty == FactType::Bool)),
            1 | 2 => format!("{} {} {}", self.number_fact(), self.relation(), self.literal_number()),
            3 => format!("{} {} {}", self.literal_number(), self.relation(), self.number_fact()),
            4 => self.closed_value(),
            5 => format!("{} {} {}", self.text_fact(), self.rng.pick(&["==", "!="]), self.literal_text()),
            6 => self.listed(),
            _ => format!("time.date {} {}", self.relation(), self.day()),
        }
    }

    /// What needs arithmetic or rhai.
    fn rare(&mut self) -> String {
        match self.rng.below(12) {
            0 => self.rng.pick(&["true", "false", "!true"]).to_owned(),
            1..=3 => format!("{} {} {}", self.number(2), self.relation(), self.number(2)),
            4 => format!("({}) {} {}", self.number(1), self.within(), self.numbers()),
            5 => format!("{} {} {}", self.text(1), self.relation(), self.text(1)),
            6 => format!(
                "{}.{}({})",
                self.text(0),
                self.rng.pick(&["starts_with", "ends_with", "contains"]),
                self.text(1)
            ),
            7 => format!("{} {} {}", self.text(0), self.within(), self.text(0)),
            8 => format!("{} {} {}", self.text(0), self.within(), self.texts()),
            9 => format!("{} {} org.permissions", self.text(0), self.within()),
            10 => format!("time.date {} [{}, {}]", self.within(), self.day(), self.day()),
            _ => format!("{} {} time.date", self.day(), self.relation()),
        }
    }

    fn named(&mut self, fits: impl Fn(&FactType) -> bool) -> String {
        let names = self.schema.names(fits);
        self.rng.pick(&names).to_owned()
    }

    fn number_fact(&mut self) -> String {
        self.named(|ty| matches!(ty, FactType::Int | FactType::Duration))
    }

    fn text_fact(&mut self) -> String {
        self.named(|ty| matches!(ty, FactType::Text(None)))
    }

    fn relation(&mut self) -> &'static str {
        self.rng.pick(&["==", "!=", "<", "<=", ">", ">="])
    }

    fn within(&mut self) -> &'static str {
        self.rng.pick(&["in", "in", "!in"])
    }

    fn literal_number(&mut self) -> String {
        let numbers: Vec<&i64> = NUMBERS.iter().collect();
        match self.rng.below(6) {
            0 => format!("{}({})", self.rng.pick(&["seconds", "minutes", "hours", "days"]), self.rng.below(4)),
            _ => self.rng.pick(&numbers).to_string(),
        }
    }

    fn literal_text(&mut self) -> String {
        format!("\"{}\"", self.rng.pick(&TEXTS))
    }

    fn day(&mut self) -> String {
        let days: Vec<&str> = DAYS.iter().map(|(_, text)| *text).collect();
        format!("\"{}\"", self.rng.pick(&days))
    }

    fn closed_value(&mut self) -> String {
        let lists: Vec<&FactDef> =
            self.schema.defs.iter().filter(|def| matches!(def.ty, FactType::Text(Some(_)))).collect();
        let def = self.rng.pick(&lists);
        let FactType::Text(Some(values)) = &def.ty else { return "true".into() };
        let values: Vec<&str> = values.iter().map(|value| &**value).collect();
        if self.rng.one_in(3) {
            let (one, other) = (self.rng.pick(&values), self.rng.pick(&values));
            return format!("{} {} [\"{one}\", \"{other}\"]", def.name, self.within());
        }
        format!("{} {} \"{}\"", def.name, self.rng.pick(&["==", "!="]), self.rng.pick(&values))
    }

    fn listed(&mut self) -> String {
        let count = self.rng.below(5);
        if self.rng.one_in(2) {
            let items: Vec<String> = (0..count).map(|_| self.literal_number()).collect();
            return format!("{} {} [{}]", self.number_fact(), self.within(), items.join(", "));
        }
        let items: Vec<String> = (0..count).map(|_| self.literal_text()).collect();
        format!("{} {} [{}]", self.text_fact(), self.within(), items.join(", "))
    }

    fn numbers(&mut self) -> String {
        let count = self.rng.below(4);
        let items: Vec<String> = (0..count).map(|_| self.number(1)).collect();
        format!("[{}]", items.join(", "))
    }

    fn texts(&mut self) -> String {
        let count = self.rng.below(4);
        let items: Vec<String> = (0..count).map(|_| self.text(1)).collect();
        format!("[{}]", items.join(", "))
    }

    fn number(&mut self, depth: usize) -> String {
        if depth == 0 {
            return if self.rng.one_in(2) { self.literal_number() } else { self.number_fact() };
        }
        match self.rng.below(9) {
            0 | 1 => self.number(0),
            2 => format!("-({})", self.number(depth - 1)),
            3 => format!("-{}", self.number_fact()),
            4 => format!("{}.len()", self.text(0)),
            5 => format!("minutes({})", self.number(depth - 1)),
            6 => {
                format!("({}) {} ({})", self.number(depth - 1), self.rng.pick(&["/", "%", "*"]), self.number(depth - 1))
            }
            _ => format!("{} {} {}", self.number(depth - 1), self.rng.pick(&["+", "-", "*"]), self.number(depth - 1)),
        }
    }

    fn text(&mut self, depth: usize) -> String {
        match self.rng.below(if depth == 0 { 4 } else { 6 }) {
            0 => self.literal_text(),
            1 => self.named(|ty| matches!(ty, FactType::Text(_))),
            2 | 3 => self.text_fact(),
            _ => format!("({} + {})", self.text(depth - 1), self.text(0)),
        }
    }
}

/// The same text with a few pieces taken out, put in, doubled or swapped.
pub fn damage(rng: &mut Rng, text: &str) -> String {
    const PIECES: [&str; 48] = [
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "\"",
        "'",
        "`",
        "\\",
        "!",
        "-",
        "+",
        "*",
        "/",
        "%",
        "**",
        "==",
        "=",
        "<",
        "=>",
        "&&",
        "&",
        "||",
        "|",
        "??",
        "?.",
        ".",
        "..",
        ",",
        ";",
        "//",
        "/*",
        "#",
        "$",
        "@",
        "~",
        "ä",
        "\u{1F600}",
        "\n",
        "in",
        "!in",
        "if",
        "eval",
        "0x1f",
        "1_0",
        "1.5",
        "queue",
    ];
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..=rng.below(3) {
        let at = rng.below(chars.len() + 1);
        let end = (at + rng.below(6)).min(chars.len());
        match rng.below(3) {
            0 => drop(chars.drain(at..end)),
            1 => drop(chars.splice(at..at, rng.pick(&PIECES).chars())),
            _ => {
                let copied: Vec<char> = chars.get(at..end).unwrap_or_default().to_vec();
                let to = rng.below(chars.len() + 1);
                drop(chars.splice(to..to, copied));
            }
        }
    }
    chars.into_iter().collect()
}
