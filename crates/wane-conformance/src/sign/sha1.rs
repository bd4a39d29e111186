//! SHA-1 (FIPS 180-4): a provider still signs with it; nothing else here does.

/// The digest of the parts, one after another.
pub(super) fn digest(parts: &[&[u8]]) -> Vec<u8> {
    let mut message: Vec<u8> = parts.concat();
    let bits = (message.len() as u64).wrapping_mul(8);
    message.push(0x80);
    while message.len() % 64 != 56 {
        message.push(0);
    }
    message.extend(bits.to_be_bytes());
    let mut state: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
    message.chunks_exact(64).for_each(|block| compress(&mut state, block));
    state.iter().flat_map(|word| word.to_be_bytes()).collect()
}

fn compress(state: &mut [u32; 5], block: &[u8]) {
    let [mut a, mut b, mut c, mut d, mut e] = *state;
    for (round, word) in schedule(block).into_iter().enumerate() {
        let (mixed, constant) = match round / 20 {
            0 => ((b & c) | (!b & d), 0x5a82_7999),
            1 => (b ^ c ^ d, 0x6ed9_eba1),
            2 => ((b & c) | (b & d) | (c & d), 0x8f1b_bcdc),
            _ => (b ^ c ^ d, 0xca62_c1d6_u32),
        };
        let next = a.rotate_left(5).wrapping_add(mixed).wrapping_add(e).wrapping_add(constant).wrapping_add(word);
        (a, b, c, d, e) = (next, a, b.rotate_left(30), c, d);
    }
    for (word, more) in state.iter_mut().zip([a, b, c, d, e]) {
        *word = word.wrapping_add(more);
    }
}

/// The sixteen words of a block, made eighty.
fn schedule(block: &[u8]) -> Vec<u32> {
    let word = |bytes: &[u8]| bytes.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte));
    let mut words: Vec<u32> = block.chunks_exact(4).map(word).collect();
    while words.len() < 80 {
        let at = |back: usize| words.get(words.len() - back).copied().unwrap_or_default();
        let next = (at(3) ^ at(8) ^ at(14) ^ at(16)).rotate_left(1);
        words.push(next);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_digests_come_out() {
        let hex = |bytes: Vec<u8>| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        assert_eq!(hex(digest(&[b"abc"])), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(hex(digest(&[])), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
        let two_blocks: &[&[u8]] = &[b"abcdbcdecdefdefgefghfghighijhi", b"jkijkljklmklmnlmnomnopnopq"];
        assert_eq!(hex(digest(two_blocks)), "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
    }
}
