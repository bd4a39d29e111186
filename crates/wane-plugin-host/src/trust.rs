//! Whether a file may be loaded at all: who could have changed it. Asked before a single byte of it is run, for a shared
//! object runs code while it is being loaded.
//!
//! Every directory on the way, and the file, belongs to root or to the user that the service runs as; nobody else may
//! write to it; none is a symbolic link. One exception: a directory on the way that all may write to, but where only
//! an entry's owner may remove it (`/tmp`, sticky), is fine as long as the plugin does not lie in it directly; its entry on the way
//! is ours, and nobody else can put another in its place.

use std::fs::{File, Metadata, OpenOptions};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature as Ed25519, VerifyingKey};
use sha2::{Digest, Sha256};

use crate::minisign::{KeyId, Signature};
use crate::settings::Trust;

/// The largest file that is looked at: a plugin with its debugging information stays well below.
const MOST_BYTES: u64 = 256 << 20;

/// The most bytes of a signature's file.
const MOST_SIGNATURE: u64 = 8 << 10;

const OTHERS_WRITE: u32 = 0o002;
const GROUP_WRITES: u32 = 0o020;
const STICKY: u32 = 0o1000;

/// A file that may be loaded: these bytes, not whatever has that name later.
#[derive(Debug)]
pub(crate) struct Vetted {
    pub(crate) path: PathBuf,
    pub(crate) bytes: Vec<u8>,
    /// The SHA-256 of the bytes, in hex.
    pub(crate) hash: String,
    /// Which trusted key signed them.
    pub(crate) signed: Option<Signed>,
}

/// A signature that fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The key; none for a bare signature, which does not tell.
    pub key: Option<KeyId>,
    /// The comment that was signed with the file.
    pub comment: String,
}

impl Vetted {
    fn new(path: &Path, bytes: Vec<u8>) -> Self {
        let hash = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        Self { path: path.to_owned(), bytes, hash, signed: None }
    }

    /// Bytes that nobody vetted: to be read, never to be loaded.
    pub(crate) fn unvetted(bytes: &[u8]) -> Self {
        Self::new(Path::new(""), bytes.to_owned())
    }
}

/// Vets a file and reads it.
pub(crate) fn vet(path: &Path, trust: &Trust) -> Result<Vetted, String> {
    let bytes = read(path, trust, MOST_BYTES)?;
    let known = trust.signed_only || !trust.keys.is_empty();
    let signed = if known { signed(path, &bytes, trust)? } else { None };
    Ok(Vetted { signed, ..Vetted::new(path, bytes) })
}

/// Vets a directory that plugins lie in.
pub(crate) fn vet_directory(path: &Path, trust: &Trust) -> Result<(), String> {
    way(path, trust)?;
    let metadata = path.symlink_metadata().map_err(|error| format!("can not be read: {error}"))?;
    owned(path, &metadata, trust)
}

fn read(path: &Path, trust: &Trust, most: u64) -> Result<Vec<u8>, String> {
    let parent = path.parent().ok_or("not the path of a file")?;
    vet_directory(parent, trust)?;
    let seen = path.symlink_metadata().map_err(|error| format!("can not be read: {error}"))?;
    if seen.is_symlink() {
        return Err("a symbolic link; give the file itself".to_owned());
    }
    let file = open(path)?;
    let metadata = file.metadata().map_err(|error| format!("can not be read: {error}"))?;
    if !metadata.is_file() {
        return Err("not a regular file".to_owned());
    }
    owned(path, &metadata, trust)?;
    whole(&file, most)
}

/// Opens what has that name, without following a link and without waiting for the other end of a pipe.
fn open(path: &Path) -> Result<File, String> {
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_CLOEXEC;
    let opened = OpenOptions::new().read(true).custom_flags(flags).open(path);
    opened.map_err(|error| format!("can not be opened: {error}"))
}

fn whole(file: &File, most: u64) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).map_err(|error| format!("can not be read: {error}"))?;
    if bytes.len() as u64 > most { Err(format!("longer than {most} bytes")) } else { Ok(bytes) }
}

