//! What a channel needs to know to answer: the last reply token and its times, when the customer last wrote, and whether
//! the chat is ours. In memory only and bounded: what is forgotten costs a free reply at most, or is found in the session.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value};
use wane_core::time::Timestamp;
use wane_plugin_host::call::PluginEvent;

use crate::app::App;

/// How many conversations are remembered at least, the latest first; at most twice as many (ours: about 20 MB).
const REMEMBERED: usize = 50_000;

/// The ephemeral state of conversations on plugins' channels.
#[derive(Debug, Default)]
pub struct ChannelState {
    kept: Mutex<Kept>,
}

/// Two generations: when the young one is full, it becomes the old one, and the old one is forgotten.
#[derive(Debug, Default)]
struct Kept {
    young: BTreeMap<String, Entry>,
    old: BTreeMap<String, Entry>,
}

/// Debug shows none of it: tokens are private.
#[derive(Clone, Default)]
struct Entry {
    token: Option<Token>,
    last_customer_message_ms: Option<i64>,
    /// The last of all that opens the provider's window, such as a reaction.
    last_customer_action_ms: Option<i64>,
    /// When the customer came through an advertisement, which opens a longer one.
    ad_entry_ms: Option<i64>,
    standby: bool,
    /// The customer closed the chat and did not write since.
    closed: bool,
}

#[derive(Clone)]
struct Token {
    text: String,
    received_ms: i64,
    event_ms: Option<i64>,
    redelivered: bool,
    used: bool,
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Entry")
    }
}

impl ChannelState {
    /// A plugin gave this event of that conversation, and it is durable.
    pub(super) fn note(&self, conversation: &str, event: &PluginEvent, received: Timestamp) {
        let flag = |name: &str| event.more.get(name).and_then(Value::as_bool);
        let token = event.more.get("reply_token").and_then(Value::as_str);
        let wrote = event.role.as_deref() == Some("customer") && event.activity == Some(true);
        let (opened, by_ad) = (flag("opens_window") == Some(true), flag("ad_entry") == Some(true));
        let (standby, closed, ignored) = (flag("standby"), flag("closed"), event.event_type == "ignored");
        let tells = wrote || opened || by_ad || token.is_some() || closed.is_some();
        if standby.is_none() && (ignored || !tells) {
            return;
        }
        self.with(|kept| {
            let entry = kept.entry(conversation);
            entry.standby = standby.unwrap_or(false);
            if ignored {
                return;
            }
            entry.closed = closed.unwrap_or(entry.closed && !wrote);
            if let Some(text) = token {
                entry.token = Some(Token {
                    text: text.to_owned(),
                    received_ms: received.millis(),
                    event_ms: event.at_ms,
                    redelivered: flag("redelivered").unwrap_or(false),
                    used: entry.token.as_ref().is_some_and(|before| before.text == text && before.used),
                });
            }
            let at = event.at_ms.unwrap_or(received.millis()).min(received.millis());
            let later = |is: bool, before: Option<i64>| if is { before.max(Some(at)) } else { before };
            entry.last_customer_message_ms = later(wrote, entry.last_customer_message_ms);
            entry.last_customer_action_ms = later(opened, entry.last_customer_action_ms);
            entry.ad_entry_ms = later(by_ad, entry.ad_entry_ms);
        });
    }

    /// A request with the conversation's reply token left: LINE takes it once.
    pub fn reply_token_used(&self, conversation: &str) {
        self.with(|kept| {
            let entry = kept.young.get_mut(conversation).or(kept.old.get_mut(conversation));
            if let Some(token) = entry.and_then(|entry| entry.token.as_mut()) {
                token.used = true;
            }
        });
    }

    /// What is remembered of a conversation: the `channel_state` of an effect to be rendered. Empty when nothing is.
    #[must_use]
    pub fn of(&self, conversation: &str) -> Map<String, Value> {
        let entry = self.with(|kept| kept.young.get(conversation).or(kept.old.get(conversation)).cloned());
        entry.map(|entry| entry.json()).unwrap_or_default()
    }

