//! From a notice to one request to the Send API, or the reason why there is none.
//!
//! Notices are written by nobody: the tag `HUMAN_AGENT`, which gives people 7 days for an answer, is never used for them.

use serde_json::json;
use wane_plugin::{Effect, Refusal, Request};

use crate::Config;

/// The most characters of a text.
const LIMIT: usize = 2_000;

/// How long after the customer's last message, button or reaction everything may be sent.
const WINDOW_MS: i64 = 24 * 60 * 60 * 1_000;

/// The same for a conversation that began at an advertisement, from its first message.
const AD_WINDOW_MS: i64 = 7 * WINDOW_MS;

/// The request, or why nothing is sent.
///
/// A text that is too long is not sent in parts: the second part could fail after the customer read the first.
pub(crate) fn request(config: &Config, effect: &Effect) -> Result<Result<Request, &'static str>, Refusal> {
    if effect.more_text("type").is_some_and(|kind| kind != "notice.due") {
        return Ok(Err("not_a_notice"));
    }
    if effect.state_truth("opted_out") {
        return Ok(Err("opted_out"));
    }
    if effect.state_truth("standby") {
        return Ok(Err("standby"));
    }
    let text = match effect.text.as_deref() {
        None | Some("") => return Ok(Err("no_text")),
        Some(text) if text.chars().count() > LIMIT => return Ok(Err("text_too_long")),
        Some(text) => text,
    };
    let Some(messaging_type) = messaging_type(effect) else {
        return Ok(Err("standard_messaging_window_closed"));
    };
    if effect.to.is_empty() {
        return Err(Refusal::Malformed("the effect has no `to`".to_owned()));
    }
    let body = json!({
        "recipient": { "id": effect.to },
        "messaging_type": messaging_type,
        "message": { "text": text },
    });
    let url = format!("https://graph.facebook.com/{}/{}/messages", config.graph_version, page(config, effect)?);
    Ok(Ok(Request::post(url).bearer("token").json(&body)?))
}

/// As what it is sent; `None` when every window is closed. A customer of whom nothing is known never wrote.
fn messaging_type(effect: &Effect) -> Option<&'static str> {
    let within = |name: &str, window: i64| {
        effect.state_number(name).is_some_and(|last| effect.now_ms.saturating_sub(last) <= window)
    };
    if within("last_customer_message_ms", WINDOW_MS) || within("last_customer_action_ms", WINDOW_MS) {
        Some("RESPONSE")
    } else if within("ad_entry_ms", AD_WINDOW_MS) {
        Some("UPDATE")
    } else {
        None
    }
}

/// The page that the customer wrote to, otherwise the configured one. It becomes a part of the address: digits only.
fn page<'a>(config: &'a Config, effect: &'a Effect) -> Result<&'a str, Refusal> {
    let told = effect.more_text("account").filter(|account| !account.is_empty());
    let page = told.or(config.page_id.as_deref()).unwrap_or_default();
    if page.is_empty() {
        return Err(Refusal::Malformed("the effect has no `account` and the config no `page_id`".to_owned()));
    }
    if !page.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refusal::Malformed("a page's id consists of digits".to_owned()));
    }
    Ok(page)
}

#[cfg(test)]
mod tests {
    use wane_plugin::testing::{FakeHost, Rendered, effect};

    use super::*;
    use crate::Messenger;

    fn rendered(text: &str) -> Rendered {
        let mut host = FakeHost::<Messenger>::new(json!({ "page_id": "1" })).expect("a config that fits");
        let mut effect = effect("inactivity_warning", text, "49", 1_000);
        effect["channel_state"] = json!({ "last_customer_message_ms": 0 });
        host.render(effect).expect("an effect that fits")
    }

    #[test]
    fn a_text_has_at_most_2000_characters() {
        assert_eq!(rendered(&"😀".repeat(LIMIT)).requests.len(), 1);
        assert_eq!(rendered(&"a".repeat(LIMIT + 1)).suppressed.as_deref(), Some("text_too_long"));
    }
}
