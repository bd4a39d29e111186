//! Live sessions with three deadlines each in a shard: memory, the cost of an event, snapshots, previews.
//!
//! `cargo run --release -p wane-bench-runtime --bin sessions -- [SESSIONS]`
//!
//! The sessions are those of one shard on one thread; a node has one for each core. An event is decided whole: looked up,
//! unpacked, stepped, packed, filed, its record encoded, the clock ticking a millisecond for every 16 events.

mod measure;

use std::sync::Arc;
use std::time::Duration;
use std::{env, io};

use measure::{line, processor, resident};
use wane_core::engine::Engine;
use wane_core::event::Event;
use wane_core::participant::Role;
use wane_core::rules::{self, files::Files};
use wane_core::signal::EventType;
use wane_core::time::Timestamp;
use wane_runtime::batch::Batch;
use wane_runtime::epoch::Epoch;
use wane_runtime::shard::{Preview, Settings, Shard};
use wane_wire::record::{Address, Ordinal, Sequence};

const START: i64 = 1_767_225_600_000;
const DAY: i64 = 86_400_000;
const EVENTS: u64 = 3_000_000;

const RULES: &str = r#"
[timers.quiet]
restart_on = ["message:customer"]
on_lapse   = ["end-session"]
on_reload  = "recompute"
[timers.token]
scope      = "conversation"
restart_on = ["message:customer"]
on_lapse   = []
[timers.long]
restart_on = ["message:customer"]
on_lapse   = ["end-session", "end-conversation"]
[[rules]]
id = "quiet"
timer = "quiet"
after = "QUIET"
[[rules]]
id = "token"
timer = "token"
after = "6h"
[[rules]]
id = "long"
timer = "long"
after = "72h"
"#;

fn engine(quiet: &str) -> io::Result<Arc<Engine>> {
    let mut files = Files::default();
    files.insert("rules.toml", RULES.replace("QUIET", quiet));
    let rules = rules::load(&files).0.ok_or_else(|| io::Error::other("the rules are wrong"))?;
    Ok(Arc::new(Engine::new(Arc::new(rules))))
}

fn main() -> io::Result<()> {
    let sessions: u64 = env::args().nth(1).and_then(|word| word.parse().ok()).unwrap_or(1_000_000);
    let mut node = Node { shard: shard(&engine("2h")?), batch: Batch::default(), block: 0, now: START };
    line(&format!("{sessions} sessions with three running timers each, one shard"));
    let before = resident();
    let spent = measured(|| {
        for number in 0..sessions {
            node.now = START + (number * 60_000 / sessions).cast_signed();
            node.event(&message(number, None));
        }
    });
    node.seal();
    node.tick();
    let held = resident() - before;
    let per = |bytes: f64| bytes / sessions as f64;
    line(&format!("  resident   {:>8.0} bytes a session ({:.2} GiB)", per(held), held / (1 << 30) as f64));
    line(&format!("  open       {:>8.0} ns each", spent.as_nanos() as f64 / sessions as f64));
    events(&mut node, sessions);
    let before = resident();
    for number in 0..sessions {
        node.event(&message(number, Some(number)));
    }
    node.seal();
    line(&format!("  id         {:>8.0} bytes a remembered id", per(resident() - before)));
    preview(&node)?;
    recovery(node)
}

/// Messages in random sessions. What making the messages takes is measured apart and left out.
fn events(node: &mut Node, sessions: u64) {
    let next = |random: &mut u64| {
        *random ^= *random << 13;
        *random ^= *random >> 7;
        *random ^= *random << 17;
        message(*random % sessions, None)
    };
    let mut random = 88_172_645_463_325_252_u64;
    let made = measured(|| (0..EVENTS).for_each(|_| drop(std::hint::black_box(next(&mut random)))));
    let mut worst = Duration::ZERO;
    let spent = measured(|| {
        for number in 0..EVENTS {
            node.event(&next(&mut random));
            if number % 16 == 0 {
                node.now += 1;
                worst = worst.max(measured(|| node.tick()));
            }
        }
    });
    let nanos = spent.saturating_sub(made).as_nanos() as f64 / EVENTS as f64;
    line(&format!("  event      {nanos:>8.0} ns, worst tick {:.3} ms", worst.as_secs_f64() * 1e3));
}

fn preview(node: &Node) -> io::Result<()> {
    let (new, now) = (engine("3h")?, Timestamp::from_millis(node.now).map_err(io::Error::other)?);
    let (mut found, mut cursor) = (Preview::default(), Some(0));
    let spent = measured(|| {
        while let Some(from) = cursor {
            cursor = node.shard.preview(&new, now, (from, 1_024), &mut found);
        }
    });
    line(&format!(
        "  preview    {:>8.2} s for {} conversations, {} later",
        spent.as_secs_f64(),
        found.conversations,
        found.later
    ));
    Ok(())
}

fn recovery(mut node: Node) -> io::Result<()> {
    let (mut pieces, mut cursor) = (Vec::new(), Some(0));
    let spent = measured(|| {
        while let Some(from) = cursor {
            let mut piece = Vec::new();
            cursor = node.shard.snapshot(from, 4_096, &mut piece);
            pieces.push(piece);
        }
    });
    let bytes: usize = pieces.iter().map(Vec::len).sum();
    line(&format!("  snapshot   {:>8.2} s, {:.2} GB", spent.as_secs_f64(), bytes as f64 / 1e9));
    drop(node);
    let mut again = shard(&engine("2h")?);
    let mut said = Ok(());
    let spent = measured(|| said = pieces.iter().try_for_each(|piece| again.restore(piece)));
    said.map_err(io::Error::other)?;
    line(&format!("  restore    {:>8.2} s, {} conversations", spent.as_secs_f64(), again.figures().conversations));
    let now = Timestamp::from_millis(START).map_err(io::Error::other)?;
    let spent = measured(|| {
        again.tick(now, 1, &mut Batch::default());
    });
    line(&format!("  first tick {:>8.2} s", spent.as_secs_f64()));
    Ok(())
}

struct Node {
    shard: Shard,
    batch: Batch,
    block: u64,
    now: i64,
}

impl Node {
    fn at(&self) -> Timestamp {
        Timestamp::EPOCH.plus_millis(self.now)
    }

    fn event(&mut self, event: &Event) {
        self.shard.event(self.at(), event, &mut self.batch);
        if self.batch.is_full() {
            self.seal();
        }
    }

    fn tick(&mut self) {
        while self.shard.tick(self.at(), 512, &mut self.batch) == 512 {
            self.seal();
        }
    }

    fn seal(&mut self) {
        self.block += 1;
        self.shard.seal(&mut self.batch, Address::new(Sequence(self.block), 0));
        self.batch.clear();
    }
}

fn shard(engine: &Arc<Engine>) -> Shard {
    let settings =
        Settings { index: 0, shards: 1, key: [7; 16], ids_for: 8 * DAY, ended_for: 30 * DAY, idle_for: 90 * DAY };
    let mut shard = Shard::new(settings);
    let now = Timestamp::EPOCH.plus_millis(START);
    shard.epoch(Epoch::Rules { ordinal: Ordinal(1), now, engine: Arc::clone(engine) });
    shard
}

fn message(number: u64, id: Option<u64>) -> Event {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let name = format!("{:08x}-6f0c-4c0b-9d53-{:012x}", mixed >> 32, number);
    let mut event = Event::new(name, EventType::Message).by(Role::Customer).on("web");
    event.id = id.map(|id| format!("{id:032x}").into());
    event
}

fn measured(mut work: impl FnMut()) -> Duration {
    let before = processor();
    work();
    processor() - before
}
