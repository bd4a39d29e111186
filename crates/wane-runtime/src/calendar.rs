//! The calendar of deadlines: which session is due next, at a cost that does not depend on how many wait.
//!
//! Each session has one entry at most where it counts: it is *filed* in one bucket, and comes up there. Moving a deadline
//! to later changes one number and leaves the entry; when it comes up too early it is filed again. Moving it to earlier
//! files a second entry; the first is stale, since the session says that it is filed elsewhere.
//!
//! The near future has a bucket for each millisecond, two *pages* of [`PAGE`] of them; what lies further has a bucket for
//! each page, and what lies beyond those waits in the last of them. The next page's bucket is emptied into its
//! milliseconds a few entries at a time ([`Calendar::due`] does so when nothing is due), so that no instant has to move
//! a whole page. Stale entries are swept out when they are too many (`sweep`).
//!
//! Knows sessions by a small number and instants in milliseconds; what is decided when one is due is `shard`'s.

mod bits;
mod chunks;
mod sweep;
#[cfg(test)]
mod tests;
mod time;

use std::collections::BTreeSet;

use bits::Bits;
use chunks::{Chunks, List};
use sweep::Sweep;
use time::Time;

/// Milliseconds in a page.
const PAGE: i64 = 1 << PAGE_BITS;
const PAGE_BITS: u32 = 11;
/// Buckets of a millisecond each: this page's and the next one's.
const FINE: usize = 2 << PAGE_BITS;
/// Buckets of a page each: 4.66 hours.
const COARSE: usize = 8_192;
/// The furthest page that has a bucket of its own, counted from this one.
const LAST: i64 = COARSE as i64 - 1;
/// Stands for no bucket but [`Calendar::late`].
const LATE: usize = FINE + COARSE;
/// Entries that are moved from the next page's bucket in one call at least.
const AHEAD: i64 = 16;

/// Deadlines of sessions, by number.
#[derive(Debug)]
pub struct Calendar {
    times: Vec<Time>,
    /// First the fine ones, then the coarse ones; both are rings.
    buckets: Vec<Bucket>,
    /// Which buckets hold entries.
    used: Bits,
    chunks: Chunks,
    /// What was filed for an instant that the calendar had passed, by deadline.
    late: BTreeSet<(i64, u32)>,
    /// What was due before this instant has been handed out; `None` until the first [`Calendar::due`].
    position: Option<i64>,
    /// The earliest deadline that was given before there was a position.
    first: Option<i64>,
    entries: usize,
    filed: usize,
    sweep: Sweep,
}

#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    list: List,
    /// Entries in it, those that are being swept included.
    count: u32,
}

impl Default for Calendar {
    fn default() -> Self {
        Self {
            times: Vec::new(),
            buckets: vec![Bucket::default(); FINE + COARSE],
            used: Bits::new(FINE + COARSE),
            chunks: Chunks::default(),
            late: BTreeSet::new(),
            position: None,
            first: None,
            entries: 0,
            filed: 0,
            sweep: Sweep::default(),
        }
    }
}

impl Calendar {
    /// Sets a session's deadline, or takes it away. One that is past is due at once, before all later ones.
    pub fn arm(&mut self, id: u32, deadline: Option<i64>) {
        let index = id as usize;
        if self.times.len() <= index {
            self.times.resize(index + 1, Time::NEVER);
        }
        self.unfile_late(id);
        let Some(time) = self.times.get_mut(index) else { return };
        time.set_deadline(deadline);
        let Some(deadline) = deadline else { return };
        let Some(position) = self.position else {
            self.first = Some(self.first.map_or(deadline, |first| first.min(deadline)));
            return;
        };
        match time.bucket().map(|bucket| start_of(bucket, position)) {
            Some(filed) if filed <= deadline => {}
            Some(_) => self.file(id, position),
            None => {
                self.filed += 1;
                self.file(id, position);
            }
        }
    }

    /// A session's deadline.
    #[must_use]
    pub fn deadline(&self, id: u32) -> Option<i64> {
        self.times.get(id as usize).and_then(|time| time.deadline())
    }

    /// The next session that is due at `now`, the oldest deadline first; it is not filed any more. Does a little of the
    /// calendar's own work when none is.
    pub fn due(&mut self, now: i64) -> Option<u32> {
        let mut position = self.start(now)?;
        if let Some(id) = self.take_late(now) {
            return Some(id);
        }
        while position <= now {
            if let Some(id) = self.take(position) {
                return Some(id);
            }
            position = self.beyond(position, now);
            self.position = Some(position);
        }
        self.drain_ahead(position);
        self.sweep();
        None
    }

