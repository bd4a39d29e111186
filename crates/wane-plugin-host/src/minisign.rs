//! Signatures of files in minisign's format: what its `minisign` makes is read here, and the other way round.
//!
//! A key has a number of eight bytes, so that a signature tells whose it is. A signature is ed25519 over the file's bytes
//! (`Ed`) or over their BLAKE2b-512 (`ED`, what is made here), with a comment beside it that is signed too. Secret keys
//! are read and made without a password, as `minisign -W` makes them.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use blake2::{Blake2b512, Digest};
use ed25519_dalek::{Signature as Ed25519, Signer, SigningKey, VerifyingKey};
use zeroize::{Zeroize, Zeroizing};

/// Over the bytes themselves, as in a key.
const PLAIN: [u8; 2] = *b"Ed";
/// Over their BLAKE2b-512.
const HASHED: [u8; 2] = *b"ED";
/// How a secret key is checked.
const CHECKSUM: [u8; 2] = *b"B2";
/// A secret key that no password protects.
const NO_PASSWORD: [u8; 2] = [0; 2];
/// Salt and costs of a password.
const PASSWORD_FIELDS: usize = 48;

const UNTRUSTED: &str = "untrusted comment: ";
const TRUSTED: &str = "trusted comment: ";
/// The most characters of a comment.
const MOST_COMMENT: usize = 1_024;

/// The number of a key. Written as the tool writes it: as one number, in hex.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyId([u8; 8]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016X}", u64::from_le_bytes(self.0))
    }
}

/// A public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// None: a bare ed25519 key, which may have any number.
    id: Option<KeyId>,
    key: [u8; 32],
}

impl From<[u8; 32]> for PublicKey {
    fn from(key: [u8; 32]) -> Self {
        Self { id: None, key }
    }
}

impl PublicKey {
    /// Reads a key: a file of `minisign`, or its second line alone (`RW…`).
    ///
    /// # Errors
    /// Why it is none.
    ///
    /// ```
    /// use wane_plugin_host::minisign::PublicKey;
    /// let key = PublicKey::parse("RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3").expect("a key");
    /// assert_eq!(key.id().expect("it has a number").to_string(), "E7620F1842B4E81F");
    /// assert!(PublicKey::parse("RWQf6LRC").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || "no public key of minisign: 56 characters that begin with `RW`".to_owned();
        let bytes = decoded::<42>(key_line(text)).ok_or_else(wrong)?;
        let (id, key) = keyed(&bytes, PLAIN).ok_or_else(wrong)?;
        let key = *key.first_chunk().ok_or_else(wrong)?;
        VerifyingKey::from_bytes(&key).map_err(|_| wrong())?;
        Ok(Self { id: Some(id), key })
    }

    /// Its number.
    #[must_use]
    pub const fn id(&self) -> Option<KeyId> {
        self.id
    }

    /// The bare ed25519 key.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.key
    }

    /// The line by which it is configured.
    #[must_use]
    pub fn line(&self) -> String {
        let id = self.id.unwrap_or(KeyId([0; 8]));
        STANDARD.encode([&PLAIN[..], &id.0, &self.key].concat())
    }

    /// The file of it.
    #[must_use]
    pub fn file(&self) -> String {
        let id = self.id.map_or_else(String::new, |id| format!(" {id}"));
        format!("{UNTRUSTED}minisign public key{id}\n{}\n", self.line())
    }
}

/// A secret key. Neither `Debug` nor anything else shows it.
pub struct SecretKey {
    id: KeyId,
    key: SigningKey,
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey({})", self.id)
    }
}

impl SecretKey {
    /// A key of 40 random bytes: its number and its seed.
    #[must_use]
    pub fn of(random: &Zeroizing<[u8; 40]>) -> Self {
        let (id, rest) = random.split_first_chunk::<8>().unwrap_or((&[0; 8], &[]));
        let mut seed = Zeroizing::new([0; 32]);
        seed.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        Self { id: KeyId(*id), key: SigningKey::from_bytes(&seed) }
    }

