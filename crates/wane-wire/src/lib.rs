//! What enters and leaves a Wane process: the JSON forms of events, effects and findings.
//!
//! [`event::parse`] turns a JSON object into an [`Event`](wane_core::event::Event), or says which field is wrong and what
//! would be right. [`effect::EffectJson`] is an effect ready to be written. The names of fields are stable: they belong
//! to this crate, not to the engine's types.

pub mod decision;
pub mod effect;
pub mod error;
pub mod event;
pub mod finding;
mod key;
pub mod place;
mod raw;
pub mod record;
mod write;

pub use key::decision_key;
pub use write::EventJson;
