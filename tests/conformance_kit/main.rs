//! The conformance kit: that it finds each foil's fault and no other, that its cases are whole, what it shows, and how it
//! refuses bad cases.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "tests may fail")]

mod foils;
mod index;
mod place;
mod show;
mod wrong_cases;
