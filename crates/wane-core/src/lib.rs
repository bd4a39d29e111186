//! The engine of Wane: rule tables in, decisions out.
//!
//! Everything here is a function of its arguments: no clock, no input or output, no randomness, no hash order. Rule
//! files become a [`ruleset::Ruleset`] in [`rules::load`]; an [`engine::Engine`] decides by it, one event at a time.

pub mod action;
pub mod bytes;
pub mod calendar;
pub mod choose;
pub mod diagnostic;
pub mod effect;
pub mod engine;
pub mod event;
pub mod facts;
pub mod packed;
pub mod participant;
pub mod rules;
pub mod ruleset;
pub mod scenario;
pub mod session;
pub mod signal;
mod symbols;
pub mod time;
pub mod timer;

/// The README's example is run with the documentation's.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
