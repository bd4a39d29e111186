//! How the messenger plugin is fuzzed: its config. Its signature is checked by the host.

use serde_json::json;

use crate::feed::Target;

/// The plugin.
pub(crate) type Plugin = wane_channel_messenger::Messenger;

/// Its config.
pub(crate) fn targets() -> Vec<Target> {
    vec![Target {
        config: json!({ "page_id": "88000111", "app_id": "5150", "verify_token": "knock twice & wait" }),
        sign: |_| {},
    }]
}