    fn with<T>(&self, act: impl FnOnce(&mut Kept) -> T) -> T {
        // A panic while it was held leaves a map that is whole: each change is one entry.
        act(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Kept {
    fn entry(&mut self, conversation: &str) -> &mut Entry {
        if !self.young.contains_key(conversation) {
            if self.young.len() >= REMEMBERED {
                self.old = std::mem::take(&mut self.young);
            }
            let before = self.old.remove(conversation).unwrap_or_default();
            self.young.insert(conversation.to_owned(), before);
        }
        self.young.entry(conversation.to_owned()).or_default()
    }
}

impl Entry {
    fn json(&self) -> Map<String, Value> {
        let mut json = Map::new();
        for (name, at) in [
            ("last_customer_message_ms", self.last_customer_message_ms),
            ("last_customer_action_ms", self.last_customer_action_ms),
            ("ad_entry_ms", self.ad_entry_ms),
        ] {
            json.extend(at.map(|at| (name.to_owned(), at.into())));
        }
        if self.standby {
            json.insert("standby".to_owned(), true.into());
        }
        if self.closed {
            json.insert("closed".to_owned(), true.into());
        }
        if let Some(token) = &self.token {
            json.insert("reply_token".to_owned(), token.text.as_str().into());
            json.insert("reply_token_received_ms".to_owned(), token.received_ms.into());
            json.insert("reply_token_event_ms".to_owned(), token.event_ms.into());
            json.insert("reply_token_used".to_owned(), token.used.into());
            json.insert("reply_token_redelivered".to_owned(), token.redelivered.into());
        }
        json
    }
}

/// The `channel_state` of a conversation, for [`wane_plugin_host::Channel::render`]: what is remembered, whether the customer
/// opted out, and when the open session began. When the customer's last message is no longer in memory, as after a restart,
/// the session tells of it.
pub async fn channel_state(app: &App, conversation: &str) -> Value {
    let mut json = app.channels.of(conversation);
    let view = app.node.view(conversation).await.ok().flatten();
    if view.as_ref().is_some_and(|view| view.state.opted_out()) {
        json.insert("opted_out".to_owned(), true.into());
    }
    if let Some(session) = view.as_ref().and_then(|view| view.state.session()) {
        json.insert("session_start_ms".to_owned(), session.started().millis().into());
        if let (Some(last), false) = (session.customer_was(), json.contains_key("last_customer_message_ms")) {
            json.insert("last_customer_message_ms".to_owned(), last.millis().into());
        }
    }
    Value::Object(json)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(json: serde_json::Value) -> PluginEvent {
        serde_json::from_value(json).expect("the form of a plugin's event")
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis).expect("in range")
    }

    #[test]
    fn the_latest_token_counts_until_it_is_used() {
        let state = ChannelState::default();
        let said = json!({ "type": "message", "role": "customer", "address": "u", "activity": true, "at_ms": 900, "reply_token": "r1" });
        state.note("c", &event(said.clone()), at(1_000));
        state.reply_token_used("c");
        state.note("c", &event(said), at(2_000));
        let json = state.of("c");
        assert_eq!((&json["reply_token_used"], &json["reply_token_received_ms"]), (&json!(true), &json!(2_000)));
        assert_eq!(json["last_customer_message_ms"], 900);
        state.note(
            "c",
            &event(json!({ "type": "postback", "address": "u", "reply_token": "r2", "redelivered": true })),
            at(3_000),
        );
        let json = state.of("c");
        assert_eq!((&json["reply_token"], &json["reply_token_used"]), (&json!("r2"), &json!(false)));
        assert_eq!(json["reply_token_redelivered"], true);
        assert!(!format!("{state:?}").contains("r2"));
    }

    #[test]
    fn a_chat_is_closed_until_the_customer_writes() {
        let state = ChannelState::default();
        let close =
            json!({ "type": "session.closed", "role": "customer", "address": "u", "activity": false, "closed": true });
        let typing = json!({ "type": "typing", "role": "customer", "address": "u", "activity": false });
        let message = json!({ "type": "message", "role": "customer", "address": "u", "activity": true });
        for (json, closed) in [(close.clone(), true), (typing, true), (message, false), (close, true)] {
            state.note("c", &event(json.clone()), at(9));
            assert_eq!(state.of("c").contains_key("closed"), closed, "{json}");
        }
    }

    #[test]
    fn receipts_and_echoes_are_no_message_of_the_customer() {
        let state = ChannelState::default();
        for json in [
            json!({ "type": "receipt", "role": "customer", "kind": "read", "address": "u", "activity": false, "at_ms": 5 }),
            json!({ "type": "message", "role": "rep", "address": "u", "activity": false, "at_ms": 5 }),
        ] {
            state.note("c", &event(json), at(9));
        }
        assert!(state.of("c").is_empty());
    }

    #[test]
    fn what_opens_a_window_and_who_has_the_chat_are_remembered() {
        let state = ChannelState::default();
        state.note("c", &event(json!({ "type": "reaction", "address": "u", "at_ms": 5, "opens_window": true })), at(9));
        let by_ad = json!({ "type": "message", "role": "customer", "address": "u", "activity": true, "at_ms": 6, "ad_entry": true });
        state.note("c", &event(by_ad), at(9));
        state.note(
            "c",
            &event(json!({ "type": "ignored", "address": "u", "at_ms": 8, "standby": true, "ad_entry": true })),
            at(9),
        );
        let expected =
            json!({ "last_customer_message_ms": 6, "last_customer_action_ms": 5, "ad_entry_ms": 6, "standby": true });
        assert_eq!(Value::Object(state.of("c")), expected);
        state.note("c", &event(json!({ "type": "handover", "address": "u", "standby": false })), at(10));
        assert!(!state.of("c").contains_key("standby"));
    }

    #[test]
    fn it_is_bounded_and_the_latest_stay() {
        let state = ChannelState::default();
        let said = event(json!({ "type": "message", "role": "customer", "address": "u", "activity": true }));
        for number in 0..REMEMBERED * 3 {
            state.note(&number.to_string(), &said, at(1));
        }
        let kept = state.with(|kept| kept.young.len() + kept.old.len());
        assert!((REMEMBERED..=2 * REMEMBERED).contains(&kept), "{kept}");
        assert!(!state.of(&(REMEMBERED * 3 - 1).to_string()).is_empty());
        assert!(state.of("0").is_empty());
    }
}
