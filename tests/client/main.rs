//! The web and in-app API over the real binary: what customers' pages and apps ask for, hear, and are refused.

#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests may fail")]

mod daemon;
mod door;
mod identity;
mod in_app;
mod life;
mod streams;

/// Conversations and messages of these tests: version 4 UUIDs.
const C1: &str = "11111111-1111-4111-8111-111111111111";
const C2: &str = "22222222-2222-4222-8222-222222222222";
const M1: &str = "aaaaaaaa-0000-4000-8000-000000000001";
const M2: &str = "aaaaaaaa-0000-4000-8000-000000000002";
const M3: &str = "aaaaaaaa-0000-4000-8000-000000000003";
