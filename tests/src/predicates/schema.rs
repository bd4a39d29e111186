//! Random schemas, and random values for their facts.

use wane_core::facts::{FactDef, FactId, FactSource, FactTable, FactType, Facts, Name, Value, built_in};

use super::rng::Rng;

/// Texts of which literals and values are made: few, so that they meet.
pub(super) const TEXTS: [&str; 9] = ["", "a", "b", "ab", "abc", "ä", "de", "vip", "de-a"];
/// Numbers of which literals are made.
pub(super) const NUMBERS: [i64; 14] =
    [0, 1, 2, 3, 5, 7, 20, -1, -3, 60_000, 7_200_000, i64::MAX, i64::MAX / 2, -i64::MAX];
/// Days, as 1970 counts them, and as they are written.
pub(super) const DAYS: [(i64, &str); 4] =
    [(20_811, "2026-12-24"), (20_812, "2026-12-25"), (0, "1970-01-01"), (-1, "1969-12-31")];

/// Which facts there are.
#[derive(Clone, Debug)]
pub struct Schema {
    /// The facts, the built-in ones first.
    pub defs: Vec<FactDef>,
}

impl Schema {
    /// The built-in facts, and some of random names and types.
    pub fn random(rng: &mut Rng) -> Self {
        let permissions = ["a", "vip"].map(Name::from);
        let mut schema = Self { defs: built_in(["web", "in-app", "whatsapp", "sms"], &permissions, true) };
        for n in 0..rng.below(12) {
            let group = rng.pick(&["customer", "attributes"]);
            let ty = match rng.below(6) {
                0 => FactType::Bool,
                1 => FactType::Int,
                2 => FactType::Duration,
                3 => FactType::one_of(["vip", "a", "b"]),
                _ => FactType::Text(None),
            };
            schema.defs.push(FactDef::stored(&format!("{group}.f{n}"), ty));
        }
        for n in 0..rng.below(3) {
            schema.defs.push(FactDef::in_hours(&format!("cal{n}"), 0));
            schema.defs.push(FactDef::phase(&format!("t{n}")));
        }
        schema
    }

    /// The names of the facts of a type that pass.
    pub(super) fn names(&self, fits: impl Fn(&FactType) -> bool) -> Vec<&str> {
        self.defs.iter().filter(|def| fits(&def.ty)).map(|def| &*def.name).collect()
    }
}

/// A value for every fact of a schema.
#[derive(Clone, Debug)]
pub struct World {
    /// By fact.
    pub values: Vec<Value>,
}

impl World {
    /// Random values, such as the literals of predicates too.
    pub fn random(rng: &mut Rng, schema: &Schema) -> Self {
        Self { values: schema.defs.iter().map(|def| value(rng, def)).collect() }
    }

    /// The same as the engine would hold it.
    #[must_use]
    pub fn facts(&self, table: &FactTable) -> Facts {
        let mut facts = Facts::new(table);
        for (fact, value) in (0..).map(FactId).zip(&self.values) {
            facts.set(table, fact, value.clone());
        }
        facts
    }
}

fn value(rng: &mut Rng, def: &FactDef) -> Value {
    if let FactSource::Constant(value) = &def.source {
        return value.clone();
    }
    match &def.ty {
        FactType::Bool => Value::Bool(rng.one_in(2)),
        FactType::Date => Value::Int(DAYS.iter().map(|(day, _)| *day).nth(rng.below(DAYS.len())).unwrap_or_default()),
        FactType::Int | FactType::Duration => {
            let near = i64::try_from(rng.below(3)).unwrap_or_default() - 1;
            let number = NUMBERS.iter().copied().nth(rng.below(NUMBERS.len())).unwrap_or_default();
            let number = number.wrapping_add(near);
            match &*def.name {
                "time.hour" => Value::Int(number.rem_euclid(24)),
                // What the engine counts and measures is never negative.
                name if name.starts_with("session.") => Value::Int(number & i64::MAX),
                _ => Value::Int(number),
            }
        }
        FactType::Text(Some(values)) => {
            let values: Vec<&str> = values.iter().map(|value| &**value).collect();
            Value::Text(rng.pick(&values).into())
        }
        FactType::Text(None) if rng.one_in(6) => Value::Text("never mentioned".into()),
        FactType::Text(None) | FactType::TextList => Value::Text(rng.pick(&TEXTS).into()),
    }
}
