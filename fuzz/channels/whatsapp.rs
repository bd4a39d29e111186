//! How the whatsapp plugin is fuzzed: its config. Its signature is checked by the host.

use serde_json::json;

use crate::feed::Target;

/// The plugin.
pub(crate) type Plugin = wane_channel_whatsapp::WhatsApp;

/// Its config.
pub(crate) fn targets() -> Vec<Target> {
    vec![Target {
        config: json!({
            "phone_number_id": "77000111",
            "verify_token": "knock twice & wait",
            "templates": { "still-there": { "name": "are_you_there", "language": "de" } },
        }),
        sign: |_| {},
    }]
}
