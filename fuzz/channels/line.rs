//! How the line plugin is fuzzed: its config. Its signature is checked by the host.

use serde_json::json;

use crate::feed::Target;

/// The plugin.
pub(crate) type Plugin = wane_channel_line::Line;

/// Its config.
pub(crate) fn targets() -> Vec<Target> {
    vec![Target { config: json!({ "destination": "U0123456789abcdef0123456789abcdef" }), sign: |_| {} }]
}
