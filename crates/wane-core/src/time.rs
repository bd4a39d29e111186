//! Instants and lengths of time, in whole milliseconds.
//!
//! There is no clock here: an instant always comes from the caller. Calendars are in [`crate::calendar`].

use std::fmt;

use chrono::{DateTime, SecondsFormat};
use thiserror::Error;

/// An instant: milliseconds since 1970-01-01T00:00:00Z.
///
/// What comes from outside lies between the years 1970 and 9999 ([`Timestamp::parse`] and
/// [`Timestamp::from_millis`] refuse the rest); a deadline may lie up to ten years past that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// 9999-12-31T23:59:59.999Z.
const LAST_MILLIS: i64 = 253_402_300_799_999;

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);

    /// The instant that lies so many milliseconds after the epoch.
    ///
    /// # Errors
    /// [`TimeError::OutOfRange`] before 1970 and after 9999.
    pub fn from_millis(millis: i64) -> Result<Self, TimeError> {
        if (0..=LAST_MILLIS).contains(&millis) { Ok(Self(millis)) } else { Err(TimeError::OutOfRange) }
    }

    /// Reads an RFC 3339 date and time with an offset, for example `2026-03-01T09:00:00.123Z`.
    ///
    /// Fractions finer than a millisecond are cut off.
    ///
    /// # Errors
    /// [`TimeError::NotRfc3339`] when the text has another form; [`TimeError::OutOfRange`] before 1970 and after 9999.
    ///
    /// ```
    /// use wane_core::time::Timestamp;
    /// let at = Timestamp::parse("2026-03-01T10:00:00+01:00").expect("valid");
    /// assert_eq!(at.to_string(), "2026-03-01T09:00:00.000Z");
    /// assert!(Timestamp::parse("2026-03-01").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        let parsed = DateTime::parse_from_rfc3339(text).map_err(|_| TimeError::NotRfc3339)?;
        Self::from_millis(parsed.timestamp_millis())
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// This instant moved by so many milliseconds, forwards or backwards; stops at the ends of the number range.
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Milliseconds from `earlier` to this instant; negative when `earlier` is later.
    #[must_use]
    pub const fn millis_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match DateTime::from_timestamp_millis(self.0) {
            Some(at) => f.write_str(&at.to_rfc3339_opts(SecondsFormat::Millis, true)),
            None => write!(f, "{}ms", self.0),
        }
    }
}

/// A length of time above zero, at most ten years.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period(i64);

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

impl Period {
    /// Ten years of 365 days: the longest length a rule file may give (house decision: a timer beyond it is a mistake).
    pub const MAX: Self = Self(3_650 * DAY);

    /// The length of so many milliseconds.
    ///
    /// # Errors
    /// [`TimeError::NotPositive`] for zero and below; [`TimeError::TooLong`] above ten years.
    pub fn from_millis(millis: i64) -> Result<Self, TimeError> {
        match millis {
            i64::MIN..=0 => Err(TimeError::NotPositive),
            _ if millis > Self::MAX.0 => Err(TimeError::TooLong),
            _ => Ok(Self(millis)),
        }
    }

    /// Reads `90s`, `1h30m`, `3d`, `500ms`, or ISO 8601 such as `PT6H`, `P3D`, `PT1H30M`.
    ///
    /// A unit is always written; weeks are `1w`. Years and months have no fixed length and are refused.
    ///
    /// # Errors
    /// [`TimeError`] says what is wrong with the text.
    ///
    /// ```
    /// use wane_core::time::Period;
    /// assert_eq!(Period::parse("1h30m"), Period::parse("PT90M"));
    /// assert!(Period::parse("30").is_err(), "a bare number has no unit");
    /// ```
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        Self::from_millis(parse_millis(text)?)
    }

    /// The length in milliseconds, always above zero.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }
}

/// Reads a length that may be zero: an offset in a scenario, `0s` included.
///
/// # Errors
/// [`TimeError`] when the text is no duration, or longer than ten years.
pub fn parse_offset(text: &str) -> Result<i64, TimeError> {
    let millis = parse_millis(text)?;
    if millis > Period::MAX.0 { Err(TimeError::TooLong) } else { Ok(millis) }
}

