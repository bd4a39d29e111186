//! What is declared, by name: channels, timers, calendars, facts, and the organisation itself.

use std::collections::BTreeMap;

use crate::calendar::Calendar;
use crate::facts::{FactDef, FactTable, FactType, Name, built_in};
use crate::rules::check;
use crate::rules::finding::Findings;
use crate::rules::schema::Document;
use crate::rules::schema::timer::Timer;
use crate::rules::source::{At, Sp};
use crate::ruleset::Wake;
use crate::timer::ChannelId;

/// The channels that every ruleset has, and whether they are governed (semantics, section 1).
pub(crate) const CHANNELS: &[(&str, bool)] = &[
    ("web", true),
    ("in-app", true),
    ("whatsapp", true),
    ("messenger", true),
    ("sms", true),
    ("apple", true),
    ("line", true),
    ("byoc", true),
    ("standard-whatsapp", false),
    ("standard-messenger", false),
    ("standard-sms", false),
];

/// A channel.
#[derive(Clone, Debug)]
pub(crate) struct Channel<'d> {
    pub(crate) name: Name,
    pub(crate) governed: bool,
    pub(crate) notice_window: Option<&'d Sp<Name>>,
    /// Where it is declared; built-in ones need not be.
    pub(crate) at: Option<At>,
}

/// Everything that has a name.
#[derive(Debug, Default)]
pub(crate) struct Declared<'d> {
    pub(crate) channels: Vec<Channel<'d>>,
    channel_numbers: BTreeMap<Name, u16>,
    /// In the order of declaration.
    pub(crate) timers: Vec<&'d Timer>,
    timer_numbers: BTreeMap<Name, u16>,
    pub(crate) calendars: Vec<(&'d crate::rules::schema::calendar::Calendar, Calendar)>,
    facts: Vec<(Sp<Name>, FactType)>,
    pub(crate) permissions: Vec<Name>,
    pub(crate) timezone: Option<(chrono_tz::Tz, At)>,
    pub(crate) status_based_capacity: Option<Sp<bool>>,
    pub(crate) agent_inactivity: Option<Sp<bool>>,
    permissions_at: Option<At>,
    pub(crate) wake: Option<Sp<Wake>>,
}

impl<'d> Declared<'d> {
    pub(crate) fn collect(documents: &'d [Document], out: &mut Findings) -> Self {
        let mut declared = Self::default();
        for (name, governed) in CHANNELS {
            declared.add_channel(Channel {
                name: Name::from(*name),
                governed: *governed,
                notice_window: None,
                at: None,
            });
        }
        for document in documents {
            declared.org(document, out);
            declared.channels(document, out);
            declared.timers(document, out);
            declared.facts(document, out);
        }
        // The zone of calendars that name none may stand in any file.
        documents.iter().for_each(|document| declared.calendars(document, out));
        declared
    }

    pub(crate) fn timer(&self, name: &str) -> Option<u16> {
        self.timer_numbers.get(name).copied()
    }

    pub(crate) fn timer_names(&self) -> impl Iterator<Item = &str> + Clone {
        self.timer_numbers.keys().map(|name| &**name)
    }

    pub(crate) fn channel(&self, name: &str) -> Option<ChannelId> {
        self.channel_numbers.get(name).copied().map(ChannelId)
    }

    pub(crate) fn channel_names(&self) -> impl Iterator<Item = &str> + Clone {
        self.channel_numbers.keys().map(|name| &**name)
    }

