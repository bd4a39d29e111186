//! What a log does when nothing fails.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tempfile::TempDir;
use wane_store::file::{FileLog, Options};
use wane_store::log::{Log, LogError};
use wane_store::memory::FaultyDisk;
use wane_store::sync::Sync;
use wane_wire::record::Sequence;

use crate::support::{append, newest, open, pieces_of, records, small, snapshot, verify_all};

#[test]
fn blocks_come_back_after_a_restart() {
    let directory = TempDir::new().unwrap();
    let place = directory.path().join("deep/inside");
    for round in 0..4 {
        let opened = FileLog::open(&place, small()).unwrap();
        assert_eq!(opened.created, round == 0);
        assert_eq!(opened.cut, None);
        assert_eq!(opened.log.next(), Sequence(1 + round * 25));
        verify_all(&opened.log);
        append(&opened.log, 25);
        verify_all(&opened.log);
    }
}

#[test]
fn reading_stops_at_the_end_and_gives_at_least_one_block() {
    let log = open(&FaultyDisk::new(1), small()).unwrap().log;
    assert_eq!(log.read(Sequence(1), 100).unwrap(), []);
    append(&log, 40);
    assert_eq!(log.read(Sequence(41), 100).unwrap(), []);
    for from in 1..=40 {
        assert_eq!(log.read(Sequence(from), 0).unwrap().len(), 1);
    }
    let all = log.read(Sequence(1), usize::MAX).unwrap();
    assert_eq!(all.len(), 40);
    let some = log.read(Sequence(3), records(3).len() + 1).unwrap();
    assert_eq!(some.iter().map(|block| block.sequence.0).collect::<Vec<_>>(), [3, 4]);
}

#[test]
fn only_the_next_block_is_taken() {
    let log = open(&FaultyDisk::new(1), small()).unwrap().log;
    for wrong in [0, 2, 7] {
        let error = log.append(Sequence(wrong), b"x").unwrap_err();
        assert!(matches!(error, LogError::Unexpected { next: Sequence(1), .. }), "{error}");
    }
    assert!(matches!(log.append(Sequence(1), &vec![0; 8192]), Err(LogError::TooLarge(8192))));
    log.append(Sequence(1), b"").unwrap();
    log.append(Sequence(2), &vec![7; 8192 - 512 - 32]).unwrap();
    assert_eq!(log.read(Sequence(1), usize::MAX).unwrap()[1].records.len(), 8192 - 512 - 32);
}

#[test]
fn two_daemons_do_not_get_the_same_directory() {
    let directory = TempDir::new().unwrap();
    let first = FileLog::open(directory.path(), small()).unwrap();
    let error = FileLog::open(directory.path(), small()).unwrap_err();
    assert!(error.to_string().ends_with("is in use by another process"), "{error}");
    drop(first);
    FileLog::open(directory.path(), small()).unwrap();
}

#[test]
fn what_is_made_is_its_owners_alone() {
    let directory = TempDir::new().unwrap();
    let place = directory.path().join("log");
    append(&FileLog::open(&place, small()).unwrap().log, 3);
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&place), 0o700);
    for file in std::fs::read_dir(&place).unwrap() {
        assert_eq!(mode(&file.unwrap().path()), 0o600);
    }
}

#[test]
fn a_missing_log_is_only_made_when_asked_for() {
    let directory = TempDir::new().unwrap();
    let error = FileLog::open(directory.path(), Options { create: None, ..small() }).unwrap_err();
    assert!(error.to_string().starts_with("there is no log in `"), "{error}");
    FileLog::open(directory.path(), small()).unwrap();
    FileLog::open(directory.path(), Options { create: None, ..small() }).unwrap();
}

#[test]
fn what_is_released_is_used_again() {
    let disk = FaultyDisk::new(1);
    let log = open(&disk, small()).unwrap().log;
    let mut largest = 0;
    for round in 1..=30 {
        append(&log, 20);
        log.release(log.next()).unwrap();
        if round == 1 {
            assert_eq!(log.first(), Sequence(1), "nothing goes before there is a snapshot");
        }
        let from = Sequence(log.next().0 - 3);
        snapshot(&log, from, 3).unwrap();
        log.release(log.next()).unwrap();
        verify_all(&log);
        assert_eq!(newest(&log).unwrap(), (from, pieces_of(from, 3)));
        largest = largest.max(log.size());
    }
    assert!(log.first() > Sequence(500), "{:?}", log.first());
    assert!(largest <= 20 * 8192, "{largest}");
    let error = log.read(Sequence(1), 1).unwrap_err();
    assert!(matches!(error, LogError::Gone { asked: Sequence(1), .. }), "{error}");
    drop(log);
    let log = open(&disk, small()).unwrap().log;
    assert_eq!(log.next(), Sequence(601));
    verify_all(&log);
}

#[test]
fn a_snapshot_that_is_not_finished_leaves_no_trace() {
    let disk = FaultyDisk::new(1);
    let log = open(&disk, small()).unwrap().log;
    append(&log, 3);
    let mut writer = log.start_snapshot(Sequence(2)).unwrap();
    writer.put(b"something").unwrap();
    drop(writer);
    assert_eq!(newest(&log), None);
    assert!(wane_store::disk::Disk::list(&disk).unwrap().iter().all(|name| !name.contains("snapshot")));
    assert!(log.start_snapshot(Sequence(2)).unwrap().finish(Sequence(9)).is_err(), "block 9 is not there");
}

#[test]
fn reading_goes_on_while_blocks_are_appended_and_released() {
    let directory = TempDir::new().unwrap();
    let log = FileLog::open(directory.path(), Options { sync: Sync::Off, ..small() }).unwrap().log;
    let log = Arc::new(log);
    let readers: Vec<_> = (0..3)
        .map(|_| {
            thread::spawn({
                let log = Arc::clone(&log);
                move || follow(&log)
            })
        })
        .collect();
    for round in 0..300 {
        append(&log, 10);
        if round % 10 == 9 {
            snapshot(&log, Sequence(log.next().0 - 20), 1).unwrap();
            log.release(log.next()).unwrap();
            log.prepare().unwrap();
        }
    }
    for reader in readers {
        assert!(reader.join().unwrap() > 0);
    }
}

/// Reads until block 3000, from the oldest on whenever it was too slow.
fn follow(log: &FileLog) -> u64 {
    let (mut at, mut read) = (Sequence(1), 0);
    while at.0 <= 3000 {
        match log.read(at, 5000) {
            Ok(blocks) => {
                for block in blocks {
                    assert_eq!((block.sequence, &*block.records), (at, &*records(at.0)));
                    at = at.next();
                    read += 1;
                }
            }
            Err(LogError::Gone { asked, first }) => {
                assert!(asked == at && first > at);
                at = first;
            }
            Err(error) => panic!("{error}"),
        }
        thread::yield_now();
    }
    read
}

#[test]
fn weaker_durability_is_made_good_by_a_sync() {
    let disk = FaultyDisk::new(3);
    let sync = Sync::Interval(Duration::from_millis(10));
    let log = open(&disk, Options { sync, ..small() }).unwrap().log;
    assert_eq!(log.durability(), sync);
    append(&log, 20);
    log.sync().unwrap();
    drop(log);
    disk.cut_power();
    let log = open(&disk, small()).unwrap().log;
    assert_eq!(log.next(), Sequence(21));
    verify_all(&log);
}
