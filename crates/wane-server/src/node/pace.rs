//! How fast overdue deadlines are decided after a stop: at a set rate, so that a long stop does not end a million sessions
//! in one second, before anybody looks.

use wane_core::time::Timestamp;

/// The rate for deadlines that passed before the start. Others are decided as they come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// Deadlines before this instant are overdue from before the start.
    start: Timestamp,
    /// Since when they are being decided.
    since: Timestamp,
    /// How many of them a second.
    per_second: u32,
    decided: u64,
    overdue: bool,
}

impl Pace {
    pub(super) const fn new(start: Timestamp, per_second: u32) -> Self {
        // Without any, nothing would ever be decided again.
        let per_second = if per_second == 0 { 1 } else { per_second };
        Self { start, since: start, per_second, decided: 0, overdue: true }
    }

    /// Deadlines that were held back are to be decided from now on.
    pub(super) const fn again(&mut self, now: Timestamp) {
        (self.since, self.decided, self.overdue) = (now, 0, true);
    }

    /// How many conversations may be decided now, at most `most`.
    pub(super) fn allowed(&mut self, now: Timestamp, wake: Option<Timestamp>, most: usize) -> usize {
        if self.overdue && wake.is_none_or(|wake| wake >= self.start) {
            self.overdue = false;
        }
        if !self.overdue {
            return most;
        }
        let elapsed = u64::try_from(now.millis_since(self.since)).unwrap_or_default();
        let due = elapsed.saturating_mul(u64::from(self.per_second)) / 1_000;
        usize::try_from(due.saturating_sub(self.decided)).unwrap_or(usize::MAX).min(most)
    }

    /// So many were decided.
    pub(super) fn spent(&mut self, decided: usize) {
        if self.overdue {
            self.decided += decided as u64;
        }
    }

    /// How long to wait at least before a point that is due at `wake`, in milliseconds.
    pub(super) fn wait(&self, now: Timestamp, wake: Timestamp) -> i64 {
        if !self.overdue || wake >= self.start {
            return 0;
        }
        let next = (self.decided + 1).saturating_mul(1_000).div_ceil(u64::from(self.per_second));
        self.since.plus_millis(i64::try_from(next).unwrap_or(i64::MAX)).millis_since(now).max(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::EPOCH.plus_millis(millis)
    }

    #[test]
    fn overdue_deadlines_are_decided_at_the_rate_and_others_as_they_come() {
        let mut pace = Pace::new(at(10_000), 100);
        assert_eq!(pace.allowed(at(10_000), Some(at(5)), 512), 0);
        assert_eq!(pace.wait(at(10_000), at(5)), 10, "the first comes after a hundredth of a second");
        assert_eq!(pace.allowed(at(10_050), Some(at(5)), 512), 5);
        pace.spent(5);
        assert_eq!(pace.allowed(at(10_050), Some(at(5)), 512), 0);
        assert_eq!(pace.allowed(at(11_000), Some(at(5)), 512), 95);
        assert_eq!(pace.allowed(at(11_000), Some(at(10_500)), 512), 512, "that one fell due after the start");
        assert_eq!(pace.allowed(at(11_000), Some(at(10_500)), 512), 512);
        assert_eq!(pace.wait(at(11_000), at(10_500)), 0);
    }

    #[test]
    fn what_was_held_is_decided_at_the_rate_too() {
        let mut pace = Pace::new(at(10_000), 100);
        assert_eq!(pace.allowed(at(10_000), None, 512), 512, "all that is overdue is held");
        pace.again(at(3_610_000));
        assert_eq!(pace.allowed(at(3_610_050), Some(at(5)), 512), 5);
        assert_eq!(pace.wait(at(3_610_000), at(5)), 10);
    }

    #[test]
    fn a_rate_of_nothing_does_not_stop_everything() {
        assert_eq!(Pace::new(at(0), 0).allowed(at(2_000), Some(at(-1)), 512), 2);
    }
}
