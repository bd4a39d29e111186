//! One loaded plugin with one config, and its instances.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::config::{self, Given};
use crate::elf::{self, Elf};
use crate::instance::Instance;
use crate::library::{self, Library};
use crate::manifest::Manifest;
use crate::settings::ChannelSettings;
use crate::trust::Vetted;

/// The most instances that wait for the next call. More may be at work at once: as many as there are threads that call.
const MOST_IDLE: usize = 64;

/// A plugin, loaded and configured. When the last call with it is over and a newer one is in its place, its instances end.
#[derive(Debug)]
pub(crate) struct Generation {
    pub(crate) number: u64,
    pub(crate) file: PathBuf,
    pub(crate) hash: String,
    pub(crate) manifest: Manifest,
    pub(crate) given: Given,
    library: Library,
    idle: Mutex<Vec<Instance>>,
}

#[expect(unsafe_code, reason = "a library's pointers lead to constants")]
// SAFETY: the library is functions and constants of a file that stays loaded; everything else is shared by a lock.
unsafe impl Sync for Generation {}

/// A file whose manifest was read; nothing of it has run.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) vetted: Vetted,
    pub(crate) manifest: Manifest,
    pub(crate) exports: Vec<String>,
    note: Vec<u8>,
}

impl Found {
    /// Reads what a vetted file says of itself.
    pub(crate) fn read(vetted: Vetted) -> Result<Self, String> {
        let elf = elf::read(&vetted.bytes)?;
        Self::of(vetted, elf)
    }

    /// The same for a file that is known to be a shared object with a manifest.
    pub(crate) fn of(vetted: Vetted, elf: Elf) -> Result<Self, String> {
        let manifest = Manifest::parse(&elf.manifest)?;
        Ok(Self { vetted, manifest, exports: elf.exports, note: elf.manifest })
    }

    /// Checks the settings, then loads it and makes the first instance.
    pub(crate) fn load(&self, settings: &ChannelSettings, store: &Path, number: u64) -> Result<Generation, String> {
        if let Some(expected) = &settings.sha256
            && !expected.eq_ignore_ascii_case(&self.vetted.hash)
        {
            return Err(format!("has the SHA-256 {}, configured is {expected}", self.vetted.hash));
        }
        self.spoken()?;
        let given = config::check(&self.manifest, settings)?;
        let library = library::load(&self.vetted, &self.note, store)?;
        let first = Instance::create(library, given.config.reveal())?;
        Ok(Generation {
            number,
            file: self.vetted.path.clone(),
            hash: self.vetted.hash.clone(),
            manifest: self.manifest.clone(),
            given,
            library,
            idle: Mutex::new(vec![first]),
        })
    }

    /// Another major version of the ABI is refused before anything runs, if the manifest tells.
    fn spoken(&self) -> Result<(), String> {
        let Some(abi) = &self.manifest.abi else { return Ok(()) };
        let major = abi.split('.').next().and_then(|major| major.parse::<u16>().ok());
        if major == Some(wane_plugin_abi::ABI_MAJOR) { Ok(()) } else { Err(library::other_version(abi)) }
    }
}

impl Generation {
    /// An instance for one call: one that waits, or a new one.
    pub(crate) fn take(&self) -> Result<Instance, String> {
        let waiting = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        waiting.map_or_else(|| Instance::create(self.library, self.given.config.reveal()), Ok)
    }

    /// Gives back an instance that did nothing wrong.
    pub(crate) fn give(&self, instance: Instance) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MOST_IDLE {
            idle.push(instance);
        }
    }

    /// Whether these settings and this file would be the same again.
    pub(crate) fn same(&self, found: &Found, given: &Given) -> bool {
        self.hash == found.vetted.hash && self.given.config == given.config && self.given.secrets == given.secrets
    }
}
