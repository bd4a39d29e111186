//! From a partner's request to events and an answer, by its path.
//!
//! | request | events | answer |
//! |---|---|---|
//! | `POST …/interactions` | one: a message, an answer to choices or a form, typing, a delivery that failed | 202 |
//! | `POST …/acknowledgement` | receipts, up to 25 | 200 |
//! | `PATCH …/consent` | opt-in or opt-out | 200 |
//! | `POST …/messagingSession` | the end of the session, or that it is inactive | 200 |
//! | `POST …/conversation` | the start of a session, unless one is open | 202 |
//!
//! A message's id is its entry's, so that a repeat moves nothing and is answered as the first time. Instants are
//! milliseconds, or seconds, as one of the provider's examples has them ([`Millis`]).

use serde::Deserialize;
use serde_json::{Value, json};
use wane_plugin::instant::Millis;
use wane_plugin::{Event, Input, Text, read_json, read_part};

use crate::body::{self, Body};
use crate::payload::{
    Acknowledged, Acknowledgement, Consent, Content, Entry, Established, Interaction, Interactions, Message,
    Participant, Session,
};
use crate::wrong::{
    APP_TYPE, CONSENT, CONSENT_OWNER, CONVERSATION, EMPTY_FILE, END_USER, FILES, FORM, FORMAT, FROM, IDS, INSTANT,
    INTERACTIONS, LENGTH, MESSAGE, MESSAGE_TYPE, MORE_END_USERS, NO_BODY, NO_CHANNEL, NO_ID, NO_LENGTH, ONE_END_USER,
    OPERATION, OPERATION_BY, ROLE, SESSION, SUBJECT, TO, TOO_LARGE, Wrong,
};
use crate::{Config, Owner, conversation_identifier};

/// The longest name of a channel or a conversation, of an end user in an interaction, and of one elsewhere, in characters.
const LONGEST: usize = 240;
const LONGEST_FROM: usize = 255;
/// And of any name in bytes, which is the host's limit.
const BYTES: usize = 512;
/// The most receipts of one request.
const MOST_RECEIPTS: usize = 25;
/// The largest file.
const LARGEST: usize = 25 << 20;

/// What came of a request.
pub(crate) struct Taken {
    pub(crate) events: Vec<Event>,
    pub(crate) status: u16,
    pub(crate) answer: Value,
}

pub(crate) fn taken(config: &Config, input: &Input<'_>) -> Result<Taken, Wrong> {
    let path = input.path.split(['?', '#']).next().unwrap_or_default();
    let channel = Channel(config);
    match (input.method, path.rsplit('/').next().unwrap_or_default()) {
        ("POST" | "PATCH", _) if input.body.is_empty() => Err(NO_BODY),
        ("POST", "interactions") => channel.interaction(&body::read(input)?),
        ("POST", "acknowledgement") => channel.receipts(&read(input)?),
        ("PATCH", "consent") => channel.consent(&read(input)?),
        ("POST", "messagingSession") => channel.session(&read(input)?),
        ("POST", "conversation") => channel.conversation(&read(input)?),
        _ => Err(FORM),
    }
}

fn read<'a, T: Deserialize<'a>>(input: &Input<'a>) -> Result<T, Wrong> {
    input.json().map_err(|_| FORM)
}

/// A name that is there, not empty, not too long, and without control characters.
fn name<'t>(text: Option<&'t Text<'_>>, longest: usize, wrong: Wrong) -> Result<&'t str, Wrong> {
    let fits =
        |text: &&str| text.chars().count() <= longest && text.len() <= BYTES && !text.chars().any(char::is_control);
    text.map(|text| &**text).filter(|text| !text.trim().is_empty() && fits(text)).ok_or(wrong)
}

/// An instant that is there, and is not the very first one: that stands for none.
fn instant(given: Option<&Value>) -> Result<i64, Wrong> {
    let given = given.and_then(|given| Millis::deserialize(given).ok()).map(Millis::millis);
    given.filter(|at| *at > 0).ok_or(INSTANT)
}

/// The channel that requests must be about.
struct Channel<'c>(&'c Config);

