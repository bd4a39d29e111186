//! Small numbers for the texts that predicates mention, found fast and without allocating.

use crate::facts::Name;

/// Texts by number and numbers by text. Number 0 is every text that was never added.
#[derive(Clone, Debug, Default)]
pub struct Symbols {
    texts: Vec<Name>,
    /// Open addressing: 0 is free, otherwise the symbol. Its length is a power of two, or zero.
    table: Vec<u32>,
}

impl Symbols {
    /// The symbol of every text that no predicate mentions.
    pub const UNKNOWN: i64 = 0;

    /// The symbol of a text, 1 and up, made if there is none.
    pub fn add(&mut self, text: &str) -> i64 {
        let known = self.get(text);
        if known != Self::UNKNOWN {
            return known;
        }
        self.texts.push(text.into());
        if self.texts.len() * 2 > self.table.len() {
            self.grow();
        } else {
            let symbol = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
            Self::put(&mut self.table, hash(text), symbol);
        }
        i64::try_from(self.texts.len()).unwrap_or(i64::MAX)
    }

    /// The symbol of a text, or [`Symbols::UNKNOWN`].
    #[must_use]
    pub fn get(&self, text: &str) -> i64 {
        let Some(mask) = self.table.len().checked_sub(1) else { return Self::UNKNOWN };
        let mut place = hash(text) & mask;
        while let Some(&symbol) = self.table.get(place) {
            if symbol == 0 {
                return Self::UNKNOWN;
            }
            if self.text(i64::from(symbol)) == Some(text) {
                return i64::from(symbol);
            }
            place = (place + 1) & mask;
        }
        Self::UNKNOWN
    }

    /// The text of a symbol.
    #[must_use]
    pub fn text(&self, symbol: i64) -> Option<&str> {
        let index = usize::try_from(symbol).ok()?.checked_sub(1)?;
        self.texts.get(index).map(|text| &**text)
    }

    /// How many texts there are; symbols run from 1 to this.
    #[must_use]
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    fn grow(&mut self) {
        let mut table = vec![0; (self.texts.len() * 4).next_power_of_two().max(16)];
        for (symbol, text) in (1..).zip(&self.texts) {
            Self::put(&mut table, hash(text), symbol);
        }
        self.table = table;
    }

    fn put(table: &mut [u32], hash: usize, symbol: u32) {
        let mask = table.len() - 1;
        let mut place = hash & mask;
        while let Some(held) = table.get_mut(place) {
            if *held == 0 {
                *held = symbol;
                return;
            }
            place = (place + 1) & mask;
        }
    }
}

/// Multiply and rotate over words: a few nanoseconds for the short texts that facts are. The texts that are *added* come
/// from rule files, so nobody outside can fill the table with collisions.
fn hash(text: &str) -> usize {
    const K: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut state = (text.len() as u64).wrapping_mul(K);
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    for word in words {
        state = (state.rotate_left(23) ^ u64::from_le_bytes(*word)).wrapping_mul(K);
    }
    let tail = rest.iter().fold(0_u64, |tail, byte| (tail << 8) | u64::from(*byte));
    state = (state.rotate_left(23) ^ tail).wrapping_mul(K);
    usize::try_from(state >> 32).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_added_text_is_found_again_and_no_other() {
        let mut symbols = Symbols::default();
        let texts: Vec<String> = (0..5_000).map(|n| format!("queue-{n}")).collect();
        let numbers: Vec<i64> = texts.iter().map(|text| symbols.add(text)).collect();
        for (text, number) in texts.iter().zip(&numbers) {
            assert_eq!(symbols.get(text), *number);
            assert_eq!(symbols.text(*number), Some(text.as_str()));
        }
        assert_eq!(symbols.get("queue-5000"), Symbols::UNKNOWN);
        assert_eq!(symbols.add("queue-17"), 18, "adding again changes nothing");
    }
}
