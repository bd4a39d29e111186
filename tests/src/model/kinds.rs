//! What sort of event one is: whose, whether a contact, whether activity.

use wane_core::event::{Event, EventKind};
use wane_core::participant::Role;
use wane_core::signal::{EventType, SignalRole};

/// Whether the event makes a conversation of nothing, or a session where none is open (L1, L7, L14).
pub(super) fn opens(event: &Event) -> bool {
    is(event, EventType::SessionStarted) || is_customer_activity(event)
}

pub(super) fn is(event: &Event, kind: EventType) -> bool {
    event.kind == EventKind::BuiltIn(kind)
}

pub(super) fn role(event: &Event) -> Option<Role> {
    match event.role? {
        SignalRole::Customer => Some(Role::Customer),
        SignalRole::Rep => Some(Role::Rep),
        SignalRole::Bot => Some(Role::Bot),
        SignalRole::Agent => Some(Role::Agent),
        SignalRole::Business | SignalRole::None | SignalRole::Everyone => None,
    }
}

pub(super) fn is_customer_activity(event: &Event) -> bool {
    let said = is(event, EventType::Message) || is(event, EventType::Postback);
    said && role(event) == Some(Role::Customer)
}

/// Section 1, "contact".
pub(super) fn is_contact(event: &Event) -> bool {
    let of_client = [EventType::ClientConnected, EventType::TokenIssued];
    let of_customer = [
        EventType::Message,
        EventType::Postback,
        EventType::Reaction,
        EventType::Edit,
        EventType::Unsend,
        EventType::Typing,
        EventType::Receipt,
    ];
    of_client.into_iter().any(|kind| is(event, kind))
        || (role(event) == Some(Role::Customer) && of_customer.into_iter().any(|kind| is(event, kind)))
}

/// The contacts that the stock rules hold against a lapsed token (group `client-contact`).
pub(super) fn uses_the_token(event: &Event) -> bool {
    let beside = [EventType::Reaction, EventType::Edit, EventType::Unsend];
    is_contact(event) && !beside.into_iter().any(|kind| is(event, kind))
}

/// What is about the conversation, and counts without an open session (L7).
pub(super) fn is_about_the_conversation(event: &Event) -> bool {
    [
        EventType::AttributesChanged,
        EventType::IdentityChanged,
        EventType::OptOut,
        EventType::OptIn,
        EventType::TokenRevoked,
    ]
    .into_iter()
    .any(|kind| is(event, kind))
}

pub(super) fn name_of(event: &Event) -> Option<String> {
    event.participant.as_deref().map(str::to_owned)
}
