//! The counting calendar against a walk that asks the zone minute by minute.

use chrono::{Datelike, Timelike};
use chrono_tz::{America, Asia, Australia, Europe, Pacific, UTC};
use proptest::prelude::*;

use super::*;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

type Weekly = [Vec<(u16, u16)>; 7];

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn every_day(hours: &[(u16, u16)]) -> Weekly {
    std::array::from_fn(|_| hours.to_vec())
}

fn office() -> Weekly {
    let day = vec![(9 * 60, 17 * 60)];
    [day.clone(), day.clone(), day.clone(), day.clone(), day, vec![], vec![]]
}

/// Nothing of the calendar's own: asks chrono-tz for the wall clock and compares it with the hours as written.
fn walk_is_open(tz: Tz, weekly: &Weekly, holidays: &BTreeSet<NaiveDate>, at: Timestamp) -> bool {
    let local = tz.timestamp_millis_opt(at.millis()).unwrap().naive_local();
    let minute = u16::try_from(local.hour() * 60 + local.minute()).unwrap();
    let today = local.weekday().num_days_from_monday() as usize;
    let today_open = weekly[today].iter().any(|&(start, end)| start <= minute && (minute < end || end <= start));
    let spilt = weekly[(today + 6) % 7].iter().any(|&(start, end)| end <= start && minute < end);
    (today_open || spilt) && !holidays.contains(&local.date())
}

const ZONES: [Tz; 6] = [UTC, Europe::Berlin, America::New_York, Australia::Lord_Howe, Asia::Kolkata, Pacific::Apia];

/// Days on which something is odd in one of the zones: changes of the clock, a leap day, a day that Samoa left out.
const DAYS: [&str; 10] = [
    "2026-03-08",
    "2026-03-29",
    "2026-04-05",
    "2026-10-04",
    "2026-10-25",
    "2026-11-01",
    "2028-02-29",
    "2024-02-28",
    "2011-12-30",
    "2026-12-31",
];

fn weekly() -> impl Strategy<Value = Weekly> {
    let hours = prop::collection::vec((0_u16..1440, 0_u16..=1440), 0..3);
    prop::collection::vec(hours, 7).prop_map(|days| days.try_into().unwrap())
}

fn around() -> impl Strategy<Value = Timestamp> {
    (prop::sample::select(DAYS.to_vec()), -72_i64 * 60..72 * 60)
        .prop_map(|(day, minutes)| at(&format!("{day}T00:00:00Z")).plus_millis(minutes * MINUTE))
}

fn holidays() -> impl Strategy<Value = BTreeSet<NaiveDate>> {
    prop::collection::btree_set(prop::sample::select(DAYS.map(date).to_vec()), 0..4)
}

fn zone() -> impl Strategy<Value = Tz> {
    prop::sample::select(ZONES.to_vec())
}

proptest! {
    #[test]
    fn agrees_with_a_walk_minute_by_minute(tz in zone(), weekly in weekly(), holidays in holidays(), from in around()) {
        let calendar = Calendar::new(tz, weekly.clone(), holidays.clone());
        let mut counted = 0;
        for minute in 0..36 * 60 {
            let now = from.plus_millis(minute * MINUTE);
            let open = walk_is_open(tz, &weekly, &holidays, now);
            prop_assert_eq!(calendar.is_open(now), open, "{} in {}", now, tz);
            prop_assert_eq!(calendar.between(from, now), counted, "{} to {} in {}", from, now, tz);
            counted += if open { MINUTE } else { 0 };
        }
    }

    #[test]
    fn what_was_added_lies_between(tz in zone(), weekly in weekly(), holidays in holidays(), from in around(), n in 1..400 * DAY) {
        let calendar = Calendar::new(tz, weekly, holidays);
        match calendar.add(from, n) {
            Some(then) => {
                prop_assert_eq!(calendar.between(from, then), n);
                let before = then.plus_millis(-1);
                prop_assert_eq!(calendar.between(from, before), n - 1, "the first instant: the last millisecond was open");
            }
            None => prop_assert!(calendar.between(from, from.plus_millis(REACH)) < n),
        }
    }

    #[test]
    fn adding_more_or_later_never_ends_earlier(tz in zone(), weekly in weekly(), holidays in holidays(), from in around(), n in 0..40 * DAY, more in 0..9 * DAY) {
        let calendar = Calendar::new(tz, weekly, holidays);
        let reach = |from, n| calendar.add(from, n).unwrap_or(Timestamp::EPOCH.plus_millis(i64::MAX));
        prop_assert!(reach(from, n) <= reach(from, n + more));
        prop_assert!(reach(from, n) <= reach(from.plus_millis(more), n));
        // In two steps the calendar looks ahead 20 years twice, so it may reach what it does not in one.
        if let (Some(then), Some(whole)) = (calendar.add(from, n), calendar.add(from, n + more)) {
            prop_assert!(n == 0 || more == 0 || calendar.add(then, more) == Some(whole));
        }
    }
}

