//! The cases of the channel, `tests/channels/whatsapp`.

use serde_json::json;
use wane_channel_whatsapp::WhatsApp;

#[cfg(test)]
#[path = "../../../tests/channels/cases.rs"]
mod cases;

#[test]
fn every_case_is_as_expected() {
    let config = json!({
        "phone_number_id": "77000111",
        "verify_token": "knock twice & wait",
        "templates": { "still-there": { "name": "are_you_there", "language": "de" } },
    });
    cases::check::<WhatsApp>("whatsapp", &config);
}
