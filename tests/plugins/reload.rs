//! A new generation takes over without a message being lost.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde_json::json;
use wane_plugin_host::{Change, Host, Tier};

use crate::place::{Place, say};

#[test]
fn a_reload_changes_what_changed_and_nothing_else() {
    let place = Place::new();
    place.rust_foil();
    let host = Host::load(&place.settings(json!({ "account": "a" }))).expect("loaded");
    let channel = host.channel("foil").expect("there");
    say(&channel, "one").expect("works");
    assert_eq!(host.reload(&place.settings(json!({ "account": "a" }))).expect("the same"), []);
    assert_eq!(say(&channel, "one").expect("works").events[0].more["calls"], 2, "the instance is still there");
    let changes = host.reload(&place.settings(json!({ "account": "b" }))).expect("reloaded");
    assert_eq!(changes, [Change::Replaced("foil".to_owned(), 2)]);
    assert_eq!(say(&channel, "one").expect("works").events[0].account.as_deref(), Some("b"));
    assert_eq!((host.status()[0].generation, host.status()[0].calls), (2, 3));
}

#[test]
fn a_reload_that_fails_leaves_everything_as_it_was() {
    let place = Place::new();
    let file = place.rust_foil();
    let host = Host::load(&place.settings(json!({ "account": "a" }))).expect("loaded");
    let channel = host.channel("foil").expect("there");
    host.reload(&place.settings(json!({ "account": 7 }))).expect_err("a wrong config");
    host.reload(&place.settings(json!({ "account": "b", "refuse": true }))).expect_err("the plugin refuses");
    std::fs::remove_file(&file).expect("removed");
    host.reload(&place.settings(json!({ "account": "b" }))).expect_err("no file");
    assert_eq!(say(&channel, "one").expect("works").events[0].account.as_deref(), Some("a"));
    assert_eq!(host.status()[0].generation, 1);
}

#[test]
fn no_message_is_lost_while_files_are_replaced_under_load() {
    under_load(Tier::Inproc);
    under_load(Tier::Process);
}

/// No call is lost, and none is answered by a generation that was not in force at some instant of the call.
fn under_load(tier: Tier) {
    let place = Place::new();
    place.foil(&["-DFOIL_VERSION=\"0\""]);
    let host = Host::load(&place.settings_in(tier, json!({}))).expect("loaded");
    let channel = host.channel("foil").expect("there");
    let (over, calls) = (AtomicBool::new(false), AtomicU64::new(0));
    let (oldest, newest) = (AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    let least = oldest.load(Ordering::SeqCst);
                    let events = say(&channel, "g").expect("no call fails").events;
                    let most = newest.load(Ordering::SeqCst);
                    let by = events[0].id.as_deref().and_then(|id| id.strip_prefix("good-")?.parse::<u64>().ok());
                    assert!(events.len() == 1 && by.is_some_and(|by| (least..=most).contains(&by)), "{by:?}");
                    calls.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for version in 1..=5_u64 {
            place.foil(&[&format!("-DFOIL_VERSION=\"{version}\"")]);
            newest.store(version, Ordering::SeqCst);
            host.reload(&place.settings_in(tier, json!({}))).expect("reloaded");
            oldest.store(version, Ordering::SeqCst);
            // This thread sees the new code at once, though the file has the old name.
            let id = say(&channel, "g").expect("works").events.remove(0).id;
            assert_eq!(id, Some(format!("good-{version}")));
        }
        over.store(true, Ordering::Relaxed);
    });
    assert_eq!(host.status()[0].generation, 6);
    assert_eq!(host.status()[0].calls, calls.load(Ordering::Relaxed) + 5);
}