#[test]
fn always_open_is_plain_time() {
    let always = Calendar::new(UTC, every_day(&[(0, 1440)]), BTreeSet::new());
    let from = at("2026-06-01T12:34:56.789Z");
    for n in [1, HOUR, 36 * HOUR, 3_650 * DAY] {
        assert_eq!(always.add(from, n), Some(from.plus_millis(n)));
    }
    let berlin = Calendar::new(Europe::Berlin, every_day(&[(0, 0)]), BTreeSet::new());
    assert_eq!(berlin.between(at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z")), 365 * DAY);
}

#[test]
fn a_weekend_and_a_holiday_are_skipped() {
    let holidays = BTreeSet::from([date("2026-12-25"), date("2026-12-28")]);
    let support = Calendar::new(Europe::Berlin, office(), holidays);
    let thursday = at("2026-12-24T16:30:00+01:00");
    assert_eq!(support.add(thursday, HOUR), Some(at("2026-12-29T09:30:00+01:00")));
    assert!(!support.is_open(at("2026-12-25T10:00:00+01:00")));
}

#[test]
fn counting_ends_at_closing_time_not_at_the_next_opening() {
    let support = Calendar::new(UTC, office(), BTreeSet::new());
    assert_eq!(support.add(at("2026-03-02T09:00:00Z"), 8 * HOUR), Some(at("2026-03-02T17:00:00Z")));
    assert_eq!(support.add(at("2026-03-02T09:00:00Z"), 8 * HOUR + 1), Some(at("2026-03-03T09:00:00.001Z")));
    assert!(!support.is_open(at("2026-03-02T17:00:00Z")));
    assert!(support.is_open(at("2026-03-02T09:00:00Z")));
}

#[test]
fn adding_nothing_stays_even_where_it_is_closed() {
    let sunday = at("2026-03-01T09:00:00Z");
    let support = Calendar::new(UTC, office(), BTreeSet::new());
    assert_eq!(support.add(sunday, 0), Some(sunday));
}

#[test]
fn an_opening_in_the_gap_begins_after_it() {
    // Berlin, 2026-03-29: 01:59 is followed by 03:00.
    let night = Calendar::new(Europe::Berlin, every_day(&[(150, 210)]), BTreeSet::new());
    let midnight = at("2026-03-29T00:00:00+01:00");
    assert_eq!(night.add(midnight, 1), Some(at("2026-03-29T03:00:00.001+02:00")));
    assert_eq!(night.between(midnight, at("2026-03-30T00:00:00+02:00")), 30 * MINUTE);
    let swallowed = Calendar::new(Europe::Berlin, every_day(&[(125, 175)]), BTreeSet::new());
    assert_eq!(swallowed.between(midnight, at("2026-03-30T00:00:00+02:00")), 0);
}

#[test]
fn an_hour_that_comes_twice_counts_twice() {
    // Berlin, 2026-10-25: 02:00 to 03:00 comes twice.
    let night = Calendar::new(Europe::Berlin, every_day(&[(120, 180)]), BTreeSet::new());
    assert_eq!(night.between(at("2026-10-25T00:00:00+02:00"), at("2026-10-26T00:00:00+01:00")), 2 * HOUR);
    // Lord Howe, 2026-04-05: 01:30 to 02:00 comes twice, the change is half an hour.
    let lord_howe = Calendar::new(Australia::Lord_Howe, every_day(&[(60, 120)]), BTreeSet::new());
    assert_eq!(lord_howe.between(at("2026-04-05T00:00:00+11:00"), at("2026-04-06T00:00:00+10:30")), 90 * MINUTE);
}

#[test]
fn a_holiday_is_as_long_as_its_local_day() {
    let holidays = BTreeSet::from([date("2026-03-29"), date("2026-10-25")]);
    let always = Calendar::new(Europe::Berlin, every_day(&[(0, 1440)]), holidays);
    assert_eq!(always.add(at("2026-03-29T00:00:00+01:00"), 1), Some(at("2026-03-30T00:00:00.001+02:00")));
    let closed = at("2026-10-24T23:00:00+02:00");
    assert_eq!(always.between(closed, at("2026-10-26T01:00:00+01:00")), 2 * HOUR, "25 hours are missing of 27");
}

#[test]
fn hours_run_into_the_next_day_and_the_next_week() {
    let mut weekly: Weekly = Default::default();
    weekly[6] = vec![(22 * 60, 6 * 60)];
    let night = Calendar::new(UTC, weekly, BTreeSet::from([date("2026-03-09")]));
    assert!(night.is_open(at("2026-03-02T05:59:00Z")), "Monday morning of Sunday's shift");
    assert_eq!(night.between(at("2026-03-01T00:00:00Z"), at("2026-03-08T00:00:00Z")), 8 * HOUR);
    assert_eq!(
        night.between(at("2026-03-08T00:00:00Z"), at("2026-03-15T00:00:00Z")),
        2 * HOUR,
        "a holiday cuts it off"
    );
}

#[test]
fn a_calendar_without_hours_never_gets_there() {
    let closed = Calendar::new(UTC, Default::default(), BTreeSet::new());
    assert!(closed.never_opens());
    assert_eq!(closed.add(at("2026-01-01T00:00:00Z"), 1), None);
    assert_eq!(closed.between(at("2026-01-01T00:00:00Z"), at("2036-01-01T00:00:00Z")), 0);
    assert!(!Calendar::new(UTC, office(), BTreeSet::new()).never_opens());
}

#[test]
fn the_ends_of_time_do_no_harm() {
    let support = Calendar::new(Europe::Berlin, office(), BTreeSet::new());
    let end = at("9999-12-31T23:59:59.999Z");
    assert!(support.add(end, 40 * HOUR).is_some_and(|then| then > end));
    let beyond = Timestamp::EPOCH.plus_millis(i64::MAX);
    assert!(support.between(Timestamp::EPOCH, beyond) > 0);
    assert_eq!(support.add(Timestamp::EPOCH, i64::MAX), None);
}

#[test]
fn the_tables_have_no_change_after_the_last_day_looked_at() {
    for tz in chrono_tz::TZ_VARIANTS {
        let last = offset_at(tz, LAST_CHANGE * DAY);
        assert!((LAST_CHANGE..LAST_CHANGE + 4_000).step_by(20).all(|day| offset_at(tz, day * DAY) == last), "{tz}");
    }
}
