//! Lapses and effects: what was decided.
//!
//! Instants are distances: of a lapse from the record's own, of its deadline from the lapse, of its anchor from the
//! deadline; of an effect from the effect before it. Most effects of a record have the same instant, count on from one
//! another, and come from one of its lapses or from its event: each of these costs a bit or a byte.

use wane_core::action::Notice;
use wane_core::bytes::{Malformed, Reader, put_instant, put_number, put_optional_text, put_text};
use wane_core::effect::{Cause, Effect, EffectBody, Lapse, RefusedWhy, TimerCause, UndeliverableWhy};
use wane_core::signal::{EffectType, EventType, SignalKind, SignalRole};
use wane_core::time::Timestamp;
use wane_core::timer::{RowId, TimerId};

use super::code::{EFFECTS, LAPSES};
use super::event::{read_role, read_signal_role};

/// The head of an effect: the body's number, the cause's, and what is as of the effect before.
const BODY: u8 = 0x0f;
const CAUSE: u8 = 0x30;
/// The same session, and the next number.
const NEXT: u8 = 0x40;
/// The same instant.
const SAME_TIME: u8 = 0x80;

const BY_EVENT: u8 = 0x00;
const BY_LAPSE: u8 = 0x10;
const BY_WARNING: u8 = 0x20;
const AFTERWARDS: u8 = 0x30;

const OPTED_OUT: u8 = 0;
const WINDOW_CLOSED: u8 = 1;

/// The fewest bytes of a lapse, and of an effect.
const LEAST_LAPSE: usize = 7;
const LEAST_EFFECT: usize = 2;

/// The classes of signal kinds, in the lowest two bits: each counts by itself, so that a type that comes to be in a later
/// version moves no others.
const EVENT_KIND: u64 = 0;
const EFFECT_KIND: u64 = 1;
const OWN_KIND: u64 = 2;
const HANDLER_CHANGED: u64 = 3;

/// What the next effect is told from.
struct Before {
    at: Timestamp,
    session: u32,
    number: u32,
}

impl Before {
    const fn first(now: Timestamp) -> Self {
        Self { at: now, session: 0, number: 0 }
    }

    const fn then(effect: &Effect) -> Self {
        Self { at: effect.at, session: effect.session, number: effect.number }
    }

    const fn is_next(&self, session: u32, number: u32) -> bool {
        session == self.session && number == self.number.wrapping_add(1)
    }
}

/// Adds the lapses if there are any, and the effects if there are any.
pub(super) fn put(out: &mut Vec<u8>, now: Timestamp, lapses: &[Lapse], effects: &[Effect]) {
    if !lapses.is_empty() {
        put_number(out, lapses.len() as u64);
        lapses.iter().for_each(|lapse| put_lapse(out, now, lapse));
    }
    if effects.is_empty() {
        return;
    }
    put_number(out, effects.len() as u64);
    let mut before = Before::first(now);
    for effect in effects {
        put_effect(out, &before, lapses, effect);
        before = Before::then(effect);
    }
}

fn put_lapse(out: &mut Vec<u8>, now: Timestamp, lapse: &Lapse) {
    put_instant(out, lapse.at, now);
    put_number(out, u64::from(lapse.session));
    put_timer_cause(out, lapse.at, &lapse.cause);
}

fn put_timer_cause(out: &mut Vec<u8>, at: Timestamp, cause: &TimerCause) {
    put_number(out, u64::from(cause.timer.0));
    // One higher, so that a row that the rules do not have any more, the highest number, is short too.
    put_number(out, u64::from(cause.row.0.wrapping_add(1)));
    put_number(out, u64::from(cause.generation));
    put_instant(out, cause.deadline, at);
    put_instant(out, cause.anchor, cause.deadline);
}

fn put_effect(out: &mut Vec<u8>, before: &Before, lapses: &[Lapse], effect: &Effect) {
    let (next, same_time) = (before.is_next(effect.session, effect.number), before.at == effect.at);
    let mut head = body_number(&effect.body) | cause_number(&effect.cause);
    head |= if next { NEXT } else { 0 };
    head |= if same_time { SAME_TIME } else { 0 };
    out.push(head);
    if !next {
        put_number(out, u64::from(effect.session));
        put_number(out, u64::from(effect.number));
    }
    if !same_time {
        put_instant(out, effect.at, before.at);
    }
    put_body(out, &effect.body);
    put_cause(out, effect, lapses);
}

