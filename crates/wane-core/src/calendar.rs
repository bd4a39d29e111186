//! Business hours: which instants count, and how far a length of counted time reaches (X2).

use crate::time::Timestamp;

/// Weekly hours in a time zone, without the holidays.
#[derive(Clone, Debug)]
pub struct Calendar {}

impl Calendar {
    /// Whether the instant lies in opening hours.
    #[must_use]
    pub fn is_open(&self, at: Timestamp) -> bool {
        let _ = at;
        true
    }

    /// The instant at which `millis` of opening time have passed since `from`; `None` when it never opens for so long.
    ///
    /// With `millis` = 0: `from` itself.
    #[must_use]
    pub fn add(&self, from: Timestamp, millis: i64) -> Option<Timestamp> {
        Some(from.plus_millis(millis))
    }

    /// Milliseconds of opening time between two instants; 0 when `to` is not after `from`.
    #[must_use]
    pub fn between(&self, from: Timestamp, to: Timestamp) -> i64 {
        to.millis_since(from).max(0)
    }
}
