//! To the customer, through the plugin of the channel: the plugin makes requests of an effect, the host puts the secrets in,
//! and they go out like any other.

use std::io::Write as _;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::Method;
use reqwest::header::{CONTENT_ENCODING, HeaderMap};
use serde_json::{Value, json};
use wane_core::effect::EffectBody;
use wane_core::facts::Name;
use wane_plugin_host::Channel;
use wane_plugin_host::call::{CallError, Rendered, Request};
use wane_runtime::outbox::Outcome;
use zeroize::Zeroizing;

use super::attempt::{Found, answered, unanswered};
use super::sender::{Answer, Outgoing, headers};
use super::target::Target;
use crate::app::App;
use crate::client::Behind;
use crate::http::webhook::{channel_state, conversation};

/// Delivers an effect to the provider of a channel.
pub(super) async fn deliver(app: &App, name: &str, found: &Found) -> Outcome {
    let Some(plugin) = app.plugins.channel(name) else {
        return failed("no plugin speaks for the channel now");
    };
    let effect = match described(app, found).await {
        Ok(effect) => effect,
        Err(outcome) => return outcome,
    };
    let reply_token = effect.pointer("/channel_state/reply_token").and_then(Value::as_str).map(str::to_owned);
    let requests = match render(&plugin, effect).await {
        Ok(requests) => requests,
        Err(outcome) => return outcome,
    };
    for request in requests {
        if reply_token.as_ref().is_some_and(|token| request.body.contains(token)) {
            // It is good for one request, whatever comes of that.
            app.channels.reply_token_used(&found.conversation);
        }
        let outcome = send(app, &plugin, &request).await;
        if outcome != Outcome::Delivered {
            return outcome;
        }
    }
    Outcome::Delivered
}

/// The effect as plugins read it.
async fn described(app: &App, found: &Found) -> Result<Value, Outcome> {
    let addressed = addressed(app, found).await.map_err(|behind| failed(&behind.to_string()))?;
    let Some(addressed) = addressed else {
        return Err(nothing("the conversation did not come through the plugin: there is no address to send to"));
    };
    let sent = found.sent(app);
    let mut effect = sent.value().map_err(|error| refused(&error.to_string()))?;
    let text = text(app, &found.effect.body).map_err(|why| refused(&why))?;
    let more = json!({
        "effect": found.effect.body.type_name(),
        "id": sent.id(),
        "text": text,
        "to": addressed.to,
        "account": addressed.account,
        "now_ms": app.clock.now().millis(),
        "channel_state": addressed.state,
    });
    if let (Value::Object(effect), Value::Object(more)) = (&mut effect, more) {
        effect.extend(more);
    }
    Ok(effect)
}

/// Who is to be told, and what the plugin needs to know for it.
struct Addressed {
    to: String,
    account: String,
    state: Value,
}

/// Conversations of webhooks have their address in their name; a client's is known by its token.
async fn addressed(app: &App, found: &Found) -> Result<Option<Addressed>, Behind> {
    let name = &*found.conversation;
    if let Some(parts) = conversation(name) {
        let (to, account) = (parts.address.to_owned(), parts.account.to_owned());
        return Ok(Some(Addressed { to, account, state: channel_state(app, name).await }));
    }
    // What came before the effect is known to the relay, also right after a start.
    let Some(reach) = app.relay.reach(name, found.block).await? else { return Ok(None) };
    let state = json!({ "stream_open": reach.stream_open, "device_id": reach.device.as_deref() });
    Ok(Some(Addressed { to: reach.subject.to_string(), account: String::new(), state }))
}

/// The text of a notice; other effects have none.
fn text<'a>(app: &'a App, body: &EffectBody) -> Result<Option<&'a str>, String> {
    let EffectBody::NoticeDue(notice) = body else { return Ok(None) };
    let text = app.config.delivery.templates.get(&*notice.template);
    text.map(|text| Some(text.as_str())).ok_or_else(|| {
        format!("there is no text for the template `{}`: it belongs into `[delivery.templates]`", notice.template)
    })
}

