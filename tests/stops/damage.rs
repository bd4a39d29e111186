//! A torn end of the log is cut with a message, and costs nothing that was answered; damage before it refuses to start.

use std::fs;
use std::path::Path;

use crate::place::Place;

/// A line that says that the end was cut.
const CUT: &str = "the end of the log, which nobody had been told of, was cut off";

/// What becomes of the bytes behind the end, given those of the next block.
type Tear = fn(&mut [u8], &[u8]);
/// What is done to the log's directory.
type Harm = fn(&Path);

/// A daemon answered five messages and was killed.
fn five() -> Place {
    let place = Place::new();
    let mut daemon = place.start();
    daemon.applied(1..=5);
    daemon.process.kill();
    assert!(!daemon.process.log().contains(CUT));
    place
}

/// What a daemon says at its start about what was cut.
fn cuts(log: &str) -> usize {
    log.lines().filter(|line| line.contains(CUT)).count()
}

/// The first bytes that the daemon writes behind the end of a log.
fn next_block(place: &Place, file: &Path, end: usize) -> Vec<u8> {
    let whole = fs::read(file).expect("readable");
    let mut daemon = place.start();
    daemon.applied([9]);
    daemon.process.kill();
    let next = fs::read(file).expect("readable")[end..end + 512].to_vec();
    assert!(next.starts_with(b"WBlk"), "the log went on there");
    fs::write(file, whole).expect("written");
    next
}

#[test]
fn a_torn_end_is_cut_once_with_a_message_and_costs_nothing() {
    // The head of the next block without its records, a part of that head, and the block with a bit that flipped on the way.
    let torn: [Tear; 3] = [
        |end, block| end[..32].copy_from_slice(&block[..32]),
        |end, block| end[..20].copy_from_slice(&block[..20]),
        |end, block| {
            end[..512].copy_from_slice(block);
            end[40] ^= 1;
        },
    ];
    for tear in torn {
        let place = five();
        let (last, _, end) = &place.blocks().pop().expect("blocks");
        let block = next_block(&place, last, *end);
        fs::remove_file(place.at("stderr")).expect("removed");
        Place::change(last, *end, |bytes| tear(bytes, &block));

        let mut daemon = place.start();
        let log = daemon.process.log();
        let line = log.lines().find(|line| line.contains(CUT)).unwrap_or_else(|| panic!("{log}"));
        let name = last.file_name().expect("a name").to_string_lossy();
        assert!(line.contains("WARN") && line.contains(&*name) && line.contains(&format!("offset={end}")), "{line}");
        daemon.kept(1..=5);
        daemon.applied(6..=7);
        daemon.process.kill();

        let mut daemon = place.start();
        assert_eq!(cuts(&daemon.process.log()), 1, "it is cut once");
        daemon.kept(1..=7);
        assert_eq!(daemon.process.stop().code(), Some(0));
        let (code, said) = place.verified();
        assert!(code == Some(0) && said.ends_with("whole\n"), "{said}");
    }
}

#[test]
fn a_changed_bit_before_the_end_refuses_to_start_and_changes_nothing() {
    let place = five();
    let blocks = place.blocks();
    assert!(blocks.len() > 5, "each message has a block");
    for (file, at, _) in blocks[..blocks.len() - 1].iter().step_by(4) {
        // In the head, and in the first record.
        for bit in [at + 10, at + 33] {
            Place::change(file, bit, |bytes| bytes[0] ^= 4);
            refused_as_damaged(&place, file, &format!("at byte {at}:"));
            Place::change(file, bit, |bytes| bytes[0] ^= 4);
        }
    }
    place.start().kept(1..=5);
}

#[test]
fn a_file_that_is_missing_short_or_exchanged_refuses_to_start() {
    let harms: [(&str, Harm); 4] = [
        ("segment-000001", |log| fs::remove_file(log.join("segment-000001")).expect("removed")),
        ("segment-000001", |log| {
            let file = fs::File::options().write(true).open(log.join("segment-000001")).expect("it opens");
            file.set_len(4096).expect("shorter");
        }),
        ("manifest", |log| fs::remove_file(log.join("manifest")).expect("removed")),
        ("manifest", |log| Place::change(&log.join("manifest"), 12, |bytes| bytes[0] ^= 1)),
    ];
    let place = five();
    for (name, harm) in harms {
        let log = place.at("data/log");
        let path = log.join(name);
        let whole = fs::read(&path).expect("readable");
        harm(&log);
        refused_as_damaged(&place, &path, "");
        fs::write(&path, whole).expect("written");
    }
    place.start().kept(1..=5);
}

/// Exit code 65, one line with the file and the place, and not a byte is another one afterwards.
fn refused_as_damaged(place: &Place, file: &Path, at: &str) {
    let before = place.log();
    let (code, said) = place.refused(&[]);
    assert_eq!(code, Some(65), "{said}");
    let error = said.lines().find(|line| line.starts_with("error: ")).unwrap_or_else(|| panic!("{said}"));
    let name = file.file_name().expect("a name").to_string_lossy();
    assert!(error.contains(&*name) && error.contains(at), "{error} does not say {name} {at}");
    assert!(said.contains("wane store verify"), "it says what helps: {said}");
    assert!(place.log() == before, "it changed something");
}

#[test]
fn salvage_tells_what_is_lost_and_keeps_the_rest() {
    let place = five();
    let blocks = place.blocks();
    let (file, at, _) = &blocks[blocks.len() - 3];
    Place::change(file, at + 33, |bytes| bytes[0] ^= 1);
    let mut daemon = place.started(&["--salvage"], &[]);
    let log = daemon.process.log();
    let lost = log.lines().find(|line| line.contains("ERROR") && line.contains("this is lost"));
    let name = file.file_name().expect("a name").to_string_lossy();
    let told = |line: &str| line.contains(&*name) && line.contains(&format!("byte {at}")) && line.contains("from=");
    assert!(lost.is_some_and(told), "{log}");
    daemon.kept(1..=2);
    daemon.applied(8..=9);
    assert_eq!(daemon.process.stop().code(), Some(0));
    place.start().kept([1, 2, 8, 9]);
}
