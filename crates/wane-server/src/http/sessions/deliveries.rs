//! What became of a history's effects on their way out: the marks of deliveries, which the log has after them.

use std::collections::BTreeMap;

use serde_json::Value;
use wane_store::log::Block;
use wane_wire::record::{Address, Record, RecordKind, decode, peek};

use crate::app::App;
use crate::http::problem::Problem;
use crate::http::render;

/// The most bytes of the log that one call looks through, in equal parts after each record with effects: nearly all marks
/// come within seconds.
const LOOK: usize = 16 << 20;
/// Bytes of the log that are read at once.
const READ: usize = 1 << 20;

/// The marks of each record's effects, oldest first.
pub(super) type Marks = BTreeMap<Address, Vec<Value>>;

/// Fills in the marks of these records; gives whether there may be more than were found.
pub(super) async fn find(app: &App, marks: &mut Marks) -> Result<bool, Problem> {
    if marks.is_empty() || !app.delivery.has_endpoints() {
        return Ok(false);
    }
    let part = (LOOK / marks.len()).max(1);
    let starts: Vec<Address> = marks.keys().copied().collect();
    let (mut from, mut is_cut) = (app.node.oldest(), false);
    for start in starts {
        from = from.max(start.block());
        let mut looked = 0;
        is_cut = loop {
            let blocks = app.node.blocks(from, READ).await?;
            let Some(last) = blocks.last() else { break false };
            from = last.sequence.next();
            for block in &blocks {
                looked += block.records.len().max(1);
                look(app, block, marks)?;
            }
            if looked >= part {
                break true;
            }
        };
    }
    Ok(is_cut)
}

fn look(app: &App, block: &Block, marks: &mut Marks) -> Result<(), Problem> {
    let mut offset = 0;
    while offset < block.records.len() {
        let head = peek(&block.records, offset).map_err(|error| Problem::internal(&error))?;
        if head.kind == RecordKind::Delivery {
            let (record, _) = decode(&block.records, offset).map_err(|error| Problem::internal(&error))?;
            let at = Address::new(block.sequence, u32::try_from(offset).unwrap_or(u32::MAX));
            mark(app, &record, at, marks)?;
        }
        offset = head.next_offset;
    }
    Ok(())
}

fn mark(app: &App, record: &Record, at: Address, marks: &mut Marks) -> Result<(), Problem> {
    let Record::Delivery(delivery) = record else { return Ok(()) };
    let Some(found) = marks.get_mut(&delivery.effect.record) else { return Ok(()) };
    let told = render::record(app, record, at)?;
    found.push(serde_json::from_str(told.get()).map_err(|error| Problem::internal(&error))?);
    Ok(())
}
