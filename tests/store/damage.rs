//! Damage is noticed wherever it is, refused before the end of the log, and survived on demand.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use wane_store::file::{Check, FileLog, Options};
use wane_store::log::{Log, LogError};
use wane_store::memory::{Draw, FaultyDisk};
use wane_store::tools::verify::verify_on;
use wane_wire::record::Sequence;

use crate::support::{append, newest, open, pieces_of, small, snapshot, verify_all};

const SECTOR: u64 = 512;

/// 60 blocks over several segments, all files closed.
fn sixty(disk: &FaultyDisk) {
    append(&open(disk, small()).unwrap().log, 60);
    disk.kill();
}

/// The files of segments, in the order of their blocks, with the places of block heads.
fn heads(disk: &FaultyDisk) -> Vec<(String, Vec<u64>)> {
    let names = wane_store::disk::Disk::list(disk).unwrap();
    let segments = names.into_iter().filter(|name| name.starts_with("segment-"));
    segments
        .map(|name| {
            let bytes = disk.bytes(&name);
            let sectors = bytes.chunks(usize::try_from(SECTOR).unwrap()).zip(0..);
            let places = sectors.filter(|(sector, _)| sector.starts_with(b"WBlk")).map(|(_, index)| index * SECTOR);
            (name, places.collect())
        })
        .filter(|(_, places): &(String, Vec<u64>)| !places.is_empty())
        .collect()
}

#[test]
fn a_changed_bit_before_the_end_refuses_to_open_and_is_named() {
    let whole = FaultyDisk::new(1);
    sixty(&whole);
    let heads = heads(&whole);
    assert!(heads.len() > 4);
    let mut draw = Draw::new(5);
    let (last, before) = heads.split_last().unwrap();
    let mut places: Vec<(&str, u64)> =
        before.iter().flat_map(|(name, places)| places.iter().map(move |at| (&**name, *at))).collect();
    places.extend(last.1.iter().rev().skip(1).map(|at| (&*last.0, *at)));
    assert!(places.len() > 50);
    for (name, place) in places {
        // Somewhere in the head, which is 32 bytes, or in the first byte of the records.
        let disk = whole.copy();
        disk.damage(name, place + draw.below(33), |byte| *byte ^= 1 << draw.below(8));
        let error = open(&disk, small()).unwrap_err();
        let LogError::Damaged { file, offset, .. } = &error else { panic!("{error}") };
        assert_eq!((&**file, *offset), (name, place), "{error}");
        let report = verify_on(&disk).unwrap();
        assert!(!report.is_whole());
        assert_eq!(report.damage[0].to_string(), error.to_string());
    }
}

