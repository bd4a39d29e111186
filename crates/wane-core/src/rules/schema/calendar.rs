//! `[calendars.NAME]`: business hours.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::describe::{Key, Kind, Table};
use super::reader::{Item, Reader, entries, text};
use crate::facts::Name;
use crate::rules::check;
use crate::rules::finding::Findings;
use crate::rules::source::{At, Sp};

/// The days of a week, as written.
pub(crate) const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

const DAY_HOURS: Kind = Kind::List(&Kind::Hours);

/// `[calendars.NAME]`.
pub(crate) static CALENDAR: Table = Table {
    name: "[calendars.NAME]",
    doc: "Business hours. A timer with a calendar counts only time in which it is open; changes between summer and \
          winter time are considered.",
    keys: &[
        Key::new("timezone", &Kind::Text("a time zone's name"))
            .default("that of `[org]`")
            .doc("The time zone of the hours.")
            .example("\"Europe/Berlin\""),
        Key::new("hours", &Kind::Map("days (`mon` to `sun`, or `mon-fri`) with their hours", &DAY_HOURS))
            .required()
            .doc(
                "When it is open: days, or runs of days, each with a list of hours. Hours that end before they begin \
                 reach into the next day; `24:00` is midnight at the end of the day. A day named twice has the hours \
                 of both.",
            )
            .example("{ mon-fri = [\"09:00-17:00\"], sat = [\"10:00-14:00\"] }"),
        Key::new("holidays", &Kind::List(&Kind::Date))
            .default("`[]`")
            .doc("Days on which it does not open.")
            .example("[\"2026-12-25\", \"2026-12-26\"]"),
    ],
};

/// Hours of one day in minutes: from, and until; an end that is not after the start lies in the next day.
pub(crate) type DayHours = Vec<(u16, u16)>;

/// A calendar as read.
#[derive(Debug)]
pub(crate) struct Calendar {
    pub(crate) name: Sp<Name>,
    /// Whether reading found a fault in its table.
    pub(crate) faulty: bool,
    pub(crate) timezone: Option<Sp<Name>>,
    pub(crate) hours_at: At,
    pub(crate) weekly: [DayHours; 7],
    pub(crate) holidays: BTreeSet<NaiveDate>,
}

pub(super) fn read(name: Sp<Name>, reader: Reader<'_>, out: &mut Findings) -> Calendar {
    let before = out.count();
    let mut weekly: [DayHours; 7] = Default::default();
    let mut hours_at = name.at;
    if let Some(hours) = reader.get("hours", out, |item| item.as_table()) {
        hours_at = hours.at;
        for (days, item) in entries(&hours) {
            read_days(&reader, &days, &item, &mut weekly, out);
        }
    }
    let timezone = reader.text("timezone", out);
    let holidays = holidays(&reader, out);
    let faulty = reader.faulty || out.count() > before;
    reader.finish();
    Calendar { name, faulty, timezone, hours_at, weekly, holidays }
}

fn read_days(reader: &Reader<'_>, days: &Sp<Name>, item: &Item<'_>, weekly: &mut [DayHours; 7], out: &mut Findings) {
    let run = run_of_days(days);
    if run.is_none() {
        out.push(check::unknown_day::found(days));
    }
    let Some(list) = item.as_array() else {
        out.push(check::wrong_type::found(item, days, &DAY_HOURS));
        return;
    };
    for value in list.iter() {
        let value = Sp::new(value.get_ref(), At::new(item.at.file, &value.span()));
        let Some(written) = text(&value) else {
            reader.wrong_item("hours", &value, out);
            continue;
        };
        match parse_hours(&written) {
            Some(hours) => add(weekly, run.as_deref().unwrap_or_default(), hours),
            None => out.push(check::bad_hours::found(&value.with(written))),
        }
    }
}

fn add(weekly: &mut [DayHours; 7], days: &[usize], hours: (u16, u16)) {
    for day in days {
        if let Some(list) = weekly.get_mut(*day) {
            list.push(hours);
        }
    }
}

/// `sat` is one day; `fri-mon` runs over the end of the week.
fn run_of_days(text: &str) -> Option<Vec<usize>> {
    let day = |name: &str| DAYS.iter().position(|day| *day == name);
    let Some((first, last)) = text.split_once('-') else { return Some(vec![day(text)?]) };
    let (first, last) = (day(first)?, day(last)?);
    let length = (last + 7 - first) % 7;
    Some((0..=length).map(|step| (first + step) % 7).collect())
}

/// `09:00-17:00` in minutes. A span of nothing is refused; `00:00-24:00` is a whole day.
fn parse_hours(text: &str) -> Option<(u16, u16)> {
    let (from, until) = text.split_once('-')?;
    let (from, until) = (parse_minutes(from.trim())?, parse_minutes(until.trim())?);
    (from < 1_440 && from != until && until > 0).then_some((from, until))
}

fn parse_minutes(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(hour) || !digits(minute) {
        return None;
    }
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    let minutes = hour * 60 + minute;
    (minute < 60 && minutes <= 1_440).then_some(minutes)
}

/// Days as text, or as TOML's own dates: both are plain enough.
fn holidays(reader: &Reader<'_>, out: &mut Findings) -> BTreeSet<NaiveDate> {
    let list = reader.list("holidays", out).map(|list| list.value).unwrap_or_default();
    let mut days = BTreeSet::new();
    for item in list {
        let native = item.as_datetime().filter(|date| date.time.is_none()).map(|date| Name::from(date.to_string()));
        let Some(written) = text(&item).or(native) else {
            reader.wrong_item("holidays", &item, out);
            continue;
        };
        match NaiveDate::parse_from_str(&written, "%Y-%m-%d") {
            Ok(day) if written.len() == 10 => drop(days.insert(day)),
            _ => out.push(check::bad_date::found(&item.with(written))),
        }
    }
    days
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_reach_midnight_and_past_it() {
        assert_eq!(parse_hours("09:00-17:00"), Some((540, 1_020)));
        assert_eq!(parse_hours("00:00-24:00"), Some((0, 1_440)));
        assert_eq!(parse_hours("22:00-02:00"), Some((1_320, 120)));
        for wrong in ["9:00-17:00", "09:00", "09:60-10:00", "24:00-10:00", "25:00-26:00", "09:00-09:00", "+9:00-10:00"]
        {
            assert_eq!(parse_hours(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_run_of_days_may_pass_the_end_of_the_week() {
        assert_eq!(run_of_days("sat"), Some(vec![5]));
        assert_eq!(run_of_days("fri-mon"), Some(vec![4, 5, 6, 0]));
        assert_eq!(run_of_days("mon-fry"), None);
    }
}
