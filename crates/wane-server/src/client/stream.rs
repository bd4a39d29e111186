//! The event streams of clients: what was missed comes from the log, the rest as it becomes durable.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State as Given;
use axum::http::HeaderMap;
use axum::response::sse::{Event as Sse, KeepAlive, Sse as Response};
use futures_util::Stream;
use serde_json::Value;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use wane_core::facts::Name;
use wane_wire::record::{Address, Record, RecordKind, Sequence, decode, peek};

use super::frame::{self, Frame};
use super::routes::{client, contact, conversations};
use crate::app::App;
use crate::http::problem::{Kind, Problem};
use crate::node::NodeError;

/// Records that are looked back at most, by conversation, when a stream resumes.
const LOOK_BACK: usize = 500;
/// How often a quiet stream says that it lives; clients give up after 90 s.
const PING: Duration = Duration::from_secs(20);
/// Bytes of the log that are read in one go.
const PORTION: usize = 4 << 20;

/// `GET /eventrouter/v1/sse`.
pub(super) async fn listen(
    Given(app): Given<App>,
    headers: HeaderMap,
) -> Result<Response<impl Stream<Item = Result<Sse, Infallible>>>, Problem> {
    let claims = client(&app, &headers)?;
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let wrong = || Problem::new(Kind::BadParameter, "`Last-Event-ID` is not one that was given out here");
    let after = match last {
        Some(id) => frame::address(id).ok_or_else(wrong)?,
        None => Address::new(app.node.durable().next(), 0),
    };
    // First the ear, then the look back: nothing falls between.
    let live = app.relay.state().subject(&claims.sub.as_str().into()).frames.subscribe();
    contact(&app, &claims).await?;
    let missed = missed(&app, &claims.sub, after).await?;
    Ok(Response::new(told(app, missed, live)).keep_alive(KeepAlive::new().interval(PING).text("ping")))
}

fn told(app: App, missed: Vec<Frame>, live: Receiver<Frame>) -> impl Stream<Item = Result<Sse, Infallible>> {
    let from = missed.last().map_or(Address::NONE, |frame| frame.at);
    let start = (app, missed.into_iter(), live, from);
    futures_util::stream::unfold(start, |(app, mut missed, mut live, from)| async move {
        if let Some(frame) = missed.next() {
            return Some((Ok(sse(&frame)), (app, missed, live, from)));
        }
        loop {
            let heard = tokio::select! {
                heard = live.recv() => heard,
                () = app.stop.said() => return None,
            };
            match heard {
                Ok(frame) if frame.at > from => return Some((Ok(sse(&frame)), (app, missed, live, from))),
                Ok(_) => {}
                // It fell behind: the client resumes from the last it heard.
                Err(RecvError::Lagged(_) | RecvError::Closed) => return None,
            }
        }
    })
}

fn sse(frame: &Frame) -> Sse {
    Sse::default().id(frame.id.clone()).event(frame.event).data(frame.data.clone())
}

/// What the client's conversations had after an address, in order.
async fn missed(app: &App, subject: &str, after: Address) -> Result<Vec<Frame>, Problem> {
    let mut frames = Vec::new();
    for conversation in conversations(app, subject) {
        for (at, record) in history(app, &conversation, after).await? {
            frames.extend(frame::frames(at, &record, &app.relay.state()));
        }
    }
    frames.sort_by_key(|frame| frame.at);
    Ok(frames)
}

/// The records of a conversation after an address, oldest first; as far as they are kept.
async fn history(app: &App, conversation: &str, after: Address) -> Result<Vec<(Address, Record)>, Problem> {
    let mut records = Vec::new();
    let mut at = app.node.view(conversation).await?.map_or(Address::NONE, |view| view.last);
    while at > after && records.len() < LOOK_BACK {
        let record = match app.node.read(at).await {
            Ok(record) => record,
            Err(NodeError::Gone) => break,
            Err(error) => return Err(error.into()),
        };
        let previous = match &record {
            Record::Event(event) => event.previous,
            Record::Lapse(lapse) => lapse.previous,
            _ => Address::NONE,
        };
        records.push((at, record));
        at = previous;
    }
    records.reverse();
    Ok(records)
}

/// The messages of a conversation, oldest first; as far as they are kept.
pub(super) async fn entries(app: &App, conversation: &str) -> Result<Vec<Value>, Problem> {
    let records = history(app, conversation, Address::NONE).await?;
    let state = app.relay.state();
    Ok(records.iter().flat_map(|(at, record)| frame::entries(*at, record, &state)).collect())
}

/// Follows the log for everybody who listens, until the daemon stops.
///
/// # Errors
/// The log can not be read.
pub async fn run(app: App) -> Result<(), String> {
    rebind(&app).await?;
    let mut next = app.node.durable().next();
    while !app.stop.is_said() {
        let after = Sequence(next.0.saturating_sub(1));
        tokio::select! {
            more = app.node.durable_after(after) => if more.is_err() { break },
            () = app.stop.said() => break,
        }
        let blocks = app.node.blocks(next, PORTION).await.map_err(|error| error.to_string())?;
        for block in &blocks {
            next = block.sequence.next();
            tell(&app, block.sequence, &block.records).map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}

fn tell(app: &App, sequence: Sequence, records: &[u8]) -> Result<(), wane_wire::record::RecordError> {
    if app.relay.state().owners.is_empty() {
        return Ok(());
    }
    let mut offset = 0;
    while offset < records.len() {
        let peeked = peek(records, offset)?;
        if matches!(peeked.kind, RecordKind::Event | RecordKind::Lapse) {
            let (record, _) = decode(records, offset)?;
            let at = Address::new(sequence, u32::try_from(offset).unwrap_or(u32::MAX));
            pass_on(app, at, &record);
        }
        offset = peeked.next_offset;
    }
    Ok(())
}

fn pass_on(app: &App, at: Address, record: &Record) {
    let Some(name) = conversation(record) else { return };
    let state = app.relay.state();
    let Some(held) = state.owners.get(&**name).and_then(|subject| state.subjects.get(subject)) else { return };
    for frame in frame::frames(at, record, &state) {
        // Nobody listening is no fault.
        let _ = held.frames.send(frame);
    }
}

const fn conversation(record: &Record) -> Option<&Name> {
    match record {
        Record::Event(event) => Some(&event.event.conversation),
        Record::Lapse(lapse) => Some(&lapse.conversation),
        _ => None,
    }
}

/// After a start: whose the conversations are, as the events that opened them say.
async fn rebind(app: &App) -> Result<(), String> {
    let mut next = app.node.oldest();
    while next <= app.node.durable() {
        let blocks = app.node.blocks(next, PORTION).await.map_err(|error| error.to_string())?;
        let Some(last) = blocks.last() else { break };
        next = last.sequence.next();
        for block in &blocks {
            opened(app, &block.records).map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}

fn opened(app: &App, records: &[u8]) -> Result<(), wane_wire::record::RecordError> {
    let mut offset = 0;
    while offset < records.len() {
        let peeked = peek(records, offset)?;
        if peeked.kind == RecordKind::Event
            && let (Record::Event(event), _) = decode(records, offset)?
            && let Some(subject) = event.event.id.as_deref().and_then(|id| id.strip_prefix("opened-by:"))
        {
            app.relay.state().bind(&event.event.conversation, subject);
        }
        offset = peeked.next_offset;
    }
    Ok(())
}
