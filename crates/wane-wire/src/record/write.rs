//! Writing records: from borrowed parts, as a shard has them, or from a whole [`Record`].

use wane_core::bytes::{put_instant, put_number, put_text};
use wane_core::effect::{Effect, Lapse};
use wane_core::event::Event;
use wane_core::time::Timestamp;

use super::code::{APPLIED, EFFECTS, LAPSES, LATE, PREVIOUS, RecordKind};
use super::{Address, Ordinal, Record, decisions, event, plain};

/// An event and what came of it, as [`super::EventRecord`] without the previous record.
#[derive(Clone, Copy, Debug)]
pub struct EventParts<'a> {
    /// When it came.
    pub now: Timestamp,
    /// The rules that decided.
    pub rules: Ordinal,
    /// The conversation's share of the names.
    pub partition: u16,
    /// The event.
    pub event: &'a Event,
    /// The conversation's channel, its number in those rules.
    pub channel: u16,
    /// Whether it counted.
    pub applied: bool,
    /// How late it was, in milliseconds.
    pub late_by: i64,
    /// How many of the effects the clock had on the way.
    pub lapsed_effects: u32,
    /// The timers that ran out on the way.
    pub lapses: &'a [Lapse],
    /// All effects.
    pub effects: &'a [Effect],
}

/// A move of the clock, as [`super::LapseRecord`] without the previous record.
#[derive(Clone, Copy, Debug)]
pub struct LapseParts<'a> {
    /// When it was decided.
    pub now: Timestamp,
    /// The rules that decided.
    pub rules: Ordinal,
    /// The conversation's share of the names.
    pub partition: u16,
    /// The conversation.
    pub conversation: &'a str,
    /// Its channel's number in those rules.
    pub channel: u16,
    /// The timers that ran out.
    pub lapses: &'a [Lapse],
    /// All effects.
    pub effects: &'a [Effect],
}

/// The end of a conversation's being kept, as [`Record::Forget`] without the previous record.
#[derive(Clone, Copy, Debug)]
pub struct ForgetParts<'a> {
    /// When.
    pub now: Timestamp,
    /// The conversation's share of the names.
    pub partition: u16,
    /// The conversation.
    pub conversation: &'a str,
}

/// Adds an event's record; gives the offset in `out` of the address of the previous record, [`Address::NONE`] until
/// [`link`] sets it. The record itself starts where `out` ended.
///
/// ```
/// use wane_core::{event::Event, participant::Role, signal::EventType, time::Timestamp};
/// use wane_wire::record::{Address, EventParts, Ordinal, Record, Sequence, decode, encode_event, link};
/// let mut event = Event::new("0d3f2a8e-6f0c-4c0b-9d53-1f0a54d7c001", EventType::Message).by(Role::Customer).on("web");
/// event.id = Some("5b1c7f36-2a57-4e0e-8f0e-6c1d2b3a4f5e".into());
/// let parts = EventParts {
///     now: Timestamp::parse("2026-03-01T09:00:00Z").expect("valid"),
///     rules: Ordinal(1),
///     partition: 77,
///     event: &event,
///     channel: 0,
///     applied: true,
///     late_by: 0,
///     lapsed_effects: 0,
///     lapses: &[],
///     effects: &[],
/// };
/// let mut batch = Vec::new();
/// let previous = encode_event(&parts, &mut batch);
/// link(&mut batch, previous, Address::new(Sequence(3), 500));
/// assert!(batch.len() < 70);
///
/// let (record, next) = decode(&batch, 0).expect("whole");
/// let Record::Event(record) = record else { panic!("an event") };
/// assert_eq!((&record.event, record.previous.to_string().as_str(), next), (&event, "3-500", batch.len()));
/// ```
pub fn encode_event(parts: &EventParts<'_>, out: &mut Vec<u8>) -> usize {
    let mut head = decided(RecordKind::Event, parts.lapses, parts.effects);
    head |= if parts.applied { APPLIED } else { 0 };
    head |= if parts.late_by != 0 { LATE } else { 0 };
    let start = frame(out, |out| {
        conversations(out, head, parts.partition);
        put_instant(out, parts.now, Timestamp::EPOCH);
        put_number(out, u64::from(parts.rules.0));
        event::put_event(out, parts);
        decisions::put(out, parts.now, parts.lapses, parts.effects);
    });
    start + PREVIOUS
}

