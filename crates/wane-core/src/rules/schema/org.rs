//! `[org]`, `[wake]` and `[channels.NAME]`: what holds for everything.

use super::describe::{Key, Kind, Table};
use super::reader::Reader;
use crate::facts::Name;
use crate::rules::finding::Findings;
use crate::rules::source::Sp;
use crate::ruleset::Wake;

/// `[org]`.
pub(crate) static ORG: Table = Table {
    name: "[org]",
    doc: "The organisation.",
    keys: &[
        Key::new("permissions", &Kind::List(&Kind::Text("a permission")))
            .default("`[]`")
            .doc("What the organisation may change; also the fact `org.permissions`.")
            .example("[\"ConfigureInactivityTimeout\"]"),
        Key::new("timezone", &Kind::Text("a time zone's name"))
            .default("`\"UTC\"`")
            .doc("The time zone of `time.hour`, `time.weekday` and `time.date`, and of calendars that name none.")
            .example("\"Europe/Berlin\""),
        Key::new("status_based_capacity", &Kind::Flag)
            .default("`false`")
            .doc(
                "The organisation counts capacity by status: inactive sessions wake straight to `active`. Also a fact.",
            )
            .example("true"),
        Key::new("agent_inactivity", &Kind::Flag)
            .default("`false`")
            .doc(
                "Lets rules give autonomous agents an inactivity timeout. Systems that have one need it; by default \
                 such a rule is refused.",
            )
            .example("true"),
    ],
};

/// `[wake]`.
pub(crate) static WAKE: Table = Table {
    name: "[wake]",
    doc: "What an inactive session becomes when its customer writes.",
    keys: &[Key::new("to", &Kind::Words(&["waiting", "active"]))
        .default("`\"waiting\"`")
        .doc("`\"waiting\"` releases the reps and asks for routing; `\"active\"` gives the session back to its rep.")
        .example("\"active\"")],
};

/// `[channels.NAME]`.
pub(crate) static CHANNEL: Table = Table {
    name: "[channels.NAME]",
    doc: "A channel. Eleven are built in: `web`, `in-app`, `whatsapp`, `messenger`, `sms`, `apple`, `line` and `byoc` \
          are governed; `standard-whatsapp`, `standard-messenger` and `standard-sms` are not. A table with the name of \
          one of them changes it; another name adds a channel.",
    keys: &[
        Key::new("governed", &Kind::Flag)
            .default("`true`, but for the three `standard-…`")
            .doc("Whether the channel's events are taken; events of other channels are refused.")
            .example("false"),
        Key::new("notice_window", &Kind::Text("a timer's name"))
            .default("none")
            .doc("Notices to the customer go out only while this timer runs; others are marked undeliverable.")
            .example("\"whatsapp-window\""),
    ],
};

/// `[org]` as read.
#[derive(Debug, Default)]
pub(crate) struct Org {
    pub(crate) permissions: Option<Sp<Vec<Sp<Name>>>>,
    pub(crate) timezone: Option<Sp<Name>>,
    pub(crate) status_based_capacity: Option<Sp<bool>>,
    pub(crate) agent_inactivity: Option<Sp<bool>>,
}

/// A channel as read.
#[derive(Debug)]
pub(crate) struct Channel {
    pub(crate) name: Sp<Name>,
    pub(crate) governed: Option<Sp<bool>>,
    pub(crate) notice_window: Option<Sp<Name>>,
}

const WAKES: &[(&str, Wake)] = &[("waiting", Wake::Waiting), ("active", Wake::Active)];

pub(super) fn read(reader: Reader<'_>, out: &mut Findings) -> Org {
    let org = Org {
        permissions: reader.texts("permissions", out),
        timezone: reader.text("timezone", out),
        status_based_capacity: reader.flag("status_based_capacity", out),
        agent_inactivity: reader.flag("agent_inactivity", out),
    };
    reader.finish();
    org
}

pub(super) fn read_wake(reader: Reader<'_>, out: &mut Findings) -> Option<Sp<Wake>> {
    let wake = reader.word("to", WAKES, out);
    reader.finish();
    wake
}

pub(super) fn read_channel(name: Sp<Name>, reader: Reader<'_>, out: &mut Findings) -> Channel {
    let channel =
        Channel { name, governed: reader.flag("governed", out), notice_window: reader.text("notice_window", out) };
    reader.finish();
    channel
}
