//! Rules that changed a thousand times, and a thousand restarts: what nobody needs any more is held by nobody, and
//! nothing is different for that.

use std::path::{Path, PathBuf};

use wane_wire::record::{Ordinal, Record};

use super::world::{DAY, HOW, How, MINUTE, Place, Run, copy, rules};

const TIMES: u32 = 1_000;

/// Two conversations: one that nobody touches, one that goes on by each hundredth of the rules.
async fn lived(place: &mut Place, how: How) -> Run {
    let run = place.start(how);
    run.say("still").await;
    for minutes in 2..=TIMES {
        let rules = place.keep(minutes);
        assert_eq!(run.activate(&rules).await, Ordinal(minutes));
        if minutes % 100 == 0 {
            run.say("busy").await;
        }
    }
    run.pass(1).await;
    run
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_looks_up_the_rules_that_are_needed_and_no_others() {
    let mut place = Place::new();
    let run = lived(&mut place, HOW).await;
    assert_eq!(run.assert_readable().await, (11, 11), "one record each by rules 1, 100, 200 …");
    let views = run.views().await;
    assert!(views.iter().all(|view| view.rules == rules(TIMES).hash));
    let left = run.end();
    assert_eq!((left.happenings, left.numbers, left.retired), (2, 1, 1), "the rules in force, and the clock");

    let run = place.start(HOW);
    assert_eq!(run.looked_up.len(), 11, "those that there are records by; rules {TIMES} are also those in force");
    assert_eq!(run.held(TIMES), 11);
    assert_eq!(run.views().await, views);
    assert_eq!(run.assert_readable().await, (11, 11));

    // Rules that were forgotten come back, under another number.
    assert_eq!(run.activate(&rules(7)).await, Ordinal(TIMES + 1));
    run.pass(7 * MINUTE).await;
    let last = run.node.view("still").await.expect("told").expect("it is there").last;
    let Record::Lapse(lapse) = run.node.read(last).await.expect("kept") else { panic!("a lapse is its last record") };
    assert_eq!((lapse.rules, lapse.lapses.len()), (Ordinal(TIMES + 1), 1));
    run.end();
    let run = place.start(HOW);
    assert!(run.looked_up.len() <= 12 && run.held(TIMES + 1) <= 12);
    run.assert_readable().await;
    run.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_are_let_go_with_the_last_records_that_need_them() {
    let how = How { segment: 64 << 10, ..HOW };
    let mut place = Place::new();
    let mut run = lived(&mut place, how).await;
    for _ in 0..40 {
        run.pass(DAY).await;
        for _ in 0..100 {
            run.say("later").await;
        }
        run.assert_readable().await;
        run.end();
        run = place.start(how);
        let needed = run.looked_up.clone();
        run.assert_readable().await;
        if needed.len() == 1 {
            break;
        }
    }
    assert_eq!(run.looked_up, [rules(TIMES).hash], "only those in force");
    assert!(run.node.oldest().0 > u64::from(TIMES), "the log has let go of their records");
    run.end();
    // Nobody misses the others.
    place.library.retain(|hash, _| *hash == rules(TIMES).hash);
    place.assert_replays(&place.data());
    let run = place.start(how);
    run.say("still").await;
    assert_eq!(run.held(TIMES), 1);
    assert_eq!(run.end().retired, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn restarts_leave_nothing_behind() {
    let how = How { manual_clock: false, ..HOW };
    let mut place = Place::new();
    for _ in 0..30 {
        let run = place.start(how);
        // Both shards have had their turn for idle work when these are answered.
        for number in 0..16 {
            run.say(&format!("c{number}")).await;
        }
        assert_eq!(run.end().happenings, 2, "the rules in force, and the clock");
    }
    let run = place.start(how);
    let blocks = run.node.blocks(run.node.oldest(), 64 << 20).await.expect("kept");
    let records = blocks.iter().flat_map(|block| wane_wire::record::iterate(&block.records, block.sequence));
    let outages = records.filter(|record| matches!(record, Ok((_, Record::Outage { .. })))).count();
    assert!(outages > 10, "{outages} outages");
    run.end();
    place.assert_replays(&place.data());
}

/// Nothing that a kill leaves in the middle of snapshots misses what was forgotten by then.
#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_the_middle_of_forgetting_loses_nothing() {
    let how = How { images: true, segment: 16 << 10, ..HOW };
    let mut place = Place::new();
    let (mut minutes, mut images, mut damaged) = (1, 0, 0);
    for round in 0..6 {
        let run = place.start(how);
        for number in 0..12 {
            run.say(&format!("c{}", (round + number) % 16)).await;
            minutes += 1;
            let rules = place.keep(minutes);
            run.activate(&rules).await;
            run.pass(6 * 60 * MINUTE).await;
        }
        let views = run.views().await;
        for image in run.end().images {
            images += 1;
            let other = image.with_extension("damaged");
            copy(&image, &other);
            assert_goes_on(&place, &image, &views).await;
            if damage_newest(&other) {
                damaged += 1;
                assert_goes_on(&place, &other, &views).await;
            }
        }
    }
    assert!(images >= 6 * 2 && damaged >= 5 * 2, "{images} moments, and {damaged} damaged snapshots");
}

/// Damages the newest snapshot when there is an older one to start with.
fn damage_newest(image: &Path) -> bool {
    let files = std::fs::read_dir(image).expect("read").map(|entry| entry.expect("an entry").path());
    let is_snapshot =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"snapshot-"));
    let mut snapshots: Vec<_> = files.filter(is_snapshot).collect();
    snapshots.sort();
    let [.., _, newest] = &snapshots[..] else { return false };
    let mut bytes = std::fs::read(newest).expect("read");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(newest, bytes).expect("written");
    true
}

async fn assert_goes_on(place: &Place, image: &Path, views: &[super::world::Seen]) {
    place.assert_replays(image);
    let run = place.start_in(image, HOW, &rules(1));
    assert_eq!(run.views().await, views, "{}", image.display());
    run.assert_readable().await;
    run.say("c0").await;
    run.end();
    place.assert_replays(image);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_without_a_number_names_everything_from_the_first_rules_on() {
    let mut place = Place::new();
    let run = lived(&mut place, How { old_snapshots: true, ..HOW }).await;
    let views = run.views().await;
    let left = run.end();
    assert_eq!((left.happenings, left.numbers), (TIMES as usize + 1, 0));

    let run = place.start(HOW);
    assert_eq!(run.looked_up.len(), TIMES as usize, "whoever wrote it may have had conversations anywhere");
    assert_eq!(run.views().await, views);
    run.assert_readable().await;
    run.say("busy").await;
    run.pass(1).await;
    let views = run.views().await;
    let left = run.end();
    assert_eq!((left.happenings, left.numbers), (2, 1));
    let run = place.start(HOW);
    assert_eq!(run.views().await, views);
    run.end();
}
