//! The tables of a rule file: one static description of every table and key ([`FILE`]), and readers that follow it.
//!
//! A reader knows one file and no other: what names mean is [`super::resolve`]'s matter. The description also drives the
//! list of known keys, `wane schema` and the reference in `docs/rules/`.

pub(crate) mod action;
pub(crate) mod calendar;
pub mod describe;
pub(crate) mod facts;
pub(crate) mod org;
mod reader;
pub(crate) mod rule;
pub(crate) mod timer;

use describe::{Key, Kind, Table};
use reader::{Item, Reader};
use toml::de::DeTable;

use super::check;
use super::finding::Findings;
use super::source::Sp;
use crate::facts::Name;
use crate::ruleset::Wake;

/// The top of a rule file.
pub static FILE: Table = Table {
    name: "rule file",
    doc: "A rule file is TOML in UTF-8. All `*.toml` files of a directory are read together, in byte order of their \
          paths; which table stands in which file matters only for order, and for `channel`.",
    keys: &[
        Key::new("channel", &Kind::Text("a channel's name"))
            .default("all channels")
            .doc("Every rule of this file is for this channel only.")
            .example("\"whatsapp\""),
        Key::new("groups", &Kind::Map("group names with their events", &Kind::List(&Kind::Selector)))
            .default("none")
            .doc("Names for sets of events; a group may hold others.")
            .example("{ customer-activity = [\"message:customer\", \"postback:customer\"] }"),
        Key::new("timers", &Kind::Map("timers by name", &Kind::Table(&timer::TIMER)))
            .default("none")
            .doc("The timers."),
        Key::new("rules", &Kind::List(&Kind::Table(&rule::RULE))).default("none").doc("The rules."),
        Key::new("org", &Kind::Table(&org::ORG)).doc("The organisation."),
        Key::new("channels", &Kind::Map("channels by name", &Kind::Table(&org::CHANNEL)))
            .default("the eleven that are built in")
            .doc("Channels that differ from the built-in ones, or are new."),
        Key::new("wake", &Kind::Table(&org::WAKE)).doc("What a customer's message makes of an inactive session."),
        Key::new("calendars", &Kind::Map("calendars by name", &Kind::Table(&calendar::CALENDAR)))
            .default("none")
            .doc("Business hours by name."),
        Key::new("facts", &Kind::Table(&facts::FACTS)).doc("What events may carry."),
    ],
};

/// A group as read.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) name: Sp<Name>,
    pub(crate) members: Vec<Sp<Name>>,
}

/// A rule file as read.
#[derive(Debug, Default)]
pub(crate) struct Document {
    pub(crate) channel: Option<Sp<Name>>,
    pub(crate) groups: Vec<Group>,
    pub(crate) timers: Vec<timer::Timer>,
    pub(crate) rules: Vec<rule::Rule>,
    pub(crate) org: org::Org,
    pub(crate) channels: Vec<org::Channel>,
    pub(crate) wake: Option<Sp<Wake>>,
    pub(crate) calendars: Vec<calendar::Calendar>,
    pub(crate) facts: Vec<facts::Fact>,
    /// What stands in parts of the file that could not be read for what they are: keys, and texts of lists of tables.
    pub(crate) astray: Vec<Name>,
}

/// Reads the table of a whole file.
pub(crate) fn read(table: Sp<&DeTable<'_>>, out: &mut Findings) -> Document {
    let before = out.count();
    let reader = Reader::open(table, &FILE, out);
    let named = |key, spec, out: &mut _| reader.named(key, spec, out);
    let channel = reader.text("channel", out);
    let no_channel = channel.is_none() && (out.count() > before) && reader.means("channel");
    let mut document = Document {
        channel,
        groups: groups(&reader, out),
        timers: named("timers", &timer::TIMER, out).into_iter().map(|(name, t)| timer::read(name, t, out)).collect(),
        rules: reader.tables("rules", &rule::RULE, out).into_iter().map(|rule| rule::read(rule, out)).collect(),
        org: reader.table("org", &org::ORG, out).map(|table| org::read(table, out)).unwrap_or_default(),
        channels: named("channels", &org::CHANNEL, out)
            .into_iter()
            .map(|(name, channel)| org::read_channel(name, channel, out))
            .collect(),
        wake: reader.table("wake", &org::WAKE, out).and_then(|wake| org::read_wake(wake, out)),
        calendars: named("calendars", &calendar::CALENDAR, out)
            .into_iter()
            .map(|(name, table)| calendar::read(name, table, out))
            .collect(),
        facts: reader.table("facts", &facts::FACTS, out).map(|table| facts::read(table, out)).unwrap_or_default(),
        astray: astray(&table),
    };
    // Rules that were meant for one channel are not judged as rules for all.
    document.rules.iter_mut().for_each(|rule| rule.faulty |= no_channel);
    reader.finish();
    document
}

/// The names in parts that are unknown, or tables where a list is wanted, or the other way round.
fn astray(file: &Sp<&DeTable<'_>>) -> Vec<Name> {
    let mut names = Vec::new();
    for (key, value) in file.value {
        let known = FILE.keys.iter().find(|known| known.name == key.get_ref());
        let wants_list = known.map(|known| matches!(known.kind, Kind::List(_)));
        if let Some(table) = value.get_ref().as_table().filter(|_| wants_list != Some(false)) {
            names.extend(table.keys().map(|key| Name::from(&**key.get_ref())));
        }
        if let Some(list) = value.get_ref().as_array().filter(|_| wants_list != Some(true)) {
            let tables = list.iter().filter_map(|item| item.get_ref().as_table());
            let texts = tables.flat_map(|table| table.values()).filter_map(|value| value.get_ref().as_str());
            names.extend(texts.map(Name::from));
        }
    }
    names
}

fn groups(reader: &Reader<'_>, out: &mut Findings) -> Vec<Group> {
    let entries = reader.entries("groups", out);
    entries.into_iter().map(|(name, item)| group(reader, name, &item, out)).collect()
}

fn group(reader: &Reader<'_>, name: Sp<Name>, item: &Item<'_>, out: &mut Findings) -> Group {
    check::bad_name::check_group(&name, out);
    let mut members = Vec::new();
    let Some(list) = item.as_array() else {
        reader.wrong_item("groups", item, out);
        return Group { name, members };
    };
    for value in list.iter() {
        let value = Sp::new(value.get_ref(), super::source::At::new(item.at.file, &value.span()));
        match reader::text(&value) {
            Some(text) => members.push(value.with(text)),
            None => out.push(check::wrong_type::found(&value, &name, &Kind::Selector)),
        }
    }
    if members.is_empty() {
        out.push(check::empty_value::list(item.at, &name, false));
    }
    Group { name, members }
}
