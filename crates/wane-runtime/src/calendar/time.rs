//! What the calendar knows of a session: its deadline, and where it is filed, in eight bytes.

/// From the low end: the bucket (14 bits), the mark of the last sweep (2 bits), the deadline (48 bits).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Time(u64);

const BUCKET: u64 = (1 << 14) - 1;
const MARK_SHIFT: u32 = 14;
const MARK: u64 = 3 << MARK_SHIFT;
const DEADLINE_SHIFT: u32 = 16;
/// Later than any deadline can be: the year 10889.
const NO_DEADLINE: u64 = (1 << 48) - 1;

impl Time {
    /// No deadline, filed nowhere.
    pub(super) const NEVER: Self = Self(NO_DEADLINE << DEADLINE_SHIFT | BUCKET);

    pub(super) fn deadline(self) -> Option<i64> {
        let millis = self.0 >> DEADLINE_SHIFT;
        if millis == NO_DEADLINE { None } else { i64::try_from(millis).ok() }
    }

    /// An instant before 1970 counts as its first; the range's end is far beyond what the engine can give.
    pub(super) fn set_deadline(&mut self, deadline: Option<i64>) {
        let millis = deadline.map_or(NO_DEADLINE, |at| u64::try_from(at).unwrap_or(0).min(NO_DEADLINE - 1));
        self.0 = millis << DEADLINE_SHIFT | self.0 & (BUCKET | MARK);
    }

    pub(super) fn bucket(self) -> Option<usize> {
        let bucket = self.0 & BUCKET;
        if bucket == BUCKET { None } else { usize::try_from(bucket).ok() }
    }

    /// Files it elsewhere; it has not been seen there by a sweep.
    pub(super) fn set_bucket(&mut self, bucket: Option<usize>) {
        let bucket = bucket.map_or(BUCKET, |bucket| bucket as u64 & BUCKET);
        self.0 = self.0 & !(BUCKET | MARK) | bucket;
    }

    /// The sweep that saw it where it is filed; 0 is none.
    pub(super) const fn mark(self) -> u64 {
        (self.0 & MARK) >> MARK_SHIFT
    }

    pub(super) const fn set_mark(&mut self, mark: u64) {
        self.0 = self.0 & !MARK | mark << MARK_SHIFT & MARK;
    }
}
