//! Numbers and texts in few bytes: what the binary forms of conversations ([`crate::packed`]) and of log records (in
//! `wane-wire`) are made of.
//!
//! A number is written in groups of seven bits, lowest first, the top bit telling that more follow (LEB128); a signed one
//! after folding its sign into the lowest bit, so that small ones of either sign are short. A text carries its length; one
//! that is a UUID in its usual lower-case form takes 16 bytes instead of 36, for ids mostly are. Reading never panics and
//! never allocates more than what was read.

use std::sync::Arc;

use thiserror::Error;

use crate::facts::Name;
use crate::time::Timestamp;

mod uuid;

/// Bytes that are not what they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{what} at byte {at}")]
pub struct Malformed {
    /// Where, counted from the start of what is read.
    pub at: usize,
    /// What is wrong: lower-case start, no final stop.
    pub what: &'static str,
}

/// Adds a number.
#[inline]
pub fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(low_byte(number) | 0x80);
        number >>= 7;
    }
    out.push(low_byte(number));
}

/// Adds a signed number.
#[inline]
pub fn put_signed(out: &mut Vec<u8>, number: i64) {
    put_number(out, number.cast_unsigned() << 1 ^ (number >> 63).cast_unsigned());
}

/// Adds an instant as its distance from another one.
#[inline]
pub fn put_instant(out: &mut Vec<u8>, at: Timestamp, base: Timestamp) {
    put_signed(out, at.millis().wrapping_sub(base.millis()));
}

/// Adds a text: 0 and 16 bytes for a UUID, otherwise the length plus one and the bytes.
pub fn put_text(out: &mut Vec<u8>, text: &str) {
    put_shifted(out, text, 0);
}

/// Adds a text or none: 0 for none, otherwise as [`put_text`] with the first number one higher.
pub fn put_optional_text(out: &mut Vec<u8>, text: Option<&str>) {
    match text {
        Some(text) => put_shifted(out, text, 1),
        None => out.push(0),
    }
}

fn put_shifted(out: &mut Vec<u8>, text: &str, shift: u64) {
    if let Some(packed) = uuid::pack(text) {
        put_number(out, shift);
        out.extend_from_slice(&packed);
    } else {
        put_number(out, text.len() as u64 + 1 + shift);
        out.extend_from_slice(text.as_bytes());
    }
}

const fn low_byte(number: u64) -> u8 {
    let [low, ..] = number.to_le_bytes();
    low
}

