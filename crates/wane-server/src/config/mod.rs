//! The configuration: `wane.toml`, overlaid by the command line. Unknown keys are errors.

use std::net::SocketAddr;
use std::path::PathBuf;

/// Everything that is configured.
#[derive(Clone, Debug)]
pub struct Config {
    /// The organisation whose conversations these are; part of every decision's key.
    pub org: String,
    /// The directory of rules.
    pub rules: PathBuf,
    /// The directory of plugins.
    pub plugins: Option<PathBuf>,
    /// The directory of data.
    pub data: PathBuf,
    /// The address to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Loopback only; tokens are made and printed.
    pub dev: bool,
    /// Time moves only when told.
    pub manual_clock: bool,
    /// Rules are watched for changes.
    pub watch: bool,
    /// How many shards a new data directory gets.
    pub shards: u16,
}