    /// Reads a secret key's file.
    ///
    /// # Errors
    /// Why it is none; one with a password is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || "no secret key of minisign".to_owned();
        let bytes = Zeroizing::new(decoded::<158>(key_line(text)).ok_or_else(wrong)?);
        let (head, rest) = bytes.split_at(6 + PASSWORD_FIELDS);
        if head.get(2..4) != Some(&NO_PASSWORD[..]) {
            return Err("a secret key with a password; make one without: `minisign -G -W`".to_owned());
        }
        let (told, checksum) = rest.split_at(72);
        let (id, pair) = told.split_first_chunk::<8>().ok_or_else(wrong)?;
        let key = pair.first_chunk().ok_or_else(wrong)?;
        let key = SigningKey::from_keypair_bytes(key).map_err(|_| wrong())?;
        let known = head.get(..2) == Some(&PLAIN[..]) && head.get(4..6) == Some(&CHECKSUM[..]);
        // The tool leaves the checksum of a key without a password empty.
        let whole = checksum == sum(told) || checksum.iter().all(|byte| *byte == 0);
        if known && whole { Ok(Self { id: KeyId(*id), key }) } else { Err(wrong()) }
    }

    /// The file of it, for `minisign` too.
    #[must_use]
    pub fn file(&self) -> Zeroizing<String> {
        let pair = Zeroizing::new(self.key.to_keypair_bytes());
        let told = Zeroizing::new([&self.id.0[..], &*pair].concat());
        let parts = [&PLAIN[..], &NO_PASSWORD, &CHECKSUM, &[0; PASSWORD_FIELDS], &told, &sum(&told)];
        let mut bytes = parts.concat();
        let text = format!("{UNTRUSTED}minisign secret key {}\n{}\n", self.id, STANDARD.encode(&bytes));
        bytes.zeroize();
        Zeroizing::new(text)
    }

    /// The key that checks its signatures.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey { id: Some(self.id), key: self.key.verifying_key().to_bytes() }
    }

    /// Signs the bytes of a file, and a comment; gives the file `FILE.minisig`.
    ///
    /// # Errors
    /// When the comment has line ends or is too long.
    pub fn sign(&self, bytes: &[u8], comment: &str) -> Result<String, String> {
        if comment.contains(char::is_control) && comment.chars().any(|c| c.is_control() && c != '\t')
            || comment.len() > MOST_COMMENT
        {
            return Err(format!("a comment has one line of at most {MOST_COMMENT} bytes"));
        }
        let signature = self.key.sign(&Blake2b512::digest(bytes)).to_bytes();
        let all = self.key.sign(&[&signature[..], comment.as_bytes()].concat()).to_bytes();
        let line = STANDARD.encode([&HASHED[..], &self.id.0, &signature].concat());
        let by = format!("{UNTRUSTED}signature by the key {}", self.id);
        Ok(format!("{by}\n{line}\n{TRUSTED}{comment}\n{}\n", STANDARD.encode(all)))
    }
}

/// A signature, read and not yet believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    id: KeyId,
    hashed: bool,
    signature: [u8; 64],
    comment: String,
    all: [u8; 64],
}

