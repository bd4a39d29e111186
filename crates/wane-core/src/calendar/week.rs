//! The hours of a week that repeats for ever, in a local time without gaps. Holidays and zones are [`super`]'s.

/// A day, in milliseconds.
pub(super) const DAY: i64 = 86_400_000;
const WEEK: i64 = 7 * DAY;
const MINUTE: i64 = 60_000;
/// 1970-01-01 was a Thursday: its week began three days before it.
const MONDAY_BEFORE_1970: i64 = -3 * DAY;

/// Opening hours of a week, merged and in order.
#[derive(Clone, Debug)]
pub(super) struct Week {
    hours: Vec<Hours>,
    total: i64,
}

/// One opening, in milliseconds from Monday's midnight.
#[derive(Clone, Copy, Debug)]
struct Hours {
    start: i64,
    end: i64,
    /// Opening time of the week before `start`.
    before: i64,
}

impl Week {
    pub(super) fn new(weekly: &[Vec<(u16, u16)>; 7]) -> Self {
        let mut openings: Vec<(i64, i64)> = Vec::new();
        for (day, hours) in (0..).zip(weekly) {
            let minute = |minute: u16| day * DAY + i64::from(minute.min(1440)) * MINUTE;
            for &(start, end) in hours {
                let end = if end > start { minute(end) } else { minute(end) + DAY };
                push_wrapped(&mut openings, minute(start), end);
            }
        }
        openings.sort_unstable();
        Self::of(&openings)
    }

    /// The openings, as milliseconds from Monday's midnight.
    pub(super) fn openings(&self) -> impl Iterator<Item = (i64, i64)> {
        self.hours.iter().map(|hours| (hours.start, hours.end))
    }

    fn of(openings: &[(i64, i64)]) -> Self {
        let mut hours: Vec<Hours> = Vec::new();
        let mut total = 0;
        for &(start, end) in openings {
            let start = hours.last().map_or(start, |last: &Hours| start.max(last.end));
            if start >= end {
                continue;
            }
            hours.push(Hours { start, end, before: total });
            total += end - start;
        }
        Self { hours, total }
    }

    /// Opening time of a whole week.
    pub(super) const fn total(&self) -> i64 {
        self.total
    }

    /// Whether a local moment, in milliseconds since 1970-01-01, is in opening hours.
    pub(super) fn is_open(&self, at: i64) -> bool {
        let moment = at.saturating_sub(MONDAY_BEFORE_1970).rem_euclid(WEEK);
        self.at_or_before(moment).is_some_and(|hours| moment < hours.end)
    }

    /// Opening time up to a local moment, counted from the Monday before 1970.
    pub(super) fn opened(&self, at: i64) -> i64 {
        let at = at.saturating_sub(MONDAY_BEFORE_1970);
        let moment = at.rem_euclid(WEEK);
        let within = self.at_or_before(moment).map_or(0, |hours| hours.before + moment.min(hours.end) - hours.start);
        at.div_euclid(WEEK).saturating_mul(self.total).saturating_add(within)
    }

    fn at_or_before(&self, moment: i64) -> Option<&Hours> {
        let after = self.hours.partition_point(|hours| hours.start <= moment);
        self.hours.get(after.checked_sub(1)?)
    }
}

/// Adds an opening; what runs past Sunday's end is Monday's.
fn push_wrapped(openings: &mut Vec<(i64, i64)>, start: i64, end: i64) {
    openings.push((start, end.min(WEEK)));
    if end > WEEK {
        openings.push((start.max(WEEK) - WEEK, end - WEEK));
    }
}
