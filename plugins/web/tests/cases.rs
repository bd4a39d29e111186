//! The cases of the channel, `tests/channels/web`.

use serde_json::json;
use wane_channel_web::Web;

#[cfg(test)]
#[path = "../../../tests/channels/cases.rs"]
mod cases;

#[test]
fn every_case_is_as_expected() {
    let config = json!({});
    cases::check::<Web>("web", &config);
}
