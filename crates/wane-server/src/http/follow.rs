//! Following the log: what happened, in its order, from a cursor on.

use std::fmt;
use std::time::Duration;

use serde_json::value::RawValue;
use tokio::time::{Instant, timeout_at};
use wane_store::log::Block;
use wane_wire::record::{Address, Peek, Record, Sequence, decode, peek};

use super::extract::{Given, Known};
use super::problem::{Fault, Kind, Problem};
use crate::app::App;

/// The place of the next thing to tell: a record, and how many of its things were told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position {
    record: Address,
    index: u32,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.record, self.index)
    }
}

impl Position {
    const fn block(sequence: Sequence) -> Self {
        Self { record: Address::new(sequence, 0), index: 0 }
    }

    /// Reads a cursor; `latest` is after everything that is durable, and nothing or `0` is the oldest that is kept.
    pub(super) fn read(app: &App, text: Option<&str>) -> Result<Self, Problem> {
        match text {
            None | Some("" | "0") => Ok(Self::block(app.node.oldest())),
            Some("latest") => Ok(Self::block(app.node.durable().next())),
            Some(text) => {
                let position = Self::parse(text).ok_or_else(|| bad_cursor("the cursor is not one of this list"))?;
                if position.record.block() > app.node.durable().next() {
                    return Err(bad_cursor("the cursor is of another data directory: it lies in the future"));
                }
                Ok(position)
            }
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let (record, index) = text.rsplit_once('-')?;
        Some(Self { record: Address::parse(record)?, index: index.parse().ok()? })
    }
}

pub(super) fn bad_cursor(detail: &str) -> Problem {
    let fault = Fault { field: "after".into(), message: detail.into(), ..Fault::default() };
    Problem::new(Kind::BadCursor, detail).help("leave it out to start with the oldest").fault(fault)
}

/// The parameters of such a list.
pub(super) struct After {
    pub(super) after: Option<String>,
    pub(super) limit: usize,
    pub(super) wait: Duration,
}

impl Known for After {
    const NAMES: &[&'static str] = &["after", "limit", "wait"];

    fn read(given: &Given) -> Result<Self, Problem> {
        let limit = given.number("limit", 100, 1..=1_000)?;
        let after = given.text("after").filter(|text| !text.is_empty());
        // Whoever goes on from a cursor is polling.
        let wait = given.number("wait", u32::from(after.is_some()), 0..=60)?;
        Ok(Self {
            after: after.map(str::to_owned),
            limit: usize::try_from(limit).unwrap_or(1_000),
            wait: Duration::from_secs(wait.into()),
        })
    }
}

/// What is followed.
pub(super) trait Source: Copy + Send + Sync + 'static {
    /// Whether a record may hold such things.
    fn wants(self, peek: &Peek) -> bool;

    /// The things of a record, each as JSON; `cursors` gives the cursor after the one of that place.
    fn things(self, app: &App, record: &Record, cursor: &dyn Fn(u32) -> String) -> Result<Vec<Box<RawValue>>, Problem>;
}

/// Some of what is followed.
pub(super) struct Page {
    /// Each with the cursor after it.
    pub(super) things: Vec<(Position, Box<RawValue>)>,
    /// Where to go on.
    pub(super) next: Position,
}

/// The most bytes of the log that one call looks through.
const LOOK: usize = 16 << 20;

/// Bytes of the log that are read at once.
const READ: usize = 1 << 20;

/// At most `limit` things from a position on. Fewer do not mean that there are no more: a call looks through a bounded
/// part of the log.
pub(super) async fn page<S: Source>(app: &App, from: Position, (source, limit): (S, usize)) -> Result<Page, Problem> {
    let mut page = Page { things: Vec::new(), next: from };
    let mut looked = 0;
    while looked < LOOK && page.things.len() < limit {
        let blocks = app.node.blocks(page.next.record.block(), READ).await?;
        if blocks.is_empty() {
            break;
        }
        for block in &blocks {
            looked += block.records.len().max(1);
            look(app, block, (source, limit), &mut page)?;
            if page.things.len() >= limit {
                return Ok(page);
            }
        }
    }
    Ok(page)
}

/// Looks through one block, from where the page goes on.
fn look<S: Source>(app: &App, block: &Block, (source, limit): (S, usize), page: &mut Page) -> Result<(), Problem> {
    let from = page.next;
    let inside = from.record.block() == block.sequence;
    let start = if inside { usize::try_from(from.record.offset()).unwrap_or(usize::MAX) } else { 0 };
    let mut offset = 0;
    // A cursor must point to the start of a record; walking there is what makes sure.
    while offset < start && offset < block.records.len() {
        offset = peek(&block.records, offset).map_err(|error| Problem::internal(&error))?.next_offset;
    }
    if offset != start {
        return Err(bad_cursor("the cursor is not one of this list"));
    }
    while offset < block.records.len() {
        let head = peek(&block.records, offset).map_err(|error| Problem::internal(&error))?;
        if source.wants(&head) {
            let at = Address::new(block.sequence, u32::try_from(offset).unwrap_or(u32::MAX));
            let (record, _) = decode(&block.records, offset).map_err(|error| Problem::internal(&error))?;
            let place = |index| Position { record: at, index };
            let things = source.things(app, &record, &|index| place(index).to_string())?;
            let told = if inside && offset == start { from.index } else { 0 };
            for (index, thing) in (1..).zip(things).skip(usize::try_from(told).unwrap_or(usize::MAX)) {
                page.things.push((place(index), thing));
                page.next = place(index);
                if page.things.len() >= limit {
                    return Ok(());
                }
            }
        }
        offset = head.next_offset;
    }
    page.next = Position::block(block.sequence.next());
    Ok(())
}

/// The same; when there is nothing yet, waits for something for so long.
pub(super) async fn poll<S: Source>(
    app: &App,
    from: Position,
    (source, limit, wait): (S, usize, Duration),
) -> Result<Page, Problem> {
    let deadline = Instant::now() + wait;
    let mut from = from;
    loop {
        let page = page(app, from, (source, limit)).await?;
        if !page.things.is_empty() || wait.is_zero() {
            return Ok(page);
        }
        from = page.next;
        match timeout_at(deadline, more(app, from)).await {
            Ok(true) => {}
            Ok(false) | Err(_) => return Ok(page),
        }
    }
}

/// Returns `true` as soon as the block of a position is durable, and `false` when the daemon stops.
pub(super) async fn more(app: &App, position: Position) -> bool {
    let before = Sequence(position.record.block().0.saturating_sub(1));
    tokio::select! {
        durable = app.node.durable_after(before) => durable.is_ok(),
        () = app.stop.said() => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_read_as_they_are_shown() {
        let position = Position { record: Address::new(Sequence(12), 345), index: 6 };
        assert_eq!(position.to_string(), "12-345-6");
        assert_eq!(Position::parse("12-345-6"), Some(position));
        for text in ["", "12", "12-345", "12-345-", "a-b-c", "12-345-6-7x", "-1-2-3", "12-99999999-1"] {
            assert_eq!(Position::parse(text), None, "{text}");
        }
    }
}
