//! What integrators consume: `GET /v1/effects`, by pages, long poll or as a stream of events; and `GET /v1/decisions`.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use futures_util::{Stream, StreamExt, stream};
use serde::Serialize;
use serde_json::value::RawValue;
use wane_runtime::outbox::key::Subject;
use wane_wire::decision::{self, DecisionJson};
use wane_wire::effect::EffectJson;
use wane_wire::record::{Peek, Record};

use super::extract::{Authorized, Params};
use super::follow::{self, After, Page, Position, Source};
use super::problem::Problem;
use super::render;
use crate::app::App;
use crate::tokens::{EffectsRead, SessionsRead};

/// The routes.
pub(super) fn routes() -> Router<App> {
    Router::new().route("/v1/effects", get(effects)).route("/v1/decisions", get(decisions))
}

/// How often a stream on which nothing happens says that it is there.
const ALIVE: Duration = Duration::from_secs(15);

async fn effects(
    State(app): State<App>,
    _: Authorized<EffectsRead>,
    headers: HeaderMap,
    Params(asked): Params<After>,
) -> Result<Response, Problem> {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    if accept.contains("text/event-stream") {
        let last = headers.get("last-event-id").and_then(|id| id.to_str().ok());
        let from = Position::read(&app, last.or(asked.after.as_deref()))?;
        // A cursor that is no longer kept is told now, not in the stream.
        let first = follow::page(&app, from, (Effects, asked.limit)).await?;
        return Ok(Sse::new(events(app, first)).keep_alive(KeepAlive::new().interval(ALIVE)).into_response());
    }
    let from = Position::read(&app, asked.after.as_deref())?;
    let page = follow::poll(&app, from, (Effects, asked.limit, asked.wait)).await?;
    let (effects, next) = told(page);
    Ok(Json(EffectsPage { effects, next }).into_response())
}

async fn decisions(
    State(app): State<App>,
    _: Authorized<SessionsRead>,
    Params(asked): Params<After>,
) -> Result<Json<DecisionsPage>, Problem> {
    let from = Position::read(&app, asked.after.as_deref())?;
    let page = follow::poll(&app, from, (Decisions, asked.limit, asked.wait)).await?;
    let (decisions, next) = told(page);
    Ok(Json(DecisionsPage { decisions, next }))
}

#[derive(Serialize)]
struct EffectsPage {
    effects: Vec<Box<RawValue>>,
    next: String,
}

#[derive(Serialize)]
struct DecisionsPage {
    decisions: Vec<Box<RawValue>>,
    next: String,
}

fn told(page: Page) -> (Vec<Box<RawValue>>, String) {
    let next = page.next.to_string();
    (page.things.into_iter().map(|(_, thing)| thing).collect(), next)
}

/// Effects as events of a stream, each with its cursor as id. Ends when the daemon stops; the client comes again with
/// `Last-Event-ID`.
fn events(app: App, first: Page) -> impl Stream<Item = Result<Event, Infallible>> {
    let pages = stream::unfold((app, Some(first), None), |(app, page, next)| async move {
        let page = match (page, next) {
            (Some(page), _) => page,
            (None, Some(next)) => {
                if !follow::more(&app, next).await {
                    return None;
                }
                follow::page(&app, next, (Effects, 100)).await.ok()?
            }
            (None, None) => return None,
        };
        let next = page.next;
        Some((stream::iter(page.things), (app, None, Some(next))))
    });
    pages
        .flatten()
        .map(|(cursor, effect)| Ok(Event::default().id(cursor.to_string()).event("effect").data(effect.get())))
}

#[derive(Serialize)]
struct WithCursor<'a, T> {
    cursor: &'a str,
    #[serde(flatten)]
    thing: T,
}

/// An effect and, when a timer is behind it, the key of its decision, as `GET /v1/decisions` has it.
#[derive(Serialize)]
struct Keyed<'a> {
    #[serde(flatten)]
    effect: EffectJson<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

#[derive(Clone, Copy)]
struct Effects;

impl Source for Effects {
    fn wants(self, peek: &Peek) -> bool {
        peek.has_effects
    }

    fn things(self, app: &App, record: &Record, cursor: &dyn Fn(u32) -> String) -> Result<Vec<Box<RawValue>>, Problem> {
        let Some(parts) = record.decided() else { return Ok(Vec::new()) };
        let rules = render::rules(app, parts.rules)?;
        let hash = rules.hash.to_string();
        let context = render::context(&rules, &hash, (parts.conversation, parts.channel));
        let subject = Subject { org: &app.config.org, conversation: parts.conversation, rules: &rules };
        let json = |(index, effect)| {
            let cursor = cursor(index);
            let thing = Keyed { effect: EffectJson::new(effect, context), key: subject.of(effect) };
            render::raw(&WithCursor { cursor: &cursor, thing })
        };
        (1..).zip(parts.effects).map(json).collect()
    }
}

#[derive(Clone, Copy)]
struct Decisions;

impl Source for Decisions {
    fn wants(self, peek: &Peek) -> bool {
        peek.has_lapses
    }

    fn things(self, app: &App, record: &Record, cursor: &dyn Fn(u32) -> String) -> Result<Vec<Box<RawValue>>, Problem> {
        let Some(parts) = record.decided() else { return Ok(Vec::new()) };
        let rules = render::rules(app, parts.rules)?;
        let ruleset = rules.hash.to_string();
        let (org, conversation) = (&*app.config.org, parts.conversation);
        let context = decision::Context { org, conversation, rules: &rules, ruleset: &ruleset, now: parts.now };
        let json = |(index, lapse)| {
            let cursor = cursor(index);
            render::raw(&WithCursor { cursor: &cursor, thing: DecisionJson::new(lapse, context) })
        };
        (1..).zip(parts.lapses).map(json).collect()
    }
}
