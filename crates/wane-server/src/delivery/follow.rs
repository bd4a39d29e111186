//! Following the durable log: effects are offered to endpoints, marks and endpoints' definitions applied, in the log's order.

use std::sync::Arc;
use std::time::Duration;

use wane_core::facts::Name;
use wane_core::timer::ChannelId;
use wane_runtime::outbox::{Marked, Offered, key};
use wane_store::log::Block;
use wane_wire::record::{Address, DeliveryRecord, EffectRef, Ordinal, Record, RecordKind, Sequence, decode, peek};

use super::attempt;
use super::endpoint::{Endpoint, KIND, channel_id};
use crate::app::App;
use crate::node::NodeError;

/// How much of the log is read at a time.
const BITE: usize = 1 << 20;
/// The last offset of a block: [`wane_wire::record::BLOCK_LIMIT`] less one.
const END: u32 = (1 << 20) - 1;
/// Where it stands is written down after so many blocks, when anything happened.
const SAVE_AFTER: u64 = 4_096;
/// The longest wait. A manual clock is looked at this often.
const LONGEST_WAIT: i64 = 60_000;
const MANUAL_WAIT: i64 = 50;

/// Follows the log and delivers, until the daemon stops.
///
/// # Errors
/// What makes it impossible to go on: the log can not be read, or the node has stopped by itself.
pub async fn run(app: App) -> Result<(), NodeError> {
    catch_up_with_log(&app).await?;
    set_up_channels(&app).await?;
    let mut saved = app.delivery.state().outbox.applied().block();
    loop {
        catch_up_with_log(&app).await?;
        if app.stop.is_said() {
            save(&app).await;
            return Ok(());
        }
        attempt::start_due(&app);
        let applied = app.delivery.state().outbox.applied().block();
        if applied.0 >= saved.0 + SAVE_AFTER {
            save(&app).await;
            saved = applied;
        }
        wait(&app, applied).await?;
    }
}

/// Returns when there may be something to do.
async fn wait(app: &App, applied: Sequence) -> Result<(), NodeError> {
    let longest = if app.clock.is_manual() { MANUAL_WAIT } else { LONGEST_WAIT };
    let wake = app.delivery.state().outbox.next_wake();
    let until = wake.map_or(longest, |wake| wake.millis_since(app.clock.now()).clamp(1, longest));
    let pause = Duration::from_millis(u64::try_from(until).unwrap_or(1));
    tokio::select! {
        durable = app.node.durable_after(applied) => durable.map(drop),
        () = app.delivery.poke.notified() => Ok(()),
        () = tokio::time::sleep(pause) => Ok(()),
        () = app.stop.said() => Ok(()),
    }
}

async fn save(app: &App) {
    let delivery = app.clone();
    let saved = tokio::task::spawn_blocking(move || delivery.delivery.save()).await;
    if let Ok(Err(error)) = saved {
        tracing::error!(%error, "the state of deliveries can not be saved; a start will read more of the log");
    }
}

/// Each channel that has a plugin has an endpoint, from the first time on.
async fn set_up_channels(app: &App) -> Result<(), NodeError> {
    for channel in app.config.channels.keys() {
        let Some(plugin) = app.plugins.channel(channel) else { continue };
        if app.delivery.endpoint(&channel_id(channel)).is_none() {
            let sessions = plugin.manifest().capabilities.get("session_status").is_some_and(|says| *says == true);
            let record = Endpoint::of_channel(channel, sessions).record(app.clock.now());
            app.node.record(record.map_err(|error| NodeError::Log(error.to_string()))?).await?;
        }
    }
    Ok(())
}

/// Applies everything that is durable.
async fn catch_up_with_log(app: &App) -> Result<(), NodeError> {
    loop {
        fill(app).await?;
        let from = app.delivery.state().outbox.applied().block().next();
        if from > app.node.durable() {
            return Ok(());
        }
        let Some(from) = kept(app, from) else { continue };
        for block in read(app, from).await? {
            apply(app, &block).await?;
        }
    }
}

/// Blocks from `from` on. None when they went just now: then the caller finds out how far the log still reaches back.
async fn read(app: &App, from: Sequence) -> Result<Vec<Block>, NodeError> {
    match app.node.blocks(from, BITE).await {
        Err(NodeError::Gone) => Ok(Vec::new()),
        read => read,
    }
}

/// `from`, or `None` after moving on to what is still kept of the log.
fn kept(app: &App, from: Sequence) -> Option<Sequence> {
    let oldest = app.node.oldest();
    if from >= oldest {
        return Some(from);
    }
    tracing::error!(
        from = from.0,
        oldest = oldest.0,
        "the log before this block is no longer kept: its effects are not delivered"
    );
    let through = Address::new(Sequence(oldest.0.saturating_sub(1)), END);
    let mut state = app.delivery.state();
    let applied = state.outbox.applied();
    state.outbox.passed(applied, through);
    state.outbox.advance(through);
    None
}

