//! Sessions: `GET /v1/sessions`, one of them, its history, and why its timers are as they are.

mod explain;
mod history;
mod state;

use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use serde_json::Value;
use wane_core::session::Status;
use wane_runtime::shard::View;

use super::extract::{Authorized, Given, Known, Params, Segment, bad_parameter, short};
use super::follow::bad_cursor;
use super::problem::Problem;
use crate::app::App;
use crate::node::{Cursor, ListPage};
use crate::tokens::SessionsRead;

/// The routes.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/sessions", get(list))
        .route("/v1/sessions/{id}", get(one))
        .route("/v1/sessions/{id}/explain", get(explain::explain))
        .route("/v1/sessions/{id}/history", get(history::history))
}

/// Parameters of the list.
struct Listing {
    status: Option<Status>,
    channel: Option<String>,
    cursor: Option<Cursor>,
    limit: usize,
}

impl Known for Listing {
    const NAMES: &[&'static str] = &["status", "channel", "after", "limit"];

    fn read(given: &Given) -> Result<Self, Problem> {
        let status = given.text("status").map(|text| {
            let known = || "`waiting`, `active`, `inactive` or `ended`";
            Status::parse(text)
                .ok_or_else(|| bad_parameter("status", &format!("it can not be `{}`", short(text)), known()))
        });
        let cursor = given.text("after").filter(|text| !text.is_empty());
        Ok(Self {
            status: status.transpose()?,
            channel: given.text("channel").map(str::to_owned),
            cursor: cursor
                .map(|text| read_cursor(text).ok_or_else(|| bad_cursor("not a cursor of this list")))
                .transpose()?,
            limit: usize::try_from(given.number("limit", 100, 1..=1_000)?).unwrap_or(1_000),
        })
    }
}

fn read_cursor(text: &str) -> Option<Cursor> {
    let (shard, place) = text.split_once('-')?;
    Some(Cursor { shard: shard.parse().ok()?, place: place.parse().ok()? })
}

#[derive(Serialize)]
struct SessionsPage {
    sessions: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

async fn list(
    State(app): State<App>,
    _: Authorized<SessionsRead>,
    Params(asked): Params<Listing>,
) -> Result<Json<SessionsPage>, Problem> {
    let Listing { status, channel, cursor, limit } = asked;
    let keep = move |view: &View| {
        let fits = status.is_none_or(|status| view.state.status() == status);
        fits && channel.as_deref().is_none_or(|name| state::channel(view) == name)
    };
    let (views, next) = app.node.list(ListPage { cursor, limit, keep: Some(Arc::new(keep)) }).await?;
    let sessions = views.iter().map(state::short).collect();
    Ok(Json(SessionsPage { sessions, next: next.map(|next| format!("{}-{}", next.shard, next.place)) }))
}

async fn one(
    State(app): State<App>,
    _: Authorized<SessionsRead>,
    Segment(id): Segment,
) -> Result<Json<Value>, Problem> {
    let found = find(&app, &id).await?;
    match found.number {
        Some(number) if Some(number) != state::open(&found.view) => {
            history::past(&app, &found.view, number).await.map(Json)
        }
        _ => Ok(Json(state::whole(&found.view))),
    }
}

/// What an id names.
struct Found {
    view: View,
    /// Which of its sessions, when the id says.
    number: Option<u32>,
}

/// An id is a conversation, or `<conversation>/<number>`. A conversation may have a name that looks like the latter, and
/// then is meant.
async fn find(app: &App, id: &str) -> Result<Found, Problem> {
    if let Some(view) = app.node.view(id).await? {
        return Ok(Found { view, number: None });
    }
    let unknown = || Problem::not_found("there is no such conversation, or it is no longer kept");
    let (conversation, number) = id.rsplit_once('/').ok_or_else(unknown)?;
    let number = number.parse::<u32>().map_err(|_| unknown())?;
    let view = app.node.view(conversation).await?.ok_or_else(unknown)?;
    if number == 0 || number > view.state.sessions() {
        let detail = format!("the conversation has had {} sessions", view.state.sessions());
        return Err(Problem::not_found(detail));
    }
    Ok(Found { view, number: Some(number) })
}
