//! `POST /v1/events` and what is asked about events: batches, envelopes, repeats, limits.

use super::support::{House, message};
use crate::tokens::Scope;

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_answered_with_its_effects_and_the_next_deadline() {
    let house = House::new();
    let answer = house.message("e1", "c1").await;
    assert_eq!(answer["effects"][0]["type"], "session.opened");
    assert_eq!(answer["effects"][0]["channel"], "web");
    assert!(answer["next_deadline"].is_string(), "{answer}");
    assert!(answer.get("duplicate").is_none());
    assert!(answer.get("durability").is_none(), "`always` is not named");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_gets_the_first_answer_and_another_event_of_that_id_is_a_conflict() {
    let house = House::new();
    let first = house.message("e1", "c1").await;
    let again = house.event(&message("e1", "c1")).await.json;
    assert_eq!((&again["outcome"], &again["duplicate"]), (&"duplicate".into(), &true.into()));
    assert_eq!(again["effects"], first["effects"]);
    assert_eq!(again["next_deadline"], first["next_deadline"]);
    let other = message("e1", "c1").replace("customer", "rep");
    let answer = house.event(&other).await;
    assert_eq!((answer.status, answer.problem()), (409, "id-conflict"));
    let answers = house.event(&format!("[{},{other}]", message("e2", "c1"))).await;
    assert_eq!(answers.status, 200);
    assert_eq!(answers.json[0]["outcome"], "applied");
    assert_eq!(
        (&answers.json[1]["outcome"], &answers.json[1]["why"]["code"]),
        (&"refused".into(), &"id-conflict".into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_wrong_event_and_nothing_of_the_request_is_applied() {
    let house = House::new();
    let body = format!("[{},{{\"type\":\"mesage\",\"conversation\":\"c1\"}}]", message("e1", "c1"));
    let answer = house.event(&body).await;
    assert_eq!((answer.status, answer.problem()), (400, "bad-event"));
    assert_eq!(answer.json["errors"][0]["index"], 1);
    assert_eq!(answer.json["errors"][0]["field"], "type");
    assert_eq!(house.get("/v1/events/e1?conversation=c1", Scope::EventsWrite).await.problem(), "not-found");
    assert_eq!(house.get("/v1/sessions/c1", Scope::SessionsRead).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_event_says_why() {
    let house = House::new();
    let answer = house.event(r#"{"type":"message","role":"customer","conversation":"c1"}"#).await;
    assert_eq!((answer.status, &answer.json["outcome"]), (200, &"refused".into()));
    assert_eq!(answer.json["why"]["code"], "channel-missing");
    let answer = house.event(r#"{"type":"message","conversation":"c1","channel":"wbe"}"#).await;
    assert_eq!(answer.json["why"]["code"], "unknown-channel");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_found_again_by_its_id() {
    let house = House::new();
    let first = house.message("e1", "c1").await;
    let answer = house.get("/v1/events/e1?conversation=c1", Scope::EventsWrite).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!((&answer.json["event"]["id"], &answer.json["outcome"]), (&"e1".into(), &"applied".into()));
    assert_eq!((&answer.json["id"], &answer.json["effects"]), (&"e1".into(), &first["effects"]));
    house.message("e9", "c1").await;
    let quiet = house.get("/v1/events/e9?conversation=c1", Scope::EventsWrite).await.json;
    assert_eq!(quiet["effects"], serde_json::json!([]), "nothing came of it, and that is said: {quiet}");
    assert_eq!(house.get("/v1/events/e2?conversation=c1", Scope::EventsWrite).await.status, 404);
    assert_eq!(house.get("/v1/events/e1", Scope::EventsWrite).await.problem(), "bad-parameter");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_may_have_blanks_about_it_up_to_the_limit_of_the_body() {
    let house = House::new();
    let event = message("e1", "c1");
    let padded = format!("\n {event}{}", " ".repeat((1 << 20) - event.len() - 2));
    assert_eq!(padded.len(), 1 << 20);
    let answer = house.event(&padded).await;
    assert_eq!((answer.status, &answer.json["outcome"]), (200, &"applied".into()), "{}", answer.text);
    let wrong = house.event("\n  {\"type\":\"mesage\",\"conversation\":\"c1\"}").await;
    assert_eq!((&wrong.json["errors"][0]["line"], &wrong.json["errors"][0]["column"]), (&2.into(), &11.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_channel_of_an_effect_is_known_without_the_event_naming_it() {
    let house = House::new();
    house.message("e1", "c1").await;
    let answer = house.event(r#"{"type":"session.closed","role":"rep","conversation":"c1"}"#).await;
    let ended = answer.json["effects"].as_array().expect("a list").iter().find(|one| one["type"] == "session.ended");
    assert_eq!(ended.map(|effect| &effect["channel"]), Some(&"web".into()), "{}", answer.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn cloud_events_are_taken_by_their_content_type() {
    let house = House::new();
    let envelope = |id: &str| {
        format!(
            r#"{{"specversion":"1.0","id":"{id}","source":"shop","type":"wane.message","subject":"c1",
                "data":{{"role":"customer","channel":"web"}}}}"#
        )
    };
    let one = house.post("application/cloudevents+json; charset=utf-8", envelope("e1")).await;
    assert_eq!((one.status, &one.json["outcome"]), (200, &"applied".into()), "{}", one.text);
    let two = format!("[{},{}]", envelope("e1"), envelope("e2"));
    let both = house.post("application/cloudevents-batch+json", two).await;
    assert_eq!((&both.json[0]["outcome"], &both.json[1]["outcome"]), (&"duplicate".into(), &"applied".into()));
    assert_eq!(house.post("text/plain", "x").await.problem(), "unsupported-media-type");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_weaker_durability_is_named_in_every_answer() {
    let house = House::with(|config| {
        config.manual_clock = true;
        config.store.sync = crate::config::Sync::Off;
    });
    assert_eq!(house.message("e1", "c1").await["durability"], "off");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_list_has_an_empty_answer() {
    let answer = House::new().event("[]").await;
    assert_eq!((answer.status, answer.text.as_str()), (200, "[]"));
}
