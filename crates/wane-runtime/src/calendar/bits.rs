//! Which buckets are in use, so that empty ones are passed over 64 at a time.

#[derive(Debug)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    pub(super) fn new(length: usize) -> Self {
        Self(vec![0; length.div_ceil(64)])
    }

    pub(super) fn set(&mut self, index: usize, on: bool) {
        if let Some(word) = self.0.get_mut(index / 64) {
            let bit = 1 << (index % 64);
            *word = if on { *word | bit } else { *word & !bit };
        }
    }

    /// The first one that is set in `from..to`.
    pub(super) fn next(&self, from: usize, to: usize) -> Option<usize> {
        let mut mask = u64::MAX << (from % 64);
        for (number, word) in self.0.iter().enumerate().take(to.div_ceil(64)).skip(from / 64) {
            let found = word & mask;
            if found != 0 {
                return Some(number * 64 + found.trailing_zeros() as usize).filter(|index| *index < to);
            }
            mask = u64::MAX;
        }
        None
    }
}