    /// The instant at which [`Calendar::due`] has something to do next: a session, or work of its own.
    #[must_use]
    pub fn next(&self) -> Option<i64> {
        let Some(position) = self.position else { return self.first };
        if let Some((deadline, _)) = self.late.first() {
            return Some(*deadline);
        }
        let page = position >> PAGE_BITS;
        if self.sweep.is_running() || self.count(coarse(page + 1)) > 0 {
            return Some(position);
        }
        let fine = self.next_fine(position, (page + 2) << PAGE_BITS);
        // A page is emptied during the one before it.
        let coarse = self.next_page(page + 2).map(|page| (page - 1) << PAGE_BITS);
        [fine, coarse].into_iter().flatten().min()
    }

    /// How many entries there are, stale ones included.
    #[must_use]
    pub const fn entries(&self) -> usize {
        self.entries
    }

    /// How many sessions wait.
    #[must_use]
    pub const fn filed(&self) -> usize {
        self.filed
    }

    /// How many entries lie at or before an instant; sessions whose deadline moved to later count until they come up.
    #[must_use]
    pub fn until(&self, now: i64) -> usize {
        let late = self.late.len();
        let Some(position) = self.position.filter(|position| *position <= now) else { return late };
        let page = position >> PAGE_BITS;
        let fine_end = now.min(((page + 2) << PAGE_BITS) - 1);
        let pages = (now >> PAGE_BITS).min(page + LAST);
        let fine = (position..=fine_end).map(|tick| self.count(fine(tick)));
        late + fine.chain((page + 1..=pages).map(|page| self.count(coarse(page)))).sum::<usize>()
    }

    /// The first call files everything that was given so far.
    fn start(&mut self, now: i64) -> Option<i64> {
        if self.position.is_none() && self.first.is_some() {
            let first = self.times.iter().filter_map(|time| time.deadline()).min();
            let position = first.map_or(now, |first| first.min(now));
            self.position = Some(position);
            for id in 0..self.times.len() {
                let Ok(id) = u32::try_from(id) else { break };
                if self.deadline(id).is_some() {
                    self.filed += 1;
                    self.file(id, position);
                }
            }
        }
        self.position
    }

    /// Takes the session that is due for longest of those that were filed too late for a bucket.
    fn take_late(&mut self, now: i64) -> Option<u32> {
        let (_, id) = self.late.first().copied().filter(|(deadline, _)| *deadline <= now)?;
        self.unfile_late(id);
        Some(id)
    }

    fn unfile_late(&mut self, id: u32) {
        let time = self.times.get_mut(id as usize).filter(|time| time.bucket() == Some(LATE));
        if let Some((time, deadline)) = time.and_then(|time| time.deadline().map(|deadline| (time, deadline))) {
            time.set_bucket(None);
            self.late.remove(&(deadline, id));
            self.entries -= 1;
            self.filed -= 1;
        }
    }

    /// Takes a session that is due at `tick` from its bucket; what only lies there is put where it belongs.
    fn take(&mut self, tick: i64) -> Option<u32> {
        let bucket = fine(tick);
        while let Some(id) = self.pop(bucket) {
            let counts = self.times.get(id as usize).is_some_and(|time| time.bucket() == Some(bucket));
            if counts && let Some(id) = self.came_up(id, tick) {
                return Some(id);
            }
        }
        None
    }

    /// A session came up where it is filed: it is due, or its deadline moved to later, or was taken away.
    fn came_up(&mut self, id: u32, now: i64) -> Option<u32> {
        let time = self.times.get_mut(id as usize)?;
        match time.deadline() {
            Some(deadline) if deadline > now => {
                self.file(id, self.position.unwrap_or(now));
                None
            }
            deadline => {
                time.set_bucket(None);
                self.filed -= 1;
                deadline.map(|_| id)
            }
        }
    }

    /// The next instant after `position` that has entries, or a page to empty, or `now + 1`.
    fn beyond(&mut self, position: i64, now: i64) -> i64 {
        let limit = now + 1;
        let page = position >> PAGE_BITS;
        let next_page = (page + 1) << PAGE_BITS;
        if let Some(tick) = self.next_fine(position + 1, next_page) {
            return tick.min(limit);
        }
        if limit < next_page {
            return limit;
        }
        let coming = self.count(coarse(page + 1)) > 0 || self.next_fine(next_page, next_page + PAGE).is_some();
        let page = if coming { Some(page + 1) } else { self.next_page(page + 2) };
        let position = page.map_or(limit, |page| limit.min(page << PAGE_BITS));
        self.position = Some(position);
        self.drain(position, u32::MAX);
        position
    }

