//! Names into what they name: documents in, a [`Model`] out. Nothing is judged here but whether a name means anything.

pub(crate) mod actions;
pub(crate) mod declared;
pub(crate) mod groups;
pub(crate) mod rules;
pub(crate) mod selectors;
pub(crate) mod timers;

use std::collections::{BTreeMap, BTreeSet};

use super::finding::Findings;
use super::schema::Document;
use super::schema::rule::Rule;
use super::source::{At, Sp};
use crate::facts::{FactTable, Name};
use crate::rules::predicate::Predicate;
use crate::timer::{After, ChannelId, RowId, TimerDef};
use declared::Declared;

/// All documents with their names resolved. What could not be resolved is left out: there is an error for it.
#[derive(Debug)]
pub(crate) struct Model<'d> {
    pub(crate) declared: Declared<'d>,
    pub(crate) timers: Vec<Timer<'d>>,
    pub(crate) rows: Vec<Row<'d>>,
    pub(crate) facts: FactTable,
    /// An organisation's own events.
    pub(crate) custom: Vec<Name>,
}

/// A timer: what was read, and what it means.
#[derive(Debug)]
pub(crate) struct Timer<'d> {
    pub(crate) raw: &'d super::schema::timer::Timer,
    pub(crate) def: TimerDef,
    /// Its own `when`, compiled.
    pub(crate) when: Option<Predicate>,
    /// Whether some of its events mean nothing.
    pub(crate) misheard: bool,
    /// The rows that give it a length.
    pub(crate) rows: Vec<usize>,
    /// Whether some rule names it, even one that is at fault.
    pub(crate) mentioned: bool,
}

/// A rule row: what was read, and what it means.
#[derive(Debug)]
pub(crate) struct Row<'d> {
    pub(crate) raw: &'d Rule,
    /// Its place among all rows.
    pub(crate) number: RowId,
    pub(crate) id: &'d Sp<Name>,
    /// The number of its timer.
    pub(crate) timer: usize,
    pub(crate) channels: Option<Vec<ChannelId>>,
    /// The `channel` of its file.
    file_channel: Option<&'d Sp<Name>>,
    pub(crate) after: After,
    /// The row's own predicate.
    pub(crate) when: Option<Predicate>,
    /// Whether nothing of it is at fault. What is not whole is still checked for itself, but no timer has it.
    whole: bool,
}

impl Row<'_> {
    /// Where the row gets that channel from: its own list, or the top of its file.
    pub(crate) fn channel_at(&self, name: &str) -> At {
        let own = self.raw.channels.as_ref();
        let named = own.and_then(|list| list.iter().find(|channel| &*channel.value == name)).map(|channel| channel.at);
        named.or(self.file_channel.map(|channel| channel.at)).unwrap_or(self.raw.at)
    }
}

/// Resolves all documents together.
pub(crate) fn resolve<'d>(documents: &'d [Document], context: &Context<'_>, out: &mut Findings) -> Model<'d> {
    let mut custom = Custom::default();
    let declared = Declared::collect(documents, out);
    let mut facts = declared.fact_table();
    let groups = groups::Groups::resolve(documents, &mut custom, out);
    let mut timers = timers::resolve(
        documents,
        &declared,
        &mut timers::Scope { groups: &groups, custom: &mut custom, context, facts: &mut facts },
        out,
    );
    let mut rows = rules::resolve(
        documents,
        &mut rules::Scope { declared: &declared, timers: &timers, facts: &mut facts, context },
        out,
    );
    let named: BTreeSet<&str> = mentioned(documents, &declared);
    for timer in &mut timers {
        timer.mentioned = named.contains(&*timer.def.name);
    }
    for ((index, row), number) in rows.iter_mut().enumerate().zip(0..) {
        row.number = RowId(number);
        if let Some(timer) = timers.get_mut(row.timer).filter(|_| row.whole) {
            timer.rows.push(index);
        }
    }
    Model { declared, timers, rows, facts, custom: custom.names }
}

/// The timers that rules name; a misspelt name counts for the one that was meant.
fn mentioned<'d>(documents: &'d [Document], declared: &'d Declared<'d>) -> BTreeSet<&'d str> {
    let rules = documents.iter().flat_map(|document| &document.rules);
    let names: BTreeSet<&str> = rules.filter_map(|rule| rule.timer.as_ref()).map(|name| &*name.value).collect();
    let meant = |name| match declared.timer(name) {
        Some(_) => Some(name),
        None => crate::diagnostic::did_you_mean(name, declared.timer_names()),
    };
    names.into_iter().filter_map(meant).collect()
}

/// What resolving needs to know about the texts.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    pub(crate) sources: &'a super::source::Sources<'a>,
}

/// The organisation's own event names, numbered as they are met.
#[derive(Debug, Default)]
pub(crate) struct Custom {
    names: Vec<Name>,
    numbers: BTreeMap<Name, u16>,
}

impl Custom {
    /// The number of a name, a new one if it is new; `None` when there are too many, or when no event can be called so.
    pub(crate) fn number(&mut self, name: &Name) -> Option<u16> {
        if let Some(number) = self.numbers.get(name) {
            return Some(*number);
        }
        let rest = name.strip_prefix("x.")?;
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if rest.is_empty() || !rest.chars().all(fits) || self.names.len() >= MOST_CUSTOM {
            return None;
        }
        let number = u16::try_from(self.names.len()).ok()?;
        self.names.push(name.clone());
        self.numbers.insert(name.clone(), number);
        Some(number)
    }
}

/// More own events than anybody has, and few enough for the numbers of signals.
const MOST_CUSTOM: usize = 50_000;