impl Channel<'_> {
    fn address<'t>(&self, given: Option<&'t Text<'_>>, wrong: Wrong) -> Result<&'t str, Wrong> {
        // The account is a part of the conversation's name, which colons divide.
        let address = name(given, LONGEST, wrong)?;
        let ours = self.0.channel_address_identifier.as_deref();
        if address.contains(':') || ours.is_some_and(|ours| ours != address) { Err(wrong) } else { Ok(address) }
    }

    fn interaction(&self, body: &Body<'_>) -> Result<Taken, Wrong> {
        let given: Interactions<'_> = read_json(body.json).map_err(|_| FORM)?;
        let to = self.address(given.to.as_ref(), TO)?;
        let from = name(given.from.as_ref(), LONGEST_FROM, FROM)?;
        let [one] = given.interactions.as_deref().unwrap_or_default() else { return Err(INTERACTIONS) };
        let one: Interaction<'_> = read_part(one).map_err(|_| INTERACTIONS)?;
        let event = match &*one.interaction_type {
            "EntryInteraction" if body.files.is_empty() => entry(one.payload.as_ref().ok_or(INTERACTIONS)?)?,
            "EntryInteraction" => return Err(FILES),
            "AttachmentInteraction" => attachment(&one, &body.files)?,
            _ => return Err(INTERACTIONS),
        };
        let event = Event { address: from.to_owned(), ..event }.at_ms(instant(one.timestamp.as_ref())?).account(to);
        let answer =
            json!({ "success": true, "id": event.id, "conversationIdentifier": conversation_identifier(to, from) });
        Ok(Taken { events: vec![event], status: 202, answer })
    }

    fn receipts(&self, given: &Acknowledged<'_>) -> Result<Taken, Wrong> {
        name(given.conversation_identifier.as_ref(), LONGEST, CONVERSATION)?;
        let subject = end_user(given.sender.as_ref().ok_or(SUBJECT)?)?;
        let all = given.acknowledgements.as_deref().unwrap_or_default();
        if all.is_empty() || all.len() > MOST_RECEIPTS {
            return Err(FORM);
        }
        // The request does not name the channel.
        let account = &self.0.channel_address_identifier;
        let of_customer = |event| Event { address: subject.to_owned(), account: account.clone(), ..event };
        Ok(done(all.iter().map(|one| receipt(one).map(of_customer)).collect::<Result<_, _>>()?))
    }

    fn consent(&self, given: &Consent<'_>) -> Result<Taken, Wrong> {
        if self.0.consent_owner != Owner::Partner {
            return Err(CONSENT_OWNER);
        }
        let customer = name(given.end_user_client_id.as_ref(), LONGEST, END_USER)?;
        let address = self.address(given.channel_address_identifier.as_ref(), NO_CHANNEL)?;
        let (event_type, status) = match given.consent_status.as_deref() {
            Some(status @ "OptedOut") => ("opt.out", status),
            Some(status @ ("ImplicitlyOptedIn" | "ExplicitlyOptedIn" | "DoublyOptedIn")) => ("opt.in", status),
            _ => return Err(CONSENT),
        };
        Ok(done(vec![Event::new(event_type, customer).kind(status).account(address).activity(false)]))
    }

    fn session(&self, given: &Session<'_>) -> Result<Taken, Wrong> {
        let address = self.address(given.channel_address_identifier.as_ref(), NO_CHANNEL)?;
        let customer = name(given.end_user_client_id.as_ref(), LONGEST, END_USER)?;
        name(given.conversation_identifier.as_ref(), LONGEST, CONVERSATION)?;
        let session = name(given.session_id.as_ref(), LONGEST, SESSION);
        let event_type = match given.operation.as_deref() {
            Some("End") => "session.closed",
            Some("Inactivate") => session.map(|_| "session.parked")?,
            _ => return Err(OPERATION),
        };
        let event = Event::new(event_type, customer).kind("session").account(address).activity(false);
        let event = match given.operation_by.as_deref() {
            Some("EndUser") => event.role("customer"),
            Some("System") | None => event,
            Some(_) => return Err(OPERATION_BY),
        };
        Ok(done(vec![event]))
    }

    fn conversation(&self, given: &Established<'_>) -> Result<Taken, Wrong> {
        let address = self.address(given.channel_address_identifier.as_ref(), NO_CHANNEL)?;
        let customer = match given.participants.as_deref().unwrap_or_default() {
            [] => return Err(ONE_END_USER),
            [one] => end_user(one)?,
            _ => return Err(MORE_END_USERS),
        };
        let event = Event::new("session.started", customer).role("customer").account(address).activity(false);
        let identifier = conversation_identifier(address, customer);
        let answer = json!({ "success": true, "conversationIdentifier": identifier });
        Ok(Taken { events: vec![event], status: 202, answer })
    }
}

fn done(events: Vec<Event>) -> Taken {
    Taken { events, status: 200, answer: json!({ "success": true }) }
}

