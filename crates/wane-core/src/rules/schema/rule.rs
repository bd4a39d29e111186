//! `[[rules]]`: how long a timer runs for whom.

use super::describe::{Key, Kind, Table};
use super::reader::{Reader, text};
use crate::facts::Name;
use crate::rules::finding::Findings;
use crate::rules::source::{At, Sp};
use crate::time::Period;

/// The keys of a rule.
pub(crate) static RULE: Table = Table {
    name: "[[rules]]",
    doc: "A rule says how long a timer runs, for whom. Of the rules that match, the highest `priority` wins, then one \
          for named channels, then one with a predicate, then one that is no `default`, then the one that comes first.",
    keys: &[
        Key::new("id", &Kind::Text("the rule's id"))
            .required()
            .doc("Names the rule in explanations and in every effect it causes. Unique among all files.")
            .example("\"vip-keeps-the-bot\""),
        Key::new("timer", &Kind::Text("a timer's name"))
            .required()
            .doc("The timer that gets its length from this rule.")
            .example("\"bot\""),
        Key::new("when", &Kind::Predicate)
            .default("always")
            .doc("The rule counts only when this holds: an expression over facts.")
            .example("'customer.tier == \"vip\" && session.messages > 20'"),
        Key::new("after", &Kind::Either(&[Kind::DurationOrNever, Kind::Table(&FROM_FACT)]))
            .required()
            .doc(
                "How long the timer runs; `\"never\"` keeps it from running; `{ fact = … }` takes the length from an \
                 attribute of type `duration`. At most ten years, and within the timer's `range`.",
            )
            .example("\"4h\""),
        Key::new("channel", &Kind::Text("a channel's name"))
            .default("all channels")
            .doc("The one channel the rule is for. A rule for named channels wins over one for all.")
            .example("\"whatsapp\""),
        Key::new("channels", &Kind::List(&Kind::Text("a channel's name")))
            .default("all channels")
            .doc("The same for several channels.")
            .example("[\"web\", \"in-app\"]"),
        Key::new("priority", &Kind::Number)
            .default("`0`")
            .doc("The rule with the higher number wins, whatever else they say.")
            .example("10"),
        Key::new("default", &Kind::Flag)
            .default("`false`")
            .doc(
                "Marks the rule as the stock one: it gives way to another that is otherwise equal, and needs no \
                 permission.",
            )
            .example("true"),
        Key::new("note", &Kind::Text("free text"))
            .doc("For whoever reads the file next.")
            .example("\"asked for by sales\""),
    ],
};

/// `after = { fact = "…" }`.
pub(crate) static FROM_FACT: Table = Table {
    name: "after = { fact }",
    doc: "A length that every conversation brings along as an attribute.",
    keys: &[Key::new("fact", &Kind::Text("a fact's name"))
        .required()
        .doc(
            "A fact of type `duration` declared under `[facts]`. While it is not set, or outside the timer's \
                 `range`, the rule does not match.",
        )
        .example("\"attributes.bot_timeout\"")],
};

/// A rule as read.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) at: At,
    /// Whether reading found a fault in its table: what it says may be less than was meant.
    pub(crate) faulty: bool,
    pub(crate) id: Option<Sp<Name>>,
    pub(crate) timer: Option<Sp<Name>>,
    pub(crate) when: Option<Sp<Name>>,
    pub(crate) after: Option<Sp<After>>,
    /// What `channel` or `channels` say; with its place.
    pub(crate) channels: Option<Sp<Vec<Sp<Name>>>>,
    pub(crate) priority: i64,
    pub(crate) default: bool,
}

/// A length as read.
#[derive(Clone, Debug)]
pub(crate) enum After {
    Never,
    For(Period),
    Fact(Sp<Name>),
}

pub(super) fn read(reader: Reader<'_>, out: &mut Findings) -> Rule {
    let before = out.count();
    let _note = reader.text("note", out);
    let mut rule = Rule {
        faulty: reader.faulty,
        at: reader.at,
        id: reader.text("id", out),
        timer: reader.text("timer", out),
        when: reader.text("when", out),
        after: after(&reader, out),
        channels: channels(&reader, out),
        priority: reader.number("priority", out).map_or(0, |number| number.value),
        default: default(&reader, out),
    };
    reader.finish();
    rule.faulty |= out.count() > before;
    rule
}

/// What can not be read counts as `true`: that asks for nothing else.
fn default(reader: &Reader<'_>, out: &mut Findings) -> bool {
    let flag = reader.flag("default", out);
    flag.map_or_else(|| reader.means("default"), |flag| flag.value)
}

fn channels(reader: &Reader<'_>, out: &mut Findings) -> Option<Sp<Vec<Sp<Name>>>> {
    let one = reader.text("channel", out);
    let several = reader.filled("channels", out);
    if let (Some(one), Some(several)) = (&one, &several) {
        out.push(crate::rules::check::channel_twice::both_keys(one.at, several.at));
    }
    several.or_else(|| one.map(|one| Sp::new(vec![one.clone()], one.at)))
}

fn after(reader: &Reader<'_>, out: &mut Findings) -> Option<Sp<After>> {
    let item = reader.item("after")?;
    if item.is_table() {
        return from_fact(reader, out).map(|after| item.with(after));
    }
    let Some(text) = text(&item) else {
        reader.wrong_type("after", &item, out);
        return None;
    };
    if &*text == "never" {
        return Some(item.with(After::Never));
    }
    reader.duration("after", out).map(|period| item.with(After::For(*period)))
}

fn from_fact(reader: &Reader<'_>, out: &mut Findings) -> Option<After> {
    let table = reader.table("after", &FROM_FACT, out)?;
    let fact = table.text("fact", out);
    table.finish();
    fact.map(After::Fact)
}
