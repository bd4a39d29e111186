//! `[timers.NAME]`: what a clock is.

use super::action::{self, Action};
use super::describe::{Key, Kind, Table};
use super::reader::Reader;
use crate::facts::Name;
use crate::rules::check;
use crate::rules::finding::Findings;
use crate::rules::source::{At, Sp};
use crate::time::{Period, parse_offset};
use crate::timer::{CatchUp, Fires, OnReload, Outage, Scope, Sweep};

const SCOPES: &[(&str, Scope)] = &[("session", Scope::Session), ("conversation", Scope::Conversation)];
const CATCH_UPS: &[(&str, CatchUp)] = &[("last", CatchUp::Last), ("all", CatchUp::All), ("none", CatchUp::None)];
const PAUSES: &[(&str, bool)] = &[("hold", true)];
const RELOADS: &[(&str, OnReload)] = &[("keep", OnReload::Keep), ("recompute", OnReload::Recompute)];
const FIRES: &[(&str, Fires)] = &[("at", Fires::At), ("after", Fires::After)];
const OUTAGES: &[(&str, Outage)] = &[("fire", Outage::Fire), ("extend", Outage::Extend)];

const CHANNELS: Kind = Kind::List(&Kind::Text("a channel's name"));
const HANDLERS: Kind = Kind::List(&Kind::Words(&["none", "bot", "agent", "rep"]));
const STATUSES: Kind = Kind::List(&Kind::Words(&["waiting", "active", "inactive", "ended"]));
const SELECTORS: Kind = Kind::List(&Kind::Selector);

