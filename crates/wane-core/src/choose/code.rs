//! The conditions of rows as flat lists of tests: a row matches when all of its tests pass.
//!
//! Top-level `&&`s are taken apart, so that most tests compare one number with a constant. What has inner structure
//! (`||`, arithmetic, rhai) is one test that evaluates a tree.

use std::sync::Arc;

use super::{Candidate, Verdict};
use crate::facts::{BuiltIn, FactTable};
use crate::rules::predicate::ir::{Cond, Failed, Given, Kind, Relation, Span, number};
use crate::timer::RowId;

/// All rows of one timer.
#[derive(Clone, Debug, Default)]
pub(super) struct Code {
    rows: Vec<Row>,
    tests: Vec<Test>,
    /// By test: what it stands for.
    parts: Vec<Part>,
    lists: Vec<Arc<[i64]>>,
    trees: Vec<Cond>,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    id: RowId,
    first: u32,
    end: u32,
}

/// One test. Texts are compared by symbol.
#[derive(Clone, Copy, Debug)]
enum Test {
    Never,
    Compare { slot: u16, relation: Relation, value: i64 },
    Among { slot: u16, negated: bool, list: u32 },
    Tree(u32),
}

#[derive(Clone, Copy, Debug)]
enum Part {
    Channel,
    Within,
    Condition { predicate: u16, span: Span },
}

/// Whether a row matches.
pub(super) enum Check {
    Matches,
    /// This test does not pass, or fails.
    Fails {
        test: usize,
        failed: Option<Failed>,
    },
}

