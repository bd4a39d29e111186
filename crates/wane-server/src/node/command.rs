//! What a shard's thread can be asked.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use tokio::sync::oneshot;
use wane_core::effect::Answer;
use wane_core::engine::Engine;
use wane_core::event::Event;
use wane_core::ruleset::Ruleset;
use wane_core::time::Timestamp;
use wane_runtime::epoch::Epoch;
use wane_runtime::shard::{Figures, Needs, Preview, View};
use wane_wire::record::Address;

use super::Keep;

/// One thing for a shard to do.
pub(super) enum Command {
    /// Apply events; the answers are sent when they are durable.
    Events(Vec<(u32, Event)>, oneshot::Sender<Vec<(u32, Decided)>>),
    /// Something happened to all conversations.
    Epoch(Epoch),
    /// Decide what is due until then, at the instants at which it is due; answered when durable.
    Until(Timestamp, oneshot::Sender<()>),
    /// Look at one conversation.
    View(String, oneshot::Sender<Option<View>>),
    /// Look at some.
    List(Page, oneshot::Sender<(Vec<View>, Option<u64>)>),
    /// Find an event by its id.
    Seen(String, String, oneshot::Sender<Option<Address>>),
    /// What other rules would do.
    Preview(Arc<Engine>, oneshot::Sender<Preview>),
    /// Figures.
    Figures(oneshot::Sender<Figures>),
    /// What of all happenings the shard needs; answered when its records so far are durable.
    Needs(oneshot::Sender<Needs>),
    /// Put everything into a snapshot, piece by piece; the channel's end is the end of it.
    Snapshot(SyncSender<Vec<u8>>),
    /// The snapshot is over.
    SnapshotDone,
    /// Overdue deadlines that are held may be decided.
    ReleaseHeld,
    /// No more is coming.
    Stop,
}

/// A page of a list in one shard.
pub(super) struct Page {
    pub(super) cursor: u64,
    pub(super) limit: usize,
    pub(super) keep: Option<Keep>,
}

/// What a shard made of an event, its record durable.
pub(super) enum Decided {
    /// It is new.
    New { answer: Answer, rules: Arc<Ruleset>, next: Option<Timestamp>, record: Option<Address> },
    /// Its id is known.
    Seen(Address, Box<Event>),
}
