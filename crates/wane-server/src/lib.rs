//! The daemon: clock, threads, sockets, HTTP, reload, delivery, metrics.
//!
//! [`node`] runs the shards and the log; [`http`] is the door; [`desk`] keeps rulesets; [`delivery`] sends effects out;
//! [`client`] is the web and in-app API. [`app::App`] holds them together. Only [`clock`] reads a clock.

pub mod app;
pub mod client;
pub mod clock;
pub mod config;
pub mod delivery;
pub mod desk;
pub mod dev;
pub mod follow;
pub mod http;
pub mod metrics;
pub mod node;
pub mod serve;
pub mod telemetry;
pub mod tokens;
