//! From a request of Apple's gateway to its event. One request is one message.
//!
//! The token says that the gateway speaks, and nothing of the body: who knows a token can send anything until it is too old,
//! so ids are what keeps repeats out. Nothing on the wire tells the time of a message: it counts from its arrival.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use wane_plugin::verify::{JwtRules, jwt, meant_for};
use wane_plugin::{Event, Input, Object, Refusal, Text, read_json};

use crate::{Apple, Config};

/// The most bytes of a message: interactive data above 10 KB comes by reference, a text with all its attachments is less.
const LIMIT: usize = 1 << 20;

/// By how much Apple's clock may be ahead, in seconds.
const AHEAD_S: i64 = 300;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(rename = "type")]
    kind: Text<'a>,
    source_id: Text<'a>,
    destination_id: Text<'a>,
    body: Option<Text<'a>>,
    locale: Option<Text<'a>>,
    group: Option<Text<'a>>,
    intent: Option<Text<'a>>,
    interactive_data: Option<&'a RawValue>,
    interactive_data_ref: Option<&'a RawValue>,
    #[serde(default)]
    attachments: Vec<&'a RawValue>,
}

impl Apple {
    /// Whether the token is Apple's, for us, and fresh.
    pub(crate) fn is_apple(&self, input: &Input<'_>) -> bool {
        let rules = JwtRules {
            key: &self.key,
            algorithms: &["HS256"],
            now_ms: input.received_at_ms,
            // Apple's tokens have no end; one that has is not taken after it.
            leeway_ms: 0,
        };
        let claims = input.bearer().and_then(|token| jwt(token, &rules).ok());
        claims.is_some_and(|claims| {
            meant_for(&claims, &self.config.msp_id) && self.is_fresh(&claims, input.received_at_ms)
        })
    }

    fn is_fresh(&self, claims: &Value, now_ms: i64) -> bool {
        let age =
            claims.get("iat").and_then(Value::as_i64).map(|issued| now_ms.div_euclid(1_000).saturating_sub(issued));
        age.is_some_and(|age| (-AHEAD_S..=self.config.token_age_s).contains(&age))
    }
}

pub(crate) fn event(config: &Config, input: &Input<'_>) -> Result<Event, Refusal> {
    let body = input.unpacked(LIMIT)?;
    let Object(message) = read_json::<Object<Message<'_>>>(&body)?;
    for (name, text) in
        [("id", &message.id), ("sourceId", &message.source_id), ("destinationId", &message.destination_id)]
    {
        if text.is_empty() {
            return Err(Refusal::Malformed(format!("`{name}` is empty")));
        }
    }
    agree(input, "id", &message.id)?;
    agree(input, "source-id", &message.source_id)?;
    agree(input, "destination-id", &message.destination_id)?;
    let ours = config.business_id.as_deref().is_none_or(|ours| ours == message.destination_id);
    let event = if ours { said(&message)? } else { Event::ignored("other_destination") };
    let address = if event.is_ignored() { Event::NOBODY } else { &*message.source_id };
    let event = Event { address: address.to_owned(), ..event };
    let event = event.id(&*message.id).account(&*message.destination_id);
    event.check().map(|()| event)
}

/// What stands in a header and in the body is the same.
fn agree(input: &Input<'_>, name: &str, text: &str) -> Result<(), Refusal> {
    let differs = input.headers().any(|(known, value)| known.eq_ignore_ascii_case(name) && value != text.as_bytes());
    if differs { Err(Refusal::Malformed(format!("the header `{name}` and the body differ"))) } else { Ok(()) }
}

fn said(message: &Message<'_>) -> Result<Event, Refusal> {
    let by_customer = |event_type: &str| Event::new(event_type, Event::NOBODY).role("customer");
    let event = match &*message.kind {
        "text" => text(message)?,
        "interactive" => interactive(message)?,
        "typing_start" => by_customer("typing").kind("started").activity(false),
        "typing_end" => by_customer("typing").kind("stopped").activity(false),
        "close" => by_customer("session.closed").kind("conversation").activity(false).with("closed", true),
        kind => Event::ignored(kind),
    };
    let told = [("language", &message.locale), ("group", &message.group), ("intent", &message.intent)];
    let told = told.into_iter().filter_map(|(name, text)| Some((name, Text::given(text)?)));
    Ok(told.fold(event, |event, (name, text)| event.with(name, text)))
}

/// A text, pictures with or without words, or both: each attachment has its place in the body.
fn text(message: &Message<'_>) -> Result<Event, Refusal> {
    let written = Event::new("message", Event::NOBODY).role("customer").activity(true);
    match (message.body.as_deref(), message.attachments.is_empty()) {
        (Some(text), true) => Ok(written.kind("text").with("text", text)),
        (text, false) => {
            let event = written.kind("media").with("media", "attachment");
            Ok(text.map_or(event.clone(), |text| event.with("text", text)))
        }
        (None, true) => Err(Refusal::Malformed("a text has a `body`".to_owned())),
    }
}

/// An answer to what the business offered: a list, a time, a form, a payment.
fn interactive(message: &Message<'_>) -> Result<Event, Refusal> {
    let (data, reference) = (message.interactive_data, message.interactive_data_ref);
    if data.is_none() && reference.is_none() {
        return Err(Refusal::Malformed("an answer has `interactiveData` or `interactiveDataRef`".to_owned()));
    }
    let event = Event::new("postback", Event::NOBODY).role("customer").kind("interactive").activity(true);
    let event = if reference.is_some() { event.with("by_reference", true) } else { event };
    Ok(match data.and_then(chosen) {
        Some(chosen) => event.with("postback_id", chosen),
        None => event,
    })
}

/// What was chosen first: of quick replies, of a list, of times. Forms and apps have answers of their own.
fn chosen(data: &RawValue) -> Option<String> {
    let data: Value = serde_json::from_str(data.get()).ok()?;
    let places = [
        "/data/quick-reply/selectedIdentifier",
        "/data/listPicker/sections/0/items/0/identifier",
        "/data/event/timeslots/0/identifier",
    ];
    places.iter().find_map(|place| data.pointer(place)?.as_str().map(str::to_owned))
}