impl Code {
    pub(super) fn new(candidates: &[Candidate<'_>], table: &mut FactTable) -> Self {
        let mut code = Self::default();
        for candidate in candidates {
            let first = to_u32(code.tests.len());
            code.add_channels(candidate, table);
            code.add_predicates(candidate);
            code.add_within(candidate, table);
            code.rows.push(Row { id: candidate.row, first, end: to_u32(code.tests.len()) });
        }
        code
    }

    fn add_channels(&mut self, candidate: &Candidate<'_>, table: &mut FactTable) {
        let Some(channels) = &candidate.channels else { return };
        let slot = table.read(BuiltIn::Channel.id()).0;
        let mut symbols: Vec<i64> = channels.iter().map(|channel| table.symbols_mut().add(channel)).collect();
        symbols.sort_unstable();
        self.push_among(slot, symbols.into(), false, Part::Channel);
    }

    fn add_predicates(&mut self, candidate: &Candidate<'_>) {
        for (predicate, when) in (0..).zip(&candidate.when) {
            let whole = when.cond();
            let parts = if let Kind::All(parts) = &whole.kind { parts.as_slice() } else { std::slice::from_ref(whole) };
            parts.iter().for_each(|part| self.push_condition(predicate, part));
        }
    }

    fn add_within(&mut self, candidate: &Candidate<'_>, table: &mut FactTable) {
        let Some((fact, min, max)) = &candidate.within else { return };
        let slot = table.read(*fact).0;
        self.push(Test::Compare { slot, relation: Relation::AtLeast, value: min.millis() }, Part::Within);
        self.push(Test::Compare { slot, relation: Relation::AtMost, value: max.millis() }, Part::Within);
    }

    fn push(&mut self, test: Test, part: Part) {
        self.tests.push(test);
        self.parts.push(part);
    }

    fn push_condition(&mut self, predicate: u16, cond: &Cond) {
        let part = Part::Condition { predicate, span: cond.span };
        match &cond.kind {
            Kind::Const(true) => {}
            Kind::Const(false) => self.push(Test::Never, part),
            Kind::Compare { slot, relation, value } => {
                self.push(Test::Compare { slot: *slot, relation: *relation, value: *value }, part);
            }
            Kind::Among { slot, values, negated } => self.push_among(*slot, values.clone(), *negated, part),
            Kind::Any(parts) => match points(parts) {
                Some((slot, values)) => self.push_among(slot, values.into(), false, part),
                None => self.push_tree(cond, part),
            },
            Kind::All(_) | Kind::Arith { .. } | Kind::Same { .. } | Kind::Residual { .. } => self.push_tree(cond, part),
        }
    }

    fn push_tree(&mut self, cond: &Cond, part: Part) {
        self.push(Test::Tree(to_u32(self.trees.len())), part);
        self.trees.push(cond.clone());
    }

    fn push_among(&mut self, slot: u16, values: Arc<[i64]>, negated: bool, part: Part) {
        if let [value] = *values {
            let relation = if negated { Relation::Unequal } else { Relation::Equal };
            return self.push(Test::Compare { slot, relation, value }, part);
        }
        self.push(Test::Among { slot, negated, list: to_u32(self.lists.len()) }, part);
        self.lists.push(values);
    }

    /// How many rows there are.
    pub(super) const fn len(&self) -> usize {
        self.rows.len()
    }

    /// The number of the row in its ruleset.
    pub(super) fn id(&self, row: usize) -> Option<RowId> {
        self.rows.get(row).map(|row| row.id)
    }

    /// Whether a row matches; looks at its tests in order.
    pub(super) fn check(&self, row: usize, given: Given<'_>) -> Check {
        let Some(row) = self.rows.get(row) else { return Check::Fails { test: usize::MAX, failed: None } };
        let (first, end) = (row.first as usize, row.end as usize);
        for (test, place) in self.tests.get(first..end).unwrap_or_default().iter().zip(first..) {
            match self.test(*test, given) {
                Ok(true) => {}
                Ok(false) => return Check::Fails { test: place, failed: None },
                Err(failed) => return Check::Fails { test: place, failed: Some(failed) },
            }
        }
        Check::Matches
    }

    #[inline]
    fn test(&self, test: Test, given: Given<'_>) -> Result<bool, Failed> {
        Ok(match test {
            Test::Never => false,
            Test::Compare { slot, relation, value } => relation.holds(&number(given.facts, slot), &value),
            Test::Among { slot, negated, list } => {
                let list = self.lists.get(list as usize).map(|list| &**list).unwrap_or_default();
                let value = number(given.facts, slot);
                // The lists are short; a straight run over them beats a search.
                list.contains(&value) != negated
            }
            Test::Tree(tree) => match self.trees.get(tree as usize) {
                Some(tree) => tree.eval(given)?,
                None => false,
            },
        })
    }

    /// The words for a test that did not pass.
    pub(super) fn verdict(&self, test: usize, failed: Option<Failed>) -> Verdict {
        match self.parts.get(test) {
            None | Some(Part::Channel) => Verdict::OtherChannel,
            Some(Part::Within) => Verdict::Outside,
            Some(Part::Condition { predicate, span }) => {
                let predicate = usize::from(*predicate);
                match failed {
                    None => Verdict::Condition { predicate, span: span.range() },
                    Some((failure, span)) => Verdict::Failed { predicate, span: span.range(), failure },
                }
            }
        }
    }

    /// What each row demands, as conditions: for the index.
    pub(super) fn demands(&self, row: usize) -> impl Iterator<Item = Kind> + '_ {
        let tests = self.rows.get(row).and_then(|row| self.tests.get(row.first as usize..row.end as usize));
        tests.unwrap_or_default().iter().map(|test| match *test {
            Test::Never => Kind::Const(false),
            Test::Compare { slot, relation, value } => Kind::Compare { slot, relation, value },
            Test::Among { slot, negated, list } => {
                let values = self.lists.get(list as usize).cloned().unwrap_or_default();
                Kind::Among { slot, values, negated }
            }
            Test::Tree(tree) => self.trees.get(tree as usize).map_or(Kind::Const(true), |tree| tree.kind.clone()),
        })
    }
}

/// `a == 1 || a == 2 || a in [3, 4]` as one set.
fn points(parts: &[Cond]) -> Option<(u16, Vec<i64>)> {
    let mut found: Option<(u16, Vec<i64>)> = None;
    for part in parts {
        let (slot, values) = equalities(&part.kind)?;
        let (known, list) = found.get_or_insert((slot, Vec::new()));
        if *known != slot {
            return None;
        }
        list.extend_from_slice(values);
    }
    let (slot, mut values) = found?;
    values.sort_unstable();
    values.dedup();
    Some((slot, values))
}

fn equalities(kind: &Kind) -> Option<(u16, &[i64])> {
    if let Kind::Compare { slot, relation: Relation::Equal, value } = kind {
        return Some((*slot, std::slice::from_ref(value)));
    }
    if let Kind::Among { slot, values, negated: false } = kind { Some((*slot, values)) } else { None }
}

fn to_u32(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
