//! The facts for which a row matches, as boxes: a set of numbers for each fact that matters.
//!
//! Conditions that relate facts with each other (arithmetic, functions of texts) do not fit into a box. They are kept
//! beside it and only ever compared for being the same.

use std::collections::BTreeMap;

use super::Candidate;
use super::ranges::{Demands, Ranges, demand, says_all};
use crate::facts::{BuiltIn, FactDef, FactId, FactTable, FactType};
use crate::rules::predicate::ir::{Cond, Kind, Relation};

/// The most boxes that the `||`s of one row are multiplied out to.
const MAX_BOXES: usize = 8;

/// A set of numbers for each fact that is restricted, and what is demanded besides. A fact is meant by its number.
#[derive(Clone, Debug, Default)]
pub(super) struct Region {
    pub(super) sides: Vec<(u16, Ranges)>,
    pub(super) rest: Vec<Kind>,
}

/// What a row matches: any of these.
pub(super) type Shape = Vec<Region>;

impl Region {
    pub(super) fn side(&self, fact: u16) -> Option<&Ranges> {
        self.sides.iter().find(|(held, _)| *held == fact).map(|(_, set)| set)
    }

    pub(super) fn narrow(&mut self, fact: u16, set: &Ranges) {
        match self.sides.iter_mut().find(|(held, _)| *held == fact) {
            Some((_, held)) => *held = held.intersect(set),
            None => self.sides.push((fact, set.clone())),
        }
    }

    /// Whether no facts are in it, as far as can be told.
    pub(super) fn is_empty(&self) -> bool {
        self.sides.iter().any(|(_, set)| set.is_empty())
    }

    /// Whether some facts may be in both.
    pub(super) fn meets(&self, other: &Self) -> bool {
        let apart = |(fact, set): &(u16, Ranges)| other.side(*fact).is_some_and(|side| !side.meets(set));
        !self.sides.iter().any(apart)
    }
}

/// Makes the shapes of rows.
pub(super) struct Shaper<'a> {
    table: &'a FactTable,
    /// Numbers for channels that no predicate mentions, so that they are told apart.
    channels: BTreeMap<&'a str, i64>,
    domains: BTreeMap<u16, Ranges>,
}

impl<'a> Shaper<'a> {
    pub(super) fn new(table: &'a FactTable) -> Self {
        let domains = (0..).zip(table.defs()).filter_map(|(fact, def)| Some((fact, domain(FactId(fact), def, table)?)));
        Self { table, channels: BTreeMap::new(), domains: domains.collect() }
    }

    /// Every value that a fact can have.
    pub(super) fn domain(&self, fact: u16) -> Ranges {
        self.domains.get(&fact).cloned().unwrap_or_else(|| Ranges::from_to(i64::MIN, i64::MAX))
    }

    /// The lowest or highest value that a fact can have.
    pub(super) fn domain_end(&self, fact: u16, highest: bool) -> i64 {
        let all = if highest { i64::MAX } else { i64::MIN };
        self.domains.get(&fact).map_or(all, |domain| domain.end(highest))
    }

    /// Whether every value that a fact can have is in a set.
    pub(super) fn domain_within(&self, fact: u16, set: &Ranges) -> bool {
        match self.domains.get(&fact) {
            Some(domain) => domain.within(set),
            None => Ranges::from_to(i64::MIN, i64::MAX).within(set),
        }
    }

    /// What a row matches. Empty regions are left out: a row without any can never match.
    pub(super) fn shape(&mut self, candidate: &Candidate<'a>) -> Shape {
        let mut region = Region::default();
        if let Some(channels) = &candidate.channels {
            let mut symbols: Vec<i64> = channels.iter().map(|channel| self.channel(channel)).collect();
            symbols.sort_unstable();
            region.narrow(BuiltIn::Channel.id().0, &Ranges::points(&symbols));
        }
        if let Some((fact, min, max)) = &candidate.within {
            region.narrow(fact.0, &Ranges::from_to(min.millis(), max.millis()));
        }
        let mut shape = vec![region];
        for predicate in &candidate.when {
            self.add(&mut shape, &predicate.cond().kind);
        }
        for region in &mut shape {
            self.clip(region);
        }
        shape.retain(|region| !region.is_empty());
        shape
    }

