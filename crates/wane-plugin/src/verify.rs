//! Signatures that a manifest can not declare: MACs over something else than the raw body, and signed tokens.
//!
//! A provider whose signature is an HMAC-SHA256 over the raw body needs none of this: the host checks it, see
//! [`crate::manifest`]. For all others the plugin gets the key with its config (`"to_plugin": true`) and asks here. What is
//! compared with a secret or a digest is compared in a time that depends on lengths alone. Tokens that were signed with an RSA
//! key need the feature `rsa`. Checks that use other public keys are not here: take a crate for them.
//!
//! ```
//! use wane_plugin::verify::{Hash, from_hex, hmac_fits};
//! let given = from_hex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843").unwrap_or_default();
//! assert!(hmac_fits(Hash::Sha256, b"Jefe", b"what do ya want for nothing?", &given)); // RFC 4231, test case 2
//! ```

use std::fmt::Write;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};
use subtle::ConstantTimeEq;

use crate::Refusal;

#[cfg(feature = "rsa")]
mod rsa;
#[cfg(feature = "rsa")]
pub use rsa::{RsaKey, jwt_rs256};

/// The hash inside of an HMAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// SHA-1, for providers that never moved on. Inside of an HMAC it still holds; no token may use it.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// Whether both are the same, in a time that depends on the lengths alone.
#[must_use]
pub fn same(left: impl AsRef<[u8]>, right: impl AsRef<[u8]>) -> bool {
    left.as_ref().ct_eq(right.as_ref()).into()
}

/// The HMAC of a message (RFC 2104). A key may have any length.
#[must_use]
pub fn hmac(hash: Hash, key: &[u8], message: &[u8]) -> Vec<u8> {
    match hash {
        Hash::Sha1 => mac::<Hmac<Sha1>>(key, message),
        Hash::Sha256 => mac::<Hmac<Sha256>>(key, message),
        Hash::Sha384 => mac::<Hmac<Sha384>>(key, message),
        Hash::Sha512 => mac::<Hmac<Sha512>>(key, message),
    }
}

fn mac<M: Mac + KeyInit>(key: &[u8], message: &[u8]) -> Vec<u8> {
    // An HMAC takes keys of any length: there is always one.
    let Ok(mac) = <M as KeyInit>::new_from_slice(key) else { return Vec::new() };
    mac.chain_update(message).finalize().into_bytes().to_vec()
}

/// Whether this is the HMAC of the message. Never with an empty key, which is no secret, and never for a part of the HMAC.
#[must_use]
pub fn hmac_fits(hash: Hash, key: &[u8], message: &[u8], given: &[u8]) -> bool {
    let right = hmac(hash, key, message);
    !key.is_empty() && !right.is_empty() && same(right, given)
}

/// SHA-256 as 64 hexadecimal digits in lower case.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Hexadecimal digits in lower case.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a text does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The bytes of hexadecimal digits in any case; `None` for anything else, and for an odd number of them.
#[must_use]
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|&[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect()
}

/// Base64 with the signs `+` and `/` and with padding (RFC 4648, section 4).
#[must_use]
pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The bytes of such a text; `None` for anything else: each text of bytes has one form that counts.
#[must_use]
pub fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// The bytes of base64 with the signs `-` and `_` and without padding (RFC 4648, section 5), as tokens have it.
#[must_use]
pub fn from_base64_url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// By what a token is checked.
#[derive(Clone, Copy)]
pub struct JwtRules<'a> {
    /// The key. Some providers give it as a text to be used as it is, others as base64 of it.
    pub key: &'a [u8],
    /// The algorithms that the provider documents: `HS256`, `HS384`, `HS512`. Others, `none` above all, are refused.
    pub algorithms: &'a [&'a str],
    /// Now, in milliseconds since 1970 UTC: [`crate::Input::received_at_ms`].
    pub now_ms: i64,
    /// By how much the provider's clock may be ahead or behind, in milliseconds.
    pub leeway_ms: i64,
}

/// Debug does not show the key.
impl std::fmt::Debug for JwtRules<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JwtRules").field("algorithms", &self.algorithms).finish_non_exhaustive()
    }
}

