//! The name of a decision: the same over every retry, restart and replay, and no other decision's.

use sha2::{Digest, Sha256};

/// The key of a lapse, under which all that comes of it is delivered: 32 lower-case hexadecimal digits.
///
/// `session` is the session's number in its conversation, 0 when there was none; `generation` tells which start of a timer
/// in the conversation ran out. Names may hold anything.
///
/// The six texts `v1`, organisation, conversation, session, timer and generation, numbers in decimal, are each written as
/// their length in bytes, a colon, themselves and a comma, one after another; the key is the first 16 bytes of the SHA-256
/// of that. Anybody can work it out again:
///
/// ```sh
/// printf '2:v1,4:acme,2:c1,1:2,5:quiet,1:7,' | sha256sum | cut -c1-32
/// ```
///
/// ```
/// use wane_wire::decision_key;
/// assert_eq!(decision_key("acme", "c1", 2, "quiet", 7), "2863307f4bccbd5e513a0458e7f15273");
/// // Lengths keep apart what would run together.
/// assert_ne!(decision_key("a", "bc", 2, "quiet", 7), decision_key("ab", "c", 2, "quiet", 7));
/// ```
#[must_use]
pub fn decision_key(org: &str, conversation: &str, session: u32, timer: &str, generation: u32) -> String {
    let mut hash = Sha256::new();
    for part in ["v1", org, conversation, &session.to_string(), timer, &generation.to_string()] {
        hash.update(format!("{}:{part},", part.len()));
    }
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
