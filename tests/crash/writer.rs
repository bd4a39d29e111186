//! A client that sends events in lists, notes the answers, and sends a list again until it is answered.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::chance::Chance;
use crate::daemon::Link;
use crate::rules::CHANNELS;

/// An event that was answered.
pub(crate) struct Noted {
    event: Value,
    /// Its own effects. Those of deadlines that passed on the way are in the first answer only.
    effects: Vec<Value>,
}

pub(crate) struct Writer {
    number: u64,
    chance: Chance,
    sent: u64,
    /// A list that was not answered yet.
    open: Vec<Value>,
    /// By id.
    noted: BTreeMap<String, Noted>,
    /// Ids that were answered since [`Writer::check_again`].
    fresh: Vec<String>,
}

impl Writer {
    pub(crate) const fn new(number: u64, chance: Chance) -> Self {
        Self { number, chance, sent: 0, open: Vec::new(), noted: BTreeMap::new(), fresh: Vec::new() }
    }

    /// What was answered, by id.
    pub(crate) fn noted(&self) -> impl Iterator<Item = (&str, &str)> {
        self.noted.iter().map(|(id, noted)| (id.as_str(), text(&noted.event, "conversation")))
    }

    /// Sends lists until the daemon is gone.
    pub(crate) fn work(mut self, link: &Link, over: &AtomicBool) -> Self {
        while !over.load(Ordering::Acquire) {
            if self.open.is_empty() {
                self.open = (0..=self.chance.below(20)).map(|_| self.event()).collect();
            }
            if !self.send(link) {
                break;
            }
        }
        self
    }

    /// An event of a conversation in a window that moves on, so that old conversations fall silent; or an old one again.
    fn event(&mut self) -> Value {
        if self.chance.one_in(10)
            && let Some(id) = self.fresh.last()
            && let Some(noted) = self.noted.get(id)
        {
            return noted.event.clone();
        }
        self.sent += 1;
        let conversation = self.sent / 8 + self.chance.below(30);
        let (channel, _) = CHANNELS[usize::try_from(conversation % 3).expect("below 3")];
        let (id, name) = (format!("w{}-{}", self.number, self.sent), format!("c{}-{conversation}", self.number));
        json!({"id": id, "type": "message", "role": "customer", "conversation": name, "channel": channel})
    }

    /// Sends what is open; whether it was answered.
    fn send(&mut self, link: &Link) -> bool {
        let Some((status, answers)) = link.post("/v1/events", &Value::from(self.open.clone())) else { return false };
        if status == 503 {
            return false;
        }
        assert_eq!(status, 200, "{answers}");
        let answers = answers.as_array().expect("a list");
        assert_eq!(answers.len(), self.open.len());
        for (event, answer) in std::mem::take(&mut self.open).into_iter().zip(answers) {
            self.note(event, answer);
        }
        true
    }

    fn note(&mut self, event: Value, answer: &Value) {
        let id = text(&event, "id").to_owned();
        assert_eq!(answer["id"], event["id"]);
        let outcome = text(answer, "outcome");
        match self.noted.get(&id) {
            Some(noted) => {
                assert_eq!(outcome, "duplicate", "{answer}");
                assert_eq!(own(answer), noted.effects, "the first answer of {id} is another one now");
            }
            None => {
                // It may be known from a list that was taken, but whose answer was lost.
                assert!(["applied", "duplicate"].contains(&outcome), "{answer}");
                self.noted.insert(id.clone(), Noted { event, effects: own(answer) });
                self.fresh.push(id);
            }
        }
    }

    /// After a restart: what was answered before it is known, with its first answer.
    pub(crate) fn check_again(&mut self, link: &Link) {
        for _ in 0..10.min(self.fresh.len()) {
            let place = self.chance.below(self.fresh.len() as u64);
            let id = &self.fresh[usize::try_from(place).expect("small")];
            let noted = &self.noted[id];
            let path = format!("/v1/events/{id}?conversation={}", text(&noted.event, "conversation"));
            let (status, record) = link.get(&path).expect("it is up");
            assert_eq!(status, 200, "{id} was answered, and is lost: {record}");
            assert_eq!(own(&record), noted.effects, "the record of {id}");
        }
        self.open.extend(self.fresh.iter().rev().take(30).map(|id| self.noted[id].event.clone()));
        self.fresh.clear();
        assert!(self.send(link), "a daemon that is up answers");
    }

    /// Sends everything again: all of it is known.
    pub(crate) fn finish(&mut self, link: &Link) {
        self.check_again(link);
        let all: Vec<Value> = self.noted.values().map(|noted| noted.event.clone()).collect();
        for some in all.chunks(500) {
            self.open = some.to_vec();
            assert!(self.send(link), "a daemon that is up answers");
        }
    }
}

/// The effects of an answer or a record that are not of a deadline.
fn own(told: &Value) -> Vec<Value> {
    let effects = told["effects"].as_array().cloned().unwrap_or_default();
    effects.into_iter().filter(|effect| effect["cause"] != "lapse").collect()
}

pub(crate) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("no `{key}` in {value}"))
}
