//! Writes a log of chats as JSON Lines, the same one every time: `make_events [EVENTS [CONVERSATIONS]]`.
//!
//! Conversations overlap, come on all eight channels, and are handled by bots, agents and reps; some go quiet for hours.
//! It is what the speed and the memory of `wane simulate` are measured with (`docs/cli.md`).

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, BufWriter, Write};

use wane_core::time::Timestamp;

const CHANNELS: [&str; 8] = ["web", "in-app", "whatsapp", "messenger", "sms", "apple", "line", "byoc"];
const ROLES: [&str; 3] = ["rep", "bot", "agent"];
/// 2026-01-01T00:00:00Z
const START: i64 = 1_767_225_600_000;

/// A conversation that is going on.
struct Chat {
    number: u64,
    sent: u32,
    length: u32,
    /// Both are numbers of the tables above.
    channel: usize,
    other: usize,
}

fn main() -> io::Result<()> {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<u64>());
    let mut number = |default: u64| numbers.next().unwrap_or(Ok(default)).map_err(io::Error::other);
    let (events, lanes) = (number(1_000_000)?, number(1_000)?);
    let mut out = BufWriter::with_capacity(1 << 18, io::stdout().lock());
    let mut random = Random(0x5EED);
    let mut chats: Vec<Chat> = (0..lanes).map(|number| Chat::new(number, &mut random)).collect();
    let mut heap: BinaryHeap<Reverse<(i64, usize)>> =
        (0..chats.len()).map(|lane| Reverse((START + random.below(3_600_000), lane))).collect();
    let mut next = lanes;
    for id in 0..events {
        let Some(Reverse((at, lane))) = heap.pop() else { break };
        let Some(chat) = chats.get_mut(lane) else { break };
        let at_text = Timestamp::from_millis(at).map_err(io::Error::other)?;
        writeln!(out, "{{\"id\":\"{id}\",{},\"at\":\"{at_text}\"}}", chat.line())?;
        chat.sent += 1;
        if chat.sent == chat.length {
            *chat = Chat::new(next, &mut random);
            next += 1;
        }
        heap.push(Reverse((at + random.gap(), lane)));
    }
    out.flush()
}

impl Chat {
    fn new(number: u64, random: &mut Random) -> Self {
        let length = u32::try_from(random.below(24)).unwrap_or_default() + 4;
        Self { number, sent: 0, length, channel: random.index(CHANNELS.len()), other: random.index(ROLES.len()) }
    }

    /// The fields of its next event, without id and instant.
    fn line(&self) -> String {
        let channel = CHANNELS.get(self.channel).unwrap_or(&"web");
        let other = ROLES.get(self.other).unwrap_or(&"rep");
        let (kind, rest) = match self.sent {
            0 => ("session.started", format!(",\"by\":\"customer\",\"channel\":\"{channel}\",\"authenticated\":true")),
            1 => ("token.issued", String::new()),
            2 => ("participant.joined", format!(",\"role\":\"{other}\"")),
            even if even % 2 == 0 => ("message", format!(",\"role\":\"{other}\"")),
            _ => ("message", ",\"role\":\"customer\"".to_owned()),
        };
        format!("\"type\":\"{kind}\",\"conversation\":\"conversation-{}\"{rest}", self.number)
    }
}

/// A small generator of numbers that look random (xorshift, Marsaglia 2003).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: i64) -> i64 {
        i64::try_from(self.next() >> 2).unwrap_or_default() % limit
    }

    fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap_or_default() % length
    }

    /// Mostly seconds; sometimes minutes, now and then hours.
    fn gap(&mut self) -> i64 {
        match self.below(50) {
            0 => 3_600_000 + self.below(80 * 3_600_000),
            1..=5 => 60_000 + self.below(40 * 60_000),
            _ => 1_000 + self.below(90_000),
        }
    }
}
