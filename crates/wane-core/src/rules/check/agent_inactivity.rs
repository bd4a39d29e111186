//! E0502: a rule or a timer that gives agents an inactivity timeout.

use super::Check;
use crate::action::Action;
use crate::diagnostic::Code;
use crate::participant::{Handler, Role};
use crate::rules::finding::{Finding, Findings};
use crate::rules::resolve::{Model, Row, Timer};
use crate::rules::source::At;
use crate::signal::{EventType, Selector, SignalKind};

/// E0502.
pub(crate) static CHECK: Check = Check {
    code: Code("E0502"),
    name: "agent-inactivity",
    summary: "a rule or a timer that gives agents an inactivity timeout",
};

/// What counts as somebody's doing something: the events by which an inactivity clock is told.
const ACTIVITY: [EventType; 7] = [
    EventType::Message,
    EventType::Postback,
    EventType::Reaction,
    EventType::Edit,
    EventType::Unsend,
    EventType::Typing,
    EventType::Receipt,
];

/// T10, as data: a clock that activity moves and whose lapse ends or parks the session is an inactivity clock. It must
/// not name `agent` among its handlers, and no rule of it may ask for the handler `agent`. An expiry (T8) is moved by no
/// activity and passes; so does a clock that names no handler, as long as no rule singles agents out.
pub(crate) fn check(model: &Model<'_>, out: &mut Findings) {
    if model.declared.agent_inactivity.is_some_and(|flag| flag.value) {
        return;
    }
    for (number, timer) in model.timers.iter().enumerate().filter(|(_, timer)| is_inactivity_clock(timer)) {
        if let Some(at) = names_agent(timer) {
            out.push(found(at, &timer.def.name));
        }
        if let Some(when) = timer.raw.when.as_ref().filter(|when| demands_agent(when)) {
            out.push(found(when.at, &timer.def.name));
        }
        for row in model.rows.iter().filter(|row| row.timer == number) {
            check_row(row, timer, out);
        }
    }
}

fn check_row(row: &Row<'_>, timer: &Timer<'_>, out: &mut Findings) {
    if let Some(when) = row.raw.when.as_ref().filter(|when| demands_agent(when)) {
        out.push(found(when.at, &timer.def.name));
    }
}

fn is_inactivity_clock(timer: &Timer<'_>) -> bool {
    let def = &timer.def;
    let moved = def.start_on.iter().chain(&def.restart_on).chain(&def.stop_on).any(is_activity);
    moved && def.on_lapse.iter().any(ends_or_parks)
}

fn is_activity(selector: &Selector) -> bool {
    ACTIVITY.iter().any(|event| selector.kind == SignalKind::event(*event))
}

const fn ends_or_parks(action: &Action) -> bool {
    matches!(action, Action::EndSession | Action::EndConversation | Action::MarkInactive | Action::Remove(Role::Agent))
}

fn names_agent(timer: &Timer<'_>) -> Option<At> {
    let names = timer.raw.belongs.handlers.as_ref()?;
    names.iter().find(|name| &*name.value == Handler::Agent.name()).map(|name| name.at)
}

/// Whether a predicate holds for agents only: `handler == "agent"` stands in it, alone or joined by `&&`.
fn demands_agent(when: &str) -> bool {
    let plain: String = when.chars().filter(|c| !c.is_whitespace()).collect();
    let alone = |part: &str| matches!(part, "handler==\"agent\"" | "\"agent\"==handler" | "handlerin[\"agent\"]");
    !plain.contains("||") && plain.split("&&").any(|part| alone(part.trim_matches(['(', ')'])))
}

fn found(at: At, timer: &str) -> Finding {
    Finding::new(&CHECK, "inactivity is not configurable for agents")
        .at(at, format!("makes `{timer}` an inactivity timeout of agents"))
        .help(
            "limit how long an agent may handle a session with a timer that no message restarts, as the stock timer \
             `agent` does; a system that has inactivity timeouts for agents says `agent_inactivity = true` under `[org]`",
        )
}

#[cfg(test)]
mod tests {
    use super::demands_agent;

    #[test]
    fn only_a_predicate_for_agents_alone_demands_one() {
        assert!(demands_agent(r#"handler == "agent""#));
        assert!(demands_agent(r#"(queue == "q1") && (handler == "agent")"#));
        assert!(!demands_agent(r#"handler == "agent" || handler == "rep""#));
        assert!(!demands_agent(r#"handler != "agent""#));
    }
}
