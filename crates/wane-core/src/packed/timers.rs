//! The timers that are not stopped. What is mostly so costs nothing: that a timer counts from its anchor without a pause,
//! that it has the length that its row says, that it lapsed at its anchor plus that.

use super::bit;
use crate::bytes::{Malformed, Reader, put_instant, put_number, put_signed};
use crate::ruleset::Ruleset;
use crate::session::Conversation;
use crate::time::Timestamp;
use crate::timer::{After, Phase, RowId, Running, TimerId, TimerState};

/// The first byte of a timer: its phase, and what is not as it mostly is.
const PHASE: u8 = 0x03;
const RUNNING: u8 = 0;
const UNSET: u8 = 1;
const LAPSED: u8 = 2;
/// Counting was resumed: where, and how much was counted before.
const RESUMED: u8 = 0x04;
/// The length is not that of the row. Of an unset timer: it keeps a row and a length.
const LENGTH: u8 = 0x08;
/// The deadline, or of a lapsed timer the anchor, does not follow from the length.
const POINT: u8 = 0x10;
/// It has no deadline.
const PAUSED: u8 = 0x20;
/// Warnings are over.
const WARNED: u8 = 0x40;

pub(super) fn put(out: &mut Vec<u8>, conversation: &Conversation, rules: &Ruleset) {
    put_number(out, conversation.timers.len() as u64);
    let mut next = 0;
    for state in &conversation.timers {
        put_number(out, u64::from(state.timer.0.wrapping_sub(next)));
        next = state.timer.0.wrapping_add(1);
        match &state.phase {
            Phase::Running(running) => put_running(out, running, (rules, conversation.latest)),
            Phase::Unset { anchor, since, spent, kept } => {
                let resumed = (*anchor, *since, *spent) != (*anchor, *anchor, 0);
                out.push(UNSET | bit(RESUMED, resumed) | bit(LENGTH, kept.is_some()));
                put_instant(out, *anchor, conversation.latest);
                put_resumed(out, resumed, *since, *spent, *anchor);
                if let Some((row, after)) = kept {
                    put_row(out, *row);
                    put_signed(out, *after);
                }
            }
            Phase::Lapsed { at, row, after, anchor } => {
                let own = after_of(rules, *row) != Some(*after);
                let elsewhere = anchor.plus_millis(*after) != *at || at.plus_millis(after.wrapping_neg()) != *anchor;
                out.push(LAPSED | bit(LENGTH, own) | bit(POINT, elsewhere));
                put_instant(out, *at, conversation.latest);
                put_length(out, *row, own, *after);
                if elsewhere {
                    put_instant(out, *anchor, *at);
                }
            }
        }
        put_number(out, u64::from(conversation.generations.wrapping_sub(state.generation)));
    }
}

fn put_running(out: &mut Vec<u8>, running: &Running, (rules, latest): (&Ruleset, Timestamp)) {
    let resumed = running.since != running.anchor || running.spent != 0;
    let own = after_of(rules, running.row) != Some(running.after);
    let elsewhere = running.deadline.is_some_and(|deadline| deadline != plain_deadline(running));
    out.push(
        RUNNING
            | bit(RESUMED, resumed)
            | bit(LENGTH, own)
            | bit(POINT, elsewhere)
            | bit(PAUSED, running.deadline.is_none())
            | bit(WARNED, running.warned != 0),
    );
    put_instant(out, running.anchor, latest);
    put_resumed(out, resumed, running.since, running.spent, running.anchor);
    put_length(out, running.row, own, running.after);
    if let Some(deadline) = running.deadline.filter(|_| elsewhere) {
        put_instant(out, deadline, running.since);
    }
    if running.warned != 0 {
        put_number(out, u64::from(running.warned));
    }
}

fn put_resumed(out: &mut Vec<u8>, resumed: bool, since: Timestamp, spent: i64, anchor: Timestamp) {
    if resumed {
        put_instant(out, since, anchor);
        put_signed(out, spent);
    }
}

fn put_length(out: &mut Vec<u8>, row: RowId, own: bool, after: i64) {
    put_row(out, row);
    if own {
        put_signed(out, after);
    }
}

/// One higher, so that a row that the rules do not have any more, the highest number, is short too.
fn put_row(out: &mut Vec<u8>, row: RowId) {
    put_number(out, u64::from(row.0.wrapping_add(1)));
}

