//! `wane store` over a small log: two conversations, one of which ends of itself.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use wane_core::engine::Engine;
use wane_core::event::Event;
use wane_core::participant::Role;
use wane_core::rules::files::Files;
use wane_core::signal::EventType;
use wane_core::time::Timestamp;
use wane_runtime::batch::Batch;
use wane_runtime::block::Builder;
use wane_runtime::epoch::Epoch;
use wane_runtime::shard::{Settings, Shard};
use wane_store::file::{FileLog, Options};
use wane_store::log::Log;
use wane_store::manifest::Creation;
use wane_tests::rules;
use wane_wire::record::{Ordinal, Record, encode};

use super::*;

const RULES: &str = "[timers.quiet]\nrestart_on = [\"message:customer\"]\non_lapse = [\"end-session\"]\n\
                     [[rules]]\nid = \"quiet\"\ntimer = \"quiet\"\nafter = \"15m\"\n";
const KEY: [u8; 16] = *b"a key of a log..";
const DAY: i64 = 86_400_000;

#[expect(clippy::unwrap_used, reason = "a constant")]
fn nine() -> Timestamp {
    Timestamp::parse("2026-03-01T09:00:00Z").unwrap()
}

/// Makes a data directory; `spoil` may change the bytes of the block with the conversations.
#[expect(clippy::unwrap_used, reason = "a log that can not be made fails the test")]
fn data(test: &str, spoil: impl FnOnce(&mut Vec<u8>)) -> PathBuf {
    let mut files = Files::default();
    files.insert("rules.toml", RULES);
    let ruleset = rules::compile(&files).unwrap();
    let bundle = serde_json::json!({"format": 1, "files": {"rules.toml": RULES}}).to_string();
    let path = directory(test, &[(&format!("data/rulesets/{}.json", ruleset.hash), &bundle)]).join("data");
    let creation = Creation { identity: *b"an identity of 1", key: KEY, created: nine(), shards: 1 };
    let options = Options { create: Some(creation), segment: 2 << 20, ..Options::default() };
    let log = FileLog::open(&path.join("log"), options).unwrap().log;

    let mut builder = Builder::new(log.next());
    let mut opening = Vec::new();
    let (ordinal, hash) = (Ordinal(1), ruleset.hash);
    encode(&Record::Activation { now: nine(), ordinal, hash, by: "start".into() }, 0, &mut opening);
    builder.add(&opening);
    let (sequence, block) = builder.take().unwrap();
    log.append(sequence, &block).unwrap();

    let settings = Settings { index: 0, shards: 1, key: KEY, ids_for: 8 * DAY, ended_for: DAY, idle_for: DAY };
    let mut shard = Shard::new(settings);
    shard.epoch(Epoch::Rules { ordinal, now: nine(), engine: Arc::new(Engine::new(ruleset)) });
    let mut batch = Batch::default();
    for (seconds, conversation) in [(1, "c1"), (2, "c2"), (600, "c2")] {
        let message = Event::new(conversation, EventType::Message).by(Role::Customer).on("web");
        shard.event(nine().plus_millis(seconds * 1_000), &message, &mut batch);
    }
    shard.tick(nine().plus_millis(16 * 60_000), 10, &mut batch);
    let base = builder.place(batch.bytes().len());
    shard.seal(&mut batch, base);
    builder.add(batch.bytes());
    let (sequence, mut block) = builder.take().unwrap();
    spoil(&mut block);
    log.append(sequence, &block).unwrap();
    path
}

#[expect(clippy::unwrap_used, reason = "made by `data`")]
fn run(arguments: &[&str], path: &Path) -> Output {
    let mut all = vec!["store"];
    all.extend(arguments);
    wane(path.parent().unwrap(), &all)
}

