//! Identity tokens: what a page says of a signed-in customer, checked against the keys that the operator gave.
//!
//! One algorithm a key; keys are found by their id in the set that was loaded, never by an address in the token. A token
//! that does not check is refused: it does not turn into a guest's.

use std::collections::BTreeMap;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use wane_core::time::Timestamp;

use crate::config::Client;
use crate::serve::ServeError;

/// By how many seconds the clock of whoever made a token may be ahead. Its end is its end.
const AHEAD: i64 = 5;

/// The keys of those who may vouch for customers.
#[derive(Default)]
pub(super) struct Identities {
    keys: BTreeMap<String, (Algorithm, DecodingKey)>,
    issuer: Option<String>,
    audience: Option<String>,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    exp: i64,
    #[serde(default)]
    nbf: Option<i64>,
}

impl Identities {
    pub(super) fn open(config: &Client) -> Result<Self, ServeError> {
        let Some(path) = &config.jwks else { return Ok(Self::default()) };
        let fault = |what: String| ServeError::Setup(format!("`client.jwks`: `{}`: {what}", path.display()));
        let text = std::fs::read(path).map_err(|error| fault(error.to_string()))?;
        Self::of(&text, config).map_err(fault)
    }

    /// Of a set of keys (JWKS), and whom the configuration wants named.
    pub(super) fn of(set: &[u8], config: &Client) -> Result<Self, String> {
        let set: JwkSet = serde_json::from_slice(set).map_err(|error| format!("no set of keys: {error}"))?;
        let mut keys = BTreeMap::new();
        for key in &set.keys {
            let id = key.common.key_id.clone().ok_or("a key without `kid`")?;
            let named = key.common.key_algorithm.and_then(|algorithm| algorithm.to_string().parse().ok());
            let algorithm: Algorithm = named.ok_or_else(|| format!("the key `{id}` has no usable `alg`"))?;
            if matches!(algorithm, Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512) {
                return Err(format!("the key `{id}` is a shared secret; only public keys are taken"));
            }
            let decoding = DecodingKey::from_jwk(key).map_err(|error| format!("the key `{id}`: {error}"))?;
            keys.insert(id, (algorithm, decoding));
        }
        Ok(Self { keys, issuer: config.issuer.clone(), audience: config.audience.clone() })
    }

    /// The customer that an identity token names, when it is signed by a known key and in its time.
    pub(super) fn subject(&self, token: &str, now: Timestamp) -> Option<String> {
        let header = decode_header(token).ok()?;
        let (algorithm, key) = self.keys.get(header.kid.as_deref()?)?;
        let mut validation = Validation::new(*algorithm);
        // Time is the daemon's, so it is compared here.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let mut required = vec!["exp", "sub"];
        match &self.issuer {
            Some(issuer) => {
                validation.set_issuer(&[issuer]);
                required.push("iss");
            }
            None => required.push("iss"),
        }
        match &self.audience {
            Some(audience) => {
                validation.set_audience(&[audience]);
                required.push("aud");
            }
            None => validation.validate_aud = false,
        }
        validation.set_required_spec_claims(&required);
        let claims = decode::<Claims>(token, key, &validation).ok()?.claims;
        let now = now.millis() / 1_000;
        let in_time = claims.exp > now && claims.nbf.is_none_or(|from| from.saturating_sub(AHEAD) <= now);
        (in_time && !claims.sub.is_empty() && claims.sub.len() <= 128).then_some(claims.sub)
    }
}
