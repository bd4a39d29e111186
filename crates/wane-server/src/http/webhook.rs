//! `GET, POST /v1/channels/{channel}/webhook`: a provider's own webhook, through the channel's plugin. A provider that has
//! several paths, or other methods, has them below that one.
//!
//! Raw bytes and headers go to the plugin, on a thread where it may take its time. What it makes of them becomes events of
//! conversations `<channel>:<account>:<address>`, and the provider is answered when they are durable; a refusal stores
//! nothing. What was written in a message is dropped here: only that something was written goes on. A channel that
//! only has clients of the client API refuses webhooks.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::response::Response;
use axum::routing::get;
use wane_core::time::Timestamp;
use wane_plugin_host::call::{CallError, Input, InputKind, Reply, Translated};

use super::body;
use super::extract::Named;
use super::problem::{Kind, Problem};
use crate::app::App;
use crate::node::Answered;

mod events;
mod state;

pub use events::{Conversation, conversation};
pub use state::{ChannelState, channel_state};

/// When a provider is to come again, in seconds, where a plugin does not say.
const AGAIN: u32 = 30;

/// The route.
pub(super) const ROUTE: &str = "/v1/channels/{channel}/webhook";

/// The routes.
pub fn routes() -> Router<App> {
    let below = get(webhook).post(webhook).put(webhook).patch(webhook).delete(webhook);
    Router::new().route(ROUTE, get(webhook).post(webhook)).route(&format!("{ROUTE}/{{*path}}"), below)
}

/// A request as it came, to be moved to another thread.
struct Arrived {
    head: Parts,
    body: Bytes,
}

async fn webhook(State(app): State<App>, Named(channel): Named, request: Request) -> Result<Response, Problem> {
    let Some(plugin) = app.plugins.channel(&channel) else {
        return Err(Problem::not_found("no plugin speaks for this channel"));
    };
    let (head, body) = request.into_parts();
    let arrived = Arrived { head, body: body::whole(body).await? };
    // Plugins that check signatures themselves do so whatever the method is.
    let manifest = plugin.manifest();
    let signed = arrived.kind() == InputKind::Webhook || manifest.signature.is_none();
    let has_clients = manifest.has_clients();
    let (known, received) = (app.config.channels.get(&channel).and_then(|own| own.url.clone()), app.node.now());
    // Not worth a thread: whoever sends again and again to a plugin that rests takes nothing from others.
    if let Some(resting) = plugin.resting(received) {
        return Err(refusal(&app, &channel, resting));
    }
    let failing = Arc::clone(&plugin);
    let call = tokio::task::spawn_blocking(move || {
        arrived.translate(known.as_deref(), |input| plugin.translate(input), received)
    });
    let translated = match call.await {
        Ok(Ok(translated)) => {
            if let Some(refusal) = &translated.refusal {
                tracing::info!(channel, %refusal, "a webhook that the plugin refused, with an answer of its own");
            }
            translated
        }
        Ok(Err(CallError::Unsupported(_))) if has_clients => return Err(no_webhook()),
        Ok(Err(CallError::Unsupported(what))) => {
            tracing::info!(channel, what, "a webhook of a kind that the plugin does not know");
            Translated::default()
        }
        Ok(Err(error)) => {
            if let (CallError::Fault(_), Some(CallError::Quarantined(rest))) = (&error, failing.resting(received)) {
                tracing::error!(
                    channel,
                    rest,
                    "the plugin failed too often and is quarantined: its webhooks are not taken"
                );
            }
            return Err(refusal(&app, &channel, error));
        }
        Err(error) => return Err(Problem::internal(&error)),
    };
    if !signed && !translated.events.is_empty() {
        return Err(fault(&app, &channel, "events of a handshake, which nobody signed"));
    }
    take(&app, &channel, &translated, received).await?;
    answer(translated.reply.unwrap_or_default())
}

impl Arrived {
    fn kind(&self) -> InputKind {
        if self.head.method == Method::GET { InputKind::Handshake } else { InputKind::Webhook }
    }

    /// `known` is the address as the provider knows it, where that is configured.
    fn translate<T>(&self, known: Option<&str>, call: impl FnOnce(&Input<'_>) -> T, received: Timestamp) -> T {
        let headers: Vec<(&str, &[u8])> =
            self.head.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        call(&Input {
            kind: self.kind(),
            received_at: received,
            account: "",
            method: self.head.method.as_str(),
            path: known.unwrap_or(self.head.uri.path()),
            query: self.head.uri.query().unwrap_or_default(),
            headers: &headers,
            body: &self.body,
        })
    }
}

/// Applies the events, durably. Repeats and events that the engine refuses are answered like any other: to send them again
/// would change nothing.
async fn take(app: &App, channel: &str, translated: &Translated, received: Timestamp) -> Result<(), Problem> {
    let mut events = Vec::with_capacity(translated.events.len());
    for event in &translated.events {
        events.extend(events::event(channel, event).map_err(|what| fault(app, channel, &what))?);
    }
    if !events.is_empty() {
        let answers = app.node.submit(events).await?;
        super::events::count(app, &answers);
        let conflicts = answers.iter().filter(|answer| matches!(answer, Answered::Conflict(_))).count();
        if conflicts > 0 {
            tracing::warn!(channel, conflicts, "a provider used an id again for something else; the first counts");
        }
    }
    for event in &translated.events {
        app.channels.note(&events::name(channel, event), event, received);
    }
    Ok(())
}

fn answer(reply: Reply) -> Result<Response, Problem> {
    let mut response = Response::new(Body::from(reply.body));
    if reply.status != 0 {
        *response.status_mut() = StatusCode::from_u16(reply.status).map_err(|error| Problem::internal(&error))?;
    }
    for (name, value) in reply.headers {
        let name = HeaderName::try_from(name).map_err(|error| Problem::internal(&error))?;
        let value = HeaderValue::try_from(value).map_err(|error| Problem::internal(&error))?;
        response.headers_mut().append(name, value);
    }
    Ok(response)
}

/// To acknowledge what nobody will ever take would only mislead whoever set it up.
fn no_webhook() -> Problem {
    Problem::not_found("the channel has no provider with webhooks: its clients come themselves")
        .help("clients ask for a token, and speak, below `/iamessage/api/v2`")
}

fn refusal(app: &App, channel: &str, error: CallError) -> Problem {
    match error {
        CallError::BadSignature => Problem::new(Kind::BadSignature, "the signature does not fit the body"),
        CallError::Malformed(what) => Problem::new(Kind::BadBody, what),
        CallError::Unsupported(what) => Problem::new(Kind::BadBody, what),
        CallError::RetryLater(what) => Problem::new(Kind::Busy, what).retry_after(AGAIN),
        CallError::Fault(what) => fault(app, channel, &what),
        CallError::Quarantined(what) => {
            // It was told when that began.
            tracing::debug!(channel, what, "a webhook for a plugin that is quarantined");
            Problem::new(Kind::Busy, "the channel's plugin failed too often and rests").retry_after(AGAIN)
        }
    }
}

/// The plugin failed: nothing was applied, the provider sends it again.
fn fault(app: &App, channel: &str, what: &str) -> Problem {
    tracing::error!(channel, what, "a plugin failed; its webhook is not acknowledged");
    app.metrics.plugin_fault(channel);
    Problem::new(Kind::PluginFault, "the channel's plugin failed on this request")
}
