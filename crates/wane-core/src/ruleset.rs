//! A ruleset: all rule files of one directory, checked and compiled together. Immutable; named by its content's hash.

use std::fmt;

use crate::calendar::Calendar;
use crate::choose::Chooser;
use crate::facts::{FactTable, Name};
use crate::rules::predicate::Predicate;
use crate::signal::{RoleMask, SignalKind};
use crate::timer::{After, ChannelId, Origin, RowId, TimerDef, TimerId};

/// The hash of the names and contents of a directory's rule files (SHA-256).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RulesetHash(pub [u8; 32]);

impl RulesetHash {
    /// Reads what [`fmt::Display`] writes, in small or capital letters: 64 hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        let mut bytes = [0; 32];
        if digits.len() != 2 * bytes.len() {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let [high, low] = [pair.first()?, pair.last()?].map(|digit| char::from(*digit).to_digit(16));
            *byte = u8::try_from(high? * 16 + low?).ok()?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for RulesetHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A rule row: for this timer, on these channels, when this holds, the duration is that.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its id, unique in the ruleset.
    pub id: Name,
    /// The timer.
    pub timer: TimerId,
    /// The channels it is for; `None` is all.
    pub channels: Option<Vec<ChannelId>>,
    /// The timer's own `when`, if there is one, then the row's.
    pub when: Vec<Predicate>,
    /// The duration.
    pub after: After,
    /// Higher wins; 0 when not given.
    pub priority: i64,
    /// Whether it is marked as the default: between rows that are otherwise equal, another one wins.
    pub default: bool,
    /// Where it stands.
    pub origin: Origin,
}

/// How a timer chooses that has both a `when` and a `choose_on`: its rows are asked at the events of `choose_on`, its own
/// `when` at every start.
#[derive(Clone, Debug)]
pub struct Gated {
    /// Matches while the timer's own `when` holds.
    pub gate: Chooser,
    /// The timer's rows without it.
    pub rows: Chooser,
}

/// A channel of the ruleset.
#[derive(Clone, Debug)]
pub struct ChannelDef {
    /// Its name.
    pub name: Name,
    /// Whether its events are taken (L10).
    pub governed: bool,
    /// Notices to the customer go out only while this timer runs (X7).
    pub notice_window: Option<TimerId>,
}

/// What an inactive session becomes when its customer writes (L4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wake {
    /// It waits; its reps are released.
    #[default]
    Waiting,
    /// It goes straight back to its rep.
    Active,
}

/// What a signal does to one timer; bits may be combined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reaction {
    /// The timer.
    pub timer: TimerIndex,
    /// The roles for which it stops.
    pub stop: Roles,
    /// The roles for which it starts if it is not running.
    pub start: Roles,
    /// The roles for which it starts again.
    pub restart: Roles,
    /// The roles for which its duration is chosen anew, with `choose_on`.
    pub choose: Roles,
}

/// The position of a timer.
pub type TimerIndex = u16;

/// Roles that fit, or none.
pub type Roles = Option<RoleMask>;

/// All rule files of one directory, compiled. The default one knows no channel, so it takes no event.
#[derive(Clone, Debug, Default)]
pub struct Ruleset {
    /// Its name.
    pub hash: RulesetHash,
    /// The timers, in the order of declaration: files in byte order of their path, tables in order.
    pub timers: Vec<TimerDef>,
    /// All rows, in the order of declaration.
    pub rows: Vec<Row>,
    /// By timer: its rows, compiled for choosing.
    pub choosers: Vec<Chooser>,
    /// By timer: how it chooses instead, when its `when` and its rows are asked at different times.
    pub gated: Vec<Option<Gated>>,
    /// The channels.
    pub channels: Vec<ChannelDef>,
    /// The calendars.
    pub calendars: Vec<(Name, Calendar)>,
    /// The facts.
    pub facts: FactTable,
    /// The organisation's own event names, `x.…`, by [`SignalKind::custom`] number.
    pub custom: Vec<Name>,
    /// By [`SignalKind`]: the timers that a signal moves, in their order.
    pub reactions: Vec<Vec<Reaction>>,
    /// What the customer's message makes of an inactive session; already `Active` in an org with status-based capacity.
    pub wake: Wake,
    /// The time zone of `time.*`.
    pub timezone: chrono_tz::Tz,
}

impl Ruleset {
    /// A timer by its number.
    #[must_use]
    pub fn timer(&self, timer: TimerId) -> Option<&TimerDef> {
        self.timers.get(usize::from(timer.0))
    }

    /// A timer by its name.
    #[must_use]
    pub fn find_timer(&self, name: &str) -> Option<TimerId> {
        let index = self.timers.iter().position(|timer| &*timer.name == name)?;
        u16::try_from(index).ok().map(TimerId)
    }

    /// A row by its number.
    #[must_use]
    pub fn row(&self, row: RowId) -> Option<&Row> {
        self.rows.get(usize::try_from(row.0).ok()?)
    }

    /// A channel by its number.
    #[must_use]
    pub fn channel(&self, channel: ChannelId) -> Option<&ChannelDef> {
        self.channels.get(usize::from(channel.0))
    }

    /// A channel by its name.
    #[must_use]
    pub fn find_channel(&self, name: &str) -> Option<ChannelId> {
        let index = self.channels.iter().position(|channel| &*channel.name == name)?;
        u16::try_from(index).ok().map(ChannelId)
    }

    /// The signal kind of an organisation's own event; `None` when no rule names it.
    #[must_use]
    pub fn find_custom(&self, name: &str) -> Option<SignalKind> {
        let index = self.custom.iter().position(|custom| &**custom == name)?;
        u16::try_from(index).ok().map(SignalKind::custom)
    }

    /// The name of a signal kind, as selectors write it.
    #[must_use]
    pub fn signal_name(&self, kind: SignalKind) -> &str {
        use crate::signal::{EffectType, EventType, HANDLER_CHANGED};
        let index = kind.index();
        let effect = index.checked_sub(EventType::ALL.len());
        let custom = index.checked_sub(usize::from(SignalKind::BUILT_IN));
        if kind == SignalKind::HANDLER_CHANGED {
            HANDLER_CHANGED
        } else if let Some(name) = custom.and_then(|index| self.custom.get(index)) {
            name
        } else if let Some(event) = EventType::ALL.get(index) {
            event.name()
        } else {
            effect.and_then(|index| EffectType::ALL.get(index)).map_or("", |effect| effect.name())
        }
    }
}
