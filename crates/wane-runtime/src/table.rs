//! A hash table of small numbers, in many parts, so that none of them is ever large enough for its growing to be noticed.
//! What the numbers stand for, and whether two are equal, its user knows.

use hashbrown::HashTable;

const PARTS: u64 = 256;

/// Numbers by hash.
#[derive(Debug)]
pub(crate) struct Table {
    parts: Box<[HashTable<u32>]>,
    count: usize,
}

impl Default for Table {
    fn default() -> Self {
        Self { parts: (0..PARTS).map(|_| HashTable::new()).collect(), count: 0 }
    }
}

impl Table {
    /// How many numbers there are.
    pub(crate) const fn len(&self) -> usize {
        self.count
    }

    /// The number of that hash for which `is` holds.
    pub(crate) fn find(&self, hash: u64, mut is: impl FnMut(u32) -> bool) -> Option<u32> {
        let hash = mixed(hash);
        self.parts.get(part(hash))?.find(hash, |number| is(*number)).copied()
    }

    /// The first number that may have that hash.
    pub(crate) fn guess(&self, hash: u64) -> Option<u32> {
        self.find(hash, |_| true)
    }

    /// Makes room for so many numbers more, if their hashes are spread as they should be.
    pub(crate) fn reserve(&mut self, more: usize, hash_of: impl Fn(u32) -> u64) {
        // Parts are not all equally large: an eighth more than the average is enough for nearly all of them.
        let each = more / self.parts.len() + more / self.parts.len() / 8;
        for part in &mut self.parts {
            part.reserve(each, |number| mixed(hash_of(*number)));
        }
    }

    /// Adds a number that is not there. `hash_of` gives the hash that a number was added with.
    pub(crate) fn insert(&mut self, hash: u64, number: u32, hash_of: impl Fn(u32) -> u64) {
        let hash = mixed(hash);
        if let Some(part) = self.parts.get_mut(part(hash)) {
            part.insert_unique(hash, number, |number| mixed(hash_of(*number)));
            self.count += 1;
        }
    }

    /// Takes a number out.
    pub(crate) fn remove(&mut self, hash: u64, number: u32) {
        let hash = mixed(hash);
        let Some(part) = self.parts.get_mut(part(hash)) else { return };
        if let Ok(found) = part.find_entry(hash, |held| *held == number) {
            found.remove();
            self.count -= 1;
        }
    }
}

/// Spreads a hash whose bits are not all as good as each other.
const fn mixed(hash: u64) -> u64 {
    let spread = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    spread ^ spread >> 32
}

/// Bits that tell the parts apart; those at the ends tell places within a part.
fn part(hash: u64) -> usize {
    usize::try_from(hash >> 40 & (PARTS - 1)).unwrap_or_default()
}
