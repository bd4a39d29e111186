//! Changes of rules against a node that only remembers what it was told, and can be told to fail.

use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

/// A ruleset whose one timer has that length.
pub(super) fn files(after: &str) -> Files {
    let mut files = Files::default();
    files.insert(
        "quiet.toml",
        format!(
            "[timers.quiet]\nhandler = [\"rep\"]\nstart_on = [\"message:rep\"]\nstop_on = [\"message:customer\"]\n\
             on_lapse = [\"end-session\"]\n\n[[rules]]\nid = \"quiet\"\ntimer = \"quiet\"\nafter = \"{after}\"\n"
        ),
    );
    files
}

#[derive(Clone)]
struct Stage(Arc<Inside>);

struct Inside {
    bundles: Bundles,
    rules: Mutex<Vec<Arc<Ruleset>>>,
    busy: AtomicBool,
}

impl Stage {
    fn new(data: &Path) -> Self {
        let bundles = Bundles::open(data).expect("it opens");
        let hash = bundles.save(&files("10m")).expect("it is saved");
        let rules = Mutex::new(vec![bundles.load(hash).expect("good rules")]);
        Self(Arc::new(Inside { bundles, rules, busy: AtomicBool::new(false) }))
    }
}

impl Running for Stage {
    fn now(&self) -> Timestamp {
        Timestamp::EPOCH.plus_millis(i64::from(self.rules().0.0) * 60_000)
    }

    fn rules(&self) -> (Ordinal, Arc<Ruleset>) {
        let rules = self.0.rules.lock().expect("whole");
        (Ordinal(u32::try_from(rules.len()).expect("few")), rules.last().expect("the first").clone())
    }

    fn durable(&self) -> Sequence {
        Sequence(7)
    }

    async fn activate(&self, rules: Arc<Ruleset>, _: Name) -> Result<Ordinal, NodeError> {
        // What the log will name must be durable before the log does.
        let kept = self.0.bundles.files(rules.hash).expect("the bundle is there first");
        assert_eq!(kept.hash(), rules.hash);
        if self.0.busy.load(Ordering::Relaxed) {
            return Err(NodeError::Busy);
        }
        self.0.rules.lock().expect("whole").push(rules);
        Ok(self.rules().0)
    }
}

fn wanted(after: &str) -> Proposal {
    Proposal { files: Arc::new(files(after)), by: "ana".into(), if_active: None }
}

struct Scene {
    data: tempfile::TempDir,
    desk: Desk,
    node: Stage,
}

impl Scene {
    fn new() -> Self {
        let data = tempfile::tempdir().expect("a directory");
        let (desk, node) = (Desk::open(data.path()).expect("it opens"), Stage::new(data.path()));
        Self { data, desk, node }
    }

    async fn activate(&self, proposal: Proposal) -> Result<Activated, Refusal> {
        self.desk.activate(&self.node, proposal).await
    }

    fn active(&self) -> RulesetHash {
        self.node.rules().1.hash
    }
}

#[tokio::test]
async fn rules_are_put_in_force_whole_and_the_index_says_who_and_when() {
    let scene = Scene::new();
    let before = scene.active();
    let done = scene.activate(wanted("20m")).await.expect("good rules");
    assert_eq!((done.changed, done.ordinal, done.previous), (true, Ordinal(2), (Ordinal(1), before)));
    assert_eq!(scene.active(), files("20m").hash());
    let again = Desk::open(scene.data.path()).expect("it opens again");
    let at = Timestamp::from_millis(60_000).expect("valid");
    assert_eq!(again.versions(), [Version { ordinal: Ordinal(2), hash: done.hash, at, by: "ana".into() }]);
    assert!(scene.desk.attempt().is_some_and(|attempt| attempt.error.is_none()));
}

#[tokio::test]
async fn the_same_rules_again_change_nothing() {
    let scene = Scene::new();
    let done = scene.activate(wanted("10m")).await.expect("the rules in force");
    assert_eq!((done.changed, done.ordinal, scene.node.rules().0), (false, Ordinal(1), Ordinal(1)));
    assert!(scene.desk.versions().is_empty());
}

