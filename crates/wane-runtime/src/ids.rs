//! The event ids of the last days, each with the record that it first came in (C5).
//!
//! An id is 64 bits of a keyed hash. Ids that came in one hour lie together and are forgotten together, so how long one is
//! known depends on its instant alone, not on what else came: at least as long as asked for, and at most an hour longer.

use std::collections::BTreeMap;

use wane_core::time::Timestamp;
use wane_wire::record::Address;

use crate::batch::Place;
use crate::shard::Seen;
use crate::table::Table;

const HOUR: i64 = 3_600_000;
/// Ids in a segment.
const SEGMENT: usize = 1 << SEGMENT_BITS;
const SEGMENT_BITS: u32 = 10;
/// Set in an address that is only a place in the batch that is being filled.
const PENDING: u64 = 1 << 63;

/// An id: its hash, and where its record is.
pub(crate) type Id = (u64, u64);

/// Some ids of one hour.
#[derive(Debug, Default)]
pub(crate) struct Segment {
    pub(crate) hour: i64,
    pub(crate) ids: Vec<Id>,
}

/// The ids of a shard.
#[derive(Debug)]
pub(crate) struct Ids {
    known_for: i64,
    table: Table,
    segments: Vec<Segment>,
    /// Segments that hold nothing.
    free: Vec<u32>,
    /// By hour: its segments; the last one is being filled.
    hours: BTreeMap<i64, Vec<u32>>,
    /// How many ids of segments are not in the table yet.
    behind: usize,
}

impl Ids {
    /// No ids; each is to be known for so many milliseconds.
    pub(crate) fn new(known_for: i64) -> Self {
        let (table, segments, free, hours) = (Table::default(), Vec::new(), Vec::new(), BTreeMap::new());
        Self { known_for, table, segments, free, hours, behind: 0 }
    }

    pub(crate) const fn len(&self) -> usize {
        self.table.len() + self.behind
    }

    /// Where an id first came, if it is still known at `now`.
    pub(crate) fn find(&self, hash: u64, now: Timestamp) -> Option<Seen> {
        let oldest = self.oldest(now);
        let held = |place| self.at(place).filter(|(hour, id)| *hour >= oldest && id.0 == hash);
        let place = self.table.find(hash, |place| held(place).is_some())?;
        let (_, (_, address)) = held(place)?;
        Some(if address & PENDING == 0 {
            Seen::At(Address(address))
        } else {
            Seen::Here(Place(u32::try_from(address & !PENDING).unwrap_or(u32::MAX)))
        })
    }

    /// Remembers an id that came in the batch that is being filled; gives its place for [`Ids::settle`].
    pub(crate) fn remember(&mut self, hash: u64, place: Place, now: Timestamp) -> Option<u32> {
        self.add(now.millis().div_euclid(HOUR), (hash, PENDING | u64::from(place.0)))
    }

    /// The record of an id has its address now.
    pub(crate) fn settle(&mut self, place: u32, address: Address) {
        let segment = self.segments.get_mut((place >> SEGMENT_BITS) as usize);
        if let Some(id) = segment.and_then(|segment| segment.ids.get_mut(index(place))) {
            id.1 = address.0;
        }
    }

    /// Remembers an id from the log, unless it is known.
    pub(crate) fn restore(&mut self, hash: u64, address: Address, hour_of: Timestamp) {
        let id = (hash, address.0);
        if self.table.find(hash, |place| self.at(place).is_some_and(|(_, held)| held == id)).is_none() {
            self.add(hour_of.millis().div_euclid(HOUR), id);
        }
    }

    /// Takes over the ids of an hour from a snapshot. They are found after [`Ids::index`].
    pub(crate) fn load(&mut self, hour: i64, ids: impl Iterator<Item = Id>) {
        let mut ids = ids.peekable();
        while ids.peek().is_some() {
            let Some(number) = self.room(hour) else { return };
            let Some(segment) = self.segments.get_mut(number as usize) else { return };
            let before = segment.ids.len();
            segment.ids.extend(ids.by_ref().take(SEGMENT - before));
            self.behind += segment.ids.len() - before;
        }
    }

    /// Makes those that were loaded known, all at once: a table that gets its size beforehand need not grow to it.
    pub(crate) fn index(&mut self) {
        if std::mem::take(&mut self.behind) == 0 {
            return;
        }
        self.table = Table::default();
        self.table.reserve(self.segments.iter().map(|segment| segment.ids.len()).sum(), |_| 0);
        for (number, segment) in (0..).zip(&self.segments) {
            for (low, (hash, _)) in (0..).zip(&segment.ids) {
                self.table.insert(*hash, number << SEGMENT_BITS | low, |place| hash_at(&self.segments, place));
            }
        }
    }

    /// Looks at where an id is, or would be; says nothing that means anything.
    pub(crate) fn glance(&self, hash: u64) -> u64 {
        self.table.guess(hash).map_or(0, u64::from)
    }

    /// Forgets ids that are known long enough, at most `most`.
    pub(crate) fn expire(&mut self, now: Timestamp, most: usize) {
        let oldest = self.oldest(now);
        for _ in 0..most {
            let Some(mut first) = self.hours.first_entry().filter(|hour| *hour.key() < oldest) else { return };
            let Some(number) = first.get().last().copied() else {
                first.remove();
                continue;
            };
            let Some(segment) = self.segments.get_mut(number as usize) else { return };
            if let Some((hash, _)) = segment.ids.pop() {
                let place = number << SEGMENT_BITS | u32::try_from(segment.ids.len()).unwrap_or_default();
                self.table.remove(hash, place);
            } else {
                *segment = Segment::default();
                first.get_mut().pop();
                self.free.push(number);
            }
        }
    }

