//! One attempt: the effect is read from the log, written, sent, and what came of it is logged.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use wane_core::effect::Effect;
use wane_core::facts::Name;
use wane_core::ruleset::Ruleset;
use wane_runtime::outbox::{Attempt, Outcome};
use wane_wire::record::{Mark, Record, Sequence};
use zeroize::Zeroizing;

use super::body::Sent;
use super::endpoint::{Endpoint, To};
use super::sender::{Answer, Outgoing, SendError, headers};
use super::sign::signature;
use super::target::{Target, TargetError};
use super::{channel, follow};
use crate::app::App;
use crate::node::NodeError;

/// How long to wait before a mark is offered again to a node that is too busy to take it.
const AGAIN: Duration = Duration::from_millis(20);

/// Starts what is due.
pub(super) fn start_due(app: &App) {
    let attempts = app.delivery.state().outbox.due(app.clock.now());
    for attempt in attempts {
        tokio::spawn(run(app.clone(), attempt));
    }
}

async fn run(app: App, attempt: Attempt) {
    let outcome = outcome(&app, &attempt).await;
    let now = app.clock.now();
    let Some(settled) = app.delivery.state().outbox.result(now, &attempt, outcome) else { return };
    app.metrics.delivery(word(&settled.mark.mark));
    log(&app, Record::Delivery(Box::new(settled.mark))).await;
    if let Some(why) = settled.disable {
        switch_off(&app, &attempt.endpoint, &why).await;
    }
    app.delivery.poke.notify_one();
}

/// The word of the metrics.
const fn word(mark: &Mark) -> &'static str {
    match mark {
        Mark::Delivered => "delivered",
        Mark::Failed { .. } => "failed",
        Mark::Dead { .. } => "dead",
        Mark::Cancelled { .. } => "cancelled",
        Mark::Retried => "retried",
    }
}

async fn switch_off(app: &App, id: &str, why: &str) {
    let Some(endpoint) = app.delivery.endpoint(id) else { return };
    tracing::warn!(endpoint = id, why, "an endpoint is switched off");
    let off = Endpoint { off: Some(why.to_owned()), by: "wane".to_owned(), ..(*endpoint).clone() };
    match off.record(app.clock.now()) {
        Ok(record) => log(app, record).await,
        Err(error) => tracing::error!(%error, "an endpoint can not be written"),
    }
}

/// Logs a record, however long that takes. A node that has stopped takes none: the attempt is made again after the start.
async fn log(app: &App, record: Record) {
    while app.node.record(record.clone()).await == Err(NodeError::Busy) {
        tokio::time::sleep(AGAIN).await;
    }
}

/// An effect as it was read back, with what belongs to it.
pub(super) struct Found {
    /// The block of its record.
    pub(super) block: Sequence,
    pub(super) conversation: Name,
    pub(super) channel: Name,
    pub(super) rules: Arc<Ruleset>,
    pub(super) effect: Effect,
}

impl Found {
    pub(super) fn sent<'a>(&'a self, app: &'a App) -> Sent<'a> {
        Sent {
            org: &app.config.org,
            conversation: &self.conversation,
            channel: &self.channel,
            rules: &self.rules,
            effect: &self.effect,
        }
    }
}

async fn outcome(app: &App, attempt: &Attempt) -> Outcome {
    let Some(endpoint) = app.delivery.endpoint(&attempt.endpoint) else {
        return Outcome::Nothing { why: "the endpoint is gone".into() };
    };
    let found = match find(app, attempt).await {
        Ok(found) => found,
        Err(outcome) => return outcome,
    };
    match &endpoint.to {
        To::Url(url) => to_url(app, &endpoint, url, &found).await,
        To::Channel(name) => channel::deliver(app, name, &found).await,
    }
}

async fn find(app: &App, attempt: &Attempt) -> Result<Found, Outcome> {
    let refused = |why: &str| Outcome::Refused { why: why.into() };
    let retried = |error: NodeError| match error {
        NodeError::Gone => refused("the effect's record is no longer kept"),
        NodeError::Busy | NodeError::Stopped | NodeError::TooLarge | NodeError::Log(_) => {
            Outcome::Failed { why: error.to_string().into(), retry_after: None }
        }
    };
    let record = app.node.read(attempt.effect.record).await.map_err(retried)?;
    let missing = || refused("there is no effect at that place of the log");
    let decided = record.decided().ok_or_else(missing)?;
    let place = usize::try_from(attempt.effect.index).unwrap_or(usize::MAX);
    let effect = decided.effects.get(place).cloned().ok_or_else(missing)?;
    let (conversation, ordinal, channel) = (decided.conversation.clone(), decided.rules, decided.channel);
    let rules = app.node.rules_of(ordinal).ok_or_else(|| refused("the rules that decided are no longer kept"))?;
    let channel = follow::channel_of(app, ordinal, channel);
    let block = attempt.effect.record.block();
    Ok(Found { block, conversation, channel, rules, effect })
}

async fn to_url(app: &App, endpoint: &Endpoint, url: &str, found: &Found) -> Outcome {
    let outgoing = match signed(app, endpoint, url, found) {
        Ok(outgoing) => outgoing,
        Err(why) => return Outcome::Failed { why: why.into(), retry_after: None },
    };
    match app.delivery.sender.send(outgoing, app.clock.wall()).await {
        Ok(answer) => judged(answer),
        Err(error) => unanswered(&error),
    }
}

fn signed(app: &App, endpoint: &Endpoint, url: &str, found: &Found) -> Result<Outgoing, String> {
    let target = Target::parse(url, app.delivery.sender.reach()).map_err(|error| error.to_string())?;
    let keys = endpoint.signing_keys(app.clock.now())?;
    if keys.is_empty() {
        return Err("the endpoint has no signing secret".to_owned());
    }
    let sent = found.sent(app);
    let (body, media) = sent.write(endpoint.format).map_err(|error| error.to_string())?;
    let (id, timestamp) = (sent.id(), app.clock.wall().millis().div_euclid(1_000));
    let headers = headers([
        ("content-type", media),
        ("webhook-id", &*id),
        ("webhook-timestamp", &*timestamp.to_string()),
        ("webhook-signature", &*signature(&keys, &id, timestamp, &body)),
    ])?;
    Ok(Outgoing { method: Method::POST, target, headers, body: Zeroizing::new(body) })
}

/// What a status means, by Standard Webhooks: 2xx is taken, 410 wants no more, all else is tried again.
fn judged(answer: Answer) -> Outcome {
    let why = answered(answer.status);
    match answer.status {
        200..=299 => Outcome::Delivered,
        410 => Outcome::Gone { why },
        _ => Outcome::Failed { why, retry_after: answer.retry_after },
    }
}

pub(super) fn answered(status: u16) -> Name {
    format!("the receiver answered {status}").into()
}

/// What no answer means: it is tried again, and so is what may not be reached, for names change their addresses.
pub(super) fn unanswered(error: &SendError) -> Outcome {
    match error {
        SendError::Target(TargetError::Url(why)) => Outcome::Refused { why: why.as_str().into() },
        SendError::Target(TargetError::Refused(_) | TargetError::Unresolved)
        | SendError::Connect
        | SendError::Slow
        | SendError::Broken
        | SendError::Setup => Outcome::Failed { why: error.to_string().into(), retry_after: None },
    }
}
