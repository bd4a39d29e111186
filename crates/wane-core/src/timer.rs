//! Timers: what a rule file declares ([`TimerDef`]) and how one runs in a conversation ([`TimerState`]).

use std::sync::Arc;

use crate::action::{Action, Notice};
use crate::facts::{FactId, Name, SlotMask};
use crate::participant::Handler;
use crate::session::Status;
use crate::signal::Selector;
use crate::time::{Period, Timestamp};

/// The number of a timer in its ruleset: its place in the order of declaration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimerId(pub u16);

/// The number of a rule row in its ruleset: files in byte order of their path, rows in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowId(pub u32);

/// The number of a channel in its ruleset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelId(pub u16);

/// A line of a rule file, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The file's path in the directory.
    pub file: Name,
    /// The line, from 1.
    pub line: u32,
}

/// To what a timer belongs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// It ends with the session.
    #[default]
    Session,
    /// It outlives sessions.
    Conversation,
}

/// A set of channels, in order.
pub type ChannelSet = Arc<[ChannelId]>;

/// Where and while what a timer belongs: it runs only then. `None` is everywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Belongs {
    /// Only on these channels.
    pub channels: Option<ChannelSet>,
    /// Only while one of these handles the session.
    pub handlers: Option<Arc<[Handler]>>,
    /// Only while the session has one of these statuses.
    pub statuses: Option<Arc<[Status]>>,
}

/// What the next event does after a lapse: one row of `afterwards`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Afterwards {
    /// The events it waits for.
    pub on: Vec<Selector>,
    /// Where and when it fits.
    pub belongs: Belongs,
    /// What it does.
    pub actions: Vec<Action>,
    /// Where it stands.
    pub origin: Origin,
}

/// A warning before a lapse (X1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// How long before the deadline; in the timer's calendar, if it has one.
    pub before: Period,
    /// What is sent.
    pub notice: Notice,
}

/// What becomes of several warnings that are overdue at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CatchUp {
    /// Only the last of them is sent.
    #[default]
    Last,
    /// All of them are sent.
    All,
    /// None of them is sent.
    None,
}

/// Whether a timer lapses at its limit or strictly after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fires {
    /// At the limit.
    #[default]
    At,
    /// Strictly after it: an event exactly at the limit still counts.
    After,
}

/// What happens to a running timer when the ruleset changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnReload {
    /// It keeps its deadline.
    #[default]
    Keep,
    /// Its duration is chosen again, its anchor kept.
    Recompute,
}

/// Whether time counts in which the service could take no messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outage {
    /// It counts.
    #[default]
    Fire,
    /// It is added to the deadline.
    Extend,
}

/// A grid on which lapses are found, as vendors that poll do: `offset` after 1970-01-01T00:00:00Z, then every `every`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sweep {
    /// From one look to the next.
    pub every: Period,
    /// Where the grid lies, in milliseconds; below `every`.
    pub offset: i64,
}

/// A timer as declared, names resolved.
#[derive(Clone, Debug)]
pub struct TimerDef {
    /// Its name.
    pub name: Name,
    /// For people.
    pub title: Name,
    /// Where it stands.
    pub origin: Origin,
    /// To what it belongs.
    pub scope: Scope,
    /// Where and while what it runs.
    pub belongs: Belongs,
    /// Starts it if it is not running.
    pub start_on: Vec<Selector>,
    /// Starts it again, running or not.
    pub restart_on: Vec<Selector>,
    /// Stops it.
    pub stop_on: Vec<Selector>,
    /// The only (re)starts at which the duration is chosen anew; other restarts keep the row of the last choice, and a
    /// changed fact chooses nothing. `None`: every start and every changed fact chooses (R2).
    pub choose_on: Option<Vec<Selector>>,
    /// What a lapse does.
    pub on_lapse: Vec<Action>,
    /// What the next event after a lapse does; the first row that fits.
    pub afterwards: Vec<Afterwards>,
    /// Warnings, longest lead first.
    pub warnings: Vec<Warning>,
    /// Of several overdue warnings.
    pub catch_up: CatchUp,
    /// Counts only while this calendar is open; an index into the ruleset's calendars.
    pub calendar: Option<u16>,
    /// Pauses while the session is on hold.
    pub pauses_on_hold: bool,
    /// At the limit or after it.
    pub fires: Fires,
    /// Found only on this grid.
    pub sweep: Option<Sweep>,
    /// The lapse is decided this much later, dated at its deadline.
    pub grace: Option<Period>,
    /// Of time when the service was down.
    pub outage: Outage,
    /// Of a change of the ruleset.
    pub on_reload: OnReload,
    /// By channel: the stored facts that its rows for that channel read. A change of one chooses again (R2).
    pub reads: Vec<SlotMask>,
}

/// The length that a rule row gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum After {
    /// `"never"`: the timer does not run.
    Never,
    /// A length.
    For(Period),
    /// The length that a duration fact has at the choice; a row whose fact lies outside `min` to `max`, or is not set,
    /// does not match.
    Fact {
        /// The fact.
        fact: FactId,
        /// The shortest length that counts.
        min: Period,
        /// The longest.
        max: Period,
    },
}

/// How a timer that runs is getting on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    /// The instant it counts from.
    pub anchor: Timestamp,
    /// The row that gave the duration.
    pub row: RowId,
    /// The duration, in milliseconds.
    pub after: i64,
    /// Where counting was last resumed (after a hold or an outage); otherwise the anchor.
    pub since: Timestamp,
    /// Milliseconds counted before `since`.
    pub spent: i64,
    /// Anchor plus duration, pauses and calendar considered; `None` while paused, or when a calendar never opens again.
    pub deadline: Option<Timestamp>,
    /// How many of the warnings are over: sent, skipped or too late.
    pub warned: u16,
}

/// Whether a timer runs, waits for a row that gives it a length, or has lapsed. A stopped timer has no state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It counts.
    Running(Running),
    /// It was started at this instant, but no row gave it a duration (R3). It does not run; a changed fact may make it.
    Unset {
        /// The instant it would count from.
        anchor: Timestamp,
        /// Where counting was last resumed, as of a running one.
        since: Timestamp,
        /// Milliseconds counted before `since`, as of a running one.
        spent: i64,
        /// With `choose_on`: the row and the duration that it has as soon as the timer's own `when` holds at a start.
        kept: Option<(RowId, i64)>,
    },
    /// Its deadline was reached.
    Lapsed {
        /// The deadline.
        at: Timestamp,
        /// The row that gave it.
        row: RowId,
        /// The duration, in milliseconds.
        after: i64,
        /// The instant it counted from.
        anchor: Timestamp,
    },
}

/// A timer of a conversation that is not simply stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimerState {
    /// Which one.
    pub timer: TimerId,
    /// The how-manieth start of a timer in this conversation this is, from 1; names its lapse for good.
    pub generation: u32,
    /// How it is getting on.
    pub phase: Phase,
}
