//! From a webhook's body to events, in their order: every entry, every change, every item.
//!
//! A body counts whole or not at all: an item that lacks what its form needs refuses all of it. An item of a type that is
//! not known here is no error of form: it becomes a marker, `type: "ignored"` with the type as its `kind`, and so does a
//! change of a field that has nothing to do with conversations. A marker without a customer has the address `-`.

use serde::Deserialize;
use serde_json::value::RawValue;
use wane_plugin::{Event, Input, Refusal};

use crate::payload::{
    ButtonMessage, Call, Coded, Contact, EditMessage, Envelope, InteractiveMessage, Message, Preference,
    ReactionMessage, RevokeMessage, SECONDS, Status, SystemMessage, Text, TextMessage, Value,
};

/// Nobody in particular.
const NOBODY: &str = "-";

pub(crate) fn events(input: &Input<'_>) -> Result<Vec<Event>, Refusal> {
    let envelope: Envelope<'_> = input.json()?;
    if envelope.object != "whatsapp_business_account" {
        return Err(Refusal::Unsupported("a body about something else than `whatsapp_business_account`".to_owned()));
    }
    let mut events = Vec::new();
    for (number, entry) in envelope.entry.iter().enumerate() {
        for (index, change) in entry.changes.iter().enumerate() {
            let place = format!("entry {number}, change {index}");
            of_change(&change.field, change.value, &place, &mut events)?;
        }
    }
    Ok(events)
}

fn of_change(field: &str, value: &RawValue, place: &str, events: &mut Vec<Event>) -> Result<(), Refusal> {
    if !matches!(field, "messages" | "smb_message_echoes" | "user_preferences" | "calls") {
        events.push(Event::new("ignored", NOBODY).kind(field).activity(false));
        return Ok(());
    }
    let value: Value<'_> = read(value, place)?;
    let account = value.metadata.as_ref().and_then(|metadata| metadata.phone_number_id.as_deref());
    let scene = Scene { account: account.unwrap_or_default(), contacts: &value.contacts, place };
    scene.each("message", &value.messages, events, |raw| scene.message(raw, Sender::Customer))?;
    scene.each("message echo", &value.message_echoes, events, |raw| scene.message(raw, Sender::Business))?;
    scene.each("status", &value.statuses, events, |raw| scene.status(raw))?;
    scene.each("user preference", &value.user_preferences, events, |raw| scene.preference(raw))?;
    scene.each("call", &value.calls, events, |raw| scene.call(raw))?;
    scene.each("error", &value.errors, events, |raw| scene.error(raw))
}

