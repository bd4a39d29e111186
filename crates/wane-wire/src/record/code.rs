//! A record among the bytes of a block: its frame, what can be told without reading it, and reading it.
//!
//! | bytes | of | what |
//! |---|---|---|
//! | 1 to 3 | all | how many bytes follow, a number |
//! | 1 | all | the kind in the lower half; in the upper half flags of the kind |
//! | 2 | conversations' records | the partition, little-endian |
//! | 8 | conversations' records | the address of the conversation's previous record, little-endian |
//! | … | all | the rest, as the kind has it |

use thiserror::Error;
use wane_core::bytes::{Malformed, Reader};
use wane_core::time::Timestamp;

use super::{Address, Record, Sequence, event, plain};

/// The kinds of record; the numbers are those in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum RecordKind {
    /// [`Record::Event`]
    Event = 1,
    /// [`Record::Lapse`]
    Lapse = 2,
    /// [`Record::Forget`]
    Forget = 3,
    /// [`Record::Tick`]
    Tick = 4,
    /// [`Record::Outage`]
    Outage = 5,
    /// [`Record::Activation`]
    Activation = 6,
    /// [`Record::Delivery`]
    Delivery = 7,
    /// [`Record::Admin`]
    Admin = 8,
}

impl RecordKind {
    /// The kind of a first byte, its flags left out.
    const fn of(head: u8) -> Option<Self> {
        Some(match head & 0x0f {
            1 => Self::Event,
            2 => Self::Lapse,
            3 => Self::Forget,
            4 => Self::Tick,
            5 => Self::Outage,
            6 => Self::Activation,
            7 => Self::Delivery,
            8 => Self::Admin,
            _ => return None,
        })
    }

    /// Whether such a record belongs to one conversation, and so has a partition and a previous record.
    #[must_use]
    pub const fn is_conversations(self) -> bool {
        matches!(self, Self::Event | Self::Lapse | Self::Forget)
    }

    /// The flags that it can have.
    const fn flags(self) -> u8 {
        match self {
            Self::Event => EFFECTS | LAPSES | APPLIED | LATE,
            Self::Lapse => EFFECTS | LAPSES,
            Self::Forget | Self::Tick | Self::Outage | Self::Activation | Self::Delivery | Self::Admin => 0,
        }
    }
}

/// It has effects.
pub(super) const EFFECTS: u8 = 0x10;
/// It has lapses.
pub(super) const LAPSES: u8 = 0x20;
/// The event counted.
pub(super) const APPLIED: u8 = 0x40;
/// The event was late.
pub(super) const LATE: u8 = 0x80;

/// Where the address of the previous record stands, counted from the first byte after the length.
pub(super) const PREVIOUS: usize = 3;

/// What can be told of a record without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peek {
    /// Its kind.
    pub kind: RecordKind,
    /// The partition of its conversation, if it belongs to one.
    pub partition: Option<u16>,
    /// Where the next record starts.
    pub next_offset: usize,
    /// Whether it has effects.
    pub has_effects: bool,
    /// Whether it has lapses.
    pub has_lapses: bool,
}

/// Bytes that are no record.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the record at byte {record} of its block is broken: {fault}")]
pub struct RecordError {
    /// Where the record starts.
    pub record: usize,
    /// What is wrong, and where.
    pub fault: Malformed,
}

/// Looks at the record that starts at an offset, in a few nanoseconds and without allocating.
///
/// # Errors
/// [`RecordError`] when no record starts there, as far as this can see.
pub fn peek(bytes: &[u8], offset: usize) -> Result<Peek, RecordError> {
    open(bytes, offset).map(|(peek, ..)| peek).map_err(|fault| RecordError { record: offset, fault })
}

/// When the record that starts at an offset was made; as cheap as [`peek`].
///
/// # Errors
/// [`RecordError`] when no record starts there, as far as this can see.
pub fn instant(bytes: &[u8], offset: usize) -> Result<Timestamp, RecordError> {
    let read = || {
        let (peek, _, mut reader) = open(bytes, offset)?;
        if peek.partition.is_some() {
            reader.array::<8>()?;
        }
        reader.instant(Timestamp::EPOCH)
    };
    read().map_err(|fault| RecordError { record: offset, fault })
}

