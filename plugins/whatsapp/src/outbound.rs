//! From a notice to one request to the Graph API, or the reason why there is none.

use serde_json::json;
use wane_plugin::{Effect, Outcome, Sink};

use crate::{Config, Template, graph};

/// The most characters of a text.
const LIMIT: usize = 4_096;

/// How long after the customer's last message or call free texts are taken (error 131047 afterwards).
const WINDOW_MS: i64 = 24 * 60 * 60 * 1_000;

/// One request, or why nothing is sent.
///
/// A text that is too long is not sent in parts: the second part could fail after the customer read the first.
pub(crate) fn render(config: &Config, effect: &Effect, sink: &mut Sink<'_>) -> Outcome {
    let (kind, content) = match (is_window_open(effect), effect.words(), template(config, effect)) {
        _ if !effect.is_notice() => return sink.suppress("not_a_notice"),
        _ if effect.state_truth("opted_out") => return sink.suppress("opted_out"),
        (true, None, _) => return sink.suppress("no_text"),
        (true, Some(text), _) if text.chars().count() > LIMIT => return sink.suppress("text_too_long"),
        (true, Some(text), _) => ("text", json!({ "preview_url": false, "body": text })),
        (false, _, Some(Template { name, language })) => {
            ("template", json!({ "name": name, "language": { "code": language } }))
        }
        (false, _, None) => return sink.suppress("customer_service_window_closed"),
    };
    let to = effect.recipient()?;
    let (field, recipient_type) = addressed(to);
    let body = json!({
        "messaging_product": "whatsapp",
        "recipient_type": recipient_type,
        field: to,
        "type": kind,
        kind: content,
    });
    let number = effect.account(config.phone_number_id.as_deref(), "phone_number_id")?;
    sink.request(&graph::message(&config.graph_version, number, "a phone number id", &body)?)
}

/// A customer of whom nothing is known never wrote: then the window is closed.
fn is_window_open(effect: &Effect) -> bool {
    ["last_customer_message_ms", "last_customer_action_ms"].iter().any(|name| effect.is_within(name, WINDOW_MS))
}

fn template<'c>(config: &'c Config, effect: &Effect) -> Option<&'c Template> {
    config.templates.get(effect.more_text("template")?)
}

/// In which field the customer stands, and as what: numbers are digits, ids of users without a number are `CC.…`, everything
/// else is a group.
fn addressed(to: &str) -> (&'static str, &'static str) {
    let is_number = to.strip_prefix('+').unwrap_or(to).bytes().all(|byte| byte.is_ascii_digit());
    match (is_number, is_user_id(to)) {
        (true, _) => ("to", "individual"),
        (false, true) => ("recipient", "individual"),
        (false, false) => ("to", "group"),
    }
}

fn is_user_id(to: &str) -> bool {
    let parts = to.split_once('.');
    parts.is_some_and(|(country, id)| {
        country.len() == 2
            && country.bytes().all(|byte| byte.is_ascii_uppercase())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.')
    })
}

#[cfg(test)]
mod tests {
    use wane_plugin::testing::{FakeHost, effect};

    use super::*;
    use crate::WhatsApp;

    fn rendered(text: &str) -> wane_plugin::testing::Rendered {
        let mut host = FakeHost::<WhatsApp>::new(json!({ "phone_number_id": "1" })).expect("a config that fits");
        let mut effect = effect("inactivity_warning", text, "49", 1_000);
        effect["channel_state"] = json!({ "last_customer_message_ms": 0 });
        host.render(effect).expect("an effect that fits")
    }

    #[test]
    fn a_text_has_at_most_4096_characters() {
        assert_eq!(rendered(&"ä".repeat(LIMIT)).requests.len(), 1);
        assert_eq!(rendered(&"ä".repeat(LIMIT + 1)).suppressed.as_deref(), Some("text_too_long"));
    }
}
