//! The runtime: shards against the plain engine, and against themselves after a crash.

mod held;
mod recovery;
mod same;
mod world;
