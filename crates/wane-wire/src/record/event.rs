//! The records of conversations, behind their partition and the address of the previous record.
//!
//! An event starts with a byte that says which of its parts follow; what is absent takes no room.

use wane_core::bytes::{Malformed, Reader, put_instant, put_number, put_signed, put_text};
use wane_core::event::{Event, EventFacts, EventKind};
use wane_core::facts::{Name, Value};
use wane_core::participant::Role;
use wane_core::signal::{EventType, SignalRole};
use wane_core::time::Timestamp;

use super::code::{APPLIED, LATE};
use super::write::EventParts;
use super::{Address, EventRecord, LapseRecord, Ordinal, Record, decisions};

const ID: u8 = 0x01;
const CHANNEL: u8 = 0x02;
const AT: u8 = 0x04;
const ROLE: u8 = 0x08;
const PARTICIPANT: u8 = 0x10;
const FACTS: u8 = 0x20;
const CUSTOM: u8 = 0x40;
const LAPSED: u8 = 0x80;

const AUTHENTICATED: u8 = 0x01;
const IS_AUTHENTICATED: u8 = 0x02;
const QUEUE: u8 = 0x04;
const LANGUAGE: u8 = 0x08;
const CUSTOMER: u8 = 0x10;
const ATTRIBUTES: u8 = 0x20;
const PARTICIPANTS: u8 = 0x40;

const TEXT: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const INT: u8 = 3;
const LIST: u8 = 4;

const fn bit(bit: u8, set: bool) -> u8 {
    if set { bit } else { 0 }
}

/// Adds an event, and how it fared.
pub(super) fn put_event(out: &mut Vec<u8>, parts: &EventParts<'_>) {
    let event = parts.event;
    let custom = matches!(event.kind, EventKind::Custom(_));
    let facts = facts_head(&event.facts);
    let parts_there = bit(ID, event.id.is_some())
        | bit(CHANNEL, event.channel.is_some())
        | bit(AT, event.at.is_some())
        | bit(ROLE, event.role.is_some())
        | bit(PARTICIPANT, event.participant.is_some())
        | bit(FACTS, facts != 0)
        | bit(CUSTOM, custom)
        | bit(LAPSED, parts.lapsed_effects != 0);
    put_channel(out, parts.channel);
    out.push(parts_there);
    put_text(out, &event.conversation);
    match &event.kind {
        EventKind::BuiltIn(kind) => out.push(*kind as u8),
        EventKind::Custom(name) => put_text(out, name),
    }
    out.extend(event.role.map(|role| role as u8));
    for text in [&event.id, &event.channel, &event.participant].into_iter().flatten() {
        put_text(out, text);
    }
    if let Some(at) = event.at {
        put_instant(out, at, parts.now);
    }
    if facts != 0 {
        put_facts(out, facts, &event.facts);
    }
    if parts.late_by != 0 {
        put_signed(out, parts.late_by);
    }
    if parts.lapsed_effects != 0 {
        put_number(out, u64::from(parts.lapsed_effects));
    }
}

/// One higher, so that a channel that the rules do not have any more, the highest number, is short too.
pub(super) fn put_channel(out: &mut Vec<u8>, channel: u16) {
    put_number(out, u64::from(channel.wrapping_add(1)));
}

fn read_channel(from: &mut Reader<'_>) -> Result<u16, Malformed> {
    Ok(from.small::<u16>()?.wrapping_sub(1))
}

const fn facts_head(facts: &EventFacts) -> u8 {
    bit(AUTHENTICATED, facts.authenticated.is_some())
        | bit(IS_AUTHENTICATED, matches!(facts.authenticated, Some(true)))
        | bit(QUEUE, facts.queue.is_some())
        | bit(LANGUAGE, facts.language.is_some())
        | bit(CUSTOMER, !facts.customer.is_empty())
        | bit(ATTRIBUTES, !facts.attributes.is_empty())
        | bit(PARTICIPANTS, !facts.participants.is_empty())
}

fn put_facts(out: &mut Vec<u8>, head: u8, facts: &EventFacts) {
    out.push(head);
    for text in [&facts.queue, &facts.language].into_iter().flatten() {
        put_text(out, text);
    }
    for table in [&facts.customer, &facts.attributes] {
        if table.is_empty() {
            continue;
        }
        put_number(out, table.len() as u64);
        for (name, value) in table {
            put_text(out, name);
            put_value(out, value);
        }
    }
    if !facts.participants.is_empty() {
        put_number(out, facts.participants.len() as u64);
        out.extend(facts.participants.iter().map(|role| *role as u8));
    }
}

fn put_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Text(text) => {
            out.push(TEXT);
            put_text(out, text);
        }
        Value::Bool(flag) => out.push(if *flag { TRUE } else { FALSE }),
        Value::Int(number) => {
            out.push(INT);
            put_signed(out, *number);
        }
        Value::TextList(texts) => {
            out.push(LIST);
            put_number(out, texts.len() as u64);
            texts.iter().for_each(|text| put_text(out, text));
        }
    }
}

