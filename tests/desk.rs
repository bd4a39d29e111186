//! The keeper of rulesets over a real shard and real directories: what a preview says is what an activation then does, and
//! of a directory that is being written only the end of it is ever put in force.

#![expect(clippy::expect_used, reason = "a test that can not be set up fails")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use wane_core::engine::Engine;
use wane_core::event::Event;
use wane_core::facts::Name;
use wane_core::participant::Role;
use wane_core::rules::files::Files;
use wane_core::ruleset::Ruleset;
use wane_core::signal::EventType;
use wane_core::time::Timestamp;
use wane_runtime::batch::Batch;
use wane_runtime::block::Builder;
use wane_runtime::epoch::Epoch;
use wane_runtime::shard::{Preview, Settings, Shard};
use wane_server::desk::look::look;
use wane_server::desk::quiet::Quiet;
use wane_server::desk::{Activated, Desk, Proposal, Refusal, Running};
use wane_server::node::NodeError;
use wane_wire::record::{Ordinal, Sequence};

/// A timer of that length that follows new rules at once, and one that keeps its deadline.
fn rules(quiet: &str) -> String {
    format!(
        "[timers.quiet]\nrestart_on = [\"message:customer\"]\non_reload = \"recompute\"\non_lapse = [\"end-session\"]\n\n\
         [timers.slow]\nrestart_on = [\"message:rep\"]\non_lapse = [{{ notify = \"slow\", to = \"rep\" }}]\n\n\
         [[rules]]\nid = \"slow\"\ntimer = \"slow\"\nafter = \"90m\"\n\n\
         [[rules]]\nid = \"quiet\"\ntimer = \"quiet\"\nafter = \"{quiet}\"\n"
    )
}

fn files(quiet: &str) -> Files {
    let mut files = Files::default();
    files.insert("rules.toml", rules(quiet));
    files
}

/// A node of one shard, without threads and without a log.
#[derive(Clone)]
struct Stage(Arc<Mutex<Live>>);

struct Live {
    shard: Shard,
    now: Timestamp,
    active: (Ordinal, Arc<Ruleset>),
    blocks: Builder,
}

impl Live {
    fn put_in_force(&mut self, ordinal: Ordinal, rules: Arc<Ruleset>) {
        self.shard.epoch(Epoch::Rules { ordinal, now: self.now, engine: Arc::new(Engine::new(rules.clone())) });
        self.active = (ordinal, rules);
    }

    fn round<T>(&mut self, work: impl FnOnce(&mut Shard, Timestamp, &mut Batch) -> T) -> T {
        let mut batch = Batch::default();
        let done = work(&mut self.shard, self.now, &mut batch);
        let base = self.blocks.place(batch.bytes().len());
        self.shard.seal(&mut batch, base);
        self.blocks.add(batch.bytes());
        done
    }

    /// What the shard's thread does when nothing comes in: conversations go over to new rules, and what is due lapses.
    fn work(&mut self) {
        while self.round(|shard, now, batch| shard.tidy(now, 1_000, batch)) {}
        while self.round(|shard, now, batch| shard.tick(now, 1_000, batch)) > 0 {}
    }

    fn next_of(&self, conversation: &str) -> Option<Timestamp> {
        let view = self.shard.view(conversation).expect("it is kept");
        view.engine.next_wake(&view.state)
    }
}

impl Stage {
    fn new(initial: &Files) -> Self {
        let rules = Arc::new(wane_core::rules::load(initial).0.expect("good rules"));
        let day = 24 * 60 * 60_000;
        let settings =
            Settings { index: 0, shards: 1, key: [7; 16], ids_for: 8 * day, ended_for: 30 * day, idle_for: 90 * day };
        let now = Timestamp::parse("2026-03-01T09:00:00Z").expect("valid");
        let (shard, blocks) = (Shard::new(settings), Builder::new(Sequence(1)));
        let mut live = Live { shard, now, active: (Ordinal(1), rules.clone()), blocks };
        live.put_in_force(Ordinal(1), rules);
        Self(Arc::new(Mutex::new(live)))
    }

    fn with<T>(&self, work: impl FnOnce(&mut Live) -> T) -> T {
        work(&mut self.0.lock().expect("whole"))
    }
}

impl Running for Stage {
    fn now(&self) -> Timestamp {
        self.with(|live| live.now)
    }

