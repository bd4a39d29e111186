//! What the lapse of a timer does, in the words of the rule files.

use serde_json::{Map, Value, json};
use wane_core::action::{Action, Notice};
use wane_core::participant::Role;
use wane_core::ruleset::Ruleset;
use wane_core::signal::{RoleMask, Selector, SignalRole};
use wane_core::timer::{Afterwards, TimerDef, TimerId};

/// Adds `on_lapse`, and `afterwards` and `warn` when there are such, as the timer's table has them.
pub(super) fn explain(rules: &Ruleset, def: &TimerDef, fields: &mut Map<String, Value>) {
    fields.insert("on_lapse".into(), actions(rules, &def.on_lapse));
    if !def.afterwards.is_empty() {
        fields.insert("afterwards".into(), def.afterwards.iter().map(|row| afterwards(rules, row)).collect());
    }
    if !def.warnings.is_empty() {
        let warn = |warning: &wane_core::timer::Warning| {
            let mut json = notice(&warning.notice);
            json.insert("before".into(), warning.before.to_string().into());
            Value::Object(json)
        };
        fields.insert("warn".into(), def.warnings.iter().map(warn).collect());
    }
}

fn actions(rules: &Ruleset, actions: &[Action]) -> Value {
    actions.iter().map(|action| self::action(rules, action)).collect()
}

fn action(rules: &Ruleset, action: &Action) -> Value {
    let timer = |id: TimerId| rules.timer(id).map_or("", |timer| &*timer.name);
    match action {
        Action::EndSession => "end-session".into(),
        Action::EndBotSession => "end-bot-session".into(),
        Action::EndConversation => "end-conversation".into(),
        Action::MarkInactive => "mark-inactive".into(),
        Action::MarkActive => "mark-active".into(),
        Action::Requeue => "requeue".into(),
        Action::Remove(role) => format!("remove-{}", Role::name(*role)).into(),
        Action::RefuseClient => "refuse-client".into(),
        Action::Notify(notice) => Value::Object(self::notice(notice)),
        Action::Emit { name, .. } => json!({ "emit": &**name }),
        Action::Transfer(queue) => json!({ "transfer": &**queue }),
        Action::Start(id) => json!({ "start": timer(*id) }),
        Action::Stop(id) => json!({ "stop": timer(*id) }),
        Action::Tag(tag) => json!({ "tag": &**tag }),
    }
}

fn notice(notice: &Notice) -> Map<String, Value> {
    let mut json = Map::new();
    json.insert("notify".into(), (&*notice.template).into());
    json.insert("to".into(), notice.to.name().into());
    json
}

fn afterwards(rules: &Ruleset, row: &Afterwards) -> Value {
    let mut json = Map::new();
    json.insert("on".into(), row.on.iter().flat_map(|selector| self::selector(rules, *selector)).collect());
    if let Some(channels) = &row.belongs.channels {
        let names = channels.iter().filter_map(|id| rules.channel(*id)).map(|channel| Value::from(&*channel.name));
        json.insert("channels".into(), names.collect());
    }
    if let Some(handlers) = &row.belongs.handlers {
        json.insert("handler".into(), handlers.iter().map(|handler| handler.name()).collect());
    }
    if let Some(statuses) = &row.belongs.statuses {
        json.insert("status".into(), statuses.iter().map(|status| status.name()).collect());
    }
    json.insert("do".into(), actions(rules, &row.actions));
    Value::Object(json)
}

/// A selector as it is written: one text for each role that it names.
fn selector(rules: &Ruleset, selector: Selector) -> Vec<String> {
    let name = rules.signal_name(selector.kind);
    if selector.roles == RoleMask::ANY {
        return vec![name.to_owned()];
    }
    let roles = SignalRole::ALL.iter().filter(|role| selector.roles.fits(Some(**role)));
    roles.map(|role| format!("{name}:{}", role.name())).collect()
}
