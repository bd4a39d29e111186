//! Dates and times in words, to milliseconds: no clock, no time zones, the Gregorian calendar alone.

/// Milliseconds since 1970 UTC; none for what is no instant, and for what lies outside of 1970 to 9999.
pub(super) fn millis(text: &str) -> Option<i64> {
    let (date, time) = text.split_at_checked(10)?;
    let time = time.strip_prefix(['T', ' '])?;
    let (time, offset) = time.split_at(time.find(['Z', '+', '-']).unwrap_or(time.len()));
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let ([year, month, day], [hour, minute, second]) = (three(date, '-')?, three(time, ':')?);
    // A leap second is the last moment of its minute.
    if !(1970..=9999).contains(&year) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let seconds = days(year, month, day)? * 86_400 + hour * 3_600 + minute * 60 + second.min(59) - shift(offset)?;
    let millis = seconds.checked_mul(1_000)?.checked_add(thousandths(fraction)?)?;
    (0..=super::LAST * 1_000 + 999).contains(&millis).then_some(millis)
}

/// Three numbers of two digits, the first of any length.
fn three(text: &str, between: char) -> Option<[i64; 3]> {
    let mut parts = text.split(between).map(number);
    let three = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(three)
}

fn number(digits: &str) -> Option<i64> {
    let good = (2..=4).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if good { digits.parse().ok() } else { None }
}

fn thousandths(digits: &str) -> Option<i64> {
    if digits.is_empty() || digits.len() > 9 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    format!("{digits:0<3}").get(..3)?.parse().ok()
}

/// Seconds ahead of UTC.
fn shift(offset: &str) -> Option<i64> {
    let (sign, rest) = match offset.split_at_checked(1) {
        None | Some(("Z", "")) => return Some(0),
        Some(("+", rest)) => (1, rest),
        Some(("-", rest)) => (-1, rest),
        Some(_) => return None,
    };
    let (hours, minutes) = rest.split_at_checked(2)?;
    let (hours, minutes) = (number(hours)?, number(minutes.strip_prefix(':').unwrap_or(minutes))?);
    (hours <= 14 && minutes <= 59).then_some(sign * (hours * 3_600 + minutes * 60))
}

/// Days since 1970, in the Gregorian calendar. Years begin in March here, so that the leap day is the last.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let of_years = year * 365 + year / 4 - year / 100 + year / 400;
    Some(of_years + (153 * month + 2) / 5 + day - 1 - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_in_every_form() {
        for (text, expected) in [
            ("1970-01-01 00:00:00", 0),
            ("2025-09-15 01:33:20", 1_757_900_000_000),
            ("2025-09-15T01:33:20.000Z", 1_757_900_000_000),
            ("2025-09-15T03:33:20.125+02:00", 1_757_900_000_125),
            ("2025-09-14T21:03:20-0430", 1_757_900_000_000),
            ("2024-02-29T12:00:00Z", 1_709_208_000_000),
            ("2000-03-01 00:00:00", 951_868_800_000),
            ("2016-12-31T23:59:60Z", 1_483_228_799_000),
            ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999),
        ] {
            assert_eq!(millis(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_instant_is_none() {
        for text in [
            "",
            "2025",
            "2025-09-15",
            "2025-09-15 01:33",
            "2025-13-01 00:00:00",
            "2025-02-29 00:00:00",
            "2025-00-10 00:00:00",
            "2025-09-15 24:00:00",
            "2025-09-15 01:60:00",
            "2025-09-15 01:33:61",
            "2025-09-15X01:33:20",
            "2025-09-15 01:33:20.",
            "2025-09-15 01:33:20+2",
            "2025-09-15 01:33:20+25:00",
            "1757900000",
            "0000-01-01 00:00:00",
            "1970-01-01T00:00:00+01:00",
            "9999-12-31T23:59:59-00:01",
            "2025-09-15 -1:33:20",
            "２０２５-09-15 01:33:20",
        ] {
            assert_eq!(millis(text), None, "{text}");
        }
    }
}