/// Reads again, for endpoints that had no room before.
async fn fill(app: &App) -> Result<(), NodeError> {
    loop {
        let (from, until) = {
            let state = app.delivery.state();
            let Some(from) = state.outbox.behind() else { return Ok(()) };
            (from, state.outbox.applied())
        };
        let oldest = app.node.oldest();
        if from.block().0 + 1 < oldest.0 {
            tracing::error!(
                oldest = oldest.0,
                "an endpoint waited until the log was no longer kept: effects are not delivered"
            );
            app.delivery.state().outbox.passed(from, Address::new(Sequence(oldest.0 - 1), END).min(until));
            continue;
        }
        let mut after = from;
        // A cursor at the end of a block asks for the next one.
        let start = if from.offset() == END { from.block().next() } else { from.block() };
        for block in read(app, start.max(oldest)).await? {
            for (at, owed) in effects_of(app, &block, from)? {
                if at <= until {
                    offer(app, &mut after, at, &owed);
                }
            }
            let through = Address::new(block.sequence, END).min(until);
            app.delivery.state().outbox.passed(after, through);
            after = after.max(through);
        }
    }
}

/// An effect, to be offered.
struct Owed {
    effect: EffectRef,
    lane: u64,
    kind: Name,
    channel: Name,
}

fn offer(app: &App, after: &mut Address, at: Address, owed: &[Owed]) {
    let offered: Vec<Offered<'_>> = owed
        .iter()
        .map(|owed| Offered { effect: owed.effect, lane: owed.lane, kind: &owed.kind, channel: &owed.channel })
        .collect();
    app.delivery.state().outbox.offer(*after, at, &offered);
    *after = at;
}

/// The records of a block that have effects, after an address.
fn effects_of(app: &App, block: &Block, after: Address) -> Result<Vec<(Address, Vec<Owed>)>, NodeError> {
    let mut found = Vec::new();
    let mut offset = 0;
    while offset < block.records.len() {
        let seen = peek(&block.records, offset).map_err(|error| broken(&error))?;
        let at = Address::new(block.sequence, u32::try_from(offset).unwrap_or(END));
        if seen.has_effects && at > after {
            let (record, _) = decode(&block.records, offset).map_err(|error| broken(&error))?;
            found.push((at, owed(app, at, &record)));
        }
        offset = seen.next_offset;
    }
    Ok(found)
}

fn broken(error: &dyn std::fmt::Display) -> NodeError {
    NodeError::Log(error.to_string())
}

/// Applies a block at the head of the log.
async fn apply(app: &App, block: &Block) -> Result<(), NodeError> {
    let mut after = app.delivery.state().outbox.applied();
    let mut offset = 0;
    while offset < block.records.len() {
        let seen = peek(&block.records, offset).map_err(|error| broken(&error))?;
        let at = Address::new(block.sequence, u32::try_from(offset).unwrap_or(END));
        if seen.has_effects || matches!(seen.kind, RecordKind::Delivery | RecordKind::Admin) {
            let (record, _) = decode(&block.records, offset).map_err(|error| broken(&error))?;
            match record {
                Record::Delivery(mark) => apply_mark(app, &mark).await?,
                Record::Admin { kind, json, .. } if &*kind == KIND => define(app, at, &json),
                Record::Event(_)
                | Record::Lapse(_)
                | Record::Forget { .. }
                | Record::Tick { .. }
                | Record::Outage { .. }
                | Record::Activation { .. }
                | Record::Admin { .. } => offer(app, &mut after, at, &owed(app, at, &record)),
            }
        }
        offset = seen.next_offset;
    }
    let through = Address::new(block.sequence, END);
    let delivery = &app.delivery;
    {
        let mut state = delivery.state();
        state.outbox.passed(after, through);
        state.outbox.advance(through);
        debug_assert!(state.outbox.books().balance(), "{:?}", state.outbox.books());
    }
    delivery.applied.send_replace(through);
    Ok(())
}

async fn apply_mark(app: &App, mark: &DeliveryRecord) -> Result<(), NodeError> {
    let marked = app.delivery.state().outbox.mark(mark);
    if marked == Marked::Behind {
        fill(app).await?;
        let _ = app.delivery.state().outbox.mark(mark);
    }
    Ok(())
}

fn define(app: &App, at: Address, json: &[u8]) {
    let endpoint: Endpoint = match serde_json::from_slice(json) {
        Ok(endpoint) => endpoint,
        Err(error) => return tracing::error!(%at, %error, "an endpoint in the log can not be read"),
    };
    let mut state = app.delivery.state();
    if endpoint.removed {
        state.outbox.close(&endpoint.id);
        state.endpoints.remove(&endpoint.id);
        return;
    }
    let id: Name = endpoint.id.as_str().into();
    state.outbox.open(at, &id, endpoint.filter.clone());
    state.outbox.switch(&id, endpoint.off());
    state.endpoints.insert(endpoint.id.clone(), Arc::new(endpoint));
}

fn owed(app: &App, at: Address, record: &Record) -> Vec<Owed> {
    let Some(decided) = record.decided() else { return Vec::new() };
    let channel = channel_of(app, decided.rules, decided.channel);
    let lane = key::lane(decided.conversation);
    let owed = (0..).zip(decided.effects).map(|(index, effect)| Owed {
        effect: EffectRef { record: at, index },
        lane,
        kind: effect.body.type_name().into(),
        channel: channel.clone(),
    });
    owed.collect()
}

/// The channel of the conversation of a record; empty when the rules that it was decided by are not known any more.
pub(super) fn channel_of(app: &App, rules: Ordinal, channel: u16) -> Name {
    let rules = app.node.rules_of(rules);
    rules.and_then(|rules| rules.channel(ChannelId(channel)).map(|channel| channel.name.clone())).unwrap_or_default()
}