/// Adds the record of a move of the clock; gives the same as [`encode_event`].
pub fn encode_lapse(parts: &LapseParts<'_>, out: &mut Vec<u8>) -> usize {
    let start = frame(out, |out| {
        conversations(out, decided(RecordKind::Lapse, parts.lapses, parts.effects), parts.partition);
        put_instant(out, parts.now, Timestamp::EPOCH);
        put_number(out, u64::from(parts.rules.0));
        put_text(out, parts.conversation);
        event::put_channel(out, parts.channel);
        decisions::put(out, parts.now, parts.lapses, parts.effects);
    });
    start + PREVIOUS
}

/// Adds the record of a conversation's being let go; gives the same as [`encode_event`].
pub fn encode_forget(parts: &ForgetParts<'_>, out: &mut Vec<u8>) -> usize {
    let start = frame(out, |out| {
        conversations(out, RecordKind::Forget as u8, parts.partition);
        put_instant(out, parts.now, Timestamp::EPOCH);
        put_text(out, parts.conversation);
    });
    start + PREVIOUS
}

/// Sets the address of the previous record at an offset that an encoder gave. Another offset does nothing good.
pub fn link(out: &mut [u8], previous: usize, address: Address) {
    if let Some(place) = out.get_mut(previous..).and_then(<[u8]>::first_chunk_mut) {
        *place = address.0.to_le_bytes();
    }
}

/// Adds a record. Records that belong to no conversation have no partition; whatever is given for them is left out.
pub fn encode(record: &Record, partition: u16, out: &mut Vec<u8>) {
    let (place, previous) = match record {
        Record::Event(it) => {
            let parts = EventParts {
                now: it.now,
                rules: it.rules,
                partition,
                event: &it.event,
                channel: it.channel,
                applied: it.applied,
                late_by: it.late_by,
                lapsed_effects: it.lapsed_effects,
                lapses: &it.lapses,
                effects: &it.effects,
            };
            (encode_event(&parts, out), it.previous)
        }
        Record::Lapse(it) => {
            let parts = LapseParts {
                now: it.now,
                rules: it.rules,
                partition,
                conversation: &it.conversation,
                channel: it.channel,
                lapses: &it.lapses,
                effects: &it.effects,
            };
            (encode_lapse(&parts, out), it.previous)
        }
        Record::Forget { now, conversation, previous } => {
            (encode_forget(&ForgetParts { now: *now, partition, conversation }, out), *previous)
        }
        Record::Tick { .. }
        | Record::Outage { .. }
        | Record::Activation { .. }
        | Record::Delivery(_)
        | Record::Admin { .. } => {
            frame(out, |out| plain::put(out, record));
            return;
        }
    };
    link(out, place, previous);
}

const fn decided(kind: RecordKind, lapses: &[Lapse], effects: &[Effect]) -> u8 {
    let mut head = kind as u8;
    if !lapses.is_empty() {
        head |= LAPSES;
    }
    if !effects.is_empty() {
        head |= EFFECTS;
    }
    head
}

fn conversations(out: &mut Vec<u8>, head: u8, partition: u16) {
    out.push(head);
    out.extend_from_slice(&partition.to_le_bytes());
    out.extend_from_slice(&Address::NONE.0.to_le_bytes());
}

/// Adds a length and what `body` adds; gives the offset behind the length. Most records need one byte for it, so that is
/// left free at first.
fn frame(out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) -> usize {
    let start = out.len();
    out.push(0);
    body(out);
    let length = out.len() - start - 1;
    let short = u8::try_from(length).ok().filter(|length| *length < 0x80);
    if let (Some(length), Some(place)) = (short, out.get_mut(start)) {
        *place = length;
        return start + 1;
    }
    let mut long = Vec::new();
    put_number(&mut long, length as u64);
    out.splice(start..=start, long.iter().copied());
    start + long.len()
}
