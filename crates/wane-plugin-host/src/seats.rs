//! How many calls of one plugin are at work at once, and how many wait for one of them to end. A plugin that hangs occupies
//! so many threads of its callers and no more.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// The seats of a plugin.
#[derive(Debug)]
pub(crate) struct Seats {
    at_work: usize,
    waiting: usize,
    taken: Mutex<Taken>,
    freed: Condvar,
}

#[derive(Debug, Default)]
struct Taken {
    at_work: usize,
    waiting: usize,
}

/// A seat; free again when dropped.
#[derive(Debug)]
pub(crate) struct Seat<'a>(&'a Seats);

impl Seats {
    /// So many at work, and so many that wait for them.
    pub(crate) fn new(at_work: usize, waiting: usize) -> Self {
        Self { at_work, waiting, taken: Mutex::default(), freed: Condvar::new() }
    }

    /// A seat, at once or within `patience`. None: too many are there already.
    pub(crate) fn take(&self, patience: Duration) -> Option<Seat<'_>> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.at_work >= self.at_work {
            if taken.waiting >= self.waiting {
                return None;
            }
            taken.waiting += 1;
            let full = |taken: &mut Taken| taken.at_work >= self.at_work;
            let waited = self.freed.wait_timeout_while(taken, patience, full);
            taken = waited.unwrap_or_else(PoisonError::into_inner).0;
            taken.waiting -= 1;
            if taken.at_work >= self.at_work {
                return None;
            }
        }
        taken.at_work += 1;
        Some(Seat(self))
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let mut taken = self.0.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.at_work -= 1;
        if taken.waiting > 0 {
            self.0.freed.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_when_all_seats_are_taken_waits_or_is_sent_away() {
        let seats = Seats::new(2, 1);
        let (first, second) = (seats.take(Duration::ZERO), seats.take(Duration::ZERO));
        assert!(first.is_some() && second.is_some());
        assert!(seats.take(Duration::from_millis(1)).is_none(), "waits and gives up");
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| seats.take(Duration::from_secs(60)).is_some());
            while seats.taken.lock().expect("whole").waiting == 0 {
                std::thread::yield_now();
            }
            assert!(seats.take(Duration::from_secs(60)).is_none(), "one waits already");
            drop(first);
            assert!(waiting.join().expect("ends"), "the seat is passed on");
        });
        drop(second);
        let taken = seats.taken.lock().expect("whole");
        assert_eq!((taken.at_work, taken.waiting), (0, 0));
    }
}
