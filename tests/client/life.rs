//! Conversations from their beginning to their end, and what a token's end means for them.

use serde_json::{Value, json};

use crate::daemon::Daemon;
use crate::{C1, C2, M1, M2, M3};

const MESSAGE: &str = "CONVERSATION_MESSAGE";
const STATUS: &str = "CONVERSATION_SESSION_STATUS_CHANGED";

#[test]
fn a_customer_hears_its_own_message_once_and_what_becomes_of_the_session() {
    let daemon = Daemon::manual("");
    let guest = daemon.guest();
    let mut stream = guest.listens(&guest.last);
    assert_eq!(guest.opens(C1), 201);
    assert_eq!(guest.opens(C1), 201, "asked twice");
    let said = guest.says(C1, M1, "Where is my parcel?");
    assert_eq!((said.status, &said.json["conversationEntries"][0]["id"]), (200, &json!(M1)));
    assert_eq!(guest.says(C1, M1, "Where is my parcel?").status, 200, "sent twice");
    daemon.business(C1, "rep", "message");

    let echo = stream.next();
    assert_eq!((&*echo.event, echo.identifier(), echo.role()), (MESSAGE, M1, "EndUser"));
    assert_eq!((echo.data["conversationId"].as_str(), &*echo.text()), (Some(C1), "Where is my parcel?"));
    let heard = stream.until(STATUS);
    assert!(heard.iter().all(|heard| heard.event != MESSAGE || heard.role() == "Agent"), "{heard:?}");
    assert_eq!(heard.last().map(super::daemon::Heard::payload).expect("one")["sessionStatus"], "Active");

    daemon.pass(9);
    assert_eq!(daemon.session(C1)["status"], "active");
    daemon.pass(1);
    assert_eq!(daemon.session(C1)["status"], "inactive");
    assert_eq!(stream.until(STATUS).pop().expect("one").payload()["sessionStatus"], "Inactive");
    assert_eq!(guest.says(C1, M2, "Sorry, I was away").status, 200);
    let again = stream.until(MESSAGE).pop().expect("one");
    assert_eq!((again.identifier(), again.role()), (M2, "EndUser"));
    let session = daemon.session(C1);
    assert_eq!((&session["sessions"], &session["status"]), (&json!(1), &json!("waiting")));

    let entries = guest.ask("GET", &format!("/conversation/{C1}/entries"), &Value::Null).json;
    let entries = entries["conversationEntries"].as_array().expect("a list").clone();
    let ids: Vec<&Value> = entries.iter().map(|entry| &entry["identifier"]).collect();
    assert_eq!((ids.len(), ids[0], ids[2]), (3, &json!(M1), &json!(M2)));
    let latest = guest.ask("GET", &format!("/conversation/{C1}/entries?limit=1"), &Value::Null).json;
    assert_eq!(latest["conversationEntries"], json!([entries[2]]));
    let list = guest.ask("GET", "/conversation/list", &Value::Null).json;
    assert_eq!(list["conversations"], json!([{ "conversationId": C1, "sessionStatus": "Waiting" }]));
    let log = daemon.log();
    for secret in ["parcel", "I was away", &guest.token, C1] {
        assert!(!log.contains(secret), "the log tells {secret}");
    }
}

#[test]
fn typing_and_receipts_are_no_messages() {
    let daemon = Daemon::manual("");
    let guest = daemon.guest();
    guest.opens(C1);
    guest.says(C1, M1, "hello");
    daemon.business(C1, "rep", "message");
    daemon.pass(5);
    let typing = json!({ "entryType": "TypingStartedIndicator", "id": M2 });
    assert_eq!(guest.ask("POST", &format!("/conversation/{C1}/entry"), &typing).status, 200);
    let acks = json!({ "acks": [{ "id": M3, "entryType": "Read", "conversationEntryId": M1 }] });
    assert_eq!(guest.ask("POST", &format!("/conversation/{C1}/acknowledge-entries"), &acks).status, 200);
    daemon.pass(5);
    assert_eq!(daemon.session(C1)["status"], "inactive", "the customer has said nothing for ten minutes");
    let entries = guest.ask("GET", &format!("/conversation/{C1}/entries"), &Value::Null).json;
    assert_eq!(entries["conversationEntries"].as_array().map(Vec::len), Some(2), "{entries}");
}

