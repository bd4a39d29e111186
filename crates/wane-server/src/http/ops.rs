//! For whoever operates it: health, readiness, metrics, and a page that says what is here.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;

use super::openapi;
use super::problem::Problem;
use crate::app::App;

/// The routes.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/", get(front))
        .route("/healthz", get(health))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .route("/openapi.json", get(document))
}

/// The process answers.
async fn health() -> &'static str {
    "ok\n"
}

/// Whether events are taken, and under which rules; says so too when the last attempt to change them failed.
async fn ready(State(app): State<App>) -> Response {
    let (ordinal, rules) = app.node.rules();
    // Why it failed is for those with a token: `GET /v1/rules`, the log.
    let failed = app.desk.attempt().filter(|attempt| attempt.error.is_some());
    let stopping = app.stop.is_said();
    let body = json!({
        "ready": !stopping,
        "ruleset": rules.hash.to_string(),
        "ordinal": ordinal.0,
        "last_reload_failed": failed.map(|attempt| attempt.at.to_string()),
    });
    let status = if stopping { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    (status, Json(body)).into_response()
}

async fn metrics(State(app): State<App>) -> Result<Response, Problem> {
    let figures = app.node.figures().await?;
    app.metrics.figures(&figures, &app.node.rules().1);
    app.metrics.queue("shards", app.node.queued().into_iter().sum());
    app.metrics.wall_step(app.clock.wall_step());
    let text = app.metrics.encode().map_err(|error| Problem::internal(&error))?;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}

async fn document() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], openapi::document()).into_response()
}

async fn front() -> Html<&'static str> {
    Html(include_str!("front.html"))
}
