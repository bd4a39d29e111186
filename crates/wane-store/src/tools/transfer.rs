//! A log as one stream of frames, and a log from such a stream.
//!
//! The stream holds every block with its number, so that addresses stay what they are, and the newest snapshot. It does not
//! depend on how segments are laid out. Its form is in `docs/log-format.md`.

use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;

use wane_wire::record::{BLOCK_LIMIT, Sequence};

use crate::disk::{Disk, RealDisk};
use crate::file::{FileLog, Options};
use crate::layout::Bytes;
use crate::log::{Log, LogError, SnapshotReader};
use crate::manifest::{Creation, failed};
use crate::snapshot::PIECE_LIMIT;

const MAGIC: [u8; 8] = *b"WaneExp\x01";
/// How a stream is called in errors.
const STREAM: &str = "export";
/// How much is read of the log at once.
const PART: usize = 4 << 20;

/// What a frame holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Nothing; its number is the log's first block.
    Start = 1,
    /// The records of the block of its number.
    Block = 2,
    /// Nothing; a snapshot begins, which reads on from its number.
    Snapshot = 3,
    /// A piece of the snapshot.
    Piece = 4,
    /// Nothing; its number is how many blocks there were.
    End = 5,
}

impl Kind {
    fn read(number: u32) -> Option<Self> {
        [Self::Start, Self::Block, Self::Snapshot, Self::Piece, Self::End]
            .into_iter()
            .find(|kind| *kind as u32 == number)
    }
}

/// What went through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The first block.
    pub first: Sequence,
    /// How many blocks.
    pub blocks: u64,
    /// Whether a snapshot was among it.
    pub snapshot: bool,
}

/// Writes all blocks of a log that are durable now, and its newest snapshot. The log may be in use.
///
/// # Errors
/// What reading the log says; a stream that can not be written, as [`LogError::Disk`] of `export`.
pub fn export(log: &dyn Log, to: &mut dyn Write) -> Result<Moved, LogError> {
    // First of all, so that the blocks reach as far as it does.
    let snapshot = log.snapshot()?;
    let (first, next) = (log.first(), log.next());
    let mut frames = Frames { stream: to, sum: 0 };
    frames.magic()?;
    frames.put(Kind::Start, first.0, &[])?;
    let mut at = first;
    while at < next {
        for block in log.read(at, PART)?.into_iter().take_while(|block| block.sequence < next) {
            frames.put(Kind::Block, block.sequence.0, &block.records)?;
            at = block.sequence.next();
        }
    }
    let snapshot = snapshot.map(|reader| pieces(reader, &mut frames)).transpose()?.is_some();
    let blocks = next.0 - first.0;
    frames.put(Kind::End, blocks, &[])?;
    frames.stream.flush().map_err(|error| failed(STREAM, error))?;
    Ok(Moved { first, blocks, snapshot })
}

fn pieces(mut reader: Box<dyn SnapshotReader>, frames: &mut Frames<'_>) -> Result<(), LogError> {
    frames.put(Kind::Snapshot, reader.from().0, &[])?;
    while let Some(piece) = reader.piece()? {
        frames.put(Kind::Piece, 0, &piece)?;
    }
    Ok(())
}

struct Frames<'a> {
    stream: &'a mut dyn Write,
    /// The checksum of the frame before, so that none can be left out.
    sum: u32,
}

impl Frames<'_> {
    fn magic(&mut self) -> Result<(), LogError> {
        self.stream.write_all(&MAGIC).map_err(|error| failed(STREAM, error))
    }

    fn put(&mut self, kind: Kind, number: u64, bytes: &[u8]) -> Result<(), LogError> {
        let length = u32::try_from(bytes.len()).map_err(|_| LogError::TooLarge(bytes.len()))?;
        let mut frame = Vec::with_capacity(FRAME);
        frame.extend((kind as u32).to_le_bytes());
        frame.extend(length.to_le_bytes());
        frame.extend(number.to_le_bytes());
        self.sum = crc32c::crc32c_append(crc32c::crc32c_append(self.sum, &frame), bytes);
        frame.extend(self.sum.to_le_bytes());
        let mut write = || {
            self.stream.write_all(&frame)?;
            self.stream.write_all(bytes)
        };
        write().map_err(|error| failed(STREAM, error))
    }
}

const FRAME: usize = 4 + 4 + 8 + 4;

/// A frame as read.
struct Frame {
    kind: Kind,
    number: u64,
    bytes: Vec<u8>,
}