/// Reads the record that starts at an offset; also gives the offset of the next one.
///
/// # Errors
/// [`RecordError`] when no record starts there. Never panics, and allocates no more than the bytes account for.
pub fn decode(bytes: &[u8], offset: usize) -> Result<(Record, usize), RecordError> {
    read(bytes, offset).map_err(|fault| RecordError { record: offset, fault })
}

fn read(bytes: &[u8], offset: usize) -> Result<(Record, usize), Malformed> {
    let (peek, head, mut reader) = open(bytes, offset)?;
    let previous = if peek.partition.is_some() { Address(u64::from_le_bytes(reader.array()?)) } else { Address::NONE };
    let from = &mut reader;
    let record = match peek.kind {
        RecordKind::Event => Record::Event(Box::new(event::read_event(from, head, previous)?)),
        RecordKind::Lapse => Record::Lapse(Box::new(event::read_lapse(from, head, previous)?)),
        RecordKind::Forget => event::read_forget(from, previous)?,
        RecordKind::Tick => plain::read_tick(from)?,
        RecordKind::Outage => plain::read_outage(from)?,
        RecordKind::Activation => plain::read_activation(from)?,
        RecordKind::Delivery => Record::Delivery(Box::new(plain::read_delivery(from)?)),
        RecordKind::Admin => plain::read_admin(from)?,
    };
    if reader.left() > 0 {
        return Err(reader.malformed("it is longer than what it says"));
    }
    Ok((record, peek.next_offset))
}

/// The head of a record, and a reader behind the partition that sees nothing of what follows the record.
fn open(bytes: &[u8], offset: usize) -> Result<(Peek, u8, Reader<'_>), Malformed> {
    let mut outer = Reader::new(bytes, offset);
    let length: usize = outer.small()?;
    let start = outer.at();
    outer.take(length)?;
    let mut reader = Reader::new(bytes.get(..outer.at()).unwrap_or_default(), start);
    let head = reader.byte()?;
    let kind = RecordKind::of(head).ok_or(Malformed { at: start, what: "no such kind of record" })?;
    if head & 0xf0 & !kind.flags() != 0 {
        return Err(Malformed { at: start, what: "a flag that this kind of record does not have" });
    }
    let partition = if kind.is_conversations() { Some(u16::from_le_bytes(reader.array()?)) } else { None };
    let peek = Peek {
        kind,
        partition,
        next_offset: outer.at(),
        has_effects: head & EFFECTS != 0,
        has_lapses: head & LAPSES != 0,
    };
    Ok((peek, head, reader))
}

/// The records of a block, one after another, each with its address. After an error there are no more.
///
/// ```
/// use wane_core::time::Timestamp;
/// use wane_wire::record::{Address, Record, Sequence, encode, iterate};
/// let now = Timestamp::parse("2026-03-01T09:00:00Z").expect("valid");
/// let mut block = Vec::new();
/// encode(&Record::Tick { now }, 0, &mut block);
/// encode(&Record::Outage { from: now, now: now.plus_millis(60_000) }, 0, &mut block);
/// let records: Result<Vec<_>, _> = iterate(&block, Sequence(7)).collect();
/// let records = records.expect("whole");
/// assert_eq!(records[0], (Address::new(Sequence(7), 0), Record::Tick { now }));
/// assert_eq!(records[1].0.to_string(), "7-8");
/// ```
pub fn iterate(block: &[u8], sequence: Sequence) -> impl Iterator<Item = Result<(Address, Record), RecordError>> {
    let mut offset = 0;
    std::iter::from_fn(move || {
        let at = offset;
        if at >= block.len() {
            return None;
        }
        let read = decode(block, at);
        offset = read.as_ref().map_or(block.len(), |(_, next)| *next);
        Some(read.map(|(record, _)| (Address::new(sequence, u32::try_from(at).unwrap_or(u32::MAX)), record)))
    })
}
