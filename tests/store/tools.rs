//! Verifying, backing up, exporting and importing.

use std::sync::Arc;

use tempfile::TempDir;
use wane_store::file::FileLog;
use wane_store::log::{Log, LogError};
use wane_store::manifest::Creation;
use wane_store::memory::FaultyDisk;
use wane_store::tools::transfer::import_on;
use wane_store::tools::{backup, export, import, verify};
use wane_wire::record::Sequence;

use crate::support::{CREATION, append, newest, open, pieces_of, records, small, snapshot, verify_all};

/// A log with a history that began long ago and a snapshot.
fn filled(log: &FileLog) {
    append(log, 60);
    snapshot(log, Sequence(50), 3).unwrap();
    log.release(Sequence(40)).unwrap();
    append(log, 5);
    assert!(log.first() > Sequence(1));
}

#[test]
fn a_report_counts_everything() {
    let directory = TempDir::new().unwrap();
    let log = FileLog::open(directory.path(), small()).unwrap().log;
    filled(&log);
    let busy = verify(directory.path()).unwrap_err();
    assert!(matches!(busy, LogError::Held(_)), "{busy}");
    let first = log.first();
    drop(log);
    let report = verify(directory.path()).unwrap();
    assert!(report.is_whole() && report.cut.is_none());
    assert_eq!((report.first, report.last), (first, Sequence(65)));
    assert_eq!(report.blocks, 66 - first.0);
    let bytes: usize = (first.0..=65).map(|sequence| records(sequence).len()).sum();
    assert_eq!(report.bytes, bytes as u64);
    let [snapshot] = &report.snapshots[..] else { panic!("{report:?}") };
    assert_eq!((snapshot.kept.from, snapshot.kept.through, snapshot.pieces), (Sequence(50), Sequence(60), 3));
}

#[test]
fn a_backup_opens_as_the_original_does() {
    let (one, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let log = FileLog::open(one.path(), small()).unwrap().log;
    filled(&log);
    assert!(backup(one.path(), other.path()).is_err(), "it is in use");
    let first = log.first();
    drop(log);
    let copy = other.path().join("new");
    assert!(backup(one.path(), &copy).unwrap().is_whole());
    assert!(backup(one.path(), &copy).is_err(), "something is there");
    let opened = FileLog::open(&copy, small()).unwrap();
    assert_eq!((opened.created, opened.log.first(), opened.log.next()), (false, first, Sequence(66)));
    assert_eq!(opened.log.manifest().identity, CREATION.identity);
    verify_all(&opened.log);
    assert_eq!(newest(&opened.log), Some((Sequence(50), pieces_of(Sequence(50), 3))));
}

#[test]
fn an_export_is_the_same_log_once_more() {
    let log = open(&FaultyDisk::new(1), small()).unwrap().log;
    filled(&log);
    let mut stream = Vec::new();
    let moved = export(&log, &mut stream).unwrap();
    assert_eq!((moved.first, moved.blocks, moved.snapshot), (log.first(), 66 - log.first().0, true));
    let directory = TempDir::new().unwrap();
    let place = directory.path().join("new");
    let creation = Creation { identity: [5; 16], ..CREATION };
    assert_eq!(import(&mut &*stream, &place, creation, small()).unwrap(), moved);
    let opened = FileLog::open(&place, small()).unwrap();
    assert_eq!((opened.log.first(), opened.log.next()), (log.first(), log.next()));
    assert_eq!(opened.log.manifest().identity, [5; 16]);
    verify_all(&opened.log);
    assert_eq!(newest(&opened.log), Some((Sequence(50), pieces_of(Sequence(50), 3))));
    assert!(import(&mut &*stream, &place, creation, small()).is_err(), "something is there");
}

#[test]
fn an_export_that_is_not_whole_is_refused() {
    let log = open(&FaultyDisk::new(1), small()).unwrap().log;
    append(&log, 5);
    snapshot(&log, Sequence(4), 1).unwrap();
    let mut stream = Vec::new();
    export(&log, &mut stream).unwrap();
    let import = |mut stream: &[u8]| import_on(&mut stream, Arc::new(FaultyDisk::new(1)), CREATION, small());
    import(&stream).unwrap();
    for at in 0..stream.len() {
        assert!(import(&stream[..at]).is_err(), "cut at {at}");
        let mut changed = stream.clone();
        changed[at] ^= 2;
        assert!(import(&changed).is_err(), "byte {at}");
    }
}
