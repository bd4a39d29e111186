//! Which rows can match at all: bitmaps over the values of facts.
//!
//! For each fact that rows demand something of, its numbers are cut into segments in which the rows cannot tell values
//! apart (or, when there are too many, a little coarser). Each segment has a bitmap of the rows that a value in it does
//! not rule out, with a summary: a bit for each word that is not zero. The common bits of one bitmap per fact, in order,
//! are the rows to verify.
//!
//! A bitmap may keep a row that does not match; it must never drop one that does.

use super::code::Code;
use super::ranges::{Demands, Ranges, demand};
use crate::facts::{FactTable, FactType, Facts};
use crate::rules::predicate::ir::number;

/// The most facts that are looked up; each costs one more word to read per step.
const MAX_COLUMNS: usize = 10;
/// The most words that the bitmaps of one fact may take: 8 MiB.
const MAX_WORDS: usize = 1 << 20;
/// The most segments of a fact whose segments are searched for.
const MAX_SEARCHED: usize = 128;
/// The largest number for which a fact's segment is read from a table.
const MAX_DIRECT: i64 = 1 << 16;

/// Bitmaps of the rows of one timer.
#[derive(Clone, Debug)]
pub(super) struct Index {
    columns: Vec<Column>,
    /// Words of a summary, and of the bitmap after it.
    summary: usize,
    words: usize,
}

/// The bitmaps over one fact.
#[derive(Clone, Debug)]
struct Column {
    slot: u16,
    /// Where segments begin, but for the first, which begins at the smallest number.
    cuts: Vec<i64>,
    /// By number from 0: its segment; what is larger is in the last, what is negative in the first.
    direct: Vec<u32>,
    /// By segment: its summary, then its bitmap.
    bits: Vec<u64>,
}

impl Index {
    /// The index of these rows; `None` when no fact narrows them down.
    pub(super) fn new(code: &Code, table: &FactTable) -> Option<Self> {
        let demands: Vec<Demands> = (0..code.len()).map(|row| demands_of(code, row)).collect();
        let words = code.len().div_ceil(64);
        let mut index = Self { columns: Vec::new(), summary: words.div_ceil(64), words };
        for slot in most_demanded(&demands) {
            let column = index.column(slot, &demands, table);
            index.columns.push(column);
        }
        (!index.columns.is_empty()).then_some(index)
    }

    const fn stride(&self) -> usize {
        self.summary + self.words
    }

    fn column(&self, slot: u16, demands: &[Demands], table: &FactTable) -> Column {
        let is_text = table.live().get(usize::from(slot)).and_then(|fact| table.get(*fact));
        let is_text = is_text.is_some_and(|def| matches!(def.ty, FactType::Text(_)));
        let room = (MAX_WORDS / self.stride().max(1)).max(2);
        let cuts = cuts(slot, demands, if is_text { room } else { room.min(MAX_SEARCHED) });
        let mut column = Column { slot, direct: direct(&cuts), bits: Vec::new(), cuts };
        let base = self.unrestricted(slot, demands);
        column.bits = base.repeat(column.cuts.len() + 1);
        for (row, demands) in demands.iter().enumerate() {
            if let Some((_, set)) = demands.iter().find(|(held, _)| *held == slot) {
                self.admit(&mut column, row, set);
            }
        }
        self.summarise(&mut column);
        column
    }

    /// The bitmap of the rows that demand nothing of this fact.
    fn unrestricted(&self, slot: u16, demands: &[Demands]) -> Vec<u64> {
        let mut base = vec![0_u64; self.stride()];
        for (row, demands) in demands.iter().enumerate() {
            if !demands.iter().any(|(held, _)| *held == slot) {
                set_bit(&mut base, self.summary, row);
            }
        }
        base
    }

    fn admit(&self, column: &mut Column, row: usize, set: &Ranges) {
        for (low, high) in set.iter() {
            for segment in column.search(low)..=column.search(high) {
                set_bit(&mut column.bits, segment * self.stride() + self.summary, row);
            }
        }
    }

    fn summarise(&self, column: &mut Column) {
        for segment in column.bits.chunks_exact_mut(self.stride()) {
            let (summary, words) = segment.split_at_mut(self.summary);
            for (place, word) in words.iter().enumerate() {
                if *word != 0 {
                    set_bit(summary, 0, place);
                }
            }
        }
    }

