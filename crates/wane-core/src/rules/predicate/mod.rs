//! Predicates: a rhai expression over facts, checked against the schema's types at load.
//!
//! The text is looked over ([`scan`]), parsed by rhai in a [`sandbox`], and its syntax tree checked and lowered
//! ([`compile`], with names from [`facts`]) into typed conditions ([`ir`]) that compare numbers in slots. What can not be
//! lowered (functions and the order of texts) is evaluated by rhai. How rows with predicates are searched is in
//! [`crate::choose`].

mod compile;
mod facts;
mod faults;
pub(crate) mod ir;
pub(crate) mod sandbox;
mod scan;

use std::sync::Arc;

use crate::choose::Failure;
use crate::diagnostic::Code;
use crate::facts::{FactId, FactTable, Facts, Name};
use ir::{Cond, Given, Kind};

/// A predicate that was checked. It belongs to the table it was compiled with.
#[derive(Clone, Debug)]
pub struct Predicate {
    text: Name,
    cond: Arc<Cond>,
    reads: Arc<[FactId]>,
}

/// One thing that is wrong with a predicate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which kind.
    pub code: Code,
    /// The bytes of the predicate's text that are meant.
    pub span: std::ops::Range<usize>,
    /// What is wrong.
    pub message: String,
    /// A few words at the place.
    pub label: String,
    /// What would be right.
    pub help: Option<String>,
}

impl Predicate {
    /// Checks and compiles a predicate. Adds the texts it mentions to the table's symbols, and gives every fact it reads
    /// a slot.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn compile(text: &str, table: &mut FactTable) -> Result<Self, Vec<Fault>> {
        let cond = compile::compile(text, table)?;
        let mut reads = Vec::new();
        cond.slots(&mut |slot| reads.extend(table.live().get(usize::from(slot))));
        reads.sort_unstable();
        reads.dedup();
        Ok(Self { text: text.into(), cond: Arc::new(cond), reads: reads.into() })
    }

    /// The text as written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The facts it reads, in order. A fact that can not change its value (`x && false`) is not among them.
    #[must_use]
    pub fn reads(&self) -> &[FactId] {
        &self.reads
    }

    /// Its value, when it does not depend on any fact.
    #[must_use]
    pub fn constant(&self) -> Option<bool> {
        if let Kind::Const(value) = self.cond.kind { Some(value) } else { None }
    }

    /// Whether it holds for these facts.
    ///
    /// # Errors
    /// When it fails at run time; then it counts as false as a whole (R4).
    pub fn holds(&self, table: &FactTable, facts: &Facts) -> Result<bool, Failure> {
        self.cond.eval(Given { table, facts }).map_err(|(failure, _)| failure)
    }

    /// The typed form.
    pub(crate) fn cond(&self) -> &Cond {
        &self.cond
    }
}

#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;
