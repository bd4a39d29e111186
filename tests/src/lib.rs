//! Shared support of the test binaries: a second, deliberately plain opinion about what the engine must decide
//! ([`model`]), and real traffic to try both on ([`traffic`]).

pub mod binary;
pub mod daemon;
pub mod model;
pub mod plugins;
pub mod receiver;
pub mod rules;
pub mod sample;
pub mod traffic;

pub mod predicates;
