//! Where a plugin puts what it makes.

use std::fmt;

use serde::Serialize;

use crate::{Event, Outcome, Refusal, Request};

/// Where a plugin puts what it makes. Every method may say [`Refusal::Limit`]: pass it on with `?`.
pub struct Sink<'a>(pub(crate) &'a mut dyn Outlet);

/// What is behind a sink: the host, or a test.
pub(crate) trait Outlet {
    fn event(&mut self, json: &str) -> Outcome;
    fn reply(&mut self, reply: &Reply) -> Outcome;
    fn request(&mut self, json: &str) -> Outcome;
    fn suppress(&mut self, why: &str) -> Outcome;
}

/// As many events as the host takes of one input.
const MOST_EVENTS: usize = 1_000;

/// What the provider is answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status, 200 to 599.
    pub status: u16,
    /// Headers, in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Sink<'_> {
    /// An event. In `translate` only.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] when a name or an instant in it is one that no event can have ([`Event::check`]): it came with
    /// the input. [`Refusal::Limit`] when the host takes no more.
    pub fn event(&mut self, event: &Event) -> Outcome {
        event.check()?;
        self.0.event(&event.to_json())
    }

    /// All events of an input, in their order. In `translate` only.
    ///
    /// # Errors
    /// As [`event`](Self::event), and [`Refusal::Malformed`] for more than 1000: no provider puts so many into one request.
    pub fn events(&mut self, events: &[Event]) -> Outcome {
        if events.len() > MOST_EVENTS {
            return Err(Refusal::Malformed(format!("more than {MOST_EVENTS} events in one request")));
        }
        events.iter().try_for_each(|event| self.event(event))
    }

    /// An event of a type of the author's own, which serialises to the fields of [`Event`]. In `translate` only.
    ///
    /// # Errors
    /// [`Refusal::Fault`] when it has no JSON form; [`Refusal::Limit`].
    pub fn event_of(&mut self, event: &impl Serialize) -> Outcome {
        let json = serde_json::to_string(event)
            .map_err(|error| Refusal::Fault(format!("an event without a JSON form: {error}")))?;
        self.0.event(&json)
    }

    /// What the provider is answered, instead of 200 without a body. At most once, in `translate` only.
    ///
    /// # Errors
    /// [`Refusal::Limit`].
    pub fn reply(&mut self, status: u16, headers: &[(&str, &str)], body: &[u8]) -> Outcome {
        let headers = headers.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        self.0.reply(&Reply { status, headers, body: body.to_owned() })
    }

    /// A plain text to answer, with status 200. At most once, in `translate` only.
    ///
    /// # Errors
    /// [`Refusal::Limit`].
    pub fn reply_text(&mut self, text: &str) -> Outcome {
        self.reply(200, &[("content-type", "text/plain; charset=utf-8")], text.as_bytes())
    }

    /// A request to send. In `render` only.
    ///
    /// # Errors
    /// [`Refusal::Limit`].
    pub fn request(&mut self, request: &Request) -> Outcome {
        // A struct of texts always has a JSON form.
        self.0.request(&serde_json::to_string(request).unwrap_or_default())
    }

    /// There is nothing to send, and why. At most once, in `render` only.
    ///
    /// # Errors
    /// [`Refusal::Limit`].
    pub fn suppress(&mut self, why: &str) -> Outcome {
        self.0.suppress(why)
    }

    /// Refuses: `return sink.fail(Refusal::Duplicate)` is `return Err(Refusal::Duplicate)`.
    ///
    /// # Errors
    /// The refusal itself.
    pub fn fail(&mut self, refusal: Refusal) -> Outcome {
        Err(refusal)
    }
}

impl fmt::Debug for Sink<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sink")
    }
}
