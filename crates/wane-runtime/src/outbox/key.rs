//! The names of decisions and effects, the same over every retry, restart, node and replay.
//!
//! A decision's key is made of what it is about, not of where it was written: organisation, conversation, session, timer and
//! generation. A conversation that was forgotten counts sessions and generations from 1 again, so the deadline goes in as
//! well: it tells the two lives of one name apart.

use std::fmt::Write as _;
use std::hash::Hasher;

use sha2::{Digest, Sha256};
use siphasher::sip::SipHasher13;
use wane_core::effect::{Effect, TimerCause};
use wane_core::ruleset::Ruleset;

/// Whose decisions and effects are to be named.
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
    /// The key of a decision: that a timer of a session ran out. 32 hexadecimal digits.
    #[must_use]
    pub fn decision(&self, session: u32, cause: &TimerCause) -> String {
        let timer = self.rules.timer(cause.timer).map_or("", |timer| &*timer.name);
        let (generation, deadline) = (cause.generation.to_string(), cause.deadline.millis().to_string());
        digest(&["wane.decision.v1", self.org, self.conversation, &session.to_string(), timer, &generation, &deadline])
    }

    /// The key of the decision behind an effect; `None` for what an event meant by itself.
    #[must_use]
    pub fn of(&self, effect: &Effect) -> Option<String> {
        effect.cause.timer().map(|cause| self.decision(effect.session, cause))
    }

    /// The name of one effect in the outside world, where receivers know repeats by it: the key of its decision, or of
    /// its instant when there is none, and its number in the conversation.
    #[must_use]
    pub fn effect(&self, effect: &Effect) -> String {
        let key = self.of(effect).unwrap_or_else(|| {
            let (session, at) = (effect.session.to_string(), effect.at.millis().to_string());
            digest(&["wane.event.v1", self.org, self.conversation, &session, &at])
        });
        format!("{key}-{}", effect.number)
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

/// The first half of a SHA-256 over the parts, each with its length, so that no two lists of parts look alike.
fn digest(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().iter().take(16).fold(String::with_capacity(32), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::digest;

    #[test]
    fn digests_are_pinned_for_good() {
        // python3: hashlib.sha256(b"".join(len(p).to_bytes(8,"big")+p for p in (b"a",b"bc"))).hexdigest()[:32]
        assert_eq!(digest(&["a", "bc"]), "3fafa1cf2f19a7c1129beb20cf0983f7");
        assert_ne!(digest(&["ab", "c"]), digest(&["a", "bc"]));
    }
}
