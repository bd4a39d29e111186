//! From a webhook's body to events, in their order: every entry, every change, every item.
//!
//! A body counts whole or not at all: an item that lacks what its form needs refuses all of it. An item of a type that is
//! not known here is no error of form: it becomes a marker, `type: "ignored"` with the type as its `kind`, and so does a
//! change of a field that has nothing to do with conversations. A marker without a customer has the address `-`.

use serde_json::value::RawValue;
use wane_plugin::{Event, Input, Object, Refusal, Text, needed_part, read_part};

use crate::graph;
use crate::payload::{
    Body, Button, Call, Coded, Contact, Entry, Interactive, Message, Original, Preference, Reaction, Status, System,
    Value,
};

pub(crate) fn events(input: &Input<'_>) -> Result<Vec<Event>, Refusal> {
    let mut events = Vec::new();
    for (number, raw) in graph::entries("whatsapp_business_account", input)?.into_iter().enumerate() {
        let entry: Entry<'_> = read_part(raw).map_err(|refusal| refusal.at(format_args!("entry {number}")))?;
        for (index, change) in entry.changes.iter().enumerate() {
            let place = format!("entry {number}, change {index}");
            of_change(&change.field, change.value, &place, &mut events)?;
        }
    }
    Ok(events)
}

fn of_change(field: &str, value: &RawValue, place: &str, events: &mut Vec<Event>) -> Result<(), Refusal> {
    if !matches!(field, "messages" | "smb_message_echoes" | "user_preferences" | "calls") {
        events.push(Event::ignored(field));
        return Ok(());
    }
    let value: Value<'_> = read_part(value).map_err(|refusal| refusal.at(place))?;
    let account = value.metadata.as_ref().and_then(|metadata| Text::given(&metadata.phone_number_id));
    let scene = Scene { account, contacts: &value.contacts };
    let mut each = |what: &str, items: &[&RawValue], one: &dyn Fn(&RawValue) -> Result<Event, Refusal>| {
        items.iter().enumerate().try_for_each(|(index, raw)| {
            events.push(one(raw).map_err(|refusal| refusal.at(format_args!("{place}, {what} {index}")))?);
            Ok(())
        })
    };
    each("message", &value.messages, &|raw| scene.message(raw, Sender::Customer))?;
    each("message echo", &value.message_echoes, &|raw| scene.message(raw, Sender::Business))?;
    each("status", &value.statuses, &|raw| scene.status(raw))?;
    each("user preference", &value.user_preferences, &|raw| scene.preference(raw))?;
    each("call", &value.calls, &|raw| scene.call(raw))?;
    each("error", &value.errors, &|raw| scene.error(raw))
}

fn nobody() -> Refusal {
    Refusal::Malformed("nobody is named as the customer".to_owned())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sender {
    Customer,
    /// Somebody of the business, on the phone that shares the number.
    Business,
}

/// What holds for all items of a change.
struct Scene<'a> {
    account: Option<&'a str>,
    contacts: &'a [Object<Contact<'a>>],
}

impl Scene<'_> {
    fn event(&self, event_type: &str, address: &str) -> Event {
        let account = self.account.map(str::to_owned);
        Event { account, ..Event::new(event_type, address) }
    }

    fn marker(&self, address: &str, kind: String) -> Event {
        self.event("ignored", address).kind(kind).activity(false)
    }

    fn message(&self, raw: &RawValue, sender: Sender) -> Result<Event, Refusal> {
        let message: Message<'_> = read_part(raw)?;
        let said = said(&message)?;
        let (number, user) = match sender {
            Sender::Customer => (&message.from, &message.from_user_id),
            Sender::Business => (&message.to, &message.to_user_id),
        };
        let formerly = Some(said.address.as_str()).filter(|number| !number.is_empty());
        let person = self.person(Text::given(number).or(formerly), Text::given(user));
        let group = Text::given(&message.group_id);
        let address = group.or(person.as_deref()).ok_or_else(nobody)?.to_owned();
        let event = Event { address, account: self.account.map(str::to_owned), ..by(sender, said) };
        let event = match person {
            Some(person) if group.is_some() && sender == Sender::Customer => event.with("participant", person),
            _ => event,
        };
        Ok(event.id(&*message.id).at_ms(message.timestamp.millis()))
    }

    /// The customer: by number, else by the id of those who show none, else the only one that the change names.
    fn person(&self, number: Option<&str>, user: Option<&str>) -> Option<String> {
        let alone = if let [contact] = self.contacts { Some(contact) } else { None };
        let contact = alone.and_then(|contact| Text::given(&contact.wa_id).or(Text::given(&contact.user_id)));
        number.or(user).or(contact).map(str::to_owned)
    }

    fn status(&self, raw: &RawValue) -> Result<Event, Refusal> {
        let status: Status<'_> = read_part(raw)?;
        let address = self.person(Text::given(&status.recipient_id), Text::given(&status.recipient_user_id));
        let address = address.as_deref().unwrap_or(Event::NOBODY);
        // What the customer's device says is the customer's; sending and failing are the provider's.
        let (kind, by_customer) = match &*status.status {
            "sent" => ("sent", false),
            "delivered" => ("delivered", true),
            "read" | "played" => ("read", true),
            "failed" => ("failed", false),
            other => return Ok(self.marker(address, format!("status {other}"))),
        };
        if address == Event::NOBODY {
            return Ok(self.marker(address, format!("receipt {kind}")));
        }
        let event = self.event("receipt", address).kind(kind).activity(false).with("opens_window", false);
        let event = if by_customer { event.role("customer") } else { event };
        let code = status.errors.first().and_then(|error| error.code);
        let event = if let Some(code) = code { event.with("error_code", code) } else { event };
        let id = format!("{}|{}", status.id, status.status);
        Ok(event.with("target", &*status.id).id(id).at_ms(status.timestamp.millis()))
    }

    fn preference(&self, raw: &RawValue) -> Result<Event, Refusal> {
        let given: Preference<'_> = read_part(raw)?;
        let address = self.person(Text::given(&given.wa_id), Text::given(&given.user_id)).ok_or_else(nobody)?;
        let event_type = match &*given.value {
            "stop" => "opt.out",
            "resume" | "signup" => "opt.in",
            _ => "ignored",
        };
        // The provider gives no id: what was wished, and when, is the same in every resend.
        let id = format!("{}|{}|{}", given.category, given.value, given.timestamp.millis());
        Ok(self
            .event(event_type, &address)
            .kind(&*given.category)
            .id(id)
            .at_ms(given.timestamp.millis())
            .activity(false)
            .with("opens_window", false))
    }

    /// A customer who calls opens the window for texts. What else happens to calls is not told here.
    fn call(&self, raw: &RawValue) -> Result<Event, Refusal> {
        let call: Call<'_> = read_part(raw)?;
        let by_business = call.direction.as_deref() == Some("BUSINESS_INITIATED");
        let (number, user) = if by_business { (&call.to, &call.to_user_id) } else { (&call.from, &call.from_user_id) };
        let address = self.person(Text::given(number), Text::given(user)).ok_or_else(nobody)?;
        let event = if by_business || call.event != "connect" {
            self.marker(&address, format!("call {}", call.event))
        } else {
            self.event("client.connected", &address).role("customer").kind("call").with("opens_window", true)
        };
        Ok(event.id(format!("{}|{}", call.id, call.event)).at_ms(call.timestamp.millis()))
    }

    fn error(&self, raw: &RawValue) -> Result<Event, Refusal> {
        let error: Coded = read_part(raw)?;
        let event = self.marker(Event::NOBODY, "error".to_owned());
        Ok(if let Some(code) = error.code { event.with("error_code", code) } else { event })
    }
}