/// Every directory above the last one.
fn way(directory: &Path, trust: &Trust) -> Result<(), String> {
    let odd = |part: Component<'_>| matches!(part, Component::ParentDir | Component::CurDir | Component::Prefix(_));
    if !directory.is_absolute() || directory.components().any(odd) {
        return Err("the path must be absolute, without `.` and `..`".to_owned());
    }
    for part in directory.ancestors().skip(1) {
        let metadata =
            part.symlink_metadata().map_err(|error| format!("`{}` can not be read: {error}", part.display()))?;
        if metadata.is_dir() && metadata.mode() & STICKY != 0 && ours(&metadata) {
            continue;
        }
        owned(part, &metadata, trust)?;
    }
    Ok(())
}

/// Belongs to us or to root, is no link, and nobody else may write to it.
fn owned(path: &Path, metadata: &Metadata, trust: &Trust) -> Result<(), String> {
    let name = path.display();
    if metadata.is_symlink() {
        return Err(format!("`{name}` is a symbolic link; give the path without links"));
    }
    if !ours(metadata) {
        return Err(format!("`{name}` belongs to user {}, not to root or the service's user", metadata.uid()));
    }
    if metadata.mode() & OTHERS_WRITE != 0 {
        return Err(format!("all users may write to `{name}`; take that from them with `chmod o-w`"));
    }
    let own_group = trust.own_group_may_write && metadata.gid() == group();
    if metadata.mode() & GROUP_WRITES != 0 && !own_group {
        return Err(format!("a group may write to `{name}`; take that from it with `chmod g-w`"));
    }
    Ok(())
}

fn ours(metadata: &Metadata) -> bool {
    metadata.uid() == 0 || metadata.uid() == user()
}

/// The user that the service runs as.
#[expect(unsafe_code, reason = "asks the system")]
pub(crate) fn user() -> u32 {
    // SAFETY: takes nothing and can not fail.
    unsafe { libc::geteuid() }
}

#[expect(unsafe_code, reason = "asks the system")]
fn group() -> u32 {
    // SAFETY: takes nothing and can not fail.
    unsafe { libc::getegid() }
}

/// The signature beside a file, if there is one; that it fits if there is.
fn signed(path: &Path, bytes: &[u8], trust: &Trust) -> Result<Option<Signed>, String> {
    if let Some(beside) = there(path, ".minisig") {
        let told = |what: String| format!("its signature `{}`: {what}", beside.display());
        let text = String::from_utf8(read(&beside, trust, MOST_SIGNATURE).map_err(told)?);
        let signature = Signature::parse(&text.map_err(|_| told("not UTF-8".to_owned()))?).map_err(told)?;
        let comment = signature.verify(bytes, &trust.keys)?.to_owned();
        return Ok(Some(Signed { key: Some(signature.id()), comment }));
    }
    if let Some(beside) = there(path, ".sig") {
        let told = |what: String| format!("its signature `{}`: {what}", beside.display());
        bare(&read(&beside, trust, MOST_SIGNATURE).map_err(told)?, bytes, trust)
            .ok_or_else(|| format!("`{}` is no ed25519 signature", beside.display()))??;
        return Ok(Some(Signed { key: None, comment: String::new() }));
    }
    if trust.signed_only {
        return Err(format!("its signature `{}` is not there", beside(path, ".minisig").display()));
    }
    Ok(None)
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut beside = path.as_os_str().to_owned();
    beside.push(end);
    PathBuf::from(beside)
}

/// Whatever has that name, be it only a link that leads nowhere: it must not be passed over.
fn there(path: &Path, end: &str) -> Option<PathBuf> {
    Some(beside(path, end)).filter(|beside| beside.symlink_metadata().is_ok())
}

/// A signature without anything else, raw or in base64. None if it is none.
fn bare(file: &[u8], bytes: &[u8], trust: &Trust) -> Option<Result<(), String>> {
    let raw = || Ed25519::from_slice(file).ok();
    let signature = raw().or_else(|| Ed25519::from_slice(&STANDARD.decode(file.trim_ascii()).ok()?).ok())?;
    let mut keys = trust.keys.iter().filter_map(|key| VerifyingKey::from_bytes(key.bytes()).ok());
    let fits = keys.any(|key| key.verify_strict(bytes, &signature).is_ok());
    Some(if fits { Ok(()) } else { Err("none of the trusted keys has signed these bytes".to_owned()) })
}
