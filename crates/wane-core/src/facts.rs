//! What predicates can see: the schema of facts, and their values in one conversation.
//!
//! A [`FactTable`] belongs to a ruleset: which facts there are and of what type, which of them some predicate reads
//! (only those get a slot), and a symbol for every text that some predicate mentions. [`Facts`] belongs to a
//! conversation and holds one number per slot, so that choosing a rule compares numbers only.

mod built_in;

use std::sync::Arc;

use crate::symbols::Symbols;

pub use built_in::{BuiltIn, built_in};

/// A shared, immutable name.
pub type Name = Arc<str>;

/// The type of a fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FactType {
    /// Text; with `Some`, one of a closed list (a predicate that names another value is a mistake).
    Text(Option<Arc<[Name]>>),
    /// `true` or `false`.
    Bool,
    /// A whole number. Lengths of time (`session.age`) are milliseconds.
    Int,
    /// A length of time given as an attribute, in milliseconds; a number in predicates, and a possible source of `after`.
    Duration,
    /// A calendar date, written and compared as `"2026-03-01"`. Its number is the days since 1970-01-01.
    Date,
    /// A list of texts, constant in a ruleset (`org.permissions`): only for `in`.
    TextList,
}

impl FactType {
    /// The word for people and for `[facts]`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Duration => "duration",
            Self::Date => "date",
            Self::TextList => "list of text",
        }
    }
}

impl FactType {
    /// A text that is one of these.
    pub fn one_of<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        Self::Text(Some(values.into_iter().map(Name::from).collect()))
    }
}

/// The number of a fact in its table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FactId(pub u16);

/// Where the value of a fact comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FactSource {
    /// Kept with the conversation; a change of it makes timers choose again (R2).
    Stored,
    /// Worked out from the instant of the choice; no reason to choose again by itself.
    Clock(ClockFact),
    /// The same for a whole ruleset.
    Constant(Value),
}

/// The facts that depend on the instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClockFact {
    /// `time.hour`, 0 to 23, in the organisation's time zone.
    Hour,
    /// `time.weekday`, `"mon"` to `"sun"`.
    Weekday,
    /// `time.date`.
    Date,
    /// `session.age`: milliseconds since the session opened.
    SessionAge,
    /// `session.idle`: milliseconds since the customer's last message or postback (before the first: since the start).
    SessionIdle,
    /// `in_hours("…")`: whether the calendar of that index is open.
    InHours(u16),
}

/// The value of a fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A text.
    Text(Name),
    /// A truth value.
    Bool(bool),
    /// A number, a duration in milliseconds, or a date in days since 1970.
    Int(i64),
    /// A constant list.
    TextList(Arc<[Name]>),
}

/// One fact of the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactDef {
    /// As written in a predicate: `session.messages`, `customer.tier`, `in_hours("support")`, `timer("alert")`.
    pub name: Name,
    /// Its type.
    pub ty: FactType,
    /// Where its value comes from.
    pub source: FactSource,
}

impl FactDef {
    /// A fact that is kept with the conversation.
    #[must_use]
    pub fn stored(name: &str, ty: FactType) -> Self {
        Self { name: name.into(), ty, source: FactSource::Stored }
    }

    /// A fact that depends on the instant.
    #[must_use]
    pub fn clock(name: &str, ty: FactType, clock: ClockFact) -> Self {
        Self { name: name.into(), ty, source: FactSource::Clock(clock) }
    }

    /// A fact that is the same for a whole ruleset.
    #[must_use]
    pub fn constant(name: &str, ty: FactType, value: Value) -> Self {
        Self { name: name.into(), ty, source: FactSource::Constant(value) }
    }

    /// The fact of a timer's phase, `timer("…")` in predicates: `running`, `stopped` or `lapsed`.
    #[must_use]
    pub fn phase(timer: &str) -> Self {
        Self::stored(&format!("timer(\"{timer}\")"), FactType::one_of(["running", "stopped", "lapsed"]))
    }

