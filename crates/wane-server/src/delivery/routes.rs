//! `/v1/endpoints` and `/v1/deliveries`: where effects go, and what became of those that did not arrive.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Serialize;
use serde_json::{Value, json};
use wane_core::time::Timestamp;
use wane_runtime::outbox::{Listed, State as Fate};
use wane_wire::record::{Address, EffectRef, Record};

use super::endpoint::{Endpoint, To};
use crate::app::App;
use crate::desk::audit::{audit, who};
use crate::http::extract::{Authorized, Given, Json, Known, Params, Segment, bad_parameter};
use crate::http::problem::{Kind, Problem};
use crate::node::NodeError;
use crate::tokens::Admin;

mod change;
pub(super) mod id;

/// How many entries a page has, unless asked otherwise, and at most.
const PAGE: u32 = 100;
const LARGEST_PAGE: u32 = 1_000;

/// The routes.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/v1/endpoints", get(list).post(change::create))
        .route("/v1/endpoints/{id}", get(one).delete(change::remove).patch(change::change))
        .route("/v1/endpoints/{id}/secret", post(change::rotate))
        .route("/v1/endpoints/{id}/retry-dead", post(retry_dead))
        .route("/v1/deliveries", get(deliveries))
        .route("/v1/deliveries/{id}/retry", post(retry))
}

async fn list(State(app): State<App>, _: Authorized<Admin>, _: Params<Nothing>) -> Response {
    let state = app.delivery.state();
    let endpoints: Vec<Value> = state.endpoints.values().map(|endpoint| shown(&state.outbox, endpoint)).collect();
    axum::Json(json!({ "endpoints": endpoints, "books": state.outbox.books() })).into_response()
}

async fn one(State(app): State<App>, _: Authorized<Admin>, Segment(id): Segment) -> Result<Response, Problem> {
    let state = app.delivery.state();
    let endpoint = state.endpoints.get(&id).ok_or_else(no_endpoint)?;
    Ok(axum::Json(shown(&state.outbox, endpoint)).into_response())
}

/// Nothing of this is secret: where the secrets are is said, not what they are.
fn shown(outbox: &wane_runtime::outbox::Outbox, endpoint: &Endpoint) -> Value {
    let health = outbox.health(&endpoint.id);
    let (url, channel) = match &endpoint.to {
        To::Url(url) => (Some(url), None),
        To::Channel(channel) => (None, Some(channel)),
    };
    let secrets: Vec<Value> = endpoint.keys.iter().map(|key| json!({ "until": key.until.and_then(text_of) })).collect();
    json!({
        "id": endpoint.id,
        "url": url,
        "channel": channel,
        "types": endpoint.filter.types,
        "channels": endpoint.filter.channels,
        "format": endpoint.format,
        "enabled": endpoint.off.is_none(),
        "off_because": endpoint.off,
        "secrets": secrets,
        "books": health.as_ref().map(|health| health.books),
        "failures_in_a_row": health.as_ref().map(|health| health.failures),
        "failing_since": health.as_ref().and_then(|health| health.failing_since).map(|since| since.to_string()),
        "held_by_dead_letters": health.as_ref().map(|health| health.is_full),
        "cursor": health.as_ref().map(|health| health.cursor.to_string()),
    })
}

fn text_of(millis: i64) -> Option<String> {
    Timestamp::from_millis(millis).ok().map(|at| at.to_string())
}

fn no_endpoint() -> Problem {
    Problem::not_found("there is no such endpoint").help("`GET /v1/endpoints` lists them")
}

/// No parameters.
struct Nothing;

