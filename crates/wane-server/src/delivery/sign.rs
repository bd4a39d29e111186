//! Signatures of Standard Webhooks 1.0.0: `v1`, HMAC-SHA256 over `id.timestamp.body`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::config::Secret;

const PREFIX: &str = "whsec_";
/// The lengths that the specification allows, in bytes.
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;

/// A key that deliveries are signed by.
#[derive(Clone, Debug)]
pub struct SigningKey(Secret);

/// A text that is no signing key; says nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a signing secret is `whsec_` and 24 to 64 bytes in base64")]
pub struct BadKey;

impl SigningKey {
    /// Reads `whsec_…`.
    ///
    /// # Errors
    /// [`BadKey`].
    pub fn parse(text: &[u8]) -> Result<Self, BadKey> {
        let text = std::str::from_utf8(text).map_err(|_| BadKey)?;
        let encoded = text.trim().strip_prefix(PREFIX).ok_or(BadKey)?;
        let key = STANDARD.decode(encoded).map_err(|_| BadKey)?;
        if LENGTHS.contains(&key.len()) { Ok(Self(Secret::new(key))) } else { Err(BadKey) }
    }

    /// The text of a new one, of 32 bytes.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn generate() -> Result<Zeroizing<String>, getrandom::Error> {
        let mut key = Zeroizing::new([0; 32]);
        getrandom::fill(key.as_mut_slice())?;
        Ok(Zeroizing::new(format!("{PREFIX}{}", STANDARD.encode(key.as_slice()))))
    }

    fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> Option<String> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.reveal()).ok()?;
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
    }
}

/// The value of `webhook-signature`: one signature by each key. `timestamp` is in seconds.
#[must_use]
pub fn signature(keys: &[SigningKey], id: &str, timestamp: i64, body: &[u8]) -> String {
    let signatures: Vec<String> = keys.iter().filter_map(|key| key.sign(id, timestamp, body)).collect();
    signatures.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_specification() {
        // The specification's own example.
        let key = SigningKey::parse(b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("a key");
        let body = br#"{"test": 2432232314}"#;
        let expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(
            signature(std::slice::from_ref(&key), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body),
            expected
        );
        let both = signature(&[key.clone(), key], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(both, format!("{expected} {expected}"));
    }

    #[test]
    fn keys_have_24_to_64_bytes() {
        for (length, fits) in [(23, false), (24, true), (64, true), (65, false)] {
            let text = format!("whsec_{}", STANDARD.encode(vec![7; length]));
            assert_eq!(SigningKey::parse(text.as_bytes()).is_ok(), fits, "{length}");
        }
        assert!(SigningKey::parse(b"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").is_err());
        let made = SigningKey::generate().expect("randomness");
        assert!(SigningKey::parse(made.as_bytes()).is_ok());
        assert_ne!(*made, *SigningKey::generate().expect("randomness"));
    }
}