    pub(crate) fn channel_def(&self, channel: ChannelId) -> Option<&Channel<'d>> {
        self.channels.get(usize::from(channel.0))
    }

    pub(crate) fn calendar(&self, name: &str) -> Option<u16> {
        let index = self.calendars.iter().position(|(raw, _)| &*raw.name.value == name)?;
        u16::try_from(index).ok()
    }

    fn add_channel(&mut self, channel: Channel<'d>) {
        if let Ok(number) = u16::try_from(self.channels.len()) {
            self.channel_numbers.insert(channel.name.clone(), number);
            self.channels.push(channel);
        }
    }

    fn org(&mut self, document: &Document, out: &mut Findings) {
        let org = &document.org;
        if let Some(list) = &org.permissions
            && once(&mut self.permissions_at, list.at, "permissions", out)
        {
            self.permissions = list.iter().map(|permission| permission.value.clone()).collect();
        }
        if let Some(zone) = &org.timezone {
            match zone_of(zone, out) {
                Some(_) if self.timezone.is_some() => {
                    let first = self.timezone.map(|(_, at)| at).unwrap_or_default();
                    out.push(check::duplicate_name::found("`[org]` key", "timezone", zone.at, first));
                }
                found => self.timezone = found.map(|found| (found, zone.at)).or(self.timezone),
            }
        }
        keep(&mut self.status_based_capacity, org.status_based_capacity, "status_based_capacity", out);
        keep(&mut self.agent_inactivity, org.agent_inactivity, "agent_inactivity", out);
        keep(&mut self.wake, document.wake, "to", out);
    }

    fn channels(&mut self, document: &'d Document, out: &mut Findings) {
        for raw in &document.channels {
            check::bad_name::check_plain("channel", &raw.name, out);
            let count = self.channels.len();
            let known = self.channel(&raw.name).and_then(|number| self.channels.get_mut(usize::from(number.0)));
            if known.is_none() && count >= usize::from(MOST_CHANNELS) {
                out.push(check::too_many::found("channels", MOST_CHANNELS, raw.name.at));
                return;
            }
            let Some(channel) = known else {
                let governed = raw.governed.is_none_or(|flag| flag.value);
                let notice_window = raw.notice_window.as_ref();
                self.add_channel(Channel {
                    name: raw.name.value.clone(),
                    governed,
                    notice_window,
                    at: Some(raw.name.at),
                });
                continue;
            };
            if let Some(first) = channel.at {
                out.push(check::duplicate_name::found("channel", &raw.name, raw.name.at, first));
                continue;
            }
            channel.at = Some(raw.name.at);
            channel.governed = raw.governed.map_or(channel.governed, |flag| flag.value);
            channel.notice_window = raw.notice_window.as_ref();
        }
    }

    fn timers(&mut self, document: &'d Document, out: &mut Findings) {
        for timer in &document.timers {
            check::bad_name::check_plain("timer", &timer.name, out);
            let first = self.timer(&timer.name).and_then(|number| self.timers.get(usize::from(number)));
            if let Some(first) = first {
                out.push(check::duplicate_name::found("timer", &timer.name, timer.name.at, first.name.at));
                continue;
            }
            match u16::try_from(self.timers.len()).ok().filter(|number| *number < MOST_TIMERS) {
                Some(number) => {
                    self.timer_numbers.insert(timer.name.value.clone(), number);
                    self.timers.push(timer);
                }
                None => out.push(check::too_many::found("timers", MOST_TIMERS, timer.name.at)),
            }
        }
    }

    fn facts(&mut self, document: &'d Document, out: &mut Findings) {
        for fact in &document.facts {
            let first = self.facts.iter().find(|(name, _)| name.value == fact.name.value);
            match first {
                Some((first, _)) => {
                    out.push(check::duplicate_name::found("fact", &fact.name, fact.name.at, first.at));
                }
                None if self.facts.len() >= MOST_FACTS => {
                    out.push(check::too_many::found("facts", 1_000, fact.name.at));
                }
                None => self.facts.push((fact.name.clone(), fact.ty.clone())),
            }
        }
    }

    fn calendars(&mut self, document: &'d Document, out: &mut Findings) {
        for raw in &document.calendars {
            check::bad_name::check_plain("calendar", &raw.name, out);
            let first = self.calendars.iter().find(|(first, _)| first.name.value == raw.name.value);
            if let Some((first, _)) = first {
                out.push(check::duplicate_name::found("calendar", &raw.name, raw.name.at, first.name.at));
                continue;
            }
            if self.calendars.len() >= usize::from(MOST_CALENDARS) {
                out.push(check::too_many::found("calendars", MOST_CALENDARS, raw.name.at));
                return;
            }
            let named = raw.timezone.as_ref().and_then(|zone| zone_of(zone, out));
            let zone = named.or(self.timezone.map(|(zone, _)| zone)).unwrap_or(chrono_tz::UTC);
            let calendar = Calendar::new(zone, raw.weekly.clone(), raw.holidays.clone());
            self.calendars.push((raw, calendar));
        }
    }

    /// The schema of facts: built-in ones in their order, declared ones, then calendars and timers.
    pub(crate) fn fact_table(&self) -> FactTable {
        let capacity = self.status_based_capacity.is_some_and(|flag| flag.value);
        let mut defs = built_in(self.channels.iter().map(|channel| &*channel.name), &self.permissions, capacity);
        defs.extend(self.facts.iter().map(|(name, ty)| FactDef::stored(name, ty.clone())));
        defs.extend(self.calendars.iter().zip(0..).map(|((raw, _), number)| FactDef::in_hours(&raw.name, number)));
        defs.extend(self.timers.iter().map(|timer| FactDef::phase(&timer.name)));
        let texts: Vec<Name> = defs.iter().flat_map(closed_values).collect();
        let mut table = FactTable::new(defs);
        // The engine stores these by their symbols, whether or not some predicate mentions them.
        for text in &texts {
            table.symbols_mut().add(text);
        }
        table
    }
}

/// Numbers of timers are small; so many would be a mistake anyway.
const MOST_TIMERS: u16 = 1_000;
const MOST_CALENDARS: u16 = 1_000;
const MOST_CHANNELS: u16 = 1_000;
const MOST_FACTS: usize = 1_000;

fn closed_values(def: &FactDef) -> Vec<Name> {
    if let FactType::Text(Some(values)) = &def.ty { values.to_vec() } else { Vec::new() }
}

fn zone_of(zone: &Sp<Name>, out: &mut Findings) -> Option<chrono_tz::Tz> {
    let found = zone.parse().ok();
    if found.is_none() {
        out.push(check::unknown_time_zone::found(zone));
    }
    found
}

/// Takes a key that may be said once in all files.
fn keep<T: Copy>(held: &mut Option<Sp<T>>, new: Option<Sp<T>>, key: &str, out: &mut Findings) {
    match (&held, new) {
        (Some(first), Some(second)) => out.push(check::duplicate_name::found("key", key, second.at, first.at)),
        (None, Some(_)) => *held = new,
        (_, None) => {}
    }
}

fn once(held: &mut Option<At>, at: At, key: &str, out: &mut Findings) -> bool {
    if let Some(first) = *held {
        out.push(check::duplicate_name::found("key", key, at, first));
        return false;
    }
    *held = Some(at);
    true
}
