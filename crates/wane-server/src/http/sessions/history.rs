//! What happened to a conversation, newest first: its records are chained, each names the one before. Records with effects
//! have what became of these, too.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use wane_core::effect::EffectBody;
use wane_wire::record::{Address, peek};

use super::deliveries::{self, Marks};
use super::{Kept, Which, find};
use crate::app::App;
use crate::http::extract::{Authorized, Given, Known, Params};
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
    /// Whether there may be marks of deliveries far behind their effects that were not looked for.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    deliveries_cut: bool,
}

/// `GET /v1/sessions/{id}/history`
pub(super) async fn history(
    State(app): State<App>,
    _: Authorized<SessionsRead>,
    Which(id): Which,
    Params(asked): Params<Asked>,
) -> Result<Json<HistoryPage>, Problem> {
    let kept = find(&app, &id).await?.kept;
    let mut page = HistoryPage { records: Vec::new(), next: None, older_gone: false, deliveries_cut: false };
    let (mut places, mut marks) = (Vec::new(), Marks::new());
    let mut at = match asked.after {
        Some(at) if !is_record(&app, at).await? => return Err(foreign()),
        Some(at) => at,
        None => render::durable(&app, kept.last()).await?,
    };
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
            Err(error) => return Err(error.into()),
        };
        let (conversation, previous) = record.chained().ok_or_else(foreign)?;
        if **conversation != *kept.name() {
            return Err(foreign());
        }
        page.records.push(render::record(&app, &record, at)?);
        places.push(at);
        if !record.effects().is_empty() {
            marks.insert(at, Vec::new());
        }
        at = previous;
    }
    page.deliveries_cut = deliveries::find(&app, &mut marks).await?;
    for (told, at) in page.records.iter_mut().zip(places) {
        let Some(found) = marks.remove(&at).filter(|found| !found.is_empty()) else { continue };
        let mut fields: Map<String, Value> =
            serde_json::from_str(told.get()).map_err(|error| Problem::internal(&error))?;
        fields.insert("deliveries".into(), Value::Array(found));
        *told = render::raw(&fields)?;
    }
    Ok(Json(page))
}

fn foreign() -> Problem {
    bad_cursor("not a cursor of this conversation's history")
}

/// Whether a record starts there, or started before it was let go. What points into the middle of one could be made to
/// look like any other.
async fn is_record(app: &App, at: Address) -> Result<bool, Problem> {
    let blocks = match app.node.blocks(at.block(), 1).await {
        Ok(blocks) => blocks,
        Err(NodeError::Gone) => return Ok(true),
        Err(error) => return Err(error.into()),
    };
    let Some(block) = blocks.first().filter(|block| block.sequence == at.block()) else { return Ok(false) };
    let (mut offset, wanted) = (0, usize::try_from(at.offset()).unwrap_or(usize::MAX));
    while offset < wanted.min(block.records.len()) {
        offset = peek(&block.records, offset).map_err(|error| Problem::internal(&error))?.next_offset;
    }
    Ok(offset == wanted && offset < block.records.len())
}

/// The most records that are looked at for a session that is over.
const MOST: usize = 10_000;

/// A session that is over: when it began and ended, as far as the log tells.
pub(super) async fn past(app: &App, kept: &Kept, number: u32) -> Result<Value, Problem> {
    let (mut started, mut ended) = (None, None);
    let mut at = render::durable(app, kept.last()).await?;
    for _ in 0..MOST {
        let record = match app.node.read(at).await {
            Ok(record) => record,
            Err(NodeError::Gone) => break,
            Err(error) => return Err(error.into()),
        };
        for effect in record.effects().iter().filter(|effect| effect.session == number) {
            if effect.body == EffectBody::SessionOpened {
                started = Some(effect.at.to_string());
            } else if effect.body == EffectBody::SessionEnded {
                ended = Some(effect.at.to_string());
            }
        }
        at = match record.chained() {
            Some((_, previous)) if started.is_none() && previous != Address::NONE => previous,
            _ => break,
        };
    }
    let name = kept.name();
    Ok(json!({
        "conversation": name,
        "session": format!("{name}/{number}"),
        "channel": kept.channel(),
        "status": "ended",
        "started": started,
        "ended": ended,
    }))
}
