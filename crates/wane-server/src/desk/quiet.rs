//! When a directory that is being changed is worth reading. Pure: instants are passed in, as milliseconds from any start.
//!
//! Half a rule file is often a valid one, and half a directory mostly is. Nothing tells from the outside that somebody is
//! done; so a directory is believed only when it looked the same, in size, time and content of all that is in it, at three
//! looks with a whole period between each and the next. What was settled once is not settled again until the content is
//! another.

/// Between two looks, in milliseconds (house decision: copying programs and editors write more often than that).
pub const PERIOD: u64 = 500;
/// How many looks in a row have to agree with the one before.
const AGREEMENTS: u8 = 2;

/// What a directory looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// A digest of the names, sizes and times of the files, half-written ones that are no rule files included.
    pub stamps: [u8; 32],
    /// A digest of the names and contents of the rule files, or of why they can not be read.
    pub content: [u8; 32],
}

/// Waits for a directory to be quiet.
#[derive(Debug)]
pub struct Quiet {
    waiting: Option<Waiting>,
    /// The content that was settled last.
    settled: Option<[u8; 32]>,
}

#[derive(Debug)]
struct Waiting {
    due: u64,
    seen: Option<Look>,
    agreed: u8,
}

impl Quiet {
    /// Nothing moves. `content` is what needs no settling: that of the rules in force.
    #[must_use]
    pub const fn new(content: Option<[u8; 32]>) -> Self {
        Self { waiting: None, settled: content }
    }

    /// Something moved in the directory; it may be nothing that matters.
    pub fn stirred(&mut self, now: u64) {
        if self.waiting.is_none() {
            self.waiting = Some(Waiting { due: now.saturating_add(PERIOD), seen: None, agreed: 0 });
        }
    }

    /// When to look; `None` while nothing moves.
    #[must_use]
    pub fn due(&self) -> Option<u64> {
        self.waiting.as_ref().map(|waiting| waiting.due)
    }

    /// The directory looked like that. `true` when it is settled, and its content is another than what was settled before:
    /// what was read at this very look is to be used. A look before it is due says nothing.
    pub fn looked(&mut self, now: u64, look: Look) -> bool {
        let Some(waiting) = self.waiting.as_mut().filter(|waiting| waiting.due <= now) else { return false };
        waiting.agreed = if waiting.seen == Some(look) { waiting.agreed + 1 } else { 0 };
        waiting.seen = Some(look);
        waiting.due = now.saturating_add(PERIOD);
        if waiting.agreed < AGREEMENTS {
            return false;
        }
        self.waiting = None;
        self.settled.replace(look.content) != Some(look.content)
    }

    /// What was settled could not be used for a reason that is not in it: it counts as not settled, and is looked at again.
    pub fn again(&mut self, now: u64) {
        self.settled = None;
        self.stirred(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn look(stamps: u8, content: u8) -> Look {
        Look { stamps: [stamps; 32], content: [content; 32] }
    }

    /// Looks whenever it is due, at what the directory is then; the instants at which it settled.
    fn run(quiet: &mut Quiet, until: u64, at: impl Fn(u64) -> Look) -> Vec<u64> {
        let mut settled = Vec::new();
        while let Some(due) = quiet.due().filter(|due| *due <= until) {
            if quiet.looked(due, at(due)) {
                settled.push(due);
            }
        }
        settled
    }

    #[test]
    fn it_settles_after_two_quiet_periods_and_rests() {
        let mut quiet = Quiet::new(None);
        assert_eq!(quiet.due(), None);
        quiet.stirred(1_000);
        assert_eq!(quiet.due(), Some(1_500));
        assert_eq!(run(&mut quiet, 9_000, |_| look(1, 1)), [2_500]);
        assert_eq!(quiet.due(), None);
    }

    #[test]
    fn a_copy_that_goes_on_is_never_settled_half_way() {
        let mut quiet = Quiet::new(None);
        quiet.stirred(0);
        // A file more every 900 ms until 9 000: two looks agree, three never.
        let copying = |now: u64| {
            look(u8::try_from(now.min(9_000) / 900).unwrap_or(0), u8::try_from(now.min(9_000) / 900).unwrap_or(0))
        };
        assert_eq!(run(&mut quiet, 60_000, copying), [10_000]);
    }

    #[test]
    fn a_half_written_file_beside_the_rules_keeps_it_waiting() {
        let mut quiet = Quiet::new(None);
        quiet.stirred(0);
        // The content of the rule files is the same all the time; something beside them grows until 5 000.
        let growing = |now: u64| look(u8::try_from(now.min(5_000) / 100).unwrap_or(0), 7);
        assert_eq!(run(&mut quiet, 60_000, growing), [6_000]);
    }

    #[test]
    fn a_storm_of_renames_delays_nothing_once_it_is_over() {
        let mut quiet = Quiet::new(None);
        for now in 0..20_000 {
            quiet.stirred(now);
            if quiet.due().is_some_and(|due| due <= now) {
                assert!(!quiet.looked(now, look(u8::try_from(now % 251).unwrap_or(0), 1)), "in the storm, at {now}");
            }
        }
        let settled = run(&mut quiet, 60_000, |_| look(9, 2));
        assert_eq!(settled.len(), 1);
        assert!(settled[0] <= 20_000 + 3 * PERIOD, "{settled:?}");
    }

    #[test]
    fn the_same_content_is_not_settled_twice() {
        let mut quiet = Quiet::new(Some([1; 32]));
        quiet.stirred(0);
        assert_eq!(run(&mut quiet, 9_000, |_| look(5, 1)), Vec::<u64>::new(), "the rules in force");
        quiet.stirred(10_000);
        assert_eq!(run(&mut quiet, 19_000, |_| look(6, 2)).len(), 1);
        quiet.stirred(20_000);
        assert_eq!(run(&mut quiet, 29_000, |_| look(7, 2)), Vec::<u64>::new(), "only touched");
        quiet.again(30_000);
        assert_eq!(run(&mut quiet, 39_000, |_| look(7, 2)).len(), 1, "it could not be used the first time");
    }

    #[test]
    fn looks_in_between_do_not_count() {
        let mut quiet = Quiet::new(None);
        quiet.stirred(0);
        assert!((0..PERIOD).all(|now| !quiet.looked(now, look(1, 1))));
        assert_eq!(quiet.due(), Some(PERIOD));
    }
}