/// The deadline of a timer that counts all the time.
const fn plain_deadline(running: &Running) -> Timestamp {
    running.since.plus_millis(running.after.wrapping_sub(running.spent))
}

/// The length that a row gives always.
fn after_of(rules: &Ruleset, row: RowId) -> Option<i64> {
    match &rules.row(row)?.after {
        After::For(period) => Some(period.millis()),
        After::Never | After::Fact { .. } => None,
    }
}

/// What the timers of a conversation are told from.
#[derive(Clone, Copy)]
struct Base<'a> {
    rules: &'a Ruleset,
    latest: Timestamp,
    generations: u32,
}

pub(super) fn read(
    from: &mut Reader<'_>,
    rules: &Ruleset,
    latest: Timestamp,
    generations: u32,
) -> Result<Vec<TimerState>, Malformed> {
    let base = Base { rules, latest, generations };
    let count = from.count(4)?;
    let mut timers = Vec::with_capacity(count.min(rules.timers.len()));
    let mut next = 0;
    for _ in 0..count {
        let state = read_timer(from, base, next)?;
        next = state.timer.0.saturating_add(1);
        timers.push(state);
    }
    Ok(timers)
}

fn read_timer(from: &mut Reader<'_>, base: Base<'_>, next: u16) -> Result<TimerState, Malformed> {
    let error = from.malformed("no such timer");
    let timer = TimerId(from.small::<u16>()?.checked_add(next).ok_or(error)?);
    if base.rules.timer(timer).is_none() {
        return Err(error);
    }
    let error = from.malformed("no such phase of a timer");
    let head = from.byte()?;
    let phase = match head & PHASE {
        RUNNING => Phase::Running(read_running(from, head, base)?),
        UNSET => read_unset(from, head, base)?,
        LAPSED => read_lapsed(from, head, base)?,
        _ => return Err(error),
    };
    let generation = base.generations.wrapping_sub(from.small()?);
    Ok(TimerState { timer, generation, phase })
}

fn read_running(from: &mut Reader<'_>, head: u8, base: Base<'_>) -> Result<Running, Malformed> {
    let anchor = from.instant(base.latest)?;
    let (since, spent) = read_resumed(from, head, anchor)?;
    let (row, after) = read_length(from, head, base.rules)?;
    let mut running = Running { anchor, row, after, since, spent, deadline: None, warned: 0 };
    if head & POINT != 0 {
        running.deadline = Some(from.instant(since)?);
    } else if head & PAUSED == 0 {
        running.deadline = Some(plain_deadline(&running));
    }
    if head & WARNED != 0 {
        running.warned = from.small()?;
    }
    Ok(running)
}

fn read_unset(from: &mut Reader<'_>, head: u8, base: Base<'_>) -> Result<Phase, Malformed> {
    let anchor = from.instant(base.latest)?;
    let (since, spent) = read_resumed(from, head, anchor)?;
    let kept = if head & LENGTH == 0 { None } else { Some((read_row(from)?, from.signed()?)) };
    Ok(Phase::Unset { anchor, since, spent, kept })
}

fn read_lapsed(from: &mut Reader<'_>, head: u8, base: Base<'_>) -> Result<Phase, Malformed> {
    let at = from.instant(base.latest)?;
    let (row, after) = read_length(from, head, base.rules)?;
    let anchor = if head & POINT == 0 { at.plus_millis(after.wrapping_neg()) } else { from.instant(at)? };
    Ok(Phase::Lapsed { at, row, after, anchor })
}

fn read_resumed(from: &mut Reader<'_>, head: u8, anchor: Timestamp) -> Result<(Timestamp, i64), Malformed> {
    if head & RESUMED == 0 { Ok((anchor, 0)) } else { Ok((from.instant(anchor)?, from.signed()?)) }
}

fn read_length(from: &mut Reader<'_>, head: u8, rules: &Ruleset) -> Result<(RowId, i64), Malformed> {
    let row = read_row(from)?;
    let error = from.malformed("a row without a length");
    let after = if head & LENGTH == 0 { after_of(rules, row).ok_or(error)? } else { from.signed()? };
    Ok((row, after))
}

fn read_row(from: &mut Reader<'_>) -> Result<RowId, Malformed> {
    Ok(RowId(from.small::<u32>()?.wrapping_sub(1)))
}
