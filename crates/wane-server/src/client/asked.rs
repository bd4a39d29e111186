//! What a client says when it asks for a token, and whose the token is.

use serde::Deserialize;
use serde_json::{Value, json};
use wane_core::time::Timestamp;

use super::identity::Identities;
use crate::config::Client;
use crate::http::extract::json_problem;
use crate::http::problem::{Kind, Problem};

/// The body of such a request.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TokenRequest {
    org_id: String,
    es_developer_name: String,
    #[serde(default)]
    platform: Option<String>,
    #[serde(default)]
    pub(super) device_id: Option<String>,
    #[serde(default)]
    authorization_type: Option<String>,
    #[serde(default)]
    customer_identity_token: Option<String>,
}

/// Whether the path asks for a signed-in customer's token, or a guest's.
pub(super) fn is_authenticated(kind: &str) -> Result<bool, Problem> {
    match kind {
        "unauthenticated" => Ok(false),
        "authenticated" => Ok(true),
        _ => Err(Problem::new(Kind::NoRoute, "a token is `authenticated` or `unauthenticated`")),
    }
}

/// The answer, with the id after which the client's stream begins.
pub(super) fn answer(token: &str, last: &str, device: Option<&str>, subject: &str) -> Value {
    let context = json!({
        "deviceId": device,
        "endUser": { "subject": subject, "appType": "messagingOnly", "role": "EndUser" },
    });
    json!({ "accessToken": token, "lastEventId": last, "context": context })
}

impl TokenRequest {
    pub(super) fn read(body: &[u8]) -> Result<Self, Problem> {
        serde_json::from_slice(body).map_err(|error| json_problem(&error))
    }

    /// The channel that the client's deployment is on.
    pub(super) fn channel(&self, client: &Client) -> Result<String, Problem> {
        if client.org_id.as_ref().is_some_and(|org| *org != self.org_id) || self.org_id.is_empty() {
            return Err(Problem::new(Kind::BadBody, "`orgId` is not this organisation's"));
        }
        if self.es_developer_name.is_empty() {
            return Err(Problem::new(Kind::BadBody, "`esDeveloperName` is empty"));
        }
        match client.deployments.get(&self.es_developer_name) {
            Some(channel) => Ok(channel.clone()),
            None if !client.deployments.is_empty() => {
                Err(Problem::new(Kind::BadBody, "`esDeveloperName` names no deployment that is configured"))
            }
            None if self.platform.as_deref() == Some("Mobile") => Ok("in-app".to_owned()),
            None => Ok("web".to_owned()),
        }
    }

    /// A new guest's; or the customer's whom the identity token names, which has to check: nobody becomes a guest instead.
    pub(super) fn subject(
        &self,
        authenticated: bool,
        identities: &Identities,
        now: Timestamp,
    ) -> Result<String, Problem> {
        if !authenticated {
            return Ok(format!("guest:{}", uuid::Uuid::new_v4()));
        }
        if self.authorization_type.as_deref() != Some("JWT") {
            return Err(Problem::new(Kind::BadBody, "`authorizationType` must be `JWT`"));
        }
        let token = self.customer_identity_token.as_deref().unwrap_or_default();
        let refused = || Problem::new(Kind::Unauthorized, "the customer's identity token does not check");
        identities.subject(token, now).map(|subject| format!("user:{subject}")).ok_or_else(refused)
    }
}