#[test]
fn no_changed_bit_is_ever_served() {
    let whole = FaultyDisk::new(1);
    sixty(&whole);
    let names: Vec<_> = heads(&whole).into_iter().map(|(name, _)| name).collect();
    let mut draw = Draw::new(9);
    let (mut refused, mut opened) = (0, 0);
    for _ in 0..1500 {
        let disk = whole.copy();
        let name = &names[usize::try_from(draw.below(names.len() as u64)).unwrap()];
        disk.damage(name, draw.below(8192), |byte| *byte ^= 1 << draw.below(8));
        match open(&disk, small()) {
            // In padding, in what is not used, or in the last block: what is served is right.
            Ok(found) => {
                verify_all(&found.log);
                assert!(found.log.next() >= Sequence(60), "{:?}", found.log.next());
                assert!(found.log.next() == Sequence(61) || found.cut.is_some());
                opened += 1;
            }
            Err(LogError::Damaged { .. }) => refused += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert!(refused > 500 && opened > 100, "{refused} {opened}");
}

#[test]
fn the_last_block_torn_is_cut_and_told() {
    let whole = FaultyDisk::new(1);
    sixty(&whole);
    let (name, places) = heads(&whole).pop().unwrap();
    let last = *places.last().unwrap();
    for at in [0, 20, 33] {
        let disk = whole.copy();
        disk.damage(&name, last + at, |byte| *byte ^= 1);
        let opened = open(&disk, small()).unwrap();
        let cut = opened.cut.unwrap();
        assert_eq!((cut.file, cut.offset, cut.sequence), (name.clone(), last, Sequence(60)));
        assert_eq!(opened.log.next(), Sequence(60));
        append(&opened.log, 10);
        drop(opened.log);
        let opened = open(&disk, small()).unwrap();
        assert_eq!(opened.cut, None, "it is cut once");
        assert_eq!(opened.log.next(), Sequence(70));
        verify_all(&opened.log);
    }
}

fn real() -> TempDir {
    let directory = TempDir::new().unwrap();
    append(&FileLog::open(directory.path(), small()).unwrap().log, 60);
    directory
}

#[test]
fn missing_short_and_exchanged_files_refuse_to_open() {
    type Harm = fn(&Path);
    let harms: [(&str, Harm); 5] = [
        ("the file is missing", |place| fs::remove_file(place.join("segment-000003")).unwrap()),
        ("the file ends here, but had 8192 bytes", |place| {
            fs::File::options().write(true).open(place.join("segment-000002")).unwrap().set_len(5000).unwrap();
        }),
        ("is missing", |place| fs::remove_file(place.join("manifest")).unwrap()),
        ("its checksum is wrong", |place| {
            let text = fs::read_to_string(place.join("manifest")).unwrap().replace("\"shards\":2", "\"shards\":3");
            fs::write(place.join("manifest"), text).unwrap();
        }),
        ("the log went on", |place| fs::write(place.join("segment-000002"), [0; 8192]).unwrap()),
    ];
    for (what, harm) in harms {
        let directory = real();
        harm(directory.path());
        let error = FileLog::open(directory.path(), small()).unwrap_err().to_string();
        assert!(error.contains(what), "{error}");
    }
}

#[test]
fn a_segment_of_another_log_is_not_taken_for_a_part_of_this_one() {
    let one = real();
    let other = TempDir::new().unwrap();
    let mut options = small();
    options.create.as_mut().unwrap().identity = [9; 16];
    append(&FileLog::open(other.path(), options).unwrap().log, 60);
    fs::copy(other.path().join("segment-000003"), one.path().join("segment-000003")).unwrap();
    let error = FileLog::open(one.path(), small()).unwrap_err();
    assert!(matches!(error, LogError::Damaged { .. }), "{error}");
}

#[test]
fn a_damaged_snapshot_is_passed_over_for_the_one_before() {
    let disk = FaultyDisk::new(1);
    let log = open(&disk, small()).unwrap().log;
    for _ in 0..3 {
        append(&log, 20);
        snapshot(&log, Sequence(log.next().0 - 2), 4).unwrap();
        log.release(log.next()).unwrap();
    }
    assert_eq!(newest(&log), Some((Sequence(59), pieces_of(Sequence(59), 4))));
    drop(log);
    let name = "snapshot-00000000000000000060";
    let length = disk.bytes(name).len() as u64;
    assert!(length > 500);
    for at in 0..length {
        let disk = disk.copy();
        disk.damage(name, at, |byte| *byte ^= 16);
        let opened = open(&disk, small()).unwrap();
        let (reader, mut damaged) = opened.log.whole_snapshot().unwrap();
        damaged.extend(opened.damaged_snapshots);
        assert_eq!(reader.unwrap().from(), Sequence(39), "byte {at}");
        assert!(matches!(&damaged[..], [LogError::Damaged { file, .. }] if file == name), "byte {at}: {damaged:?}");
        assert!(opened.log.first() <= Sequence(39));
        verify_all(&opened.log);
    }
}

#[test]
fn without_any_whole_snapshot_a_log_without_its_beginning_says_so() {
    let disk = FaultyDisk::new(1);
    let log = open(&disk, small()).unwrap().log;
    append(&log, 40);
    snapshot(&log, Sequence(39), 4).unwrap();
    log.release(log.next()).unwrap();
    assert!(log.first() > Sequence(1));
    drop(log);
    disk.damage("snapshot-00000000000000000040", 100, |byte| *byte ^= 1);
    let error = open(&disk, small()).unwrap().log.snapshot().err().unwrap();
    assert!(error.to_string().contains("snapshot-00000000000000000040"), "{error}");
}

#[test]
fn a_log_that_ends_before_its_snapshot_refuses_to_open() {
    let disk = FaultyDisk::new(1);
    let log = open(&disk, small()).unwrap().log;
    append(&log, 9);
    snapshot(&log, Sequence(8), 1).unwrap();
    drop(log);
    let (name, places) = heads(&disk).pop().unwrap();
    disk.damage(&name, places.last().unwrap() + 40, |byte| *byte ^= 1);
    let error = open(&disk, small()).unwrap_err().to_string();
    assert!(error.contains("the log ends with block 8, but a snapshot was taken after block 9"), "{error}");
}

#[test]
fn a_salvage_gives_up_history_that_no_snapshot_needs() {
    let disk = FaultyDisk::new(1);
    let log = open(&disk, small()).unwrap().log;
    append(&log, 50);
    snapshot(&log, Sequence(45), 2).unwrap();
    append(&log, 10);
    drop(log);
    let (name, places) = heads(&disk).swap_remove(1);
    disk.damage(&name, places[1] + 40, |byte| *byte ^= 1);
    assert!(open(&disk, small()).is_err());
    let opened = open(&disk, Options { check: Check::SinceSnapshot, ..small() }).unwrap();
    let at = Sequence(1);
    assert!(opened.log.read(at, usize::MAX).is_err(), "it is found when it is read");
    drop(opened);
    let opened = open(&disk, Options { salvage: true, ..small() }).unwrap();
    assert_eq!((opened.log.first(), opened.log.next()), (Sequence(45), Sequence(61)));
    let [loss] = &opened.losses[..] else { panic!("{:?}", opened.losses) };
    assert!(loss.history_only && loss.through == Sequence(44) && loss.from > Sequence(1), "{loss:?}");
    verify_all(&opened.log);
    append(&opened.log, 5);
    drop(opened);
    let opened = open(&disk, small()).unwrap();
    assert_eq!((opened.log.first(), opened.log.next()), (Sequence(45), Sequence(66)));
    verify_all(&opened.log);
    assert_eq!(newest(&opened.log), Some((Sequence(45), pieces_of(Sequence(45), 2))));
}

#[test]
fn a_salvage_ends_the_log_where_the_damage_is() {
    let whole = FaultyDisk::new(1);
    sixty(&whole);
    let mut heads = heads(&whole);
    // In the last segment it could be the last block, which is cut.
    heads.pop();
    for (name, places) in heads {
        let disk = whole.copy();
        disk.damage(&name, places[0] + 40, |byte| *byte ^= 1);
        let opened = open(&disk, Options { salvage: true, ..small() }).unwrap();
        let [loss] = &opened.losses[..] else { panic!("{:?}", opened.losses) };
        assert!(!loss.history_only && loss.from == opened.log.next() && loss.through >= loss.from, "{loss:?}");
        verify_all(&opened.log);
        append(&opened.log, 30);
        let next = opened.log.next();
        drop(opened);
        let opened = open(&disk, small()).unwrap();
        assert_eq!(opened.log.next(), next);
        verify_all(&opened.log);
    }
}

#[test]
fn a_salvage_goes_on_without_a_file_that_is_missing() {
    let disk = FaultyDisk::new(1);
    sixty(&disk);
    wane_store::disk::Disk::remove(&disk, "segment-000003").unwrap();
    assert!(open(&disk, small()).is_err());
    let opened = open(&disk, Options { salvage: true, ..small() }).unwrap();
    assert_eq!(opened.losses.len(), 1);
    append(&opened.log, 30);
    drop(opened);
    verify_all(&open(&disk, small()).unwrap().log);
}
