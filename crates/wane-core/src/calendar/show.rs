//! A calendar in words: zone, hours, holidays.

use std::fmt;

use chrono::NaiveDate;

use super::Calendar;
use super::week::DAY;

impl fmt::Display for Calendar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.zone)?;
        for (start, end) in self.week.openings() {
            write!(f, ", {} {}-{}", day(start), clock(start), clock(end))?;
        }
        if self.week.openings().next().is_none() {
            f.write_str(", never open")?;
        }
        for holiday in &self.holidays {
            let days = i32::try_from(holiday.day).ok();
            match days.and_then(NaiveDate::from_epoch_days) {
                Some(date) => write!(f, ", not on {date}")?,
                None => write!(f, ", not on day {}", holiday.day)?,
            }
        }
        Ok(())
    }
}

fn day(millis: i64) -> &'static str {
    match millis / DAY {
        0 => "mon",
        1 => "tue",
        2 => "wed",
        3 => "thu",
        4 => "fri",
        5 => "sat",
        _ => "sun",
    }
}

/// The time of the day; the end of a day is 24:00.
fn clock(millis: i64) -> String {
    let minutes = millis.rem_euclid(DAY) / 60_000;
    let minutes = if minutes == 0 && millis > 0 && millis % DAY == 0 { 1_440 } else { minutes };
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use chrono::NaiveDate;

    use super::Calendar;

    #[test]
    fn a_calendar_says_its_hours_and_holidays() {
        let mut week: [Vec<(u16, u16)>; 7] = Default::default();
        week[0] = vec![(540, 1020)];
        week[5] = vec![(600, 1440)];
        let christmas = NaiveDate::from_ymd_opt(2026, 12, 25).expect("a date");
        let calendar = Calendar::new(chrono_tz::Europe::Berlin, week, BTreeSet::from([christmas]));
        assert_eq!(calendar.to_string(), "Europe/Berlin, mon 09:00-17:00, sat 10:00-24:00, not on 2026-12-25");
    }
}
