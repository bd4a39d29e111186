//! Crashes and failing calls, everywhere.
//!
//! `WANE_CRASH_SEEDS=20000` has that many directories crash, 25 times each, instead of the few of a test run;
//! `WANE_CRASH_SEED=17` only the one of that seed.

use std::ops::Range;

use wane_store::file::Options;
use wane_store::log::{Log, LogError};
use wane_store::memory::{Draw, Fault, FaultyDisk};
use wane_store::seeded::Defect;

use crate::checker::{Act, Model, SYNCS, Wrong, act, live, search};
use crate::support::{open, small};

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

fn seeds(usual: u64) -> Range<u64> {
    match number("WANE_CRASH_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("WANE_CRASH_SEEDS").unwrap_or(usual),
    }
}

#[test]
fn no_crash_loses_an_answered_block_or_makes_one_up() {
    for (sync, usual) in SYNCS.into_iter().zip([420, 120]) {
        let tally = match search(seeds(usual), Options { sync, ..small() }) {
            Ok(tally) => tally,
            Err((seed, wrong)) => panic!("sync {sync}, seed {seed}: {wrong}"),
        };
        if number("WANE_CRASH_SEED").is_none() {
            assert!(tally.crashes >= 25 * usual, "{tally:?}");
            // Each of what the test is for was met, and not once.
            let met = [tally.power_cuts, tally.in_recovery, tally.torn, tally.reused];
            assert!(met.iter().all(|met| *met > 20), "{tally:?}");
        }
    }
}

#[test]
fn the_same_seed_is_the_same_story() {
    for seed in 0..5 {
        let story = || format!("{:?}", live(seed, 20, small()));
        assert_eq!(story(), story());
    }
}

/// The first seed at which a fault of the log shows.
fn caught(defect: Defect) -> Option<(u64, Wrong)> {
    (0..400).find_map(|seed| {
        let options = Options { defect: Some(defect), ..small() };
        live(seed, 25, options).err().map(|wrong| (seed, wrong))
    })
}

#[test]
fn a_sync_that_is_left_out_is_caught() {
    let (_, wrong) = caught(Defect::SyncSkipped).expect("nothing found");
    assert!(matches!(wrong, Wrong::Lost(_) | Wrong::Unusable(_)), "{wrong}");
}

#[test]
fn an_answer_before_its_commit_is_caught() {
    let (_, wrong) = caught(Defect::AnswerBeforeCommit).expect("nothing found");
    assert!(matches!(wrong, Wrong::Lost(_) | Wrong::Unusable(_)), "{wrong}");
}

#[test]
fn a_directory_that_is_not_synced_is_caught() {
    let (_, wrong) = caught(Defect::DirectoryForgotten).expect("nothing found");
    assert!(matches!(wrong, Wrong::Lost(_) | Wrong::Unusable(_)), "{wrong}");
}

#[test]
fn a_torn_end_that_is_believed_is_caught() {
    let (_, wrong) = caught(Defect::TornTailBelieved).expect("nothing found");
    assert!(matches!(wrong, Wrong::MadeUp(_) | Wrong::Unusable(_)), "{wrong}");
}

#[test]
fn an_end_that_is_taken_over_from_the_cache_is_caught() {
    let (_, wrong) = caught(Defect::TailNotSynced).expect("nothing found");
    assert!(matches!(wrong, Wrong::Lost(_) | Wrong::Unusable(_)), "{wrong}");
}

/// What is done while the n-th call fails.
fn script() -> Vec<Act> {
    let mut acts = Vec::new();
    for round in 0..6 {
        acts.extend((0..9).map(|block| Act::Append(300 + 390 * ((block + round) % 5))));
        acts.push(Act::Snapshot { back: 3, pieces: 2 });
        acts.push(Act::Release { back: 0 });
        acts.push(Act::Prepare);
    }
    acts
}

/// Plays the script; whether the fault was met.
fn with_fault(calls: u64, fault: Fault, cut: bool) -> Result<bool, Wrong> {
    let disk = FaultyDisk::new(calls);
    let mut model = Model::new();
    disk.fail_after(calls, fault);
    let mut failed = false;
    if let Ok(opened) = open(&disk, small()) {
        model.opened(&opened.log)?;
        for next in script() {
            let Err(error) = act(&opened.log, next, &mut model, calls) else { continue };
            assert!(!failed, "only one call fails, yet then: {error}");
            failed = true;
            if matches!(next, Act::Append(_)) {
                let again = opened.log.append(opened.log.next(), b"again");
                assert!(matches!(again, Err(LogError::Stopped)), "{again:?}");
                break;
            }
        }
    } else {
        failed = true;
    }
    disk.heal();
    if cut {
        disk.cut_power();
        model.power_was_cut();
    } else {
        disk.kill();
    }
    let opened = open(&disk, small()).map_err(|error| Wrong::Unusable(error.to_string()))?;
    model.opened(&opened.log)?;
    assert!(model.holds(&opened.log, &disk)?);
    let mut draw = Draw::new(calls);
    for _ in 0..20 {
        act(&opened.log, Act::Append(500), &mut model, draw.number()).unwrap();
    }
    assert!(model.holds(&opened.log, &disk)?);
    Ok(failed)
}

#[test]
fn the_first_second_and_every_other_call_may_fail() {
    for (fault, cut) in [(Fault::Error, true), (Fault::Error, false), (Fault::Full, true), (Fault::Full, false)] {
        let mut clean = 0;
        let mut calls = 0;
        // A call whose failure does no harm is not the end of the script; ten in a row that were never met are.
        while clean < 10 {
            let failed = match with_fault(calls, fault, cut) {
                Ok(failed) => failed,
                Err(wrong) => panic!("{fault:?} at call {calls}, power cut {cut}: {wrong}"),
            };
            clean = if failed { 0 } else { clean + 1 };
            calls += 1;
        }
        assert!(calls > 150, "{calls}");
    }
}
