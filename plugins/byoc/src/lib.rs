//! Bring your own channel as a Wane plugin: the Interaction Service that partners know, with Wane in the place of its
//! provider. A partner posts what customers do, and is posted what happens to their sessions.
//!
//! The partner's base address is the channel's webhook, `…/v1/channels/byoc/webhook/api/v1`; below it are the paths of
//! [`inbound`]. [`door`] looks at the headers, [`body`] at multipart bodies, [`wrong`] has the provider's error codes, in
//! which the partner is answered. [`outbound`] makes the events that the partner would else get from a platform's bus.
//!
//! It is the longest channel, since here we are the provider: five paths instead of one webhook, each with its own body, checked
//! field by field for the answers that the partner's software knows ([`wrong`]); and what happens to sessions goes out too.
//!
//! Access tokens are opaque: the operator says which count, and [`grant`] gives them to partners that sign (the OAuth JWT bearer
//! flow).

use serde::Deserialize;
use wane_plugin::{Channel, Effect, Input, Outcome, Refusal, Sink, uuid_of};

mod body;
mod door;
mod grant;
mod inbound;
mod outbound;
mod payload;
mod wrong;

pub use grant::{Client, Jwk};

/// What the operator configures.
#[derive(Clone, Debug, Deserialize)]
pub struct Config {
    /// The organisation that requests must name; any, if not given.
    #[serde(default)]
    pub org_id: Option<String>,
    /// The context that requests must name; any, if not given.
    #[serde(default)]
    pub authorization_context: Option<String>,
    /// The channel's own address. Requests about another one are refused; without it any is taken.
    #[serde(default)]
    pub channel_address_identifier: Option<String>,
    /// The scope that a token must have, `interaction_api` by default.
    #[serde(default = "scope")]
    pub scope: String,
    /// Tokens that count, for trying things out. Otherwise they are the secret `access_token`.
    #[serde(default)]
    pub accepted_access_tokens: Vec<Accepted>,
    /// A secret: the token that counts; several stand with blanks between them. They have the scope.
    #[serde(default)]
    pub access_token: Option<Hidden>,
    /// Partners that may ask for tokens with assertions that they signed; none by default. They need a token that counts.
    #[serde(default)]
    pub oauth_clients: Vec<Client>,
    /// Whose the customers' consent is: the partner may set it only if it is the partner's, which is the default.
    #[serde(default)]
    pub consent_owner: Owner,
    /// Where events for the partner are posted. By default a connector on the same machine.
    #[serde(default = "events_url")]
    pub events_url: String,
}

/// A token that counts, and for what.
#[derive(Clone, Debug, Deserialize)]
pub struct Accepted {
    /// The token.
    pub token: Hidden,
    /// What it may be used for.
    pub scope: Vec<String>,
}

/// A text that is not shown.
#[derive(Clone, Deserialize)]
pub struct Hidden(String);

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hidden(…)")
    }
}

/// Whose the consent of customers is.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Owner {
    /// The partner's.
    #[default]
    Partner,
    /// The platform's.
    Platform,
}

fn scope() -> String {
    "interaction_api".to_owned()
}

fn events_url() -> String {
    "https://localhost/interaction-events".to_owned()
}

/// The codec.
#[derive(Debug)]
pub struct Byoc {
    config: Config,
}

impl Channel for Byoc {
    type Config = Config;

    fn create(config: Config) -> Result<Self, Refusal> {
        grant::check(&config)?;
        Ok(Self { config })
    }

    fn translate(&mut self, input: &Input<'_>, sink: &mut Sink<'_>) -> Outcome {
        if grant::is_asked(input) {
            return grant::answer(&self.config, input, sink);
        }
        // There is no handshake: whatever else comes is a request of the partner's, or none.
        match door::check(&self.config, input).and_then(|()| inbound::taken(&self.config, input)) {
            Ok(taken) => {
                taken.events.iter().try_for_each(|event| sink.event(event))?;
                sink.reply(taken.status, wrong::JSON, taken.answer.to_string().as_bytes())
            }
            Err(wrong) => wrong.told(sink),
        }
    }

    fn render(&mut self, effect: &Effect, sink: &mut Sink<'_>) -> Outcome {
        outbound::render(&self.config, effect, sink)
    }
}

/// The name that the partner knows the conversation of a customer by: the same whenever it is asked for.
fn conversation_identifier(channel_address: &str, customer: &str) -> String {
    uuid_of(&["interaction-service", channel_address, customer])
}

wane_plugin::export!(
    Byoc,
    manifest = r#"{
        "channel": "byoc",
        "about": "bring your own channel: a partner's requests in the Interaction Service's form, events back to the partner",
        "capabilities": { "receipts": true, "typing": true, "session_status": true },
        "config": {
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "scheme": { "const": "byoc-oauth-bearer" },
                "org_id": { "type": "string", "pattern": "^[0-9A-Za-z]{15,18}$" },
                "authorization_context": { "type": "string", "minLength": 1 },
                "channel_address_identifier": { "type": "string", "pattern": "^[^:]{1,240}$" },
                "scope": { "type": "string", "minLength": 1 },
                "consent_owner": { "enum": ["partner", "platform"] },
                "events_url": { "type": "string", "pattern": "^https?://[^ ]+$" },
                "oauth_clients": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "additionalProperties": false,
                        "required": ["consumer_key", "username", "audience", "jwk"],
                        "properties": {
                            "consumer_key": { "type": "string", "minLength": 1 },
                            "username": { "type": "string", "minLength": 1 },
                            "audience": { "type": "string", "minLength": 1 },
                            "jwk": {
                                "type": "object",
                                "additionalProperties": true,
                                "required": ["kty", "n", "e"],
                                "properties": { "kty": { "const": "RSA" }, "n": { "type": "string" }, "e": { "type": "string" } }
                            }
                        }
                    }
                },
                "accepted_access_tokens": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "additionalProperties": false,
                        "required": ["token", "scope"],
                        "properties": {
                            "token": { "type": "string", "minLength": 1 },
                            "scope": { "type": "array", "items": { "type": "string" } }
                        }
                    }
                }
            }
        },
        "secrets": [
            { "name": "access_token", "about": "what the partner shows; several with blanks between them", "to_plugin": true, "optional": true },
            { "name": "events_token", "about": "what the partner's receiver of events is shown" }
        ]
    }"#
);
