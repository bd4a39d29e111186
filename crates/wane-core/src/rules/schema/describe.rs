//! What the static description of the rule files is made of.

/// A kind of table.
#[derive(Debug)]
pub struct Table {
    /// How documents call it, for example `timers.NAME`.
    pub name: &'static str,
    /// What it is for.
    pub doc: &'static str,
    /// Its keys, in the order of documents.
    pub keys: &'static [Key],
}

/// A key of a table.
#[derive(Debug)]
pub struct Key {
    /// The key as written.
    pub name: &'static str,
    /// What its value can be.
    pub kind: &'static Kind,
    /// Whether a table without it is at fault.
    pub required: bool,
    /// What holds when it is left out; empty when there is nothing to say.
    pub default: &'static str,
    /// What it is for, and why one would set it.
    pub doc: &'static str,
    /// A value as one would write it.
    pub example: &'static str,
}

impl Key {
    /// A key that may be left out.
    #[must_use]
    pub const fn new(name: &'static str, kind: &'static Kind) -> Self {
        Self { name, kind, required: false, default: "", doc: "", example: "" }
    }

    /// A key that must be there.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Says what holds without it.
    #[must_use]
    pub const fn default(mut self, default: &'static str) -> Self {
        self.default = default;
        self
    }

    /// Says what it is for.
    #[must_use]
    pub const fn doc(mut self, doc: &'static str) -> Self {
        self.doc = doc;
        self
    }

    /// Shows a value.
    #[must_use]
    pub const fn example(mut self, example: &'static str) -> Self {
        self.example = example;
        self
    }
}

/// What a value can be.
#[derive(Debug)]
pub enum Kind {
    /// Text; says of what, for people.
    Text(&'static str),
    /// One of these words.
    Words(&'static [&'static str]),
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Number,
    /// A length of time: `"90s"`, `"1h30m"`, `"PT6H"`.
    Duration,
    /// A length of time, or `"never"`.
    DurationOrNever,
    /// A length of time, `0s` included.
    Offset,
    /// An expression over facts.
    Predicate,
    /// An event's type, with or without its role, or the name of a group.
    Selector,
    /// A day: `"2026-12-25"`.
    Date,
    /// Opening hours of a day: `"09:00-17:00"`.
    Hours,
    /// A list.
    List(&'static Kind),
    /// A table of the keys described.
    Table(&'static Table),
    /// A table whose keys are free: names, with what they stand for.
    Map(&'static str, &'static Kind),
    /// One or the other.
    Either(&'static [Kind]),
}

impl Kind {
    /// What it is called in messages and documents.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Text(what) => (*what).to_owned(),
            Self::Words(words) => {
                let words: Vec<String> = words.iter().map(|word| format!("`\"{word}\"`")).collect();
                words.join(" or ")
            }
            Self::Flag => "`true` or `false`".to_owned(),
            Self::Number => "a whole number".to_owned(),
            Self::Duration => "a duration such as `\"90s\"` or `\"1h30m\"`".to_owned(),
            Self::DurationOrNever => "a duration such as `\"90s\"` or `\"1h30m\"`, or `\"never\"`".to_owned(),
            Self::Offset => "a duration such as `\"1m\"`, or `\"0s\"`".to_owned(),
            Self::Predicate => "a predicate, in quotes".to_owned(),
            Self::Selector => "an event such as `\"message:customer\"`, or a group".to_owned(),
            Self::Date => "a date such as `\"2026-12-25\"`".to_owned(),
            Self::Hours => "hours such as `\"09:00-17:00\"`".to_owned(),
            Self::List(item) => format!("a list, each {}", item.name()),
            Self::Table(table) => format!("a table like `{}`", table.name),
            Self::Map(what, _) => format!("a table of {what}"),
            Self::Either(kinds) => kinds.iter().map(Self::name).collect::<Vec<_>>().join(", or "),
        }
    }
}