const fn body_number(body: &EffectBody) -> u8 {
    match body {
        EffectBody::Custom { .. } => 0,
        EffectBody::SessionOpened => 1,
        EffectBody::SessionActivated => 2,
        EffectBody::SessionRequeued => 3,
        EffectBody::SessionInactivated => 4,
        EffectBody::SessionEnded => 5,
        EffectBody::BotSessionEnded => 6,
        EffectBody::ConversationEnded => 7,
        EffectBody::ParticipantRemoved { .. } => 8,
        EffectBody::ClientRefused { why: RefusedWhy::NewConversationRequired } => 9,
        EffectBody::NoticeDue(_) => 10,
        EffectBody::NoticeUndeliverable { .. } => 11,
        EffectBody::TransferRequested { .. } => 12,
        EffectBody::SessionTagged { .. } => 13,
    }
}

fn put_body(out: &mut Vec<u8>, body: &EffectBody) {
    match body {
        EffectBody::ParticipantRemoved { role, participant } => {
            out.push(*role as u8);
            put_optional_text(out, participant.as_deref());
        }
        EffectBody::NoticeDue(notice) => put_notice(out, notice),
        EffectBody::NoticeUndeliverable { notice, why } => {
            put_notice(out, notice);
            match why {
                UndeliverableWhy::OptedOut => out.push(OPTED_OUT),
                UndeliverableWhy::WindowClosed(timer) => {
                    out.push(WINDOW_CLOSED);
                    put_number(out, u64::from(timer.0));
                }
            }
        }
        EffectBody::TransferRequested { queue: text } | EffectBody::SessionTagged { tag: text } => put_text(out, text),
        EffectBody::Custom { name, kind } => {
            put_text(out, name);
            put_kind(out, *kind);
        }
        EffectBody::SessionOpened
        | EffectBody::SessionActivated
        | EffectBody::SessionRequeued
        | EffectBody::SessionInactivated
        | EffectBody::SessionEnded
        | EffectBody::BotSessionEnded
        | EffectBody::ConversationEnded
        | EffectBody::ClientRefused { .. } => {}
    }
}

fn put_kind(out: &mut Vec<u8>, kind: SignalKind) {
    let index = kind.index();
    let effects = EventType::ALL.len();
    let (class, index) = if kind == SignalKind::HANDLER_CHANGED {
        (HANDLER_CHANGED, 0)
    } else if let Some(own) = index.checked_sub(usize::from(SignalKind::BUILT_IN)) {
        (OWN_KIND, own)
    } else {
        index.checked_sub(effects).map_or((EVENT_KIND, index), |effect| (EFFECT_KIND, effect))
    };
    put_number(out, (index as u64) << 2 | class);
}

fn read_kind(from: &mut Reader<'_>) -> Result<SignalKind, Malformed> {
    let error = from.malformed("no such kind of signal");
    let number = from.number()?;
    let index = u16::try_from(number >> 2).map_err(|_| error)?;
    let kind = match number & 3 {
        EVENT_KIND => EventType::ALL.get(usize::from(index)).copied().map(SignalKind::event),
        EFFECT_KIND => EffectType::ALL.get(usize::from(index)).copied().map(SignalKind::effect),
        // The last one is that of all own events that the rules do not name.
        OWN_KIND => Some(SignalKind::from_number(SignalKind::BUILT_IN.saturating_add(index))),
        _ => Some(SignalKind::HANDLER_CHANGED).filter(|_| index == 0),
    };
    kind.ok_or(error)
}

fn put_notice(out: &mut Vec<u8>, notice: &Notice) {
    put_text(out, &notice.template);
    out.push(notice.to as u8);
}

const fn cause_number(cause: &Cause) -> u8 {
    match cause {
        Cause::Event(_) => BY_EVENT,
        Cause::Lapse(_) => BY_LAPSE,
        Cause::Warning(_) => BY_WARNING,
        Cause::Afterwards(..) => AFTERWARDS,
    }
}

fn put_cause(out: &mut Vec<u8>, effect: &Effect, lapses: &[Lapse]) {
    match &effect.cause {
        Cause::Event(kind) => put_kind(out, *kind),
        Cause::Lapse(cause) | Cause::Warning(cause) => put_known_cause(out, effect.at, lapses, cause),
        Cause::Afterwards(cause, row) => {
            put_known_cause(out, effect.at, lapses, cause);
            put_number(out, u64::from(*row));
        }
    }
}

/// The place, from 1, of the lapse of this record that has the same cause; 0 and the cause itself when there is none.
fn put_known_cause(out: &mut Vec<u8>, at: Timestamp, lapses: &[Lapse], cause: &TimerCause) {
    let place = lapses.iter().position(|lapse| lapse.cause == *cause).map_or(0, |place| place + 1);
    put_number(out, place as u64);
    if place == 0 {
        put_timer_cause(out, at, cause);
    }
}

/// The lapses and effects of a record with that head.
pub(super) fn read(from: &mut Reader<'_>, head: u8, now: Timestamp) -> Result<(Vec<Lapse>, Vec<Effect>), Malformed> {
    let lapses = if head & LAPSES == 0 { Vec::new() } else { read_lapses(from, now)? };
    let effects = if head & EFFECTS == 0 { Vec::new() } else { read_effects(from, now, &lapses)? };
    Ok((lapses, effects))
}