fn parse_millis(text: &str) -> Result<i64, TimeError> {
    match text.strip_prefix('P') {
        Some(iso) => parse_iso(iso),
        None => parse_parts(text, &[("ms", 1), ("s", SECOND), ("m", MINUTE), ("h", HOUR), ("d", DAY), ("w", 7 * DAY)]),
    }
}

fn parse_iso(text: &str) -> Result<i64, TimeError> {
    let (date, time) = match text.split_once('T') {
        Some((_, "")) => return Err(TimeError::NotADuration),
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    if date.is_empty() && time.is_none() {
        return Err(TimeError::NotADuration);
    }
    let days = if date.is_empty() { 0 } else { parse_parts(date, &[("D", DAY), ("W", 7 * DAY)])? };
    let rest = time.map_or(Ok(0), |t| parse_parts(t, &[("H", HOUR), ("M", MINUTE), ("S", SECOND)]))?;
    days.checked_add(rest).ok_or(TimeError::TooLong)
}

/// Reads `<number><unit>` pairs; each unit at most once.
fn parse_parts(text: &str, units: &[(&str, i64)]) -> Result<i64, TimeError> {
    let mut rest = text;
    let mut total: i64 = 0;
    let mut seen: u32 = 0;
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, tail) = rest.split_at(digits);
        let letters = tail.len() - tail.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
        let (unit, tail) = tail.split_at(letters);
        if number.is_empty() {
            return Err(TimeError::NotADuration);
        }
        if unit.is_empty() {
            return Err(if tail.is_empty() { TimeError::NoUnit } else { TimeError::NotADuration });
        }
        let index = units.iter().position(|(name, _)| *name == unit).ok_or(TimeError::NotADuration)?;
        if seen & (1 << index) != 0 {
            return Err(TimeError::NotADuration);
        }
        seen |= 1 << index;
        let scale = units.get(index).map_or(1, |(_, scale)| *scale);
        let number: i64 = number.parse().map_err(|_| TimeError::TooLong)?;
        total = number.checked_mul(scale).and_then(|n| total.checked_add(n)).ok_or(TimeError::TooLong)?;
        rest = tail;
    }
    if seen == 0 { Err(TimeError::NotADuration) } else { Ok(total) }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_millis(f, self.0)
    }
}

/// Shows a number of milliseconds as `1h30m`; zero is `0s`, a negative one has a minus.
#[derive(Clone, Copy, Debug)]
pub struct Span(pub i64);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 0 {
            f.write_str("-")?;
        }
        write_millis(f, self.0.saturating_abs())
    }
}

fn write_millis(f: &mut fmt::Formatter<'_>, millis: i64) -> fmt::Result {
    if millis == 0 {
        return f.write_str("0s");
    }
    let mut rest = millis;
    for (unit, scale) in [("d", DAY), ("h", HOUR), ("m", MINUTE), ("s", SECOND), ("ms", 1)] {
        // Days only when they are whole and a week at least: people say 24h and 72h, but 30d.
        let count = if unit == "d" && (rest % DAY != 0 || rest < 7 * DAY) { 0 } else { rest / scale };
        if count > 0 {
            write!(f, "{count}{unit}")?;
            rest -= count * scale;
        }
    }
    Ok(())
}

/// What is wrong with a date or a duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TimeError {
    /// Not `2026-03-01T09:00:00Z`.
    #[error("not a date and time of RFC 3339, such as `2026-03-01T09:00:00Z`")]
    NotRfc3339,
    /// Before 1970 or after 9999.
    #[error("outside the years 1970 to 9999")]
    OutOfRange,
    /// Not a duration.
    #[error("not a duration, such as `90s`, `1h30m`, `3d` or `PT6H`")]
    NotADuration,
    /// A number without its unit.
    #[error("a number without a unit; write `30m` or `30s`")]
    NoUnit,
    /// Zero or below.
    #[error("a duration must be longer than zero")]
    NotPositive,
    /// Above ten years.
    #[error("a duration can be ten years at most")]
    TooLong,
}

#[cfg(test)]
mod tests;
