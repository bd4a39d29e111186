//! The cases of the channel, `tests/channels/line`.

use serde_json::json;
use wane_channel_line::Line;

#[cfg(test)]
#[path = "../../../tests/channels/cases.rs"]
mod cases;

#[test]
fn every_case_is_as_expected() {
    let config = json!({ "destination": "U0123456789abcdef0123456789abcdef" });
    cases::check::<Line>("line", &config);
}
