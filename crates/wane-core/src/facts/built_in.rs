//! The facts that every ruleset has. Those of an organisation are declared under `[facts]`.

use super::{ClockFact, FactDef, FactId, FactType, Name, Value};
use crate::participant::{Handler, Role};
use crate::session::{Status, WaitingOn};

/// The facts that every ruleset has and the engine itself keeps; their [`FactId`]s are these positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum BuiltIn {
    /// `channel`
    Channel,
    /// `status`
    Status,
    /// `handler`
    Handler,
    /// `authenticated`
    Authenticated,
    /// `session.messages`
    Messages,
    /// `session.customer_messages`
    CustomerMessages,
    /// `session.age`
    SessionAge,
    /// `session.idle`
    SessionIdle,
    /// `participants.bot`
    HasBot,
    /// `participants.agent`
    HasAgent,
    /// `participants.rep`
    HasRep,
    /// `queue`
    Queue,
    /// `language`
    Language,
    /// `time.hour`
    Hour,
    /// `time.weekday`
    Weekday,
    /// `time.date`
    Date,
    /// `last_message_by`
    LastMessageBy,
    /// `waiting_on`
    WaitingOn,
    /// `org.permissions`
    Permissions,
    /// `org.status_based_capacity`
    StatusBasedCapacity,
}

impl BuiltIn {
    /// Its number in every table.
    #[must_use]
    pub const fn id(self) -> FactId {
        FactId(self as u16)
    }
}

/// The definitions of the [`BuiltIn`] facts, in their order, for a ruleset with these channels and permissions.
pub fn built_in<'a>(
    channels: impl IntoIterator<Item = &'a str>,
    permissions: &[Name],
    status_based_capacity: bool,
) -> Vec<FactDef> {
    let weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let writers = std::iter::once("nobody").chain(Role::ALL.map(Role::name));
    vec![
        FactDef::stored("channel", FactType::one_of(channels)),
        FactDef::stored("status", FactType::one_of(Status::ALL.map(Status::name))),
        FactDef::stored("handler", FactType::one_of(Handler::ALL.map(Handler::name))),
        FactDef::stored("authenticated", FactType::Bool),
        FactDef::stored("session.messages", FactType::Int),
        FactDef::stored("session.customer_messages", FactType::Int),
        FactDef::clock("session.age", FactType::Int, ClockFact::SessionAge),
        FactDef::clock("session.idle", FactType::Int, ClockFact::SessionIdle),
        FactDef::stored("participants.bot", FactType::Bool),
        FactDef::stored("participants.agent", FactType::Bool),
        FactDef::stored("participants.rep", FactType::Bool),
        FactDef::stored("queue", FactType::Text(None)),
        FactDef::stored("language", FactType::Text(None)),
        FactDef::clock("time.hour", FactType::Int, ClockFact::Hour),
        FactDef::clock("time.weekday", FactType::one_of(weekdays), ClockFact::Weekday),
        FactDef::clock("time.date", FactType::Date, ClockFact::Date),
        FactDef::stored("last_message_by", FactType::one_of(writers)),
        FactDef::stored("waiting_on", FactType::one_of(WaitingOn::ALL.map(WaitingOn::name))),
        FactDef::constant("org.permissions", FactType::TextList, Value::TextList(permissions.into())),
        FactDef::constant("org.status_based_capacity", FactType::Bool, Value::Bool(status_based_capacity)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definitions_stand_in_the_order_of_the_numbers() {
        let defs = built_in(["web"], &[], false);
        let named = |fact: BuiltIn| &*defs[usize::from(fact.id().0)].name;
        assert_eq!(named(BuiltIn::Channel), "channel");
        assert_eq!(named(BuiltIn::SessionIdle), "session.idle");
        assert_eq!(named(BuiltIn::Language), "language");
        assert_eq!(named(BuiltIn::WaitingOn), "waiting_on");
        assert_eq!(named(BuiltIn::StatusBasedCapacity), "org.status_based_capacity");
        assert_eq!(defs.len(), usize::from(BuiltIn::StatusBasedCapacity.id().0) + 1);
    }
}
