//! From a webhook's body to events, in their order. An empty list is LINE asking whether anybody is there.
//!
//! A body counts whole or not at all: an event that lacks what its form needs refuses all of it. An event of a type that
//! is not known here becomes a marker, `type: "ignored"` with the type as its `kind`; without a source its address is `-`.
//! What a customer does on standby is marked too: another module has the chat, so that it is neither ours to answer nor
//! activity. Consent is told of all the same.
//! In a group or room the address is that of the group, for that is where an answer goes; the writer is `participant`.

use serde::Deserialize;
use serde_json::value::RawValue;
use wane_plugin::{Event, Input, Object, Refusal, Text, needed_part, read_part};

/// The last millisecond of the year 9999.
const LAST: i64 = 253_402_300_799_999;

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    destination: Text<'a>,
    events: Vec<&'a RawValue>,
}

/// What every event has, and the content of its type.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    timestamp: i64,
    webhook_event_id: Text<'a>,
    mode: Text<'a>,
    source: Option<Object<Source<'a>>>,
    reply_token: Option<Text<'a>>,
    #[serde(default)]
    delivery_context: Object<Delivery>,
    message: Option<&'a RawValue>,
    unsend: Option<&'a RawValue>,
    postback: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Source<'a> {
    #[serde(borrow)]
    user_id: Option<Text<'a>>,
    group_id: Option<Text<'a>>,
    room_id: Option<Text<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delivery {
    #[serde(default)]
    is_redelivery: bool,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(rename = "type")]
    kind: Text<'a>,
    text: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Postback<'a> {
    #[serde(borrow)]
    data: Text<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Unsend<'a> {
    #[serde(borrow)]
    message_id: Text<'a>,
}

pub(crate) fn events(ours: Option<&str>, input: &Input<'_>) -> Result<Vec<Event>, Refusal> {
    let Object(envelope) = input.json::<Object<Envelope<'_>>>()?;
    let foreign = ours.is_some_and(|ours| ours != envelope.destination);
    let one = |(index, raw): (usize, &&RawValue)| {
        let event = read_part(raw).and_then(|head| if foreign { Ok(marked(&head)) } else { event(&head) });
        let event = event.map_err(|refusal| refusal.at(format_args!("event {index}")))?;
        Ok(event.account(&*envelope.destination))
    };
    envelope.events.iter().enumerate().map(one).collect()
}

fn marked(head: &Head<'_>) -> Event {
    Event::ignored("other_destination").id(&*head.webhook_event_id)
}

fn event(head: &Head<'_>) -> Result<Event, Refusal> {
    let said = said(head)?;
    let elsewhere = head.mode == "standby" && said.role.is_some();
    let said = if elsewhere { Event::ignored(format!("standby {}", head.kind)) } else { said };
    let address = match head.source.as_deref().and_then(Source::address) {
        Some(address) => address,
        None if said.is_ignored() => Event::NOBODY,
        None => return Err(Refusal::Malformed("`source` names nobody".to_owned())),
    };
    if !(0..=LAST).contains(&head.timestamp) {
        return Err(Refusal::Malformed("`timestamp` is not milliseconds since 1970".to_owned()));
    }
    let event = Event { address: address.to_owned(), ..said };
    Ok(dressed(event, head).id(&*head.webhook_event_id).at_ms(head.timestamp))
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
fn said(head: &Head<'_>) -> Result<Event, Refusal> {
    let by_customer = |event_type: &str| Event::new(event_type, Event::NOBODY).role("customer");
    Ok(match &*head.kind {
        "message" => message(&needed_part("message", head.message)?),
        "messageEdited" => {
            let message: Message<'_> = needed_part("message", head.message)?;
            by_customer("edit").kind(&*message.kind).with("target", &*message.id)
        }
        "unsend" => {
            let unsend: Unsend<'_> = needed_part("unsend", head.unsend)?;
            by_customer("unsend").kind("unsend").with("target", &*unsend.message_id)
        }
        "postback" => {
            let postback: Postback<'_> = needed_part("postback", head.postback)?;
            by_customer("postback").kind("postback").activity(true).with("postback_id", &*postback.data)
        }
        kind @ ("follow" | "join") => Event::new("opt.in", Event::NOBODY).kind(kind).activity(false),
        kind @ ("unfollow" | "leave") => Event::new("opt.out", Event::NOBODY).kind(kind).activity(false),
        kind @ ("activated" | "deactivated") if head.source.is_some() => {
            Event::new("handover", Event::NOBODY).kind(kind).activity(false)
        }
        kind => Event::ignored(kind),
    })
}

fn message(message: &Message<'_>) -> Event {
    let written = Event::new("message", Event::NOBODY).role("customer").activity(true).with("message_id", &*message.id);
    match (&*message.kind, &message.text) {
        ("text", Some(text)) => written.kind("text").with("text", &**text),
        ("text", None) => written.kind("text"),
        (media @ ("image" | "video" | "audio" | "file" | "sticker"), _) => written.kind("media").with("media", media),
        ("location", _) => written.kind("location"),
        (other, _) => Event::ignored(format!("message {other}")),
    }
}

/// What is needed to answer, and whether it is ours to answer.
fn dressed(mut event: Event, head: &Head<'_>) -> Event {
    let source = head.source.as_deref();
    let writer = source.filter(|source| source.group().is_some()).and_then(|source| source.user_id.as_deref());
    event.more.extend(writer.map(|writer| ("participant".to_owned(), writer.into())));
    if head.delivery_context.is_redelivery {
        event = event.with("redelivered", true);
    }
    match (&*head.kind, &*head.mode, head.reply_token.as_deref()) {
        // The chat is ours again, or no longer, before anybody writes in it.
        ("activated", ..) => event.with("standby", false),
        ("deactivated", ..) | (_, "standby", _) => event.with("standby", true),
        (.., Some(token)) if !event.is_ignored() => event.with("reply_token", token),
        _ => event,
    }
}
