//! Reading the audit from the log, page by page.

use axum::extract::State;
use serde::Serialize;
use serde_json::{Map, Value};
use wane_core::time::Timestamp;
use wane_wire::record::{Address, BLOCK_LIMIT, Record, RecordKind, Sequence, decode, peek};

use super::KIND;
use crate::app::App;
use crate::http::extract::{Authorized, Given, Known, Params, bad_parameter};
use crate::http::problem::{Kind, Problem};
use crate::tokens::Admin;

/// Bytes of the log that are read in one go.
const PORTION: usize = 4 << 20;
/// How many portions one request looks through at most.
const PORTIONS: usize = 16;

/// The parameters of the list.
#[derive(Debug)]
pub(crate) struct Page {
    after: Address,
    limit: usize,
}

impl Known for Page {
    const NAMES: &[&'static str] = &["after", "limit"];

    fn read(given: &Given) -> Result<Self, Problem> {
        let after = match given.text("after") {
            None => Address::NONE,
            Some(text) => Address::parse(text).ok_or_else(|| bad_cursor(text))?,
        };
        let limit = given.number("limit", 100, 1..=1_000)?;
        Ok(Self { after, limit: usize::try_from(limit).unwrap_or(usize::MAX) })
    }
}

fn bad_cursor(text: &str) -> Problem {
    let shown: String = text.chars().take(64).collect();
    let right = "the `next` of an answer, or nothing to begin at the oldest entry that is kept";
    Problem {
        kind: Kind::BadCursor,
        ..bad_parameter("after", &format!("`{shown}` is not a cursor of this list"), right)
    }
}

/// An answer.
#[derive(Debug, Serialize)]
pub(crate) struct List {
    entries: Vec<Entry>,
    /// Where to go on.
    next: String,
    /// Whether the log goes on behind that; entries may or may not be there.
    more: bool,
}

#[derive(Debug, Serialize)]
struct Entry {
    id: String,
    at: String,
    #[serde(flatten)]
    entry: Map<String, Value>,
}

/// `GET /v1/audit`
pub(crate) async fn list(
    _: Authorized<Admin>,
    State(app): State<App>,
    Params(page): Params<Page>,
) -> Result<axum::Json<List>, Problem> {
    // The place of the cursor may be let go of by now; without one the list begins at what is kept.
    let first = app.node.oldest();
    let mut from = page.after.block().max(first);
    let mut found = Found { after: page.after, limit: page.limit, entries: Vec::new() };
    for _ in 0..PORTIONS {
        let blocks = if from <= app.node.durable() { app.node.blocks(from, PORTION).await? } else { Vec::new() };
        for block in &blocks {
            found.look(block.sequence, &block.records)?;
            from = block.sequence.next();
        }
        if blocks.is_empty() || found.is_full() {
            break;
        }
    }
    let more = found.is_full() || from <= app.node.durable();
    Ok(axum::Json(List { next: found.after.to_string(), more, entries: found.entries }))
}

struct Found {
    /// Everything up to here was looked at.
    after: Address,
    limit: usize,
    entries: Vec<Entry>,
}

impl Found {
    const fn is_full(&self) -> bool {
        self.entries.len() >= self.limit
    }

    fn look(&mut self, block: Sequence, records: &[u8]) -> Result<(), Problem> {
        let broken = |error| Problem::internal(&error);
        let mut offset = 0;
        while offset < records.len() && !self.is_full() {
            let seen = peek(records, offset).map_err(broken)?;
            let at = Address::new(block, u32::try_from(offset).unwrap_or(u32::MAX));
            if seen.kind == RecordKind::Admin && at > self.after {
                self.take(at, decode(records, offset).map_err(broken)?.0);
            }
            offset = seen.next_offset;
        }
        if !self.is_full() {
            let last = u32::try_from(BLOCK_LIMIT - 1).unwrap_or(u32::MAX);
            self.after = self.after.max(Address::new(block, last));
        }
        Ok(())
    }

    fn take(&mut self, at: Address, record: Record) {
        let Record::Admin { now, kind, json } = record else { return };
        if &*kind != KIND {
            return;
        }
        self.entries.push(shown(at, now, &json));
        self.after = at;
    }
}

fn shown(at: Address, now: Timestamp, json: &[u8]) -> Entry {
    Entry { id: at.to_string(), at: now.to_string(), entry: serde_json::from_slice(json).unwrap_or_default() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use wane_wire::record::encode;

    use super::super::entry;
    use super::*;

    #[test]
    fn pages_give_each_entry_once_and_nothing_else() {
        let mut records = Vec::new();
        for number in 0..5 {
            encode(&Record::Tick { now: Timestamp::EPOCH }, 0, &mut records);
            encode(
                &Record::Admin { now: Timestamp::EPOCH, kind: "endpoint".into(), json: b"{}".to_vec() },
                0,
                &mut records,
            );
            let json = entry("ana", "test", json!({"number": number}));
            encode(&Record::Admin { now: Timestamp::EPOCH, kind: KIND.into(), json }, 0, &mut records);
        }
        let mut after = Address::NONE;
        let mut numbers = Vec::new();
        for limit in [2, 2, 2, 2] {
            let mut found = Found { after, limit, entries: Vec::new() };
            found.look(Sequence(3), &records).expect("whole");
            numbers.extend(found.entries.iter().map(|entry| entry.entry["number"].as_u64()));
            after = found.after;
        }
        assert_eq!(numbers, (0..5).map(Some).collect::<Vec<_>>());
        assert!(after.block() == Sequence(3) && Address::parse(&after.to_string()) == Some(after));
    }
}
