//! Tokens that the host makes for requests, as a manifest declares them: the plugin never sees key or token.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value, json};
use sha2::Sha256;
use wane_core::time::Timestamp;
use zeroize::Zeroizing;

use crate::config::Given;
use crate::manifest::{Jwt, JwtAlgorithm, KeyEncoding, Manifest};
use crate::secret::Secrets;

/// The secrets, with the tokens that are made of them. One that can not be made is missing, like a secret that nobody gave.
pub(crate) fn with_tokens<'a>(manifest: &Manifest, given: &'a Given, now: Timestamp) -> Cow<'a, Secrets> {
    let mut all = Cow::Borrowed(&given.secrets);
    for need in &manifest.secrets {
        if let Some(token) = need.jwt.as_ref().and_then(|jwt| token(jwt, given, now)) {
            all.to_mut().insert(need.name.clone(), token.into());
        }
    }
    all
}

fn token(jwt: &Jwt, given: &Given, now: Timestamp) -> Option<String> {
    let JwtAlgorithm::HS256 = jwt.algorithm;
    let key = key(jwt, given)?;
    let claims = claims(jwt, given, now)?;
    let signed = format!("{}.{}", coded(&json!({ "alg": "HS256", "typ": "JWT" })), coded(&claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(signed.as_bytes());
    Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())))
}

/// An empty key is no secret.
fn key(jwt: &Jwt, given: &Given) -> Option<Zeroizing<Vec<u8>>> {
    let text = given.secrets.get(&jwt.key)?.reveal();
    let key = match jwt.key_encoding {
        KeyEncoding::Text => text.as_bytes().to_owned(),
        KeyEncoding::Base64 => STANDARD.decode(text).ok()?,
    };
    (!key.is_empty()).then(|| Zeroizing::new(key))
}

fn claims(jwt: &Jwt, given: &Given, now: Timestamp) -> Option<Value> {
    let config: Map<String, Value> = serde_json::from_str(given.config.reveal()).ok()?;
    let mut claims = Map::new();
    for (claim, key) in &jwt.claims {
        claims.insert(claim.clone(), config.get(key)?.clone());
    }
    claims.insert("iat".to_owned(), now.millis().div_euclid(1_000).into());
    Some(Value::Object(claims))
}

fn coded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn manifest() -> Manifest {
        let json = json!({
            "name": "p", "version": "1", "channel": "c",
            "secrets": [
                { "name": "key" },
                { "name": "bearer", "jwt": { "algorithm": "HS256", "key": "key", "key_encoding": "base64", "claims": { "iss": "me" } } },
            ],
        });
        Manifest::parse(json.to_string().as_bytes()).expect("a manifest")
    }

    fn minted(key: &str, config: &str) -> Option<String> {
        let secrets = Secrets::from([("key".to_owned(), Secret::from(key))]);
        let given = Given { config: config.into(), secrets };
        let all =
            with_tokens(&manifest(), &given, Timestamp::from_millis(1_700_000_000_999).expect("in range")).into_owned();
        all.get("bearer").map(|token| token.reveal().to_owned())
    }

    #[test]
    fn a_token_has_its_claims_and_the_signature_of_its_key() {
        use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
        let token = minted("c2VjcmV0IGJ5dGVz", r#"{"me":"somebody"}"#).expect("a token");
        let mut validation = Validation::new(Algorithm::HS256);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        let read =
            |key: &[u8]| decode::<Value>(&token, &DecodingKey::from_secret(key), &validation).map(|data| data.claims);
        assert_eq!(read(b"secret bytes").expect("it verifies"), json!({ "iss": "somebody", "iat": 1_700_000_000 }));
        assert!(read(b"secret byteS").is_err());
    }

    #[test]
    fn what_can_not_be_made_is_not_there() {
        assert_eq!(minted("no base64!", r#"{"me":"x"}"#), None);
        assert_eq!(minted("", r#"{"me":"x"}"#), None);
        assert_eq!(minted("c2VjcmV0", "{}"), None, "a claim without a value");
    }

    #[test]
    fn a_token_of_no_key_and_one_for_the_plugin_are_no_manifest() {
        for wrong in [
            json!([{ "name": "bearer", "jwt": { "algorithm": "HS256", "key": "key" } }]),
            json!([{ "name": "bearer", "jwt": { "algorithm": "HS256", "key": "bearer" } }]),
            json!([{ "name": "key" }, { "name": "bearer", "to_plugin": true, "jwt": { "algorithm": "HS256", "key": "key" } }]),
            json!([{ "name": "key" }, { "name": "bearer", "jwt": { "algorithm": "none", "key": "key" } }]),
        ] {
            let json = json!({ "name": "p", "version": "1", "channel": "c", "secrets": wrong });
            assert!(Manifest::parse(json.to_string().as_bytes()).is_err(), "{json}");
        }
    }
}