    /// The segment of that number; `None` at the end.
    pub(crate) fn segment(&self, number: usize) -> Option<&Segment> {
        self.segments.get(number)
    }

    fn oldest(&self, now: Timestamp) -> i64 {
        now.plus_millis(-self.known_for).millis().div_euclid(HOUR)
    }

    fn at(&self, place: u32) -> Option<(i64, Id)> {
        let segment = self.segments.get((place >> SEGMENT_BITS) as usize)?;
        segment.ids.get(index(place)).map(|id| (segment.hour, *id))
    }

    fn add(&mut self, hour: i64, id: Id) -> Option<u32> {
        let number = self.room(hour)?;
        let segment = self.segments.get_mut(number as usize)?;
        let place = number << SEGMENT_BITS | u32::try_from(segment.ids.len()).ok()?;
        segment.ids.push(id);
        self.table.insert(id.0, place, |place| hash_at(&self.segments, place));
        Some(place)
    }

    /// A segment of that hour that is not full; `None` when four thousand million ids are known.
    fn room(&mut self, hour: i64) -> Option<u32> {
        let of_hour = self.hours.entry(hour).or_default();
        let last = of_hour.last().copied();
        if let Some(last) =
            last.filter(|last| self.segments.get(*last as usize).is_some_and(|segment| segment.ids.len() < SEGMENT))
        {
            return Some(last);
        }
        let number = self.free.pop().or_else(|| {
            let number = u32::try_from(self.segments.len()).ok().filter(|number| number >> (32 - SEGMENT_BITS) == 0)?;
            self.segments.push(Segment::default());
            Some(number)
        })?;
        self.segments.get_mut(number as usize)?.hour = hour;
        of_hour.push(number);
        Some(number)
    }
}

/// The hash of the id in that place.
fn hash_at(segments: &[Segment], place: u32) -> u64 {
    let segment = segments.get((place >> SEGMENT_BITS) as usize);
    segment.and_then(|segment| segment.ids.get(index(place))).map_or(0, |id| id.0)
}

const fn index(place: u32) -> usize {
    place as usize & (SEGMENT - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis).unwrap()
    }

    #[test]
    fn an_id_is_known_for_its_time_and_an_hour_at_most() {
        let mut ids = Ids::new(10 * HOUR);
        let place = ids.remember(77, Place(5), at(HOUR / 2)).unwrap();
        assert_eq!(ids.find(77, at(HOUR / 2)), Some(Seen::Here(Place(5))));
        ids.settle(place, Address(900));
        assert_eq!(ids.find(77, at(10 * HOUR + HOUR / 2)), Some(Seen::At(Address(900))));
        assert_eq!(ids.find(78, at(HOUR)), None);
        assert_eq!(ids.find(77, at(11 * HOUR)), None, "also before it is thrown out");
        ids.expire(at(11 * HOUR - 1), 100);
        assert_eq!(ids.len(), 1);
        ids.expire(at(11 * HOUR), 100);
        assert_eq!(ids.len(), 0);
    }

    #[test]
    fn many_ids_of_many_hours_come_and_go() {
        let mut ids = Ids::new(3 * HOUR);
        let instant = |number: u64| at(i64::try_from(number).unwrap() * 1_000);
        for number in 0..100_000_u64 {
            ids.expire(instant(number), 4);
            ids.restore(number.wrapping_mul(0x1_0001_0001), Address(number + 1), instant(number));
        }
        for number in 0..100_000_u64 {
            let found = ids.find(number.wrapping_mul(0x1_0001_0001), instant(99_999));
            let known = number * 1_000 / HOUR.unsigned_abs() >= 99_999_000 / HOUR.unsigned_abs() - 3;
            assert_eq!(found, known.then_some(Seen::At(Address(number + 1))), "{number}");
        }
        assert!(ids.len() < 5 * 3_600, "{} are held", ids.len());
        assert!(ids.segments.len() < 24, "{} segments are held", ids.segments.len());
    }

    #[test]
    fn an_id_that_comes_again_after_its_time_is_a_new_one() {
        let mut ids = Ids::new(HOUR);
        ids.restore(5, Address(1), at(0));
        ids.restore(5, Address(2), at(5 * HOUR));
        assert_eq!(ids.find(5, at(5 * HOUR)), Some(Seen::At(Address(2))));
        ids.expire(at(5 * HOUR), 100);
        assert_eq!((ids.len(), ids.find(5, at(5 * HOUR))), (1, Some(Seen::At(Address(2)))));
        ids.restore(5, Address(2), at(5 * HOUR));
        assert_eq!(ids.len(), 1, "told twice, held once");
    }

    #[test]
    fn loaded_ids_are_known_once_they_are_indexed_beside_those_that_came_before() {
        let mut ids = Ids::new(3 * HOUR);
        ids.restore(7, Address(1), at(0));
        for hour in 0..3 {
            ids.load(hour, (0..3_000).map(|number| (spread(hour, number), 100 + number)));
        }
        assert_eq!(ids.len(), 9_001);
        ids.index();
        assert_eq!(ids.len(), 9_001);
        let now = at(2 * HOUR);
        assert_eq!(ids.find(7, now), Some(Seen::At(Address(1))));
        for number in 0..3_000 {
            assert_eq!(ids.find(spread(2, number), now), Some(Seen::At(Address(100 + number))));
        }
        assert_eq!(ids.find(spread(3, 0), now), None);
        ids.expire(at(5 * HOUR), 100_000);
        assert_eq!((ids.len(), ids.find(spread(1, 5), at(5 * HOUR))), (3_000, None));
    }

    fn spread(hour: i64, number: u64) -> u64 {
        (hour.unsigned_abs() << 32 | number).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}
