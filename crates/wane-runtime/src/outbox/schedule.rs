//! When a failed delivery is tried again.
//!
//! The example schedule of the Standard Webhooks specification 1.0.0: ten attempts over 75 h 35 min, each pause up to a fifth
//! shorter or longer. Whoever wants more than ten has them a day apart. The jitter is a hash of what is tried and of the attempt, not chance, so that it is the same wherever
//! the schedule is worked out.

use std::hash::Hasher;

use siphasher::sip::SipHasher13;
use wane_wire::record::EffectRef;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

/// The pauses after the first, the second, … attempt, in milliseconds; the last one stands for all further ones.
pub const PAUSES: [i64; 9] =
    [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];

/// The longest `Retry-After` that is honoured, in milliseconds: a receiver can not put a delivery off for good.
pub const LONGEST_RETRY_AFTER: i64 = HOUR;

/// The first pause of an endpoint that is only probed, in milliseconds; it doubles with each failure.
const FIRST_PROBE: i64 = 30 * SECOND;
/// The longest such pause.
const LONGEST_PROBE: i64 = 10 * MINUTE;

/// The pause after that attempt (from 1) of that effect, in milliseconds; `None` when it was the last of `attempts`.
#[must_use]
pub fn pause(effect: EffectRef, (attempt, attempts): (u32, u32), retry_after: Option<i64>) -> Option<i64> {
    if attempt >= attempts {
        return None;
    }
    let index = usize::try_from(attempt).ok()?.checked_sub(1)?;
    let pause = PAUSES.get(index).or(PAUSES.last())?;
    let asked = retry_after.unwrap_or(0).clamp(0, LONGEST_RETRY_AFTER);
    Some((pause / 1_000 * per_mille(effect, attempt)).max(asked))
}

/// How long an endpoint that failed `beyond` times more than the breaker bears is left alone, in milliseconds.
#[must_use]
pub fn probe(beyond: u32) -> i64 {
    FIRST_PROBE.checked_shl(beyond.min(16)).unwrap_or(LONGEST_PROBE).min(LONGEST_PROBE)
}

/// 800 to 1200.
fn per_mille(effect: EffectRef, attempt: u32) -> i64 {
    let mut hasher = SipHasher13::new();
    hasher.write_u64(effect.record.0);
    hasher.write_u32(effect.index);
    hasher.write_u32(attempt);
    i64::try_from(hasher.finish() % 401).unwrap_or(0) + 800
}

#[cfg(test)]
mod tests {
    use super::*;
    use wane_wire::record::Address;

    fn effect(record: u64) -> EffectRef {
        EffectRef { record: Address(record), index: 0 }
    }

    #[test]
    fn ten_attempts_over_75_hours_35_minutes() {
        assert_eq!(PAUSES.iter().sum::<i64>(), 75 * HOUR + 35 * MINUTE + 5 * SECOND);
        assert!(pause(effect(1), (9, 10), None).is_some());
        assert_eq!(pause(effect(1), (10, 10), None), None);
        assert_eq!(pause(effect(1), (0, 10), None), None);
    }

    #[test]
    fn fewer_attempts_end_sooner_and_more_are_a_day_apart() {
        assert_eq!(pause(effect(1), (1, 1), None), None);
        assert!(pause(effect(1), (2, 3), None).is_some());
        assert_eq!(pause(effect(1), (3, 3), None), None);
        let later = pause(effect(1), (11, 12), None).expect("one more");
        assert!((HOUR * 24 / 10 * 8..=HOUR * 24 / 10 * 12).contains(&later), "{later}");
        assert_eq!(pause(effect(1), (12, 12), None), None);
    }

    #[test]
    fn jitter_is_at_most_a_fifth_and_spreads() {
        for (index, full) in (1..).zip(PAUSES) {
            let pauses: Vec<i64> = (0..1_000).filter_map(|n| pause(effect(n), (index, 10), None)).collect();
            let (least, most) = (pauses.iter().min().copied(), pauses.iter().max().copied());
            assert!(least >= Some(full / 10 * 8) && most <= Some(full / 10 * 12));
            assert!(least < Some(full / 100 * 82) && most > Some(full / 100 * 118), "{least:?} {most:?}");
        }
    }

    #[test]
    fn retry_after_lengthens_up_to_an_hour_and_never_shortens() {
        assert_eq!(pause(effect(1), (1, 10), Some(7 * MINUTE)), Some(7 * MINUTE));
        assert_eq!(pause(effect(1), (1, 10), Some(7 * 24 * HOUR)), Some(HOUR));
        assert_eq!(pause(effect(1), (1, 10), Some(i64::MIN)), pause(effect(1), (1, 10), None));
        assert_eq!(pause(effect(1), (9, 10), Some(SECOND)), pause(effect(1), (9, 10), None));
    }

    #[test]
    fn probes_are_30_seconds_to_10_minutes_apart() {
        assert_eq!(probe(0), 30 * SECOND);
        assert_eq!(probe(1), MINUTE);
        assert_eq!(probe(u32::MAX), 10 * MINUTE);
    }
}