impl Known for Nothing {
    const NAMES: &[&'static str] = &[];

    fn read(_: &Given) -> Result<Self, Problem> {
        Ok(Self)
    }
}

/// Which deliveries.
struct Which {
    endpoint: String,
    state: Fate,
    after: Option<EffectRef>,
    limit: u32,
}

impl Known for Which {
    const NAMES: &[&'static str] = &["endpoint", "state", "after", "limit"];

    fn read(given: &Given) -> Result<Self, Problem> {
        let state = match given.text("state") {
            None | Some("dead") => Fate::Dead,
            Some("pending") => Fate::Pending,
            Some(_) => return Err(bad_parameter("state", "it is not a state", "`dead` or `pending`")),
        };
        let after = match given.text("after") {
            None => None,
            Some(text) => Some(
                id::effect(text)
                    .ok_or_else(|| Problem::new(Kind::BadCursor, "`after` is not a cursor of this list"))?,
            ),
        };
        let limit = given.number("limit", PAGE, 1..=LARGEST_PAGE)?;
        Ok(Self { endpoint: given.needed("endpoint")?.to_owned(), state, after, limit })
    }
}

#[derive(Serialize)]
struct Page {
    deliveries: Vec<Value>,
    /// Where to go on; nothing at the end.
    next: Option<String>,
}

async fn deliveries(
    State(app): State<App>,
    _: Authorized<Admin>,
    Params(which): Params<Which>,
) -> Result<Response, Problem> {
    if app.delivery.endpoint(&which.endpoint).is_none() {
        return Err(no_endpoint());
    }
    let limit = usize::try_from(which.limit).unwrap_or(1);
    let mut listed = app.delivery.state().outbox.list(&which.endpoint, which.state, which.after, limit + 1);
    let is_more = listed.len() > limit;
    listed.truncate(limit);
    let next = listed.last().filter(|_| is_more).map(|last| id::of_effect(last.effect));
    let deliveries = listed.iter().map(|listed| delivery(&which, listed)).collect();
    Ok(axum::Json(Page { deliveries, next }).into_response())
}

fn delivery(which: &Which, listed: &Listed) -> Value {
    let time = |at: Option<Timestamp>| at.map(|at| at.to_string());
    json!({
        "id": id::delivery(&which.endpoint, listed.effect),
        "endpoint": which.endpoint,
        "state": if which.state == Fate::Dead { "dead" } else { "pending" },
        "record": listed.effect.record.to_string(),
        "index": listed.effect.index,
        "failed_attempts": listed.failed,
        "next_attempt": time(listed.due),
        "died": time(listed.died),
        "why": listed.why.as_deref(),
    })
}

async fn retry(State(app): State<App>, by: Authorized<Admin>, Segment(text): Segment) -> Result<Response, Problem> {
    let none = || Problem::not_found("there is no such dead letter").help("`GET /v1/deliveries?endpoint=…` lists them");
    let (endpoint, effect) = id::parse(&text).ok_or_else(none)?;
    let mark = app.delivery.state().outbox.retry(app.clock.now(), endpoint, effect).ok_or_else(none)?;
    record(&app, Record::Delivery(Box::new(mark))).await?;
    audit(&app, &who(&by.token), "delivery.retry", json!({ "endpoint": endpoint, "delivery": text })).await?;
    Ok(StatusCode::ACCEPTED.into_response())
}

/// How many dead letters one request brings back; the answer says whether there are more.
const AT_ONCE: usize = 1_000;

async fn retry_dead(State(app): State<App>, by: Authorized<Admin>, Segment(id): Segment) -> Result<Response, Problem> {
    let marks: Vec<_> = {
        let state = app.delivery.state();
        state.endpoints.get(&id).ok_or_else(no_endpoint)?;
        let dead = state.outbox.list(&id, Fate::Dead, None, AT_ONCE);
        dead.iter().filter_map(|dead| state.outbox.retry(app.clock.now(), &id, dead.effect)).collect()
    };
    let retried = marks.len();
    let records = marks.into_iter().map(|mark| app.node.record(Record::Delivery(Box::new(mark))));
    let addresses = futures_util::future::try_join_all(records).await.map_err(problem)?;
    if let Some(last) = addresses.into_iter().max() {
        applied(&app, last).await;
    }
    audit(&app, &who(&by.token), "delivery.retry", json!({ "endpoint": id, "retried": retried })).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(json!({ "retried": retried, "more": retried == AT_ONCE }))).into_response())
}

/// Logs a record and waits until it counts.
async fn record(app: &App, record: Record) -> Result<(), Problem> {
    let at = app.node.record(record).await.map_err(problem)?;
    applied(app, at).await;
    Ok(())
}

async fn applied(app: &App, at: Address) {
    let mut seen = app.delivery.applied.subscribe();
    let until = seen.wait_for(|applied| *applied >= at);
    // It is durable; that it can be seen at once is only a courtesy.
    let _ = tokio::time::timeout(std::time::Duration::from_secs(5), until).await;
}

fn problem(error: NodeError) -> Problem {
    error.into()
}
