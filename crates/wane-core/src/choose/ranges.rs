//! Sets of numbers as sorted, disjoint ranges, and what a condition demands of each fact as such sets.

use crate::rules::predicate::ir::{Cond, Kind, Relation};

/// A set of numbers: ranges with both ends, sorted, with gaps between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ranges(Vec<(i64, i64)>);

impl Ranges {
    pub(super) fn from_to(low: i64, high: i64) -> Self {
        if low > high { Self(Vec::new()) } else { Self(vec![(low, high)]) }
    }

    /// These numbers, given in order.
    pub(super) fn points(values: &[i64]) -> Self {
        let mut set = Self(Vec::with_capacity(values.len()));
        values.iter().for_each(|value| set.push(*value, *value));
        set
    }

    /// The numbers that compare so with a value.
    pub(super) fn of(relation: Relation, value: i64) -> Self {
        match relation {
            Relation::Equal => Self::from_to(value, value),
            Relation::Unequal => Self::from_to(value, value).complement(),
            Relation::Less => value.checked_sub(1).map_or(Self(Vec::new()), |high| Self::from_to(i64::MIN, high)),
            Relation::AtMost => Self::from_to(i64::MIN, value),
            Relation::Greater => value.checked_add(1).map_or(Self(Vec::new()), |low| Self::from_to(low, i64::MAX)),
            Relation::AtLeast => Self::from_to(value, i64::MAX),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (i64, i64)> + '_ {
        self.0.iter().copied()
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The numbers themselves, when they are at most `most`.
    pub(super) fn few(&self, most: usize) -> Option<Vec<i64>> {
        let mut numbers = Vec::new();
        for (low, high) in self.iter() {
            let length = usize::try_from(high.checked_sub(low)?).ok()?;
            if numbers.len() + length >= most {
                return None;
            }
            numbers.extend(low..=high);
        }
        Some(numbers)
    }

    /// Whether a number is in it.
    pub(super) fn contains(&self, value: i64) -> bool {
        self.iter().any(|(low, high)| low <= value && value <= high)
    }

    /// Its lowest or highest number; 0 of an empty set.
    pub(super) fn end(&self, highest: bool) -> i64 {
        let end = if highest { self.0.last().map(|last| last.1) } else { self.0.first().map(|first| first.0) };
        end.unwrap_or_default()
    }

    /// Whether every number is in the other set too.
    pub(super) fn within(&self, other: &Self) -> bool {
        let mut holders = other.iter().peekable();
        self.iter().all(|(low, high)| {
            while holders.next_if(|holder| holder.1 < low).is_some() {}
            holders.peek().is_some_and(|holder| holder.0 <= low && high <= holder.1)
        })
    }

    /// Whether the two have a number in common.
    pub(super) fn meets(&self, other: &Self) -> bool {
        let (mut left, mut right) = (self.iter().peekable(), other.iter().peekable());
        while let (Some(a), Some(b)) = (left.peek().copied(), right.peek().copied()) {
            if a.0.max(b.0) <= a.1.min(b.1) {
                return true;
            }
            if a.1 <= b.1 {
                left.next()
            } else {
                right.next()
            };
        }
        false
    }

    /// Adds a range that begins at or after the last one's begin.
    fn push(&mut self, low: i64, high: i64) {
        match self.0.last_mut() {
            Some(last) if last.1 == i64::MAX || low <= last.1 + 1 => last.1 = last.1.max(high),
            _ => self.0.push((low, high)),
        }
    }

    pub(super) fn complement(&self) -> Self {
        let mut gaps = Vec::with_capacity(self.0.len() + 1);
        let mut next = Some(i64::MIN);
        for (low, high) in self.iter() {
            if let Some(start) = next
                && start < low
            {
                gaps.push((start, low - 1));
            }
            next = high.checked_add(1);
        }
        gaps.extend(next.map(|start| (start, i64::MAX)));
        Self(gaps)
    }

    pub(super) fn intersect(&self, other: &Self) -> Self {
        let mut common = Vec::new();
        let (mut left, mut right) = (self.iter().peekable(), other.iter().peekable());
        while let (Some(a), Some(b)) = (left.peek().copied(), right.peek().copied()) {
            let (low, high) = (a.0.max(b.0), a.1.min(b.1));
            if low <= high {
                common.push((low, high));
            }
            if a.1 <= b.1 {
                left.next()
            } else {
                right.next()
            };
        }
        Self(common)
    }

    pub(super) fn union(&self, other: &Self) -> Self {
        let mut all: Vec<(i64, i64)> = self.iter().chain(other.iter()).collect();
        all.sort_unstable();
        let mut set = Self(Vec::with_capacity(all.len()));
        all.into_iter().for_each(|(low, high)| set.push(low, high));
        set
    }
}

/// What a conjunction demands of each fact: necessary, not always enough.
pub(super) type Demands = Vec<(u16, Ranges)>;

/// Adds what a condition demands.
pub(super) fn demand(kind: &Kind, demands: &mut Demands) {
    match kind {
        Kind::Compare { slot, relation, value } => narrow(demands, *slot, Ranges::of(*relation, *value)),
        Kind::Among { slot, values, negated } => {
            let set = Ranges::points(values);
            narrow(demands, *slot, if *negated { set.complement() } else { set });
        }
        Kind::All(parts) => parts.iter().for_each(|part| demand(&part.kind, demands)),
        Kind::Any(parts) => {
            let each = parts.iter().map(|part| {
                let mut own = Demands::new();
                demand(&part.kind, &mut own);
                own
            });
            let common = each.reduce(either).unwrap_or_default();
            common.into_iter().for_each(|(slot, set)| narrow(demands, slot, set));
        }
        Kind::Const(_) | Kind::Arith { .. } | Kind::Same { .. } | Kind::Residual { .. } => {}
    }
}

fn narrow(demands: &mut Demands, slot: u16, set: Ranges) {
    match demands.iter_mut().find(|(held, _)| *held == slot) {
        Some((_, held)) => *held = held.intersect(&set),
        None => demands.push((slot, set)),
    }
}

/// What holds whichever of two conjunctions does.
fn either(left: Demands, right: Demands) -> Demands {
    let other = |slot: u16| right.iter().find(|(held, _)| *held == slot).map(|(_, set)| set);
    left.iter().filter_map(|(slot, set)| other(*slot).map(|right| (*slot, set.union(right)))).collect()
}

/// Whether the demands of a condition say all of it: it compares facts with constants, and a `||` in it is about one
/// fact only.
pub(super) fn says_all(kind: &Kind) -> bool {
    match kind {
        Kind::Const(true) | Kind::Compare { .. } | Kind::Among { .. } => true,
        Kind::All(parts) => parts.iter().all(|part| says_all(&part.kind)),
        Kind::Any(parts) => parts.iter().all(|part| says_all(&part.kind)) && one_slot(parts),
        Kind::Const(false) | Kind::Arith { .. } | Kind::Same { .. } | Kind::Residual { .. } => false,
    }
}

fn one_slot(parts: &[Cond]) -> bool {
    let mut first = None;
    let mut same = true;
    parts.iter().for_each(|part| part.slots(&mut |slot| same &= *first.get_or_insert(slot) == slot));
    same
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENDS: [i64; 8] = [i64::MIN, i64::MIN + 1, -1, 0, 1, 2, i64::MAX - 1, i64::MAX];

    /// Sets made of every relation with every end, and their unions.
    fn sets() -> Vec<Ranges> {
        use Relation::{AtLeast, AtMost, Equal, Greater, Less, Unequal};
        let relations = [Equal, Unequal, Less, AtMost, Greater, AtLeast];
        let mut sets: Vec<Ranges> =
            relations.iter().flat_map(|relation| ENDS.map(|end| Ranges::of(*relation, end))).collect();
        sets.push(Ranges::points(&[-1, 0, 2]));
        sets.push(Ranges::from_to(i64::MIN, 0).union(&Ranges::from_to(2, i64::MAX)));
        sets
    }

    #[test]
    fn relations_hold_for_just_the_numbers_in_their_sets() {
        use Relation::{AtLeast, AtMost, Equal, Greater, Less, Unequal};
        for relation in [Equal, Unequal, Less, AtMost, Greater, AtLeast] {
            for end in ENDS {
                let set = Ranges::of(relation, end);
                assert!(
                    ENDS.iter().all(|value| set.contains(*value) == relation.holds(value, &end)),
                    "{relation:?} {end}"
                );
            }
        }
    }

    #[test]
    fn sets_combine_like_their_members() {
        let sets = sets();
        for one in &sets {
            let outside = one.complement();
            assert!(ENDS.iter().all(|value| outside.contains(*value) != one.contains(*value)), "{one:?}");
            assert_eq!(outside.complement(), *one);
            for other in &sets {
                let (both, either) = (one.intersect(other), one.union(other));
                assert!(ENDS.iter().all(|v| both.contains(*v) == (one.contains(*v) && other.contains(*v))));
                assert!(ENDS.iter().all(|v| either.contains(*v) == (one.contains(*v) || other.contains(*v))));
                assert_eq!(one.meets(other), !both.is_empty(), "{one:?} {other:?}");
                assert_eq!(one.within(other), both == *one, "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn few_numbers_are_listed_and_many_are_not() {
        assert_eq!(Ranges::points(&[1, 2, 5]).few(3), Some(vec![1, 2, 5]));
        assert_eq!(Ranges::points(&[1, 2, 5]).few(2), None);
        assert_eq!(Ranges::of(Relation::Unequal, 0).few(8), None);
    }
}
