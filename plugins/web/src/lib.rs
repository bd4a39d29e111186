//! The web chat channel as a Wane plugin: what clients of the Messaging for In-App and Web API v2 send, as events.
//!
//! # A frame
//! The host gives each request of a client as it came: kind `ClientFrame`, method, path, query, body, headers. Tokens are
//! the host's business: it checks the bearer token before it calls, and issues tokens itself; the plugin sees neither keys
//! nor signatures.
//!
//! - The `address` of every event is `@subject`: it stands for the subject of the client's token, which only the host
//!   knows, and which the host puts in its place.
//! - `conversation` is the conversation's id, as the path or the body names it; a frame about no conversation in particular
//!   has none.
//! - A request for a token is `client.connected` of the kind `token`: it is a request. When the host has issued the token,
//!   `token.issued` is the host's to say.
//! - No event has an instant: a client's clock is not believed, the time of arrival counts.
//!
//! | frame | event |
//! |---|---|
//! | `POST …/authorization/{un,}authenticated/access-token` | `client.connected`, kind `token` |
//! | `GET …/authorization/continuation-access-token` | `client.connected`, kind `continuation` |
//! | `DELETE …/authorization/…/access-token` | `token.revoked` |
//! | `GET /eventrouter/v1/sse` | `client.connected`, kind `stream` |
//! | `POST …/conversation` | `session.started` |
//! | `POST …/conversation/{id}/message` | `message`, or `postback` for an answer to choices or a form |
//! | `POST …/conversation/{id}/file` | `message`, kind `media` |
//! | `POST …/conversation/{id}/entry` | `typing`, kind `started` or `stopped` |
//! | `POST …/conversation/{id}/acknowledge-entries` | `receipt`s, kind `delivered` or `read`, in their order |
//! | `DELETE …/conversation/{id}/session` | `session.closed`, kind `session` |
//! | `DELETE …/conversation/{id}` | `session.closed`, kind `conversation` |
//! | `GET …/conversation/list`, `…/{id}/entries` | nothing: reading is no contact |

use serde::Deserialize;
use wane_plugin::{Channel, Effect, Input, Kind, Outcome, Refusal, Sink};

mod frame;

/// What the operator configures is the host's: the plugin needs nothing of it.
#[derive(Clone, Debug, Deserialize)]
pub struct Config {}

/// The codec.
#[derive(Debug)]
pub struct Web;

impl Channel for Web {
    type Config = Config;

    fn create(_: Config) -> Result<Self, Refusal> {
        Ok(Self)
    }

    fn translate(&mut self, input: &Input<'_>, sink: &mut Sink<'_>) -> Outcome {
        if input.kind != Kind::ClientFrame {
            return Err(Refusal::Unsupported("web chat has clients, and no provider with webhooks".to_owned()));
        }
        sink.events(&frame::events(input)?)
    }

    /// Clients hear of everything on their stream; there is no provider to send to.
    fn render(&mut self, _: &Effect, sink: &mut Sink<'_>) -> Outcome {
        sink.suppress("told_on_the_stream")
    }
}

wane_plugin::export!(
    Web,
    manifest = concat!(
        r#"{
        "channel": "web",
        "about": "web chat: clients of the Messaging for In-App and Web API v2",
        "capabilities": { "receipts": true, "typing": true, "token": true },
        "config": {
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "#,
        frame::config!(),
        r#"
            }
        },
        "secrets": []
    }"#
    )
);