    fn rules(&self) -> (Ordinal, Arc<Ruleset>) {
        self.with(|live| live.active.clone())
    }

    fn durable(&self) -> Sequence {
        Sequence(1)
    }

    async fn activate(&self, rules: Arc<Ruleset>, _: Name) -> Result<Ordinal, NodeError> {
        Ok(self.with(|live| {
            let ordinal = Ordinal(live.active.0.0 + 1);
            live.put_in_force(ordinal, rules);
            ordinal
        }))
    }
}

async fn activate(desk: &Desk, node: &Stage, files: Files) -> Result<Activated, Refusal> {
    desk.activate(node, Proposal { files: Arc::new(files), by: "ana".into(), if_active: None }).await
}

/// Sixty conversations, one a minute; every third is waiting for the customer, so that only the slow timer runs.
fn conversations(node: &Stage) -> Vec<String> {
    let names: Vec<String> = (0..60).map(|number| format!("c{number}")).collect();
    for (number, name) in names.iter().enumerate() {
        let role = if number % 3 == 0 { Role::Rep } else { Role::Customer };
        node.with(|live| {
            live.now = live.now.plus_millis(60_000);
            let started = Event::new(name.as_str(), EventType::SessionStarted).on("web");
            live.round(|shard, now, batch| shard.event(now, &started, batch));
            let said = Event::new(name.as_str(), EventType::Message).by(role);
            live.round(|shard, now, batch| shard.event(now, &said, batch));
        });
    }
    names
}

#[tokio::test]
async fn what_the_preview_says_is_what_the_activation_then_does() {
    let data = tempfile::tempdir().expect("a directory");
    let (desk, node) = (Desk::open(data.path()).expect("it opens"), Stage::new(&files("2h")));
    let names = conversations(&node);
    let before: Vec<_> = node.with(|live| names.iter().map(|name| live.next_of(name)).collect());

    let rules = Arc::new(wane_core::rules::load(&files("30m")).0.expect("good rules"));
    let (engine, mut preview) = (Arc::new(Engine::new(rules.clone())), Preview::default());
    let end = node.with(|live| live.shard.preview(&engine, live.now, (0, 1_000), &mut preview));
    assert_eq!((end, preview.conversations), (None, 60));
    let unmoved: Vec<_> = node.with(|live| names.iter().map(|name| live.next_of(name)).collect());
    assert_eq!(unmoved, before, "a preview changes nothing");

    activate(&desk, &node, files("30m")).await.expect("good rules");
    let after: Vec<_> = node.with(|live| names.iter().map(|name| live.next_of(name)).collect());
    let now = node.now();
    let due: BTreeSet<&String> = names
        .iter()
        .zip(&after)
        .filter(|(_, next)| next.is_some_and(|next| next <= now))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(preview.lapse_now, due.len() as u64);
    assert!(!due.is_empty() && preview.examples.iter().all(|name| due.contains(&name.to_string())));
    let quiet = rules.find_timer("quiet").expect("declared");
    assert_eq!(preview.lapse_by_timer[usize::from(quiet.0)], due.len() as u64, "the other one keeps its deadline");
    assert_eq!(preview.lapse_by_timer.iter().sum::<u64>(), due.len() as u64);
    let moved = |later: fn(Timestamp, Timestamp) -> bool| {
        let pairs = before.iter().zip(&after).filter_map(|(was, next)| Some((was.as_ref()?, next.as_ref()?)));
        pairs.filter(|(was, next)| later(**was, **next) && **next > now).count() as u64
    };
    assert_eq!(preview.earlier, moved(|was, next| next < was));
    assert_eq!(preview.later, moved(|was, next| next > was));
    assert_eq!(preview.unchanged, moved(|was, next| next == was));
    assert!(preview.earlier > 0 && preview.unchanged > 0);
    node.with(Live::work);
    let rested: Vec<_> = node.with(|live| names.iter().map(|name| live.next_of(name)).collect());
    let lapsed =
        names.iter().zip(after.iter().zip(&rested)).filter(|(_, (due, rest))| due != rest).map(|(name, _)| name);
    assert_eq!(lapsed.collect::<BTreeSet<_>>(), due, "these lapse at once, and no others");
}

