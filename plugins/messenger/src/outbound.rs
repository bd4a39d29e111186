//! From a notice to one request to the Send API, or the reason why there is none.
//!
//! Notices are written by nobody: the tag `HUMAN_AGENT`, which gives people 7 days for an answer, is never used for them.

use serde_json::json;
use wane_plugin::{Effect, Outcome, Sink};

use crate::{Config, graph};

/// The most characters of a text.
const LIMIT: usize = 2_000;

/// How long after the customer's last message, button or reaction everything may be sent.
const WINDOW_MS: i64 = 24 * 60 * 60 * 1_000;

/// The same for a conversation that began at an advertisement, from its first message.
const AD_WINDOW_MS: i64 = 7 * WINDOW_MS;

/// One request, or why nothing is sent.
///
/// A text that is too long is not sent in parts: the second part could fail after the customer read the first.
pub(crate) fn render(config: &Config, effect: &Effect, sink: &mut Sink<'_>) -> Outcome {
    let text = match effect.words() {
        _ if !effect.is_notice() => return sink.suppress("not_a_notice"),
        _ if effect.state_truth("opted_out") => return sink.suppress("opted_out"),
        _ if effect.state_truth("standby") => return sink.suppress("standby"),
        None => return sink.suppress("no_text"),
        Some(text) if text.chars().count() > LIMIT => return sink.suppress("text_too_long"),
        Some(text) => text,
    };
    let Some(messaging_type) = messaging_type(effect) else {
        return sink.suppress("standard_messaging_window_closed");
    };
    let body = json!({
        "recipient": { "id": effect.recipient()? },
        "messaging_type": messaging_type,
        "message": { "text": text },
    });
    let page = effect.account(config.page_id.as_deref(), "page_id")?;
    sink.request(&graph::message(&config.graph_version, page, "a page's id", &body)?)
}

/// As what it is sent; `None` when every window is closed. A customer of whom nothing is known never wrote.
fn messaging_type(effect: &Effect) -> Option<&'static str> {
    let wrote = ["last_customer_message_ms", "last_customer_action_ms"];
    if wrote.iter().any(|name| effect.is_within(name, WINDOW_MS)) {
        Some("RESPONSE")
    } else if effect.is_within("ad_entry_ms", AD_WINDOW_MS) {
        Some("UPDATE")
    } else {
        None
    }
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
