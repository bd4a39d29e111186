//! The plugins of all channels.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use thiserror::Error;

use crate::call::{CallError, Input, Rendered, Translated};

/// The plugins in use, by channel.
#[derive(Debug, Default)]
pub struct Host {
    channels: BTreeMap<String, Arc<Channel>>,
}

/// The plugin of one channel.
#[derive(Debug)]
pub struct Channel {}

/// Why a plugin is not loaded.
#[derive(Debug, Error)]
pub enum HostError {
    /// The file or its place can not be trusted, read or understood.
    #[error("`{}`: {what}", .path.display())]
    Plugin {
        /// The file.
        path: PathBuf,
        /// What is wrong and what would be right.
        what: String,
    },
}

impl Host {
    /// A host without plugins.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// The plugin of a channel.
    #[must_use]
    pub fn channel(&self, name: &str) -> Option<Arc<Channel>> {
        self.channels.get(name).cloned()
    }
}

impl Channel {
    /// Makes events of a request. Blocks for as long as the plugin takes; bounded.
    ///
    /// # Errors
    /// [`CallError`]: a refusal, or a fault. Neither has any events.
    pub fn translate(&self, _input: &Input<'_>) -> Result<Translated, CallError> {
        Err(CallError::Fault("not loaded".to_owned()))
    }

    /// Makes requests of an effect: one JSON object with the effect's fields, `text`, `to`, `now_ms`, `channel_state`.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn render(&self, _effect: &serde_json::Value) -> Result<Rendered, CallError> {
        Err(CallError::Fault("not loaded".to_owned()))
    }
}
