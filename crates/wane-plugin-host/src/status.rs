//! How plugins are doing, for health and metrics.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use wane_core::time::Timestamp;

use crate::settings::Tier;

/// How the plugin of a channel is doing. Counts are since the channel was first loaded, over all generations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginStatus {
    /// The channel.
    pub channel: String,
    /// The plugin's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The file that it came from.
    pub file: PathBuf,
    /// The SHA-256 of what is loaded, in hex.
    pub hash: String,
    /// Counts reloads that changed something, from 1.
    pub generation: u64,
    /// Where it runs.
    pub tier: Tier,
    /// Its processes that wait for the next call.
    pub processes: Vec<u32>,
    /// Processes that ended while they were needed; each was replaced, and its request asked again.
    pub lost: u64,
    /// Calls that reached the plugin.
    pub calls: u64,
    /// How long they took in all, in microseconds.
    pub micros: u64,
    /// Calls over the soft budget.
    pub slow: u64,
    /// Inputs and effects that were refused, wrong signatures included.
    pub refused: u64,
    /// Faults.
    pub faults: u64,
    /// The last fault.
    pub last_fault: Option<String>,
    /// Why and until when it is not called.
    pub quarantined: Option<Quarantine>,
}

/// A rest after too many faults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantine {
    /// From when.
    pub since: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// What led to it.
    pub why: String,
}

/// Counts.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) lost: AtomicU64,
    pub(crate) calls: AtomicU64,
    pub(crate) micros: AtomicU64,
    pub(crate) slow: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) faults: AtomicU64,
}

pub(crate) fn add(count: &AtomicU64, more: u64) {
    count.fetch_add(more, Ordering::Relaxed);
}

pub(crate) fn read(count: &AtomicU64) -> u64 {
    count.load(Ordering::Relaxed)
}
