//! Business hours: which instants count, and how far a length of counted time reaches (X2).
//!
//! Open or closed is read off the wall clock of the calendar's time zone, nothing else. So an hour that daylight saving
//! skips never comes (an opening inside it begins after the gap), one that is repeated counts both times, and a holiday
//! is one local day from midnight to midnight, be it 23, 24 or 25 hours long.
//!
//! Counting does not walk. Time is cut where the zone's offset changes ([`Stretch`]); inside a stretch local time runs
//! evenly, so weeks can be multiplied and holidays subtracted from a running sum. What remains of [`Calendar::add`] is a
//! search for the instant at which a sum that never falls reaches its goal.

mod show;
mod week;

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Offset, TimeZone};
use chrono_tz::Tz;

use crate::time::Timestamp;
use week::{DAY, Week};

/// Weekly hours in a time zone, without the holidays.
///
/// # Example
/// ```
/// use std::collections::BTreeSet;
/// use wane_core::calendar::Calendar;
/// use wane_core::time::Timestamp;
///
/// let nine_to_five = || vec![(9 * 60, 17 * 60)];
/// let week = [nine_to_five(), nine_to_five(), nine_to_five(), nine_to_five(), nine_to_five(), vec![], vec![]];
/// let support = Calendar::new(chrono_tz::Europe::Berlin, week, BTreeSet::new());
///
/// // Friday 16:00 in Berlin and two hours of business time: Monday 10:00.
/// let friday = Timestamp::parse("2026-03-06T16:00:00+01:00").expect("valid");
/// let monday = support.add(friday, 2 * 3_600_000).expect("it opens again");
/// assert_eq!(monday, Timestamp::parse("2026-03-09T10:00:00+01:00").expect("valid"));
/// ```
#[derive(Clone, Debug)]
pub struct Calendar {
    zone: Tz,
    week: Week,
    holidays: Vec<Holiday>,
    /// In order of time; the first also stands for what lies before it. Never empty.
    stretches: Vec<Stretch>,
}

/// A holiday, and how much opening time was lost to those before it.
#[derive(Clone, Copy, Debug)]
struct Holiday {
    /// Days since 1970-01-01, local.
    day: i64,
    lost_before: i64,
    lost: i64,
}

/// Time in which the zone keeps one offset from UTC.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    /// Its first millisecond, in UTC.
    start: i64,
    /// Milliseconds that local time is ahead of UTC.
    offset: i64,
    /// Opening time before `start`, counted from the first stretch.
    opened: i64,
}

/// How far [`Calendar::add`] looks: 20 years and their leap days.
const REACH: i64 = 7_305 * DAY;
/// No zone's table has a change after this many days since 1970 (the year 2101); from there its last offset holds.
const LAST_CHANGE: i64 = 48_000;

impl Calendar {
    /// A calendar of these hours.
    ///
    /// `weekly` begins with Monday. Its pairs are minutes of the local day, from 0 to 1440, the first open, the second
    /// closed again; where the second is not after the first, the hours run into the next day. Pairs may touch and
    /// overlap. A holiday is closed for the whole of its local day, hours that run into it included.
    #[must_use]
    pub fn new(tz: Tz, weekly: [Vec<(u16, u16)>; 7], holidays: BTreeSet<NaiveDate>) -> Self {
        let week = Week::new(&weekly);
        let mut calendar = Self { zone: tz, holidays: lost_to(&week, &holidays), week, stretches: stretches_of(tz) };
        let mut opened = 0;
        let mut last: Option<Stretch> = None;
        let mut stretches = std::mem::take(&mut calendar.stretches);
        for stretch in &mut stretches {
            if let Some(last) = last {
                opened += calendar.local(stretch.start + last.offset) - calendar.local(last.start + last.offset);
            }
            stretch.opened = opened;
            last = Some(*stretch);
        }
        calendar.stretches = stretches;
        calendar
    }

    /// Whether there is no opening time at all.
    #[must_use]
    pub const fn never_opens(&self) -> bool {
        self.week.total() == 0
    }

    /// Whether the instant lies in opening hours; the minute of closing does not.
    #[must_use]
    pub fn is_open(&self, at: Timestamp) -> bool {
        let local = at.millis().saturating_add(self.stretch(at.millis()).offset);
        self.week.is_open(local) && self.holiday(local).is_none()
    }