#[tokio::test]
async fn a_rollback_leads_back_to_the_same_deadlines() {
    let data = tempfile::tempdir().expect("a directory");
    let (desk, node) = (Desk::open(data.path()).expect("it opens"), Stage::new(&files("5h")));
    activate(&desk, &node, files("2h")).await.expect("good rules");
    let names = conversations(&node);
    let before: Vec<_> = node.with(|live| names.iter().map(|name| live.next_of(name)).collect());
    activate(&desk, &node, files("3h")).await.expect("good rules");
    let version = desk.meant(None, node.rules().1.hash).expect("the one before");
    let files = desk.bundles().files(version.hash).expect("it is kept");
    let done = activate(&desk, &node, files).await.expect("they were good");
    assert_eq!((done.changed, done.ordinal), (true, Ordinal(4)));
    assert_eq!(node.with(|live| names.iter().map(|name| live.next_of(name)).collect::<Vec<_>>()), before);
}

/// Watches a directory that is written to as time goes by; what was put in force, and when.
async fn watch(dir: &Path, mut happens: impl FnMut(u64)) -> Vec<(u64, String)> {
    let data = tempfile::tempdir().expect("a directory");
    let (desk, node) = (Desk::open(data.path()).expect("it opens"), Stage::new(&files("2h")));
    let mut quiet = Quiet::new(Some(node.rules().1.hash.0));
    let mut done = Vec::new();
    for now in (0..30_000).step_by(50) {
        happens(now);
        quiet.stirred(now);
        if quiet.due().is_none_or(|due| due > now) {
            continue;
        }
        let seen = look(dir);
        if quiet.looked(now, seen.look) {
            let result = match seen.files {
                Ok(files) => {
                    activate(&desk, &node, files).await.map(|done| done.hash.to_string()).map_err(|e| e.to_string())
                }
                Err(error) => Err(error.to_string()),
            };
            done.push((now, result.unwrap_or_else(|error| error)));
        }
    }
    done
}

fn write(dir: &Path, name: &str, content: &[u8]) {
    fs::write(dir.join(name), content).expect("written");
}

#[tokio::test]
async fn of_a_file_that_is_written_slowly_only_the_whole_is_put_in_force() {
    let dir = tempfile::tempdir().expect("a directory");
    let whole = rules("45m").into_bytes();
    // A byte more every 50 ms; many of these halves are valid rule files.
    let halves = (1..whole.len()).filter(|end| {
        let mut half = Files::default();
        half.insert("rules.toml", &whole[..*end]);
        wane_core::rules::load(&half).0.is_some()
    });
    assert!(halves.count() > 0, "the test is about halves that are valid");
    let done = watch(dir.path(), |now| {
        let end = usize::try_from(now / 50).expect("small") + 1;
        if end <= whole.len() {
            write(dir.path(), "rules.toml", &whole[..end]);
        }
    })
    .await;
    assert_eq!(done.into_iter().map(|(_, what)| what).collect::<Vec<_>>(), [files("45m").hash().to_string()]);
}

#[tokio::test]
async fn a_storm_of_renames_ends_in_one_activation() {
    let dir = tempfile::tempdir().expect("a directory");
    let done = watch(dir.path(), |now| {
        if now < 5_000 {
            let length = format!("{}m", 10 + now / 50);
            write(dir.path(), ".rules.toml.x7Fq2a", rules(&length).as_bytes());
            fs::rename(dir.path().join(".rules.toml.x7Fq2a"), dir.path().join("rules.toml")).expect("renamed");
        }
    })
    .await;
    let last = files(&format!("{}m", 10 + 4_950 / 50)).hash().to_string();
    assert!(matches!(done.as_slice(), [(at, hash)] if *hash == last && (5_950..=6_600).contains(at)), "{done:?}");
}

#[tokio::test]
async fn a_broken_directory_is_told_once_and_mended_by_the_next_change() {
    let dir = tempfile::tempdir().expect("a directory");
    write(dir.path(), "rules.toml", rules("a while").as_bytes());
    let done = watch(dir.path(), |now| {
        if now == 10_000 {
            write(dir.path(), "rules.toml", rules("50m").as_bytes());
        }
    })
    .await;
    let [(_, refused), (_, hash)] = done.as_slice() else { unreachable!("two things happen: {done:?}") };
    assert!(refused.contains("rules.toml:"), "{refused}");
    assert_eq!(*hash, files("50m").hash().to_string());
}
