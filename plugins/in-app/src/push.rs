//! From a notice to a push, when nobody hears the stream.
//!
//! The host tells in `channel_state` whether a stream of the customer's is open (`stream_open`) and which device the app
//! named with its token (`device_id`). The gateway gets, as JSON by `POST`: `deviceId`, `conversationId`, `id` (the same over
//! every retry, also as `Idempotency-Key`), `template` and `text`. A text is shown on a locked screen: keep it harmless.

use serde_json::json;
use wane_plugin::{Effect, Outcome, Request, Sink};

use crate::Config;

/// One request, or why nothing is sent.
pub(crate) fn render(config: &Config, effect: &Effect, sink: &mut Sink<'_>) -> Outcome {
    if effect.state_truth("stream_open") {
        return sink.suppress("told_on_the_stream");
    }
    // The app hears of everything else when it comes back and resumes its stream.
    if !effect.is_notice() {
        return sink.suppress("not_a_notice");
    }
    let Some(text) = effect.words() else { return sink.suppress("no_text") };
    let Some(url) = config.push_url.as_deref() else { return sink.suppress("no_push_gateway") };
    let Some(device) = effect.state_text("device_id").filter(|device| !device.is_empty()) else {
        return sink.suppress("no_device");
    };
    let id = effect.uuid();
    let body = json!({
        "deviceId": device,
        "conversationId": effect.more_text("conversation"),
        "id": id,
        "template": effect.more_text("template"),
        "text": text,
    });
    let request = Request::post(url);
    let request = if config.push_token { request.bearer("push_token") } else { request };
    sink.request(&request.header("Idempotency-Key", id).json(&body)?)
}
