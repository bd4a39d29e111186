//! Bitmaps of rows over the values of facts.

use super::super::ranges::Ranges;
use super::{Demanding, is_text, most_demanded};
use crate::facts::{FactTable, Facts};
use crate::rules::predicate::ir::number;

/// The most facts that are looked up; each costs one more word to read per step.
const MAX_COLUMNS: usize = 10;
/// The most words that the bitmaps of one fact may take: 8 MiB.
const MAX_WORDS: usize = 1 << 20;
/// The most segments of a fact whose segments are searched for.
const MAX_SEARCHED: usize = 128;
/// The largest number for which a fact's segment is read from a table.
const MAX_DIRECT: i64 = 1 << 16;

/// The bitmaps of some rows.
#[derive(Clone, Debug)]
pub(in crate::choose) struct Bitmaps {
    /// By bit: the row.
    rows: Vec<u32>,
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
    /// By number from 0: its segment; what is larger is in the last, what is negative is searched for.
    direct: Vec<u32>,
    /// By segment: its summary, then its bitmap.
    bits: Vec<u64>,
}

impl Bitmaps {
    /// The bitmaps of these rows; `None` when no fact narrows them down.
    pub(super) fn new(rows: &[Demanding<'_>], table: &FactTable) -> Option<Self> {
        let words = rows.len().div_ceil(64);
        let numbers = rows.iter().map(|(row, _)| *row).collect();
        let mut index = Self { rows: numbers, columns: Vec::new(), summary: words.div_ceil(64), words };
        for slot in most_demanded(rows).into_iter().take(MAX_COLUMNS) {
            let column = index.column(slot, rows, table);
            index.columns.push(column);
        }
        (!index.columns.is_empty()).then_some(index)
    }

    const fn stride(&self) -> usize {
        self.summary + self.words
    }

    fn column(&self, slot: u16, rows: &[Demanding<'_>], table: &FactTable) -> Column {
        let room = (MAX_WORDS / self.stride().max(1)).max(2);
        let room = if is_text(slot, table) { room } else { room.min(MAX_SEARCHED) };
        let sets: Vec<Option<&Ranges>> = rows.iter().map(|(_, demands)| side(demands, slot)).collect();
        let cuts = cuts(&sets, room);
        let mut column = Column { slot, direct: direct(&cuts), bits: Vec::new(), cuts };
        column.bits = self.unrestricted(&sets).repeat(column.cuts.len() + 1);
        for (bit, set) in sets.iter().enumerate() {
            if let Some(set) = set {
                self.admit(&mut column, bit, set);
            }
        }
        self.summarise(&mut column);
        column
    }

    /// The bitmap of the rows that demand nothing of a fact.
    fn unrestricted(&self, sets: &[Option<&Ranges>]) -> Vec<u64> {
        let mut base = vec![0_u64; self.stride()];
        for (bit, _) in sets.iter().enumerate().filter(|(_, set)| set.is_none()) {
            set_bit(&mut base, self.summary, bit);
        }
        base
    }

    fn admit(&self, column: &mut Column, bit: usize, set: &Ranges) {
        for (low, high) in set.iter() {
            for segment in column.search(low)..=column.search(high) {
                set_bit(&mut column.bits, segment * self.stride() + self.summary, bit);
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

    /// The first row before `limit` that may match and passes `verify`.
    pub(super) fn find(&self, facts: &Facts, limit: u32, verify: &mut impl FnMut(u32) -> bool) -> Option<u32> {
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
                let mut bits = common(bitmaps, self.summary + word);
                while bits != 0 {
                    let row = *self.rows.get(word * 64 + bits.trailing_zeros() as usize)?;
                    if row >= limit {
                        return None;
                    }
                    if verify(row) {
                        return Some(row);
                    }
                    bits &= bits - 1;
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

fn side(demands: &[(u16, Ranges)], slot: u16) -> Option<&Ranges> {
    demands.iter().find(|(held, _)| *held == slot).map(|(_, set)| set)
}

impl Column {
    fn segment(&self, value: i64) -> usize {
        match usize::try_from(value) {
            Ok(value) if !self.direct.is_empty() => {
                self.direct.get(value).map_or(self.cuts.len(), |segment| *segment as usize)
            }
            _ => self.search(value),
        }
    }

    fn search(&self, value: i64) -> usize {
        self.cuts.partition_point(|cut| *cut <= value)
    }
}

/// Where the demands on a fact change, in order; evenly thinned out when there are too many.
fn cuts(sets: &[Option<&Ranges>], room: usize) -> Vec<i64> {
    let ranges = sets.iter().flatten().flat_map(|set| set.iter());
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
    let mut next = cuts.iter().peekable();
    let mut segment = 0;
    (0..=*last)
        .map(|value| {
            while next.next_if(|cut| **cut <= value).is_some() {
                segment += 1;
            }
            segment
        })
        .collect()
}
