//! From a notice to one text message through Apple's gateway.
//!
//! The body's and the header's `id` are the effect's own and stay over every retry, so that the phone shows it once. Notices
//! are automatic, and say so. The host packs the body, as `Content-Encoding` asks.

use serde_json::{Value, json};
use wane_plugin::{Effect, Outcome, Refusal, Request, Sink};

use crate::Config;

const GATEWAY: &str = "https://mspgw.push.apple.com/v1/message";

/// One request, or why nothing is sent.
pub(crate) fn render(config: &Config, effect: &Effect, sink: &mut Sink<'_>) -> Outcome {
    let text = match effect.words() {
        _ if !effect.is_notice() => return sink.suppress("not_a_notice"),
        _ if is_closed(effect) => return sink.suppress("closed_by_customer"),
        _ if effect.state_truth("opted_out") => return sink.suppress("opted_out"),
        None => return sink.suppress("no_text"),
        Some(text) => text,
    };
    let (to, id) = (effect.recipient()?, effect.uuid());
    let from = effect.account(config.business_id.as_deref(), "business_id")?;
    // Both stand in headers.
    if [to, from].iter().any(|name| name.chars().any(char::is_control)) {
        return Err(Refusal::Malformed("`to` or `account` has control characters".to_owned()));
    }
    let body = json!({ "v": 1, "id": id, "type": "text", "sourceId": from, "destinationId": to, "body": text });
    let request = Request::post(GATEWAY)
        .bearer("bearer")
        .header("Content-Encoding", "gzip")
        .header("id", &id)
        .header("source-id", from)
        .header("destination-id", to)
        .header("auto-reply", "true");
    sink.request(&request.json(&body)?)
}

/// A thread that the customer closed is closed until the customer writes again. Hosts tell that it is, or since when.
fn is_closed(effect: &Effect) -> bool {
    let wrote = effect.state_number("last_customer_message_ms");
    let since = |value: &Value| value.as_i64().is_some_and(|closed| wrote.is_none_or(|wrote| wrote <= closed));
    let names = ["closed", "closed_by_customer", "closed_ms", "closed_at_ms"];
    names.iter().filter_map(|name| effect.channel_state.get(*name)).any(|value| *value == true || since(value))
}
