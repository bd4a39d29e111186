//! How the web plugin is fuzzed: its config. Clients are known by their tokens, which the service checks.

use serde_json::json;

use crate::feed::Target;

/// The plugin.
pub(crate) type Plugin = wane_channel_web::Web;

/// Its config.
pub(crate) fn targets() -> Vec<Target> {
    vec![Target { config: json!({}), sign: |_| {} }]
}
