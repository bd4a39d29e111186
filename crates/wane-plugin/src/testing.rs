//! A host to test a plugin with: no network, no ABI, no other process.
//!
//! It checks what the real host would check of the output's form. Signatures that a manifest declares are checked by the
//! real host alone: `wane plugin translate` shows that.

use serde_json::{Value, json};

use crate::input::Headers;
use crate::sink::Outlet;
use crate::{Channel, Effect, Event, Input, Kind, Outcome, Refusal, Reply, Request, Sink};

/// A plugin's instance, and what it said.
#[derive(Debug)]
pub struct FakeHost<C> {
    channel: C,
}

/// A request to be translated. Starts as a webhook by `POST` to `/` at 2025-09-15T01:33:20.123Z.
#[derive(Clone, Debug)]
pub struct FakeInput {
    /// What kind.
    pub kind: Kind,
    /// When it came.
    pub received_at_ms: i64,
    /// The account.
    pub account: String,
    /// The method.
    pub method: String,
    /// The path, or the whole address.
    pub path: String,
    /// The query.
    pub query: String,
    /// Headers.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What came out of `translate`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Translated {
    /// Events, in order.
    pub events: Vec<Event>,
    /// The answer to the provider, if the plugin gave one.
    pub reply: Option<Reply>,
    /// Why the plugin took nothing, when it gave an answer about that. Then there are no events.
    pub refusal: Option<Refusal>,
}

impl Translated {
    /// For tests that care for the refusal and not for the reply to it.
    ///
    /// # Errors
    /// The refusal, if there is one.
    pub fn taken(self) -> Result<Self, Refusal> {
        match self.refusal {
            Some(refusal) => Err(refusal),
            None => Ok(self),
        }
    }
}

/// What came out of `render`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    /// Requests, in order.
    pub requests: Vec<Request>,
    /// Why there is nothing to send.
    pub suppressed: Option<String>,
}

impl<C: Channel> FakeHost<C> {
    /// An instance with this config. The manifest's schema is not consulted.
    ///
    /// # Errors
    /// The plugin's own refusal, or [`Refusal::Malformed`] when the config has not the shape of [`Channel::Config`].
    pub fn new(config: Value) -> Result<Self, Refusal> {
        let config =
            serde_json::from_value(config).map_err(|error| Refusal::Malformed(format!("the config: {error}")))?;
        Ok(Self { channel: C::create(config)? })
    }

    /// Has a request translated.
    ///
    /// # Errors
    /// The plugin's refusal, unless it gave a reply to it ([`Translated::refusal`]); [`Refusal::Fault`] when an event has not
    /// the form that the host asks for.
    pub fn translate(&mut self, input: &FakeInput) -> Result<Translated, Refusal> {
        let mut heard = Heard::default();
        let headers: Vec<(&str, &[u8])> =
            input.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
        let outcome = self.channel.translate(&input.borrow(&headers), &mut Sink(&mut heard));
        heard.only_translated(outcome)
    }

    /// Has an effect rendered; JSON as the host would give it.
    ///
    /// # Errors
    /// The plugin's refusal; [`Refusal::Fault`] when it neither sends nor says why not, or both.
    pub fn render(&mut self, effect: Value) -> Result<Rendered, Refusal> {
        let effect: Effect = serde_json::from_value(effect).map_err(|error| Refusal::Malformed(error.to_string()))?;
        let mut heard = Heard::default();
        self.channel.render(&effect, &mut Sink(&mut heard))?;
        heard.only_rendered()
    }

    /// The instance.
    pub const fn channel(&mut self) -> &mut C {
        &mut self.channel
    }
}

impl FakeInput {
    /// A webhook with this body.
    #[must_use]
    pub fn webhook(body: impl Into<Vec<u8>>) -> Self {
        Self {
            kind: Kind::Webhook,
            received_at_ms: 1_757_900_000_123,
            account: String::new(),
            method: "POST".to_owned(),
            path: "/".to_owned(),
            query: String::new(),
            headers: Vec::new(),
            body: body.into(),
        }
    }

    /// A handshake by `GET` with this query.
    #[must_use]
    pub fn handshake(query: impl Into<String>) -> Self {
        Self { kind: Kind::Handshake, method: "GET".to_owned(), query: query.into(), ..Self::webhook("") }
    }

