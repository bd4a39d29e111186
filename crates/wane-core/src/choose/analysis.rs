//! What can be told about rows without any facts: which can never win, which may match together.
//!
//! Everything said here is certain; where certainty would cost too much, nothing is said. No row is called shadowed that
//! could win.

use std::collections::BTreeMap;

use super::Candidate;
use super::regions::{Region, Shape, Shaper};
use crate::facts::FactTable;

/// A row that can never win.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shadowed {
    /// The position of the row among the candidates.
    pub index: usize,
    /// The positions of better rows that, together, match whenever it does; as few as could be found.
    pub by: Vec<usize>,
    /// Nothing can ever match it, better rows or not; then `by` is empty.
    pub impossible: bool,
}

/// How many pairs of rows are compared in one analysis.
const MAX_PAIRS: usize = 2_000_000;
/// How many pieces a row is cut into while better rows are taken out of it.
const MAX_PIECES: usize = 64;
/// How many better rows are taken out of one row.
const MAX_COVERS: usize = 48;
/// Up to so many rows, each is compared with all better ones.
const FEW_ROWS: usize = 512;
/// The longest list of values by which a row is filed.
const MAX_KEYS: usize = 8;

/// The rows that can never win, given best first (R1).
#[must_use]
pub fn never_wins(candidates: &[Candidate<'_>], table: &FactTable) -> Vec<Shadowed> {
    let mut shaper = Shaper::new(table);
    let shapes: Vec<Shape> = candidates.iter().map(|candidate| shaper.shape(candidate)).collect();
    let mut search = Search::new(&shapes, &shaper);
    (0..shapes.len()).filter_map(|row| search.row(row)).collect()
}

/// Whether two rows may both match; `false` only when that is certain.
#[must_use]
pub fn overlap(a: &Candidate<'_>, b: &Candidate<'_>, table: &FactTable) -> bool {
    let mut shaper = Shaper::new(table);
    let (a, b) = (shaper.shape(a), shaper.shape(b));
    a.iter().any(|left| b.iter().any(|right| left.meets(right)))
}

/// The regions of the rows seen so far, filed by a value that they demand.
struct Search<'a> {
    shapes: &'a [Shape],
    shaper: &'a Shaper<'a>,
    /// By fact: how many different values rows demand of it; the more, the better to file by.
    variety: BTreeMap<u16, usize>,
    filed: BTreeMap<(u16, i64), Vec<usize>>,
    /// The rows with a region that demands no particular value.
    general: Vec<usize>,
    pairs: usize,
}

impl<'a> Search<'a> {
    fn new(shapes: &'a [Shape], shaper: &'a Shaper<'a>) -> Self {
        let variety = variety(shapes);
        Self { shapes, shaper, variety, filed: BTreeMap::new(), general: Vec::new(), pairs: 0 }
    }