/// The keys of a timer.
pub(crate) static TIMER: Table = Table {
    name: "[timers.NAME]",
    doc: "A timer is a clock: what starts and stops it, and what happens when it lapses. How long it runs is said by \
          rules. Timers that lapse at the same instant do so in the order of their declaration.",
    keys: &[
        Key::new("title", &Kind::Text("free text"))
            .default("the timer's name")
            .doc("What people call the timer; shown in explanations.")
            .example("\"Bot timeout\""),
        Key::new("scope", &Kind::Words(&["session", "conversation"]))
            .default("`\"session\"`")
            .doc("Whether the timer ends with the session or outlives it, as a token does.")
            .example("\"conversation\""),
        Key::new("channels", &CHANNELS)
            .default("all channels")
            .doc("The channels that have this timer. A rule for it on another channel is a mistake.")
            .example("[\"web\", \"in-app\"]"),
        Key::new("handler", &HANDLERS)
            .default("whoever handles the session")
            .doc("The timer runs only while one of these handles the session, and stops when another takes over.")
            .example("[\"bot\"]"),
        Key::new("status", &STATUSES)
            .default("any status of an open session")
            .doc("The timer runs only while the session has one of these statuses.")
            .example("[\"inactive\"]"),
        Key::new("when", &Kind::Predicate)
            .default("always")
            .doc("Must hold for every rule of this timer, beside the rule's own `when`.")
            .example("'!org.status_based_capacity'"),
        Key::new("start_on", &SELECTORS)
            .default("`[]`")
            .doc("Events that start the timer if it is not running.")
            .example("[\"handler.changed:bot\"]"),
        Key::new("restart_on", &SELECTORS)
            .default("`[]`")
            .doc("Events that start the timer again, running or not.")
            .example("[\"customer-activity\"]"),
        Key::new("stop_on", &SELECTORS)
            .default("`[]`")
            .doc("Events that stop the timer. An event that also starts or restarts it stops it first.")
            .example("[\"customer-activity\"]"),
        Key::new("choose_on", &SELECTORS)
            .default("every start, restart and change of a fact")
            .doc(
                "The only starts and restarts at which the length is chosen; at others the last choice is kept. The \
                 timer's own `when` is still asked at every start.",
            )
            .example("[\"session.opened\"]"),
        Key::new("on_lapse", &Kind::List(&action::KIND))
            .default("`[]`")
            .doc("What happens when the timer lapses, in this order.")
            .example("[\"end-session\", { notify = \"closed\", to = \"customer\" }]"),
        Key::new("afterwards", &Kind::List(&Kind::Table(&AFTERWARDS)))
            .default("`[]`")
            .doc("What the next event after the lapse does; the first row that fits counts."),
        Key::new("warn", &Kind::List(&Kind::Table(&WARN)))
            .default("`[]`")
            .doc("Notices before the lapse. A restart takes them back; none is sent after the lapse.")
            .example("[{ before = \"5m\", notify = \"closing-soon\" }]"),
        Key::new("catch_up", &Kind::Words(&["last", "all", "none"]))
            .default("`\"last\"`")
            .doc("Which of several warnings are sent when all of them are overdue at once, after an outage.")
            .example("\"all\""),
        Key::new("calendar", &Kind::Text("a calendar's name"))
            .default("time always counts")
            .doc("Only time in which this calendar is open counts.")
            .example("\"support\""),
        Key::new("pause_while", &Kind::Words(&["hold"]))
            .default("never pauses")
            .doc("The timer pauses while the session is on hold.")
            .example("\"hold\""),
        Key::new("requires_permission", &Kind::Text("a permission"))
            .default("none")
            .doc("Rules for this timer, but those marked `default`, need this permission in `[org] permissions`.")
            .example("\"ConfigureInactivityTimeout\""),
        Key::new("range", &Kind::Table(&RANGE))
            .default("from 1 ms to ten years")
            .doc("The shortest and longest length that a rule may give.")
            .example("{ min = \"5m\", max = \"30m\" }"),
        Key::new("optional", &Kind::Flag)
            .default("`false`")
            .doc("No rule need give the timer a length: it does not run until an admin adds one.")
            .example("true"),
        Key::new("on_reload", &Kind::Words(&["keep", "recompute"]))
            .default("`\"keep\"`")
            .doc("What becomes of running timers when the rules change: the deadline stays, or is chosen again.")
            .example("\"recompute\""),
        Key::new("fires", &Kind::Words(&["at", "after"]))
            .default("`\"at\"`")
            .doc("With `\"after\"`, an event exactly at the deadline still counts.")
            .example("\"after\""),
        Key::new("sweep", &Kind::Either(&[Kind::Duration, Kind::Table(&SWEEP)]))
            .default("lapses are exact")
            .doc("Lapses are found only on this grid of instants, as systems do that poll.")
            .example("\"5m\""),
        Key::new("grace", &Kind::Duration)
            .default("none")
            .doc("The lapse is decided this much later, so that an event sent before the deadline may still arrive.")
            .example("\"2s\""),
        Key::new("outage", &Kind::Words(&["fire", "extend"]))
            .default("`\"fire\"`")
            .doc("Whether time in which the service could take no messages counts, or is added to the deadline.")
            .example("\"extend\""),
    ],
};

/// `[[timers.NAME.afterwards]]`.
pub(crate) static AFTERWARDS: Table = Table {
    name: "[[timers.NAME.afterwards]]",
    doc: "What the next event does once the timer has lapsed. The first row that fits the event counts. A row that \
          refuses the client ends the matter: the event restarts nothing and wakes nothing.",
    keys: &[
        Key::new("on", &SELECTORS).required().doc("The events it waits for.").example("[\"client-contact\"]"),
        Key::new("channels", &CHANNELS).default("all channels").doc("Only on these channels.").example("[\"web\"]"),
        Key::new("handler", &HANDLERS)
            .default("whoever handles the session")
            .doc("Only while one of these handles the session.")
            .example("[\"bot\"]"),
        Key::new("status", &STATUSES)
            .default("any status")
            .doc("Only while the session has one of these statuses.")
            .example("[\"active\"]"),
        Key::new("do", &Kind::List(&action::KIND))
            .required()
            .doc("What is done, in this order.")
            .example("[\"end-session\", \"refuse-client\"]"),
    ],
};