#[tokio::test]
async fn broken_rules_leave_the_old_ones_in_force_and_say_so() {
    let scene = Scene::new();
    let before = scene.active();
    let refusal = scene.activate(wanted("a while")).await.expect_err("broken rules");
    assert!(matches!(&refusal, Refusal::Broken(checked) if checked.errors() == 1), "{refusal:?}");
    assert_eq!(scene.active(), before);
    let attempt = scene.desk.attempt().expect("it is remembered");
    assert!(attempt.error.is_some_and(|error| error.contains("quiet.toml:10:")) && &*attempt.by == "ana");
    assert_eq!(attempt.findings.len(), 1);
    let bundle = scene.desk.bundles().files(files("a while").hash());
    assert!(matches!(bundle, Err(BundleError::Unknown(..))), "broken rules are not kept");
    scene.activate(wanted("30m")).await.expect("good rules");
    assert!(scene.desk.attempt().is_some_and(|attempt| attempt.error.is_none()));
}

#[tokio::test]
async fn who_was_slower_is_told_and_changes_nothing() {
    let scene = Scene::new();
    let seen = scene.active();
    let mine = Proposal { if_active: Some(seen), ..wanted("20m") };
    let theirs = Proposal { if_active: Some(seen), ..wanted("30m") };
    let (mine, theirs) = tokio::join!(scene.activate(mine), scene.activate(theirs));
    let lost = [mine, theirs].into_iter().filter_map(Result::err).collect::<Vec<_>>();
    assert!(
        matches!(lost.as_slice(), [Refusal::Moved { expected, active }] if *expected == seen && *active == scene.active())
    );
    assert_eq!(scene.node.rules().0, Ordinal(2), "one of them was first");
}

#[tokio::test]
async fn a_busy_node_refuses_and_may_be_asked_again() {
    let scene = Scene::new();
    scene.node.0.busy.store(true, Ordering::Relaxed);
    let refusal = scene.activate(wanted("20m")).await.expect_err("busy");
    assert!(matches!(refusal, Refusal::Node(NodeError::Busy)));
    assert_eq!((scene.node.rules().0, scene.desk.versions().len()), (Ordinal(1), 0));
    scene.node.0.busy.store(false, Ordering::Relaxed);
    assert_eq!(scene.activate(wanted("20m")).await.expect("now").ordinal, Ordinal(2));
}

#[tokio::test]
async fn a_change_is_finished_when_nobody_waits_for_it() {
    let scene = Scene::new();
    // Polled once, so that it began, and dropped.
    let begun = scene.activate(wanted("20m"));
    assert!(futures_util::FutureExt::now_or_never(begun).is_none());
    // The next change waits for the one before it.
    let done = scene.activate(wanted("30m")).await.expect("good rules");
    assert_eq!(done.previous, (Ordinal(2), files("20m").hash()));
}

#[tokio::test]
async fn versions_are_found_by_number_by_the_start_of_a_hash_and_backwards() {
    let scene = Scene::new();
    for after in ["20m", "30m", "20m"] {
        scene.activate(wanted(after)).await.expect("good rules");
    }
    let meant = |to: Option<&str>| scene.desk.meant(to, scene.active());
    assert_eq!(meant(None).expect("the one before").ordinal, Ordinal(3));
    assert_eq!(meant(Some("2")).expect("by number").ordinal, Ordinal(2));
    let start = files("20m").hash().to_string()[..8].to_uppercase();
    assert_eq!(meant(Some(&start)).expect("by hash, the later one").ordinal, Ordinal(4));
    for none in ["1", "99", "", &start[..7], "zzzzzzzzzz"] {
        let error = meant(Some(none)).expect_err("no version").to_string();
        assert!(error.contains(&format!("`{none}`")), "{error}");
    }
}