async fn render(plugin: &Arc<Channel>, effect: Value) -> Result<Vec<Request>, Outcome> {
    let plugin = Arc::clone(plugin);
    let rendered = tokio::task::spawn_blocking(move || plugin.render(&effect)).await;
    match rendered.unwrap_or_else(|_| Err(CallError::Fault("it ended".to_owned()))) {
        Ok(Rendered::Send(requests)) if requests.is_empty() => Err(nothing("the plugin has nothing to send")),
        Ok(Rendered::Send(requests)) => Ok(requests),
        Ok(Rendered::Suppress(why)) => Err(nothing(&why)),
        Err(error @ CallError::Unsupported(_)) => Err(nothing(&error.to_string())),
        Err(error @ (CallError::BadSignature | CallError::Malformed(_))) => Err(refused(&error.to_string())),
        Err(error @ (CallError::RetryLater(_) | CallError::Fault(_) | CallError::Quarantined(_))) => {
            Err(failed(&error.to_string()))
        }
    }
}

async fn send(app: &App, plugin: &Channel, request: &Request) -> Outcome {
    let outgoing = match outgoing(app, plugin, request) {
        Ok(outgoing) => outgoing,
        Err(why) => return refused(&why),
    };
    let is_keyed = ["idempotency-key", "x-line-retry-key"].iter().any(|name| outgoing.headers.contains_key(*name));
    match app.delivery.sender.send(outgoing, app.clock.wall()).await {
        Ok(answer) => judged(answer, is_keyed),
        Err(error) => unanswered(&error),
    }
}

fn outgoing(app: &App, plugin: &Channel, request: &Request) -> Result<Outgoing, String> {
    let filled = plugin.expand(request, app.clock.wall());
    let target = Target::parse(&filled.url, app.delivery.sender.reach()).map_err(|error| error.to_string())?;
    let method = Method::from_bytes(filled.method.as_bytes()).map_err(|_| "the plugin's request has no method")?;
    let headers = headers(filled.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())))?;
    let body = Zeroizing::new(filled.body.into_bytes());
    let body = if is_packed(&headers) { Zeroizing::new(gzip(&body).map_err(|error| error.to_string())?) } else { body };
    Ok(Outgoing { method, target, headers, body })
}

/// Plugins write text: what is to be packed on its way says so in its header, and is packed here.
fn is_packed(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_ENCODING).is_some_and(|encoding| encoding == "gzip")
}

fn gzip(body: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body)?;
    encoder.finish()
}

/// What a provider's status means: what it refuses once it refuses always, except that it may be busy. A request with a key
/// against repeats that is in conflict was taken before, and its answer lost.
fn judged(answer: Answer, is_keyed: bool) -> Outcome {
    let why = answered(answer.status);
    match answer.status {
        200..=299 => Outcome::Delivered,
        409 if is_keyed => Outcome::Delivered,
        401 | 403 | 408 | 425 | 429 | 500..=599 => Outcome::Failed { why, retry_after: answer.retry_after },
        _ => Outcome::Refused { why },
    }
}

fn failed(why: &str) -> Outcome {
    Outcome::Failed { why: Name::from(why), retry_after: None }
}

fn refused(why: &str) -> Outcome {
    Outcome::Refused { why: Name::from(why) }
}

fn nothing(why: &str) -> Outcome {
    Outcome::Nothing { why: Name::from(why) }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn providers_are_asked_again_only_when_that_may_help() {
        let judge = |status, keyed| judged(Answer { status, retry_after: None }, keyed);
        assert_eq!(judge(201, false), Outcome::Delivered);
        assert_eq!(judge(409, true), Outcome::Delivered);
        for status in [302, 400, 404, 409, 410] {
            assert!(matches!(judge(status, false), Outcome::Refused { .. }), "{status}");
        }
        for status in [401, 403, 408, 429, 500, 503] {
            assert!(matches!(judge(status, false), Outcome::Failed { .. }), "{status}");
        }
    }

    #[test]
    fn a_body_is_packed_when_its_header_says_so() {
        use std::io::Read as _;
        let named = |name: &'static str| HeaderMap::from_iter([(CONTENT_ENCODING, HeaderValue::from_static(name))]);
        assert!(is_packed(&named("gzip")) && !is_packed(&named("identity")) && !is_packed(&HeaderMap::new()));
        let packed = gzip(b"is anybody there?").expect("in memory");
        let mut text = String::new();
        flate2::read::GzDecoder::new(&*packed).read_to_string(&mut text).expect("gzip");
        assert_eq!(text, "is anybody there?");
    }
}
