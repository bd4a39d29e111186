//! Access tokens for partners that sign: `POST …/services/oauth2/token` with an assertion (OAuth JWT bearer, RFC 7523).
//!
//! A token that is granted carries what is to be known of it, and a MAC over that, so that there is nothing to remember:
//! `ORGANISATION!CLIENT.UNTIL.MAC`, as the provider's begin with the organisation. The key of the MAC is made of the tokens that
//! count anyway: whoever can forge one needs none, and to take all back the operator changes these. A client that is removed
//! takes its own along.

use serde::Deserialize;
use serde_json::{Value, json};
use wane_plugin::verify::{Hash, RsaKey, hex, hmac, jwt_rs256, meant_for, same, sha256_hex};
use wane_plugin::{Input, Outcome, Refusal, Sink};

use crate::{Config, door};

/// How long a token counts, in milliseconds: two hours, the provider's default for sessions.
const LIFETIME: i64 = 2 * 60 * 60 * 1_000;
/// By how much a partner's clock may be behind, in milliseconds. House decision.
const LEEWAY: i64 = 60_000;
/// The headers of an answer: nobody on the way may keep it.
const HEADERS: &[(&str, &str)] = &[("content-type", "application/json"), ("cache-control", "no-store")];
/// What the MAC is for.
const LABEL: &str = "wane byoc access token";

/// A partner's software, as it was registered.
#[derive(Clone, Debug, Deserialize)]
pub struct Client {
    /// The claim `iss` of its assertions.
    pub consumer_key: String,
    /// The claim `sub`: in whose name it asks.
    pub username: String,
    /// The claim `aud`: the address that it signs in at.
    pub audience: String,
    /// The public half of its key, of 2048 to 4096 bits (`RS256`).
    pub jwk: Jwk,
}

/// A JSON Web Key, as far as it is looked at.
#[derive(Clone, Debug, Deserialize)]
pub struct Jwk {
    n: String,
    e: String,
}

impl Client {
    fn key(&self) -> Option<RsaKey> {
        RsaKey::from_jwk(&self.jwk.n, &self.jwk.e)
    }

    /// An assertion without an end would count for ever.
    fn asserts(&self, assertion: &str, now_ms: i64) -> bool {
        let claims = self.key().and_then(|key| jwt_rs256(assertion, &key, now_ms, LEEWAY).ok());
        claims.is_some_and(|claims| {
            let says = |name: &str, text: &str| claims.get(name).and_then(Value::as_str) == Some(text);
            let ends = claims.get("exp").is_some();
            ends && says("iss", &self.consumer_key) && says("sub", &self.username) && meant_for(&claims, &self.audience)
        })
    }

    fn name(&self) -> String {
        sha256_hex(self.consumer_key.as_bytes()).chars().take(16).collect()
    }
}

/// Whether clients can be granted anything with this config; or what is wrong with it.
pub(crate) fn check(config: &Config) -> Result<(), Refusal> {
    for client in &config.oauth_clients {
        if client.key().is_none() {
            let key = &client.consumer_key;
            return Err(Refusal::Malformed(format!("the `jwk` of `{key}` is no RSA key of 2048 to 4096 bits")));
        }
    }
    if !config.oauth_clients.is_empty() && door::secrets(config).next().is_none() {
        let why = "`oauth_clients` need the secret `access_token`, which the tokens that they get are made of";
        return Err(Refusal::Malformed(why.to_owned()));
    }
    Ok(())
}

/// Whether a request asks for a token.
pub(crate) fn is_asked(input: &Input<'_>) -> bool {
    input.path.ends_with("/services/oauth2/token")
}

/// Answers a request for a token (RFC 6749, sections 5.1 and 5.2).
pub(crate) fn answer(config: &Config, input: &Input<'_>, sink: &mut Sink<'_>) -> Outcome {
    match granted(config, input) {
        Ok(token) => {
            let seconds = LIFETIME / 1_000;
            let answer =
                json!({ "access_token": token, "token_type": "Bearer", "expires_in": seconds, "scope": config.scope });
            sink.reply(200, HEADERS, answer.to_string().as_bytes())
        }
        Err((error, why)) => {
            let answer = json!({ "error": error, "error_description": why });
            sink.reply(400, HEADERS, answer.to_string().as_bytes())?;
            Err(if error == "invalid_grant" { Refusal::BadSignature } else { Refusal::Malformed(why.to_owned()) })
        }
    }
}

fn granted(config: &Config, input: &Input<'_>) -> Result<String, (&'static str, &'static str)> {
    let fields = input.form().map_err(|_| ("invalid_request", "the body is no form"))?;
    let only = |name: &str| {
        let mut found = fields.iter().filter(|(known, _)| known == name).map(|(_, value)| &**value);
        found.next().filter(|_| found.next().is_none())
    };
    if input.method != "POST" {
        return Err(("invalid_request", "a token is asked for by POST"));
    }
    match only("grant_type") {
        Some("urn:ietf:params:oauth:grant-type:jwt-bearer") => {}
        Some(_) => return Err(("unsupported_grant_type", "the grant is a JWT bearer's")),
        None => return Err(("invalid_request", "`grant_type` is missing or there twice")),
    }
    let assertion = only("assertion").ok_or(("invalid_request", "`assertion` is missing or there twice"))?;
    let client = config.oauth_clients.iter().find(|client| client.asserts(assertion, input.received_at_ms));
    let client = client.ok_or(("invalid_grant", "the assertion is not valid"))?;
    Ok(token(config, client, input.received_at_ms.saturating_add(LIFETIME)))
}

fn token(config: &Config, client: &Client, until_ms: i64) -> String {
    let organisation = config.org_id.as_deref().unwrap_or_default();
    let signed = format!("{organisation}!{}.{until_ms}", client.name());
    let mac = hex(&hmac(Hash::Sha256, &key(config), signed.as_bytes()));
    format!("{signed}.{mac}")
}

/// Whether a token was granted here, to a client that there still is, and is not over. Every client's is compared, as in
/// [`door`].
pub(crate) fn counts(config: &Config, given: &str, now_ms: i64) -> bool {
    let until = given.rsplit('.').nth(1).and_then(|until| until.parse().ok());
    let Some(until) = until.filter(|until| now_ms < *until) else { return false };
    config.oauth_clients.iter().fold(false, |known, client| known | same(token(config, client, until), given))
}

/// Of all secrets, so that whoever knows but one of them makes no tokens. [`check`] sees that there are some.
fn key(config: &Config) -> Vec<u8> {
    let secrets: Vec<&str> = door::secrets(config).collect();
    hmac(Hash::Sha256, secrets.join(" ").as_bytes(), LABEL.as_bytes())
}
