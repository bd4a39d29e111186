//! The event streams of clients: what was missed comes from the log, the rest as it becomes durable.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State as Given;
use axum::http::HeaderMap;
use axum::response::sse::{Event as Sse, KeepAlive, Sse as Response};
use futures_util::Stream;
use serde_json::Value;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use wane_wire::record::{Address, Record, RecordError, RecordKind, Sequence, decode, peek};

use super::KNOWN_WITHIN;
use super::frame::{self, Frame};
use super::routes::{CLOSED, OPENED, REVOKED, TAKEN_BACK, TOKEN, client, contact, conversations};
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
    let claims = client(&app, &headers).await?;
    of_this_organisation(&app, &headers)?;
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let wrong = || Problem::new(Kind::BadParameter, "`Last-Event-ID` is not one that was given out here");
    let after = match last {
        // Some clients say so when they have heard nothing yet.
        Some("0") => Address::NONE,
        Some(id) => frame::address(id).ok_or_else(wrong)?,
        None => Address::new(app.node.durable().next(), 0),
    };
    let many = || Problem::new(Kind::Busy, "as many streams are open as may be").retry_after(10);
    let place = Arc::clone(&app.relay.streams).try_acquire_owned().map_err(|_| many())?;
    // First the ear, then the look back up to a fixed place: nothing falls between, and nothing is told twice.
    let subject: Arc<str> = claims.sub.as_str().into();
    let live = app.relay.state().subject(&subject).frames.subscribe();
    let ear = Ear { app: app.clone(), subject, live: Some(live), _place: place };
    contact(&app, &claims).await?;
    let until = app.node.durable();
    let missed = missed(&app, &claims.sub, (after, until)).await?;
    Ok(Response::new(told(ear, missed, until)).keep_alive(KeepAlive::new().interval(PING).text("ping")))
}

fn of_this_organisation(app: &App, headers: &HeaderMap) -> Result<(), Problem> {
    let (ours, said) = (app.config.client.org_id.as_deref(), headers.get("x-org-id"));
    match (ours, said) {
        (Some(ours), Some(said)) if said.as_bytes() != ours.as_bytes() => {
            Err(Problem::new(Kind::BadParameter, "`X-Org-ID` is not this organisation's"))
        }
        _ => Ok(()),
    }
}

/// Returns when it is known whose the conversations are and which tokens were revoked; at once, except right after a start.
pub(super) async fn known(app: &App) -> Result<(), Problem> {
    let mut knows = app.relay.knows.subscribe();
    let known = tokio::time::timeout(KNOWN_WITHIN, knows.wait_for(|knows| *knows)).await;
    let starting = || Problem::new(Kind::Busy, "the service is still starting").retry_after(2);
    known.map_err(|_| starting())?.map(drop).map_err(|_| starting())
}

/// One open stream: its place among those that may be open, and what it hears.
struct Ear {
    app: App,
    subject: Arc<str>,
    live: Option<Receiver<Frame>>,
    _place: OwnedSemaphorePermit,
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.live = None;
        self.app.relay.state().left(&self.subject);
    }
}

