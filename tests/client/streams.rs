//! What a stream tells again, after it broke and after the daemon did; and how many there may be.

use serde_json::json;

use crate::daemon::Daemon;
use crate::{C1, C2, M1, M2, M3};

#[test]
fn a_stream_goes_on_where_it_ended_also_in_another_run() {
    for in_order in [true, false] {
        let daemon = Daemon::manual("");
        let guest = daemon.guest();
        let mut stream = guest.listens(&guest.last);
        guest.opens(C1);
        guest.opens(C2);
        guest.says(C1, M1, "one");
        let mut heard = stream.until("CONVERSATION_MESSAGE");
        let last = heard.last().expect("one").id.clone();
        drop(stream);
        guest.says(C2, M2, "two");
        daemon.restart(in_order);
        guest.says(C1, M3, "three");
        let mut stream = guest.listens(&last);
        heard.extend(stream.until("CONVERSATION_MESSAGE"));
        heard.extend(stream.until("CONVERSATION_MESSAGE"));
        daemon.business(C2, "rep", "message");
        heard.extend(stream.until("CONVERSATION_MESSAGE"));
        let messages = heard.iter().filter(|heard| heard.event == "CONVERSATION_MESSAGE");
        let ids: Vec<&str> = messages.map(|heard| heard.identifier()).collect();
        assert_eq!(ids[..3], [M1, M2, M3], "in order: {in_order}");
        assert_eq!(ids.len(), 4);
        let mut places: Vec<&String> = heard.iter().map(|heard| &heard.id).collect();
        places.dedup();
        assert_eq!(places.len(), heard.len(), "nothing twice");
    }
}

#[test]
fn after_a_second_restart_it_is_still_known_whose_a_conversation_is() {
    let daemon = Daemon::manual("");
    let guest = daemon.guest();
    guest.opens(C1);
    // The first one in order takes a snapshot; after the second there is nothing of the opening to be read.
    daemon.restart(true);
    daemon.restart(true);
    let mut stream = guest.listens(&guest.last);
    guest.says(C1, M1, "hello");
    assert_eq!(stream.until("CONVERSATION_MESSAGE").pop().expect("one").identifier(), M1);
    let other = daemon.guest();
    assert_eq!(other.says(C1, M2, "mine?").status, 404);
}

#[test]
fn connecting_again_is_no_message() {
    let daemon = Daemon::manual("");
    let guest = daemon.guest();
    guest.opens(C1);
    guest.says(C1, M1, "hello");
    let before = daemon.session(C1)["session_state"]["customer_was"].clone();
    daemon.pass(5);
    drop(guest.listens(&guest.last));
    drop(guest.listens(&guest.last));
    let session = daemon.session(C1);
    assert_eq!((&session["session_state"]["customer_was"], &session["status"]), (&before, &json!("waiting")));
}

#[test]
fn a_place_that_was_not_given_out_is_refused() {
    let daemon = Daemon::manual("");
    let guest = daemon.guest();
    assert_eq!(guest.tries("evt-0").err(), Some(400));
    guest.opens(C1);
    guest.says(C1, M1, "hello");
    assert_eq!(guest.listens("0").until("CONVERSATION_MESSAGE").pop().expect("one").identifier(), M1);
}

#[test]
fn there_are_only_so_many_streams() {
    let daemon = Daemon::manual("streams = 2");
    let guest = daemon.guest();
    let one = guest.listens(&guest.last);
    let _two = daemon.guest().listens(&guest.last);
    assert_eq!(guest.tries(&guest.last).err(), Some(503));
    drop(one);
    // The daemon sees that it is gone when it writes to it next.
    guest.opens(C1);
    let again = (0..1_000).find_map(|number| {
        let id = format!("bbbbbbbb-0000-4000-8000-{number:012}");
        assert_eq!(guest.says(C1, &id, "hello").status, 200);
        guest.tries(&guest.last).ok()
    });
    assert!(again.is_some(), "its place is free again");
}
