//! From a notice to one text message through Apple's gateway.
//!
//! The body's and the header's `id` are the effect's own and stay over every retry, so that the phone shows it once. Notices
//! are automatic, and say so. The host packs the body, as `Content-Encoding` asks.

use serde_json::{Value, json};
use wane_plugin::{Effect, Refusal, Request};

use crate::Config;

const GATEWAY: &str = "https://mspgw.push.apple.com/v1/message";

/// The request, or why nothing is sent.
pub(crate) fn request(config: &Config, effect: &Effect) -> Result<Result<Request, &'static str>, Refusal> {
    if effect.more_text("type").is_some_and(|kind| kind != "notice.due") {
        return Ok(Err("not_a_notice"));
    }
    if is_closed(effect) {
        return Ok(Err("closed_by_customer"));
    }
    if effect.state_truth("opted_out") {
        return Ok(Err("opted_out"));
    }
    let Some(text) = effect.text.as_deref().filter(|text| !text.is_empty()) else { return Ok(Err("no_text")) };
    if effect.to.is_empty() {
        return Err(Refusal::Malformed("the effect has no `to`".to_owned()));
    }
    let (id, from) = (effect.uuid(), business(config, effect)?);
    // Both stand in headers.
    if [effect.to.as_str(), from].iter().any(|name| name.chars().any(char::is_control)) {
        return Err(Refusal::Malformed("`to` or `account` has control characters".to_owned()));
    }
    let body = json!({ "v": 1, "id": id, "type": "text", "sourceId": from, "destinationId": effect.to, "body": text });
    let request = Request::post(GATEWAY)
        .bearer("bearer")
        .header("Content-Encoding", "gzip")
        .header("id", &id)
        .header("source-id", from)
        .header("destination-id", &effect.to)
        .header("auto-reply", "true");
    Ok(Ok(request.json(&body)?))
}

/// A thread that the customer closed is closed until the customer writes again. Hosts tell that it is, or since when.
fn is_closed(effect: &Effect) -> bool {
    let wrote = effect.state_number("last_customer_message_ms");
    let since = |value: &Value| value.as_i64().is_some_and(|closed| wrote.is_none_or(|wrote| wrote <= closed));
    let names = ["closed", "closed_by_customer", "closed_ms", "closed_at_ms"];
    names.iter().filter_map(|name| effect.channel_state.get(*name)).any(|value| *value == true || since(value))
}

/// The business that the customer wrote to, otherwise the configured one.
fn business<'a>(config: &'a Config, effect: &'a Effect) -> Result<&'a str, Refusal> {
    let told = effect.more_text("account").filter(|account| !account.is_empty());
    let missing = || Refusal::Malformed("the effect has no `account` and the config no `business_id`".to_owned());
    told.or(config.business_id.as_deref()).ok_or_else(missing)
}
