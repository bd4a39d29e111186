//! JSON Web Tokens that somebody signed with their RSA key, of which we know the public half.

use ::rsa::sha2::{Digest, Sha256};
use ::rsa::traits::PublicKeyParts;
use ::rsa::{BigUint, Pkcs1v15Sign, RsaPublicKey};
use serde_json::Value;

use super::{Token, from_base64_url};
use crate::Refusal;

/// The least bits of a key that count (RFC 7518, section 3.3).
const LEAST_BITS: usize = 2_048;

/// A public RSA key of 2048 to 4096 bits.
#[derive(Clone, Debug)]
pub struct RsaKey(RsaPublicKey);

impl RsaKey {
    /// From modulus and exponent as a JSON Web Key has them, `n` and `e` (RFC 7518, section 6.3.1). `None` for what is no such
    /// key, and for one that is too short or too long.
    #[must_use]
    pub fn from_jwk(modulus: &str, exponent: &str) -> Option<Self> {
        let number = |text: &str| Some(BigUint::from_bytes_be(&from_base64_url(text)?));
        let key = RsaPublicKey::new(number(modulus)?, number(exponent)?).ok()?;
        (key.n().bits() >= LEAST_BITS).then_some(Self(key))
    }
}

/// The claims of a JSON Web Token that was signed by this key with `RS256` (RFC 7518, section 3.3), after the same checks as
/// [`super::jwt`]: the algorithm, the signature, `nbf` and `exp`. What it is for is the caller's to check.
///
/// # Errors
/// [`Refusal::BadSignature`], whatever is wrong: whoever sends forged tokens learns nothing from the answer.
pub fn jwt_rs256(token: &str, key: &RsaKey, now_ms: i64, leeway_ms: i64) -> Result<Value, Refusal> {
    let token = Token::read(token).filter(|token| token.algorithm() == Some("RS256")).ok_or(Refusal::BadSignature)?;
    let digest = Sha256::digest(token.signed.as_bytes());
    let fits = key.0.verify(Pkcs1v15Sign::new::<Sha256>(), &digest, &token.signature);
    fits.map_err(|_| Refusal::BadSignature)?;
    token.valid_claims(now_ms, leeway_ms).ok_or(Refusal::BadSignature)
}

#[cfg(test)]
mod tests;
