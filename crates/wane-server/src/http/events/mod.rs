//! `POST /v1/events`: one event, or many in one request. All are read before any is applied; the answer comes after they
//! are durable.

mod answer;
mod cloud;
mod read;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Map, Value};
use wane_core::facts::Name;
use wane_wire::record::Record;

use super::extract::{Authorized, Given, Known, Params, Segment, Whole, media_type};
use super::problem::{Kind, Problem};
use super::render;
use crate::app::App;
use crate::node::Answered;
use crate::tokens::EventsWrite;
use answer::Told;
use read::Form;

/// The routes.
pub(super) fn routes() -> Router<App> {
    Router::new().route("/v1/events", post(submit)).route("/v1/events/{id}", get(seen))
}

async fn submit(
    State(app): State<App>,
    _: Authorized<EventsWrite>,
    _: Params<()>,
    headers: HeaderMap,
    Whole(body): Whole,
) -> Result<Response, Problem> {
    let form = Form::of(&media_type(&headers))?;
    let read = read::events(form, &body)?;
    let told: Vec<Told> = read.events.iter().map(Told::of).collect();
    let answers = app.node.submit(read.events).await?;
    count(&app, &answers);
    if read.single
        && let Some(Answered::Conflict(_)) = answers.first()
    {
        return Err(conflict());
    }
    let channels = answer::channels(&app, &told, &answers).await?;
    let weaker = app.config.store.sync.weaker();
    let deadlines = answer::deadlines(&app, &told, &answers).await?;
    let answering = answer::Answering { app: &app, durability: weaker.as_deref(), deadlines };
    let mut json = Vec::with_capacity(256 * answers.len());
    answering.write(read.single, (&told, &answers, &channels), &mut json).map_err(|error| Problem::internal(&error))?;
    let mut response = Response::new(Body::from(json));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

fn conflict() -> Problem {
    let detail = "the id was used in this conversation before, by an event that says something else";
    Problem::new(Kind::IdConflict, detail).help("give each event an id of its own; nothing was applied")
}

/// Counts answers for the metrics.
pub(super) fn count(app: &App, answers: &[Answered]) {
    let mut counts = [0_u64; 4];
    for answered in answers {
        let [applied, duplicate, refused, conflict] = &mut counts;
        *match answer::outcome(answered) {
            "applied" => applied,
            "duplicate" => duplicate,
            "refused" => refused,
            _ => conflict,
        } += 1;
    }
    for (outcome, count) in ["applied", "duplicate", "refused", "conflict"].into_iter().zip(counts) {
        if count > 0 {
            app.metrics.events(outcome, count);
        }
    }
}

struct Seen {
    conversation: Name,
}

impl Known for Seen {
    const NAMES: &[&'static str] = &["conversation"];

    fn read(given: &Given) -> Result<Self, Problem> {
        Ok(Self { conversation: given.needed("conversation")?.into() })
    }
}

/// Whether an event was recorded, with its first answer.
async fn seen(
    State(app): State<App>,
    _: Authorized<EventsWrite>,
    Segment(id): Segment,
    Params(seen): Params<Seen>,
) -> Result<Json<Map<String, Value>>, Problem> {
    let unknown = || Problem::not_found("no such event was recorded in that conversation, as far back as ids are kept");
    let at = app.node.seen(&seen.conversation, &id).await?.ok_or_else(unknown)?;
    let record = app.node.read(render::durable(&app, at).await?).await?;
    if !matches!(record, Record::Event(_)) {
        return Err(unknown());
    }
    // A record leaves out what is empty; an answer always has these.
    let told = render::record(&app, &record, at)?;
    let mut told: Map<String, Value> = serde_json::from_str(told.get()).map_err(|error| Problem::internal(&error))?;
    told.insert("id".into(), id.into());
    told.entry("effects").or_insert_with(|| Value::Array(Vec::new()));
    Ok(Json(told))
}
