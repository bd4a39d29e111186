//! Records as JSON, for people and for export. The names of the fields are stable; a field that a record does not have is
//! left out.
//!
//! | field | of | meaning |
//! |---|---|---|
//! | `record`, `address`, `now` | all | the kind, where it stands in the log, when it was made |
//! | `conversation`, `previous` | conversations' records | whose, and the address of its record before |
//! | `channel`, `ruleset` | `event`, `lapse` | the channel; the hash of the rules that decided |
//! | `event`, `outcome`, `late_by` | `event` | the event as it came; `applied` or `refused`; how late, in milliseconds |
//! | `lapses`, `effects` | `event`, `lapse` | what was decided, as [`DecisionJson`] and [`EffectJson`] |
//! | `from` | `outage` | the last instant at which the service was known to be up |
//! | `ordinal`, `ruleset`, `by` | `activation` | which rules are in force from now on, and whose doing it was |
//! | `endpoint`, `effect`, `mark`, `attempt`, `why`, `next` | `delivery` | what became of which effect |
//! | `kind`, `json` | `admin` | what an administrator did |

use serde::Serialize;
use serde_json::value::RawValue;
use wane_core::effect::{Effect, Lapse};
use wane_core::ruleset::Ruleset;
use wane_core::time::Timestamp;

use super::{Address, DeliveryRecord, EffectRef, EventRecord, LapseRecord, Mark, Record};
use crate::EventJson;
use crate::decision::{self, DecisionJson};
use crate::effect::{self, EffectJson};

/// What a record is read with.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// The organisation.
    pub org: &'a str,
    /// The rules that decided, and their hash as text. Without them a record's channel, lapses and effects, which go by
    /// number, are left out.
    pub rules: Option<(&'a Ruleset, &'a str)>,
}

/// A record ready to be written.
#[derive(Debug, Default, Serialize)]
#[expect(missing_docs, reason = "the table at the head of the module says what each field is")]
pub struct RecordJson<'a> {
    pub record: &'static str,
    pub address: String,
    pub now: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ruleset: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<EventJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub late_by: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lapses: Vec<DecisionJson<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub effects: Vec<EffectJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ordinal: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect: Option<EffectRefJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mark: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json: Option<&'a RawValue>,
}

/// The name of an effect by its place in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EffectRefJson {
    /// The record's address.
    pub record: String,
    /// The place among its effects, from 0.
    pub index: u32,
}

impl From<EffectRef> for EffectRefJson {
    fn from(effect: EffectRef) -> Self {
        Self { record: effect.record.to_string(), index: effect.index }
    }
}

impl<'a> RecordJson<'a> {
    /// The wire form of the record at that address.
    ///
    /// ```
    /// use wane_core::time::Timestamp;
    /// use wane_wire::record::{Address, Reading, Record, RecordJson, Sequence};
    /// let now = Timestamp::parse("2026-03-01T09:00:00Z").expect("valid");
    /// let reading = Reading { org: "main", rules: None };
    /// let record = Record::Tick { now };
    /// let json = RecordJson::new(&record, Address::new(Sequence(7), 12), reading);
    /// let line = serde_json::to_string(&json).expect("texts only");
    /// assert_eq!(line, r#"{"record":"tick","address":"7-12","now":"2026-03-01T09:00:00.000Z"}"#);
    /// ```
    #[must_use]
    pub fn new(record: &'a Record, address: Address, reading: Reading<'a>) -> Self {
        let mut json = Self { address: address.to_string(), ..Self::default() };
        match record {
            Record::Event(it) => json.event(it, reading),
            Record::Lapse(it) => json.lapse(it, reading),
            Record::Forget { now, conversation, previous } => {
                json.head("forget", *now);
                json.of(conversation, *previous);
            }
            Record::Tick { now } => json.head("tick", *now),
            Record::Outage { from, now } => {
                json.head("outage", *now);
                json.from = Some(from.to_string());
            }
            Record::Activation { now, ordinal, hash, by } => {
                json.head("activation", *now);
                json.ordinal = Some(ordinal.0);
                json.ruleset = Some(hash.to_string());
                json.by = Some(by);
            }
            Record::Delivery(it) => json.delivery(it),
            Record::Admin { now, kind, json: text } => {
                json.head("admin", *now);
                json.kind = Some(kind);
                json.json = serde_json::from_slice(text).ok();
            }
        }
        json
    }

    fn head(&mut self, record: &'static str, now: Timestamp) {
        self.record = record;
        self.now = now.to_string();
    }

    fn of(&mut self, conversation: &'a str, previous: Address) {
        self.conversation = Some(conversation);
        self.previous = (previous != Address::NONE).then(|| previous.to_string());
    }

    fn event(&mut self, it: &'a EventRecord, reading: Reading<'a>) {
        self.head("event", it.now);
        self.of(&it.event.conversation, it.previous);
        self.event = Some(EventJson(&it.event));
        self.outcome = Some(if it.applied { "applied" } else { "refused" });
        self.late_by = (it.late_by != 0).then_some(it.late_by);
        let decided = Decided { now: it.now, channel: it.channel, lapses: &it.lapses, effects: &it.effects };
        self.decided(&it.event.conversation, decided, reading);
    }

    fn lapse(&mut self, it: &'a LapseRecord, reading: Reading<'a>) {
        self.head("lapse", it.now);
        self.of(&it.conversation, it.previous);
        let decided = Decided { now: it.now, channel: it.channel, lapses: &it.lapses, effects: &it.effects };
        self.decided(&it.conversation, decided, reading);
    }

    fn decided(&mut self, conversation: &'a str, decided: Decided<'a>, reading: Reading<'a>) {
        let Some((rules, ruleset)) = reading.rules else { return };
        let channel = rules.channel(wane_core::timer::ChannelId(decided.channel)).map(|channel| &*channel.name);
        self.channel = channel;
        self.ruleset = Some(ruleset.to_owned());
        let context = decision::Context { org: reading.org, conversation, rules, ruleset, now: decided.now };
        self.lapses = decided.lapses.iter().map(|lapse| DecisionJson::new(lapse, context)).collect();
        let context = effect::Context { conversation, channel: channel.unwrap_or_default(), rules, ruleset };
        self.effects = decided.effects.iter().map(|effect| EffectJson::new(effect, context)).collect();
    }

    fn delivery(&mut self, it: &'a DeliveryRecord) {
        self.head("delivery", it.now);
        self.endpoint = Some(&it.endpoint);
        self.effect = Some(it.effect.into());
        self.mark = Some(it.mark.name());
        match &it.mark {
            Mark::Failed { attempt, why, next } => {
                self.attempt = Some(*attempt);
                self.why = Some(why);
                self.next = Some(next.to_string());
            }
            Mark::Dead { why } | Mark::Cancelled { why } => self.why = Some(why),
            Mark::Delivered | Mark::Retried => {}
        }
    }
}

/// What was decided with a record.
struct Decided<'a> {
    now: Timestamp,
    channel: u16,
    lapses: &'a [Lapse],
    effects: &'a [Effect],
}

impl Mark {
    /// The word on the wire.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Failed { .. } => "failed",
            Self::Dead { .. } => "dead",
            Self::Cancelled { .. } => "cancelled",
            Self::Retried => "retried",
        }
    }
}
