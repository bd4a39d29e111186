//! Random schemas, predicates and facts, and rhai itself as the judge of what a predicate is worth.
//!
//! The judge knows nothing of the lowering: it runs the whole text over a scope of maps, with rhai's own standard
//! library, so that whatever the compiler of predicates gets wrong shows as a difference.

use std::fmt::Write as _;

use wane_core::facts::FactTable;

mod judge;
mod rng;
mod schema;
mod writer;

pub use judge::Judge;
pub use rng::Rng;
pub use schema::{Schema, World};
pub use writer::{Writer, damage, predicate, simple_predicate};

/// What came of comparing.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// How many (predicate, facts) pairs were compared.
    pub pairs: u64,
    /// How many predicates.
    pub predicates: u64,
    /// How many of the pairs held, and how many failed at run time: a comparison of nothing but `false` proves little.
    pub held: u64,
    /// How many of the pairs failed at run time.
    pub failed: u64,
    /// The differences, in words; at most a few.
    pub differences: Vec<String>,
}

/// Compares compiled predicates with rhai's own evaluation, on so many random pairs.
#[must_use]
pub fn compare(seed: u64, pairs: u64) -> Comparison {
    const FACTS_EACH: usize = 64;
    const PREDICATES_EACH: usize = 50;
    let mut rng = Rng::new(seed);
    let judge = Judge::new();
    let mut comparison = Comparison::default();
    while comparison.pairs < pairs && comparison.differences.len() < 20 {
        let schema = Schema::random(&mut rng);
        let worlds: Vec<World> = (0..FACTS_EACH).map(|_| World::random(&mut rng, &schema)).collect();
        for _ in 0..PREDICATES_EACH {
            let text = predicate(&mut rng, &schema);
            comparison.one(&text, &judge, &schema, &worlds);
        }
    }
    comparison
}

impl Comparison {
    fn one(&mut self, text: &str, judge: &Judge, schema: &Schema, worlds: &[World]) {
        let mut table = FactTable::new(schema.defs.clone());
        let compiled = match wane_core::rules::predicate::Predicate::compile(text, &mut table) {
            Ok(compiled) => compiled,
            Err(faults) if faults.iter().all(|fault| matches!(fault.code.0, "E0407" | "E0410")) => return,
            Err(faults) => return self.differences.push(format!("`{text}` is refused: {faults:?}")),
        };
        let ast = match judge.parse(text) {
            Ok(ast) => ast,
            Err(error) => return self.differences.push(format!("`{text}` is not rhai: {error}")),
        };
        self.predicates += 1;
        for world in worlds {
            let facts = world.facts(&table);
            let (ours, theirs) = (compiled.holds(&table, &facts), judge.eval(&ast, schema, world));
            self.pairs += 1;
            self.held += u64::from(theirs == Ok(true));
            self.failed += u64::from(theirs.is_err());
            let constant = compiled.constant().is_none_or(|constant| theirs == Ok(constant));
            if ours != theirs || !constant {
                let mut words =
                    format!("`{text}`: {ours:?}, by rhai {theirs:?}, constant {:?}, where", compiled.constant());
                for fact in compiled.reads() {
                    let (def, value) = (table.get(*fact), world.values.get(usize::from(fact.0)));
                    let _ = write!(words, " {:?} = {value:?}", def.map(|def| &def.name));
                }
                self.differences.push(words);
                return;
            }
        }
    }
}
