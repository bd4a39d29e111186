//! From a webhook's body to events, in their order. An empty list is LINE asking whether anybody is there.
//!
//! A body counts whole or not at all: an event that lacks what its form needs refuses all of it. An event of a type that
//! is not known here becomes a marker, `type: "ignored"` with the type as its `kind`; without a source its address is `-`.
//! What a customer does on standby is marked too: another module has the chat, so that it is neither ours to answer nor
//! activity. Consent is told of all the same.
//! In a group or room the address is that of the group, for that is where an answer goes; the writer is `participant`.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;
use wane_plugin::{Event, Input, Refusal};

type Text<'a> = Cow<'a, str>;

/// The last millisecond of the year 9999.
const LAST: i64 = 253_402_300_799_999;

const NOBODY: &str = "-";

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    destination: Text<'a>,
    #[serde(borrow)]
    events: Vec<&'a RawValue>,
}

/// What every event has.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    timestamp: i64,
    #[serde(borrow)]
    webhook_event_id: Text<'a>,
    #[serde(borrow)]
    mode: Text<'a>,
    #[serde(borrow)]
    source: Option<Source<'a>>,
    #[serde(borrow)]
    reply_token: Option<Text<'a>>,
    #[serde(default)]
    delivery_context: Delivery,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Source<'a> {
    #[serde(borrow)]
    user_id: Option<Text<'a>>,
    #[serde(borrow)]
    group_id: Option<Text<'a>>,
    #[serde(borrow)]
    room_id: Option<Text<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delivery {
    #[serde(default)]
    is_redelivery: bool,
}

#[derive(Deserialize)]
struct Messaged<'a> {
    #[serde(borrow)]
    message: Message<'a>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow)]
    text: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Pressed<'a> {
    #[serde(borrow)]
    postback: Postback<'a>,
}

#[derive(Deserialize)]
struct Postback<'a> {
    #[serde(borrow)]
    data: Text<'a>,
}

#[derive(Deserialize)]
struct TakenBack<'a> {
    #[serde(borrow)]
    unsend: Unsend<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Unsend<'a> {
    #[serde(borrow)]
    message_id: Text<'a>,
}

pub(crate) fn events(ours: Option<&str>, input: &Input<'_>) -> Result<Vec<Event>, Refusal> {
    let envelope: Envelope<'_> = input.json()?;
    let foreign = ours.is_some_and(|ours| ours != envelope.destination);
    let one = |(index, raw): (usize, &&RawValue)| {
        let event = if foreign { marked(raw, "other_destination") } else { event(raw) };
        let event = event.map_err(|refusal| at(index, refusal))?;
        Ok(event.account(&*envelope.destination))
    };
    envelope.events.iter().enumerate().map(one).collect()
}

fn at(index: usize, refusal: Refusal) -> Refusal {
    if let Refusal::Malformed(words) = refusal {
        Refusal::Malformed(format!("event {index}: {words}"))
    } else {
        refusal
    }
}

fn read<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Result<T, Refusal> {
    if !raw.get().starts_with('{') {
        return Err(Refusal::Malformed("not an object".to_owned()));
    }
    serde_json::from_str(raw.get()).map_err(|error| {
        // The words of serde quote what was found; only what it missed may be told.
        let words = error.to_string();
        let missing = words.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
        Refusal::Malformed(match missing {
            Some(field) => format!("`{field}` is missing"),
            None => format!("not of the documented form at column {}", error.column()),
        })
    })
}

fn marked(raw: &RawValue, kind: &str) -> Result<Event, Refusal> {
    let head: Head<'_> = read(raw)?;
    Ok(marker(kind).id(&*head.webhook_event_id))
}

fn event(raw: &RawValue) -> Result<Event, Refusal> {
    let head: Head<'_> = read(raw)?;
    let said = said(&head, raw)?;
    let elsewhere = head.mode == "standby" && said.role.is_some();
    let said = if elsewhere { marker(&format!("standby {}", head.kind)) } else { said };
    let address = match head.source.as_ref().and_then(Source::address) {
        Some(address) => address,
        None if said.event_type == "ignored" => NOBODY,
        None => return Err(Refusal::Malformed("`source` names nobody".to_owned())),
    };
    if !(0..=LAST).contains(&head.timestamp) {
        return Err(Refusal::Malformed("`timestamp` is not milliseconds since 1970".to_owned()));
    }
    let event = Event { address: address.to_owned(), ..said };
    Ok(dressed(event, &head).id(&*head.webhook_event_id).at_ms(head.timestamp))
}

impl Source<'_> {
    fn group(&self) -> Option<&str> {
        self.group_id.as_deref().or(self.room_id.as_deref())
    }

    fn address(&self) -> Option<&str> {
        self.group().or(self.user_id.as_deref()).filter(|address| !address.is_empty())
    }
}

/// The event without who and when.
fn said(head: &Head<'_>, raw: &RawValue) -> Result<Event, Refusal> {
    let by_customer = |event_type: &str| Event::new(event_type, NOBODY).role("customer");
    Ok(match &*head.kind {
        "message" => message(&read::<Messaged<'_>>(raw)?.message),
        "messageEdited" => {
            let message = read::<Messaged<'_>>(raw)?.message;
            by_customer("edit").kind(&*message.kind).with("target", &*message.id)
        }
        "unsend" => {
            let unsend = read::<TakenBack<'_>>(raw)?.unsend;
            by_customer("unsend").kind("unsend").with("target", &*unsend.message_id)
        }
        "postback" => {
            let postback = read::<Pressed<'_>>(raw)?.postback;
            by_customer("postback").kind("postback").activity(true).with("postback_id", &*postback.data)
        }
        kind @ ("follow" | "join") => Event::new("opt.in", NOBODY).kind(kind).activity(false),
        kind @ ("unfollow" | "leave") => Event::new("opt.out", NOBODY).kind(kind).activity(false),
        kind @ ("activated" | "deactivated") if head.source.is_some() => {
            Event::new("handover", NOBODY).kind(kind).activity(false)
        }
        kind => marker(kind),
    })
}

/// Nothing for a conversation.
fn marker(kind: &str) -> Event {
    Event::new("ignored", NOBODY).kind(kind).activity(false)
}

fn message(message: &Message<'_>) -> Event {
    let written = Event::new("message", NOBODY).role("customer").activity(true).with("message_id", &*message.id);
    match (&*message.kind, &message.text) {
        ("text", Some(text)) => written.kind("text").with("text", &**text),
        ("text", None) => written.kind("text"),
        (media @ ("image" | "video" | "audio" | "file" | "sticker"), _) => written.kind("media").with("media", media),
        ("location", _) => written.kind("location"),
        (other, _) => marker(&format!("message {other}")),
    }
}

/// What is needed to answer, and whether it is ours to answer.
fn dressed(mut event: Event, head: &Head<'_>) -> Event {
    let source = head.source.as_ref();
    let writer = source.filter(|source| source.group().is_some()).and_then(|source| source.user_id.as_deref());
    event.more.extend(writer.map(|writer| ("participant".to_owned(), writer.into())));
    if head.delivery_context.is_redelivery {
        event = event.with("redelivered", true);
    }
    match (&*head.kind, &*head.mode, head.reply_token.as_deref()) {
        // The chat is ours again, or no longer, before anybody writes in it.
        ("activated", ..) => event.with("standby", false),
        ("deactivated", ..) | (_, "standby", _) => event.with("standby", true),
        (.., Some(token)) if event.event_type != "ignored" => event.with("reply_token", token),
        _ => event,
    }
}