/// Reads frames.
struct Source<'a> {
    stream: &'a mut dyn Read,
    sum: u32,
    offset: u64,
}

impl Source<'_> {
    fn damaged(&self, what: &str) -> LogError {
        LogError::Damaged { file: STREAM.to_owned(), offset: self.offset, what: what.to_owned() }
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), LogError> {
        self.stream.read_exact(buffer).map_err(|error| {
            let early = error.kind() == io::ErrorKind::UnexpectedEof;
            if early { self.damaged("the stream ends too early") } else { failed(STREAM, error) }
        })
    }

    fn magic(&mut self) -> Result<(), LogError> {
        let mut magic = [0; MAGIC.len()];
        self.fill(&mut magic)?;
        self.offset += magic.len() as u64;
        if magic == MAGIC { Ok(()) } else { Err(self.damaged("this is no export of version 1")) }
    }

    fn next(&mut self) -> Result<Frame, LogError> {
        let mut head = [0; FRAME];
        self.fill(&mut head)?;
        let mut rest = Bytes(&head);
        let fields = (rest.u32().and_then(Kind::read), rest.u32(), rest.u64(), rest.u32());
        let (Some(kind), Some(length), Some(number), Some(sum)) = fields else {
            return Err(self.damaged("the kind of a frame is unknown"));
        };
        let length = usize::try_from(length).ok().filter(|length| *length <= PIECE_LIMIT);
        let mut bytes = vec![
            0;
            length
                .filter(|_| kind == Kind::Piece || length <= Some(BLOCK_LIMIT))
                .ok_or_else(|| { self.damaged("the length of a frame is out of range") })?
        ];
        self.fill(&mut bytes)?;
        let checked = head.get(..FRAME - 4).unwrap_or_default();
        self.sum = crc32c::crc32c_append(crc32c::crc32c_append(self.sum, checked), &bytes);
        if self.sum != sum {
            return Err(self.damaged("the checksum of a frame is wrong"));
        }
        self.offset += (FRAME + bytes.len()) as u64;
        Ok(Frame { kind, number, bytes })
    }
}

/// Makes a new log from a stream, in a directory that is empty or not there yet. Blocks keep their numbers; identity and key
/// are those of `creation`.
///
/// # Errors
/// [`LogError::Directory`] when a log is there already; [`LogError::Damaged`] of `export` when the stream is not whole: what
/// was made of it till then stays, and is to be removed. Failing disks.
pub fn import(from: &mut dyn Read, directory: &Path, creation: Creation, options: Options) -> Result<Moved, LogError> {
    let disk = RealDisk::open(directory, true);
    let disk = disk.map_err(|error| failed(&directory.display().to_string(), error))?;
    import_on(from, Arc::new(disk), creation, options)
}

/// The same on any disk.
///
/// # Errors
/// As [`import`].
pub fn import_on(
    from: &mut dyn Read,
    disk: Arc<dyn Disk>,
    creation: Creation,
    options: Options,
) -> Result<Moved, LogError> {
    let names = disk.list().map_err(|error| failed(&disk.place(), error))?;
    if !names.is_empty() {
        return Err(LogError::Directory(format!("`{}` is not empty", disk.place())));
    }
    let mut source = Source { stream: from, sum: 0, offset: 0 };
    source.magic()?;
    let start = source.next()?;
    if start.kind != Kind::Start || start.number == 0 {
        return Err(source.damaged("the stream does not begin with its first block"));
    }
    let first = Sequence(start.number);
    crate::file::create(disk.as_ref(), &creation, first)?;
    let log = FileLog::open_on(disk, Options { create: None, salvage: false, ..options })?.log;
    fill(&mut source, &log, first)
}

fn fill(source: &mut Source<'_>, log: &FileLog, first: Sequence) -> Result<Moved, LogError> {
    let mut writer = None;
    loop {
        let frame = source.next()?;
        match (frame.kind, &mut writer) {
            (Kind::Block, None) => log.append(Sequence(frame.number), &frame.bytes)?,
            (Kind::Snapshot, None) => writer = Some(log.start_snapshot(Sequence(frame.number))?),
            (Kind::Piece, Some(writer)) => writer.put(&frame.bytes)?,
            (Kind::End, _) if frame.number == log.next().0 - first.0 => break,
            _ => return Err(source.damaged("a frame is out of place")),
        }
    }
    let snapshot = writer.is_some();
    if let Some(writer) = writer {
        writer.finish(Sequence(log.next().0 - 1))?;
    }
    log.sync()?;
    Ok(Moved { first, blocks: log.next().0 - first.0, snapshot })
}
