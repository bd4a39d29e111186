//! What is looked up by name or listed by time and is no longer in memory: conversations that ended.
//!
//! Everything in it comes from the log, so it may be lost: it says up to which block it was made ([`Index::through`]), and
//! whoever has the log gives it the rest. Commits are not durable by themselves, and so cost no sync; [`Index::persist`]
//! makes them so, and must be called before blocks are released from the log that it was made from.

use std::io::ErrorKind;
use std::path::Path;

use redb::{Database, Durability, ReadableDatabase, ReadableTable, TableDefinition};
use thiserror::Error;
use wane_core::facts::Name;
use wane_core::time::Timestamp;
use wane_wire::record::{Address, Sequence};

/// When it ended, last record, channel, summary.
type Row = (i64, u64, &'static str, &'static str);

const CONVERSATIONS: TableDefinition<'static, &str, Row> = TableDefinition::new("conversations");
const BY_TIME: TableDefinition<'static, (i64, &str), ()> = TableDefinition::new("by-time");
const STATE: TableDefinition<'static, &str, u64> = TableDefinition::new("state");
/// Changes when the tables do; an index of another version is made anew.
const VERSION: u64 = 1;

/// A conversation that ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub conversation: Name,
    /// Its last record: where its history begins to be walked back.
    pub last: Address,
    /// When it ended.
    pub ended_at: Timestamp,
    /// Its channel.
    pub channel: Name,
    /// A few words or a little JSON for lists; whatever the caller puts there.
    pub summary: Name,
}

/// What happened to a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It ended, or got another record after that: takes the place of what was known of it.
    Ended(Entry),
    /// It is live again, or forgotten.
    Removed(Name),
}

/// Where a page ended: by time, then by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// When the last one of the page ended.
    pub ended_at: Timestamp,
    /// Its name.
    pub conversation: Name,
}

/// Which ones come first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Those that ended last.
    #[default]
    Newest,
    /// Those that ended first.
    Oldest,
}

/// The index does not work; it can be removed and made again.
#[derive(Debug, Error)]
pub enum IndexError {
    /// The file can not be used.
    #[error("the index `{path}` can not be used: {error}")]
    File {
        /// Which.
        path: String,
        /// Why.
        #[source]
        error: Box<redb::Error>,
    },
    /// Something failed in between.
    #[error("the index failed: {0}")]
    Inside(#[source] Box<redb::Error>),
}

/// Whether a new index would do better; a disk that fails, or another process, is no reason to remove one.
fn is_damage(error: &redb::Error) -> bool {
    use redb::Error::{DatabaseAlreadyOpen, Io, LockProtocolMismatch, PreviousIo};
    if let Io(error) = error {
        return [ErrorKind::InvalidData, ErrorKind::UnexpectedEof].contains(&error.kind());
    }
    !matches!(error, DatabaseAlreadyOpen | LockProtocolMismatch | PreviousIo)
}

fn inside(error: impl Into<redb::Error>) -> IndexError {
    IndexError::Inside(Box::new(error.into()))
}

/// The index of conversations that ended.
#[derive(Debug)]
pub struct Index {
    database: Database,
    replaced: bool,
}

impl Index {
    /// Opens the index in that file. A missing one is made; a damaged one, or one of another version, is replaced by an
    /// empty one. [`Index::through`] tells from where to feed it.
    ///
    /// # Errors
    /// When not even an empty one can be made there, or another process has it open.
    pub fn open(path: &Path) -> Result<Self, IndexError> {
        let file = |error: redb::Error| IndexError::File { path: path.display().to_string(), error: Box::new(error) };
        match Self::usable(path) {
            Ok(database) => return Ok(Self { database, replaced: false }),
            Err(error) if !is_damage(&error) => return Err(file(error)),
            Err(_) => {}
        }
        std::fs::remove_file(path).map_err(|error| file(error.into()))?;
        let database = Self::usable(path).map_err(file)?;
        Ok(Self { database, replaced: true })
    }

    fn usable(path: &Path) -> Result<Database, redb::Error> {
        let database = Database::create(path)?;
        let write = database.begin_write()?;
        let known = {
            write.open_table(CONVERSATIONS)?;
            write.open_table(BY_TIME)?;
            let mut state = write.open_table(STATE)?;
            let known = state.get("version")?.map(|version| version.value());
            if known.is_none() {
                state.insert("version", VERSION)?;
            }
            known
        };
        write.commit()?;
        match known {
            None | Some(VERSION) => Ok(database),
            Some(_) => Err(redb::Error::UpgradeRequired(0)),
        }
    }

    /// Whether a damaged or older index had to give way when this one was opened.
    #[must_use]
    pub const fn was_replaced(&self) -> bool {
        self.replaced
    }

