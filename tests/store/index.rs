//! The index follows the log, and is no loss when it is lost.

use std::fs;

use tempfile::TempDir;
use wane_core::time::Timestamp;
use wane_store::index::{Change, Cursor, Entry, Index, Order};
use wane_wire::record::{Address, Sequence};

fn entry(name: &str, at: i64) -> Entry {
    Entry {
        conversation: name.into(),
        last: Address::new(Sequence(u64::try_from(at).unwrap()), 7),
        ended_at: Timestamp::EPOCH.plus_millis(at),
        channel: "web".into(),
        summary: "agent timeout".into(),
    }
}

fn names(index: &Index, order: Order, after: Option<&Cursor>, limit: usize) -> Vec<String> {
    index.ended(order, after, limit).unwrap().iter().map(|entry| entry.conversation.to_string()).collect()
}

#[test]
fn pages_are_by_time_and_hold_each_conversation_once() {
    let directory = TempDir::new().unwrap();
    let index = Index::open(&directory.path().join("index.redb")).unwrap();
    assert_eq!((index.through().unwrap(), index.was_replaced()), (Sequence(0), false));
    let changes: Vec<_> = (0..50).map(|number| Change::Ended(entry(&format!("c{number:02}"), number / 3))).collect();
    index.apply(&changes, Sequence(9)).unwrap();
    for order in [Order::Newest, Order::Oldest] {
        let (mut all, mut cursor) = (Vec::new(), None);
        loop {
            let page = index.ended(order, cursor.as_ref(), 7).unwrap();
            let Some(last) = page.last() else { break };
            cursor = Some(Cursor { ended_at: last.ended_at, conversation: last.conversation.clone() });
            all.extend(page.into_iter().map(|entry| entry.conversation.to_string()));
        }
        if order == Order::Newest {
            all.reverse();
        }
        assert_eq!(all, (0..50).map(|number| format!("c{number:02}")).collect::<Vec<_>>());
    }
    assert_eq!(index.find("c31").unwrap(), Some(entry("c31", 10)));
    assert_eq!(index.find("c99").unwrap(), None);
}

#[test]
fn a_conversation_that_ends_again_moves_and_one_that_lives_again_goes() {
    let directory = TempDir::new().unwrap();
    let index = Index::open(&directory.path().join("index.redb")).unwrap();
    let ended = |name, at| Change::Ended(entry(name, at));
    index.apply(&[ended("a", 1), ended("b", 2), ended("c", 3)], Sequence(3)).unwrap();
    index.apply(&[ended("a", 9), Change::Removed("b".into()), Change::Removed("x".into())], Sequence(4)).unwrap();
    assert_eq!(names(&index, Order::Newest, None, 9), ["a", "c"]);
    assert_eq!(index.through().unwrap(), Sequence(4));
    index.clear().unwrap();
    assert_eq!((names(&index, Order::Newest, None, 9).len(), index.through().unwrap()), (0, Sequence(0)));
    index.apply(&[ended("d", 1)], Sequence(1)).unwrap();
    assert_eq!(names(&index, Order::Oldest, None, 9), ["d"]);
}

#[test]
fn what_is_persisted_is_there_after_a_restart() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("index.redb");
    let index = Index::open(&path).unwrap();
    index.apply(&[Change::Ended(entry("a", 1))], Sequence(5)).unwrap();
    index.persist().unwrap();
    assert!(Index::open(&path).is_err(), "it is open already");
    // As after a kill: the file as it is now, without an orderly end.
    let copy = directory.path().join("copy.redb");
    fs::copy(&path, &copy).unwrap();
    let copied = Index::open(&copy).unwrap();
    assert_eq!((copied.through().unwrap(), copied.was_replaced()), (Sequence(5), false));
    assert_eq!(copied.find("a").unwrap(), Some(entry("a", 1)));
}

#[test]
fn a_damaged_index_is_replaced_by_an_empty_one() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("index.redb");
    assert!(Index::open(&directory.path().join("nowhere/index.redb")).is_err());
    for nonsense in [&b"this is no index"[..], &[0; 5000]] {
        fs::write(&path, nonsense).unwrap();
        let index = Index::open(&path).unwrap();
        assert_eq!((index.through().unwrap(), index.was_replaced()), (Sequence(0), true));
        index.apply(&[Change::Ended(entry("a", 1))], Sequence(1)).unwrap();
    }
}
