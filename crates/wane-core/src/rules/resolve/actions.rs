//! Actions: words and tables into what the engine does.

use super::Custom;
use super::declared::Declared;
use crate::action::{Action, Notice};
use crate::facts::Name;
use crate::participant::Role;
use crate::rules::check;
use crate::rules::finding::Findings;
use crate::rules::schema::action::Action as Raw;
use crate::rules::source::Sp;
use crate::signal::SignalKind;
use crate::timer::TimerId;

/// All actions of a list that mean something.
pub(crate) fn list(raw: &[Sp<Raw>], declared: &Declared<'_>, custom: &mut Custom, out: &mut Findings) -> Vec<Action> {
    raw.iter().filter_map(|action| one(action, declared, custom, out)).collect()
}

fn one(raw: &Sp<Raw>, declared: &Declared<'_>, custom: &mut Custom, out: &mut Findings) -> Option<Action> {
    match &raw.value {
        Raw::Word(word) => {
            let action = from_word(word);
            if action.is_none() {
                out.push(check::unknown_action::found(&raw.with(word.clone())));
            }
            action
        }
        Raw::Notify { template, to } => Some(Action::Notify(Notice { template: template.value.clone(), to: *to })),
        Raw::Emit(name) => emit(name, custom, out),
        Raw::Transfer(queue) => Some(Action::Transfer(queue.value.clone())),
        Raw::Start(name) => timer(name, declared, out).map(Action::Start),
        Raw::Stop(name) => timer(name, declared, out).map(Action::Stop),
        Raw::Tag(tag) => Some(Action::Tag(tag.value.clone())),
    }
}

fn from_word(word: &str) -> Option<Action> {
    Some(match word {
        "end-session" => Action::EndSession,
        "end-bot-session" => Action::EndBotSession,
        "end-conversation" => Action::EndConversation,
        "mark-inactive" => Action::MarkInactive,
        "mark-active" => Action::MarkActive,
        "requeue" => Action::Requeue,
        "remove-bot" => Action::Remove(Role::Bot),
        "remove-agent" => Action::Remove(Role::Agent),
        "remove-rep" => Action::Remove(Role::Rep),
        "refuse-client" => Action::RefuseClient,
        _ => return None,
    })
}

fn emit(name: &Sp<Name>, custom: &mut Custom, out: &mut Findings) -> Option<Action> {
    let Some(number) = custom.number(name) else {
        out.push(check::bad_name::own_event(name));
        return None;
    };
    Some(Action::Emit { name: name.value.clone(), kind: SignalKind::custom(number) })
}

/// The timer of that name; one that does not exist is reported.
pub(super) fn timer(name: &Sp<Name>, declared: &Declared<'_>, out: &mut Findings) -> Option<TimerId> {
    let found = declared.timer(name);
    if found.is_none() {
        out.push(check::unknown_timer::found(name, declared.timer_names()));
    }
    found.map(TimerId)
}
