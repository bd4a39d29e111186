//! Which rows can match at all.
//!
//! Three shapes, nested as the rows demand:
//!
//! - **A list**: few rows are simply verified one by one.
//! - **Bitmaps**: for each fact that rows demand something of, its numbers are cut into segments in which the rows cannot
//!   tell values apart (or, when there are too many, a little coarser). Each segment has a bitmap of the rows that a value
//!   in it does not rule out, with a summary: a bit for each word that is not zero. The common bits of one bitmap per
//!   fact, in order, are the rows to verify.
//! - **Buckets**: when most rows demand one of many values of the same text (a queue, a customer), the rows of each value
//!   have an index of their own, and the rest has one.
//!
//! An index may keep a row that does not match; it must never drop one that does.

mod bitmaps;

use super::code::Code;
use super::ranges::{Demands, demand};
use crate::facts::{FactTable, FactType, Facts};
use crate::rules::predicate::ir::number;
use bitmaps::Bitmaps;

/// With fewer rows than this, looking at each is faster than looking them up.
const WORTH_BITMAPS: usize = 12;
/// With fewer rows than this, buckets save nothing.
const WORTH_BUCKETS: usize = 64;
/// A fact has enough different values for buckets from here on.
const MANY_VALUES: usize = 16;
/// How many facts rows are filed by, one within the other.
const MAX_LEVELS: usize = 2;
/// The most values of one fact that a row is filed under.
const FEW_VALUES: usize = 8;

/// A way to the rows of one timer that may match.
#[derive(Clone, Debug)]
pub(super) enum Index {
    /// These rows, in order.
    List(Vec<u32>),
    Bitmaps(Bitmaps),
    Buckets(Box<Buckets>),
}

impl Default for Index {
    fn default() -> Self {
        Self::List(Vec::new())
    }
}

/// Rows by the value that they demand of a text.
#[derive(Clone, Debug)]
pub(super) struct Buckets {
    slot: u16,
    /// By symbol: its bucket and 1; 0 is none.
    places: Vec<u32>,
    buckets: Vec<Index>,
    /// The rows that demand no particular value.
    rest: Index,
}

/// A row and what it demands.
type Demanding<'a> = (u32, &'a Demands);

impl Index {
    /// The index of all rows.
    pub(super) fn new(code: &Code, table: &FactTable) -> Self {
        let demands: Vec<Demands> = (0..code.len()).map(|row| demands_of(code, row)).collect();
        let rows: Vec<Demanding<'_>> = (0..).zip(&demands).collect();
        Self::of(&rows, &[], table)
    }

    /// `taken` are the facts by which these rows are filed already.
    fn of(rows: &[Demanding<'_>], taken: &[u16], table: &FactTable) -> Self {
        if rows.len() < WORTH_BITMAPS {
            return Self::List(rows.iter().map(|(row, _)| *row).collect());
        }
        if let Some(slot) = key(rows, taken, table) {
            return Self::Buckets(Box::new(Buckets::new(slot, rows, taken, table)));
        }
        match Bitmaps::new(rows, table) {
            Some(bitmaps) => Self::Bitmaps(bitmaps),
            None => Self::List(rows.iter().map(|(row, _)| *row).collect()),
        }
    }

    /// The first row before `limit` that may match and passes `verify`.
    pub(super) fn find(&self, facts: &Facts, limit: u32, verify: &mut impl FnMut(u32) -> bool) -> Option<u32> {
        match self {
            Self::List(rows) => rows.iter().copied().take_while(|row| *row < limit).find(|row| verify(*row)),
            Self::Bitmaps(bitmaps) => bitmaps.find(facts, limit, verify),
            Self::Buckets(buckets) => {
                let keyed = buckets.of(number(facts, buckets.slot)).and_then(|index| index.find(facts, limit, verify));
                buckets.rest.find(facts, keyed.unwrap_or(limit), verify).or(keyed)
            }
        }
    }
}

impl Buckets {
    fn new(slot: u16, rows: &[Demanding<'_>], taken: &[u16], table: &FactTable) -> Self {
        let taken = [taken, &[slot]].concat();
        let mut places = vec![0; table.symbols().len() + 1];
        let mut filed: Vec<Vec<Demanding<'_>>> = Vec::new();
        let mut rest = Vec::new();
        for row in rows {
            match values(row.1, slot) {
                None => rest.push(*row),
                Some(values) => {
                    for value in values {
                        let Some(place) = usize::try_from(value).ok().and_then(|at| places.get_mut(at)) else {
                            continue;
                        };
                        if *place == 0 {
                            filed.push(Vec::new());
                            *place = u32::try_from(filed.len()).unwrap_or_default();
                        }
                        let bucket = (*place as usize).checked_sub(1).and_then(|at| filed.get_mut(at));
                        bucket.into_iter().for_each(|bucket| bucket.push(*row));
                    }
                }
            }
        }
        let buckets = filed.iter().map(|rows| Index::of(rows, &taken, table)).collect();
        Self { slot, places, buckets, rest: Index::of(&rest, &taken, table) }
    }

    fn of(&self, symbol: i64) -> Option<&Index> {
        let place = *self.places.get(usize::try_from(symbol).ok()?)? as usize;
        self.buckets.get(place.checked_sub(1)?)
    }
}

fn demands_of(code: &Code, row: usize) -> Demands {
    let mut demands = Demands::new();
    code.demands(row).for_each(|kind| demand(&kind, &mut demands));
    demands
}

/// The few values that a row demands of a fact.
fn values(demands: &Demands, slot: u16) -> Option<Vec<i64>> {
    demands.iter().find(|(held, _)| *held == slot)?.1.few(FEW_VALUES)
}

/// The text by whose value rows are best filed: half of them demand one of many.
fn key(rows: &[Demanding<'_>], taken: &[u16], table: &FactTable) -> Option<u16> {
    if rows.len() < WORTH_BUCKETS || taken.len() == MAX_LEVELS {
        return None;
    }
    let candidates = most_demanded(rows);
    let free = candidates.into_iter().filter(|slot| is_text(*slot, table) && !taken.contains(slot));
    let varied = free.filter_map(|slot| {
        let lists: Vec<Vec<i64>> = rows.iter().filter_map(|(_, demands)| values(demands, slot)).collect();
        let keyed = lists.len();
        let mut all: Vec<i64> = lists.into_iter().flatten().collect();
        all.sort_unstable();
        all.dedup();
        (all.len() >= MANY_VALUES && keyed * 2 >= rows.len()).then_some((all.len(), slot))
    });
    varied.max().map(|(_, slot)| slot)
}

fn is_text(slot: u16, table: &FactTable) -> bool {
    let def = table.live().get(usize::from(slot)).and_then(|fact| table.get(*fact));
    def.is_some_and(|def| matches!(def.ty, FactType::Text(_)))
}

/// The facts that enough rows demand something of, most demanded first.
fn most_demanded(rows: &[Demanding<'_>]) -> Vec<u16> {
    let mut counts: Vec<(usize, u16)> = Vec::new();
    for (slot, _) in rows.iter().flat_map(|(_, demands)| *demands) {
        match counts.iter_mut().find(|(_, held)| held == slot) {
            Some((count, _)) => *count += 1,
            None => counts.push((1, *slot)),
        }
    }
    let least = rows.len() / 32;
    counts.retain(|(count, _)| *count > least);
    counts.sort_unstable_by(|left, right| right.cmp(left));
    counts.into_iter().map(|(_, slot)| slot).collect()
}
