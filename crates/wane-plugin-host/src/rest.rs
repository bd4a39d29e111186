//! When a plugin that fails is left alone for a while, by the instants of its calls, and when its processes give way to others.

use std::collections::VecDeque;
use std::time::Duration;

use wane_core::time::Timestamp;

use crate::process::child::Standing;
use crate::settings::Rest;
use crate::status::Quarantine;

/// The last faults, and the rest they led to.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    recent: VecDeque<Timestamp>,
    rest: Option<Quarantine>,
}

impl Faults {
    /// The rest that is going on. One that is over is forgotten, and with it what led to it.
    pub(crate) fn resting(&mut self, now: Timestamp) -> Option<&Quarantine> {
        self.rest.take_if(|rest| now >= rest.until);
        self.rest.as_ref()
    }

    /// Notes a fault; the rest that it leads to, if it does.
    pub(crate) fn note(&mut self, now: Timestamp, what: &str, limits: &Rest) -> Option<&Quarantine> {
        let window = millis(limits.window);
        self.recent.push_back(now);
        // Calls of several threads come in any order, by a little; one from the far future must not count for ever.
        self.recent.retain(|at| now.millis_since(*at).abs() <= window);
        if limits.faults == 0 || self.recent.len() < limits.faults || self.rest.is_some() {
            return None;
        }
        let why = format!("{} faults within {} s, the last: {what}", self.recent.len(), limits.window.as_secs());
        self.recent.clear();
        Some(self.rest.insert(Quarantine { since: now, until: now.plus_millis(millis(limits.pause)), why }))
    }
}

/// For how long the loss of a process counts. As long as faults do by default; no more than a house decision.
const COUNTS_FOR: Duration = Duration::from_mins(1);

/// The last losses of processes, by how long the machine had been up.
#[derive(Debug, Default)]
pub(crate) struct Losses {
    last: Option<Duration>,
    before: Option<Duration>,
}

impl Losses {
    pub(crate) fn note(&mut self, now: Duration) {
        self.before = self.last.replace(now);
    }

    /// One loss is an accident: whoever is asked next is to answer soon. With the second one within a minute it is more, and
    /// the processes after it would take from others what they need to start, again and again.
    pub(crate) fn standing(&self, now: Duration) -> Standing {
        let counts = self.before.is_some_and(|before| now.saturating_sub(before) < COUNTS_FOR);
        if counts { Standing::Lost } else { Standing::Good }
    }
}

fn millis(length: Duration) -> i64 {
    i64::try_from(length.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::EPOCH.plus_millis(seconds * 1000)
    }

    #[test]
    fn three_faults_in_a_minute_rest_five_minutes() {
        let (mut faults, limits) = (Faults::default(), Rest::default());
        assert!(faults.note(at(0), "a", &limits).is_none());
        assert!(faults.note(at(59), "b", &limits).is_none());
        assert!(faults.note(at(61), "c", &limits).is_none(), "the first is more than a minute ago");
        let rest = faults.note(at(62), "d", &limits).expect("three").clone();
        assert_eq!((rest.since, rest.until), (at(62), at(362)));
        assert_eq!(rest.why, "3 faults within 60 s, the last: d");
        assert!(faults.resting(at(361)).is_some());
        assert!(faults.resting(at(362)).is_none());
        assert!(faults.note(at(363), "e", &limits).is_none(), "what led to the rest is forgotten");
    }

    #[test]
    fn nought_never_rests() {
        let (mut faults, limits) = (Faults::default(), Rest { faults: 0, ..Rest::default() });
        assert!((0..100).all(|_| faults.note(at(0), "a", &limits).is_none()));
    }

    #[test]
    fn two_processes_lost_within_a_minute_are_more_than_an_accident() {
        let (mut losses, second) = (Losses::default(), Duration::from_secs);
        assert_eq!(losses.standing(second(0)), Standing::Good);
        losses.note(second(100));
        assert_eq!(losses.standing(second(100)), Standing::Good, "one");
        losses.note(second(159));
        assert_eq!(losses.standing(second(159)), Standing::Lost, "two");
        assert_eq!(losses.standing(second(160)), Standing::Good, "the first is a minute ago");
        losses.note(second(161));
        assert_eq!(losses.standing(second(218)), Standing::Lost);
        assert_eq!(losses.standing(second(219)), Standing::Good);
    }
}
