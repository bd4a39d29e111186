//! From a notice to one request: a reply where its token still counts, otherwise a push.
//!
//! A reply costs nothing of the month's quota, but can not be repeated safely; a push carries a key that is the same over
//! every retry of the effect, so that LINE sends it once.

use serde_json::json;
use wane_plugin::{Effect, Outcome, Request, Sink};

/// The most UTF-16 units of a text.
const LIMIT: usize = 5_000;

/// How long after its receipt a token counts.
const TOKEN_MS: i64 = 60_000;

/// What is left of that for the way to LINE: nearer to its end a token is not used.
const MARGIN_MS: i64 = 5_000;

/// How long after the event the token of a redelivery counts.
const REDELIVERED_MS: i64 = 20 * 60_000;

/// One request, or why nothing is sent.
pub(crate) fn render(effect: &Effect, sink: &mut Sink<'_>) -> Outcome {
    let text = match effect.words() {
        _ if !effect.is_notice() => return sink.suppress("not_a_notice"),
        _ if effect.state_truth("opted_out") => return sink.suppress("opted_out"),
        _ if effect.state_truth("standby") => return sink.suppress("standby"),
        None => return sink.suppress("no_text"),
        Some(text) if text.encode_utf16().count() > LIMIT => return sink.suppress("text_too_long"),
        Some(text) => text,
    };
    let messages = json!([{ "type": "text", "text": text }]);
    sink.request(&match reply_token(effect) {
        Some(token) => post("reply").json(&json!({ "replyToken": token, "messages": messages }))?,
        None => post("push")
            .header("X-Line-Retry-Key", effect.uuid())
            .json(&json!({ "to": effect.recipient()?, "messages": messages }))?,
    })
}

fn post(path: &str) -> Request {
    Request::post(format!("https://api.line.me/v2/bot/message/{path}")).bearer("token")
}

/// The token, if LINE still takes it: one use, a minute from its receipt; on a redelivery also twenty minutes from the event.
fn reply_token(effect: &Effect) -> Option<&str> {
    let token = effect.state_text("reply_token").filter(|_| !effect.state_truth("reply_token_used"))?;
    let since = |name| Some(effect.now_ms.saturating_sub(effect.state_number(name)?));
    let fresh = since("reply_token_received_ms")? <= TOKEN_MS - MARGIN_MS;
    let late = effect.state_truth("reply_token_redelivered")
        && since("reply_token_event_ms").is_none_or(|age| age > REDELIVERED_MS - MARGIN_MS);
    (fresh && !late).then_some(token)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use wane_plugin::testing::{FakeHost, Rendered, effect};

    use super::*;
    use crate::Line;

    fn rendered(effect: Value) -> Rendered {
        FakeHost::<Line>::new(json!({})).expect("a config that fits").render(effect).expect("an effect that fits")
    }

    fn with_text(text: &str) -> Rendered {
        rendered(effect("inactivity_warning", text, "U1", 1_000))
    }

    fn key(effect: Value) -> String {
        let said = rendered(effect);
        let mut headers = said.requests[0].headers.iter();
        headers.find(|(name, _)| name == "X-Line-Retry-Key").map(|(_, key)| key.clone()).expect("a push has a key")
    }

    #[test]
    fn a_text_has_at_most_5000_units() {
        assert_eq!(with_text(&"😀".repeat(LIMIT / 2)).requests.len(), 1);
        assert_eq!(with_text(&"😀".repeat(LIMIT / 2 + 1)).suppressed.as_deref(), Some("text_too_long"));
    }

    #[test]
    fn the_key_is_the_effects_own_and_stays() {
        let effect = |id: &str, now: i64| json!({ "id": id, "text": "?", "to": "U1", "now_ms": now });
        assert_eq!(key(effect("c/1-4", 1)), key(effect("c/1-4", 99_999)));
        assert_ne!(key(effect("c/1-4", 1)), key(effect("c/1-5", 1)));
        let nameless = |text: &str| key(json!({ "text": text, "to": "U1", "now_ms": 1 }));
        assert_ne!(nameless("a"), nameless("b"));
    }
}
