//! The sample log `examples/chats.jsonl`: some fifty of the real conversations, moved to a week in March 2026, as events in the
//! form of the wire.
//!
//! Nothing is random: the same timings give the same file, and a test holds the two together.

use serde_json::{Map, Value, json};

use wane_core::event::Event;
use wane_core::participant::Role;
use wane_core::signal::{EventType, SignalRole};
use wane_core::time::Timestamp;

use crate::traffic::Chat;

/// 2026-03-02T08:00:00Z, a Monday.
const MONDAY: i64 = 1_772_438_400_000;
/// From the start of one conversation to that of the next.
const APART: i64 = 131 * 60_000 + 13_000;
const HOUR: i64 = 3_600;

/// Of each kind so many conversations, the first of the file.
const WANTED: [(&str, Pick, usize); 6] = [
    (
        "a bot, and a token that may lapse first",
        |chat| is(chat, Role::Bot) && chat.has_token() && lasts(chat) && !chat.authenticated(),
        12,
    ),
    ("a bot on other channels", |chat| is(chat, Role::Bot) && !chat.has_token(), 8),
    ("an agent, long", |chat| is(chat, Role::Agent) && lasts(chat), 9),
    ("an agent", |chat| is(chat, Role::Agent) && !lasts(chat), 8),
    ("a rep whose customer took their time", |chat| is(chat, Role::Rep) && chat.has_token() && pauses(chat), 10),
    ("a rep", |chat| is(chat, Role::Rep) && !pauses(chat), 5),
];

type Pick = fn(&Chat) -> bool;

fn is(chat: &Chat, role: Role) -> bool {
    chat.other() == role
}

fn length(chat: &Chat) -> i64 {
    chat.messages.last().map_or(0, |(_, last)| last - chat.messages.first().map_or(0, |(_, first)| *first))
}

fn lasts(chat: &Chat) -> bool {
    length(chat) > HOUR
}

/// Ten minutes without a word.
fn pauses(chat: &Chat) -> bool {
    chat.messages.windows(2).any(|pair| matches!(pair, [(_, before), (_, after)] if after - before > 600))
}

/// The conversations of the sample, in the order of their starts.
#[must_use]
pub fn chosen(chats: &[Chat]) -> Vec<&Chat> {
    let fit = |chat: &&Chat| (12..=90).contains(&chat.messages.len()) && length(chat) < 48 * HOUR;
    let mut chosen = Vec::new();
    for (_, pick, count) in WANTED {
        chosen.extend(chats.iter().filter(fit).filter(|chat| pick(chat)).take(count));
    }
    // Mixed, so that kinds and channels lie beside each other.
    chosen.sort_by_key(|chat| chat.hash());
    chosen
}

/// Every event of the sample with its instant, in the order of time.
#[must_use]
pub fn events(chats: &[Chat]) -> Vec<(Timestamp, Event)> {
    let mut events = Vec::new();
    for (start, chat) in (0..).map(|place| MONDAY + place * APART).zip(chosen(chats)) {
        let first = chat.messages.first().map_or(0, |(_, at)| at * 1_000);
        let told = chat.events().into_iter().chain(farewell(chat));
        events.extend(told.map(|(at, event)| (at.plus_millis(start - first), event)));
    }
    events.sort_by_key(|(at, _)| *at);
    events
}

/// The whole file, one event a line.
#[must_use]
pub fn lines(chats: &[Chat]) -> String {
    events(chats).iter().map(|(at, event)| format!("{}\n", line(*at, event))).collect()
}

/// One conversation in three says goodbye; the others leave that to the timers.
fn farewell(chat: &Chat) -> Option<(Timestamp, Event)> {
    let (last, _) = chat.events().pop()?;
    let role = match chat.hash() % 6 {
        0 => SignalRole::Customer,
        3 if chat.other() == Role::Rep => SignalRole::Rep,
        _ => return None,
    };
    let mut event = Event::new(chat.name.as_str(), EventType::SessionClosed).on(chat.channel()).by(role);
    event.id = Some(format!("{}-end", chat.name).into());
    Some((last.plus_millis(45_000), event))
}

/// An event as a line of JSON.
fn line(at: Timestamp, event: &Event) -> Value {
    let mut line = Map::new();
    line.insert("at".to_owned(), json!(at.to_string()));
    line.insert("type".to_owned(), json!(event.type_name()));
    line.insert("conversation".to_owned(), json!(&*event.conversation));
    let key = if event.type_name() == EventType::SessionStarted.name() { "by" } else { "role" };
    let texts = [("id", event.id.as_deref()), ("channel", event.channel.as_deref()), (key, event.role.map(name))];
    for (key, text) in texts {
        line.extend(text.map(|text| (key.to_owned(), json!(text))));
    }
    line.extend(event.facts.authenticated.map(|flag| ("authenticated".to_owned(), json!(flag))));
    Value::Object(line)
}

const fn name(role: SignalRole) -> &'static str {
    role.name()
}
