//! The plugins of all channels.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use thiserror::Error;

use crate::channel::Channel;
use crate::config;
use crate::elf;
use crate::generation::{Found, Generation};
use crate::manifest::Manifest;
use crate::settings::{ChannelSettings, Others, Settings, Trust};
use crate::status::PluginStatus;
use crate::trust::{Signed, Vetted, vet, vet_directory};

type Channels = BTreeMap<String, Arc<Channel>>;

/// The plugins in use, by channel.
#[derive(Debug, Default)]
pub struct Host {
    channels: RwLock<Channels>,
}

/// Why a plugin is not loaded.
#[derive(Debug, Error)]
pub enum HostError {
    /// The file or its place can not be trusted, read or understood, or does not take its config.
    #[error("`{}`: {what}", .path.display())]
    Plugin {
        /// The file, or a directory.
        path: PathBuf,
        /// What is wrong and what would be right.
        what: String,
    },
    /// No plugin is there for a channel.
    #[error("channel `{channel}`: {what}")]
    Channel {
        /// The channel.
        channel: String,
        /// What is wrong and what would be right.
        what: String,
    },
}

/// What a reload did to a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It has a plugin now and had none.
    Added(String),
    /// It has another file, config or secrets; the number is the generation.
    Replaced(String, u64),
    /// It has none any more.
    Removed(String),
}

/// What can be said of a file without running any of it.
#[derive(Clone, Debug)]
pub struct Inspected {
    /// Its manifest.
    pub manifest: Manifest,
    /// Its SHA-256, in hex.
    pub hash: String,
    /// Its length in bytes.
    pub bytes: usize,
    /// The symbols that it exports; a good plugin has one.
    pub exports: Vec<String>,
    /// Who signed it, of those whose keys count.
    pub signed: Option<Signed>,
}

/// Vets a file and reads its manifest, without running any of it. The path is absolute, without symbolic links.
///
/// # Errors
/// [`HostError::Plugin`] when it can not be trusted or is no plugin.
pub fn inspect(path: &Path, trust: &Trust) -> Result<Inspected, HostError> {
    let found = find(path, trust)?;
    let bytes = found.vetted.bytes.len();
    Ok(Inspected {
        manifest: found.manifest,
        hash: found.vetted.hash,
        bytes,
        exports: found.exports,
        signed: found.vetted.signed,
    })
}

/// Reads the manifest of a file's bytes, whoever may have changed them; nothing of them runs.
///
/// # Errors
/// Why they are no plugin.
pub fn inspect_bytes(bytes: &[u8]) -> Result<Inspected, String> {
    let found = Found::read(Vetted::unvetted(bytes))?;
    let (bytes, exports) = (bytes.len(), found.exports);
    Ok(Inspected { manifest: found.manifest, hash: found.vetted.hash, bytes, exports, signed: None })
}

impl Host {
    /// A host without plugins.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Loads the plugins of all channels.
    ///
    /// # Errors
    /// [`HostError`] for the first that is wrong; then none is in use.
    pub fn load(settings: &Settings) -> Result<Self, HostError> {
        let host = Self::empty();
        host.reload(settings)?;
        Ok(host)
    }

    /// Puts new plugins, configs and secrets in place, all or none. Calls that are going on end with what they began with.
    ///
    /// # Errors
    /// [`HostError`] for the first that is wrong; then everything stays as it was.
    pub fn reload(&self, settings: &Settings) -> Result<Vec<Change>, HostError> {
        let wanted = wanted(settings)?;
        let old = self.channels.read().unwrap_or_else(PoisonError::into_inner).clone();
        let mut next = Vec::new();
        for (name, found, channel_settings) in &wanted {
            next.push((name.clone(), generation(old.get(name), found, channel_settings, settings)?));
        }
        Ok(self.put(settings, &old, next))
    }

