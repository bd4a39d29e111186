//! A whole step of the engine under the stock rules: event in, clock and timers moved, effects out.

use std::path::Path;
use std::sync::Arc;
use std::{fs, io};

use wane_core::effect::Outcome;
use wane_core::engine::Engine;
use wane_core::event::Event;
use wane_core::participant::Role;
use wane_core::rules::files::Files;
use wane_core::session::Conversation;
use wane_core::signal::EventType;
use wane_core::time::Timestamp;

use crate::engines::wane;
use crate::measure::{self, Plan, Work};
use crate::report::{Target, line, nanos};

/// From one message to the next.
const GAP: i64 = 90_000;
/// As many messages as there are ids before the first one comes again: more than the seven days that ids are kept for.
const IDS: usize = 8_192;
/// The stock rules leave customer inactivity off; here it is on.
const INACTIVITY: &str = "[[rules]]\nid = \"inactivity\"\ntimer = \"inactivity\"\nchannel = \"web\"\nafter = \"10m\"\n";

/// Measures the kinds of step, prints them, and gives their targets.
///
/// # Errors
/// When the stock rules can not be read.
pub fn steps(plan: Plan) -> io::Result<Vec<Target>> {
    let engine = Engine::new(Arc::new(wane::ruleset(&stock()?)));
    let names = [
        "the customer writes to a bot: the bot timeout restarts",
        "the same, each message with an id, those of 7 days remembered",
        "a message of the last days once more: the first answer",
        "customer and rep in turns: inactivity stops and starts",
        "a session opens, a bot joins, 2 h later the bot timeout ends it",
    ];
    let mut works: [Work<'_>; 5] = [
        Live::new(&engine, Role::Bot).writes(vec![message(Role::Customer)]),
        Live::new(&engine, Role::Bot).writes(with_ids()),
        Live::new(&engine, Role::Bot).repeats(),
        Live::new(&engine, Role::Rep).writes(vec![message(Role::Customer), message(Role::Rep)]),
        Live::new(&engine, Role::Bot).lapses(),
    ];
    let costs = measure::costs(&mut works, plan);
    line("");
    for (name, cost) in names.iter().zip(&costs) {
        line(&format!("  Wane, {name:<66} {:>10} {:>8.2} allocations", nanos(cost.nanos), cost.allocations));
    }
    let one = names.iter().zip(&costs).take(4);
    Ok(one.map(|(name, cost)| Target::at_most(&format!("a step: {name}"), 1_000.0, cost.nanos)).collect())
}

/// The stock rules as they are in the repository, and inactivity switched on.
fn stock() -> io::Result<Files> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules");
    let mut files = Files::default();
    for directory in ["", "channels"] {
        for entry in fs::read_dir(top.join(directory))? {
            let path = entry?.path();
            if path.extension().is_some_and(|kind| kind == "toml") {
                let name = path.strip_prefix(&top).map_err(io::Error::other)?.to_string_lossy().into_owned();
                files.insert(name, fs::read(&path)?);
            }
        }
    }
    files.insert("zz-bench.toml", INACTIVITY);
    Ok(files)
}

fn message(by: Role) -> Event {
    Event::new("c1", EventType::Message).by(by).on("web")
}

fn with_ids() -> Vec<Event> {
    (0..IDS)
        .map(|number| Event { id: Some(format!("message-{number:08}").into()), ..message(Role::Customer) })
        .collect()
}

/// A conversation with an open session, and its clock.
struct Live<'a> {
    engine: &'a Engine,
    conversation: Option<Conversation>,
    now: Timestamp,
}

impl<'a> Live<'a> {
    fn new(engine: &'a Engine, handler: Role) -> Self {
        let now = Timestamp::parse("2026-01-05T09:00:00Z").expect("a valid instant");
        let mut live = Self { engine, conversation: None, now };
        live.take(&message(Role::Customer), &Outcome::Applied);
        live.take(&Event::new("c1", EventType::ParticipantJoined).by(handler), &Outcome::Applied);
        live
    }

    fn take(&mut self, event: &Event, expected: &Outcome) -> usize {
        let answer = self.engine.step(&mut self.conversation, self.now, event);
        assert_eq!(answer.outcome, *expected, "{event:?}");
        answer.effects.len()
    }

    /// The events in turns. None of them ends anything.
    fn writes(mut self, events: Vec<Event>) -> Work<'a> {
        let mut turn = 0;
        Box::new(move |_, count| {
            let mut effects = 0;
            for _ in 0..count {
                self.now = self.now.plus_millis(GAP);
                effects += self.take(&events[turn], &Outcome::Applied);
                turn = (turn + 1) % events.len();
            }
            assert_eq!(effects, 0, "a message in a live session has no effects");
            count
        })
    }

    /// Messages of the last days once more, all of them remembered.
    fn repeats(mut self) -> Work<'a> {
        let events = with_ids();
        for event in &events {
            self.now = self.now.plus_millis(GAP / 2);
            self.take(event, &Outcome::Applied);
        }
        let mut turn = 0;
        Box::new(move |_, count| {
            for _ in 0..count {
                self.take(&events[turn], &Outcome::Duplicate);
                turn = (turn + 1) % events.len();
            }
            count
        })
    }

    /// A session from its opening to its end by the bot timeout.
    fn lapses(mut self) -> Work<'a> {
        let joins = Event::new("c1", EventType::ParticipantJoined).by(Role::Bot);
        let writes = message(Role::Customer);
        Box::new(move |_, count| {
            let mut ended = 0;
            for _ in 0..count {
                self.now = self.now.plus_millis(3 * 3_600_000);
                let conversation = self.conversation.as_mut().expect("the conversation is known");
                ended += usize::from(!self.engine.advance(conversation, self.now).is_empty());
                self.take(&writes, &Outcome::Applied);
                self.take(&joins, &Outcome::Applied);
            }
            assert_eq!(ended, count, "every session ends");
            ended
        })
    }
}