#[test]
fn a_whole_log_is_whole_and_replays_to_the_same_digest_everywhere() {
    let path = data("store-whole", |_| ());
    let verified = run(&["verify", "data"], &path);
    assert_eq!(verified.status.code(), Some(0), "{}", stderr(&verified));
    assert!(stdout(&verified).ends_with("whole\n"), "{}", stdout(&verified));
    let replayed = run(&["replay", "data"], &path);
    assert_eq!(replayed.status.code(), Some(0), "{}", stderr(&replayed));
    let told = stdout(&replayed);
    assert!(told.contains("events                 3\ndecisions              1\n"), "{told}");
    assert_eq!(stdout(&run(&["replay", "data"], &path)), told);

    assert_eq!(run(&["backup", "data", "copy"], &path).status.code(), Some(0));
    assert_eq!(stdout(&run(&["replay", "copy"], &path)), told);
    assert_eq!(run(&["backup", "data", "copy"], &path).status.code(), Some(2), "something is there already");

    let exported = run(&["export", "data", "-o", "log.wane"], &path);
    assert_eq!(exported.status.code(), Some(0), "{}", stderr(&exported));
    let imported = run(&["import", "other", "log.wane"], &path);
    assert_eq!((imported.status.code(), stdout(&imported).as_str()), (Some(0), "2 blocks, 1 rulesets\n"));
    assert_eq!(stdout(&run(&["replay", "other"], &path)), told);

    // The directory by its name, as other commands have it.
    assert_eq!(stdout(&run(&["replay", "--data", "data"], &path)), told);
    assert_eq!(run(&["backup", "--data", "data", "second"], &path).status.code(), Some(0));
    assert_eq!(run(&["import", "--data", "third", "log.wane"], &path).status.code(), Some(0));
    for copy in ["second", "third"] {
        assert_eq!(stdout(&run(&["replay", copy], &path)), told, "{copy}");
    }
    assert_eq!(run(&["verify"], &path).status.code(), Some(2), "no directory is said");
    assert_eq!(run(&["verify", "data", "--data", "data"], &path).status.code(), Some(2), "it is said twice");
}

#[test]
fn damage_is_not_called_a_torn_end() {
    let path = data("store-damaged", |_| ());
    let copy = path.parent().unwrap().join("copy");
    assert_eq!(run(&["backup", "data", "copy"], &path).status.code(), Some(0));
    let segment = std::fs::read_dir(copy.join("log")).unwrap().flatten().map(|entry| entry.path());
    let segment = segment.into_iter().find(|path| path.to_string_lossy().contains("segment")).unwrap();
    let mut bytes = std::fs::read(&segment).unwrap();
    // In the block before the last: the name of who put the first rules in force.
    let at = bytes.windows(5).position(|five| five == b"start").unwrap();
    bytes[at] ^= 1;
    std::fs::write(&segment, bytes).unwrap();
    let verified = run(&["verify", "copy"], &path);
    assert_eq!(verified.status.code(), Some(1), "{}", stderr(&verified));
    let told = stdout(&verified);
    assert!(told.contains("damaged: ") && !told.contains("cuts off"), "{told}");
}

#[test]
fn records_are_shown_a_line_each() {
    let path = data("store-lines", |_| ());
    let shown = run(&["export", "data", "--format", "json"], &path);
    assert_eq!(shown.status.code(), Some(0), "{}", stderr(&shown));
    let lines: Vec<serde_json::Value> =
        stdout(&shown).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<&str> = lines.iter().map(|line| line["record"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["activation", "event", "event", "event", "lapse"]);
    assert_eq!(lines[3]["previous"], lines[2]["address"], "of the same conversation");
    assert_eq!(lines[4]["lapses"][0]["timer"], "quiet");
    assert_eq!(lines[4]["effects"][0]["type"], "session.ended");
}

#[test]
fn a_log_that_disagrees_with_itself_is_told() {
    // The lapse of `c1` names another generation of its timer.
    let path = data("store-disagrees", |block| {
        let mut records: Vec<Record> = Vec::new();
        let mut offset = 0;
        while offset < block.len() {
            let (record, next) = wane_wire::record::decode(block, offset).unwrap();
            (records, offset) = (records.into_iter().chain([record]).collect(), next);
        }
        block.clear();
        for mut record in records {
            if let Record::Lapse(lapse) = &mut record {
                lapse.lapses[0].cause.generation += 1;
            }
            encode(&record, 0, block);
        }
    });
    assert_eq!(run(&["verify", "data"], &path).status.code(), Some(0), "its blocks are as they were written");
    let replayed = run(&["replay", "data"], &path);
    assert_eq!(replayed.status.code(), Some(1));
    assert!(stderr(&replayed).contains("but the rules give"), "{}", stderr(&replayed));
}

#[test]
fn what_is_not_there_or_no_export_is_told() {
    let path = data("store-troubles", |_| ());
    for arguments in [["verify", "nowhere"], ["replay", "nowhere"], ["export", "nowhere"]] {
        let told = run(&arguments, &path);
        assert_eq!(told.status.code(), Some(2), "{arguments:?}: {}", stderr(&told));
        assert!(stderr(&told).starts_with("error: "), "{}", stderr(&told));
    }
    std::fs::write(path.parent().unwrap().join("odd"), "{}\n").unwrap();
    let told = run(&["import", "new", "odd"], &path);
    assert_eq!(told.status.code(), Some(2));
    assert!(stderr(&told).starts_with("error: `odd` is no exported log\n"), "{}", stderr(&told));
    assert!(!path.parent().unwrap().join("nowhere").exists() && !path.parent().unwrap().join("new").exists());
}
