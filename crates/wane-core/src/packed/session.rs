//! The open session. Its number is that of the conversation's latest session.

use super::bit;
use crate::bytes::{Malformed, Reader, put_instant, put_number, put_text};
use crate::participant::Role;
use crate::session::{Participant, Session, Status, WaitingOn};
use crate::time::Timestamp;

/// The first byte: the status, whose turn it is, and these.
const STATUS: u8 = 0x03;
const WAITING_ON: u8 = 0x0c;
const WAITING_ON_SHIFT: u32 = 2;
const HELD: u8 = 0x10;
const BOT_SESSION: u8 = 0x20;
const CUSTOMER_WAS: u8 = 0x40;

/// A participant's byte is the role, and whether an id follows.
const NAMED: u8 = 0x04;

pub(super) fn put(out: &mut Vec<u8>, session: &Session, latest: Timestamp) {
    let head = session.status as u8
        | (session.waiting_on as u8) << WAITING_ON_SHIFT
        | bit(HELD, session.held)
        | bit(BOT_SESSION, session.bot_session)
        | bit(CUSTOMER_WAS, session.customer_was.is_some());
    out.push(head);
    out.push(session.last_message_by.map_or(0, |role| role as u8 + 1));
    put_instant(out, session.started, latest);
    if let Some(customer_was) = session.customer_was {
        put_instant(out, customer_was, latest);
    }
    put_number(out, u64::from(session.messages));
    put_number(out, u64::from(session.customer_messages));
    put_number(out, session.participants.len() as u64);
    for Participant { role, id } in &session.participants {
        out.push(*role as u8 | bit(NAMED, id.is_some()));
        if let Some(id) = id {
            put_text(out, id);
        }
    }
}

pub(super) fn read(from: &mut Reader<'_>, number: u32, latest: Timestamp) -> Result<Session, Malformed> {
    let head = from.byte()?;
    let error = from.malformed("no such status");
    // An open session is never one that ended.
    let status =
        *Status::ALL.get(usize::from(head & STATUS)).filter(|status| **status != Status::Ended).ok_or(error)?;
    let waiting_on = *WaitingOn::ALL.get(usize::from((head & WAITING_ON) >> WAITING_ON_SHIFT)).ok_or(error)?;
    let last_message_by = read_writer(from)?;
    let started = from.instant(latest)?;
    let customer_was = if head & CUSTOMER_WAS == 0 { None } else { Some(from.instant(latest)?) };
    Ok(Session {
        number,
        status,
        started,
        customer_was,
        messages: from.small()?,
        customer_messages: from.small()?,
        participants: read_participants(from)?,
        bot_session: head & BOT_SESSION != 0,
        last_message_by,
        waiting_on,
        held: head & HELD != 0,
    })
}

fn read_writer(from: &mut Reader<'_>) -> Result<Option<Role>, Malformed> {
    let error = from.malformed("no such role");
    match usize::from(from.byte()?).checked_sub(1) {
        Some(role) => Role::ALL.get(role).copied().map(Some).ok_or(error),
        None => Ok(None),
    }
}

fn read_participants(from: &mut Reader<'_>) -> Result<Vec<Participant>, Malformed> {
    let count = from.count(1)?;
    let mut participants = Vec::with_capacity(count.min(4));
    for _ in 0..count {
        let error = from.malformed("no such role");
        let head = from.byte()?;
        let role = *Role::ALL.get(usize::from(head & !NAMED)).ok_or(error)?;
        let id = if head & NAMED == 0 { None } else { Some(from.text()?) };
        participants.push(Participant { role, id });
    }
    Ok(participants)
}
