//! How the apple plugin is fuzzed: each request has a fresh token of the gateway's, for bodies are not signed.

use serde_json::json;
use wane_plugin::testing::FakeInput;
use wane_plugin::verify::{Hash, base64, hmac};

use crate::feed::Target;

/// The plugin.
pub(crate) type Plugin = wane_channel_apple::Apple;

/// Its config, with base64 of `a key of nobody`.
pub(crate) fn targets() -> Vec<Target> {
    let config = json!({ "msp_id": "msp-1", "msp_secret_base64": "YSBrZXkgb2Ygbm9ib2R5", "business_id": "biz-1" });
    vec![Target { config, sign }]
}

fn sign(input: &mut FakeInput) {
    let part = |bytes: &[u8]| base64(bytes).replace('+', "-").replace('/', "_").trim_end_matches('=').to_owned();
    let claims = json!({ "aud": "msp-1", "iat": input.received_at_ms / 1_000 });
    let signed = format!("{}.{}", part(br#"{"alg":"HS256","typ":"JWT"}"#), part(claims.to_string().as_bytes()));
    let token = format!("{signed}.{}", part(&hmac(Hash::Sha256, b"a key of nobody", signed.as_bytes())));
    input.headers.retain(|(name, _)| name != "authorization");
    input.headers.push(("authorization".to_owned(), format!("Bearer {token}").into_bytes()));
}
