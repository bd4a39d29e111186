//! A shard without input or output: events and instants in; records, answers and the next wake-up out.
//!
//! The daemon and the simulator run this same code. [`shard::Shard`] holds the conversations of one share of the names and
//! decides about them; [`batch::Batch`] gathers the records of its decisions; [`block::Builder`] makes blocks of the
//! batches of all shards and so gives every record its address. Clocks, threads and files are `wane-server`'s.

pub mod batch;
pub mod block;
pub mod calendar;
pub mod epoch;
mod epochs;
mod ids;
mod name;
pub mod outbox;
pub mod shard;
mod slab;
mod table;