    /// A frame of a client.
    #[must_use]
    pub fn client_frame(body: impl Into<Vec<u8>>) -> Self {
        Self { kind: Kind::ClientFrame, ..Self::webhook(body) }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.to_ascii_lowercase(), value.into()));
        self
    }

    /// Sets the address.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Sets what stands behind `?`.
    #[must_use]
    pub fn query(mut self, query: impl Into<String>) -> Self {
        self.query = query.into();
        self
    }

    /// Sets when it came.
    #[must_use]
    pub const fn at_ms(mut self, received_at_ms: i64) -> Self {
        self.received_at_ms = received_at_ms;
        self
    }

    fn borrow<'a>(&'a self, headers: &'a [(&'a str, &'a [u8])]) -> Input<'a> {
        Input {
            kind: self.kind,
            received_at_ms: self.received_at_ms,
            account: &self.account,
            method: &self.method,
            path: &self.path,
            query: &self.query,
            body: &self.body,
            headers: Headers(headers),
        }
    }
}

/// An effect with a text: `render(effect("inactivity_warning", "Still there?", "u1", now))`.
#[must_use]
pub fn effect(effect: &str, text: &str, to: &str, now_ms: i64) -> Value {
    json!({ "effect": effect, "text": text, "to": to, "now_ms": now_ms, "channel_state": {} })
}

/// Remembers what was said.
#[derive(Debug, Default)]
struct Heard {
    events: Vec<String>,
    replies: Vec<Reply>,
    requests: Vec<String>,
    suppressed: Vec<String>,
}

impl Heard {
    fn only_translated(mut self, outcome: Outcome) -> Result<Translated, Refusal> {
        if !self.requests.is_empty() || !self.suppressed.is_empty() || self.replies.len() > 1 {
            return Err(Refusal::Fault("translate gives events and at most one reply".to_owned()));
        }
        let reply = self.replies.pop();
        match outcome {
            Ok(()) => {
                let events = self.events.iter().map(|json| event_of(json)).collect::<Result<_, _>>()?;
                Ok(Translated { events, reply, refusal: None })
            }
            Err(refusal) if reply.is_some() && !matches!(refusal, Refusal::Fault(_) | Refusal::Limit) => {
                Ok(Translated { events: Vec::new(), reply, refusal: Some(refusal) })
            }
            Err(refusal) => Err(refusal),
        }
    }

    fn only_rendered(mut self) -> Result<Rendered, Refusal> {
        if !self.events.is_empty() || !self.replies.is_empty() {
            return Err(Refusal::Fault("render gives requests, or says why not".to_owned()));
        }
        if self.requests.is_empty() == self.suppressed.is_empty() || self.suppressed.len() > 1 {
            return Err(Refusal::Fault("render either gives requests or says once why not".to_owned()));
        }
        let requests = self.requests.iter().map(|json| request_of(json)).collect::<Result<_, _>>()?;
        Ok(Rendered { requests, suppressed: self.suppressed.pop() })
    }
}

fn event_of(json: &str) -> Result<Event, Refusal> {
    let event: Event = serde_json::from_str(json).map_err(|error| Refusal::Fault(format!("no event: {error}")))?;
    if event.event_type.is_empty() || event.address.is_empty() {
        return Err(Refusal::Fault("an event has a type and an address".to_owned()));
    }
    Ok(event)
}

fn request_of(json: &str) -> Result<Request, Refusal> {
    serde_json::from_str(json).map_err(|error| Refusal::Fault(format!("no request: {error}")))
}

impl Outlet for Heard {
    fn event(&mut self, json: &str) -> Outcome {
        self.events.push(json.to_owned());
        Ok(())
    }

    fn reply(&mut self, reply: &Reply) -> Outcome {
        self.replies.push(reply.clone());
        Ok(())
    }

    fn request(&mut self, json: &str) -> Outcome {
        self.requests.push(json.to_owned());
        Ok(())
    }

    fn suppress(&mut self, why: &str) -> Outcome {
        self.suppressed.push(why.to_owned());
        Ok(())
    }
}