fn read_lapses(from: &mut Reader<'_>, now: Timestamp) -> Result<Vec<Lapse>, Malformed> {
    let count = from.count(LEAST_LAPSE)?;
    (0..count).map(|_| read_lapse(from, now)).collect()
}

fn read_lapse(from: &mut Reader<'_>, now: Timestamp) -> Result<Lapse, Malformed> {
    let at = from.instant(now)?;
    Ok(Lapse { at, session: from.small()?, cause: read_timer_cause(from, at)? })
}

fn read_timer_cause(from: &mut Reader<'_>, at: Timestamp) -> Result<TimerCause, Malformed> {
    let timer = TimerId(from.small()?);
    let row = RowId(from.small::<u32>()?.wrapping_sub(1));
    let generation = from.small()?;
    let deadline = from.instant(at)?;
    Ok(TimerCause { timer, row, generation, anchor: from.instant(deadline)?, deadline })
}

fn read_effects(from: &mut Reader<'_>, now: Timestamp, lapses: &[Lapse]) -> Result<Vec<Effect>, Malformed> {
    let count = from.count(LEAST_EFFECT)?;
    let mut before = Before::first(now);
    let mut effects = Vec::new();
    for _ in 0..count {
        let effect = read_effect(from, &before, lapses)?;
        before = Before::then(&effect);
        effects.push(effect);
    }
    Ok(effects)
}

fn read_effect(from: &mut Reader<'_>, before: &Before, lapses: &[Lapse]) -> Result<Effect, Malformed> {
    let head = from.byte()?;
    let (session, number) =
        if head & NEXT == 0 { (from.small()?, from.small()?) } else { (before.session, before.number.wrapping_add(1)) };
    let at = if head & SAME_TIME == 0 { from.instant(before.at)? } else { before.at };
    let body = read_body(from, head & BODY)?;
    Ok(Effect { at, session, number, body, cause: read_cause(from, head & CAUSE, at, lapses)? })
}

fn read_body(from: &mut Reader<'_>, number: u8) -> Result<EffectBody, Malformed> {
    Ok(match number {
        0 => EffectBody::Custom { name: from.text()?, kind: read_kind(from)? },
        1 => EffectBody::SessionOpened,
        2 => EffectBody::SessionActivated,
        3 => EffectBody::SessionRequeued,
        4 => EffectBody::SessionInactivated,
        5 => EffectBody::SessionEnded,
        6 => EffectBody::BotSessionEnded,
        7 => EffectBody::ConversationEnded,
        8 => EffectBody::ParticipantRemoved { role: read_role(from)?, participant: from.optional_text()? },
        9 => EffectBody::ClientRefused { why: RefusedWhy::NewConversationRequired },
        10 => EffectBody::NoticeDue(read_notice(from)?),
        11 => EffectBody::NoticeUndeliverable { notice: read_notice(from)?, why: read_why(from)? },
        12 => EffectBody::TransferRequested { queue: from.text()? },
        13 => EffectBody::SessionTagged { tag: from.text()? },
        _ => return Err(from.malformed("no such effect")),
    })
}

fn read_notice(from: &mut Reader<'_>) -> Result<Notice, Malformed> {
    let template = from.text()?;
    let to: SignalRole = read_signal_role(from)?;
    Ok(Notice { template, to })
}

fn read_why(from: &mut Reader<'_>) -> Result<UndeliverableWhy, Malformed> {
    let error = from.malformed("no such reason");
    match from.byte()? {
        OPTED_OUT => Ok(UndeliverableWhy::OptedOut),
        WINDOW_CLOSED => Ok(UndeliverableWhy::WindowClosed(TimerId(from.small()?))),
        _ => Err(error),
    }
}

fn read_cause(from: &mut Reader<'_>, number: u8, at: Timestamp, lapses: &[Lapse]) -> Result<Cause, Malformed> {
    if number == BY_EVENT {
        return Ok(Cause::Event(read_kind(from)?));
    }
    let cause = read_known_cause(from, at, lapses)?;
    Ok(match number {
        BY_LAPSE => Cause::Lapse(cause),
        BY_WARNING => Cause::Warning(cause),
        _ => Cause::Afterwards(cause, from.small()?),
    })
}

fn read_known_cause(from: &mut Reader<'_>, at: Timestamp, lapses: &[Lapse]) -> Result<TimerCause, Malformed> {
    let error = from.malformed("a cause that is not among the lapses");
    match from.small::<usize>()?.checked_sub(1) {
        Some(place) => lapses.get(place).map(|lapse| lapse.cause).ok_or(error),
        None => read_timer_cause(from, at),
    }
}