    /// The last block of the log that it knows; 0 when it knows none.
    ///
    /// # Errors
    /// A failing file.
    pub fn through(&self) -> Result<Sequence, IndexError> {
        let read = self.database.begin_read().map_err(inside)?;
        let state = read.open_table(STATE).map_err(inside)?;
        let through = state.get("through").map_err(inside)?;
        Ok(Sequence(through.map_or(0, |through| through.value())))
    }

    /// Takes over what the blocks up to `through` say, in their order; all or nothing. Not durable yet.
    ///
    /// # Errors
    /// A failing file.
    pub fn apply(&self, changes: &[Change], through: Sequence) -> Result<(), IndexError> {
        self.write(changes, through, Durability::None).map_err(inside)
    }

    /// Makes durable what was applied so far.
    ///
    /// # Errors
    /// A failing file.
    pub fn persist(&self) -> Result<(), IndexError> {
        let through = self.through()?;
        self.write(&[], through, Durability::Immediate).map_err(inside)
    }

    /// Forgets everything: the log is another one, or ends before what is known here.
    ///
    /// # Errors
    /// A failing file.
    pub fn clear(&self) -> Result<(), IndexError> {
        let clear = || -> Result<(), redb::Error> {
            let write = self.database.begin_write()?;
            write.delete_table(CONVERSATIONS)?;
            write.delete_table(BY_TIME)?;
            write.open_table(CONVERSATIONS)?;
            write.open_table(BY_TIME)?;
            write.open_table(STATE)?.insert("through", 0)?;
            Ok(write.commit()?)
        };
        clear().map_err(inside)
    }

    fn write(&self, changes: &[Change], through: Sequence, durability: Durability) -> Result<(), redb::Error> {
        let mut write = self.database.begin_write()?;
        write.set_durability(durability)?;
        {
            let mut conversations = write.open_table(CONVERSATIONS)?;
            let mut by_time = write.open_table(BY_TIME)?;
            for change in changes {
                let name: &str = match change {
                    Change::Ended(entry) => &entry.conversation,
                    Change::Removed(name) => name,
                };
                let known = conversations.remove(name)?.map(|row| row.value().0);
                if let Some(ended_at) = known {
                    by_time.remove((ended_at, name))?;
                }
                if let Change::Ended(entry) = change {
                    let at = entry.ended_at.millis();
                    conversations.insert(name, (at, entry.last.0, &*entry.channel, &*entry.summary))?;
                    by_time.insert((at, name), ())?;
                }
            }
            write.open_table(STATE)?.insert("through", through.0)?;
        }
        Ok(write.commit()?)
    }

    /// A conversation that ended.
    ///
    /// # Errors
    /// A failing file.
    pub fn find(&self, conversation: &str) -> Result<Option<Entry>, IndexError> {
        let read = self.database.begin_read().map_err(inside)?;
        let conversations = read.open_table(CONVERSATIONS).map_err(inside)?;
        let row = conversations.get(conversation).map_err(inside)?;
        Ok(row.map(|row| entry(conversation, row.value())))
    }

    /// A page of conversations that ended: at most `limit`, after the cursor in that order, from the start without one.
    ///
    /// # Errors
    /// A failing file.
    pub fn ended(&self, order: Order, after: Option<&Cursor>, limit: usize) -> Result<Vec<Entry>, IndexError> {
        self.page(order, after, limit).map_err(inside)
    }

    fn page(&self, order: Order, after: Option<&Cursor>, limit: usize) -> Result<Vec<Entry>, redb::Error> {
        use std::ops::Bound::{Excluded, Unbounded};
        let read = self.database.begin_read()?;
        let (conversations, by_time) = (read.open_table(CONVERSATIONS)?, read.open_table(BY_TIME)?);
        let bound = after.map_or(Unbounded, |cursor| Excluded((cursor.ended_at.millis(), &*cursor.conversation)));
        let mut range = match order {
            Order::Newest => by_time.range::<(i64, &str)>((Unbounded, bound))?,
            Order::Oldest => by_time.range::<(i64, &str)>((bound, Unbounded))?,
        };
        let mut page = Vec::new();
        while page.len() < limit {
            let next = if order == Order::Newest { range.next_back() } else { range.next() };
            let Some(next) = next else { break };
            let (key, _) = next?;
            let (_, name) = key.value();
            page.extend(conversations.get(name)?.map(|row| entry(name, row.value())));
        }
        Ok(page)
    }
}

fn entry(conversation: &str, (ended_at, last, channel, summary): (i64, u64, &str, &str)) -> Entry {
    Entry {
        conversation: conversation.into(),
        last: Address(last),
        ended_at: Timestamp::EPOCH.plus_millis(ended_at),
        channel: channel.into(),
        summary: summary.into(),
    }
}
