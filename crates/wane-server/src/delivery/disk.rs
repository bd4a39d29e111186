//! The state of deliveries on disk: the outbox and the endpoints up to one place of the log, whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use wane_runtime::outbox::{Outbox, Policy};

use super::endpoint::Endpoint;

const NAME: &str = "outbox.json";
const DIGEST: usize = 32;

#[derive(Serialize, Deserialize)]
struct Saved {
    endpoints: Vec<Endpoint>,
    outbox: Box<RawValue>,
}

/// What was saved.
pub(super) struct Loaded {
    pub(super) endpoints: Vec<Endpoint>,
    pub(super) outbox: Outbox,
}

/// The file: the SHA-256 of the rest, then the rest.
#[derive(Clone, Debug)]
pub(super) struct Disk(PathBuf);

impl Disk {
    pub(super) fn new(data: &Path) -> Self {
        Self(data.join(NAME))
    }

    /// What was saved last; `None` when nothing was.
    pub(super) fn load(&self, policy: Policy) -> Result<Option<Loaded>, String> {
        let bytes = match fs::read(&self.0) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(format!("`{}`: {error}", self.0.display())),
        };
        let damaged = |what: &str| format!("`{}` is damaged: {what}", self.0.display());
        let (digest, body) = bytes.split_at_checked(DIGEST).ok_or_else(|| damaged("it is too short"))?;
        if Sha256::digest(body).as_slice() != digest {
            return Err(damaged("its checksum is wrong"));
        }
        let saved: Saved = serde_json::from_slice(body).map_err(|error| damaged(&error.to_string()))?;
        let outbox =
            Outbox::restore(policy, saved.outbox.get().as_bytes()).map_err(|error| damaged(&error.to_string()))?;
        Ok(Some(Loaded { endpoints: saved.endpoints, outbox }))
    }

    /// Puts a new state in the place of the old one.
    pub(super) fn save(&self, endpoints: Vec<Endpoint>, outbox: Vec<u8>) -> io::Result<()> {
        let text = String::from_utf8(outbox).map_err(io::Error::other)?;
        let saved = Saved { endpoints, outbox: RawValue::from_string(text)? };
        let body = serde_json::to_vec(&saved)?;
        let next = self.0.with_extension("json.new");
        let mut file = File::create(&next)?;
        file.write_all(&Sha256::digest(&body))?;
        file.write_all(&body)?;
        file.sync_all()?;
        fs::rename(&next, &self.0)?;
        let Some(directory) = self.0.parent() else { return Ok(()) };
        File::open(directory)?.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_saved_comes_back_and_damage_is_told() {
        let directory = tempfile::tempdir().expect("a directory");
        let disk = Disk::new(directory.path());
        assert!(disk.load(Policy::default()).is_ok_and(|loaded| loaded.is_none()));
        let endpoints = vec![Endpoint::of_channel("web", false)];
        disk.save(endpoints.clone(), Outbox::new(Policy::default()).snapshot()).expect("saved");
        let loaded = disk.load(Policy::default()).expect("whole").expect("there");
        assert_eq!(loaded.endpoints, endpoints);

        let path = directory.path().join(NAME);
        let whole = fs::read(&path).expect("there");
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            fs::write(&path, damaged).expect("written");
            assert!(disk.load(Policy::default()).is_err(), "byte {at}");
        }
        fs::write(&path, &whole[..20]).expect("written");
        assert!(disk.load(Policy::default()).is_err());
    }
}
