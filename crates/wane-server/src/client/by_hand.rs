//! A client's request for a token, answered without a daemon: what `wane plugin translate` prints of one.
//!
//! The same checks and the same answer as [`super::routes`] has. Only the token's length differs: without rules it is the
//! configured one.

use serde_json::{Map, Value};
use wane_core::time::Timestamp;

use super::asked::{TokenRequest, answer, is_authenticated};
use super::identity::Identities;
use super::token::{Claims, Tokens, device, usual};
use crate::config::Client;
use crate::http::problem::{Kind, Problem};

/// A token that was given out.
#[derive(Clone, Debug, PartialEq)]
pub struct Issued {
    /// What the client is answered.
    pub answer: Value,
    /// `authenticated` or `unauthenticated`.
    pub kind: &'static str,
    /// How long it counts, in seconds.
    pub lifetime_s: i64,
    /// Whom the identity token names; nobody for a guest.
    pub customer: Option<String>,
}

/// The answer to a request for a token; `None` when it asks for something else.
///
/// `config` has `org_id`, `es_developer_name`, `jwks` (the set itself), `issuer` and `token_ttl_s`, each if it is known.
///
/// # Errors
/// What the client would be told.
pub fn token(
    config: &Map<String, Value>,
    (method, path): (&str, &str),
    body: &[u8],
    now: Timestamp,
) -> Option<Result<Issued, Problem>> {
    let (_, rest) = path.split_once("/iamessage/api/v2/authorization/")?;
    let kind = rest.strip_suffix("/access-token").filter(|_| method == "POST")?;
    Some(issued(config, kind, body, now))
}

fn issued(config: &Map<String, Value>, kind: &str, body: &[u8], now: Timestamp) -> Result<Issued, Problem> {
    let text = |name: &str| config.get(name).and_then(Value::as_str).map(str::to_owned);
    let deployments = text("es_developer_name").map(|name| (name, "web".to_owned())).into_iter().collect();
    let client = Client { org_id: text("org_id"), issuer: text("issuer"), deployments, ..Client::default() };
    let identities = config.get("jwks").map(|set| Identities::of(set.to_string().as_bytes(), &client)).transpose();
    let identities = identities.map_err(|what| Problem::new(Kind::BadRequest, format!("`jwks`: {what}")))?;
    let request = TokenRequest::read(body)?;
    let authenticated = is_authenticated(kind)?;
    let channel = request.channel(&client)?;
    let given = device(request.device_id.as_deref())?.map(str::to_owned);
    let subject = request.subject(authenticated, &identities.unwrap_or_default(), now)?;
    let kind = if authenticated { "authenticated" } else { "unauthenticated" };
    let told = config.get("token_ttl_s").and_then(|lengths| lengths.get(kind)).and_then(Value::as_i64);
    let lifetime_s = told.unwrap_or(usual(authenticated) / 1_000);
    let second = now.millis() / 1_000;
    let claims = Claims {
        sub: subject,
        jti: uuid::Uuid::new_v4().to_string(),
        iat: second,
        iat_ms: now.millis(),
        exp: second.saturating_add(lifetime_s),
        channel,
        authenticated,
        device: given,
    };
    // A key of nobody: the token is to be looked at, and no daemon takes it.
    let key = [uuid::Uuid::new_v4(), uuid::Uuid::new_v4()].map(uuid::Uuid::into_bytes).concat();
    let token = Tokens::by(&key).issue(&claims).ok_or_else(|| Problem::internal(&"no token could be signed"))?;
    let device = claims.device.unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
    Ok(Issued {
        answer: answer(&token, "0", Some(&device), &claims.sub),
        kind,
        lifetime_s,
        customer: claims.sub.strip_prefix("user:").map(str::to_owned),
    })
}
