//! Effects out: a daemon without its door, a receiver that answers as it is told, and the books.

#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests may fail")]

mod receiver;
mod service;

use std::time::Duration;

use receiver::{Answer, Receiver};
use serde_json::{Value, json};
use service::{MINUTE, Service};

const HOUR: i64 = 60 * MINUTE;

/// An endpoint for the receiver, with a secret that the test knows.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn to(receiver: &Receiver) -> Value {
    json!({ "url": receiver.url(), "secret": SECRET })
}

#[tokio::test(flavor = "multi_thread")]
async fn effects_arrive_signed_in_order_under_one_name() {
    let service = Service::start();
    let receiver = Receiver::start().await;
    let (status, made) = service.post("/v1/endpoints", &to(&receiver)).await;
    assert_eq!(status, 201, "{made}");
    assert!(!made.to_string().contains("MfKQ9r8"), "a secret that was given is not given back: {made}");

    service.says("c1").await;
    service.pass(20 * MINUTE).await;
    let calls = receiver.calls(2).await;
    let bodies: Vec<Value> = calls.iter().map(|call| serde_json::from_slice(&call.body).expect("JSON")).collect();
    assert_eq!(bodies[0]["type"], "session.opened");
    assert_eq!(bodies[1]["type"], "session.ended");
    assert_eq!((&bodies[1]["conversation"], &bodies[1]["channel"]), (&json!("c1"), &json!("web")));
    assert_eq!(bodies[0]["key"], Value::Null);
    let key = bodies[1]["key"].as_str().expect("a decision has a key");
    assert!(calls[1].header("webhook-id").starts_with(key));
    for call in &calls {
        assert_eq!(call.header("webhook-signature"), call.expected_signature(SECRET));
        assert_eq!(call.header("content-type"), "application/json");
    }
    service.settled(|books| books["delivered"] == 2 && books["pending"] == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_answers_are_tried_again_with_the_same_name_and_body() {
    let service = Service::start();
    let receiver = Receiver::start().await;
    receiver.answers([
        Answer::Status(500),
        Answer::Redirect,
        Answer::Hangs,
        Answer::Breaks,
        Answer::Nonsense,
        Answer::Status(200),
    ]);
    service.post("/v1/endpoints", &to(&receiver)).await;
    service.says("c1").await;
    for (attempt, pause) in (1_u64..).zip([0, 6_000, 6 * MINUTE, 37 * MINUTE, 3 * HOUR, 6 * HOUR]) {
        // The clock moves only after the attempt before is in the books.
        service.failed_attempts(attempt - 1).await;
        service.pass(pause).await;
        receiver.calls(usize::try_from(attempt).expect("small")).await;
    }
    let calls = receiver.calls(6).await;
    // 20 minutes after the message the session ended: its effect waited for the one before it.
    let first = calls[0].header("webhook-id").to_owned();
    for call in &calls {
        assert_eq!((call.header("webhook-id"), &call.body), (&*first, &calls[0].body));
        assert_eq!(call.header("webhook-signature"), call.expected_signature(SECRET));
    }
    let last = receiver.calls(7).await.pop().expect("seven");
    assert_eq!(serde_json::from_slice::<Value>(&last.body).expect("JSON")["type"], "session.ended");
    service.settled(|books| books["delivered"] == 2).await;
    assert_eq!(receiver.followed_redirects(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_huge_answer_is_taken_by_its_status() {
    let service = Service::start();
    let receiver = Receiver::start().await;
    receiver.answers([Answer::Huge]);
    service.post("/v1/endpoints", &to(&receiver)).await;
    service.says("c1").await;
    service.settled(|books| books["delivered"] == 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn retry_after_is_honoured() {
    let service = Service::start();
    let receiver = Receiver::start().await;
    receiver.answers([Answer::Later(600), Answer::Status(204)]);
    service.post("/v1/endpoints", &to(&receiver)).await;
    service.says("c1").await;
    service.failed_attempts(1).await;
    service.pass(9 * MINUTE).await;
    assert!(receiver.stays_at(1).await, "it asked for ten minutes");
    service.pass(MINUTE + 1_000).await;
    receiver.calls(2).await;
    service.settled(|books| books["delivered"] == 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn gone_switches_the_endpoint_off_until_it_is_switched_on() {
    let service = Service::start();
    let receiver = Receiver::start().await;
    receiver.answers([Answer::Status(410)]);
    let (_, made) = service.post("/v1/endpoints", &to(&receiver)).await;
    let path = format!("/v1/endpoints/{}", made["id"].as_str().expect("an id"));
    service.says("c1").await;
    let off = service.until(&path, |endpoint| endpoint["enabled"] == false).await;
    assert_eq!(off["off_because"], "the receiver answered 410");
    service.says("c2").await;
    service.pass(HOUR).await;
    assert!(receiver.stays_at(1).await);
    let (status, on) = service.patch(&path, &json!({ "enabled": true })).await;
    assert_eq!((status, &on["enabled"]), (200, &json!(true)));
    service.settled(|books| books["pending"] == 0 && books["delivered"] == 4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_are_listed_and_retried() {
    let service = Service::start();
    let receiver = Receiver::start().await;
    receiver.answers(std::iter::repeat_n(Answer::Status(500), 10));
    let (_, made) = service.post("/v1/endpoints", &json!({ "url": receiver.url(), "types": ["session.opened"] })).await;
    let secret = made["secret"].as_str().expect("shown once").to_owned();
    let id = made["id"].as_str().expect("an id");
    service.says("c1").await;
    // The schedule of Standard Webhooks, each pause a fifth longer, as it is at most.
    let pauses = [6, 360, 2_160, 8_640, 21_600, 43_200, 60_480, 86_400, 103_680];
    for (attempt, pause) in (1..).zip(pauses) {
        service.failed_attempts(attempt).await;
        service.pass(pause * 1_000).await;
    }
    let list = format!("/v1/deliveries?endpoint={id}&state=dead");
    let page = service.until(&list, |page| page["deliveries"].as_array().is_some_and(|list| !list.is_empty())).await;
    let dead = &page["deliveries"][0];
    assert_eq!((&dead["why"], &page["next"]), (&json!("the receiver answered 500"), &Value::Null));
    service.settled(|books| books["dead"] == 1 && books["pending"] == 0).await;

    let name = dead["id"].as_str().expect("an id");
    assert_eq!(service.post(&format!("/v1/deliveries/{name}/retry"), &Value::Null).await.0, 202);
    service.settled(|books| books["dead"] == 0 && books["delivered"] == 1).await;
    assert_eq!(service.post(&format!("/v1/deliveries/{name}/retry"), &Value::Null).await.0, 404);
    let calls = receiver.calls(11).await;
    assert!(calls.iter().all(|call| call.header("webhook-id") == calls[0].header("webhook-id")));
    assert_eq!(calls[10].header("webhook-signature"), calls[10].expected_signature(&secret));
    assert!(!service.get(&format!("/v1/endpoints/{id}")).await.1.to_string().contains("whsec_"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_forgets_nothing_and_repeats_nothing_that_was_marked() {
    let mut service = Service::start();
    let receiver = Receiver::start().await;
    receiver.answers([Answer::Status(200), Answer::Status(500)]);
    service.post("/v1/endpoints", &json!({ "url": receiver.url(), "secret": SECRET, "format": "cloudevents" })).await;
    service.says("c1").await;
    service.settled(|books| books["delivered"] == 1).await;
    service.says("c2").await;
    service.failed_attempts(1).await;
    service = service.restart().await;
    service.failed_attempts(1).await;
    assert!(receiver.stays_at(2).await);
    service.pass(10_000).await;
    let calls = receiver.calls(3).await;
    assert_eq!(calls[1].header("webhook-id"), calls[2].header("webhook-id"));
    service.settled(|books| books["delivered"] == 2 && books["enqueued"] == 2).await;
    let event: Value = serde_json::from_slice(&calls[2].body).expect("JSON");
    assert_eq!((&event["specversion"], &event["type"]), (&json!("1.0"), &json!("session.opened")));
    assert_eq!(event["id"], calls[2].header("webhook-id"));
    assert_eq!(event["data"]["conversation"], "c2");
}

#[tokio::test(flavor = "multi_thread")]
async fn both_secrets_sign_for_a_day_after_a_rotation() {
    let service = Service::start();
    let receiver = Receiver::start().await;
    let (_, made) = service.post("/v1/endpoints", &to(&receiver)).await;
    let path = format!("/v1/endpoints/{}/secret", made["id"].as_str().expect("an id"));
    let (status, rotated) = service.post(&path, &Value::Null).await;
    let new = rotated["secret"].as_str().expect("shown once").to_owned();
    assert_eq!(status, 201);
    service.says("c1").await;
    let call = receiver.calls(1).await.remove(0);
    let both = format!("{} {}", call.expected_signature(&new), call.expected_signature(SECRET));
    assert_eq!(call.header("webhook-signature"), both);
    service.pass(25 * HOUR).await;
    service.says("c2").await;
    // What fell due on the way may go out before the clock shows the day after.
    let call = receiver.call_about("c2").await;
    assert_eq!(call.header("webhook-signature"), call.expected_signature(&new));
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_endpoints_are_refused_and_change_nothing() {
    let service = Service::start();
    let table = [
        (json!({ "url": "https://10.0.0.1/" }), "not public"),
        (json!({ "url": "https://[::ffff:127.0.0.1]/" }), "not public"),
        (json!({ "url": "http://example.com/" , "secret": "whsec_c2hvcnQ=" }), "24 to 64 bytes"),
        (json!({ "url": "https://user:pass@example.com/" }), "user or a password"),
        (json!({ "url": "https://example.com/", "secret": "hunter2" }), "file:PATH"),
        (json!({ "url": "https://example.com/", "secret": "env:WANE_TEST_NO_SUCH_SECRET" }), "no secret"),
        (json!({ "url": "https://example.com/", "type": [] }), "did you mean `types`"),
        (json!({ "url": "https://example.com/", "types": [""] }), "empty"),
        (json!({ "url": "https://example.com/", "types": ["session.end"] }), "did you mean `session.ended`"),
        (json!({ "url": "https://example.com/", "types": ["sesion.*"] }), "no effect `sesion.*`"),
        (json!({}), "url"),
    ];
    for (body, what) in table {
        let (status, problem) = service.post("/v1/endpoints", &body).await;
        assert!((400..500).contains(&status) && problem.to_string().contains(what), "{body}: {status} {problem}");
        assert!(!problem.to_string().contains("hunter2"));
    }
    let (_, all) = service.get("/v1/endpoints").await;
    assert_eq!(all["endpoints"], json!([]));
    for path in ["/v1/endpoints/nobody", "/v1/deliveries?endpoint=nobody"] {
        assert_eq!(service.get(path).await.0, 404);
    }
    assert_eq!(service.get("/v1/deliveries?endpoint=e&state=lost").await.0, 400);
    assert_eq!(service.post("/v1/deliveries/nonsense/retry", &Value::Null).await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_removed_endpoint_was_owed_is_cancelled() {
    let service = Service::start();
    let receiver = Receiver::start().await;
    receiver.answers(std::iter::repeat_n(Answer::Status(503), 3));
    let (_, made) = service.post("/v1/endpoints", &to(&receiver)).await;
    service.says("c1").await;
    service.failed_attempts(1).await;
    let path = format!("/v1/endpoints/{}", made["id"].as_str().expect("an id"));
    assert_eq!(service.delete(&path).await, 204);
    service.settled(|books| books["cancelled"] == 1 && books["pending"] == 0).await;
    assert_eq!(service.get(&path).await.0, 404);
    tokio::time::timeout(Duration::from_secs(5), service.stop()).await.expect("stops at once");
}