    /// The instant at which `millis` of opening time have passed since `from`; `None` when that takes more than 20 years.
    ///
    /// It is the first such instant: eight hours from the opening of an eight-hour day end at closing time, not at the
    /// next opening. With `millis` = 0, or below: `from` itself, open or not.
    #[must_use]
    pub fn add(&self, from: Timestamp, millis: i64) -> Option<Timestamp> {
        if millis <= 0 {
            return Some(from);
        }
        let goal = self.opened(from.millis()).saturating_add(millis);
        let reached = |at: i64| self.opened(at) >= goal;
        let end = from.millis().saturating_add(REACH);
        // Before this instant it can not be reached; most often it is reached right here, or a little later.
        let mut low = from.millis().saturating_add(millis);
        if low > end {
            return None;
        }
        if reached(low) {
            return Some(from.plus_millis(millis));
        }
        let mut step = DAY;
        let mut high = low.saturating_add(step).min(end);
        while !reached(high) {
            if high == end {
                return None;
            }
            low = high;
            step = step.saturating_mul(2);
            high = low.saturating_add(step).min(end);
        }
        // INVARIANT: not reached at `low`, reached at `high`.
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if reached(middle) {
                high = middle;
            } else {
                low = middle;
            }
        }
        Some(from.plus_millis(high - from.millis()))
    }

    /// Milliseconds of opening time between two instants; 0 when `to` is not after `from`.
    #[must_use]
    pub fn between(&self, from: Timestamp, to: Timestamp) -> i64 {
        if to <= from { 0 } else { self.opened(to.millis()).saturating_sub(self.opened(from.millis())) }
    }

    /// Opening time up to an instant, counted from the first stretch: never falls.
    fn opened(&self, at: i64) -> i64 {
        let stretch = self.stretch(at);
        let within = self.local(at.saturating_add(stretch.offset)) - self.local(stretch.start + stretch.offset);
        stretch.opened.saturating_add(within)
    }

    /// Opening time up to a moment of a local time that runs evenly, counted from local 1970-01-01.
    fn local(&self, at: i64) -> i64 {
        let before = self.holidays.partition_point(|holiday| holiday.day * DAY <= at);
        let Some(last) = before.checked_sub(1).and_then(|index| self.holidays.get(index)) else {
            return self.week.opened(at);
        };
        if at < (last.day + 1) * DAY {
            return self.week.opened(last.day * DAY) - last.lost_before;
        }
        self.week.opened(at) - last.lost_before - last.lost
    }

    fn holiday(&self, local: i64) -> Option<&Holiday> {
        let index = self.holidays.binary_search_by_key(&local.div_euclid(DAY), |holiday| holiday.day).ok()?;
        self.holidays.get(index)
    }

    fn stretch(&self, at: i64) -> Stretch {
        let after = self.stretches.partition_point(|stretch| stretch.start <= at);
        let index = after.saturating_sub(1);
        self.stretches.get(index).copied().unwrap_or(Stretch { start: 0, offset: 0, opened: 0 })
    }
}

fn lost_to(week: &Week, holidays: &BTreeSet<NaiveDate>) -> Vec<Holiday> {
    let mut lost_before = 0;
    let mut list = Vec::with_capacity(holidays.len());
    for date in holidays {
        let day = date.signed_duration_since(NaiveDate::default()).num_days();
        let lost = week.opened((day + 1) * DAY) - week.opened(day * DAY);
        list.push(Holiday { day, lost_before, lost });
        lost_before += lost;
    }
    list
}

/// Looks at every midnight of UTC, and between two that differ for the instant of the change. No zone has changed twice
/// within a day since 1970.
fn stretches_of(tz: Tz) -> Vec<Stretch> {
    let mut offset = offset_at(tz, 0);
    let mut stretches = vec![Stretch { start: 0, offset, opened: 0 }];
    for day in 1..=LAST_CHANGE {
        let next = offset_at(tz, day * DAY);
        if next == offset {
            continue;
        }
        let (mut low, mut high) = ((day - 1) * DAY, day * DAY);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if offset_at(tz, middle) == offset {
                low = middle;
            } else {
                high = middle;
            }
        }
        offset = next;
        stretches.push(Stretch { start: high, offset, opened: 0 });
    }
    stretches
}

fn offset_at(tz: Tz, at: i64) -> i64 {
    let utc = DateTime::from_timestamp_millis(at).unwrap_or_default().naive_utc();
    i64::from(tz.offset_from_utc_datetime(&utc).fix().local_minus_utc()) * 1_000
}

#[cfg(test)]
mod tests;
