//! What is paged by cursor: sessions, histories, effects, decisions.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use futures_util::StreamExt;
use serde_json::Value;
use tokio::time::timeout;

use super::support::{House, message};
use crate::tokens::Scope;

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_listed_by_pages_and_filtered() {
    let house = House::new();
    for number in 0..25 {
        house.message("e1", &format!("c{number}")).await;
    }
    let (mut names, mut after) = (BTreeSet::new(), String::new());
    loop {
        let page = house.get(&format!("/v1/sessions?limit=4&after={after}"), Scope::SessionsRead).await;
        assert_eq!(page.status, 200, "{}", page.text);
        let sessions = page.json["sessions"].as_array().expect("a list");
        assert!(sessions.len() <= 4);
        names.extend(sessions.iter().map(|one| one["conversation"].as_str().expect("a name").to_owned()));
        let Some(next) = page.json["next"].as_str() else { break };
        next.clone_into(&mut after);
    }
    assert_eq!(names.len(), 25);
    let none = house.get("/v1/sessions?status=inactive", Scope::SessionsRead).await;
    assert_eq!(none.json["sessions"], Value::Array(Vec::new()));
    assert_eq!(house.get("/v1/sessions?status=quiet", Scope::SessionsRead).await.problem(), "bad-parameter");
    assert_eq!(house.get("/v1/sessions?after=nonsense", Scope::SessionsRead).await.problem(), "bad-cursor");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_tells_its_state_its_reasons_and_its_history() {
    let house = House::new();
    house.message("e1", "c 1/x").await;
    let state = house.get("/v1/sessions/c%201%2Fx", Scope::SessionsRead).await;
    assert_eq!(state.json["session"], "c 1/x/1", "{}", state.text);
    assert_eq!((&state.json["status"], &state.json["channel"]), (&"waiting".into(), &"web".into()));
    assert_eq!(house.get("/v1/sessions/c%201%2Fx%2F1", Scope::SessionsRead).await.json["status"], "waiting");
    assert_eq!(house.get("/v1/sessions/c%201%2Fx%2F2", Scope::SessionsRead).await.status, 404);

    assert_eq!(house.get("/v1/sessions/c%201%2Fx/1", Scope::SessionsRead).await.json, state.json);
    assert_eq!(house.get("/v1/sessions/c%201%2Fx/2", Scope::SessionsRead).await.problem(), "not-found");
    let why = house.get("/v1/sessions/c%201%2Fx/explain", Scope::SessionsRead).await.json;
    assert_eq!(house.get("/v1/sessions/c%201%2Fx/1/explain", Scope::SessionsRead).await.json, why);
    let quiet =
        why["timers"].as_array().expect("timers").iter().find(|timer| timer["timer"] == "quiet").expect("quiet");
    assert_eq!((&quiet["state"], &quiet["rule"], &quiet["after"]), (&"running".into(), &"short".into(), &"15m".into()));
    assert_eq!(quiet["others"][0]["rule"], "long");
    assert_eq!(quiet["others"][0]["why"], "condition-does-not-hold");
    assert_eq!(quiet["others"][0]["condition"], "authenticated");
    assert_eq!(quiet["on_lapse"], serde_json::json!(["end-session"]), "{quiet}");

    house.pass(15).await;
    let history = house.get("/v1/sessions/c%201%2Fx/history?limit=1", Scope::SessionsRead).await.json;
    let newest = &history["records"][0];
    assert_eq!((&newest["record"], &newest["lapses"][0]["timer"]), (&"lapse".into(), &"quiet".into()), "{history}");
    assert_eq!(house.get("/v1/sessions/c%201%2Fx/1/history?limit=1", Scope::SessionsRead).await.json, history);
    let kept = house.get("/v1/sessions/c%201%2Fx", Scope::SessionsRead).await.json;
    assert_eq!((&kept["status"], &kept["session"]), (&"ended".into(), &"c 1/x/1".into()), "{kept}");
    let next = history["next"].as_str().expect("more");
    let older = house.get(&format!("/v1/sessions/c%201%2Fx/history?after={next}"), Scope::SessionsRead).await.json;
    assert_eq!(older["records"][0]["event"]["id"], "e1");
    assert!(older.get("next").is_none());
    let past = house.get("/v1/sessions/c%201%2Fx%2F1", Scope::SessionsRead).await.json;
    assert_eq!(
        (&past["status"], past["started"].is_string(), past["ended"].is_string()),
        (&"ended".into(), true, true)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_that_ended_are_listed_newest_first_even_when_no_longer_in_memory() {
    let house = House::new();
    house.follow();
    for number in 0..5 {
        house.message("e1", &format!("c{number}/😀")).await;
        house.pass(1).await;
    }
    house.pass(20).await;
    house.message("e1", "open").await;
    let forgotten = house.get("/v1/sessions?status=ended&limit=2", Scope::SessionsRead).await.json;
    assert_eq!(forgotten["sessions"][0]["conversation"], "c4/😀", "{forgotten}");
    // After ninety days without a session they are out of memory.
    house.pass(91 * 24 * 60).await;
    timeout(Duration::from_secs(30), async {
        while house.app.node.view("c0/😀").await.expect("a shard").is_some() {
            house.pass(1).await;
        }
    })
    .await
    .expect("it is forgotten");

    let (mut names, mut after) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/sessions?status=ended&channel=web&limit=2&after={after}");
        let page = house.get(&path, Scope::SessionsRead).await;
        let told = page.json["sessions"].as_array().unwrap_or_else(|| panic!("{}", page.text));
        names.extend(told.iter().map(|one| one["session"].as_str().expect("a session").to_owned()));
        let Some(next) = page.json["next"].as_str() else { break };
        next.clone_into(&mut after);
    }
    assert_eq!(names, ["open/1", "c4/😀/1", "c3/😀/1", "c2/😀/1", "c1/😀/1", "c0/😀/1"]);
    let other = house.get("/v1/sessions?status=ended&channel=sms", Scope::SessionsRead).await.json;
    assert_eq!(other, serde_json::json!({"sessions": []}));

    let past = house.get("/v1/sessions/c0%2F%F0%9F%98%80", Scope::SessionsRead).await.json;
    assert_eq!((&past["status"], &past["sessions"]), (&"ended".into(), &1.into()), "{past}");
    let past = house.get("/v1/sessions/c0%2F%F0%9F%98%80%2F1", Scope::SessionsRead).await.json;
    assert!(past["started"].is_string() && past["ended"].is_string(), "{past}");
    let history = house.get("/v1/sessions/c0%2F%F0%9F%98%80/history", Scope::SessionsRead).await.json;
    assert_eq!(history["records"].as_array().map(Vec::len), Some(2), "{history}");
    let why = house.get("/v1/sessions/c0%2F%F0%9F%98%80/explain", Scope::SessionsRead).await;
    assert_eq!((why.status, why.problem()), (404, "not-found"));
}

#[tokio::test(flavor = "multi_thread")]
async fn cursors_of_one_list_do_not_fit_another() {
    let house = House::new();
    for path in
        ["status=ended&after=0-1", "after=ended.5.YzE", "status=waiting&after=ended.5.YzE", "status=ended&after=1-1-1"]
    {
        let answer = house.get(&format!("/v1/sessions?{path}"), Scope::SessionsRead).await;
        assert_eq!(answer.problem(), "bad-cursor", "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_goes_on_only_at_its_own_records() {
    let house = House::new();
    house.message("e1", "mine").await;
    house.message("e1", "theirs").await;
    house.pass(15).await;
    let theirs = house.get("/v1/sessions/theirs/history?limit=1", Scope::SessionsRead).await.json;
    let next = theirs["next"].as_str().expect("more");
    for cursor in [next, "1-3", "999-0"] {
        let answer = house.get(&format!("/v1/sessions/mine/history?after={cursor}"), Scope::SessionsRead).await;
        assert!(!answer.text.contains("theirs"), "{}", answer.text);
        assert!(answer.status == 400 || answer.json["records"] == Value::Array(Vec::new()), "{}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn effects_are_followed_by_cursor_each_once() {
    let house = House::new();
    for number in 0..7 {
        house.message("e1", &format!("c{number}")).await;
    }
    house.pass(15).await;
    let all = house.get("/v1/effects?limit=1000", Scope::EffectsRead).await.json;
    let all = all["effects"].as_array().expect("a list").clone();
    assert_eq!(all.iter().filter(|effect| effect["type"] == "session.ended").count(), 7);
    let (mut told, mut after) = (Vec::new(), String::new());
    loop {
        let page = house.get(&format!("/v1/effects?limit=3&after={after}"), Scope::EffectsRead).await.json;
        let effects = page["effects"].as_array().expect("a list");
        if effects.is_empty() {
            break;
        }
        if let Some(last) = effects.last() {
            assert!(page["next"].is_string());
            assert!(last["cursor"].is_string());
        }
        told.extend(effects.clone());
        page["next"].as_str().expect("a cursor").clone_into(&mut after);
    }
    assert_eq!(told, all);
    for (cursor, problem) in [("nonsense", "bad-cursor"), ("999-0-0", "bad-cursor"), ("1-1-0", "bad-cursor")] {
        let answer = house.get(&format!("/v1/effects?after={cursor}"), Scope::EffectsRead).await;
        assert_eq!(answer.problem(), problem, "{cursor}: {}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_goes_on_from_a_cursor_waits_a_moment_for_more() {
    let house = House::new();
    house.message("e1", "c1").await;
    let page = house.get("/v1/effects?after=0", Scope::EffectsRead).await.json;
    assert_eq!(page["effects"][0]["id"], "c1/1-1", "`0` is the beginning: {page}");
    let path = format!("/v1/effects?after={}", page["next"].as_str().expect("a cursor"));
    let (answer, _) = tokio::join!(house.get(&path, Scope::EffectsRead), house.message("e1", "c2"));
    assert_eq!(answer.json["effects"][0]["id"], "c2/1-1", "{}", answer.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn how_long_a_poll_waited_is_no_figure() {
    let house = House::new();
    let timed = async || {
        let text = house.get("/metrics", Scope::Admin).await.text;
        let line = text.lines().find(|line| line.starts_with("wane_http_request_seconds_count "));
        line.and_then(|line| line.rsplit(' ').next()?.parse::<u32>().ok()).expect("a count")
    };
    let before = timed().await;
    for (path, scope) in [("/v1/effects", Scope::EffectsRead), ("/v1/decisions", Scope::SessionsRead)] {
        assert_eq!(house.get(&format!("{path}?wait=0"), scope).await.status, 200);
    }
    assert_eq!(timed().await, before + 1, "only the look at the figures itself");
}

#[tokio::test(flavor = "multi_thread")]
async fn effects_of_a_decision_have_its_key() {
    let house = House::new();
    house.message("e1", "c1").await;
    house.pass(15).await;
    let decisions = house.get("/v1/decisions", Scope::SessionsRead).await.json;
    let effects = house.get("/v1/effects", Scope::EffectsRead).await.json;
    let effects = effects["effects"].as_array().expect("a list");
    assert!(effects[0].get("key").is_none(), "a message opened it, no timer: {effects:?}");
    assert_eq!(effects[1]["type"], "session.ended");
    assert_eq!(effects[1]["key"], decisions["decisions"][0]["key"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_poll_ends_when_something_happens() {
    let house = House::new();
    let (answer, _) = tokio::join!(
        timeout(Duration::from_secs(30), house.get("/v1/effects?after=latest&wait=60", Scope::EffectsRead)),
        house.message("e1", "c1"),
    );
    let answer = answer.expect("long before the minute is over");
    assert_eq!(answer.json["effects"][0]["type"], "session.opened", "{}", answer.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_goes_on_after_the_last_event_and_ends_when_the_daemon_stops() {
    let house = House::new();
    house.message("e1", "c1").await;
    let first = house.get("/v1/effects?limit=1", Scope::EffectsRead).await.json;
    house.event(&message("e2", "c2")).await;
    let request = house
        .request(Method::GET, "/v1/effects", Scope::EffectsRead)
        .header("accept", "text/event-stream")
        .header("last-event-id", first["effects"][0]["cursor"].as_str().expect("a cursor"))
        .body(Body::empty())
        .expect("a request");
    let response = house.send(request).await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut stream = response.into_body().into_data_stream();
    let mut text = String::new();
    while !text.contains("\"conversation\":\"c2\"") {
        let chunk =
            timeout(Duration::from_secs(30), stream.next()).await.expect("in time").expect("more").expect("whole");
        text.push_str(&String::from_utf8_lossy(&chunk));
    }
    assert!(text.contains("event: effect") && text.contains("id: "), "{text}");
    assert!(!text.contains("\"id\":\"c1/1-1\""), "that was told before");
    house.app.stop.now();
    while let Some(chunk) = timeout(Duration::from_secs(30), stream.next()).await.expect("it ends") {
        chunk.expect("whole");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn decisions_have_a_key_and_a_rule() {
    let house = House::new();
    house.message("e1", "c1").await;
    house.pass(15).await;
    let page = house.get("/v1/decisions", Scope::SessionsRead).await.json;
    let decision = &page["decisions"][0];
    assert_eq!((&decision["timer"], &decision["rule"]), (&"quiet".into(), &"short".into()), "{page}");
    assert_eq!(decision["key"].as_str().map(str::len), Some(32));
    assert_eq!(page["decisions"].as_array().map(Vec::len), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_sees_health_readiness_and_figures() {
    let house = House::new();
    house.message("e1", "c1").await;
    assert_eq!(house.get("/healthz", Scope::Admin).await.text, "ok\n");
    let ready = house.get("/readyz", Scope::Admin).await;
    assert_eq!(
        (ready.status, &ready.json["ready"], &ready.json["last_reload_failed"]),
        (200, &true.into(), &Value::Null)
    );
    let metrics = house.get("/metrics", Scope::Admin).await.text;
    assert!(metrics.contains("wane_events_total{outcome=\"applied\"} 1"), "{metrics}");
    assert!(metrics.contains("wane_sessions{channel=\"web\",status=\"waiting\"} 1"), "{metrics}");
    assert!(metrics.ends_with("# EOF\n"));
    house.app.stop.now();
    assert_eq!(house.get("/readyz", Scope::Admin).await.status, 503);
}
