//! E0602: timers whose lapses start each other without end.

use super::Check;
use crate::action::{Action, Notice};
use crate::diagnostic::Code;
use crate::rules::finding::{Finding, Findings};
use crate::rules::resolve::{Model, Timer};
use crate::signal::{EffectType, Signal, SignalKind};
use crate::timer::{After, Scope};
use std::collections::{BTreeSet, VecDeque};

/// E0602.
pub(crate) static CHECK: Check =
    Check { code: Code("E0602"), name: "reaction-loop", summary: "timers whose lapses start each other without end" };

/// What makes one lapse start a timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Cause {
    /// It always happens: a start, a notice, an event, a tag, a transfer.
    Always,
    /// It happens when the session was not inactive, not active, or not waiting before.
    Inactivated,
    Activated,
    Requeued,
}

/// Walks from every timer along "its lapse starts" until it comes back. Endings and removals are no steps: without an
/// event from outside they can happen only once.
pub(crate) fn check(model: &Model<'_>, out: &mut Findings) {
    let edges: Vec<Vec<(usize, Cause)>> = model.timers.iter().map(|timer| started_by(timer, model)).collect();
    let mut reported = BTreeSet::new();
    for (index, timer) in model.timers.iter().enumerate() {
        let Some(way) = way_back(index, &edges) else { continue };
        let fresh = way.iter().all(|step| !reported.contains(step));
        reported.extend(way.iter().copied());
        if fresh {
            out.push(found(timer, &way, model));
        }
    }
}

fn found(timer: &Timer<'_>, way: &[usize], model: &Model<'_>) -> Finding {
    let steps = || way.iter().filter_map(|index| model.timers.get(*index));
    let names: Vec<String> = steps().map(|step| format!("`{}`", step.def.name)).collect();
    let message =
        format!("the lapse of timer `{}` starts {}, without end", timer.def.name, names.join(", which starts "));
    let others = steps().filter(|step| step.def.name != timer.def.name);
    let finding = Finding::new(&CHECK, message).at(timer.raw.name.at, "");
    let finding = others.fold(finding, |finding, step| finding.at(step.raw.name.at, "is on the way round"));
    finding.help("let one of the starts need an event from outside, such as a message")
}

/// A way round from a timer to itself. One change of status alone is no way: the second time it changes nothing.
fn way_back(from: usize, edges: &[Vec<(usize, Cause)>]) -> Option<Vec<usize>> {
    let mut open = VecDeque::from([(from, BTreeSet::new(), Vec::new())]);
    let mut seen = BTreeSet::new();
    while let Some((at, causes, way)) = open.pop_front() {
        for (to, cause) in edges.get(at).into_iter().flatten() {
            let mut causes: BTreeSet<Cause> = causes.clone();
            causes.extend((*cause != Cause::Always).then_some(*cause));
            let mut way: Vec<usize> = way.clone();
            way.push(*to);
            if *to == from && causes.len() != 1 {
                return Some(way);
            }
            if seen.insert((*to, causes.clone())) {
                open.push_back((*to, causes, way));
            }
        }
    }
    None
}

/// The timers that a lapse of this one starts.
fn started_by(timer: &Timer<'_>, model: &Model<'_>) -> Vec<(usize, Cause)> {
    let actions = &timer.def.on_lapse;
    if actions.contains(&Action::EndConversation) {
        return Vec::new();
    }
    let ends = actions.contains(&Action::EndSession);
    let signals: Vec<(Signal, Cause)> = actions.iter().filter_map(signal).chain(warned(timer)).collect();
    let starts = |other: &Timer<'_>, number: usize| {
        let named = actions.iter().any(|action| matches!(action, Action::Start(id) if usize::from(id.0) == number));
        let listens = |signal| other.def.start_on.iter().chain(&other.def.restart_on).any(|on| on.fits(signal));
        let heard = signals.iter().find(|(signal, _)| listens(*signal)).map(|(_, cause)| *cause);
        if named { Some(Cause::Always) } else { heard }
    };
    let runs = |other: &Timer<'_>| !(ends && other.def.scope == Scope::Session) && has_length(other, model);
    let others = model.timers.iter().enumerate().filter(|(_, other)| runs(other));
    others.filter_map(|(number, other)| starts(other, number).map(|cause| (number, cause))).collect()
}

fn has_length(timer: &Timer<'_>, model: &Model<'_>) -> bool {
    timer.rows.iter().filter_map(|row| model.rows.get(*row)).any(|row| row.after != After::Never)
}

fn warned<'m>(timer: &'m Timer<'_>) -> impl Iterator<Item = (Signal, Cause)> + 'm {
    timer.def.warnings.iter().map(|warning| (notice(&warning.notice), Cause::Always))
}

const fn notice(notice: &Notice) -> Signal {
    Signal { kind: SignalKind::effect(EffectType::NoticeDue), role: Some(notice.to) }
}

const fn signal(action: &Action) -> Option<(Signal, Cause)> {
    let (effect, cause) = match action {
        Action::Notify(what) => return Some((notice(what), Cause::Always)),
        Action::Emit { kind, .. } => return Some((Signal { kind: *kind, role: None }, Cause::Always)),
        Action::Transfer(_) => (EffectType::TransferRequested, Cause::Always),
        Action::Tag(_) => (EffectType::SessionTagged, Cause::Always),
        Action::MarkInactive => (EffectType::SessionInactivated, Cause::Inactivated),
        Action::MarkActive => (EffectType::SessionActivated, Cause::Activated),
        Action::Requeue => (EffectType::SessionRequeued, Cause::Requeued),
        Action::EndSession
        | Action::EndBotSession
        | Action::EndConversation
        | Action::Remove(_)
        | Action::RefuseClient
        | Action::Start(_)
        | Action::Stop(_) => return None,
    };
    Some((Signal { kind: SignalKind::effect(effect), role: None }, cause))
}