    /// Empties the bucket of the page of `position`, at most so many entries.
    fn drain(&mut self, position: i64, most: u32) {
        self.drain_page(position >> PAGE_BITS, position, most);
    }

    /// Empties a part of the bucket of the next page, so that it is empty when that page begins.
    fn drain_ahead(&mut self, position: i64) {
        let page = (position >> PAGE_BITS) + 1;
        let waiting = i64::try_from(self.count(coarse(page))).unwrap_or(i64::MAX);
        if waiting > 0 {
            let left = (page << PAGE_BITS) - position;
            let share = waiting.div_euclid(left.max(1)) + 1;
            self.drain_page(page, position, u32::try_from(share.max(AHEAD)).unwrap_or(u32::MAX));
        }
    }

    fn drain_page(&mut self, page: i64, position: i64, most: u32) {
        let bucket = coarse(page);
        for _ in 0..most {
            let Some(id) = self.pop(bucket) else { return };
            let Some(time) = self.times.get_mut(id as usize).filter(|time| time.bucket() == Some(bucket)) else {
                continue;
            };
            if time.deadline().is_some() {
                self.file(id, position);
            } else {
                time.set_bucket(None);
                self.filed -= 1;
            }
        }
    }

    /// Puts a session's entry where its deadline is, seen from `position`.
    fn file(&mut self, id: u32, position: i64) {
        let Some(time) = self.times.get_mut(id as usize) else { return };
        let Some(deadline) = time.deadline() else { return };
        if deadline < position {
            time.set_bucket(Some(LATE));
            self.late.insert((deadline, id));
            self.entries += 1;
            return;
        }
        let (page, this) = (deadline >> PAGE_BITS, position >> PAGE_BITS);
        let bucket = if page <= this + 1 { fine(deadline) } else { coarse(page.min(this + LAST)) };
        time.set_bucket(Some(bucket));
        self.push(bucket, id);
    }

    fn push(&mut self, bucket: usize, id: u32) {
        let Some(place) = self.buckets.get_mut(bucket) else { return };
        self.chunks.push(&mut place.list, id);
        place.count += 1;
        self.entries += 1;
        self.used.set(bucket, true);
    }

    fn pop(&mut self, bucket: usize) -> Option<u32> {
        let place = self.buckets.get_mut(bucket).filter(|place| place.count > 0)?;
        let id = self.chunks.pop(&mut place.list).or_else(|| self.sweep.pop(bucket, &mut self.chunks))?;
        place.count -= 1;
        self.entries -= 1;
        if place.count == 0 {
            self.used.set(bucket, false);
        }
        Some(id)
    }

    fn count(&self, bucket: usize) -> usize {
        self.buckets.get(bucket).map_or(0, |bucket| bucket.count as usize)
    }

    /// The first tick in `from..to` that has entries; at most two pages.
    fn next_fine(&self, from: i64, to: i64) -> Option<i64> {
        let start = fine(from);
        let found = self.used.next(start, FINE).or_else(|| self.used.next(0, start))?;
        let distance = (found + FINE - start) % FINE;
        i64::try_from(distance).ok().map(|distance| from + distance).filter(|tick| *tick < to)
    }

    /// The first page from `from` on, as far as pages have buckets, that has entries.
    fn next_page(&self, from: i64) -> Option<i64> {
        let start = coarse(from);
        let found = self.used.next(start, FINE + COARSE).or_else(|| self.used.next(FINE, start))?;
        let distance = (found + COARSE - start) % COARSE;
        i64::try_from(distance).ok().map(|distance| from + distance)
    }
}

/// The bucket of a tick.
fn fine(tick: i64) -> usize {
    usize::try_from(tick.rem_euclid(FINE as i64)).unwrap_or_default()
}

/// The bucket of a page.
fn coarse(page: i64) -> usize {
    FINE + usize::try_from(page.rem_euclid(COARSE as i64)).unwrap_or_default()
}

/// The first instant of a bucket that is in use while the calendar stands at `position`.
fn start_of(bucket: usize, position: i64) -> i64 {
    let bucket = i64::try_from(bucket).unwrap_or_default();
    let page = position >> PAGE_BITS;
    if bucket < FINE as i64 {
        let base = page << PAGE_BITS;
        base + (bucket - base).rem_euclid(FINE as i64)
    } else {
        (page + (bucket - FINE as i64 - page).rem_euclid(COARSE as i64)) << PAGE_BITS
    }
}
