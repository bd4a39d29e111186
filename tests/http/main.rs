//! The daemon's door, at the real `wane serve`: whatever comes in gets one clear answer, and nothing else happens.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "tests may fail")]

mod audit;
mod bad;
mod clock;
mod config;
mod daemon;
mod deliveries;
mod refused;
mod rules;
mod tokens;