/// The claims of a JSON Web Token that was signed with an HMAC (RFC 7519), after all checks that its own content asks for:
/// the algorithm is one of those expected, the signature fits, `nbf` has come and `exp` has not.
///
/// A token without these two claims has no such limits. Whom it is for (`aud`, see [`meant_for`]), who made it (`iss`), how
/// old it may be (`iat`) and what else it binds, such as a digest of the body, is for the caller to check.
///
/// # Errors
/// [`Refusal::BadSignature`], whatever is wrong: whoever sends forged tokens learns nothing from the answer.
///
/// ```
/// use wane_plugin::verify::{JwtRules, jwt};
/// // RFC 7515, appendix A.1
/// let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// let key = wane_plugin::verify::from_base64_url("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow").unwrap();
/// let rules = JwtRules { key: &key, algorithms: &["HS256"], now_ms: 1_300_819_379_000, leeway_ms: 0 };
/// assert_eq!(jwt(token, &rules)?["iss"], "joe");
/// assert!(jwt(token, &JwtRules { now_ms: 1_300_819_380_000, ..rules }).is_err(), "over");
/// # Ok::<(), wane_plugin::Refusal>(())
/// ```
pub fn jwt(token: &str, rules: &JwtRules<'_>) -> Result<Value, Refusal> {
    checked(token, rules).ok_or(Refusal::BadSignature)
}

fn checked(token: &str, rules: &JwtRules<'_>) -> Option<Value> {
    let token = Token::read(token)?;
    let hash = match token.algorithm() {
        Some(algorithm) if !rules.algorithms.contains(&algorithm) => return None,
        Some("HS256") => Hash::Sha256,
        Some("HS384") => Hash::Sha384,
        Some("HS512") => Hash::Sha512,
        _ => return None,
    };
    let fits = hmac_fits(hash, rules.key, token.signed.as_bytes(), &token.signature);
    if fits { token.valid_claims(rules.now_ms, rules.leeway_ms) } else { None }
}

/// A token in its parts; its claims are not read before its signature fits.
struct Token<'a> {
    header: Value,
    signed: &'a str,
    claims: &'a str,
    signature: Vec<u8>,
}

impl<'a> Token<'a> {
    fn read(token: &'a str) -> Option<Self> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let header = object(header)?;
        // `crit` names extensions that must be understood; none is.
        let plain = header.get("crit").is_none();
        plain.then_some(Self { header, signed, claims, signature: from_base64_url(signature)? })
    }

    fn algorithm(&self) -> Option<&str> {
        self.header.get("alg")?.as_str()
    }

    /// The claims, when they hold now. Only for a token whose signature fits.
    fn valid_claims(&self, now_ms: i64, leeway_ms: i64) -> Option<Value> {
        let claims = object(self.claims)?;
        let begun = instant(&claims, "nbf")?.is_none_or(|from| now_ms.saturating_add(leeway_ms) >= from);
        let valid = instant(&claims, "exp")?.is_none_or(|to| now_ms.saturating_sub(leeway_ms) < to);
        (begun && valid).then_some(claims)
    }
}

fn object(part: &str) -> Option<Value> {
    let value: Value = serde_json::from_slice(&from_base64_url(part)?).ok()?;
    value.is_object().then_some(value)
}

/// A claim of seconds since 1970, which may have a fraction, in milliseconds. The outer `None`: it is there and is none.
fn instant(claims: &Value, name: &str) -> Option<Option<i64>> {
    let Some(claim) = claims.get(name) else { return Some(None) };
    let millis = claim.as_f64()? * 1_000.0;
    // Exact for a whole number of milliseconds up to the year 9999, and no instant is later.
    if !(0.0..=253_402_300_799_999.0).contains(&millis) {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "in range, and what is less than a millisecond does not matter"
    )]
    let millis = millis as i64;
    Some(Some(millis))
}

/// Whether a token's `aud`, a text or a list of texts, names this one.
#[must_use]
pub fn meant_for(claims: &Value, audience: &str) -> bool {
    match claims.get("aud") {
        Some(Value::String(one)) => one == audience,
        Some(Value::Array(all)) => all.iter().any(|one| one == audience),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
