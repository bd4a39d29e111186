//! UUIDs as they are mostly written, `123e4567-e89b-12d3-a456-426614174000`, and their 16 bytes.

use std::sync::Arc;

use crate::facts::Name;

/// How many hexadecimal digits each group has; a hyphen stands between two groups.
const GROUPS: [usize; 5] = [8, 4, 4, 4, 12];
const LENGTH: usize = 36;

/// The bytes of a UUID; `None` for every text that [`unpack`] would not give back letter for letter.
pub(super) fn pack(text: &str) -> Option<[u8; 16]> {
    if text.len() != LENGTH {
        return None;
    }
    let mut packed = [0; 16];
    let mut places = packed.iter_mut();
    let mut rest = text.as_bytes();
    for digits in GROUPS {
        if digits != 8 {
            rest = rest.strip_prefix(b"-")?;
        }
        let (group, after) = rest.split_at_checked(digits)?;
        for pair in group.as_chunks::<2>().0 {
            *places.next()? = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        rest = after;
    }
    Some(packed)
}

const fn digit(letter: u8) -> Option<u8> {
    match letter {
        b'0'..=b'9' => Some(letter - b'0'),
        b'a'..=b'f' => Some(letter - b'a' + 10),
        _ => None,
    }
}

/// The text of a UUID.
pub(super) fn unpack(packed: [u8; 16]) -> Name {
    let mut text = [b'-'; LENGTH];
    let mut bytes = packed.iter();
    let mut rest = text.as_mut_slice();
    for digits in GROUPS {
        let (group, after) = rest.split_at_mut_checked(digits).unwrap_or_default();
        for (pair, byte) in group.as_chunks_mut::<2>().0.iter_mut().zip(&mut bytes) {
            *pair = [letter(byte >> 4), letter(byte & 15)];
        }
        rest = after.get_mut(1..).unwrap_or_default();
    }
    Arc::from(std::str::from_utf8(&text).unwrap_or_default())
}

const fn letter(digit: u8) -> u8 {
    if digit < 10 { b'0' + digit } else { b'a' + digit - 10 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_usual_form_is_packed() {
        let usual = "123e4567-e89b-12d3-a456-426614174000";
        let packed = pack(usual).expect("usual");
        assert_eq!(packed[..4], [0x12, 0x3e, 0x45, 0x67]);
        assert_eq!(&*unpack(packed), usual);
        for other in [
            "123E4567-e89b-12d3-a456-426614174000",
            "123e4567e89b-12d3-a456-4266141740000",
            "123e4567-e89b-12d3-a456-42661417400",
            "123e4567-e89b-12d3-a456-42661417400g",
            "123e4567-e89b-12d3-a4560426614174000",
            "{23e4567-e89b-12d3-a456-426614174000",
            "",
        ] {
            assert_eq!(pack(other), None, "{other}");
        }
    }
}
