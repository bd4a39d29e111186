//! Sessions: `GET /v1/sessions`, one of them, its history, and why its timers are as they are.

mod deliveries;
mod ended;
mod explain;
mod history;
mod lapse;
mod state;

use std::sync::Arc;

use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use serde_json::Value;
use wane_core::session::Status;
use wane_runtime::shard::View;

use super::extract::{Authorized, Given, Known, Params, bad_parameter, short};
use super::follow::bad_cursor;
use super::problem::{Kind, Problem};
use crate::app::App;
use crate::node::{Cursor, ListPage};
use crate::tokens::SessionsRead;
use wane_store::index;
use wane_wire::record::Address;

/// The routes.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/sessions", get(list))
        .route("/v1/sessions/{id}", get(one))
        .route("/v1/sessions/{id}/explain", get(explain::explain))
        .route("/v1/sessions/{id}/history", get(history::history))
        .route("/v1/sessions/{id}/{number}", get(one))
        .route("/v1/sessions/{id}/{number}/explain", get(explain::explain))
        .route("/v1/sessions/{id}/{number}/history", get(history::history))
}

/// What the path names: a conversation or session in one part, or a session as it is shown, `<conversation>/<number>`, in
/// two.
struct Which(String);

impl FromRequestParts<App> for Which {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let path = Path::<Vec<(String, String)>>::from_request_parts(parts, app).await;
        let Path(path) = path.map_err(|_| Problem::new(Kind::BadParameter, "a part of the path is not UTF-8"))?;
        let parts: Vec<String> = path.into_iter().map(|(_, text)| text).collect();
        Ok(Self(parts.join("/")))
    }
}

/// Parameters of the list.
struct Listing {
    status: Option<Status>,
    channel: Option<String>,
    after: Option<Place>,
    limit: usize,
}

/// Where a list goes on. Sessions that ended are listed by time, all others as they lie in memory.
enum Place {
    Kept(Cursor),
    Ended(index::Cursor),
}

impl Known for Listing {
    const NAMES: &[&'static str] = &["status", "channel", "after", "limit"];

    fn read(given: &Given) -> Result<Self, Problem> {
        let status = given.text("status").map(|text| {
            let known = || "`waiting`, `active`, `inactive` or `ended`";
            Status::parse(text)
                .ok_or_else(|| bad_parameter("status", &format!("it can not be `{}`", short(text)), known()))
        });
        let status = status.transpose()?;
        let after = given.text("after").filter(|text| !text.is_empty());
        let after = after.map(|text| place(text, status).ok_or_else(|| bad_cursor("not a cursor of this list")));
        Ok(Self {
            status,
            channel: given.text("channel").map(str::to_owned),
            after: after.transpose()?,
            limit: usize::try_from(given.number("limit", 100, 1..=1_000)?).unwrap_or(1_000),
        })
    }
}

/// Reads a cursor of the list with that status.
fn place(text: &str, status: Option<Status>) -> Option<Place> {
    if status == Some(Status::Ended) {
        return ended::cursor(text).map(Place::Ended);
    }
    let (shard, place) = text.split_once('-')?;
    Some(Place::Kept(Cursor { shard: shard.parse().ok()?, place: place.parse().ok()? }))
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
    let Listing { status, channel, after, limit } = asked;
    let cursor = match after {
        Some(Place::Ended(after)) => return ended::list(&app, channel, (Some(after), limit)).await.map(Json),
        _ if status == Some(Status::Ended) => return ended::list(&app, channel, (None, limit)).await.map(Json),
        Some(Place::Kept(cursor)) if usize::from(cursor.shard) < app.node.queued().len() => Some(cursor),
        Some(Place::Kept(_)) => return Err(bad_cursor("not a cursor of this list")),
        None => None,
    };
    let keep = move |view: &View| {
        let fits = status.is_none_or(|status| view.state.status() == status);
        fits && channel.as_deref().is_none_or(|name| state::channel(view) == name)
    };
    let (views, next) = app.node.list(ListPage { cursor, limit, keep: Some(Arc::new(keep)) }).await?;
    let sessions = views.iter().map(|view| state::short(view, app.relay.is_closed(&view.conversation))).collect();
    Ok(Json(SessionsPage { sessions, next: next.map(|next| format!("{}-{}", next.shard, next.place)) }))
}

async fn one(
    State(app): State<App>,
    _: Authorized<SessionsRead>,
    _: Params<()>,
    Which(id): Which,
) -> Result<Json<Value>, Problem> {
    let Found { kept, number } = find(&app, &id).await?;
    match (&kept, number) {
        (Kept::Live(view), None) => Ok(Json(state::whole(view, app.relay.is_closed(&view.conversation)))),
        (Kept::Live(view), Some(number)) if Some(number) == state::open(view) => {
            Ok(Json(state::whole(view, app.relay.is_closed(&view.conversation))))
        }
        (Kept::Past(entry), None) => Ok(Json(ended::told(entry))),
        (_, Some(number)) => history::past(&app, &kept, number).await.map(Json),
    }
}

/// What an id names.
struct Found {
    kept: Kept,
    /// Which of its sessions, when the id says.
    number: Option<u32>,
}

/// A conversation.
enum Kept {
    /// In memory.
    Live(View),
    /// No longer in memory; the log still has it.
    Past(index::Entry),
}

impl Kept {
    fn name(&self) -> &str {
        match self {
            Self::Live(view) => &view.conversation,
            Self::Past(entry) => &entry.conversation,
        }
    }

    fn last(&self) -> Address {
        match self {
            Self::Live(view) => view.last,
            Self::Past(entry) => entry.last,
        }
    }

    fn channel(&self) -> &str {
        match self {
            Self::Live(view) => state::channel(view),
            Self::Past(entry) => &entry.channel,
        }
    }

    fn sessions(&self) -> u32 {
        match self {
            Self::Live(view) => view.state.sessions(),
            Self::Past(entry) => ended::number(entry),
        }
    }
}

/// An id is a conversation, or `<conversation>/<number>`. A conversation may have a name that looks like the latter, and
/// then is meant.
async fn find(app: &App, id: &str) -> Result<Found, Problem> {
    if let Some(kept) = kept(app, id).await? {
        return Ok(Found { kept, number: None });
    }
    let unknown = || Problem::not_found("there is no such conversation, or it is no longer kept");
    let (conversation, number) = id.rsplit_once('/').ok_or_else(unknown)?;
    let number = number.parse::<u32>().map_err(|_| unknown())?;
    let kept = kept(app, conversation).await?.ok_or_else(unknown)?;
    if number == 0 || number > kept.sessions() {
        return Err(Problem::not_found(format!("the conversation has had {} sessions", kept.sessions())));
    }
    Ok(Found { kept, number: Some(number) })
}

async fn kept(app: &App, conversation: &str) -> Result<Option<Kept>, Problem> {
    if let Some(view) = app.node.view(conversation).await? {
        return Ok(Some(Kept::Live(view)));
    }
    Ok(ended::find(app, conversation).await?.map(Kept::Past))
}
