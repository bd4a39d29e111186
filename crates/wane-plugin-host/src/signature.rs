//! Signatures that a manifest declares, checked over the raw bytes before the plugin is called.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::call::Input;
use crate::manifest::{Encoding, Scheme, SchemeName};
use crate::secret::Secret;

/// Whether an input carries the signature that it must carry. The comparison takes the same time whatever differs.
pub(crate) fn fits(scheme: &Scheme, key: &Secret, input: &Input<'_>) -> bool {
    if !scheme.kinds.contains(input.kind) {
        return true;
    }
    let Some(given) = given(scheme, input) else { return false };
    match scheme.scheme {
        SchemeName::HmacSha256 => hmac_sha256(key.reveal().as_bytes(), input.body, &given),
    }
}

fn hmac_sha256(key: &[u8], body: &[u8], given: &[u8]) -> bool {
    // Any length of key is fine for an HMAC; an empty one is no secret.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return false };
    mac.update(body);
    !key.is_empty() && mac.verify_slice(given).is_ok()
}

/// The bytes in the header; none if it is missing, there twice, or of another form.
fn given(scheme: &Scheme, input: &Input<'_>) -> Option<Vec<u8>> {
    let mut headers = input.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(&scheme.header));
    let (Some((_, value)), None) = (headers.next(), headers.next()) else { return None };
    let text = std::str::from_utf8(value).ok()?.strip_prefix(scheme.prefix.as_str())?;
    match scheme.encoding {
        Encoding::Hex => hex(text),
        Encoding::Base64 => STANDARD.decode(text).ok(),
    }
}

/// In lower case, as providers send it: one signature has one form.
fn hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    let digits = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).ok());
    digits.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use wane_core::time::Timestamp;

    use super::*;
    use crate::call::InputKind;

    /// RFC 4231, test case 2.
    const KEY: &str = "Jefe";
    const BODY: &[u8] = b"what do ya want for nothing?";
    const HEX: &str = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";

    fn scheme(encoding: &str, prefix: &str) -> Scheme {
        let json = serde_json::json!({ "scheme": "hmac-sha256", "header": "X-Sign", "prefix": prefix, "encoding": encoding, "secret": "key" });
        serde_json::from_value(json).expect("a scheme")
    }

    fn check(scheme: &Scheme, headers: &[(&str, &[u8])], body: &[u8], kind: InputKind) -> bool {
        let (account, method, path, query) = ("", "POST", "/", "");
        let input = Input { kind, received_at: Timestamp::EPOCH, account, method, path, query, headers, body };
        fits(scheme, &KEY.into(), &input)
    }

    #[test]
    fn the_published_digest_fits_and_no_other() {
        let upper = HEX.to_ascii_uppercase();
        let mut wrong = HEX.to_owned();
        wrong.replace_range(63.., "2");
        let scheme = scheme("hex", "sha256=");
        for (value, expected) in [
            (format!("sha256={HEX}"), true),
            (format!("sha256={upper}"), false),
            (HEX.to_owned(), false),
            (format!("sha256={wrong}"), false),
            (format!("sha256={}", &HEX[..62]), false),
            (format!("sha256={HEX}00"), false),
            (format!("sha256=+{}", &HEX[1..]), false),
            ("sha256=".to_owned(), false),
            (String::new(), false),
        ] {
            assert_eq!(check(&scheme, &[("x-sign", value.as_bytes())], BODY, InputKind::Webhook), expected, "{value}");
        }
    }

    #[test]
    fn one_changed_bit_of_the_body_does_not_fit() {
        let scheme = scheme("base64", "");
        let value = STANDARD.encode(hex(HEX).expect("hex"));
        let headers: [(&str, &[u8]); 1] = [("x-sign", value.as_bytes())];
        assert!(check(&scheme, &headers, BODY, InputKind::Webhook));
        for bit in 0..BODY.len() * 8 {
            let mut body = BODY.to_owned();
            body[bit / 8] ^= 1 << (bit % 8);
            assert!(!check(&scheme, &headers, &body, InputKind::Webhook), "bit {bit}");
        }
    }

    #[test]
    fn a_signature_is_there_once_or_not_at_all_where_none_is_asked_for() {
        let scheme = scheme("hex", "");
        let twice: [(&str, &[u8]); 2] = [("x-sign", HEX.as_bytes()), ("x-sign", HEX.as_bytes())];
        assert!(!check(&scheme, &twice, BODY, InputKind::Webhook));
        assert!(!check(&scheme, &[], BODY, InputKind::Webhook));
        assert!(check(&scheme, &[], b"", InputKind::Handshake), "a handshake is not signed");
    }
}
