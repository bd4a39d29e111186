//! Published vectors (RFC 2202, 4231, 4648, 7515), and what must not pass.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::*;

const KEY: &[u8] = b"a key of nobody, 32 bytes or more";
const NOW: i64 = 1_757_900_000_000;
const ALL: &[&str] = &["HS256", "HS384", "HS512"];

/// RFC 2202 (SHA-1), RFC 4231 (the others): a short key, a key longer than a block, and a message longer than one too.
#[test]
fn macs_are_those_of_the_rfcs() {
    let (long_key, cases) = ([0xaa; 131], &b"Test Using Larger Than Block-Size Key - Hash Key First"[..]);
    let jefe = &b"what do ya want for nothing?"[..];
    for (hash, key, message, digest) in [
        (Hash::Sha1, &b"Jefe"[..], jefe, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
        (Hash::Sha1, &[0xaa; 80], cases, "aa4ae5e15272d00e95705637ce8a3b55ed402112"),
        (Hash::Sha256, b"Jefe", jefe, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        (Hash::Sha256, &long_key, cases, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
        (
            Hash::Sha384,
            b"Jefe",
            jefe,
            "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
        ),
        (
            Hash::Sha512,
            b"Jefe",
            jefe,
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
        ),
    ] {
        let right = from_hex(digest).expect("hex");
        assert_eq!(hmac(hash, key, message), right, "{hash:?}");
        assert!(hmac_fits(hash, key, message, &right), "{hash:?}");
        assert!(!hmac_fits(hash, key, message, &right[1..]), "{hash:?}: a part");
        assert!(!hmac_fits(hash, key, message, &[]), "{hash:?}: none");
        for bit in 0..right.len() * 8 {
            let mut wrong = right.clone();
            wrong[bit / 8] ^= 1 << (bit % 8);
            assert!(!hmac_fits(hash, key, message, &wrong), "{hash:?}: bit {bit}");
        }
    }
}

#[test]
fn an_empty_key_is_no_secret() {
    assert!(!hmac_fits(Hash::Sha256, b"", b"x", &hmac(Hash::Sha256, b"", b"x")));
    let token = token(&json!({ "alg": "HS256" }), &json!({}), b"");
    assert!(jwt(&token, &JwtRules { key: b"", algorithms: ALL, now_ms: NOW, leeway_ms: 0 }).is_err());
}

/// FIPS 180-4 examples, RFC 4648 section 10.
#[test]
fn digests_hex_and_base64_are_as_published() {
    assert_eq!(sha256_hex(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    for (text, encoded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
        assert_eq!(base64(text.as_bytes()), encoded);
        assert_eq!(from_base64(encoded).as_deref(), Some(text.as_bytes()));
        assert_eq!(from_base64_url(encoded.trim_end_matches('=')).as_deref(), Some(text.as_bytes()));
    }
    assert_eq!(from_hex("00fFAb"), Some(vec![0, 255, 0xab]));
    assert_eq!(hex(&[0, 255, 0xab]), "00ffab");
}

#[test]
fn other_forms_of_hex_and_base64_are_none() {
    for wrong in ["0", "0g", "+1", "0x", " 00", "ä"] {
        assert_eq!(from_hex(wrong), None, "{wrong}");
    }
    for wrong in ["Zg", "Zg=", "Zh==", "Zg==\n", "Zg== ", "Z-_=", "===="] {
        assert_eq!(from_base64(wrong), None, "{wrong}");
    }
    for wrong in ["Zg==", "Zh", "Z+/A", "Z"] {
        assert_eq!(from_base64_url(wrong), None, "{wrong}");
    }
}

#[test]
fn what_is_the_same_has_the_same_length() {
    assert!(same("ab", b"ab"));
    assert!(!same("ab", "a") && !same("", "a") && !same("ab", "ac"));
}

fn token(header: &Value, claims: &Value, key: &[u8]) -> String {
    let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let hash = match header["alg"].as_str() {
        Some("HS384") => Hash::Sha384,
        Some("HS512") => Hash::Sha512,
        _ => Hash::Sha256,
    };
    let signature = URL_SAFE_NO_PAD.encode(hmac(hash, key, signed.as_bytes()));
    format!("{signed}.{signature}")
}

fn rules<'a>(algorithms: &'a [&'a str]) -> JwtRules<'a> {
    JwtRules { key: KEY, algorithms, now_ms: NOW, leeway_ms: 1_000 }
}

#[test]
fn a_token_is_taken_by_the_algorithms_that_are_expected() {
    for algorithm in ALL {
        let token = token(&json!({ "typ": "JWT", "alg": algorithm }), &json!({ "a": 1 }), KEY);
        assert_eq!(jwt(&token, &rules(ALL)), Ok(json!({ "a": 1 })));
        assert_eq!(jwt(&token, &rules(&[algorithm])), Ok(json!({ "a": 1 })));
        let others: Vec<&str> = ALL.iter().filter(|other| *other != algorithm).copied().collect();
        assert_eq!(jwt(&token, &rules(&others)), Err(Refusal::BadSignature));
        assert_eq!(jwt(&token, &JwtRules { key: b"another", ..rules(ALL) }), Err(Refusal::BadSignature));
    }
}

#[test]
fn a_header_of_another_kind_is_refused_whatever_is_expected() {
    for header in [
        json!({ "alg": "none" }),
        json!({ "alg": "None" }),
        json!({ "alg": "hs256" }),
        json!({ "alg": "RS256" }),
        json!({ "alg": null }),
        json!({ "alg": ["HS256"] }),
        json!({}),
        json!([]),
        json!({ "alg": "HS256", "crit": ["exp"] }),
    ] {
        let good = token(&header, &json!({}), KEY);
        let unsigned = format!("{}.", good.rsplit_once('.').expect("dots").0);
        for algorithms in [ALL, &["none", "None", "RS256", "hs256", "HS256"]] {
            assert_eq!(jwt(&good, &rules(algorithms)), Err(Refusal::BadSignature), "{header}");
            assert_eq!(jwt(&unsigned, &rules(algorithms)), Err(Refusal::BadSignature), "{header} unsigned");
        }
    }
}

#[test]
fn a_token_counts_from_its_first_instant_to_before_its_last() {
    let seconds = NOW / 1_000;
    for (claims, expected) in [
        (json!({ "exp": seconds }), true),
        (json!({ "exp": seconds - 1 }), false),
        (json!({ "nbf": seconds + 1 }), true),
        (json!({ "nbf": seconds + 2 }), false),
        (json!({ "exp": 1_757_899_999.5 }), true),
        (json!({ "nbf": 0, "exp": 253_402_300_799_i64 }), true),
        (json!({ "exp": "1900000000" }), false),
        (json!({ "exp": null }), false),
        (json!({ "exp": 1e300 }), false),
        (json!({ "nbf": -1 }), false),
        (json!({ "exp": 1_900_000_000_000_i64 }), false),
        (json!([]), false),
    ] {
        let token = token(&json!({ "alg": "HS256" }), &claims, KEY);
        assert_eq!(jwt(&token, &rules(ALL)).is_ok(), expected, "{claims}");
    }
}

#[test]
fn every_sign_of_a_token_counts() {
    let good = token(&json!({ "alg": "HS256" }), &json!({ "exp": 1_900_000_000 }), KEY);
    assert!(jwt(&good, &rules(ALL)).is_ok());
    for at in 0..good.len() {
        let short = &good[..at];
        assert_eq!(jwt(short, &rules(ALL)), Err(Refusal::BadSignature), "cut at {at}");
        for bit in 0..7 {
            let mut bytes = good.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            let changed = String::from_utf8(bytes).expect("7 bits");
            assert_eq!(jwt(&changed, &rules(ALL)), Err(Refusal::BadSignature), "bit {bit} of {at}");
        }
    }
    for more in
        ["", ".", "..", "...", &format!("{good}."), &format!("{good}.x"), &format!(" {good}"), &format!("{good}=")]
    {
        assert_eq!(jwt(more, &rules(ALL)), Err(Refusal::BadSignature), "{more}");
    }
}

#[test]
fn an_audience_is_a_text_or_in_a_list() {
    assert!(meant_for(&json!({ "aud": "m" }), "m") && meant_for(&json!({ "aud": ["x", "m"] }), "m"));
    for aud in [json!("M"), json!(["mm"]), json!([["m"]]), json!({ "m": 1 }), json!(null), json!([])] {
        assert!(!meant_for(&json!({ "aud": aud }), "m"), "{aud}");
    }
    assert!(!meant_for(&json!({}), "m"));
}

#[test]
fn debug_hides_the_key() {
    assert_eq!(format!("{:?}", rules(&["HS256"])), r#"JwtRules { algorithms: ["HS256"], .. }"#);
}
