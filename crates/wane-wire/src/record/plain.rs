//! The records that belong to no conversation.

use wane_core::bytes::{Malformed, Reader, put_instant, put_number, put_text};
use wane_core::ruleset::RulesetHash;
use wane_core::time::Timestamp;

use super::code::RecordKind;
use super::{Address, DeliveryRecord, EffectRef, Mark, Ordinal, Record};

const DELIVERED: u8 = 0;
const FAILED: u8 = 1;
const DEAD: u8 = 2;
const CANCELLED: u8 = 3;
const RETRIED: u8 = 4;

/// Adds the kind and what follows.
pub(super) fn put(out: &mut Vec<u8>, record: &Record) {
    match record {
        Record::Tick { now } => head(out, RecordKind::Tick, *now),
        Record::Outage { from, now } => {
            head(out, RecordKind::Outage, *now);
            put_instant(out, *from, *now);
        }
        Record::Activation { now, ordinal, hash, by } => {
            head(out, RecordKind::Activation, *now);
            put_number(out, u64::from(ordinal.0));
            out.extend_from_slice(&hash.0);
            put_text(out, by);
        }
        Record::Delivery(delivery) => {
            head(out, RecordKind::Delivery, delivery.now);
            put_delivery(out, delivery);
        }
        Record::Admin { now, kind, json } => {
            head(out, RecordKind::Admin, *now);
            put_text(out, kind);
            out.extend_from_slice(json);
        }
        Record::Event(_) | Record::Lapse(_) | Record::Forget { .. } => {}
    }
}

fn head(out: &mut Vec<u8>, kind: RecordKind, now: Timestamp) {
    out.push(kind as u8);
    put_instant(out, now, Timestamp::EPOCH);
}

fn put_delivery(out: &mut Vec<u8>, delivery: &DeliveryRecord) {
    put_text(out, &delivery.endpoint);
    put_number(out, delivery.effect.record.0);
    put_number(out, u64::from(delivery.effect.index));
    match &delivery.mark {
        Mark::Delivered => out.push(DELIVERED),
        Mark::Failed { attempt, why, next } => {
            out.push(FAILED);
            put_number(out, u64::from(*attempt));
            put_text(out, why);
            put_instant(out, *next, delivery.now);
        }
        Mark::Dead { why } => {
            out.push(DEAD);
            put_text(out, why);
        }
        Mark::Cancelled { why } => {
            out.push(CANCELLED);
            put_text(out, why);
        }
        Mark::Retried => out.push(RETRIED),
    }
}

pub(super) fn read_tick(from: &mut Reader<'_>) -> Result<Record, Malformed> {
    Ok(Record::Tick { now: from.instant(Timestamp::EPOCH)? })
}

pub(super) fn read_outage(reader: &mut Reader<'_>) -> Result<Record, Malformed> {
    let now = reader.instant(Timestamp::EPOCH)?;
    Ok(Record::Outage { from: reader.instant(now)?, now })
}

pub(super) fn read_activation(from: &mut Reader<'_>) -> Result<Record, Malformed> {
    Ok(Record::Activation {
        now: from.instant(Timestamp::EPOCH)?,
        ordinal: Ordinal(from.small()?),
        hash: RulesetHash(from.array()?),
        by: from.text()?,
    })
}

pub(super) fn read_admin(from: &mut Reader<'_>) -> Result<Record, Malformed> {
    let (now, kind) = (from.instant(Timestamp::EPOCH)?, from.text()?);
    Ok(Record::Admin { now, kind, json: from.take(from.left())?.to_vec() })
}

pub(super) fn read_delivery(from: &mut Reader<'_>) -> Result<DeliveryRecord, Malformed> {
    let now = from.instant(Timestamp::EPOCH)?;
    Ok(DeliveryRecord {
        now,
        endpoint: from.text()?,
        effect: EffectRef { record: Address(from.number()?), index: from.small()? },
        mark: read_mark(from, now)?,
    })
}

fn read_mark(from: &mut Reader<'_>, now: Timestamp) -> Result<Mark, Malformed> {
    let error = from.malformed("no such mark of a delivery");
    Ok(match from.byte()? {
        DELIVERED => Mark::Delivered,
        FAILED => Mark::Failed { attempt: from.small()?, why: from.text()?, next: from.instant(now)? },
        DEAD => Mark::Dead { why: from.text()? },
        CANCELLED => Mark::Cancelled { why: from.text()? },
        RETRIED => Mark::Retried,
        _ => return Err(error),
    })
}
