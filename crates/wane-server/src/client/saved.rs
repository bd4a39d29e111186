//! What the relay remembers, in the snapshots of the node: a start reads the log only from there.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use wane_wire::record::Sequence;

use super::state::{State, Subject};
use crate::app::App;

/// The name in the snapshot.
const NAME: &str = "client";
/// The version of the form; of another one the log is read instead.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Saved {
    version: u32,
    /// The last block that is in it.
    through: u64,
    /// Conversation, subject, and whether the customer closed it; in the order in which they were bound.
    owners: Vec<(String, String, bool)>,
    revoked: Vec<String>,
    /// Subject and device.
    #[serde(default)]
    devices: Vec<(String, String)>,
}

/// Takes over what the last snapshot has, and has it written into the next ones; the log is kept from there on.
pub fn keep(app: &App, extras: &std::collections::BTreeMap<String, Vec<u8>>) {
    if let Some(bytes) = extras.get(NAME)
        && !restore(&mut app.relay.state(), bytes)
    {
        tracing::warn!("what the client API had saved can not be read; the log is read instead");
    }
    let (saver, reader) = (app.clone(), app.clone());
    app.node.snapshot_with(NAME, Arc::new(move || save(&mut saver.relay.state())));
    app.node.keep_for(Arc::new(move || Some(reader.relay.state().saved.next())));
}

fn save(state: &mut State) -> Vec<u8> {
    let owned = |conversation: &Arc<str>| {
        let owned = state.owners.get(conversation)?;
        Some((conversation.to_string(), owned.subject.to_string(), owned.closed))
    };
    let named = |(subject, held): (&Arc<str>, &Subject)| Some((subject.to_string(), held.device.as_ref()?.to_string()));
    let saved = Saved {
        version: VERSION,
        through: state.through.0,
        owners: state.order.iter().filter_map(owned).collect(),
        revoked: state.revoked.iter().map(ToString::to_string).collect(),
        devices: state.subjects.iter().filter_map(named).collect(),
    };
    state.saved = state.through;
    // Texts and numbers: there is nothing in it that JSON can not hold.
    serde_json::to_vec(&saved).unwrap_or_default()
}

fn restore(state: &mut State, bytes: &[u8]) -> bool {
    let Ok(saved) = serde_json::from_slice::<Saved>(bytes) else { return false };
    if saved.version != VERSION {
        return false;
    }
    for (conversation, subject, closed) in saved.owners {
        state.bind(&conversation, &subject);
        if closed {
            state.close(&conversation);
        }
    }
    for (subject, device) in saved.devices {
        if let Some(held) = state.subjects.get_mut(&*subject) {
            held.device = Some(device.into());
        }
    }
    saved.revoked.iter().for_each(|token| state.revoke(token));
    state.through = Sequence(saved.through);
    state.saved = state.through;
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn what_is_saved_comes_back() {
        let mut state = State::new(BTreeMap::new());
        state.bind("c1", "guest:1");
        state.bind("c2", "user:ann");
        state.close("c2");
        state.revoke("t1");
        state.note_device("c2", "phone-1");
        state.through = Sequence(7);
        let bytes = save(&mut state);
        assert_eq!(state.saved, Sequence(7));

        let mut back = State::new(BTreeMap::new());
        assert!(restore(&mut back, &bytes));
        assert_eq!((back.through, back.saved), (Sequence(7), Sequence(7)));
        assert_eq!(back.owner("c1").map(|owner| &**owner), Some("guest:1"));
        assert!(back.is_closed("c2") && !back.is_closed("c1"));
        assert!(back.is_revoked("t1"));
        let reach = |conversation| back.reach(conversation).and_then(|reach| reach.device);
        assert_eq!((reach("c1"), reach("c2").as_deref()), (None, Some("phone-1")));
        assert!(back.subjects.get("user:ann").is_some_and(|held| held.conversations.contains("c2")));
    }

    #[test]
    fn another_form_is_not_taken() {
        let mut state = State::new(BTreeMap::new());
        assert!(!restore(&mut state, b""));
        assert!(!restore(&mut state, br#"{"version":2,"through":7,"owners":[],"revoked":[]}"#));
        assert_eq!(state.through, Sequence(0));
    }
}