    /// The plugin of a channel.
    #[must_use]
    pub fn channel(&self, name: &str) -> Option<Arc<Channel>> {
        self.channels.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// How each plugin is doing, in the order of the channels' names.
    #[must_use]
    pub fn status(&self) -> Vec<PluginStatus> {
        let channels = self.channels.read().unwrap_or_else(PoisonError::into_inner);
        channels.values().map(|channel| channel.status()).collect()
    }

    /// Nothing can fail any more.
    fn put(&self, settings: &Settings, old: &Channels, next: Vec<(String, Option<Generation>)>) -> Vec<Change> {
        let mut changes = Vec::new();
        let mut channels = Channels::new();
        for (name, generation) in next {
            let channel = match (old.get(&name), generation) {
                (Some(channel), None) => Arc::clone(channel),
                (Some(channel), Some(generation)) => {
                    changes.push(Change::Replaced(name.clone(), generation.number));
                    channel.replace(generation);
                    Arc::clone(channel)
                }
                (None, Some(generation)) => {
                    changes.push(Change::Added(name.clone()));
                    Arc::new(Channel::new(name.clone(), generation, settings.budget, settings.rest))
                }
                (None, None) => continue,
            };
            channel.set_limits(settings.budget, settings.rest);
            channels.insert(name, channel);
        }
        changes.extend(old.keys().filter(|name| !channels.contains_key(*name)).cloned().map(Change::Removed));
        *self.channels.write().unwrap_or_else(PoisonError::into_inner) = channels;
        changes
    }
}

/// A new generation for a channel, or none if it would be the same as the one it has.
fn generation(
    old: Option<&Arc<Channel>>,
    found: &Found,
    settings: &ChannelSettings,
    all: &Settings,
) -> Result<Option<Generation>, HostError> {
    let path = &found.vetted.path;
    let old = old.map(|channel| channel.generation());
    if let Some(old) = &old {
        let given = config::check(&found.manifest, settings).map_err(|what| wrong(path, what))?;
        if old.same(found, &given, found.tier(settings, all)) {
            return Ok(None);
        }
    }
    let number = old.map_or(1, |old| old.number + 1);
    found.load(settings, all, number).map(Some).map_err(|what| wrong(path, what))
}

type Wanted = (String, Found, ChannelSettings);

/// Which file is for which channel.
fn wanted(settings: &Settings) -> Result<Vec<Wanted>, HostError> {
    let mut wanted = Vec::new();
    for (channel, own) in &settings.channels {
        let found = match &own.plugin {
            Some(name) => named(channel, name, settings)?,
            None => speaking(channel, settings)?,
        };
        wanted.push((channel.clone(), found, own.clone()));
    }
    if settings.others == Others::Loaded {
        others(settings, &mut wanted)?;
    }
    Ok(wanted)
}

/// The file of that name in one of the directories.
fn named(channel: &str, name: &str, settings: &Settings) -> Result<Found, HostError> {
    let none = |what: String| HostError::Channel { channel: channel.to_owned(), what };
    if name.is_empty() || name.contains('/') || name == ".." {
        return Err(none(format!("`{}` is no file's name; directories are configured apart", name.escape_default())));
    }
    let plain = name.replace('-', "_");
    let names = [name.to_owned(), format!("{name}.so"), format!("lib{plain}.so")];
    let places = settings.directories.iter().flat_map(|directory| names.iter().map(|name| directory.join(name)));
    match places.into_iter().find(|path| path.symlink_metadata().is_ok()) {
        Some(path) => find(&path, &settings.trust),
        None => Err(none(format!("there is no plugin `{name}` in {}", listed(settings)))),
    }
}

/// The one file whose manifest names the channel.
fn speaking(channel: &str, settings: &Settings) -> Result<Found, HostError> {
    let none = |what: String| HostError::Channel { channel: channel.to_owned(), what };
    let mut all = every(settings)?.into_iter().filter(|found| found.manifest.channel == channel);
    match (all.next(), all.next()) {
        (Some(found), None) => Ok(found),
        (None, _) => Err(none(format!("no plugin in {} speaks for it", listed(settings)))),
        (Some(first), Some(second)) => Err(none(format!(
            "both `{}` and `{}` speak for it; say which by `plugin`",
            first.vetted.path.display(),
            second.vetted.path.display()
        ))),
    }
}

/// Adds what asks for nothing, for channels that have no plugin yet; the first of several.
fn others(settings: &Settings, wanted: &mut Vec<Wanted>) -> Result<(), HostError> {
    for found in every(settings)? {
        let known = wanted.iter().any(|(channel, _, _)| *channel == found.manifest.channel);
        let own = ChannelSettings::default();
        if !known && config::check(&found.manifest, &own).is_ok() {
            wanted.push((found.manifest.channel.clone(), found, own));
        }
    }
    Ok(())
}

/// All plugins in the directories, in the order of their names. Files that are no plugins are passed over; those that can
/// not be trusted are not.
fn every(settings: &Settings) -> Result<Vec<Found>, HostError> {
    let mut all = Vec::new();
    for directory in &settings.directories {
        vet_directory(directory, &settings.trust).map_err(|what| wrong(directory, what))?;
        let entries = directory.read_dir().map_err(|error| wrong(directory, format!("can not be read: {error}")))?;
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let mut paths: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|end| end == "so")).collect();
        paths.sort();
        for path in paths {
            let vetted = vet(&path, &settings.trust).map_err(|what| wrong(&path, what))?;
            let Ok(elf) = elf::read(&vetted.bytes) else { continue };
            all.push(Found::of(vetted, elf).map_err(|what| wrong(&path, what))?);
        }
    }
    Ok(all)
}

fn find(path: &Path, trust: &Trust) -> Result<Found, HostError> {
    vet(path, trust).and_then(Found::read).map_err(|what| wrong(path, what))
}

fn wrong(path: &Path, what: String) -> HostError {
    HostError::Plugin { path: path.to_owned(), what }
}

fn listed(settings: &Settings) -> String {
    let names: Vec<String> = settings.directories.iter().map(|path| format!("`{}`", path.display())).collect();
    if names.is_empty() { "any directory, since none is configured".to_owned() } else { names.join(", ") }
}
