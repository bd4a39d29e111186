//! What the operator decides about plugins.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::minisign::PublicKey;
use crate::secret::Secret;

/// Which plugins are loaded, from where, for which channels.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The directories that plugins may lie in, directly; absolute, without symbolic links.
    pub directories: Vec<PathBuf>,
    /// Where the bytes that are loaded are kept under their hash: a directory of the service's own. Made when missing;
    /// its path may be relative.
    pub store: PathBuf,
    /// Whom files and directories may belong to.
    pub trust: Trust,
    /// The channels, by name.
    pub channels: BTreeMap<String, ChannelSettings>,
    /// What is done with plugins in the directories that no channel asks for.
    pub others: Others,
    /// The program that is a plugin's process when its first argument is `plugin-host`: one that then calls
    /// [`crate::process::run`]. None: there is no process tier, and every plugin runs in this process. Default none.
    pub program: Option<PathBuf>,
    /// How long a call may take.
    pub budget: Budget,
    /// After how many faults a plugin rests.
    pub rest: Rest,
}

/// A channel and its plugin.
#[derive(Clone, Debug)]
pub struct ChannelSettings {
    /// The plugin: its file's name, with or without `lib` and `.so`. None: the one whose manifest names the channel.
    pub plugin: Option<String>,
    /// Its config, an object that fits the manifest's schema.
    pub config: Value,
    /// Its secrets, by the names in the manifest.
    pub secrets: BTreeMap<String, Secret>,
    /// The SHA-256 that the file must have, in hex. None: any.
    pub sha256: Option<String>,
    /// Where it runs. None: in this process if the file is signed by a trusted key or `sha256` names it, else in a process
    /// of its own.
    pub tier: Option<Tier>,
}

/// Where a plugin runs. What it is asked and what it answers is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// In this process: the fastest, for plugins that are trusted as this process is.
    Inproc,
    /// In processes of its own, locked in. One that crashes or hangs costs the call.
    Process,
}

impl Tier {
    /// As it is configured and shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inproc => "inproc",
            Self::Process => "process",
        }
    }
}

/// What makes a file trusted, beside its place.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// Whose signatures count. A signature is `FILE.minisig`, in minisign's format, or `FILE.sig`, bare ed25519 over the
    /// file's bytes, raw or in base64. One that does not fit is an error; a file without one is not signed. None: signatures
    /// are not looked at.
    pub keys: Vec<PublicKey>,
    /// Whether a file must be signed. Default no: one that is not signed runs in a process of its own.
    pub signed_only: bool,
    /// Whether files and directories may be writable by the service's own group, as they are in a clone made under the
    /// umask 002 of many desktops. For development; default no.
    pub own_group_may_write: bool,
}

/// What is done with plugins that no channel asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Others {
    /// They are left alone.
    #[default]
    Ignored,
    /// They are loaded for the channel that their manifest names, if they need neither config nor secrets.
    Loaded,
}

/// How long a call may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Calls that take longer are counted as slow. Default 1 ms.
    pub soft: Duration,
    /// Calls that take more of the processor than this are faults, and so are calls that keep their caller waiting twenty
    /// times as long. In a process of its own the plugin is stopped then. Default 50 ms.
    pub hard: Duration,
}

impl Budget {
    /// A call that kept its caller waiting for longer sleeps or waits, which it may not.
    #[must_use]
    pub fn longest(&self) -> Duration {
        self.hard.saturating_mul(20)
    }
}

/// When a plugin that fails is not called for a while. Instants are the callers', so this needs no clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rest {
    /// So many faults. Default 3; 0 never rests.
    pub faults: usize,
    /// Within so long. Default 1 min.
    pub window: Duration,
    /// Rest for so long. Default 5 min.
    pub pause: Duration,
}

impl Settings {
    /// Settings for these directories, with everything else as is the default.
    #[must_use]
    pub fn new(directories: Vec<PathBuf>, store: impl Into<PathBuf>) -> Self {
        Self {
            directories,
            store: store.into(),
            trust: Trust::default(),
            channels: BTreeMap::new(),
            others: Others::default(),
            program: None,
            budget: Budget::default(),
            rest: Rest::default(),
        }
    }
}

impl Default for ChannelSettings {
    fn default() -> Self {
        Self {
            plugin: None,
            config: Value::Object(serde_json::Map::new()),
            secrets: BTreeMap::new(),
            sha256: None,
            tier: None,
        }
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self { soft: Duration::from_millis(1), hard: Duration::from_millis(50) }
    }
}

impl Default for Rest {
    fn default() -> Self {
        Self { faults: 3, window: Duration::from_mins(1), pause: Duration::from_mins(5) }
    }
}