/// Reads what the functions of this module wrote, from the front.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// Reads from an offset on. One that lies behind the end leaves nothing to read.
    #[must_use]
    pub const fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    /// Where it is, counted from the start of the bytes.
    #[must_use]
    pub const fn at(&self) -> usize {
        self.at
    }

    /// How many bytes are left.
    #[must_use]
    pub const fn left(&self) -> usize {
        self.bytes.len().saturating_sub(self.at)
    }

    /// That something is wrong here.
    #[must_use]
    pub const fn malformed(&self, what: &'static str) -> Malformed {
        Malformed { at: self.at, what }
    }

    /// The next byte.
    ///
    /// # Errors
    /// [`Malformed`] at the end.
    #[inline]
    pub fn byte(&mut self) -> Result<u8, Malformed> {
        let byte = self.bytes.get(self.at).copied().ok_or(self.malformed("it ends too early"))?;
        self.at += 1;
        Ok(byte)
    }

    /// The next `length` bytes.
    ///
    /// # Errors
    /// [`Malformed`] when there are not so many.
    #[inline]
    pub fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let end = self.at.checked_add(length);
        let taken = end.and_then(|end| self.bytes.get(self.at..end)).ok_or(self.malformed("it ends too early"))?;
        self.at += length;
        Ok(taken)
    }

    /// The next `N` bytes.
    ///
    /// # Errors
    /// [`Malformed`] when there are not so many.
    #[inline]
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let error = self.malformed("it ends too early");
        self.take(N)?.first_chunk().copied().ok_or(error)
    }

    /// A number.
    ///
    /// # Errors
    /// [`Malformed`] at the end, and when it has more than 64 bits.
    #[inline]
    pub fn number(&mut self) -> Result<u64, Malformed> {
        let first = self.byte()?;
        if first < 0x80 {
            return Ok(u64::from(first));
        }
        self.long_number(first)
    }

    fn long_number(&mut self, first: u8) -> Result<u64, Malformed> {
        let mut number = u64::from(first & 0x7f);
        for shift in (7..64).step_by(7) {
            let byte = self.byte()?;
            let group = u64::from(byte & 0x7f);
            if group << shift >> shift != group {
                break;
            }
            number |= group << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(self.malformed("a number has more than 64 bits"))
    }

    /// A number that fits a smaller type.
    ///
    /// # Errors
    /// [`Malformed`] when it does not.
    #[inline]
    pub fn small<T: TryFrom<u64>>(&mut self) -> Result<T, Malformed> {
        let error = self.malformed("a number is too large");
        T::try_from(self.number()?).map_err(|_| error)
    }

    /// A signed number.
    ///
    /// # Errors
    /// As [`Reader::number`].
    #[inline]
    pub fn signed(&mut self) -> Result<i64, Malformed> {
        let folded = self.number()?;
        Ok((folded >> 1).cast_signed() ^ -(folded & 1).cast_signed())
    }

    /// An instant that was written as its distance from `base`.
    ///
    /// # Errors
    /// As [`Reader::number`].
    #[inline]
    pub fn instant(&mut self, base: Timestamp) -> Result<Timestamp, Malformed> {
        Ok(Timestamp::EPOCH.plus_millis(base.millis().wrapping_add(self.signed()?)))
    }

    /// How many things follow that take at least `least` bytes each.
    ///
    /// # Errors
    /// [`Malformed`] when so many can not follow: nobody is to make room for what is not there.
    pub fn count(&mut self, least: usize) -> Result<usize, Malformed> {
        let error = self.malformed("a count is larger than what follows");
        let count = self.small::<usize>()?;
        if count <= self.left() / least.max(1) { Ok(count) } else { Err(error) }
    }

    /// A text.
    ///
    /// # Errors
    /// [`Malformed`] at the end, and when it is not UTF-8.
    pub fn text(&mut self) -> Result<Name, Malformed> {
        let head = self.number()?;
        self.shifted(head)
    }

    /// A text or none.
    ///
    /// # Errors
    /// As [`Reader::text`].
    pub fn optional_text(&mut self) -> Result<Option<Name>, Malformed> {
        match self.number()?.checked_sub(1) {
            Some(head) => self.shifted(head).map(Some),
            None => Ok(None),
        }
    }

    fn shifted(&mut self, head: u64) -> Result<Name, Malformed> {
        let Some(length) = head.checked_sub(1) else {
            return Ok(uuid::unpack(self.array()?));
        };
        let length = usize::try_from(length).map_err(|_| self.malformed("a text is too long"))?;
        let error = self.malformed("a text is not UTF-8");
        std::str::from_utf8(self.take(length)?).map(Arc::from).map_err(|_| error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_come_back_as_they_were(number: u64, signed: i64) {
            let mut bytes = Vec::new();
            put_number(&mut bytes, number);
            put_signed(&mut bytes, signed);
            let mut reader = Reader::new(&bytes, 0);
            prop_assert_eq!(reader.number(), Ok(number));
            prop_assert_eq!(reader.signed(), Ok(signed));
            prop_assert_eq!(reader.left(), 0);
        }

        #[test]
        fn texts_come_back_as_they_were(text in ".{0,30}", bits: u128) {
            let id = uuid::unpack(bits.to_be_bytes());
            let mut bytes = Vec::new();
            put_text(&mut bytes, &text);
            put_text(&mut bytes, &id);
            put_optional_text(&mut bytes, Some(&id));
            put_optional_text(&mut bytes, None);
            put_optional_text(&mut bytes, Some(&text));
            prop_assert_eq!(bytes.len(), 2 * (text.len() + 1) + 2 * 17 + 1);
            let mut reader = Reader::new(&bytes, 0);
            prop_assert_eq!(reader.text(), Ok(Name::from(text.as_str())));
            prop_assert_eq!(reader.text(), Ok(id.clone()));
            prop_assert_eq!(reader.optional_text(), Ok(Some(id)));
            prop_assert_eq!(reader.optional_text(), Ok(None));
            prop_assert_eq!(reader.optional_text(), Ok(Some(text.into())));
            prop_assert_eq!(reader.left(), 0);
        }
    }

    #[test]
    fn small_numbers_of_either_sign_are_short() {
        for (signed, length) in [(0, 1), (-64, 1), (63, 1), (64, 2), (-65, 2), (i64::MIN, 10), (i64::MAX, 10)] {
            let mut bytes = Vec::new();
            put_signed(&mut bytes, signed);
            assert_eq!(bytes.len(), length, "{signed}");
        }
    }

    #[test]
    fn what_is_no_number_is_told() {
        let at = |bytes: &[u8]| Reader::new(bytes, 0).number().map_err(|error| error.what);
        assert_eq!(at(&[]), Err("it ends too early"));
        assert_eq!(at(&[0x80]), Err("it ends too early"));
        assert_eq!(at(&[0xff; 11]), Err("a number has more than 64 bits"));
        assert_eq!(at(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]), Ok(u64::MAX));
        assert_eq!(
            at(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2]),
            Err("a number has more than 64 bits")
        );
        assert_eq!(Reader::new(&[200, 1], 0).small::<u8>().map_err(|error| error.what), Ok(200));
        assert_eq!(Reader::new(&[200, 2], 0).small::<u8>().map_err(|error| error.what), Err("a number is too large"));
    }

    #[test]
    fn nobody_makes_room_for_what_is_not_there() {
        let mut bytes = Vec::new();
        put_number(&mut bytes, 1 << 40);
        bytes.extend([0; 20]);
        assert!(Reader::new(&bytes, 0).count(1).is_err());
        assert_eq!(Reader::new(&bytes, 0).text().map_err(|error| error.what), Err("it ends too early"));
        assert_eq!(Reader::new(&[3, 0, 0, 0], 0).count(1), Ok(3));
        assert!(Reader::new(&[3, 0, 0, 0], 0).count(2).is_err());
    }

    #[test]
    fn a_text_that_is_not_utf_8_is_told() {
        assert_eq!(Reader::new(&[2, 0xff], 0).text().map_err(|error| error.what), Err("a text is not UTF-8"));
    }
}