fn read<'a, T: Deserialize<'a>>(raw: &'a RawValue, place: &str) -> Result<T, Refusal> {
    if !raw.get().starts_with('{') {
        return Err(Refusal::Malformed(format!("{place}: not an object")));
    }
    serde_json::from_str(raw.get()).map_err(|error| {
        // The words of serde quote what was found; only what it missed may be told.
        let words = error.to_string();
        let missing = words.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
        Refusal::Malformed(match missing {
            Some(field) => format!("{place}: `{field}` is missing"),
            None if words.contains(SECONDS) => format!("{place}: `timestamp` is not {SECONDS}"),
            None => format!("{place}: not of the documented form at column {}", error.column()),
        })
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sender {
    Customer,
    /// Somebody of the business, on the phone that shares the number.
    Business,
}

/// What holds for all items of a change.
struct Scene<'a> {
    account: &'a str,
    contacts: &'a [Contact<'a>],
    place: &'a str,
}

impl<'a> Scene<'a> {
    fn each(
        &self,
        what: &str,
        items: &[&'a RawValue],
        events: &mut Vec<Event>,
        one: impl Fn(&'a RawValue) -> Result<Event, Refusal>,
    ) -> Result<(), Refusal> {
        for (index, item) in items.iter().enumerate() {
            let event = one(item).map_err(|refusal| self.at(&format!("{what} {index}"), refusal))?;
            events.push(event);
        }
        Ok(())
    }

    fn at(&self, item: &str, refusal: Refusal) -> Refusal {
        if let Refusal::Malformed(words) = refusal {
            Refusal::Malformed(format!("{}, {item}{words}", self.place))
        } else {
            refusal
        }
    }

    fn event(&self, event_type: &str, address: &str) -> Event {
        let event = Event::new(event_type, address);
        if self.account.is_empty() { event } else { event.account(self.account) }
    }

    fn message(&self, raw: &'a RawValue, sender: Sender) -> Result<Event, Refusal> {
        let message: Message<'_> = read(raw, "")?;
        let said = Said::of(&message, raw)?;
        let (number, user) = match sender {
            Sender::Customer => (&message.from, &message.from_user_id),
            Sender::Business => (&message.to, &message.to_user_id),
        };
        let number = known(number).or(said.formerly.as_deref());
        let person = self.person(number, known(user));
        let address = known(&message.group_id).or(person.as_deref());
        let address = address.ok_or_else(|| Refusal::Malformed(": nobody is named as the customer".to_owned()))?;
        let mut event = self.event(said.event_type, address);
        if known(&message.group_id).is_some() && sender == Sender::Customer {
            event.more.extend(person.map(|person| ("participant".to_owned(), person.into())));
        }
        Ok(said.dress(event, sender).id(&*message.id).at_ms(message.timestamp.millis()))
    }

    /// The customer: by number, else by the id of those who show none, else the only one that the change names.
    fn person(&self, number: Option<&str>, user: Option<&str>) -> Option<String> {
        let alone = if let [contact] = self.contacts { Some(contact) } else { None };
        let contact = alone.and_then(|contact| known(&contact.wa_id).or(known(&contact.user_id)));
        number.or(user).or(contact).map(str::to_owned)
    }

    fn status(&self, raw: &'a RawValue) -> Result<Event, Refusal> {
        let status: Status<'_> = read(raw, "")?;
        let address = self.person(known(&status.recipient_id), known(&status.recipient_user_id));
        let address = address.as_deref().unwrap_or(NOBODY);
        // What the customer's device says is the customer's; sending and failing are the provider's.
        let (kind, by_customer) = match &*status.status {
            "sent" => ("sent", false),
            "delivered" => ("delivered", true),
            "read" | "played" => ("read", true),
            "failed" => ("failed", false),
            other => return Ok(self.event("ignored", address).kind(format!("status {other}")).activity(false)),
        };
        if address == NOBODY {
            return Ok(self.event("ignored", NOBODY).kind(format!("receipt {kind}")).activity(false));
        }
        let event = self.event("receipt", address).kind(kind).activity(false).with("opens_window", false);
        let event = if by_customer { event.role("customer") } else { event };
        let code = status.errors.first().and_then(|error| error.code);
        let event = if let Some(code) = code { event.with("error_code", code) } else { event };
        let id = format!("{}|{}", status.id, status.status);
        Ok(event.with("target", &*status.id).id(id).at_ms(status.timestamp.millis()))
    }

    fn preference(&self, raw: &'a RawValue) -> Result<Event, Refusal> {
        let given: Preference<'_> = read(raw, "")?;
        let address = self.person(known(&given.wa_id), known(&given.user_id));
        let address = address.ok_or_else(|| Refusal::Malformed(": nobody is named as the customer".to_owned()))?;
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
            .activity(false))
    }

    /// A customer who calls opens the window for texts. What else happens to calls is not told here.
    fn call(&self, raw: &'a RawValue) -> Result<Event, Refusal> {
        let call: Call<'_> = read(raw, "")?;
        let by_business = call.direction.as_deref() == Some("BUSINESS_INITIATED");
        let (number, user) = if by_business { (&call.to, &call.to_user_id) } else { (&call.from, &call.from_user_id) };
        let address = self.person(known(number), known(user));
        let address = address.ok_or_else(|| Refusal::Malformed(": nobody is named as the customer".to_owned()))?;
        let event = if by_business || call.event != "connect" {
            self.event("ignored", &address).kind(format!("call {}", call.event)).activity(false)
        } else {
            self.event("client.connected", &address).role("customer").kind("call").with("opens_window", true)
        };
        Ok(event.id(format!("{}|{}", call.id, call.event)).at_ms(call.timestamp.millis()))
    }

    fn error(&self, raw: &'a RawValue) -> Result<Event, Refusal> {
        let error: Coded = read(raw, "")?;
        let event = self.event("ignored", NOBODY).kind("error").activity(false);
        Ok(if let Some(code) = error.code { event.with("error_code", code) } else { event })
    }
}

fn known<'t>(text: &'t Option<Text<'_>>) -> Option<&'t str> {
    text.as_deref().filter(|text| !text.is_empty())
}

/// What a message says, apart from who and when.
struct Said {
    event_type: &'static str,
    kind: String,
    /// A field of its own: its name and value.
    more: Vec<(&'static str, serde_json::Value)>,
    /// The number that the customer had before, where only the message's content tells.
    formerly: Option<String>,
}

impl Said {
    fn new(event_type: &'static str, kind: impl Into<String>) -> Self {
        Self { event_type, kind: kind.into(), more: Vec::new(), formerly: None }
    }

    fn with(mut self, name: &'static str, value: impl Into<serde_json::Value>) -> Self {
        self.more.push((name, value.into()));
        self
    }

    fn of(message: &Message<'_>, raw: &RawValue) -> Result<Self, Refusal> {
        Ok(match &*message.kind {
            "text" => Self::new("message", "text").with("text", &*read::<TextMessage<'_>>(raw, "")?.text.body),
            media @ ("image" | "video" | "audio" | "document" | "sticker") => {
                Self::new("message", "media").with("media", media)
            }
            kind @ ("location" | "contacts" | "order") => Self::new("message", kind),
            // Something that this interface does not show; the customer sent it all the same.
            "unsupported" | "unknown" => Self::new("message", "unsupported"),
            "button" => Self::button(&read(raw, "")?),
            "interactive" => Self::interactive(&read(raw, "")?),
            "reaction" => Self::reaction(&read(raw, "")?),
            "edit" => {
                let edit = read::<EditMessage<'_>>(raw, "")?.edit;
                Self::new("edit", "edit").with("target", &*edit.original_message_id)
            }
            "revoke" => {
                let revoke = read::<RevokeMessage<'_>>(raw, "")?.revoke;
                Self::new("unsend", "revoke").with("target", &*revoke.original_message_id)
            }
            "system" => Self::system(&read(raw, "")?),
            "request_welcome" => Self::new("client.connected", "request_welcome"),
            other => Self::new("ignored", other),
        })
    }

    fn button(message: &ButtonMessage<'_>) -> Self {
        let button = &message.button;
        let id = button.payload.as_deref().or(button.text.as_deref());
        Self::new("postback", "button").with("postback_id", id.unwrap_or_default())
    }

    /// Answers to what the business offered: the customer's own doing, also where the shape of the answer is new.
    fn interactive(message: &InteractiveMessage<'_>) -> Self {
        let interactive = &message.interactive;
        let said = Self::new("postback", &*interactive.kind);
        match interactive.button_reply.as_ref().or(interactive.list_reply.as_ref()) {
            Some(reply) => said.with("postback_id", &*reply.id),
            None => said,
        }
    }

    fn reaction(message: &ReactionMessage<'_>) -> Self {
        let reaction = &message.reaction;
        let kind = if known(&reaction.emoji).is_some() { "added" } else { "removed" };
        Self::new("reaction", kind).with("target", &*reaction.message_id)
    }

    fn system(message: &SystemMessage<'_>) -> Self {
        let system = &message.system;
        let mut said = Self::new("identity.changed", known(&system.kind).unwrap_or("system"));
        said.formerly = known(&system.customer).map(str::to_owned);
        match known(&system.wa_id).or(known(&system.new_wa_id)).or(known(&system.user_id)) {
            Some(new) => said.with("new_address", new),
            None => said,
        }
    }

    /// Puts it on an event. Whether reactions, edits and what was taken back count as activity is left to the rules.
    fn dress(self, event: Event, sender: Sender) -> Event {
        let writes = matches!(self.event_type, "message" | "postback");
        let by_customer = sender == Sender::Customer;
        let event = match self.event_type {
            "identity.changed" | "client.connected" | "ignored" => event.activity(false),
            _ if !by_customer => event.role("rep").activity(false).with("echo", true),
            _ if writes => event.role("customer").activity(true).with("opens_window", true),
            _ => event.role("customer"),
        };
        self.more.into_iter().fold(event.kind(self.kind), |event, (name, value)| event.with(name, value))
    }
}
