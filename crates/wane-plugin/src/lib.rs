//! What the author of a channel plugin uses: a safe trait, an export macro, a host to test with.
//!
//! A plugin is a codec. [`Channel::translate`] makes events of a provider's requests, [`Channel::render`] makes requests of
//! what Wane wants to tell a customer. It opens no socket and reads no clock: instants, ids and the config are arguments,
//! and the host does all input and output. So the same input gives the same output, and a test needs no network:
//! see [`testing`].
//!
//! ```
//! use wane_plugin::{Channel, Effect, Event, Input, Outcome, Refusal, Request, Sink};
//!
//! #[derive(serde::Deserialize)]
//! struct Config {
//!     account: String,
//! }
//!
//! struct Pager(Config);
//!
//! #[derive(serde::Deserialize)]
//! struct Page {
//!     id: String,
//!     from: String,
//! }
//!
//! impl Channel for Pager {
//!     type Config = Config;
//!
//!     fn create(config: Config) -> Result<Self, Refusal> {
//!         Ok(Self(config))
//!     }
//!
//!     fn translate(&mut self, input: &Input<'_>, sink: &mut Sink<'_>) -> Outcome {
//!         let page: Page = input.json()?;
//!         sink.event(&Event::new("message", page.from).role("customer").id(page.id).account(&self.0.account))
//!     }
//!
//!     fn render(&mut self, effect: &Effect, sink: &mut Sink<'_>) -> Outcome {
//!         let Some(text) = &effect.text else { return sink.suppress("pagers only take text") };
//!         let body = serde_json::json!({ "to": effect.to, "text": text });
//!         sink.request(&Request::post("https://pager.example/send").bearer("token").json(&body)?)
//!     }
//! }
//!
//! # mod exported { use super::*;
//! wane_plugin::export!(Pager, manifest = r#"{
//!     "channel": "pager",
//!     "config": {
//!         "type": "object",
//!         "properties": { "account": { "type": "string" } },
//!         "required": ["account"]
//!     },
//!     "secrets": [{ "name": "token", "about": "for sending" }]
//! }"#);
//! # }
//! # fn main() {}
//! ```
//!
//! What many providers do alike is here once: texts borrowed from the body ([`Text`]), batches of items ([`read_part`]),
//! instants in every form ([`instant`]), files ([`Input::multipart`]), what may be asked of an effect ([`Effect::is_within`], …).
//! A provider that signs otherwise than a manifest can say is checked with the functions of [`verify`].
//! Name, version, SDK and compiler are added to the manifest by [`export!`]; what a manifest may say is in [`manifest`].
//! The ABI underneath is in `wane-plugin-abi`; nobody needs it to write a plugin in Rust.

mod effect;
mod event;
mod export;
mod input;
pub mod instant;
pub mod manifest;
mod multipart;
mod outcome;
mod part;
mod request;
mod sink;
pub mod testing;
pub mod verify;

pub use effect::{Effect, uuid_of};
pub use event::Event;
#[doc(hidden)]
pub use export::__private;
pub use input::{Field, Input, Kind, read_fields, read_json};
pub use outcome::{Outcome, Refusal};
pub use part::{Object, Text, needed_part, read_part};
pub use request::Request;
pub use sink::{Reply, Sink};

/// A channel's codec.
///
/// The host calls an instance from one thread at a time, not always the same one. What an instance remembers is lost when
/// it is made anew, which happens after each fault and each reload: state that matters belongs into events.
pub trait Channel: Sized + Send {
    /// The operator's config, deserialised of JSON that fits the manifest's schema. `serde_json::Value` takes any.
    type Config: serde::de::DeserializeOwned;

    /// Makes an instance.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] when the config can not be right; the host then does not use the plugin and shows the text.
    fn create(config: Self::Config) -> Result<Self, Refusal>;

    /// Makes events of a request. If the manifest declares a signature, it fits; otherwise checking is up to the plugin.
    ///
    /// # Errors
    /// [`Refusal`]; then no events count, whatever was put into the sink before. A reply that was put there is what the
    /// provider is answered; without one the refusal has an answer of its own.
    fn translate(&mut self, input: &Input<'_>, sink: &mut Sink<'_>) -> Outcome;

    /// Makes requests of an effect, or says why there is nothing to send ([`Sink::suppress`]).
    ///
    /// # Errors
    /// [`Refusal`]; then nothing is sent.
    fn render(&mut self, effect: &Effect, sink: &mut Sink<'_>) -> Outcome;
}
