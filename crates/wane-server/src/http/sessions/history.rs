//! What happened to a conversation, newest first: its records are chained, each names the one before.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use wane_core::effect::{Effect, EffectBody};
use wane_runtime::shard::View;
use wane_wire::record::{Address, Record};

use super::{find, state};
use crate::app::App;
use crate::http::extract::{Authorized, Given, Known, Params, Segment};
use crate::http::follow::bad_cursor;
use crate::http::problem::Problem;
use crate::http::render;
use crate::node::NodeError;
use crate::tokens::SessionsRead;

/// Parameters of a history.
pub(super) struct Asked {
    after: Option<Address>,
    limit: usize,
}

impl Known for Asked {
    const NAMES: &[&'static str] = &["after", "limit"];

    fn read(given: &Given) -> Result<Self, Problem> {
        let after = given.text("after").filter(|text| !text.is_empty());
        let after = after.map(|text| Address::parse(text).ok_or_else(|| bad_cursor("not a cursor of this list")));
        let limit = usize::try_from(given.number("limit", 50, 1..=500)?).unwrap_or(500);
        Ok(Self { after: after.transpose()?, limit })
    }
}

/// A page of a history.
#[derive(Serialize)]
pub(super) struct HistoryPage {
    records: Vec<Box<RawValue>>,
    /// Where the next page starts; absent at the oldest record.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    /// Whether there were older records that the log does not keep any more.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    older_gone: bool,
}

/// `GET /v1/sessions/{id}/history`
pub(super) async fn history(
    State(app): State<App>,
    _: Authorized<SessionsRead>,
    Segment(id): Segment,
    Params(asked): Params<Asked>,
) -> Result<Json<HistoryPage>, Problem> {
    let found = find(&app, &id).await?;
    let mut page = HistoryPage { records: Vec::new(), next: None, older_gone: false };
    let mut at = asked.after.unwrap_or(found.view.last);
    let first = asked.after.is_some();
    while at != Address::NONE {
        if page.records.len() >= asked.limit {
            page.next = Some(at.to_string());
            break;
        }
        let record = match app.node.read(at).await {
            Ok(record) => record,
            Err(NodeError::Gone) => {
                page.older_gone = true;
                break;
            }
            // An address that was not given out here points into the middle of something.
            Err(NodeError::Log(_)) if first && page.records.is_empty() => return Err(foreign()),
            Err(error) => return Err(error.into()),
        };
        let (conversation, previous) = chained(&record).ok_or_else(foreign)?;
        if *conversation != *found.view.conversation {
            return Err(foreign());
        }
        page.records.push(render::record(&app, &record, at)?);
        at = previous;
    }
    Ok(Json(page))
}

fn foreign() -> Problem {
    bad_cursor("not a cursor of this conversation's history")
}

/// Whose record it is, and the one before.
fn chained(record: &Record) -> Option<(&str, Address)> {
    match record {
        Record::Event(event) => Some((&event.event.conversation, event.previous)),
        Record::Lapse(lapse) => Some((&lapse.conversation, lapse.previous)),
        Record::Forget { conversation, previous, .. } => Some((conversation, *previous)),
        Record::Tick { .. }
        | Record::Outage { .. }
        | Record::Activation { .. }
        | Record::Delivery(_)
        | Record::Admin { .. } => None,
    }
}

/// The most records that are looked at for a session that is over.
const MOST: usize = 10_000;

/// A session that is over: when it began and ended, as far as the log tells.
pub(super) async fn past(app: &App, view: &View, number: u32) -> Result<Value, Problem> {
    let (mut started, mut ended) = (None, None);
    let mut at = view.last;
    for _ in 0..MOST {
        let record = match app.node.read(at).await {
            Ok(record) => record,
            Err(NodeError::Gone) => break,
            Err(error) => return Err(error.into()),
        };
        for effect in effects(&record).iter().filter(|effect| effect.session == number) {
            if effect.body == EffectBody::SessionOpened {
                started = Some(effect.at.to_string());
            } else if effect.body == EffectBody::SessionEnded {
                ended = Some(effect.at.to_string());
            }
        }
        at = match chained(&record) {
            Some((_, previous)) if started.is_none() && previous != Address::NONE => previous,
            _ => break,
        };
    }
    let name = &*view.conversation;
    Ok(json!({
        "conversation": name,
        "session": format!("{name}/{number}"),
        "channel": state::channel(view),
        "status": "ended",
        "started": started,
        "ended": ended,
    }))
}

fn effects(record: &Record) -> &[Effect] {
    match record {
        Record::Event(event) => &event.effects,
        Record::Lapse(lapse) => &lapse.effects,
        Record::Forget { .. }
        | Record::Tick { .. }
        | Record::Outage { .. }
        | Record::Activation { .. }
        | Record::Delivery(_)
        | Record::Admin { .. } => &[],
    }
}
