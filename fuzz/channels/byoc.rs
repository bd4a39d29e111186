//! How the byoc plugin is fuzzed: each request has the headers that the door asks for, unless it has others.

use serde_json::{Value, json};
use wane_plugin::testing::FakeInput;

use crate::feed::Target;

/// The plugin.
pub(crate) type Plugin = wane_channel_byoc::Byoc;

/// Its config.
pub(crate) fn targets() -> Vec<Target> {
    let partner: Value = serde_json::from_str(include_str!("../../tests/channels/partner.json")).unwrap_or_default();
    let config = json!({
        "org_id": "00D000000000123",
        "authorization_context": "shop",
        "channel_address_identifier": "chan-1",
        "access_token": "Ours7 theirs",
        "events_url": "https://partner.example/events",
        "oauth_clients": [partner["client"]],
    });
    vec![Target { config, sign }]
}

fn sign(input: &mut FakeInput) {
    for (name, value) in [
        ("authorization", "Bearer Ours7"),
        ("orgid", "00D000000000123"),
        ("authorizationcontext", "shop"),
        ("requestid", "r-1"),
        ("content-type", "application/json"),
    ] {
        if !input.headers.iter().any(|(known, _)| known == name) {
            input.headers.push((name.to_owned(), value.into()));
        }
    }
}
