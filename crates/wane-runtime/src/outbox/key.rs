//! The names under which effects go out, the same over every retry, restart, node and replay; and their lanes.

use std::hash::Hasher;

use siphasher::sip::SipHasher13;
use wane_core::effect::Effect;
use wane_core::ruleset::Ruleset;
use wane_wire::decision_key;

/// Whose effects are to be named.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The organisation.
    pub org: &'a str,
    /// The conversation.
    pub conversation: &'a str,
    /// The rules that decided.
    pub rules: &'a Ruleset,
}

impl Subject<'_> {
    /// The key of the decision behind an effect; `None` for what an event meant by itself.
    #[must_use]
    pub fn of(&self, effect: &Effect) -> Option<String> {
        let cause = effect.cause.timer()?;
        let timer = self.rules.timer(cause.timer).map_or("", |timer| &*timer.name);
        Some(decision_key(self.org, self.conversation, effect.session, timer, cause.generation))
    }

    /// The name of one effect in the outside world, where receivers know repeats by it: the key of its decision (without
    /// one, a key of its session), its number in the conversation, and its instant in milliseconds.
    ///
    /// The instant tells the lives of a conversation apart that was forgotten and began again, counting from 1 again.
    #[must_use]
    pub fn effect(&self, effect: &Effect) -> String {
        let key = self.of(effect);
        let key = key.unwrap_or_else(|| decision_key(self.org, self.conversation, effect.session, "", 0));
        format!("{key}-{}-{}", effect.number, effect.at.millis())
    }
}

/// The lane of a conversation's deliveries: they go out one after another. Two conversations that fall together only wait
/// for each other.
#[must_use]
pub fn lane(conversation: &str) -> u64 {
    let mut hasher = SipHasher13::new();
    hasher.write(conversation.as_bytes());
    hasher.finish()
}