#[test]
fn a_token_that_ran_out_is_401_and_the_agent_stays() {
    let daemon = Daemon::manual("");
    let guest = daemon.guest();
    guest.opens(C1);
    assert_eq!(guest.says(C1, M1, "hello").status, 200);
    daemon.business(C1, "agent", "participant.joined");
    daemon.pass(59);
    assert_eq!(guest.says(C1, M2, "still there").status, 200);
    daemon.pass(1);
    assert_eq!(guest.says(C1, M3, "too late").status, 401);
    assert_eq!(guest.tries(&guest.last).err(), Some(401));
    assert_eq!(guest.ask("GET", "/authorization/continuation-access-token", &Value::Null).status, 401);
    assert_eq!(guest.opens(C2), 401, "it opens nothing new");
    let session = daemon.session(C1);
    assert_eq!((&session["status"], &session["handler"]), (&json!("active"), &json!("agent")));
    assert_eq!(session["conversation_ended"], false);
}

#[test]
fn with_a_bot_the_next_contact_ends_session_and_conversation() {
    let daemon = Daemon::manual("");
    let guest = daemon.guest();
    guest.opens(C1);
    guest.says(C1, M1, "hello");
    daemon.business(C1, "bot", "participant.joined");
    daemon.pass(60);
    assert_eq!(daemon.session(C1)["status"], "active", "nothing happens at once");
    assert_eq!(guest.says(C1, M2, "too late").status, 401);
    let session = daemon.session(C1);
    assert_eq!((&session["status"], &session["conversation_ended"]), (&json!("ended"), &json!(true)));
    assert!([401, 409].contains(&guest.says(C1, M3, "once more").status));
    let fresh = daemon.guest();
    assert_eq!((fresh.opens(C2), fresh.says(C2, M1, "hello").status), (201, 200));
}

#[test]
fn what_the_customer_closed_stays_closed() {
    let daemon = Daemon::manual("");
    let guest = daemon.guest();
    let mut stream = guest.listens(&guest.last);
    guest.opens(C1);
    guest.says(C1, M1, "hello");
    let closed = guest.ask("DELETE", &format!("/conversation/{C1}?esDeveloperName=Chat"), &Value::Null);
    assert!(closed.status < 300, "{closed:?}");
    stream.until("CONVERSATION_CLOSE_CONVERSATION");
    let session = daemon.session(C1);
    assert_eq!((&session["status"], &session["conversation_ended"]), (&json!("ended"), &json!(true)));
    assert_eq!((guest.says(C1, M2, "one more thing").status, guest.opens(C1)), (409, 409));
    daemon.restart(true);
    assert_eq!(daemon.session(C1)["conversation_ended"], true);
    assert_eq!((guest.says(C1, M2, "one more thing").status, guest.opens(C1)), (409, 409));
    let list = guest.ask("GET", "/conversation/list", &Value::Null).json;
    assert_eq!((&list["openConversationsFound"], &list["closedConversationsFound"]), (&json!(0), &json!(1)));
}

#[test]
fn an_ended_session_is_not_the_end_of_the_conversation() {
    let daemon = Daemon::manual("");
    let guest = daemon.guest();
    guest.opens(C1);
    guest.says(C1, M1, "hello");
    let ended = guest.ask("DELETE", &format!("/conversation/{C1}/session?esDeveloperName=Chat"), &Value::Null);
    assert!(ended.status < 300, "{ended:?}");
    assert_eq!(daemon.session(C1)["status"], "ended");
    assert_eq!(guest.says(C1, M2, "one more thing").status, 200);
    assert_eq!(daemon.session(C1)["sessions"], 2);
    for _ in 0..2 {
        let ended = guest.ask("DELETE", &format!("/conversation/{C1}/session?esDeveloperName=Chat"), &Value::Null);
        assert!(ended.status < 300, "{ended:?}");
    }
    let closed = guest.ask("DELETE", &format!("/conversation/{C1}?esDeveloperName=Chat"), &Value::Null);
    assert!(closed.status < 300, "it can be closed without an open session: {closed:?}");
    assert_eq!(guest.says(C1, M3, "too late").status, 409);
}
