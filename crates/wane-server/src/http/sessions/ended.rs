//! Sessions that ended, by the index that follows the log: also those that are no longer in memory.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tokio::time::timeout;
use wane_core::time::Timestamp;
use wane_store::index::{Cursor, Entry, IndexError, Order};

use super::SessionsPage;
use crate::app::App;
use crate::follow::Ended;
use crate::http::problem::Problem;

/// How long a list waits for the index to have what was durable when it was asked for.
const PATIENCE: Duration = Duration::from_millis(500);

/// The most entries that are looked at for one page.
const LOOK: usize = 20_000;

/// Entries that are read at once.
const PORTION: usize = 1_000;

/// Reads a cursor.
pub(super) fn cursor(text: &str) -> Option<Cursor> {
    let (at, name) = text.strip_prefix("ended.")?.split_once('.')?;
    let name = String::from_utf8(URL_SAFE_NO_PAD.decode(name).ok()?).ok()?;
    Some(Cursor { ended_at: Timestamp::from_millis(at.parse().ok()?).ok()?, conversation: name.as_str().into() })
}

fn shown(cursor: &Cursor) -> String {
    format!("ended.{}.{}", cursor.ended_at.millis(), URL_SAFE_NO_PAD.encode(&*cursor.conversation))
}

/// A page, newest first.
pub(super) async fn list(
    app: &App,
    channel: Option<String>,
    (after, limit): (Option<Cursor>, usize),
) -> Result<SessionsPage, Problem> {
    // What the caller has seen end is in the list; an index that is far behind does not hold anybody up.
    let _ = timeout(PATIENCE, app.ended.knows(app.node.durable())).await;
    let (entries, next) = looking(app, move |ended| page(ended, channel.as_deref(), (after, limit))).await?;
    Ok(SessionsPage { sessions: entries.iter().map(told).collect(), next: next.as_ref().map(shown) })
}

type Page = (Vec<Entry>, Option<Cursor>);

fn page(ended: &Ended, channel: Option<&str>, (mut after, limit): (Option<Cursor>, usize)) -> Result<Page, IndexError> {
    let (mut found, mut looked) = (Vec::new(), 0);
    while looked < LOOK {
        let portion = if channel.is_some() { PORTION } else { limit };
        let entries = ended.index.ended(Order::Newest, after.as_ref(), portion)?;
        let whole = entries.len() == portion;
        looked += entries.len();
        for entry in entries {
            after = Some(Cursor { ended_at: entry.ended_at, conversation: entry.conversation.clone() });
            if channel.is_none_or(|name| *entry.channel == *name) {
                found.push(entry);
            }
            if found.len() >= limit {
                return Ok((found, after));
            }
        }
        if !whole {
            return Ok((found, None));
        }
    }
    Ok((found, after))
}

/// A conversation that ended.
pub(super) async fn find(app: &App, conversation: &str) -> Result<Option<Entry>, Problem> {
    let name = conversation.to_owned();
    let found = looking(app, move |ended| ended.index.find(&name)).await?;
    // An entry whose records are all gone has nothing to tell.
    Ok(found.filter(|entry| entry.last.block() >= app.node.oldest()))
}

/// The index is a file, which may make its reader wait.
async fn looking<T, L>(app: &App, look: L) -> Result<T, Problem>
where
    T: Send + 'static,
    L: FnOnce(&Ended) -> Result<T, IndexError> + Send + 'static,
{
    let ended = Arc::clone(&app.ended);
    let looked = tokio::task::spawn_blocking(move || look(&ended)).await;
    looked.map_err(|error| Problem::internal(&error))?.map_err(|error| Problem::internal(&error))
}

/// The number of its last session.
pub(super) fn number(entry: &Entry) -> u32 {
    let (_, number) = entry.summary.split_once(' ').unwrap_or_default();
    number.parse().unwrap_or_default()
}

/// What is told of it.
pub(super) fn told(entry: &Entry) -> Value {
    let (name, number) = (&*entry.conversation, number(entry));
    json!({
        "conversation": name,
        "session": format!("{name}/{number}"),
        "channel": &*entry.channel,
        "status": "ended",
        "conversation_ended": entry.summary.starts_with("conversation"),
        "sessions": number,
        "ended": entry.ended_at.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_read_as_they_are_shown() {
        for (at, name) in [(0, "c1"), (1_772_355_600_000, "a/b c.😀"), (5, "")] {
            let ended_at = Timestamp::from_millis(at).expect("an instant");
            let one = Cursor { ended_at, conversation: name.into() };
            assert_eq!(cursor(&shown(&one)), Some(one));
        }
        for text in [
            "",
            "ended",
            "ended.",
            "ended.x.YzE",
            "ended.5",
            "ended.5.=",
            "ended.5._w",
            "1-2",
            "ended.99999999999999999999.YzE",
        ] {
            assert_eq!(cursor(text), None, "{text}");
        }
    }
}