fn end_user<'t>(participant: &'t Participant<'_>) -> Result<&'t str, Wrong> {
    if participant.app_type.as_deref() != Some("custom") {
        return Err(APP_TYPE);
    }
    if participant.role.as_deref() != Some("EndUser") {
        return Err(ROLE);
    }
    name(participant.subject.as_ref(), LONGEST_FROM, SUBJECT)
}

fn by_customer(event_type: &str) -> Event {
    Event::new(event_type, "").role("customer")
}

fn entry(entry: &Entry<'_>) -> Result<Event, Wrong> {
    let id = name(entry.id.as_ref(), LONGEST_FROM, NO_ID)?;
    let event = match &*entry.entry_type {
        "Message" => message(id, entry.abstract_message.as_ref().ok_or(MESSAGE)?)?,
        "TypingStartedIndicator" => by_customer("typing").kind("started").activity(false),
        "TypingStoppedIndicator" => by_customer("typing").kind("stopped").activity(false),
        "MessageDeliveryFailed" => failed(entry)?,
        _ => return Err(INTERACTIONS),
    };
    Ok(event.id(id))
}

/// Nobody's doing: the partner could not deliver.
fn failed(entry: &Entry<'_>) -> Result<Event, Wrong> {
    let code = name(entry.error_code.as_ref(), LONGEST, INTERACTIONS)?;
    let event = Event::new("receipt", "").kind("failed").activity(false).with("error_code", code);
    Ok(match entry.failed_conversation_entry_identifier.as_deref() {
        Some(target) => event.with("target", target),
        None => event,
    })
}

fn message(id: &str, message: &Message<'_>) -> Result<Event, Wrong> {
    if name(message.id.as_ref(), LONGEST_FROM, NO_ID)? != id {
        return Err(IDS);
    }
    match message.message_type.as_deref() {
        Some("StaticContentMessage") => content(message.static_content.as_ref().ok_or(MESSAGE)?),
        Some(kind @ "ChoicesResponseMessage") => {
            let chosen = message.choices_response.as_ref().and_then(|choices| choices.selected_options.first());
            let chosen = &*chosen.ok_or(MESSAGE)?.option_identifier;
            Ok(by_customer("postback").kind(kind).activity(true).with("postback_id", chosen))
        }
        Some(kind @ "FormResponseMessage") if message.form_response.is_some() => {
            Ok(by_customer("postback").kind(kind).activity(true))
        }
        Some("FormResponseMessage") => Err(MESSAGE),
        _ => Err(MESSAGE_TYPE),
    }
}

fn content(content: &Content<'_>) -> Result<Event, Wrong> {
    let written = by_customer("message").activity(true);
    match (content.format_type.as_deref(), content.text.as_deref()) {
        (Some("Text"), Some(text)) => Ok(written.kind("text").with("text", text)),
        (Some("Text"), None) => Err(MESSAGE),
        (Some(kind @ ("Links" | "Attachments" | "ExperienceType" | "RichLink" | "Media" | "WebView")), _) => {
            Ok(written.kind("media").with("media", kind))
        }
        _ => Err(FORMAT),
    }
}

/// A file with or without words. It is counted and measured, and not kept.
fn attachment(given: &Interaction<'_>, files: &[&[u8]]) -> Result<Event, Wrong> {
    let id = name(given.id.as_ref(), LONGEST_FROM, NO_ID)?;
    let [file] = files else { return Err(FILES) };
    let length = given.content_length.ok_or(NO_LENGTH)?;
    match (given.attachment_index, file.len()) {
        (Some(0), 0) => Err(EMPTY_FILE),
        (Some(0), size) if size > LARGEST => Err(TOO_LARGE),
        (Some(0), size) if size != length => Err(LENGTH),
        (Some(0), _) => {
            let event = by_customer("message").kind("media").activity(true).id(id).with("media", "file");
            let text = given.text.as_deref().filter(|text| !text.is_empty());
            Ok(text.map_or(event.clone(), |text| event.with("text", text)))
        }
        _ => Err(FILES),
    }
}

fn receipt(given: &Acknowledgement<'_>) -> Result<Event, Wrong> {
    let kind = match given.acknowledgement_type.as_deref() {
        Some("Read") => "read",
        Some("Delivered") => "delivered",
        _ => return Err(FORM),
    };
    let id = name(given.acknowledgment_created_conversation_entry_identifier.as_ref(), LONGEST_FROM, NO_ID)?;
    let target = name(given.acknowledged_conversation_entry_identifier.as_ref(), LONGEST_FROM, NO_ID)?;
    let at = instant(given.acknowledgement_timestamp.as_ref())?;
    Ok(by_customer("receipt").kind(kind).id(id).at_ms(at).with("target", target).activity(false))
}
