//! Snapshot files: pieces with their checksums, between a header and a footer without which the file counts for nothing.
//!
//! When one is taken and which are kept is decided in [`crate::file`]; this is reading and writing one file.

use std::io;

use wane_wire::record::Sequence;

use crate::disk::{Disk, DiskFile};
use crate::layout::{Bytes, Seed};
use crate::log::{LogError, SnapshotReader};
use crate::manifest::{Manifest, failed};

const MAGIC: [u8; 8] = *b"WaneSnp\x01";
const HEADER: usize = 8 + 16 + 8 + 4;
const FOOTER: usize = 4 + 8 + 8 + 8 + 4 + 4;
/// Stands where the length of a piece would.
const END: u32 = u32::MAX;

/// The most bytes of one piece.
pub const PIECE_LIMIT: usize = 1 << 30;

/// A snapshot file whose ends are whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kept {
    /// The last block whose records it may hold.
    pub through: Sequence,
    /// From where to read the log after it.
    pub from: Sequence,
    /// The file.
    pub name: String,
}

/// The name of the snapshot that holds records up to that block.
pub(crate) fn name(through: Sequence) -> String {
    format!("snapshot-{:020}", through.0)
}

pub(crate) fn is_name(text: &str) -> bool {
    text.strip_prefix("snapshot-").is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The bytes of a snapshot, made one after another.
pub(crate) struct Encoder {
    seed: Seed,
    pieces: u64,
    bytes: u64,
    sums: u32,
}

impl Encoder {
    /// Starts with the header.
    pub(crate) fn new(manifest: &Manifest, from: Sequence, into: &mut Vec<u8>) -> Self {
        let seed = Seed::of(manifest);
        let start = into.len();
        into.extend(MAGIC);
        into.extend(manifest.identity);
        into.extend(from.0.to_le_bytes());
        let sum = seed.sum(into.get(start..).unwrap_or_default());
        into.extend(sum.to_le_bytes());
        Self { seed, pieces: 0, bytes: 0, sums: seed.chain() }
    }

    /// What stands before a piece.
    pub(crate) fn piece(&mut self, piece: &[u8], into: &mut Vec<u8>) -> Result<(), LogError> {
        let length = u32::try_from(piece.len()).ok().filter(|_| piece.len() <= PIECE_LIMIT);
        let length = length.ok_or(LogError::TooLarge(piece.len()))?;
        let sum = piece_sum(self.seed, self.pieces, piece);
        into.extend(length.to_le_bytes());
        into.extend(sum.to_le_bytes());
        self.pieces += 1;
        self.bytes += u64::from(length);
        self.sums = crc32c::crc32c_append(self.sums, &sum.to_le_bytes());
        Ok(())
    }

    pub(crate) fn footer(&self, through: Sequence, into: &mut Vec<u8>) {
        let start = into.len();
        into.extend(END.to_le_bytes());
        into.extend(self.pieces.to_le_bytes());
        into.extend(through.0.to_le_bytes());
        into.extend(self.bytes.to_le_bytes());
        into.extend(self.sums.to_le_bytes());
        let sum = self.seed.sum(into.get(start..).unwrap_or_default());
        into.extend(sum.to_le_bytes());
    }
}

/// A piece's checksum holds its place, so that two can not change places.
fn piece_sum(seed: Seed, index: u64, piece: &[u8]) -> u32 {
    crc32c::crc32c_append(seed.sum(&index.to_le_bytes()), piece)
}

struct Footer {
    pieces: u64,
    through: Sequence,
    bytes: u64,
    sums: u32,
}

fn header(manifest: &Manifest, bytes: &[u8]) -> Option<Sequence> {
    let (checked, _) = bytes.split_at_checked(HEADER - 4)?;
    let mut rest = Bytes(bytes);
    if rest.take()? != MAGIC || rest.take()? != manifest.identity {
        return None;
    }
    let (from, sum) = (rest.u64()?, rest.u32()?);
    (sum == Seed::of(manifest).sum(checked)).then_some(Sequence(from))
}

fn footer(seed: Seed, bytes: &[u8]) -> Option<Footer> {
    let (checked, _) = bytes.split_at_checked(FOOTER - 4)?;
    let mut rest = Bytes(bytes);
    if rest.u32()? != END {
        return None;
    }
    let (pieces, through, bytes) = (rest.u64()?, rest.u64()?, rest.u64()?);
    let (sums, sum) = (rest.u32()?, rest.u32()?);
    (sum == seed.sum(checked)).then_some(Footer { pieces, through: Sequence(through), bytes, sums })
}

/// What a file says of itself at its ends, if it does.
fn ends(manifest: &Manifest, file: &dyn DiskFile) -> io::Result<Result<(Sequence, Footer), u64>> {
    let length = file.length()?;
    let mut bytes = [0; HEADER];
    file.read_at(&mut bytes, 0)?;
    let Some(from) = header(manifest, &bytes) else { return Ok(Err(0)) };
    let end = length.saturating_sub(FOOTER as u64);
    let mut bytes = [0; FOOTER];
    file.read_at(&mut bytes, end)?;
    let footer = footer(Seed::of(manifest), &bytes);
    let fits = |footer: &Footer| {
        let pieces = footer.pieces.saturating_mul(8).saturating_add(footer.bytes);
        pieces.saturating_add((HEADER + FOOTER) as u64) == length
    };
    Ok(footer.filter(fits).map(|footer| (from, footer)).ok_or(end))
}

/// All snapshots in a directory whose ends are whole, the oldest first, and what is wrong with the others.
pub(crate) fn list(disk: &dyn Disk, manifest: &Manifest) -> Result<(Vec<Kept>, Vec<LogError>), LogError> {
    let names = disk.list().map_err(|error| failed(&disk.place(), error))?;
    let (mut kept, mut damaged) = (Vec::new(), Vec::new());
    for name in names.into_iter().filter(|name| is_name(name)) {
        let file = disk.open(&name).map_err(|error| failed(&name, error))?;
        match ends(manifest, file.as_ref()).map_err(|error| failed(&name, error))? {
            Ok((from, footer)) => kept.push(Kept { name, from, through: footer.through }),
            Err(offset) => damaged.push(bad(&name, offset, "an end of the snapshot")),
        }
    }
    kept.sort();
    Ok((kept, damaged))
}

fn bad(name: &str, offset: u64, what: &str) -> LogError {
    LogError::Damaged { file: name.to_owned(), offset, what: format!("{what} is damaged") }
}

/// A snapshot that is being read.
pub(crate) struct Reader {
    file: Box<dyn DiskFile>,
    name: String,
    seed: Seed,
    from: Sequence,
    pieces: u64,
    index: u64,
    offset: u64,
    sums: u32,
    expected: u32,
}

impl Reader {
    /// Opens one and reads it once, so that it is known to be whole.
    pub(crate) fn whole(disk: &dyn Disk, manifest: &Manifest, name: &str) -> Result<Self, LogError> {
        let mut check = Self::open(disk, manifest, name)?;
        while check.piece()?.is_some() {}
        if check.sums != check.expected {
            return Err(bad(name, check.offset, "the sum of all pieces"));
        }
        Self::open(disk, manifest, name)
    }

    fn open(disk: &dyn Disk, manifest: &Manifest, name: &str) -> Result<Self, LogError> {
        let failed = |error| failed(name, error);
        let file = disk.open(name).map_err(failed)?;
        let ends = ends(manifest, file.as_ref()).map_err(failed)?;
        let (from, footer) = ends.map_err(|offset| bad(name, offset, "an end of the snapshot"))?;
        let seed = Seed::of(manifest);
        let (pieces, expected) = (footer.pieces, footer.sums);
        let name = name.to_owned();
        Ok(Self { file, name, seed, from, pieces, index: 0, offset: HEADER as u64, sums: seed.chain(), expected })
    }

    fn next(&mut self) -> io::Result<Option<(Vec<u8>, u32)>> {
        let mut frame = [0; 8];
        self.file.read_at(&mut frame, self.offset)?;
        let mut rest = Bytes(&frame);
        let (Some(length), Some(sum)) = (rest.u32(), rest.u32()) else { return Ok(None) };
        let Some(length) = usize::try_from(length).ok().filter(|length| *length <= PIECE_LIMIT) else {
            return Ok(None);
        };
        // A damaged length must not ask for more memory than the file has bytes.
        let left = self.file.length()?.saturating_sub(self.offset + 8);
        if length as u64 > left {
            return Ok(None);
        }
        let mut piece = vec![0; length];
        let read = self.file.read_at(&mut piece, self.offset + 8)?;
        let whole = read == length && piece_sum(self.seed, self.index, &piece) == sum;
        Ok(whole.then_some((piece, sum)))
    }
}

impl SnapshotReader for Reader {
    fn from(&self) -> Sequence {
        self.from
    }

    fn piece(&mut self) -> Result<Option<Vec<u8>>, LogError> {
        if self.index == self.pieces {
            return Ok(None);
        }
        let next = self.next().map_err(|error| failed(&self.name, error))?;
        let (piece, sum) = next.ok_or_else(|| bad(&self.name, self.offset, "a piece of the snapshot"))?;
        self.index += 1;
        self.offset += 8 + piece.len() as u64;
        self.sums = crc32c::crc32c_append(self.sums, &sum.to_le_bytes());
        Ok(Some(piece))
    }
}
