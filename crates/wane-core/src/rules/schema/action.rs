//! Actions: the words and inline tables of `on_lapse` and `do`.

use super::describe::{Key, Kind, Table};
use super::reader::{Item, Reader, text};
use crate::facts::Name;
use crate::rules::check;
use crate::rules::finding::Findings;
use crate::rules::source::Sp;
use crate::signal::SignalRole;

/// The actions that are one word.
pub(crate) const WORDS: &[&str] = &[
    "end-session",
    "end-bot-session",
    "end-conversation",
    "mark-inactive",
    "mark-active",
    "requeue",
    "remove-bot",
    "remove-agent",
    "remove-rep",
    "refuse-client",
];

/// Who can get a notice.
pub(crate) const TO: &[&str] = &["customer", "rep", "bot", "agent", "everyone"];

pub(super) const TO_ROLES: &[(&str, SignalRole)] = &[
    ("customer", SignalRole::Customer),
    ("rep", SignalRole::Rep),
    ("bot", SignalRole::Bot),
    ("agent", SignalRole::Agent),
    ("everyone", SignalRole::Everyone),
];

/// What an action can be.
pub(crate) static KIND: Kind = Kind::Either(&[Kind::Words(WORDS), Kind::Table(&ACTION)]);

/// Actions that say more than a word: exactly one of the keys, and `to` with `notify`.
pub(crate) static ACTION: Table = Table {
    name: "action",
    doc: "An action with something to act on: exactly one of `notify`, `emit`, `transfer`, `start`, `stop` and `tag`.",
    keys: &[
        Key::new("notify", &Kind::Text("a template's name"))
            .doc("Sends a notice (`notice.due`).")
            .example("\"closed\""),
        Key::new("to", &Kind::Words(TO))
            .default("`\"customer\"`")
            .doc("Who gets the notice; only with `notify`.")
            .example("\"customer\""),
        Key::new("emit", &Kind::Text("a name that begins with `x.`"))
            .doc("Emits an event of your own, which timers can listen to.")
            .example("\"x.gone-quiet\""),
        Key::new("transfer", &Kind::Text("a queue's name"))
            .doc("Asks for a transfer to a queue (`transfer.requested`).")
            .example("\"overflow\""),
        Key::new("start", &Kind::Text("a timer's name")).doc("Starts a timer again.").example("\"second-alert\""),
        Key::new("stop", &Kind::Text("a timer's name")).doc("Stops a timer.").example("\"alert\""),
        Key::new("tag", &Kind::Text("a tag")).doc("Tags the session (`session.tagged`).").example("\"timed-out\""),
    ],
};

/// An action as read.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    Word(Name),
    Notify { template: Sp<Name>, to: SignalRole },
    Emit(Sp<Name>),
    Transfer(Sp<Name>),
    Start(Sp<Name>),
    Stop(Sp<Name>),
    Tag(Sp<Name>),
}

pub(super) fn read(reader: &Reader<'_>, key: &str, out: &mut Findings) -> Vec<Sp<Action>> {
    let items = reader.list(key, out).map(|list| list.value).unwrap_or_default();
    items.into_iter().filter_map(|item| one(reader, key, &item, out)).collect()
}

fn one(reader: &Reader<'_>, key: &str, item: &Item<'_>, out: &mut Findings) -> Option<Sp<Action>> {
    if let Some(word) = text(item) {
        return Some(item.with(Action::Word(word)));
    }
    let Some(table) = item.as_table() else {
        reader.wrong_item(key, item, out);
        return None;
    };
    let said = ACTION.keys.iter().filter(|key| key.name != "to" && table.contains_key(key.name)).count();
    if said > 1 {
        out.push(check::several_actions::found(item.at));
    }
    let action = Reader::open(item.with(table), &ACTION, out);
    from_table(action, out).map(|action| item.with(action))
}

fn from_table(reader: Reader<'_>, out: &mut Findings) -> Option<Action> {
    let to = reader.word("to", TO_ROLES, out);
    let notify = reader.text("notify", out);
    if let (Some(to), None, false) = (&to, reader.item("notify"), reader.faulty) {
        out.push(check::several_actions::lone_to(to.at));
    }
    let to = to.map_or(SignalRole::Customer, |to| to.value);
    let found = [
        notify.map(|template| Action::Notify { template, to }),
        reader.text("emit", out).map(Action::Emit),
        reader.text("transfer", out).map(Action::Transfer),
        reader.text("start", out).map(Action::Start),
        reader.text("stop", out).map(Action::Stop),
        reader.text("tag", out).map(Action::Tag),
    ];
    let at = reader.at;
    let empty = reader.is_empty();
    reader.finish();
    if empty {
        out.push(check::several_actions::none(at));
    }
    found.into_iter().flatten().next()
}