fn told(ear: Ear, missed: Vec<Frame>, until: Sequence) -> impl Stream<Item = Result<Sse, Infallible>> {
    let start = (ear, missed.into_iter());
    futures_util::stream::unfold(start, move |(mut ear, mut missed)| async move {
        if let Some(frame) = missed.next() {
            return Some((Ok(sse(&frame)), (ear, missed)));
        }
        loop {
            let live = ear.live.as_mut()?;
            let heard = tokio::select! {
                heard = live.recv() => heard,
                () = ear.app.stop.said() => return None,
            };
            match heard {
                Ok(frame) if frame.at.block() > until => return Some((Ok(sse(&frame)), (ear, missed))),
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

/// What the client's conversations had after an address, up to a block, in order.
async fn missed(app: &App, subject: &str, (after, until): (Address, Sequence)) -> Result<Vec<Frame>, Problem> {
    let mut frames = Vec::new();
    for conversation in conversations(app, subject) {
        let records = history(app, &conversation, after).await?;
        for (at, record) in records.into_iter().filter(|(at, _)| at.block() <= until) {
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
        // The latest may be on its way to the disk.
        app.node.durable_after(Sequence(at.block().0.saturating_sub(1))).await?;
        let record = match app.node.read(at).await {
            Ok(record) => record,
            Err(NodeError::Gone) => break,
            Err(error) => return Err(error.into()),
        };
        let previous = record.chained().map_or(Address::NONE, |(_, previous)| previous);
        records.push((at, record));
        at = previous;
    }
    records.reverse();
    Ok(records)
}

/// The latest messages of a conversation, oldest first; as far as they are kept.
pub(super) async fn entries(app: &App, conversation: &str, limit: usize) -> Result<Vec<Value>, Problem> {
    let records = history(app, conversation, Address::NONE).await?;
    let state = app.relay.state();
    let mut entries: Vec<Value> = records.iter().flat_map(|(at, record)| frame::entries(*at, record, &state)).collect();
    Ok(entries.split_off(entries.len().saturating_sub(limit)))
}

/// Follows the log for everybody who listens, until the daemon stops.
///
/// # Errors
/// The log can not be read.
pub async fn run(app: App) -> Result<(), String> {
    // What lies before the start is learned and told to nobody: whoever comes asks for it.
    let before = app.node.durable();
    while !app.stop.is_said() {
        let through = app.relay.state().through;
        app.relay.followed.send_replace(through);
        if through >= before {
            app.relay.knows.send_replace(true);
        }
        tokio::select! {
            more = app.node.durable_after(through) => if more.is_err() { break },
            () = app.stop.said() => break,
        }
        let from = through.next().max(app.node.oldest());
        let blocks = app.node.blocks(from, PORTION).await.map_err(|error| error.to_string())?;
        for block in &blocks {
            let is_fresh = block.sequence > before;
            follow(&app, block.sequence, &block.records, is_fresh).map_err(|error| error.to_string())?;
            app.relay.state().through = block.sequence;
        }
    }
    Ok(())
}

/// A block: whose conversations were opened in it, which were closed, and, when it is fresh, what listeners hear of it.
fn follow(app: &App, sequence: Sequence, records: &[u8], is_fresh: bool) -> Result<(), RecordError> {
    let mut offset = 0;
    while offset < records.len() {
        let peeked = peek(records, offset)?;
        let is_wanted = matches!(peeked.kind, RecordKind::Event | RecordKind::Admin)
            || (peeked.kind == RecordKind::Lapse && is_fresh);
        if is_wanted {
            let (record, _) = decode(records, offset)?;
            learn(app, &record);
            if is_fresh {
                let at = Address::new(sequence, u32::try_from(offset).unwrap_or(u32::MAX));
                pass_on(app, at, &record);
            }
        }
        offset = peeked.next_offset;
    }
    Ok(())
}

/// The ids of the events that this API makes say what has to be remembered.
fn learn(app: &App, record: &Record) {
    if let Record::Admin { kind, json, .. } = record
        && &**kind == TAKEN_BACK
    {
        let said: Value = serde_json::from_slice(json).unwrap_or_default();
        let token = said.get("token").and_then(Value::as_str);
        token.into_iter().for_each(|token| app.relay.state().revoke(token));
    }
    let Record::Event(record) = record else { return };
    let Some(id) = record.event.id.as_deref() else { return };
    if let Some(subject) = id.strip_prefix(OPENED) {
        app.relay.state().bind(&record.event.conversation, subject);
    } else if id.starts_with(CLOSED) {
        app.relay.state().close(&record.event.conversation);
    } else if let Some(token) = id.strip_prefix(REVOKED) {
        app.relay.state().revoke(token);
    } else if let (true, Some(device)) = (id.starts_with(TOKEN), &record.event.participant) {
        app.relay.state().note_device(&record.event.conversation, device);
    }
}

fn pass_on(app: &App, at: Address, record: &Record) {
    let Some((name, _)) = record.chained() else { return };
    let state = app.relay.state();
    let Some(held) = state.owner(name).and_then(|subject| state.subjects.get(subject)) else { return };
    if held.frames.receiver_count() == 0 {
        return;
    }
    for frame in frame::frames(at, record, &state) {
        // Nobody listening is no fault.
        let _ = held.frames.send(frame);
    }
}
