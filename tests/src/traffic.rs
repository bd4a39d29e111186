//! Real conversations as events: the timings of `tests/data/human-chat-timings.txt`, with a second speaker, a channel and a
//! customer's standing given to each by a hash of its name.
//!
//! The file has one conversation a line: name, first instant in seconds since 1970, then for each message `c` (customer)
//! or `r` (the other one) and the seconds since the message before, left out when they are none.

use wane_core::event::Event;
use wane_core::participant::Role;
use wane_core::signal::{EventType, SignalRole};
use wane_core::time::Timestamp;

/// One real conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chat {
    /// Its name in the data set.
    pub name: String,
    /// Who wrote (true: the customer), and when, in seconds since 1970.
    pub messages: Vec<(bool, i64)>,
}

/// The eight governed channels.
pub const CHANNELS: [&str; 8] = ["web", "in-app", "whatsapp", "messenger", "sms", "apple", "line", "byoc"];

/// The timings, as they lie in the repository.
pub const TIMINGS: &str = include_str!("../data/human-chat-timings.txt");

impl Chat {
    /// All conversations of the file; a line that is not one gives `None` in its place.
    pub fn read(text: &str) -> impl Iterator<Item = Option<Self>> {
        text.lines().filter(|line| !line.starts_with('#')).map(Self::read_line)
    }

    fn read_line(line: &str) -> Option<Self> {
        let mut fields = line.split(' ');
        let (name, start, messages) = (fields.next()?, fields.next()?, fields.next()?);
        let mut at: i64 = start.parse().ok()?;
        let mut read = Vec::new();
        let mut rest = messages;
        while let Some(speaker) = rest.chars().next() {
            let tail = rest.get(1..)?;
            let digits = tail.find(|c: char| !c.is_ascii_digit()).unwrap_or(tail.len());
            let (gap, next) = tail.split_at(digits);
            at += if gap.is_empty() { 0 } else { gap.parse::<i64>().ok()? };
            read.push((speaker == 'c', at));
            rest = next;
        }
        Some(Self { name: name.to_owned(), messages: read })
    }

    /// A number that belongs to this conversation for good (FNV-1a of its name).
    #[must_use]
    pub fn hash(&self) -> u64 {
        self.name
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    }

    /// One of these, by the part of the hash that `salt` names.
    fn pick<'a, T>(&self, salt: u64, among: &'a [T]) -> Option<&'a T> {
        let mixed = (self.hash() ^ salt.wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_mul(0xff51_afd7_ed55_8ccd) >> 33;
        among.get(usize::try_from(mixed).ok()? % among.len())
    }

    /// The channel it is put on.
    #[must_use]
    pub fn channel(&self) -> &'static str {
        self.pick(1, &CHANNELS).copied().unwrap_or("web")
    }

    /// Who the second speaker is taken for.
    #[must_use]
    pub fn other(&self) -> Role {
        self.pick(2, &[Role::Rep, Role::Bot, Role::Agent]).copied().unwrap_or(Role::Rep)
    }

    /// Whether its channel gives the customer's client a token.
    #[must_use]
    pub fn has_token(&self) -> bool {
        ["web", "in-app", "byoc"].contains(&self.channel())
    }

    /// Whether the customer is authenticated.
    #[must_use]
    pub fn authenticated(&self) -> bool {
        self.pick(3, &[false, true, false]).copied().unwrap_or_default()
    }

    /// After which message a bot or an agent hands over to a rep, in one conversation of three.
    fn handed_over_after(&self) -> Option<usize> {
        let wanted = self.pick(4, &[true, false, false]).copied().unwrap_or_default();
        (wanted && self.other() != Role::Rep).then_some(self.messages.len() / 2)
    }

    /// Whether the feed says who joins, or leaves it to be seen from the messages (L12).
    fn joins_are_told(&self) -> bool {
        self.pick(5, &[true, true, false]).copied().unwrap_or_default()
    }

    /// The conversation as events, each with its instant.
    ///
    /// A start, a token on the channels that have one, the second speaker's joining, and the messages; ids count from 1.
    #[must_use]
    pub fn events(&self) -> Vec<(Timestamp, Event)> {
        let mut told = Telling { chat: self, events: Vec::new() };
        let Some((_, first)) = self.messages.first() else { return Vec::new() };
        told.opening(*first);
        let mut other = self.other();
        for (index, (customer, at)) in self.messages.iter().enumerate() {
            if self.handed_over_after() == Some(index) {
                other = Role::Rep;
                told.push(*at, EventType::Handover, Some(SignalRole::Rep));
            }
            let role = if *customer { Role::Customer } else { other };
            told.push(*at, EventType::Message, Some(role.into()));
        }
        told.events
    }
}

struct Telling<'a> {
    chat: &'a Chat,
    events: Vec<(Timestamp, Event)>,
}

impl Telling<'_> {
    fn opening(&mut self, at: i64) {
        self.push(at, EventType::SessionStarted, Some(SignalRole::Customer));
        if let Some((_, start)) = self.events.last_mut() {
            start.facts.authenticated = Some(self.chat.authenticated());
        }
        if self.chat.has_token() {
            self.push(at, EventType::TokenIssued, None);
        }
        if self.chat.joins_are_told() {
            self.push(at, EventType::ParticipantJoined, Some(self.chat.other().into()));
        }
    }

    fn push(&mut self, seconds: i64, kind: EventType, role: Option<SignalRole>) {
        let Ok(at) = Timestamp::from_millis(seconds * 1_000) else { return };
        let mut event = Event::new(self.chat.name.as_str(), kind).on(self.chat.channel());
        event.id = Some(format!("{}-{}", self.chat.name, self.events.len() + 1).into());
        event.role = role;
        self.events.push((at, event));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_as_who_wrote_when() {
        let chat = Chat::read("# a remark\nabc 100 cr84c19cr\n").next().flatten().unwrap();
        assert_eq!(chat.name, "abc");
        assert_eq!(chat.messages, [(true, 100), (false, 184), (true, 203), (true, 203), (false, 203)]);
    }

    #[test]
    fn what_is_no_conversation_is_seen() {
        assert_eq!(Chat::read("abc 100").collect::<Vec<_>>(), [None]);
        assert_eq!(Chat::read("abc soon c").collect::<Vec<_>>(), [None]);
    }
}