    fn channel(&mut self, name: &'a str) -> i64 {
        match self.table.symbols().get(name) {
            0 => {
                let next = -1 - i64::try_from(self.channels.len()).unwrap_or(i64::MAX - 1);
                *self.channels.entry(name).or_insert(next)
            }
            symbol => symbol,
        }
    }

    /// Narrows every region down to what fulfils a condition too.
    fn add(&self, shape: &mut Shape, kind: &Kind) {
        match kind {
            Kind::Const(true) => {}
            Kind::Const(false) => shape.clear(),
            Kind::All(parts) => parts.iter().for_each(|part| self.add(shape, &part.kind)),
            Kind::Any(parts) if !says_all(kind) && self.multiplies(shape, parts) => {
                let each = parts.iter().map(|part| {
                    let mut own = shape.clone();
                    self.add(&mut own, &part.kind);
                    own
                });
                *shape = each.flatten().collect();
            }
            Kind::Any(_) | Kind::Compare { .. } | Kind::Among { .. } => self.demand_of_all(shape, kind),
            Kind::Arith { .. } | Kind::Same { .. } | Kind::Residual { .. } => self.demand_of_all(shape, kind),
        }
    }

    /// Whether an `||` is taken apart: only when it can not fail, for then any part that holds makes the whole hold.
    fn multiplies(&self, shape: &Shape, parts: &[Cond]) -> bool {
        shape.len() * parts.len() <= MAX_BOXES && parts.iter().all(Cond::infallible)
    }

    fn demand_of_all(&self, shape: &mut Shape, kind: &Kind) {
        shape.iter_mut().for_each(|region| self.demand(region, kind));
    }

    fn demand(&self, region: &mut Region, kind: &Kind) {
        let mut demands = Demands::new();
        demand(kind, &mut demands);
        for (slot, set) in &demands {
            if let Some(fact) = self.table.live().get(usize::from(*slot)) {
                region.narrow(fact.0, set);
            }
        }
        if !says_all(kind) {
            region.rest.push(kind.clone());
        }
    }

    fn clip(&self, region: &mut Region) {
        for (fact, set) in &mut region.sides {
            if let Some(domain) = self.domains.get(fact) {
                *set = set.intersect(domain);
            }
        }
        // A side that allows all that there is says nothing.
        region.sides.retain(|(fact, set)| self.domains.get(fact) != Some(set));
    }
}

/// The values of a fact that are not simply all numbers.
fn domain(fact: FactId, def: &FactDef, table: &FactTable) -> Option<Ranges> {
    let counted = [BuiltIn::Messages, BuiltIn::CustomerMessages, BuiltIn::SessionAge, BuiltIn::SessionIdle];
    let kept = [BuiltIn::Status, BuiltIn::Handler, BuiltIn::Weekday];
    match &def.ty {
        FactType::Bool => Some(Ranges::from_to(0, 1)),
        FactType::Int if fact == BuiltIn::Hour.id() => Some(Ranges::from_to(0, 23)),
        FactType::Int if counted.iter().any(|known| known.id() == fact) => Some(Ranges::of(Relation::AtLeast, 0)),
        // Only of facts that the engine itself keeps is it certain that they hold nothing else. Channels are left out:
        // a row may name one that the table does not know.
        FactType::Text(Some(values)) if kept.iter().any(|known| known.id() == fact) => {
            let mut symbols: Vec<i64> = values.iter().map(|value| table.symbols().get(value)).collect();
            symbols.sort_unstable();
            Some(Ranges::points(&symbols))
        }
        FactType::Text(_) | FactType::Int | FactType::Duration | FactType::Date | FactType::TextList => None,
    }
}