/// What a message says, without who and when. Where only its content tells which number the customer had before, that is the
/// address.
fn said(message: &Message<'_>) -> Result<Event, Refusal> {
    let said = |event_type: &str, kind: &str| Event::new(event_type, "").kind(kind);
    Ok(match &*message.kind {
        "text" => said("message", "text").with("text", &*needed_part::<Body<'_>>("text", message.text)?.body),
        media @ ("image" | "video" | "audio" | "document" | "sticker") => said("message", "media").with("media", media),
        kind @ ("location" | "contacts" | "order") => said("message", kind),
        // Something that this interface does not show; the customer sent it all the same.
        "unsupported" | "unknown" => said("message", "unsupported"),
        "button" => pressed(&needed_part("button", message.button)?),
        "interactive" => answered(&needed_part("interactive", message.interactive)?),
        "reaction" => reacted(&needed_part("reaction", message.reaction)?),
        "edit" => {
            let edit: Original<'_> = needed_part("edit", message.edit)?;
            said("edit", "edit").with("target", &*edit.original_message_id)
        }
        "revoke" => {
            let revoke: Original<'_> = needed_part("revoke", message.revoke)?;
            said("unsend", "revoke").with("target", &*revoke.original_message_id)
        }
        "system" => moved(&needed_part("system", message.system)?),
        "request_welcome" => said("client.connected", "request_welcome"),
        other => said("ignored", other),
    })
}

fn pressed(button: &Button<'_>) -> Event {
    let id = button.payload.as_deref().or(button.text.as_deref());
    Event::new("postback", "").kind("button").with("postback_id", id.unwrap_or_default())
}

/// Answers to what the business offered: the customer's own doing, also where the shape of the answer is new.
fn answered(interactive: &Interactive<'_>) -> Event {
    let event = Event::new("postback", "").kind(&*interactive.kind);
    match interactive.button_reply.as_ref().or(interactive.list_reply.as_ref()) {
        Some(reply) => event.with("postback_id", &*reply.id),
        None => event,
    }
}

fn reacted(reaction: &Reaction<'_>) -> Event {
    let kind = if Text::given(&reaction.emoji).is_some() { "added" } else { "removed" };
    Event::new("reaction", "").kind(kind).with("target", &*reaction.message_id)
}

/// The customer has another number, or another id, now.
fn moved(system: &System<'_>) -> Event {
    let formerly = Text::given(&system.customer).unwrap_or_default();
    let event = Event::new("identity.changed", formerly).kind(Text::given(&system.kind).unwrap_or("system"));
    match Text::given(&system.wa_id).or(Text::given(&system.new_wa_id)).or(Text::given(&system.user_id)) {
        Some(new) => event.with("new_address", new),
        None => event,
    }
}

/// Whose doing it is. Whether reactions, edits and what was taken back count as activity is left to the rules.
fn by(sender: Sender, event: Event) -> Event {
    match &*event.event_type {
        "identity.changed" => event.activity(false).with("opens_window", false),
        "client.connected" | "ignored" => event.activity(false),
        _ if sender == Sender::Business => {
            event.role("rep").activity(false).with("echo", true).with("opens_window", false)
        }
        "message" | "postback" => event.role("customer").activity(true).with("opens_window", true),
        _ => event.role("customer"),
    }
}