/// One warning.
pub(crate) static WARN: Table = Table {
    name: "warn = [{ … }]",
    doc: "A notice before the lapse.",
    keys: &[
        Key::new("before", &Kind::Duration)
            .required()
            .doc("How long before the deadline; in the timer's calendar, if it has one.")
            .example("\"5m\""),
        Key::new("notify", &Kind::Text("a template's name"))
            .required()
            .doc("The template of the notice.")
            .example("\"closing-soon\""),
        Key::new("to", &Kind::Words(action::TO)).default("`\"customer\"`").doc("Who gets it.").example("\"everyone\""),
    ],
};

/// `range = { … }`.
pub(crate) static RANGE: Table = Table {
    name: "range = { … }",
    doc: "The lengths that a rule may give.",
    keys: &[
        Key::new("min", &Kind::Duration).default("1 ms").doc("The shortest.").example("\"5m\""),
        Key::new("max", &Kind::Duration).default("ten years").doc("The longest.").example("\"30m\""),
        Key::new("step", &Kind::Duration).default("any").doc("Only multiples of this.").example("\"1m\""),
    ],
};

/// `sweep = { … }`.
pub(crate) static SWEEP: Table = Table {
    name: "sweep = { … }",
    doc: "A grid of instants, counted from 1970-01-01T00:00Z.",
    keys: &[
        Key::new("every", &Kind::Duration).required().doc("From one look to the next.").example("\"5m\""),
        Key::new("offset", &Kind::Offset)
            .default("`\"0s\"`")
            .doc("Where the first look lies; shorter than `every`.")
            .example("\"1m\""),
    ],
};

/// A list of names as read; absent is not the same as empty.
pub(crate) type Names = Option<Sp<Vec<Sp<Name>>>>;

/// Where and while what something fits, as read.
#[derive(Debug)]
pub(crate) struct Belongs {
    pub(crate) channels: Names,
    pub(crate) handlers: Names,
    pub(crate) statuses: Names,
}

/// A timer as read.
#[derive(Debug)]
pub(crate) struct Timer {
    pub(crate) name: Sp<Name>,
    /// Whether reading found a fault in its tables: what seems to be missing may only be misspelt.
    pub(crate) faulty: bool,
    pub(crate) title: Option<Sp<Name>>,
    pub(crate) scope: Option<Sp<Scope>>,
    pub(crate) belongs: Belongs,
    pub(crate) when: Option<Sp<Name>>,
    pub(crate) start_on: Names,
    pub(crate) restart_on: Names,
    pub(crate) stop_on: Names,
    pub(crate) choose_on: Names,
    pub(crate) on_lapse: Vec<Sp<Action>>,
    pub(crate) afterwards: Vec<Afterwards>,
    pub(crate) warn: Vec<Warn>,
    pub(crate) catch_up: Option<Sp<CatchUp>>,
    pub(crate) calendar: Option<Sp<Name>>,
    pub(crate) pause_while: Option<Sp<bool>>,
    pub(crate) permission: Option<Sp<Name>>,
    pub(crate) range: Option<Range>,
    pub(crate) optional: bool,
    pub(crate) on_reload: Option<Sp<OnReload>>,
    pub(crate) fires: Option<Sp<Fires>>,
    pub(crate) sweep: Option<Sp<Sweep>>,
    pub(crate) grace: Option<Sp<Period>>,
    pub(crate) outage: Option<Sp<Outage>>,
}

/// An `afterwards` row as read.
#[derive(Debug)]
pub(crate) struct Afterwards {
    pub(crate) at: At,
    pub(crate) on: Names,
    pub(crate) belongs: Belongs,
    pub(crate) actions: Vec<Sp<Action>>,
}

/// A warning as read.
#[derive(Debug)]
pub(crate) struct Warn {
    pub(crate) before: Option<Sp<Period>>,
    pub(crate) notify: Option<Sp<Name>>,
    pub(crate) to: Option<Sp<crate::signal::SignalRole>>,
}

/// A range as read.
#[derive(Clone, Debug)]
pub(crate) struct Range {
    pub(crate) at: At,
    pub(crate) min: Option<Sp<Period>>,
    pub(crate) max: Option<Sp<Period>>,
    pub(crate) step: Option<Sp<Period>>,
}

