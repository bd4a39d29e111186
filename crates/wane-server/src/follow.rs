//! Follows the durable log for the daemon itself: figures of lapses, and the index of sessions that ended.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::watch;
use wane_core::effect::EffectBody;
use wane_core::facts::Name;
use wane_core::timer::ChannelId;
use wane_store::index::{Change, Entry, Index, IndexError, Order};
use wane_store::log::Block;
use wane_wire::record::{Address, Decided, Record, Sequence, decode, peek};

use crate::app::App;
use crate::node::{Node, NodeError};

/// Bytes of the log that are read in one go.
const PORTION: usize = 4 << 20;
/// The index is made durable after so many blocks; until then the log is kept for it.
const PERSIST_EVERY: u64 = 4_096;
/// So many are let go in one go.
const PRUNED: usize = 1_000;

/// The index and how far it is durable.
#[derive(Debug)]
pub struct Ended {
    /// The index of conversations whose last session ended.
    pub index: Index,
    persisted: AtomicU64,
    through: watch::Sender<Sequence>,
}

impl Ended {
    /// Opens the index under the data directory; one of another log, or one that is ahead of it, starts anew.
    ///
    /// # Errors
    /// A failing file.
    pub fn open(data: &Path, node: &Node) -> Result<Arc<Self>, IndexError> {
        let index = Index::open(&data.join("ended.redb"))?;
        if index.was_replaced() {
            tracing::warn!(
                "the index of ended sessions was damaged or of another version; it is made again from the log"
            );
        }
        if index.through()? > node.durable() {
            index.clear()?;
        }
        let through = index.through()?;
        let persisted = AtomicU64::new(through.0);
        let ended = Arc::new(Self { index, persisted, through: watch::Sender::new(through) });
        let reader = Arc::clone(&ended);
        node.keep_for(Arc::new(move || Some(Sequence(reader.persisted.load(Ordering::Acquire) + 1))));
        Ok(ended)
    }

    /// Returns when the index knows that block.
    pub async fn knows(&self, block: Sequence) {
        // The sender lives as long as `self`, so this does not fail.
        let _ = self.through.subscribe().wait_for(|through| *through >= block).await;
    }

    /// Lets go of those of which the log keeps nothing any more, once no shard keeps them either.
    fn prune(&self, app: &App) -> Result<(), IndexError> {
        let kept = app.config.retention.ended.max(app.config.retention.idle);
        let before = app.clock.now().plus_millis(-i64::try_from(kept.as_millis()).unwrap_or(i64::MAX));
        let oldest = app.node.oldest();
        loop {
            let first = self.index.ended(Order::Oldest, None, PRUNED)?;
            let gone: Vec<Change> = first
                .into_iter()
                .take_while(|entry| entry.ended_at < before && entry.last.block() < oldest)
                .map(|entry| Change::Removed(entry.conversation))
                .collect();
            if gone.is_empty() {
                return Ok(());
            }
            self.index.apply(&gone, self.index.through()?)?;
        }
    }

    fn persist(&self) -> Result<(), IndexError> {
        self.index.persist()?;
        self.persisted.store(self.index.through()?.0, Ordering::Release);
        Ok(())
    }
}

/// Follows until the daemon stops.
///
/// # Errors
/// The log or the index fails.
pub async fn run(app: &App, ended: &Ended) -> Result<(), String> {
    let old = app.node.durable();
    let mut next = ended.index.through().map_err(|error| error.to_string())?.next().max(app.node.oldest());
    while !app.stop.is_said() {
        let blocks = match app.node.blocks(next, PORTION).await {
            Ok(blocks) => blocks,
            Err(NodeError::Stopped) => break,
            Err(error) => return Err(error.to_string()),
        };
        let Some(last) = blocks.last() else {
            let after = Sequence(next.0.saturating_sub(1));
            tokio::select! {
                more = app.node.durable_after(after) => if more.is_err() { break },
                () = app.stop.said() => {}
            }
            continue;
        };
        next = last.sequence.next();
        let mut changes = Vec::new();
        for block in &blocks {
            look(app, block, block.sequence > old, &mut changes).map_err(|error| error.to_string())?;
        }
        ended.index.apply(&changes, last.sequence).map_err(|error| error.to_string())?;
        ended.through.send_replace(last.sequence);
        if next.0 > ended.persisted.load(Ordering::Acquire) + PERSIST_EVERY {
            ended.prune(app).and_then(|()| ended.persist()).map_err(|error| error.to_string())?;
        }
    }
    ended.prune(app).and_then(|()| ended.persist()).map_err(|error| error.to_string())
}

fn look(
    app: &App,
    block: &Block,
    fresh: bool,
    changes: &mut Vec<Change>,
) -> Result<(), wane_wire::record::RecordError> {
    let mut offset = 0;
    while offset < block.records.len() {
        let peeked = peek(&block.records, offset)?;
        if peeked.has_lapses || peeked.has_effects {
            let (record, _) = decode(&block.records, offset)?;
            let at = Address::new(block.sequence, u32::try_from(offset).unwrap_or(u32::MAX));
            if fresh {
                count(app, &record);
            }
            changes.extend(change(app, at, &record));
        }
        offset = peeked.next_offset;
    }
    Ok(())
}

fn count(app: &App, record: &Record) {
    let Some(decided) = record.decided() else { return };
    let Some(rules) = app.node.rules_of(decided.rules) else { return };
    let now = app.clock.now();
    for lapse in decided.lapses {
        let timer = rules.timer(lapse.cause.timer).map_or("", |timer| &timer.name);
        app.metrics.lapse(timer, now.millis_since(lapse.cause.deadline));
    }
}

/// What a record means for the index: the last session's end, or its beginning, counts.
fn change(app: &App, at: Address, record: &Record) -> Option<Change> {
    let decided = record.decided()?;
    let turn = decided.effects.iter().rev().find(|effect| {
        matches!(effect.body, EffectBody::SessionEnded | EffectBody::SessionOpened | EffectBody::ConversationEnded)
    })?;
    if turn.body == EffectBody::SessionOpened {
        return Some(Change::Removed(decided.conversation.clone()));
    }
    let over = decided.effects.iter().any(|effect| effect.body == EffectBody::ConversationEnded);
    let what = if over { "conversation" } else { "session" };
    Some(Change::Ended(Entry {
        conversation: decided.conversation.clone(),
        last: at,
        ended_at: turn.at,
        channel: channel(app, &decided),
        summary: format!("{what} {}", turn.session).into(),
    }))
}

fn channel(app: &App, decided: &Decided<'_>) -> Name {
    let rules = app.node.rules_of(decided.rules);
    let channel = rules.as_ref().and_then(|rules| rules.channel(ChannelId(decided.channel)));
    channel.map_or_else(|| Name::from(""), |channel| channel.name.clone())
}