impl Signature {
    /// Reads `FILE.minisig`.
    ///
    /// # Errors
    /// Why it is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || "no signature of minisign, which has four lines".to_owned();
        let mut lines = text.lines();
        let mut line = || lines.next().ok_or_else(wrong);
        let (first, second, third, fourth) = (line()?, line()?, line()?, line()?);
        let comment = third.strip_prefix(TRUSTED).filter(|text| text.len() <= MOST_COMMENT).ok_or_else(wrong)?;
        if !first.starts_with(UNTRUSTED) || lines.any(|more| !more.is_empty()) {
            return Err(wrong());
        }
        let bytes = decoded::<74>(second).ok_or_else(wrong)?;
        let hashed = bytes.starts_with(&HASHED);
        let (id, signature) = keyed(&bytes, if hashed { HASHED } else { PLAIN }).ok_or_else(wrong)?;
        let signature = *signature.first_chunk().ok_or_else(wrong)?;
        let all = decoded(fourth).ok_or_else(wrong)?;
        Ok(Self { id, hashed, signature, comment: comment.to_owned(), all })
    }

    /// Which key it says it is by.
    #[must_use]
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// Whether one of the keys signed these bytes; gives the comment that was signed with them.
    ///
    /// # Errors
    /// Why not: another key, other bytes, another comment.
    pub fn verify(&self, bytes: &[u8], keys: &[PublicKey]) -> Result<&str, String> {
        let ours = |key: &&PublicKey| key.id.is_none_or(|id| id == self.id);
        let mut known = keys.iter().filter(ours).filter_map(|key| VerifyingKey::from_bytes(&key.key).ok()).peekable();
        if known.peek().is_none() {
            return Err(format!("signed by the key {}, which is none of the trusted keys", self.id));
        }
        let hash = self.hashed.then(|| Blake2b512::digest(bytes));
        let signed = hash.as_ref().map_or(bytes, |hash| hash.as_slice());
        let signature = Ed25519::from_bytes(&self.signature);
        let Some(key) = known.find(|key| key.verify_strict(signed, &signature).is_ok()) else {
            return Err("none of the trusted keys has signed these bytes".to_owned());
        };
        let all = [&self.signature[..], self.comment.as_bytes()].concat();
        match key.verify_strict(&all, &Ed25519::from_bytes(&self.all)) {
            Ok(()) => Ok(&self.comment),
            Err(_) => Err("the signature's trusted comment was changed".to_owned()),
        }
    }
}

/// The line with the key: the second of a file, the only one of a bare key.
fn key_line(text: &str) -> &str {
    let mut lines = text.trim_start().lines();
    let first = lines.next().unwrap_or_default();
    if first.starts_with(UNTRUSTED) { lines.next().unwrap_or_default() } else { first }
}

fn decoded<const LEN: usize>(line: &str) -> Option<[u8; LEN]> {
    let bytes = Zeroizing::new(STANDARD.decode(line.trim_ascii()).ok()?);
    <[u8; LEN]>::try_from(bytes.as_slice()).ok()
}

/// What stands behind the kind and the number.
fn keyed(bytes: &[u8], kind: [u8; 2]) -> Option<(KeyId, &[u8])> {
    let (id, rest) = bytes.strip_prefix(&kind)?.split_first_chunk()?;
    Some((KeyId(*id), rest))
}