pub(super) fn read(name: Sp<Name>, reader: Reader<'_>, out: &mut Findings) -> Timer {
    let before = out.count();
    let mut timer = Timer {
        name,
        faulty: reader.faulty,
        title: reader.text("title", out),
        scope: reader.word("scope", SCOPES, out),
        belongs: belongs(&reader, out),
        when: reader.text("when", out),
        start_on: reader.texts("start_on", out),
        restart_on: reader.texts("restart_on", out),
        stop_on: reader.texts("stop_on", out),
        choose_on: reader.filled("choose_on", out),
        on_lapse: action::read(&reader, "on_lapse", out),
        afterwards: afterwards(&reader, out),
        warn: reader.tables("warn", &WARN, out).into_iter().map(|warn| read_warn(warn, out)).collect(),
        catch_up: reader.word("catch_up", CATCH_UPS, out),
        calendar: reader.text("calendar", out),
        pause_while: reader.word("pause_while", PAUSES, out),
        permission: reader.text("requires_permission", out),
        range: reader.table("range", &RANGE, out).map(|range| read_range(range, out)),
        optional: reader.flag("optional", out).is_some_and(|flag| flag.value),
        on_reload: reader.word("on_reload", RELOADS, out),
        fires: reader.word("fires", FIRES, out),
        sweep: read_sweep(&reader, out),
        grace: reader.duration("grace", out),
        outage: reader.word("outage", OUTAGES, out),
    };
    reader.finish();
    timer.faulty |= out.count() > before;
    timer
}

fn belongs(reader: &Reader<'_>, out: &mut Findings) -> Belongs {
    Belongs {
        channels: reader.filled("channels", out),
        handlers: reader.filled("handler", out),
        statuses: reader.filled("status", out),
    }
}

fn afterwards(reader: &Reader<'_>, out: &mut Findings) -> Vec<Afterwards> {
    let rows = reader.tables("afterwards", &AFTERWARDS, out);
    rows.into_iter().map(|row| read_afterwards(row, out)).collect()
}

fn read_afterwards(reader: Reader<'_>, out: &mut Findings) -> Afterwards {
    let row = Afterwards {
        at: reader.at,
        on: reader.filled("on", out),
        belongs: belongs(&reader, out),
        actions: action::read(&reader, "do", out),
    };
    reader.finish();
    row
}

fn read_warn(reader: Reader<'_>, out: &mut Findings) -> Warn {
    let warn = Warn {
        before: reader.duration("before", out),
        notify: reader.text("notify", out),
        to: reader.word("to", action::TO_ROLES, out),
    };
    reader.finish();
    warn
}

fn read_range(reader: Reader<'_>, out: &mut Findings) -> Range {
    let range = Range {
        at: reader.at,
        min: reader.duration("min", out),
        max: reader.duration("max", out),
        step: reader.duration("step", out),
    };
    reader.finish();
    check::bad_range::check(&range, out);
    range
}

fn read_sweep(reader: &Reader<'_>, out: &mut Findings) -> Option<Sp<Sweep>> {
    let item = reader.item("sweep")?;
    if !item.is_table() {
        return reader.duration("sweep", out).map(|every| every.with(Sweep { every: *every, offset: 0 }));
    }
    let table = reader.table("sweep", &SWEEP, out)?;
    let every = table.duration("every", out);
    let offset = offset(&table, out);
    table.finish();
    let every = every?;
    check::bad_sweep::check(&every, offset.as_ref(), out);
    Some(item.with(Sweep { every: *every, offset: offset.map_or(0, |offset| *offset) }))
}

fn offset(reader: &Reader<'_>, out: &mut Findings) -> Option<Sp<i64>> {
    let text = reader.text("offset", out)?;
    match parse_offset(&text) {
        Ok(offset) => Some(text.with(offset)),
        Err(error) => {
            out.push(check::bad_duration::found(&text, error, "offset"));
            None
        }
    }
}