/// The rest of an event's record.
pub(super) fn read_event(from: &mut Reader<'_>, head: u8, previous: Address) -> Result<EventRecord, Malformed> {
    let now = from.instant(Timestamp::EPOCH)?;
    let rules = Ordinal(from.small()?);
    let channel = read_channel(from)?;
    let there = from.byte()?;
    let event = read_parts(from, there, now)?;
    let late_by = if head & LATE != 0 { from.signed()? } else { 0 };
    let lapsed_effects = if there & LAPSED != 0 { from.small()? } else { 0 };
    let (lapses, effects) = decisions::read(from, head, now)?;
    let applied = head & APPLIED != 0;
    Ok(EventRecord { now, rules, previous, event, channel, applied, late_by, lapsed_effects, lapses, effects })
}

fn read_parts(from: &mut Reader<'_>, there: u8, now: Timestamp) -> Result<Event, Malformed> {
    let conversation = from.text()?;
    let kind = if there & CUSTOM == 0 {
        EventKind::BuiltIn(one_of(from, EventType::ALL, "no such type of event")?)
    } else {
        EventKind::Custom(from.text()?)
    };
    let role = if there & ROLE == 0 { None } else { Some(read_signal_role(from)?) };
    let mut text = |part: u8| if there & part == 0 { Ok(None) } else { from.text().map(Some) };
    let (id, channel, participant) = (text(ID)?, text(CHANNEL)?, text(PARTICIPANT)?);
    let at = if there & AT == 0 { None } else { Some(from.instant(now)?) };
    let facts = if there & FACTS == 0 { EventFacts::default() } else { read_facts(from)? };
    Ok(Event { id, conversation, channel, at, kind, role, participant, facts })
}

fn read_facts(from: &mut Reader<'_>) -> Result<EventFacts, Malformed> {
    let there = from.byte()?;
    let mut text = |part: u8| if there & part == 0 { Ok(None) } else { from.text().map(Some) };
    let (queue, language) = (text(QUEUE)?, text(LANGUAGE)?);
    let mut table = |part: u8| if there & part == 0 { Ok(Vec::new()) } else { read_table(from) };
    let (customer, attributes) = (table(CUSTOMER)?, table(ATTRIBUTES)?);
    let participants = if there & PARTICIPANTS == 0 { Vec::new() } else { read_roles(from)? };
    let authenticated = (there & AUTHENTICATED != 0).then_some(there & IS_AUTHENTICATED != 0);
    Ok(EventFacts { authenticated, queue, language, customer, attributes, participants })
}

fn read_table(from: &mut Reader<'_>) -> Result<Vec<(Name, Value)>, Malformed> {
    let count = from.count(2)?;
    (0..count).map(|_| Ok((from.text()?, read_value(from)?))).collect()
}

fn read_value(from: &mut Reader<'_>) -> Result<Value, Malformed> {
    let error = from.malformed("no such kind of value");
    Ok(match from.byte()? {
        TEXT => Value::Text(from.text()?),
        FALSE => Value::Bool(false),
        TRUE => Value::Bool(true),
        INT => Value::Int(from.signed()?),
        LIST => {
            let count = from.count(1)?;
            let texts: Result<Vec<Name>, Malformed> = (0..count).map(|_| from.text()).collect();
            Value::TextList(texts?.into())
        }
        _ => return Err(error),
    })
}

fn read_roles(from: &mut Reader<'_>) -> Result<Vec<Role>, Malformed> {
    let count = from.count(1)?;
    (0..count).map(|_| read_role(from)).collect()
}

/// One of a list, by its place.
fn one_of<T: Copy>(from: &mut Reader<'_>, all: &[T], what: &'static str) -> Result<T, Malformed> {
    let error = from.malformed(what);
    all.get(usize::from(from.byte()?)).copied().ok_or(error)
}

pub(super) fn read_role(from: &mut Reader<'_>) -> Result<Role, Malformed> {
    one_of(from, &Role::ALL, "no such role")
}

pub(super) fn read_signal_role(from: &mut Reader<'_>) -> Result<SignalRole, Malformed> {
    one_of(from, SignalRole::ALL, "no such role")
}

/// The rest of the record of a move of the clock.
pub(super) fn read_lapse(from: &mut Reader<'_>, head: u8, previous: Address) -> Result<LapseRecord, Malformed> {
    let now = from.instant(Timestamp::EPOCH)?;
    let rules = Ordinal(from.small()?);
    let conversation = from.text()?;
    let channel = read_channel(from)?;
    let (lapses, effects) = decisions::read(from, head, now)?;
    Ok(LapseRecord { now, rules, previous, conversation, channel, lapses, effects })
}

/// The rest of the record of a conversation's being let go.
pub(super) fn read_forget(from: &mut Reader<'_>, previous: Address) -> Result<Record, Malformed> {
    Ok(Record::Forget { now: from.instant(Timestamp::EPOCH)?, conversation: from.text()?, previous })
}
