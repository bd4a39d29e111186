//! Timers: everything they name, found.

use super::declared::Declared;
use super::groups::Groups;
use super::{Context, Custom, Timer, actions, selectors};
use crate::action::Notice;
use crate::facts::{FactTable, Name};
use crate::participant::Handler;
use crate::rules::check;
use crate::rules::compile;
use crate::rules::finding::Findings;
use crate::rules::schema::Document;
use crate::rules::schema::timer::{self as raw, Names};
use crate::rules::source::Sp;
use crate::session::Status;
use crate::signal::SignalRole;
use crate::timer::{Afterwards, Belongs, ChannelId, TimerDef, Warning};

/// What timers are resolved with.
#[derive(Debug)]
pub(crate) struct Scope<'s> {
    pub(crate) groups: &'s Groups,
    pub(crate) custom: &'s mut Custom,
    pub(crate) context: &'s Context<'s>,
    pub(crate) facts: &'s mut FactTable,
}

/// All timers, in the order of declaration.
pub(crate) fn resolve<'d>(
    documents: &'d [Document],
    declared: &Declared<'d>,
    scope: &mut Scope<'_>,
    out: &mut Findings,
) -> Vec<Timer<'d>> {
    let timers = declared.timers.iter().map(|timer| one(timer, declared, scope, out)).collect();
    for channel in documents.iter().flat_map(|document| &document.channels) {
        if let Some(window) = &channel.notice_window {
            actions::timer(window, declared, out);
        }
    }
    timers
}

fn one<'d>(timer: &'d raw::Timer, declared: &Declared<'d>, scope: &mut Scope<'_>, out: &mut Findings) -> Timer<'d> {
    let before = out.count();
    let mut pick = |names: &Names, out: &mut Findings| selectors::list(names, scope.groups, scope.custom, out);
    let start_on = pick(&timer.start_on, out);
    let restart_on = pick(&timer.restart_on, out);
    let stop_on = pick(&timer.stop_on, out);
    let choose_on = timer.choose_on.is_some().then(|| pick(&timer.choose_on, out));
    let misheard = out.count() > before;
    let title = timer.title.as_ref().unwrap_or(&timer.name);
    let def = TimerDef {
        name: timer.name.value.clone(),
        title: title.value.clone(),
        origin: scope.context.sources.origin(timer.name.at),
        scope: timer.scope.map(|scope| scope.value).unwrap_or_default(),
        belongs: belongs(&timer.belongs, declared, out),
        start_on,
        restart_on,
        stop_on,
        choose_on,
        on_lapse: actions::list(&timer.on_lapse, declared, scope.custom, out),
        afterwards: timer.afterwards.iter().map(|row| afterwards(row, declared, scope, out)).collect(),
        warnings: warnings(&timer.warn),
        catch_up: timer.catch_up.map(|word| word.value).unwrap_or_default(),
        calendar: calendar(timer.calendar.as_ref(), declared, out),
        pauses_on_hold: timer.pause_while.is_some(),
        fires: timer.fires.map(|word| word.value).unwrap_or_default(),
        sweep: timer.sweep.map(|sweep| sweep.value),
        grace: timer.grace.map(|grace| grace.value),
        outage: timer.outage.map(|word| word.value).unwrap_or_default(),
        on_reload: timer.on_reload.map(|word| word.value).unwrap_or_default(),
        reads: Default::default(),
    };
    let when = timer.when.as_ref().and_then(|when| compile::predicate(when, scope.context, scope.facts, out));
    Timer { raw: timer, def, when, misheard, rows: Vec::new(), mentioned: false }
}

fn afterwards(row: &raw::Afterwards, declared: &Declared<'_>, scope: &mut Scope<'_>, out: &mut Findings) -> Afterwards {
    Afterwards {
        on: selectors::list(&row.on, scope.groups, scope.custom, out),
        belongs: belongs(&row.belongs, declared, out),
        actions: actions::list(&row.actions, declared, scope.custom, out),
        origin: scope.context.sources.origin(row.at),
    }
}

fn belongs(raw: &raw::Belongs, declared: &Declared<'_>, out: &mut Findings) -> Belongs {
    let channels = raw.channels.as_ref().map(|list| channels(list, declared, out).into());
    let handlers = each(&raw.handlers, out, |word| {
        Handler::parse(word).ok_or_else(|| check::unknown_handler::found(word, Handler::ALL.iter().map(|h| h.name())))
    });
    let statuses = each(&raw.statuses, out, |word| {
        Status::parse(word).ok_or_else(|| check::unknown_status::found(word, Status::ALL.iter().map(|s| s.name())))
    });
    Belongs { channels, handlers: handlers.map(Into::into), statuses: statuses.map(Into::into) }
}

/// The channels of a list, sorted, each once; those that do not exist are reported.
pub(super) fn channels(list: &[Sp<Name>], declared: &Declared<'_>, out: &mut Findings) -> Vec<ChannelId> {
    let mut channels = Vec::with_capacity(list.len());
    for word in list {
        match declared.channel(word) {
            Some(channel) => channels.push(channel),
            None => out.push(check::unknown_channel::found(word, declared.channel_names())),
        }
    }
    channels.sort_unstable();
    channels.dedup();
    channels
}

type Parse<T> = fn(&Sp<Name>) -> Result<T, crate::rules::finding::Finding>;

fn each<T: Ord>(names: &Names, out: &mut Findings, parse: Parse<T>) -> Option<Vec<T>> {
    let list = names.as_ref()?;
    let mut found = Vec::with_capacity(list.len());
    for word in &list.value {
        match parse(word) {
            Ok(value) => found.push(value),
            Err(finding) => out.push(finding),
        }
    }
    found.sort_unstable();
    found.dedup();
    Some(found)
}

/// Longest lead first: the order in which they come.
fn warnings(raw: &[raw::Warn]) -> Vec<Warning> {
    let warning = |warn: &raw::Warn| {
        let to = warn.to.map_or(SignalRole::Customer, |to| to.value);
        let template = warn.notify.as_ref()?.value.clone();
        Some(Warning { before: warn.before.as_ref()?.value, notice: Notice { template, to } })
    };
    let mut warnings: Vec<Warning> = raw.iter().filter_map(warning).collect();
    warnings.sort_by_key(|warning| std::cmp::Reverse(warning.before));
    warnings
}

fn calendar(name: Option<&Sp<Name>>, declared: &Declared<'_>, out: &mut Findings) -> Option<u16> {
    let name = name?;
    let found = declared.calendar(name);
    if found.is_none() {
        let known = declared.calendars.iter().map(|(raw, _)| &*raw.name.value);
        out.push(check::unknown_calendar::found(name, known));
    }
    found
}
