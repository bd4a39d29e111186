//! Effects as JSON Lines, as they happen.

use std::io::{self, Write};

use serde::Serialize;
use wane_wire::effect::{Context, EffectJson};

use super::play::Moment;
use crate::out::Out;
use crate::trouble::Trouble;

/// Shows the effects of a moment.
///
/// # Errors
/// When the output is gone.
pub(super) fn show(moment: &Moment<'_>, ruleset: &str, out: &mut Out) -> io::Result<()> {
    let (conversation, channel) = (&*moment.talk.name, &*moment.talk.channel);
    let context = Context { conversation, channel, rules: moment.rules, ruleset };
    for effect in moment.effects {
        serde_json::to_writer(&mut *out, &EffectJson::new(effect, context))?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

#[derive(Serialize)]
struct NotWhole<'a> {
    incomplete: bool,
    error: &'a str,
}

/// Says, where a program reads, that what it read is not the whole.
///
/// # Errors
/// When the output is gone.
pub(super) fn not_whole(trouble: &Trouble, out: &mut Out) -> io::Result<()> {
    serde_json::to_writer(&mut *out, &NotWhole { incomplete: true, error: &trouble.to_string() })?;
    out.write_all(b"\n")
}
