//! W0706: an action with no effect.

use super::Check;
use crate::diagnostic::Code;
use crate::participant::Handler;
use crate::rules::finding::{Finding, Findings};
use crate::rules::resolve::Model;
use crate::rules::resolve::Timer;
use crate::rules::schema::action::Action as Raw;
use crate::rules::source::Sp;
use crate::timer::{Belongs, Scope};

/// W0706.
pub(crate) static CHECK: Check =
    Check { code: Code("W0706"), name: "idle-action", summary: "an action with no effect" };

pub(crate) fn check(model: &Model<'_>, out: &mut Findings) {
    for timer in &model.timers {
        list(&timer.raw.on_lapse, &timer.def.belongs, model, out);
        for (raw, row) in timer.raw.afterwards.iter().zip(&timer.def.afterwards) {
            list(&raw.actions, &row.belongs, model, out);
        }
    }
}

fn list(actions: &[Sp<Raw>], belongs: &Belongs, model: &Model<'_>, out: &mut Findings) {
    let word = |action: &Sp<Raw>, wanted: &str| matches!(&action.value, Raw::Word(word) if &**word == wanted);
    let ending = actions.iter().position(|action| word(action, "end-session") || word(action, "end-conversation"));
    for (index, action) in actions.iter().enumerate() {
        let over = ending.filter(|end| *end < index).is_some();
        let why = if over { after_the_end(action, model) } else { not_there(action, belongs) };
        if let Some(why) = why.or_else(|| again(action, actions.get(..index).unwrap_or_default())) {
            out.push(found(action, why));
        }
    }
}

fn found(action: &Sp<Raw>, why: &str) -> Finding {
    Finding::new(&CHECK, "an action with no effect").at(action.at, why).help("remove it, or move it")
}

/// What an ended session takes no notice of. Explicit endings and removals repeat what ending does anyway, and are fine.
fn after_the_end(action: &Raw, model: &Model<'_>) -> Option<&'static str> {
    match action {
        Raw::Word(word) => {
            matches!(&**word, "mark-inactive" | "mark-active" | "requeue").then_some("the session has ended before")
        }
        Raw::Transfer(_) => Some("an ended session goes to no queue"),
        Raw::Start(name) | Raw::Stop(name) => timer_of(name, model)
            .is_some_and(|timer| timer.def.scope == Scope::Session)
            .then_some("the timer has ended with its session"),
        Raw::Notify { .. } | Raw::Emit(_) | Raw::Tag(_) => None,
    }
}

fn timer_of<'m, 'd>(name: &str, model: &'m Model<'d>) -> Option<&'m Timer<'d>> {
    model.timers.get(usize::from(model.declared.timer(name)?))
}

/// Who can not be present while one of these handles the session.
fn not_there(action: &Raw, belongs: &Belongs) -> Option<&'static str> {
    let Raw::Word(word) = action else { return None };
    let handlers = belongs.handlers.as_deref()?;
    let only = |weaker: &[Handler]| handlers.iter().all(|handler| weaker.contains(handler));
    match &**word {
        "remove-rep" => {
            only(&[Handler::None, Handler::Bot, Handler::Agent]).then_some("no rep is there: it would handle")
        }
        "remove-agent" => only(&[Handler::None, Handler::Bot]).then_some("no agent is there: it would handle"),
        "remove-bot" => only(&[Handler::None]).then_some("no bot is there: it would handle"),
        _ => None,
    }
}

fn again(action: &Raw, before: &[Sp<Raw>]) -> Option<&'static str> {
    /// There are not so many words that a longer list could keep from repeating one.
    const FAR: usize = 64;
    let Raw::Word(word) = action else { return None };
    let repeats = before.iter().take(FAR).any(|earlier| matches!(&earlier.value, Raw::Word(other) if other == word));
    repeats.then_some("the same stands before it")
}
