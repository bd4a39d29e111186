//! How the in-app plugin is fuzzed: its config. Clients are known by their tokens, which the service checks.

use serde_json::json;

use crate::feed::Target;

/// The plugin.
pub(crate) type Plugin = wane_channel_in_app::InApp;

/// Its config.
pub(crate) fn targets() -> Vec<Target> {
    vec![Target { config: json!({ "push_url": "https://push.example/send" }), sign: |_| {} }]
}
