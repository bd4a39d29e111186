//! Reading and showing instants and lengths.

use proptest::prelude::*;

use super::*;

fn millis(text: &str) -> Result<i64, TimeError> {
    Period::parse(text).map(Period::millis)
}

#[test]
fn lengths_are_read_in_both_forms() {
    for (text, expected) in [
        ("500ms", 500),
        ("90s", 90 * SECOND),
        ("1h30m", 90 * MINUTE),
        ("1m30s", 90 * SECOND),
        ("72h", 3 * DAY),
        ("3d", 3 * DAY),
        ("2w", 14 * DAY),
        ("PT6H", 6 * HOUR),
        ("P3D", 3 * DAY),
        ("P1DT12H", 36 * HOUR),
        ("PT1H30M", 90 * MINUTE),
        ("P1W", 7 * DAY),
        ("3650d", Period::MAX.millis()),
    ] {
        assert_eq!(millis(text), Ok(expected), "{text}");
    }
}

#[test]
fn lengths_that_are_none_are_refused_with_the_reason() {
    for (text, expected) in [
        ("", TimeError::NotADuration),
        ("30", TimeError::NoUnit),
        ("1h30", TimeError::NoUnit),
        ("5 m", TimeError::NotADuration),
        ("-5m", TimeError::NotADuration),
        ("+5m", TimeError::NotADuration),
        ("1.5h", TimeError::NotADuration),
        ("5min", TimeError::NotADuration),
        ("5m5m", TimeError::NotADuration),
        (" 5m", TimeError::NotADuration),
        ("P", TimeError::NotADuration),
        ("PT", TimeError::NotADuration),
        ("P1DT", TimeError::NotADuration),
        ("PT1D", TimeError::NotADuration),
        ("P1Y", TimeError::NotADuration),
        ("P1M", TimeError::NotADuration),
        ("٣m", TimeError::NotADuration),
        ("0s", TimeError::NotPositive),
        ("PT0S", TimeError::NotPositive),
        ("3651d", TimeError::TooLong),
        ("99999999999999999999d", TimeError::TooLong),
        ("9223372036854775807d", TimeError::TooLong),
        ("P999999999999DT999999999999H", TimeError::TooLong),
    ] {
        assert_eq!(millis(text), Err(expected), "{text}");
    }
}

#[test]
fn an_offset_may_be_zero() {
    assert_eq!(parse_offset("0s"), Ok(0));
    assert_eq!(parse_offset("1m"), Ok(MINUTE));
    assert_eq!(parse_offset("3651d"), Err(TimeError::TooLong));
}

#[test]
fn lengths_are_shown_as_people_say_them() {
    for (length, expected) in [
        (0, "0s"),
        (500, "500ms"),
        (90 * SECOND, "1m30s"),
        (90 * MINUTE, "1h30m"),
        (DAY, "24h"),
        (36 * HOUR, "36h"),
        (3 * DAY, "72h"),
        (30 * DAY, "30d"),
        (7 * DAY + HOUR, "169h"),
        (-90 * SECOND, "-1m30s"),
    ] {
        assert_eq!(Span(length).to_string(), expected);
    }
    assert!(Span(i64::MIN).to_string().starts_with('-'));
}

#[test]
fn instants_are_read_with_any_offset() {
    for (text, expected) in [
        ("2026-03-01T09:00:00Z", "2026-03-01T09:00:00.000Z"),
        ("2026-03-01T10:30:00+01:30", "2026-03-01T09:00:00.000Z"),
        ("2026-03-01T09:00:00.123999Z", "2026-03-01T09:00:00.123Z"),
        ("2028-02-29T23:59:59.5-00:00", "2028-02-29T23:59:59.500Z"),
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"),
        ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
    ] {
        assert_eq!(Timestamp::parse(text).map(|at| at.to_string()).as_deref(), Ok(expected), "{text}");
    }
}

#[test]
fn instants_that_are_none_are_refused_with_the_reason() {
    for (text, expected) in [
        ("", TimeError::NotRfc3339),
        ("2026-03-01", TimeError::NotRfc3339),
        ("2026-03-01T09:00:00", TimeError::NotRfc3339),
        ("2026-02-29T09:00:00Z", TimeError::NotRfc3339),
        ("2026-03-01T25:00:00Z", TimeError::NotRfc3339),
        ("10000-01-01T00:00:00Z", TimeError::NotRfc3339),
        ("1969-12-31T23:59:59.999Z", TimeError::OutOfRange),
        ("9999-12-31T23:59:59-01:00", TimeError::OutOfRange),
    ] {
        assert_eq!(Timestamp::parse(text), Err(expected), "{text}");
    }
}

#[test]
fn the_ends_of_the_number_range_saturate() {
    let end = Timestamp::EPOCH.plus_millis(i64::MAX);
    assert_eq!(end.plus_millis(1), end);
    assert_eq!(end.millis_since(Timestamp::EPOCH.plus_millis(-1)), i64::MAX);
    assert_eq!(end.to_string(), format!("{}ms", i64::MAX));
    assert_eq!(Timestamp::from_millis(-1), Err(TimeError::OutOfRange));
}

proptest! {
    #[test]
    fn what_is_shown_can_be_read_again(length in 1..=Period::MAX.millis(), at in 0..=LAST_MILLIS) {
        let period = Period::from_millis(length).unwrap();
        prop_assert_eq!(Period::parse(&period.to_string()), Ok(period));
        let at = Timestamp::from_millis(at).unwrap();
        prop_assert_eq!(Timestamp::parse(&at.to_string()), Ok(at));
    }

    #[test]
    fn no_text_does_harm(text in "[P0-9a-zA-Z.:+ -]{0,24}") {
        if let Ok(length) = millis(&text) {
            prop_assert!(0 < length && length <= Period::MAX.millis());
        }
        if let Ok(at) = Timestamp::parse(&text) {
            prop_assert!((0..=LAST_MILLIS).contains(&at.millis()));
        }
    }
}
