//! `[facts]`: the names and types of what an organisation's own events carry.

use std::sync::Arc;

use super::describe::{Key, Kind, Table};
use super::reader::{Item, Reader, text};
use crate::facts::{FactType, Name};
use crate::rules::check;
use crate::rules::finding::Findings;
use crate::rules::source::{At, Sp};

/// The types a declared fact can have, besides a closed list of texts.
pub(crate) const TYPES: &[&str] = &["text", "bool", "int", "duration"];

const TYPE: Kind = Kind::Either(&[Kind::Words(TYPES), Kind::List(&Kind::Text("a value"))]);
const DECLARED: Kind = Kind::Map("names with their types", &TYPE);

/// `[facts]`.
pub(crate) static FACTS: Table = Table {
    name: "[facts]",
    doc: "What events may carry about a customer or a conversation, with types, so that predicates can be checked \
          before they run. An event that carries anything else is refused.",
    keys: &[
        Key::new("customer", &DECLARED)
            .default("none")
            .doc("Facts about the customer: `\"text\"`, `\"bool\"`, `\"int\"`, `\"duration\"`, or the list of all values.")
            .example("{ tier = [\"vip\", \"standard\"] }"),
        Key::new("attributes", &DECLARED)
            .default("none")
            .doc("Facts about the conversation, likewise.")
            .example("{ bot_timeout = \"duration\" }"),
    ],
};

/// A declared fact as read; the name with its `customer.` or `attributes.`.
#[derive(Debug)]
pub(crate) struct Fact {
    pub(crate) name: Sp<Name>,
    pub(crate) ty: FactType,
    /// Whether its type could not be read.
    pub(crate) vague: bool,
}

pub(super) fn read(reader: Reader<'_>, out: &mut Findings) -> Vec<Fact> {
    let mut facts = Vec::new();
    for group in ["customer", "attributes"] {
        for (name, item) in reader.entries(group, out) {
            check::bad_name::check_fact(&name, out);
            let full = name.with(Name::from(format!("{group}.{}", *name)));
            // A fact of a type that can not be read is a text: its name is known all the same.
            let before = out.count();
            let ty = read_type(&reader, group, &item, out).unwrap_or(FactType::Text(None));
            facts.push(Fact { name: full, ty, vague: out.count() > before });
        }
    }
    reader.finish();
    facts
}

fn read_type(reader: &Reader<'_>, group: &str, item: &Item<'_>, out: &mut Findings) -> Option<FactType> {
    if item.is_array() {
        return closed_list(item, out);
    }
    let Some(word) = text(item) else {
        reader.wrong_item(group, item, out);
        return None;
    };
    match &*word {
        "text" => Some(FactType::Text(None)),
        "bool" => Some(FactType::Bool),
        "int" => Some(FactType::Int),
        "duration" => Some(FactType::Duration),
        _ => {
            out.push(check::unknown_word::found(&item.with(word), "the type", TYPES.iter().copied()));
            None
        }
    }
}

fn closed_list(item: &Item<'_>, out: &mut Findings) -> Option<FactType> {
    let mut values: Vec<Name> = Vec::new();
    let list = item.as_array()?;
    for value in list.iter() {
        let value = Sp::new(value.get_ref(), At::new(item.at.file, &value.span()));
        match text(&value) {
            Some(text) => values.push(text),
            None => out.push(check::wrong_type::found(&value, "the type", &Kind::Text("a value"))),
        }
    }
    if list.is_empty() {
        out.push(check::empty_value::list(item.at, "the type", true));
    }
    Some(FactType::Text(Some(Arc::from(values))))
}
