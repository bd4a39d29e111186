//! The published vector (RFC 7515, appendix A.2), and what must not pass.

use super::super::{Hash, hmac};
use super::*;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

const MODULUS: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
const HEADER: &str = "eyJhbGciOiJSUzI1NiJ9";
const CLAIMS: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
const SIGNATURE: &str = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
/// When the token of the RFC ends, in milliseconds.
const END: i64 = 1_300_819_380_000;

fn key() -> RsaKey {
    RsaKey::from_jwk(MODULUS, "AQAB").expect("a key")
}

fn holds(header: &str, claims: &str, signature: &str, now_ms: i64) -> bool {
    jwt_rs256(&format!("{header}.{claims}.{signature}"), &key(), now_ms, 0).is_ok()
}

#[test]
fn the_token_of_the_rfc_holds_until_its_end() {
    let claims = jwt_rs256(&format!("{HEADER}.{CLAIMS}.{SIGNATURE}"), &key(), END - 1, 0).expect("it holds");
    assert_eq!(claims["iss"], "joe");
    assert!(!holds(HEADER, CLAIMS, SIGNATURE, END));
}

#[test]
fn one_bit_anywhere_is_seen() {
    for (part, text) in [HEADER, CLAIMS, SIGNATURE].into_iter().enumerate() {
        let bytes = URL_SAFE_NO_PAD.decode(text).expect("base64");
        for bit in 0..bytes.len() * 8 {
            let mut wrong = bytes.clone();
            wrong[bit / 8] ^= 1 << (bit % 8);
            let mut parts = [HEADER, CLAIMS, SIGNATURE];
            let wrong = URL_SAFE_NO_PAD.encode(wrong);
            parts[part] = &wrong;
            let [header, claims, signature] = parts;
            assert!(!holds(header, claims, signature, END - 1), "part {part}, bit {bit}");
        }
    }
}

#[test]
fn another_algorithm_is_none() {
    for header in [r#"{"alg":"none"}"#, r#"{"alg":"RS512"}"#, r#"{"alg":"RS256","crit":["b64"]}"#, r#"{}"#] {
        assert!(!holds(&URL_SAFE_NO_PAD.encode(header), CLAIMS, SIGNATURE, END - 1), "{header}");
    }
    // The public key is no secret to make a MAC with.
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#);
    let mac = hmac(Hash::Sha256, MODULUS.as_bytes(), format!("{header}.{CLAIMS}").as_bytes());
    assert!(!holds(&header, CLAIMS, &URL_SAFE_NO_PAD.encode(mac), END - 1));
    for signature in ["", "AA", &SIGNATURE[4..], &format!("AAAA{SIGNATURE}")] {
        assert!(!holds(HEADER, CLAIMS, signature, END - 1), "{signature}");
    }
}

#[test]
fn keys_that_are_none_are_refused() {
    let (short, long) = (URL_SAFE_NO_PAD.encode([0xff; 255]), URL_SAFE_NO_PAD.encode([0xff; 513]));
    for (modulus, exponent) in [("", "AQAB"), ("no base64!", "AQAB"), (MODULUS, ""), (MODULUS, "AQ"), (MODULUS, "AA")] {
        assert!(RsaKey::from_jwk(modulus, exponent).is_none(), "{modulus} {exponent}");
    }
    assert!(RsaKey::from_jwk(&short, "AQAB").is_none(), "too short");
    assert!(RsaKey::from_jwk(&long, "AQAB").is_none(), "too long");
}
