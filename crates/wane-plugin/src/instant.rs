//! Instants as providers write them, in milliseconds since 1970 UTC, as [`Event::at_ms`](crate::Event::at_ms) wants them.
//!
//! [`Millis`] and [`Seconds`] are for fields of a body; [`read`] is for dates and times in words.
//!
//! ```
//! use wane_plugin::instant::{self, Millis, Seconds};
//! assert_eq!(serde_json::from_str::<Seconds>(r#""1757900000""#)?.millis(), 1_757_900_000_000);
//! assert_eq!(serde_json::from_str::<Millis>("1757900000125")?.millis(), 1_757_900_000_125);
//! assert_eq!(instant::read("2025-09-15T03:33:20.125+02:00")?, 1_757_900_000_125);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

use crate::Refusal;

mod calendar;

/// The last second of the year 9999.
const LAST: i64 = 253_402_300_799;

/// Milliseconds below this are taken for seconds: as milliseconds they would lie before March 1973.
const LEAST_MILLIS: i64 = 100_000_000_000;

/// Whole seconds since 1970, a number or digits in a text; the year 9999 is the last. Milliseconds by mistake lie beyond it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seconds(i64);

impl Seconds {
    /// What an instant of this form must be, in the words of errors.
    const WANTED: &str = "seconds since 1970";

    /// In milliseconds since 1970 UTC.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0 * 1_000
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = deserializer.deserialize_any(Number(Self::WANTED))?;
        (0..=LAST).contains(&number).then_some(Self(number)).ok_or_else(|| not(Self::WANTED))
    }
}

/// Whole milliseconds since 1970, a number or digits in a text; the year 9999 is the last. Less than 100,000,000,000 is taken
/// for seconds, which some providers write in some places of an interface that has milliseconds elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Millis(i64);

impl Millis {
    /// What an instant of this form must be, in the words of errors.
    const WANTED: &str = "milliseconds since 1970";

    /// In milliseconds since 1970 UTC.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }
}

impl<'de> Deserialize<'de> for Millis {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_any(Number(Self::WANTED))? {
            seconds @ 0..LEAST_MILLIS => Ok(Self(seconds * 1_000)),
            millis if (LEAST_MILLIS..=LAST * 1_000 + 999).contains(&millis) => Ok(Self(millis)),
            _ => Err(not(Self::WANTED)),
        }
    }
}

/// A whole number, or a text of its digits and nothing else. What is none is -1, which is no instant.
struct Number(&'static str);

impl Visitor<'_> for Number {
    type Value = i64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<i64, E> {
        Ok(number)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<i64, E> {
        Ok(i64::try_from(number).unwrap_or(-1))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<i64, E> {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        Ok(if is_number { text.parse().unwrap_or(-1) } else { -1 })
    }
}

fn not<E: Error>(wanted: &str) -> E {
    E::custom(format_args!("not {wanted}"))
}

/// Which form was wanted, when an error of serde is about an instant.
pub(crate) fn wanted(words: &str) -> Option<&'static str> {
    // The longer one first: it ends as the other does.
    [Millis::WANTED, Seconds::WANTED].into_iter().find(|wanted| words.contains(wanted))
}

/// Milliseconds since 1970 UTC of a date and a time in words: `2025-09-15 01:33:20`, `2025-09-15T01:33:20.000Z`,
/// `2025-09-15T03:33:20+02:00` (RFC 3339, and what comes near). Without an offset it is UTC.
///
/// # Errors
/// [`Refusal::Malformed`] when it is not of that form, names a day that there is not, or lies outside of 1970 to 9999.
pub fn read(text: &str) -> Result<i64, Refusal> {
    calendar::millis(text).ok_or_else(|| Refusal::Malformed("an instant is not `YYYY-MM-DD HH:MM:SS`".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_digits_are_instants() {
        let seconds = |text: &str| serde_json::from_str::<Seconds>(text).ok().map(Seconds::millis);
        let millis = |text: &str| serde_json::from_str::<Millis>(text).ok().map(Millis::millis);
        for (text, as_seconds, as_millis) in [
            ("0", Some(0), Some(0)),
            ("1757900000", Some(1_757_900_000_000), Some(1_757_900_000_000)),
            (r#""1757900000""#, Some(1_757_900_000_000), Some(1_757_900_000_000)),
            ("99999999999", Some(99_999_999_999_000), Some(99_999_999_999_000)),
            ("100000000000", Some(100_000_000_000_000), Some(100_000_000_000)),
            ("253402300799", Some(253_402_300_799_000), Some(253_402_300_799)),
            ("253402300800", None, Some(253_402_300_800)),
            (r#""1757900000125""#, None, Some(1_757_900_000_125)),
            ("253402300799999", None, Some(253_402_300_799_999)),
        ] {
            assert_eq!((seconds(text), millis(text)), (as_seconds, as_millis), "{text}");
        }
        for wrong in
            ["-1", "253402300800000", "18446744073709551615", "1.5", r#""""#, r#""-1""#, r#""1 ""#, "null", "[1]"]
        {
            assert_eq!((seconds(wrong), millis(wrong)), (None, None), "{wrong}");
        }
    }
}
