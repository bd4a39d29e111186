//! Signs requests as providers do. This is the kit's own code, apart from the host's that checks them: two hands, one
//! result.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::case::{SignScheme, SignatureFault};
use crate::wire;

mod sha1;

/// What is signed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signed<'a> {
    pub(crate) url: &'a str,
    pub(crate) body: &'a [u8],
    pub(crate) now_ms: i64,
    /// Whether the body is a form, whose fields count and not its bytes.
    pub(crate) form: bool,
}

/// The headers of the signature, with its fault.
pub(crate) fn headers(
    scheme: &SignScheme,
    key: &str,
    signed: Signed<'_>,
    fault: SignatureFault,
) -> Result<Vec<(String, String)>, String> {
    let decoded = if scheme.key_base64 {
        STANDARD.decode(key).map_err(|_| "the key is not base64".to_owned())?
    } else {
        key.as_bytes().to_vec()
    };
    let other: Vec<u8> = decoded.iter().copied().chain(*b"?").collect();
    let value = match fault {
        SignatureFault::OtherKey => signature(scheme, &other, signed)?,
        SignatureFault::OtherBody => {
            signature(scheme, &decoded, Signed { body: b"another", url: "another", ..signed })?
        }
        SignatureFault::None
        | SignatureFault::Missing
        | SignatureFault::Twice
        | SignatureFault::Empty
        | SignatureFault::Cut
        | SignatureFault::Longer
        | SignatureFault::OtherPrefix
        | SignatureFault::UpperCase => signature(scheme, &decoded, signed)?,
    };
    Ok(broken(scheme, &value, fault))
}

fn broken(scheme: &SignScheme, value: &str, fault: SignatureFault) -> Vec<(String, String)> {
    let prefix = &scheme.prefix;
    let header = |value: String| (scheme.header.clone(), value);
    let end = value.len().saturating_sub(4);
    match fault {
        SignatureFault::None | SignatureFault::OtherKey | SignatureFault::OtherBody => {
            vec![header(format!("{prefix}{value}"))]
        }
        SignatureFault::Missing => Vec::new(),
        SignatureFault::Twice => vec![header(format!("{prefix}{value}")), header(format!("{prefix}{value}"))],
        SignatureFault::Empty => vec![header(prefix.clone())],
        SignatureFault::Cut => vec![header(format!("{prefix}{}", value.get(..end).unwrap_or_default()))],
        SignatureFault::Longer => vec![header(format!("{prefix}{value}00"))],
        SignatureFault::OtherPrefix if prefix.is_empty() => vec![header(format!("sha256={value}"))],
        SignatureFault::OtherPrefix => vec![header(value.to_owned())],
        SignatureFault::UpperCase => vec![header(format!("{prefix}{}", value.to_ascii_uppercase()))],
    }
}

fn signature(scheme: &SignScheme, key: &[u8], signed: Signed<'_>) -> Result<String, String> {
    let written = |bytes: &[u8]| if scheme.base64 { STANDARD.encode(bytes) } else { hex(bytes) };
    Ok(match scheme.scheme.as_str() {
        "hmac-sha256" => written(&hmac(sha256, key, signed.body)),
        "hmac-sha1" => written(&hmac(sha1::digest, key, signed.body)),
        "twilio-sha1" => written(&hmac(sha1::digest, key, &twilio(signed))),
        "twilio-sha256" => written(&hmac(sha256, key, &twilio(signed))),
        "jwt-hs256" => token(&claims(&scheme.claims, signed), key),
        "bearer" => String::from_utf8_lossy(key).into_owned(),
        other => return Err(format!("unknown scheme `{other}`")),
    })
}

/// The address, then each field's name and value, sorted, each pair once. A body that is no form does not count.
fn twilio(signed: Signed<'_>) -> Vec<u8> {
    let mut whole = signed.url.to_owned();
    if signed.form {
        let mut fields = wire::fields(&String::from_utf8_lossy(signed.body));
        fields.sort();
        fields.dedup();
        whole.extend(fields.into_iter().flat_map(|(name, value)| [name, value]));
    }
    whole.into_bytes()
}

fn claims(claims: &Map<String, Value>, signed: Signed<'_>) -> Value {
    let filled = claims.iter().map(|(name, value)| (name.clone(), claim(value, signed)));
    Value::Object(filled.collect())
}

/// `$now_s` may be moved: `$now_s+300`, `$now_s-5`.
fn claim(value: &Value, signed: Signed<'_>) -> Value {
    let Some(text) = value.as_str() else { return value.clone() };
    match text {
        "$body_sha256" => hex(&sha256(&[signed.body])).into(),
        "$url_sha256" => hex(&sha256(&[signed.url.as_bytes()])).into(),
        _ => match text.strip_prefix("$now_s") {
            Some("") => (signed.now_ms / 1000).into(),
            Some(moved) => moved.parse().map_or_else(|_| value.clone(), |by: i64| (signed.now_ms / 1000 + by).into()),
            None => value.clone(),
        },
    }
}

fn token(claims: &Value, key: &[u8]) -> String {
    let head = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
    let said = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let signature = URL_SAFE_NO_PAD.encode(hmac(sha256, key, said.as_bytes()));
    format!("{said}.{signature}")
}

/// RFC 2104, over any hash with blocks of 64 bytes.
fn hmac(hash: fn(&[&[u8]]) -> Vec<u8>, key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut block = if key.len() > 64 { hash(&[key]) } else { key.to_vec() };
    block.resize(64, 0);
    let pad = |with: u8| block.iter().map(|byte| byte ^ with).collect::<Vec<u8>>();
    let inner = hash(&[&pad(0x36), message]);
    hash(&[&pad(0x5c), &inner])
}

fn sha256(parts: &[&[u8]]) -> Vec<u8> {
    let mut hash = Sha256::new();
    parts.iter().for_each(|part| hash.update(part));
    hash.finalize().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, case 2, and RFC 2202, case 2: the same key and words.
    #[test]
    fn the_published_digests_come_out() {
        let (key, words) = (b"Jefe", b"what do ya want for nothing?");
        assert_eq!(hex(&hmac(sha256, key, words)), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        assert_eq!(hex(&hmac(sha1::digest, key, words)), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
        let long = [0xaa; 131];
        let words = b"Test Using Larger Than Block-Size Key - Hash Key First";
        assert_eq!(
            hex(&hmac(sha256, &long, words)),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }

    #[test]
    fn fields_are_signed_sorted_and_once() {
        let body = b"b=2&a=1&a=1&a=0";
        let signed = Signed { url: "https://x/", body, now_ms: 0, form: true };
        assert_eq!(twilio(signed), b"https://x/a0a1b2");
        assert_eq!(twilio(Signed { form: false, ..signed }), b"https://x/");
    }

    #[test]
    fn a_token_tells_the_time_and_the_body() {
        let claims = serde_json::json!({ "aud": "a", "iat": "$now_s", "exp": "$now_s+60", "h": "$body_sha256" });
        let signed = Signed { url: "", body: b"", now_ms: 5_999, form: false };
        let said = super::claims(claims.as_object().expect("a table"), signed);
        assert_eq!(said["iat"], 5);
        assert_eq!(said["exp"], 65);
        assert_eq!(said["h"], "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(token(&said, b"k").split('.').count(), 3);
    }
}
