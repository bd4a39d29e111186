//! What requests may cost: bodies, rates, encodings.

use axum::body::Body;
use axum::http::{Method, Request};

use super::support::{House, message};
use crate::config::sections::Rate;
use crate::tokens::Scope;

fn bare(method: Method, path: &str) -> Request<Body> {
    Request::builder().method(method).uri(path).body(Body::empty()).expect("a request")
}

#[tokio::test(flavor = "multi_thread")]
async fn each_route_wants_its_scope() {
    let house = House::new();
    let routes = [
        (Method::GET, "/v1/sessions", Scope::SessionsRead),
        (Method::GET, "/v1/sessions/c1", Scope::SessionsRead),
        (Method::GET, "/v1/sessions/c1/history", Scope::SessionsRead),
        (Method::GET, "/v1/sessions/c1/explain", Scope::SessionsRead),
        (Method::GET, "/v1/decisions", Scope::SessionsRead),
        (Method::GET, "/v1/effects", Scope::EffectsRead),
        (Method::GET, "/v1/events/e1?conversation=c1", Scope::EventsWrite),
        (Method::POST, "/v1/events", Scope::EventsWrite),
    ];
    for (method, path, wanted) in routes {
        let answer = house.ask(bare(method.clone(), path)).await;
        assert_eq!((answer.status, answer.problem()), (401, "unauthorized"), "{path}");
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
        for scope in Scope::ALL {
            let request = house.request(method.clone(), path, scope).body(Body::empty()).expect("a request");
            let forbidden = house.ask(request).await.problem() == "forbidden";
            assert_eq!(forbidden, scope != wanted, "{path} with {scope:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_a_problem_too() {
    let house = House::new();
    let answer = house.ask(bare(Method::GET, "/v2/nothing")).await;
    assert_eq!((answer.status, answer.problem()), (404, "no-route"));
    let answer = house.ask(bare(Method::DELETE, "/v1/events")).await;
    assert_eq!((answer.status, answer.problem()), (405, "wrong-method"));
    assert_eq!(answer.headers["allow"], "POST");
    assert_eq!(answer.headers["content-type"], "application/problem+json");
    assert_eq!(answer.headers["x-content-type-options"], "nosniff");
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_that_are_wrong_are_named() {
    let house = House::new();
    for (path, field) in [
        ("/v1/sessions?limt=5", "limt"),
        ("/v1/sessions?limit=0", "limit"),
        ("/v1/sessions?limit=5&limit=6", "limit"),
        ("/v1/decisions?wait=61", "wait"),
    ] {
        let answer = house.get(path, Scope::SessionsRead).await;
        assert_eq!((answer.status, answer.problem()), (400, "bad-parameter"), "{path}");
        assert_eq!(answer.json["errors"][0]["field"], field, "{path}");
    }
    assert_eq!(house.get("/v1/sessions/%FF", Scope::SessionsRead).await.problem(), "bad-parameter");
}

#[tokio::test(flavor = "multi_thread")]
async fn large_and_compressed_bodies_are_refused() {
    let house = House::new();
    let large = "x".repeat((1 << 20) + 1);
    let answer = house.post("application/json", large.clone()).await;
    assert_eq!((answer.status, answer.problem()), (413, "too-large"));
    // Without a length that is told beforehand.
    let chunks = futures_util::stream::iter([Ok::<_, std::io::Error>(large)]);
    let answer = house.post("application/json", Body::from_stream(chunks)).await;
    assert_eq!((answer.status, answer.problem()), (413, "too-large"));
    let request = house
        .request(Method::POST, "/v1/events", Scope::EventsWrite)
        .header("content-encoding", "gzip")
        .body(Body::from(message("e1", "c1")))
        .expect("a request");
    let answer = house.ask(request).await;
    assert_eq!((answer.status, answer.problem()), (415, "unsupported-media-type"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_too_often_is_told_when_to_come_again() {
    let house = House::with(|config| {
        config.limits.token = Rate { rate: 1, burst: 2 };
        config.limits.address = Rate { rate: 1, burst: 3 };
    });
    for _ in 0..2 {
        assert_eq!(house.get("/v1/sessions", Scope::SessionsRead).await.status, 200);
    }
    let answer = house.get("/v1/sessions", Scope::SessionsRead).await;
    assert_eq!((answer.status, answer.problem()), (429, "too-many-requests"));
    let wait: u32 = answer.headers["retry-after"].to_str().expect("text").parse().expect("seconds");
    assert!((1..=2).contains(&wait));
    assert_eq!(house.get("/v1/effects", Scope::EffectsRead).await.status, 200, "another token has its own bucket");
    for _ in 0..3 {
        assert_eq!(house.ask(bare(Method::GET, "/v1/sessions")).await.status, 401);
    }
    assert_eq!(house.ask(bare(Method::GET, "/v1/sessions")).await.status, 429, "guessing tokens is limited by address");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_manual_clock_there_are_no_rates() {
    let house = House::with(|config| {
        config.manual_clock = true;
        config.limits.token = Rate { rate: 1, burst: 1 };
    });
    for _ in 0..20 {
        assert_eq!(house.get("/v1/sessions", Scope::SessionsRead).await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_is_refused() {
    let house = House::new();
    assert_eq!(house.get("/v1/sessions", Scope::SessionsRead).await.status, 200);
    for token in crate::tokens::list(&house.app.config.data).expect("tokens") {
        crate::tokens::revoke(&house.app.config.data, &token.id).expect("there");
    }
    assert_eq!(house.app.tokens.refresh().ok(), Some(true));
    assert_eq!(house.get("/v1/sessions", Scope::SessionsRead).await.status, 401);
}
