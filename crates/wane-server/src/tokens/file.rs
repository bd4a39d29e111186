//! `DATA/tokens.json`: read by the daemon, changed by `wane token` and by `--dev`.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use wane_core::time::Timestamp;

use super::{Hash, Scope, Secret, Token, TokenError};

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    tokens: Vec<Token>,
}

pub(super) fn path(data: &Path) -> PathBuf {
    data.join("tokens.json")
}

/// What tells one state of the file from another: each change is a new file, and two of the same instant and length are
/// two files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    written: SystemTime,
    length: u64,
    inode: u64,
}

/// The file's stamp; `None` when it is not there.
pub(super) fn stamp(path: &Path) -> Option<Stamp> {
    let about = fs::metadata(path).ok()?;
    Some(Stamp { written: about.modified().ok()?, length: about.len(), inode: about.ino() })
}

pub(super) fn read(path: &Path) -> Result<Vec<Token>, TokenError> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(TokenError::File { path: path.to_owned(), error }),
    };
    let document: Document = serde_json::from_slice(&text)
        .map_err(|error| TokenError::Form { path: path.to_owned(), what: error.to_string() })?;
    Ok(document.tokens.into_iter().map(Token::named).collect())
}

/// Makes a token; the secret is shown once and kept nowhere.
///
/// # Errors
/// [`TokenError`].
pub fn create(data: &Path, name: &str, scopes: &[Scope], now: Timestamp) -> Result<(Token, Secret), TokenError> {
    let secret = Secret::new()?;
    let token = made(name, scopes, (&secret, now));
    change(data, |tokens| {
        tokens.push(token.clone());
        Ok(())
    })?;
    Ok((token, secret))
}

fn made(name: &str, scopes: &[Scope], (secret, now): (&Secret, Timestamp)) -> Token {
    let hash = Hash::of(secret.reveal());
    let (name, scopes) = (name.to_owned(), scopes.to_vec());
    Token { id: String::new(), name, hash, scopes, created: Some(now.to_string()) }.named()
}

/// The tokens of a data directory.
///
/// # Errors
/// [`TokenError`].
pub fn list(data: &Path) -> Result<Vec<Token>, TokenError> {
    read(&path(data))
}

/// Removes a token by its id.
///
/// # Errors
/// [`TokenError::Unknown`] when there is none.
pub fn revoke(data: &Path, id: &str) -> Result<Token, TokenError> {
    let mut gone = None;
    change(data, |tokens| {
        let place = tokens.iter().position(|token| token.id == id);
        let place = place.ok_or_else(|| TokenError::Unknown(id.to_owned()))?;
        gone = Some(tokens.remove(place));
        Ok(())
    })?;
    gone.ok_or_else(|| TokenError::Unknown(id.to_owned()))
}

/// For `--dev`: one token of each scope, in place of those of the last time; also written to `DATA/dev-tokens.json`, by
/// scope, for scripts to read.
///
/// # Errors
/// [`TokenError`].
pub fn make_dev(data: &Path, now: Timestamp) -> Result<BTreeMap<Scope, Secret>, TokenError> {
    let mut secrets = BTreeMap::new();
    for scope in Scope::ALL {
        secrets.insert(scope, Secret::new()?);
    }
    change(data, |tokens| {
        tokens.retain(|token| !token.name.starts_with(DEV));
        let fresh = secrets.iter().map(|(scope, secret)| {
            let name = format!("{DEV}{}", scope.name());
            made(&name, &[*scope], (secret, now))
        });
        tokens.extend(fresh);
        Ok(())
    })?;
    let shown: BTreeMap<&str, &str> = secrets.iter().map(|(scope, secret)| (scope.name(), secret.reveal())).collect();
    write(&data.join("dev-tokens.json"), &shown)?;
    Ok(secrets)
}

const DEV: &str = "dev ";

/// Changes the file, one at a time.
fn change(data: &Path, edit: impl FnOnce(&mut Vec<Token>) -> Result<(), TokenError>) -> Result<(), TokenError> {
    let path = path(data);
    let failed = |error| TokenError::File { path: path.clone(), error };
    fs::create_dir_all(data).map_err(failed)?;
    let lock = data.join("tokens.lock");
    let lock = private(&lock, false).map_err(failed)?;
    lock.lock().map_err(failed)?;
    let mut tokens = read(&path)?;
    edit(&mut tokens)?;
    write(&path, &Document { tokens })
}

/// Writes a file that only its owner may read, whole or not at all.
fn write(path: &Path, value: &impl Serialize) -> Result<(), TokenError> {
    let failed = |error| TokenError::File { path: path.to_owned(), error };
    let mut text = serde_json::to_vec_pretty(value).map_err(|error| failed(error.into()))?;
    text.push(b'\n');
    let fresh = path.with_extension("json.new");
    let written = private(&fresh, true).and_then(|mut file| {
        file.write_all(&text)?;
        file.sync_all()
    });
    written.and_then(|()| fs::rename(&fresh, path)).map_err(failed)
}

fn private(path: &Path, empty: bool) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(empty).mode(0o600).open(path)
}
