//! The file `manifest`: what a directory is, and which files belong to it.
//!
//! It is replaced as a whole: written under another name, made durable, renamed. Text, so that a person can read it.

use serde::{Deserialize, Serialize};
use wane_core::time::Timestamp;
use wane_wire::record::Sequence;

use crate::disk::Disk;
use crate::log::LogError;

/// The version of everything in the directory. Another one is refused.
pub const FORMAT: u32 = 1;

pub(crate) const NAME: &str = "manifest";
const NEXT: &str = "manifest.tmp";

/// What a new log is made with. There is no randomness in this crate, so the caller brings it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Creation {
    /// 16 random bytes: which log it is.
    pub identity: [u8; 16],
    /// 16 random bytes, for keyed hashes; not told to anybody.
    pub key: [u8; 16],
    /// When.
    pub created: Timestamp,
    /// Among how many shards the work was divided at first, from 1.
    pub shards: u16,
}

/// What the directory is.
#[derive(Clone, PartialEq, Eq)]
pub struct Manifest {
    /// Which log it is.
    pub identity: [u8; 16],
    /// For keyed hashes.
    pub key: [u8; 16],
    /// When it was made.
    pub created: Timestamp,
    /// Among how many shards the work was divided at first.
    pub shards: u16,
    /// The oldest block that the log has to have.
    pub first: Sequence,
    /// The numbers of the segment files, ascending. One that is missing is damage.
    pub segments: Vec<u32>,
}

impl std::fmt::Debug for Manifest {
    // The key stays out of logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Manifest")
            .field("identity", &hex(&self.identity))
            .field("first", &self.first)
            .field("segments", &self.segments)
            .finish_non_exhaustive()
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    format: u32,
    identity: String,
    key: String,
    created: i64,
    shards: u16,
    first: u64,
    segments: Vec<u32>,
}

impl Manifest {
    /// Of a log that is to begin at that block.
    #[must_use]
    pub const fn new(creation: &Creation, first: Sequence) -> Self {
        let Creation { identity, key, created, shards } = *creation;
        Self { identity, key, created, shards, first, segments: Vec::new() }
    }

    /// Reads it; `None` when there is none.
    pub(crate) fn read(disk: &dyn Disk) -> Result<Option<Self>, LogError> {
        let file = match disk.open(NAME) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(NAME, error)),
        };
        let length = file.length().map_err(|error| failed(NAME, error))?;
        let mut bytes = vec![0; usize::try_from(length.min(1 << 24)).unwrap_or(0)];
        let read = file.read_at(&mut bytes, 0).map_err(|error| failed(NAME, error))?;
        bytes.truncate(read);
        Self::parse(&bytes).map(Some)
    }

    fn parse(bytes: &[u8]) -> Result<Self, LogError> {
        let damaged = |what: &str| LogError::Damaged { file: NAME.to_owned(), offset: 0, what: what.to_owned() };
        let text = std::str::from_utf8(bytes).map_err(|_| damaged("it is no text"))?;
        let (body, sum) = text.split_once('\n').ok_or_else(|| damaged("its last line is missing"))?;
        if sum != sum_line(body) {
            return Err(damaged("its checksum is wrong"));
        }
        // The version first: the rest is only known to be understood afterwards.
        let value: serde_json::Value = serde_json::from_str(body).map_err(|_| damaged("it is no JSON"))?;
        let format = value.get("format").and_then(serde_json::Value::as_u64);
        if format != Some(u64::from(FORMAT)) {
            let format = format.map_or_else(|| "unknown".to_owned(), |format| format.to_string());
            let text =
                format!("the directory has format {format}, and this version of wane reads format {FORMAT} only");
            return Err(LogError::Directory(text));
        }
        let text: Text =
            serde_json::from_value(value).map_err(|_| damaged("its fields are not those of its format"))?;
        text.manifest().ok_or_else(|| damaged("a field is out of range"))
    }

    fn text(&self) -> String {
        let text = Text {
            format: FORMAT,
            identity: hex(&self.identity),
            key: hex(&self.key),
            created: self.created.millis(),
            shards: self.shards,
            first: self.first.0,
            segments: self.segments.clone(),
        };
        // Numbers, texts and a list of numbers always have a JSON form.
        let body = serde_json::to_string(&text).unwrap_or_default();
        let sum = sum_line(&body);
        format!("{body}\n{sum}")
    }

    /// Puts it in the place of the one before, durably unless that is `forgotten` on purpose. After an error either may be
    /// found.
    pub(crate) fn write(&self, disk: &dyn Disk, forgotten: bool) -> Result<(), LogError> {
        let put = || {
            let file = disk.create(NEXT)?;
            file.write_at(self.text().as_bytes(), 0)?;
            file.sync_data()?;
            disk.rename(NEXT, NAME)?;
            if forgotten { Ok(()) } else { disk.sync_directory() }
        };
        put().map_err(|error| failed(NAME, error))
    }
}

impl Text {
    fn manifest(self) -> Option<Manifest> {
        let ascending = self.segments.is_sorted_by(|left, right| left < right);
        (ascending && self.first > 0 && self.shards > 0).then_some(())?;
        Some(Manifest {
            identity: unhex(&self.identity)?,
            key: unhex(&self.key)?,
            created: Timestamp::from_millis(self.created).ok()?,
            shards: self.shards,
            first: Sequence(self.first),
            segments: self.segments,
        })
    }
}

fn sum_line(body: &str) -> String {
    format!("crc32c {:08x}\n", crc32c::crc32c(body.as_bytes()))
}

pub(crate) fn failed(file: &str, error: std::io::Error) -> LogError {
    LogError::Disk { file: file.to_owned(), error }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<[u8; 16]> {
    if text.len() != 32 {
        return None;
    }
    let number = u128::from_str_radix(text, 16).ok()?;
    Some(number.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        let creation = Creation { identity: [1; 16], key: [254; 16], created: Timestamp::EPOCH, shards: 4 };
        Manifest { segments: vec![1, 2, 7], ..Manifest::new(&creation, Sequence(12)) }
    }

    #[test]
    fn comes_back_as_it_was_written() {
        assert_eq!(Manifest::parse(manifest().text().as_bytes()).unwrap(), manifest());
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let bytes = manifest().text().into_bytes();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 4;
            assert!(Manifest::parse(&changed).is_err(), "byte {at}");
            assert!(Manifest::parse(&bytes[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn another_format_is_refused_by_its_number() {
        let body = manifest().text().lines().next().unwrap().replace("\"format\":1", "\"format\":2");
        let error = Manifest::parse(format!("{body}\n{}", sum_line(&body)).as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), "the directory has format 2, and this version of wane reads format 1 only");
    }

    #[test]
    fn the_key_is_not_printed() {
        assert!(!format!("{:?}", manifest()).contains("fefe"));
    }
}
