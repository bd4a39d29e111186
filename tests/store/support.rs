//! Small logs.

use std::sync::Arc;

use wane_core::time::Timestamp;
use wane_store::file::{FileLog, Opened, Options};
use wane_store::log::{Log, LogError};
use wane_store::manifest::Creation;
use wane_store::memory::FaultyDisk;
use wane_wire::record::Sequence;

pub(crate) const CREATION: Creation =
    Creation { identity: *b"an identity of 1", key: *b"a key of a log..", created: Timestamp::EPOCH, shards: 2 };

/// Segments so small that a few blocks fill them.
pub(crate) fn small() -> Options {
    Options { segment: 8192, create: Some(CREATION), ..Options::default() }
}

pub(crate) fn open(disk: &FaultyDisk, options: Options) -> Result<Opened, LogError> {
    FileLog::open_on(Arc::new(disk.clone()), options)
}

/// The records of a block: tell its number and differ in length.
pub(crate) fn records(sequence: u64) -> Vec<u8> {
    let length = 1 + usize::try_from(sequence * 389 % 1500).unwrap();
    format!("block {sequence} ").into_bytes().into_iter().cycle().take(length).collect()
}

pub(crate) fn append(log: &FileLog, count: u64) {
    for _ in 0..count {
        let next = log.next();
        log.append(next, &records(next.0)).unwrap();
    }
}

/// All blocks that are kept are as they were appended.
pub(crate) fn verify_all(log: &dyn Log) {
    let mut at = log.first();
    while at < log.next() {
        for block in log.read(at, 3000).unwrap() {
            assert_eq!(block.sequence, at);
            assert_eq!(*block.records, *records(at.0), "block {}", at.0);
            at = block.sequence.next();
        }
    }
}

/// A snapshot of so many pieces that tell where it reads on from.
pub(crate) fn snapshot(log: &FileLog, from: Sequence, pieces: u64) -> Result<(), LogError> {
    let mut writer = log.start_snapshot(from)?;
    for piece in pieces_of(from, pieces) {
        writer.put(&piece)?;
    }
    writer.finish(Sequence(log.next().0 - 1))
}

pub(crate) fn pieces_of(from: Sequence, pieces: u64) -> Vec<Vec<u8>> {
    (0..pieces).map(|piece| format!("piece {piece} of {}, {pieces} pieces ", from.0).repeat(9).into_bytes()).collect()
}

/// The pieces of the newest whole snapshot and from where it reads on.
pub(crate) fn newest(log: &FileLog) -> Option<(Sequence, Vec<Vec<u8>>)> {
    let mut reader = log.snapshot().unwrap()?;
    let mut pieces = Vec::new();
    while let Some(piece) = reader.piece().unwrap() {
        pieces.push(piece);
    }
    Some((reader.from(), pieces))
}
