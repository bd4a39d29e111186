//! The plugins of the channels as the service runs them: their cases through the real host, and webhooks over the real
//! daemon.

#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests may fail")]

mod case;
mod host;
mod partners;
mod webhook;