    /// The fact of a calendar, `in_hours("…")` in predicates.
    #[must_use]
    pub fn in_hours(calendar: &str, number: u16) -> Self {
        Self::clock(&format!("in_hours(\"{calendar}\")"), FactType::Bool, ClockFact::InHours(number))
    }
}

/// The place of a fact's number in [`Facts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(pub u16);

/// A set of slots; from the 63rd on they share a bit, so that a set says "perhaps" rather than "no".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SlotMask(u64);

impl SlotMask {
    /// No slot.
    pub const EMPTY: Self = Self(0);

    /// Adds a slot.
    pub const fn insert(&mut self, slot: Slot) {
        let bit = if slot.0 > 63 { 63 } else { slot.0 };
        self.0 |= 1 << bit;
    }

    /// Whether the two sets may share a slot.
    #[must_use]
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether it is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Both sets together.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The compiled schema of facts of one ruleset.
#[derive(Clone, Debug, Default)]
pub struct FactTable {
    defs: Vec<FactDef>,
    /// By fact: its slot, when some predicate reads it.
    slots: Vec<Option<Slot>>,
    /// By slot: its fact.
    live: Vec<FactId>,
    symbols: Symbols,
}

impl FactTable {
    /// A table of these facts in which none is read yet. The [`BuiltIn`] facts come first, in their order. The values of
    /// closed lists get their symbols at once, mentioned or not.
    #[must_use]
    pub fn new(defs: Vec<FactDef>) -> Self {
        let slots = vec![None; defs.len()];
        let mut symbols = Symbols::default();
        for def in &defs {
            if let FactType::Text(Some(values)) = &def.ty {
                values.iter().for_each(|value| {
                    symbols.add(value);
                });
            }
        }
        Self { defs, slots, live: Vec::new(), symbols }
    }

    /// All facts, by number.
    #[must_use]
    pub fn defs(&self) -> &[FactDef] {
        &self.defs
    }

    /// A fact by its number.
    #[must_use]
    pub fn get(&self, fact: FactId) -> Option<&FactDef> {
        self.defs.get(usize::from(fact.0))
    }

    /// A fact by its name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<FactId> {
        let index = self.defs.iter().position(|def| &*def.name == name)?;
        u16::try_from(index).ok().map(FactId)
    }

    /// Gives the fact a slot, if it has none yet: some predicate reads it.
    pub fn read(&mut self, fact: FactId) -> Slot {
        let next = Slot(u16::try_from(self.live.len()).unwrap_or(u16::MAX));
        let Some(slot) = self.slots.get_mut(usize::from(fact.0)) else { return next };
        if slot.is_none() {
            self.live.push(fact);
        }
        *slot.get_or_insert(next)
    }

    /// The slot of a fact, when some predicate reads it.
    #[must_use]
    pub fn slot(&self, fact: FactId) -> Option<Slot> {
        self.slots.get(usize::from(fact.0)).copied().flatten()
    }

    /// The facts that have a slot, by slot.
    #[must_use]
    pub fn live(&self) -> &[FactId] {
        &self.live
    }

    /// The symbols of the texts that predicates mention.
    #[must_use]
    pub const fn symbols(&self) -> &Symbols {
        &self.symbols
    }

    /// The same, to add to while compiling.
    pub const fn symbols_mut(&mut self) -> &mut Symbols {
        &mut self.symbols
    }

    /// The number that stands for a value in a slot.
    #[must_use]
    pub fn number(&self, value: &Value) -> i64 {
        match value {
            Value::Text(text) => self.symbols.get(text),
            Value::Bool(flag) => i64::from(*flag),
            Value::Int(number) => *number,
            Value::TextList(_) => 0,
        }
    }
}

