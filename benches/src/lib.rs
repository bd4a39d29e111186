//! Wane and other rule engines on the same rules and facts, in one run. `README.md` beside this package says what is
//! measured, what is not, and what came out.
//!
//! A mistake here (an engine that refuses its rules, or names another winner) ends the program: a figure for a wrong
//! answer is worth nothing.

pub mod allocations;
pub mod decide;
pub mod engines;
pub mod load;
pub mod measure;
pub mod report;
pub mod step;
pub mod workload;