    fn shape(&self, row: usize) -> &'a [Region] {
        self.shapes.get(row).map(Vec::as_slice).unwrap_or_default()
    }

    /// Says whether a row can never win, and files it for those after it.
    fn row(&mut self, row: usize) -> Option<Shadowed> {
        let shape = self.shape(row);
        if shape.is_empty() {
            return Some(Shadowed { index: row, by: Vec::new(), impossible: true });
        }
        let mut by = Vec::new();
        for region in shape {
            match self.covered(row, region) {
                Some(covers) => by.extend(covers),
                None => {
                    self.file(row);
                    return None;
                }
            }
        }
        by.sort_unstable();
        by.dedup();
        // What is shadowed covers nothing that those before it do not, so it need not be filed.
        Some(Shadowed { index: row, by, impossible: false })
    }

    /// The better rows that cover a region, if some do.
    fn covered(&mut self, row: usize, region: &Region) -> Option<Vec<usize>> {
        let near = self.near(row, region);
        let mut covers = Vec::new();
        for better in near {
            if self.pairs >= MAX_PAIRS {
                break;
            }
            for other in self.shape(better) {
                self.pairs += 1;
                if !other.rest.iter().all(|kind| region.rest.contains(kind)) || !region.meets(other) {
                    continue;
                }
                if self.contains(other, region) {
                    return Some(vec![better]);
                }
                covers.push((better, other));
            }
        }
        if self.corners_are_held(region, &covers) {
            covers.truncate(MAX_COVERS);
            return self.together(region, covers);
        }
        None
    }

    /// The rows seen so far that may have something in common with a region, in order.
    fn near(&self, row: usize, region: &Region) -> Vec<usize> {
        if row <= FEW_ROWS {
            return (0..row).collect();
        }
        let mut near = self.general.clone();
        for (fact, set) in &region.sides {
            for value in set.few(MAX_KEYS).unwrap_or_default() {
                near.extend(self.filed.get(&(*fact, value)).into_iter().flatten());
            }
        }
        near.sort_unstable();
        near.dedup();
        near
    }

    fn file(&mut self, row: usize) {
        for region in self.shape(row) {
            let keys = region.sides.iter().filter_map(|(fact, set)| Some((*fact, set.few(MAX_KEYS)?)));
            match keys.max_by_key(|(fact, _)| self.variety.get(fact)) {
                None => self.general.push(row),
                Some((fact, values)) => {
                    for value in values {
                        self.filed.entry((fact, value)).or_default().push(row);
                    }
                }
            }
        }
    }

    /// Whether one box holds all of another.
    fn contains(&self, outer: &Region, inner: &Region) -> bool {
        outer.sides.iter().all(|(fact, set)| match inner.side(*fact) {
            Some(side) => side.within(set),
            None => self.shaper.domain_within(*fact, set),
        })
    }

    /// As few as possible of these that together cover a region.
    fn together(&self, region: &Region, mut covers: Vec<(usize, &Region)>) -> Option<Vec<usize>> {
        if covers.len() < 2 || !self.exhausts(region, &covers) {
            return None;
        }
        let mut place = covers.len();
        while let Some(next) = place.checked_sub(1) {
            place = next;
            let kept = covers.remove(place);
            if !self.exhausts(region, &covers) {
                covers.insert(place, kept);
            }
        }
        Some(covers.into_iter().map(|(row, _)| row).collect())
    }

    /// Whether the lowest and the highest corner of a box are each in some cover: a quick look that spares most searches.
    fn corners_are_held(&self, region: &Region, covers: &[(usize, &Region)]) -> bool {
        let corner = |highest: bool| {
            let value = |fact: u16| match region.side(fact) {
                Some(side) => side.end(highest),
                None => self.shaper.domain_end(fact, highest),
            };
            let holds = |cover: &Region| cover.sides.iter().all(|(fact, set)| set.contains(value(*fact)));
            covers.iter().any(|(_, cover)| holds(cover))
        };
        corner(false) && corner(true)
    }

    /// Whether nothing is left of a region when these are taken out of it.
    fn exhausts(&self, region: &Region, covers: &[(usize, &Region)]) -> bool {
        let mut pieces = vec![region.clone()];
        for (_, cover) in covers {
            let mut left = Vec::new();
            for piece in pieces {
                self.cut(piece, cover, &mut left);
            }
            if left.is_empty() {
                return true;
            }
            if left.len() > MAX_PIECES {
                return false;
            }
            pieces = left;
        }
        false
    }

    /// Adds the pieces of a box that are outside another.
    fn cut(&self, mut piece: Region, cover: &Region, left: &mut Vec<Region>) {
        if !piece.meets(cover) {
            left.push(piece);
            return;
        }
        for (fact, set) in &cover.sides {
            let side = piece.side(*fact).cloned().unwrap_or_else(|| self.shaper.domain(*fact));
            let outside = side.intersect(&set.complement());
            if !outside.is_empty() {
                let mut part = piece.clone();
                part.narrow(*fact, &outside);
                left.push(part);
            }
            piece.narrow(*fact, set);
        }
    }
}

fn variety(shapes: &[Shape]) -> BTreeMap<u16, usize> {
    let mut values: Vec<(u16, Vec<i64>)> = Vec::new();
    for (fact, set) in shapes.iter().flatten().flat_map(|region| &region.sides) {
        let Some(few) = set.few(MAX_KEYS) else { continue };
        match values.iter_mut().find(|(held, _)| held == fact) {
            Some((_, held)) => held.extend(few),
            None => values.push((*fact, few)),
        }
    }
    let count = |mut values: Vec<i64>| {
        values.sort_unstable();
        values.dedup();
        values.len()
    };
    values.into_iter().map(|(fact, values)| (fact, count(values))).collect()
}

#[cfg(test)]
mod tests;