    /// The first row that may match and passes `verify`.
    pub(super) fn find(&self, facts: &Facts, verify: &mut impl FnMut(usize) -> bool) -> Option<usize> {
        let mut held: [&[u64]; MAX_COLUMNS] = [&[]; MAX_COLUMNS];
        for (place, column) in held.iter_mut().zip(&self.columns) {
            let start = column.segment(number(facts, column.slot)) * self.stride();
            *place = column.bits.get(start..start + self.stride())?;
        }
        let bitmaps = held.get(..self.columns.len())?;
        for block in 0..self.summary {
            let mut places = common(bitmaps, block);
            while places != 0 {
                let word = block * 64 + places.trailing_zeros() as usize;
                places &= places - 1;
                let mut rows = common(bitmaps, self.summary + word);
                while rows != 0 {
                    let row = word * 64 + rows.trailing_zeros() as usize;
                    if verify(row) {
                        return Some(row);
                    }
                    rows &= rows - 1;
                }
            }
        }
        None
    }
}

/// The bits that a word has in all bitmaps.
fn common(bitmaps: &[&[u64]], word: usize) -> u64 {
    bitmaps.iter().fold(u64::MAX, |bits, bitmap| bits & bitmap.get(word).copied().unwrap_or_default())
}

fn set_bit(words: &mut [u64], from: usize, bit: usize) {
    if let Some(word) = words.get_mut(from + bit / 64) {
        *word |= 1 << (bit % 64);
    }
}

impl Column {
    fn segment(&self, value: i64) -> usize {
        if self.direct.is_empty() {
            return self.search(value);
        }
        match usize::try_from(value) {
            Err(_) => self.search(value),
            Ok(value) => self.direct.get(value).map_or(self.cuts.len(), |segment| *segment as usize),
        }
    }

    fn search(&self, value: i64) -> usize {
        self.cuts.partition_point(|cut| *cut <= value)
    }
}

fn demands_of(code: &Code, row: usize) -> Demands {
    let mut demands = Demands::new();
    code.demands(row).for_each(|kind| demand(&kind, &mut demands));
    demands
}

/// The facts that most rows demand something of, most demanded first.
fn most_demanded(demands: &[Demands]) -> Vec<u16> {
    let mut counts: Vec<(usize, u16)> = Vec::new();
    for (slot, _) in demands.iter().flatten() {
        match counts.iter_mut().find(|(_, held)| held == slot) {
            Some((count, _)) => *count += 1,
            None => counts.push((1, *slot)),
        }
    }
    let least = demands.len() / 32;
    counts.retain(|(count, _)| *count > least);
    counts.sort_unstable_by(|left, right| right.cmp(left));
    counts.truncate(MAX_COLUMNS);
    counts.into_iter().map(|(_, slot)| slot).collect()
}

/// Where the demands on a fact change, in order; evenly thinned out when there are too many.
fn cuts(slot: u16, demands: &[Demands], room: usize) -> Vec<i64> {
    let sets = demands.iter().flatten().filter(|(held, _)| *held == slot);
    let ranges = sets.flat_map(|(_, set)| set.iter());
    let ends = ranges.flat_map(|(low, high)| [Some(low), high.checked_add(1)]);
    let mut cuts: Vec<i64> = ends.flatten().filter(|cut| *cut != i64::MIN).collect();
    cuts.sort_unstable();
    cuts.dedup();
    let most = room.saturating_sub(1).max(1);
    if cuts.len() > most {
        let step = cuts.len().div_ceil(most);
        cuts = cuts.into_iter().step_by(step).collect();
    }
    cuts
}

/// The segment of each number from 0, when the cuts are small numbers.
fn direct(cuts: &[i64]) -> Vec<u32> {
    let Some(last) = cuts.last().filter(|last| (0..MAX_DIRECT).contains(*last)) else { return Vec::new() };
    let segment = |value: i64| u32::try_from(cuts.partition_point(|cut| *cut <= value)).unwrap_or(u32::MAX);
    (0..=*last).map(segment).collect()
}
