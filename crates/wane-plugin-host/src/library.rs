//! Loads the bytes that were vetted, and looks at the descriptor.
//!
//! What is loaded is a copy in a private directory, named by the hash of its bytes: replacing a plugin's file never touches
//! mapped memory, and the next generation has another name, for the loader gives the old code to whoever asks for an old
//! name. A library is never unloaded: destructors of a thread's own data and threads of the plugin might still be in it.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use libloading::os::unix::{Library as Handle, RTLD_LOCAL, RTLD_NOW};
use wane_plugin_abi::{ABI_MAJOR, ABI_MINOR, ENTRY, Entry, MAGIC, Plugin, Slice};

use crate::settings::Trust;
use crate::trust::{Vetted, vet, vet_directory};

/// A loaded plugin's functions. Valid for as long as the process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Library {
    pub(crate) plugin: Plugin,
}

#[expect(unsafe_code, reason = "pointers of a library that is never unloaded")]
// SAFETY: the pointers lead to functions and constants of a library that stays; which thread reads them is the same to them.
unsafe impl Send for Library {}

/// Loads a copy that [`keep`] made, whose manifest is this.
pub(crate) fn open(copy: &Path, manifest: &[u8]) -> Result<Library, String> {
    let plugin = entered(copy)?;
    if trimmed(told(plugin.manifest)?) != trimmed(manifest) {
        return Err("the manifest in the descriptor is another than the one in the note".to_owned());
    }
    if plugin.create.is_none() || plugin.destroy.is_none() || plugin.translate.is_none() || plugin.render.is_none() {
        return Err("the descriptor lacks `create`, `destroy`, `translate` or `render`".to_owned());
    }
    Ok(Library { plugin })
}

/// The copy, whose bytes are these: written when missing, and never trusted for its name alone.
pub(crate) fn keep(vetted: &Vetted, store: &Path) -> Result<PathBuf, String> {
    let failed = |error: std::io::Error| format!("can not be kept in `{}`: {error}", store.display());
    DirBuilder::new().recursive(true).mode(0o700).create(store).map_err(failed)?;
    // The service's own directory, wherever its path leads: what is vetted and loaded from is the place itself.
    let store = &store.canonicalize().map_err(failed)?;
    let ours = Trust::default();
    vet_directory(store, &ours).map_err(|what| format!("the store `{}` is not private: {what}", store.display()))?;
    let copy = store.join(format!("{}.so", vetted.hash));
    if vet(&copy, &ours).is_ok_and(|kept| kept.hash == vetted.hash) {
        return Ok(copy);
    }
    let part = store.join(format!("{}.{}.part", vetted.hash, std::process::id()));
    let _ = fs::remove_file(&part);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o500).open(&part).map_err(failed)?;
    file.write_all(&vetted.bytes).and_then(|()| file.sync_all()).map_err(failed)?;
    fs::rename(&part, &copy).map_err(failed)?;
    Ok(copy)
}

#[expect(unsafe_code, reason = "runs code of a file; that it may be run was decided before")]
fn entered(copy: &Path) -> Result<Plugin, String> {
    // The number of `RTLD_NODELETE` is the system's; the flags are combined here for the loader's own function.
    let flags = RTLD_NOW | RTLD_LOCAL | libc::RTLD_NODELETE;
    // SAFETY: the file's initialisers run now. The bytes are those that were vetted, in a directory that only we can change.
    let handle = unsafe { Handle::open(Some(copy), flags) }.map_err(|error| format!("can not be loaded: {error}"))?;
    // SAFETY: the symbol of that name has that type: it is what the ABI says, and what the manifest promises to keep.
    let entry = unsafe { handle.get::<Entry>(ENTRY) }.map(|symbol| *symbol);
    // Never unloaded.
    std::mem::forget(handle);
    let entry = entry.map_err(|_| format!("does not export `{ENTRY}`"))?;
    // SAFETY: as above; the function takes nothing.
    described(unsafe { entry() })
}

/// The descriptor, looked at piece by piece: of a stranger only the first sixteen bytes may be believed to be there.
#[expect(unsafe_code, reason = "reads what a plugin points to")]
fn described(plugin: *const Plugin) -> Result<Plugin, String> {
    if plugin.is_null() || !plugin.is_aligned() {
        return Err(format!("`{ENTRY}` does not return a descriptor"));
    }
    // SAFETY: not null and aligned; a plugin that has the symbol has at least the magic number behind its pointer.
    let magic = unsafe { (&raw const (*plugin).magic).read() };
    if magic != MAGIC {
        return Err("its descriptor has a wrong magic number: no plugin of Wane".to_owned());
    }
    // SAFETY: a descriptor with that number starts with these fields in every version of the ABI.
    let (size, major, minor) = unsafe {
        (
            (&raw const (*plugin).size).read(),
            (&raw const (*plugin).abi_major).read(),
            (&raw const (*plugin).abi_minor).read(),
        )
    };
    if major != ABI_MAJOR {
        return Err(other_version(&format!("{major}.{minor}")));
    }
    if (size as usize) < size_of::<Plugin>() {
        return Err(format!(
            "its descriptor has {size} bytes, ABI {ABI_MAJOR}.{ABI_MINOR} has {}",
            size_of::<Plugin>()
        ));
    }
    // SAFETY: of our major version, and at least as long as we know it.
    let plugin = unsafe { plugin.read() };
    if plugin.min_host_minor > ABI_MINOR {
        return Err(format!(
            "needs a host of ABI {ABI_MAJOR}.{} or later; this one has ABI {ABI_MAJOR}.{ABI_MINOR}",
            plugin.min_host_minor
        ));
    }
    Ok(plugin)
}

/// For a plugin of another major version.
pub(crate) fn other_version(theirs: &str) -> String {
    format!("is made for ABI {theirs}; this host has ABI {ABI_MAJOR}.{ABI_MINOR}")
}

/// Bytes of a descriptor.
#[expect(unsafe_code, reason = "reads what a descriptor points to")]
fn told<'a>(slice: Slice) -> Result<&'a [u8], String> {
    const MOST: u64 = 1 << 20;
    if slice.ptr.is_null() || slice.len > MOST {
        return Err("the manifest in the descriptor is missing or longer than 1 MiB".to_owned());
    }
    let len = usize::try_from(slice.len).unwrap_or_default();
    // SAFETY: not null; a descriptor's bytes live as long as the library, and that is never unloaded.
    Ok(unsafe { std::slice::from_raw_parts(slice.ptr, len) })
}

fn trimmed(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    bytes.get(..end).unwrap_or_default()
}
