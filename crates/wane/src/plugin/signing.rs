//! `wane plugin keygen`, `sign` and `verify`: signatures in minisign's format.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use wane_core::time::Timestamp;
use wane_plugin_host::minisign::{PublicKey, SecretKey, Signature};
use wane_server::clock::Clock;
use zeroize::Zeroizing;

use crate::Verdict;
use crate::out::{Out, Style, plain};
use crate::trouble::Trouble;

const HELP: &str = "docs/plugins.md tells how plugins are signed";

/// Makes a key: the secret one in a file that only this user can read, the public one beside it.
pub(crate) fn keygen(file: &Path, out: &mut Out) -> Result<Verdict, Trouble> {
    let mut random = Zeroizing::new([0; 40]);
    getrandom::fill(&mut *random).map_err(|error| Trouble::usage(format!("no random numbers: {error}"), HELP))?;
    let key = SecretKey::of(&random);
    let public = beside(file, ".pub");
    if public.symlink_metadata().is_ok() {
        return Err(there_already(&public));
    }
    new(file, 0o600, key.file().as_bytes())?;
    new(&public, 0o644, key.public().file().as_bytes())?;
    writeln!(out, "secret key  {}, without a password: keep it", plain(&file.display().to_string()))?;
    writeln!(out, "public key  {}", plain(&public.display().to_string()))?;
    writeln!(out, "in wane.toml:\n\n[trust]\nkeys = [\"{}\"]", key.public().line())?;
    Ok(Verdict::Well)
}

/// Writes `FILE.minisig`.
pub(crate) fn sign(file: &Path, key: &Path, comment: Option<&str>, out: &mut Out) -> Result<Verdict, Trouble> {
    let about = fs::metadata(key).map_err(Trouble::read(key))?;
    if about.mode() & 0o077 != 0 {
        let message = format!("others can read the secret key `{}`", key.display());
        return Err(Trouble::usage(message, "run `chmod 600` on it, or make another if somebody may have read it"));
    }
    let text = Zeroizing::new(fs::read_to_string(key).map_err(Trouble::read(key))?);
    let key = SecretKey::parse(&text)
        .map_err(|what| Trouble::usage(format!("`{}`: {what}", key.display()), "`wane plugin keygen` makes one"))?;
    let bytes = fs::read(file).map_err(Trouble::read(file))?;
    let comment = comment.map_or_else(|| told(file), str::to_owned);
    let signature = key.sign(&bytes, &comment).map_err(|what| Trouble::usage(what, HELP))?;
    let to = beside(file, ".minisig");
    // Beside it first: whoever looks meanwhile sees the old signature or the new one.
    let part = beside(file, ".minisig.part");
    let _ = fs::remove_file(&part);
    new(&part, 0o644, signature.as_bytes())?;
    fs::rename(&part, &to).map_err(written(&to))?;
    let by = key.public().id().map(|id| id.to_string()).unwrap_or_default();
    writeln!(out, "{}: signed by the key {by}: {}", plain(&to.display().to_string()), plain(&comment))?;
    Ok(Verdict::Well)
}

/// Whether `FILE.minisig` is the file's signature by this key.
pub(crate) fn verify(file: &Path, key: &str, out: &mut Out) -> Result<Verdict, Trouble> {
    let key = public(key)?;
    let bytes = fs::read(file).map_err(Trouble::read(file))?;
    let from = beside(file, ".minisig");
    let text = fs::read_to_string(&from).map_err(Trouble::read(&from))?;
    let signature = Signature::parse(&text);
    let judged = signature.and_then(|signature| signature.verify(&bytes, &[key]).map(str::to_owned));
    let name = plain(&file.display().to_string()).into_owned();
    match judged {
        Ok(comment) => {
            let yes = out.paint(Style::Good, "signed");
            writeln!(out, "{name}: {yes}: {}", plain(&comment))?;
            Ok(Verdict::Well)
        }
        Err(why) => {
            let no = out.paint(Style::Bad, "not signed");
            writeln!(out, "{name}: {no}: {}", plain(&why))?;
            Ok(Verdict::Findings)
        }
    }
}

/// A public key: the line itself, or a file with it.
pub(crate) fn public(key: &str) -> Result<PublicKey, Trouble> {
    if let Ok(key) = PublicKey::parse(key) {
        return Ok(key);
    }
    let text = fs::read_to_string(key).map_err(Trouble::read(key))?;
    PublicKey::parse(&text).map_err(|what| Trouble::usage(format!("`{key}`: {what}"), HELP))
}

/// What `minisign` writes into a comment: when, and which file.
fn told(file: &Path) -> String {
    let now = Clock::system(Timestamp::EPOCH).now().millis() / 1_000;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let name: String = name.chars().map(|c| if c.is_control() { '?' } else { c }).take(200).collect();
    format!("timestamp:{now}\tfile:{name}\thashed")
}

fn beside(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// A file that is not there yet.
fn new(path: &Path, mode: u32, bytes: &[u8]) -> Result<(), Trouble> {
    let opened = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    let mut file = opened.map_err(|error| {
        if error.kind() == std::io::ErrorKind::AlreadyExists { there_already(path) } else { written(path)(error) }
    })?;
    file.write_all(bytes).map_err(written(path))
}

fn written(path: &Path) -> impl FnOnce(std::io::Error) -> Trouble {
    let path = path.to_owned();
    move |source| Trouble::Write { path, source }
}

fn there_already(path: &Path) -> Trouble {
    Trouble::usage(format!("`{}` is there already", path.display()), "it is not replaced; give another name")
}
