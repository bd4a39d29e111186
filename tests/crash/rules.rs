//! Rules under which something falls due all the time, and others that mean the same to those who talk already.

use serde_json::{Value, json};

/// The channels, with the milliseconds after which `quiet` runs out.
pub(crate) const CHANNELS: [(&str, i64); 3] = [("web", 400), ("line", 1_100), ("sms", 2_500)];
/// After how many milliseconds `nudge` runs out, on every channel.
pub(crate) const NUDGE: i64 = 200;

const TIMERS: &str = "[timers.quiet]\nrestart_on = [\"message:customer\"]\non_lapse = [\"end-session\"]\n\
    [timers.nudge]\nrestart_on = [\"message:customer\"]\non_lapse = [{ notify = \"still-there\", to = \"customer\" }]\n";
const MORE: &str = "[timers.another]\nrestart_on = [\"message:rep\"]\non_lapse = []\n\
    [[rules]]\nid = \"another\"\ntimer = \"another\"\nafter = \"5m\"\n";

/// The text of the only file. Those of variant 1 have one timer more, before the others, and so other numbers for them.
pub(crate) fn text(variant: u64) -> String {
    let quiet = CHANNELS.map(|(channel, after)| {
        format!("[[rules]]\nid = \"quiet-{channel}\"\ntimer = \"quiet\"\nchannels = [\"{channel}\"]\nafter = \"{after}ms\"\n")
    });
    let nudge = format!("[[rules]]\nid = \"nudge\"\ntimer = \"nudge\"\nafter = \"{NUDGE}ms\"\n");
    let more = if variant == 0 { "" } else { MORE };
    format!("{more}{TIMERS}{}{nudge}", quiet.concat())
}

/// The body that puts them in force.
pub(crate) fn activation(variant: u64) -> Value {
    json!({"files": {"rules.toml": text(variant)}})
}
