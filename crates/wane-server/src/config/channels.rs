//! `[channels.NAME]`: which plugin speaks for a channel, and what it needs to know.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::secret::SecretRef;

/// A channel that has a plugin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Channel {
    /// The plugin's name: its file in the plugin directory without what the system puts around it.
    pub plugin: String,
    /// What the plugin is told, as it documents; no secrets.
    #[serde(default, skip_serializing_if = "toml::Table::is_empty")]
    pub config: toml::Table,
    /// Its secrets by the names that the plugin documents, each by reference: `file:PATH` or `env:NAME`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<String, SecretRef>,
}

impl Channel {
    /// The plugin's configuration as JSON.
    ///
    /// # Errors
    /// When it has a number that JSON has not.
    pub fn config_json(&self) -> Result<serde_json::Value, serde_json::Error> {
        serde_json::to_value(&self.config)
    }
}
