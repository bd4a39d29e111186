//! A ruleset's parts as words of the rule language: timers, rows and what a lapse does, field by field.

use wane_core::action::{Action, Notice};
use wane_core::facts::{FactDef, FactSource, FactType, Name, Value};
use wane_core::participant::Role;
use wane_core::ruleset::{Row, Ruleset};
use wane_core::signal::{RoleMask, Selector, SignalRole};
use wane_core::time::{Period, Span};
use wane_core::timer::{After, Afterwards, Belongs, CatchUp, Fires, OnReload, Outage, Scope, TimerDef, TimerId};

/// The fields of a part that are set, by name.
pub(crate) type Fields = Vec<(&'static str, String)>;

/// A timer's fields.
pub(crate) fn timer(rules: &Ruleset, def: &TimerDef) -> Fields {
    let mut fields = vec![("title", def.title.to_string())];
    fields.push(("scope", if def.scope == Scope::Conversation { "conversation" } else { "session" }.to_owned()));
    fields.extend(belongs(rules, &def.belongs));
    for (name, selectors) in [("start_on", &def.start_on), ("restart_on", &def.restart_on), ("stop_on", &def.stop_on)] {
        fields.push((name, list(selectors.iter().map(|selector| self::selector(rules, *selector)))));
    }
    if let Some(selectors) = &def.choose_on {
        fields.push(("choose_on", list(selectors.iter().map(|selector| self::selector(rules, *selector)))));
    }
    fields.push(("on_lapse", list(def.on_lapse.iter().map(|action| self::action(rules, action)))));
    fields.push(("afterwards", list(def.afterwards.iter().map(|row| afterwards(rules, row)))));
    let warnings = def.warnings.iter().map(|warning| format!("{} before: {}", warning.before, notice(&warning.notice)));
    fields.push(("warn", list(warnings)));
    fields.extend(counting(rules, def));
    fields.retain(|(_, value)| !value.is_empty());
    fields
}

/// How a timer counts, where that is not as usual.
fn counting(rules: &Ruleset, def: &TimerDef) -> Fields {
    let calendar = def.calendar.and_then(|index| rules.calendars.get(usize::from(index)));
    let sweep = |sweep: wane_core::timer::Sweep| match sweep.offset {
        0 => sweep.every.to_string(),
        offset => format!("{} from {}", sweep.every, Span(offset)),
    };
    let named = |is: bool, word: &str| if is { word.to_owned() } else { String::new() };
    let catch_up = match def.catch_up {
        CatchUp::Last => "",
        CatchUp::All => "all",
        CatchUp::None => "none",
    };
    vec![
        ("calendar", calendar.map(|(name, _)| name.to_string()).unwrap_or_default()),
        ("pause_while", named(def.pauses_on_hold, "hold")),
        ("fires", named(def.fires == Fires::After, "after")),
        ("sweep", def.sweep.map(sweep).unwrap_or_default()),
        ("grace", def.grace.map(|grace| grace.to_string()).unwrap_or_default()),
        ("outage", named(def.outage == Outage::Extend, "extend")),
        ("on_reload", named(def.on_reload == OnReload::Recompute, "recompute")),
        ("catch_up", catch_up.to_owned()),
    ]
}

/// The fields of a fact that the rule files declare, or whose value they give; `None` for the others.
pub(crate) fn fact(def: &FactDef) -> Option<Fields> {
    let joined = |values: &[Name]| values.iter().map(|value| &**value).collect::<Vec<_>>().join(", ");
    if let FactSource::Constant(value) = &def.source {
        let value = match value {
            Value::Text(text) => text.to_string(),
            Value::Bool(flag) => flag.to_string(),
            Value::Int(number) => number.to_string(),
            Value::TextList(values) => joined(values),
        };
        return Some(if value.is_empty() { Vec::new() } else { vec![("value", value)] });
    }
    let declared = def.name.starts_with("customer.") || def.name.starts_with("attributes.");
    declared.then(|| {
        if let FactType::Text(Some(values)) = &def.ty {
            return vec![("one of", joined(values))];
        }
        vec![("type", def.ty.name().to_owned())]
    })
}

/// A rule row's fields.
pub(crate) fn row(rules: &Ruleset, row: &Row) -> Fields {
    let timer = rules.timer(row.timer).map(|timer| timer.name.to_string());
    let channel = |id: &wane_core::timer::ChannelId| rules.channel(*id).map(|channel| channel.name.to_string());
    let mut fields = vec![
        ("timer", timer.unwrap_or_default()),
        ("channels", list(row.channels.iter().flatten().filter_map(channel))),
        ("when", row.when.iter().map(|when| when.text().to_owned()).collect::<Vec<_>>().join(" && ")),
        ("after", after(rules, &row.after)),
        ("priority", if row.priority == 0 { String::new() } else { row.priority.to_string() }),
        ("default", if row.default { "true".to_owned() } else { String::new() }),
    ];
    fields.retain(|(_, value)| !value.is_empty());
    fields
}

/// The duration that a row gives.
pub(crate) fn after(rules: &Ruleset, after: &After) -> String {
    match after {
        After::Never => "never".to_owned(),
        After::For(period) => period.to_string(),
        After::Fact { fact, min, max } => {
            let name = rules.facts.get(*fact).map(|def| def.name.to_string()).unwrap_or_default();
            let range = |period: &Period, end: Period| (*period != end).then(|| period.to_string());
            let (min, max) = (range(min, Period::MAX).unwrap_or_default(), range(max, Period::MAX));
            format!("{name}, from {min}{}", max.map(|max| format!(" to {max}")).unwrap_or_default())
        }
    }
}

/// What a selector names.
pub(crate) fn selector(rules: &Ruleset, selector: Selector) -> String {
    let name = rules.signal_name(selector.kind);
    if selector.roles == RoleMask::ANY {
        return name.to_owned();
    }
    let roles = SignalRole::ALL.iter().filter(|role| selector.roles.fits(Some(**role)));
    list(roles.map(|role| format!("{name}:{}", role.name())))
}

/// What an action does, as it is written.
pub(crate) fn action(rules: &Ruleset, action: &Action) -> String {
    let timer = |id: TimerId| rules.timer(id).map(|timer| timer.name.to_string()).unwrap_or_default();
    match action {
        Action::EndSession => "end-session".to_owned(),
        Action::EndBotSession => "end-bot-session".to_owned(),
        Action::EndConversation => "end-conversation".to_owned(),
        Action::MarkInactive => "mark-inactive".to_owned(),
        Action::MarkActive => "mark-active".to_owned(),
        Action::Requeue => "requeue".to_owned(),
        Action::Remove(role) => format!("remove-{}", Role::name(*role)),
        Action::RefuseClient => "refuse-client".to_owned(),
        Action::Notify(notice) => self::notice(notice),
        Action::Emit { name, .. } => format!("emit {name}"),
        Action::Transfer(queue) => format!("transfer to {queue}"),
        Action::Start(id) => format!("start {}", timer(*id)),
        Action::Stop(id) => format!("stop {}", timer(*id)),
        Action::Tag(tag) => format!("tag {tag}"),
    }
}

fn notice(notice: &Notice) -> String {
    format!("notify {} of `{}`", notice.to.name(), notice.template)
}

fn afterwards(rules: &Ruleset, row: &Afterwards) -> String {
    let on = list(row.on.iter().map(|selector| self::selector(rules, *selector)));
    let place: Vec<String> =
        belongs(rules, &row.belongs).into_iter().map(|(name, value)| format!(", {name} {value}")).collect();
    let actions = list(row.actions.iter().map(|action| self::action(rules, action)));
    format!("(on {on}{}: {actions})", place.concat())
}

fn belongs(rules: &Ruleset, belongs: &Belongs) -> Fields {
    let channel = |id: &wane_core::timer::ChannelId| rules.channel(*id).map(|channel| channel.name.to_string());
    let mut fields = Fields::new();
    fields.extend(belongs.channels.as_ref().map(|ids| ("channels", list(ids.iter().filter_map(channel)))));
    fields.extend(
        belongs.handlers.as_ref().map(|set| ("handler", list(set.iter().map(|handler| handler.name().to_owned())))),
    );
    fields.extend(
        belongs.statuses.as_ref().map(|set| ("status", list(set.iter().map(|status| status.name().to_owned())))),
    );
    fields
}

fn list(items: impl IntoIterator<Item = String>) -> String {
    items.into_iter().collect::<Vec<_>>().join(", ")
}