/// The checksum of a secret key: BLAKE2b-256.
fn sum(told: &[u8]) -> Vec<u8> {
    let mut hash = blake2::Blake2b::<blake2::digest::consts::U32>::new();
    hash.update(PLAIN);
    hash.update(told);
    hash.finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the documentation of minisign and its ports show: one key, two signatures of the four bytes `test`.
    const KEY: &str = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";
    const HASHED_ONE: &str = "untrusted comment: signature from minisign secret key
RUQf6LRCGA9i559r3g7V1qNyJDApGip8MfqcadIgT9CuhV3EMhHoN1mGTkUidF/z7SrlQgXdy8ofjb7bNJJylDOocrCo8KLzZwo=
trusted comment: timestamp:1633700835\tfile:test\tprehashed
wLMDjy9FLAuxZ3q4NlEvkgtyhrr0gtTu6KC4KBJdITbbOeAi1zBIYo0v4iTgt8jJpIidRJnp94ABQkJAgAooBQ==
";
    const PLAIN_ONE: &str = "untrusted comment: signature from minisign secret key
RWQf6LRCGA9i59SLOFxz6NxvASXDJeRtuZykwQepbDEGt87ig1BNpWaVWuNrm73YiIiJbq71Wi+dP9eKL8OC351vwIasSSbXxwA=
trusted comment: timestamp:1555779966\tfile:test
QtKMXWyYcwdpZAlPF7tE2ENJkRd1ujvKjlj1m9RtHTBnZPa5WKU5uWRs5GoP5M/VqE81QFuMKI5k/SfNQUaOAA==
";

    fn secret(byte: u8) -> SecretKey {
        SecretKey::of(&Zeroizing::new([byte; 40]))
    }

    #[test]
    fn published_signatures_fit_and_no_bit_of_them_may_change() {
        let keys = [PublicKey::parse(KEY).expect("a key")];
        for text in [HASHED_ONE, PLAIN_ONE] {
            let signature = Signature::parse(text).expect("a signature");
            assert!(signature.verify(b"test", &keys).expect("it fits").starts_with("timestamp:"));
            assert!(signature.verify(b"Test", &keys).is_err());
            for bit in 0..512 {
                let mut wrong = signature.clone();
                wrong.signature[bit / 8] ^= 1 << (bit % 8);
                assert!(wrong.verify(b"test", &keys).is_err(), "bit {bit} of the signature");
                let mut wrong = signature.clone();
                wrong.all[bit / 8] ^= 1 << (bit % 8);
                assert!(wrong.verify(b"test", &keys).is_err(), "bit {bit} of the other");
            }
            let other = Signature { hashed: !signature.hashed, ..signature.clone() };
            assert!(other.verify(b"test", &keys).is_err(), "the kind is told by the signature, and must fit");
            let comment = Signature { comment: "timestamp:0".to_owned(), ..signature };
            assert_eq!(comment.verify(b"test", &keys), Err("the signature's trusted comment was changed".to_owned()));
        }
    }

    #[test]
    fn a_key_comes_back_from_its_file_and_signs() {
        let key = SecretKey::parse(&secret(7).file()).expect("a key");
        let public = PublicKey::parse(&key.public().file()).expect("a key");
        assert_eq!(public, key.public());
        let text = key.sign(b"bytes", "file:x").expect("signed");
        let signature = Signature::parse(&text).expect("a signature");
        assert_eq!(signature.verify(b"bytes", &[public]), Ok("file:x"));
        let wrong = signature.verify(b"bytes", &[secret(8).public()]).expect_err("another key");
        assert_eq!(wrong, "signed by the key 0707070707070707, which is none of the trusted keys");
        let same_number = PublicKey { key: *secret(8).public().bytes(), ..public };
        assert!(signature.verify(b"bytes", &[same_number]).is_err());
        assert_eq!(signature.verify(b"bytes", &[PublicKey::from(public.key)]), Ok("file:x"), "a bare key");
        assert!(key.sign(b"", "two\nlines").is_err());
        assert_eq!(format!("{key:?}"), "SecretKey(0707070707070707)");
    }

    #[test]
    fn what_is_cut_or_changed_is_no_key_and_no_signature() {
        let (secret, public) = (secret(7).file(), secret(7).public().file());
        for end in 0..secret.len() - 3 {
            assert!(SecretKey::parse(&secret[..end]).is_err(), "{end}");
        }
        for end in 0..public.len() - 3 {
            assert!(PublicKey::parse(&public[..end]).is_err(), "{end}");
        }
        for end in 0..HASHED_ONE.len() - 3 {
            assert!(Signature::parse(&HASHED_ONE[..end]).is_err(), "{end}");
        }
        let mut bytes = decoded::<158>(key_line(&secret)).expect("a key");
        bytes[60] ^= 1;
        assert!(SecretKey::parse(&STANDARD.encode(bytes)).is_err(), "the checksum");
        bytes[60] ^= 1;
        bytes[126..].fill(0);
        assert!(SecretKey::parse(&STANDARD.encode(bytes)).is_ok(), "as `minisign -G -W` makes them");
        bytes[2..4].copy_from_slice(b"Sc");
        assert!(SecretKey::parse(&STANDARD.encode(bytes)).expect_err("a password").contains("-W"));
        assert!(Signature::parse(&format!("{HASHED_ONE}more")).is_err());
    }
}