/// The values of a conversation's facts: a number for each slot, and the texts as they came.
///
/// A fact that was never set is `""`, `false` or `0`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    slots: Box<[i64]>,
    /// Stored facts that were set from outside (declared ones, queue, language), sorted by fact.
    values: Vec<(FactId, Value)>,
}

impl Facts {
    /// All facts of the table, none set.
    #[must_use]
    pub fn new(table: &FactTable) -> Self {
        let mut facts = Self { slots: vec![0; table.live.len()].into_boxed_slice(), values: Vec::new() };
        let empty = table.symbols.get("");
        for (slot, fact) in facts.slots.iter_mut().zip(&table.live) {
            if matches!(table.get(*fact).map(|def| &def.ty), Some(FactType::Text(_))) {
                *slot = empty;
            }
        }
        facts
    }

    /// The number in each slot.
    #[must_use]
    pub fn slots(&self) -> &[i64] {
        &self.slots
    }

    /// Sets a fact that comes from outside and keeps its value; gives the slot when that changed something that a
    /// predicate reads, else `None`.
    ///
    /// Durations are milliseconds, dates the days since 1970-01-01. The table must be the one that these facts were made
    /// with. That the value is of the fact's type is not checked: [`Engine::step`](crate::engine::Engine::step) refuses
    /// events whose values are not.
    ///
    /// ```
    /// use wane_core::facts::{FactDef, FactTable, FactType, Facts, Value};
    /// let mut table = FactTable::new(vec![FactDef::stored("customer.tier", FactType::Text(None))]);
    /// let tier = table.find("customer.tier").expect("declared");
    /// let slot = table.read(tier); // loading rules does this for each fact that a predicate reads
    /// table.symbols_mut().add("vip");
    ///
    /// let mut facts = Facts::new(&table);
    /// assert_eq!(facts.text(&table, tier), "");
    /// assert_eq!(facts.set(&table, tier, Value::Text("vip".into())), Some(slot));
    /// assert_eq!(facts.set(&table, tier, Value::Text("vip".into())), None, "it was so already");
    /// assert_eq!(facts.text(&table, tier), "vip");
    /// ```
    pub fn set(&mut self, table: &FactTable, fact: FactId, value: Value) -> Option<Slot> {
        let number = table.number(&value);
        match self.values.binary_search_by_key(&fact, |(id, _)| *id) {
            Ok(index) => {
                let held = self.values.get_mut(index)?;
                if held.1 == value {
                    return None;
                }
                held.1 = value;
            }
            Err(index) => self.values.insert(index, (fact, value)),
        }
        self.put(table.slot(fact)?, number)
    }

    /// Sets the number of a fact that the engine keeps elsewhere; gives the slot when that changed something.
    pub fn set_number(&mut self, table: &FactTable, fact: FactId, number: i64) -> Option<Slot> {
        self.put(table.slot(fact)?, number)
    }

    fn put(&mut self, slot: Slot, number: i64) -> Option<Slot> {
        let held = self.slots.get_mut(usize::from(slot.0))?;
        if *held == number {
            return None;
        }
        *held = number;
        Some(slot)
    }

    /// The value that was set for a fact.
    #[must_use]
    pub fn value(&self, fact: FactId) -> Option<&Value> {
        let index = self.values.binary_search_by_key(&fact, |(id, _)| *id).ok()?;
        self.values.get(index).map(|(_, value)| value)
    }

    /// All values that were set, by fact.
    #[must_use]
    pub fn values(&self) -> &[(FactId, Value)] {
        &self.values
    }

    /// The text of a text fact: as it was set, or the text of the symbol in its slot, or `""`.
    #[must_use]
    pub fn text<'a>(&'a self, table: &'a FactTable, fact: FactId) -> &'a str {
        if let Some(Value::Text(text)) = self.value(fact) {
            return text;
        }
        let number = table.slot(fact).and_then(|slot| self.slots.get(usize::from(slot.0)));
        number.and_then(|symbol| table.symbols.text(*symbol)).unwrap_or_default()
    }
}
