//! A daemon in a temporary directory, and asking it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, Response, StatusCode};
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt;
use wane_core::rules::files::Files;
use wane_core::ruleset::Ruleset;
use wane_core::time::Timestamp;
use wane_plugin_host::Host;
use wane_store::file::{FileLog, Options};
use wane_store::log::Log;
use wane_store::manifest::Creation;

use crate::app::{App, Parts, Stop};
use crate::client::Relay;
use crate::config::Config;
use crate::delivery::Delivery;
use crate::desk::Desk;
use crate::http::router;
use crate::metrics::Metrics;
use crate::node::{Node, Observer, Setup};
use crate::tokens::{self, Scope, Secret, Tokens};

const RULES: &str = r#"
    [timers.quiet]
    restart_on = ["message:customer"]
    on_lapse   = ["end-session"]

    [[rules]]
    id = "long"
    timer = "quiet"
    when = "authenticated"
    after = "1h"

    [[rules]]
    id = "short"
    timer = "quiet"
    after = "15m"
"#;

struct Deaf;

impl Observer for Deaf {
    fn committed(&self, _: usize, _: Duration) {}
}

/// A daemon without a listener.
pub(super) struct House {
    pub(super) app: App,
    pub(super) router: Router,
    secrets: BTreeMap<Scope, Secret>,
    _data: TempDir,
}

impl Drop for House {
    fn drop(&mut self) {
        self.app.stop.now();
        self.app.node.stop();
    }
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) json: Value,
    pub(super) text: String,
}

impl Answer {
    /// The slug of a problem.
    pub(super) fn problem(&self) -> &str {
        let kind = self.json["type"].as_str().unwrap_or_default();
        kind.strip_prefix("/problems/").unwrap_or_default()
    }
}

pub(super) fn rules() -> Arc<Ruleset> {
    let mut files = Files::default();
    files.insert("quiet.toml", RULES);
    let (rules, found) = wane_core::rules::load(&files);
    Arc::new(rules.unwrap_or_else(|| panic!("{found:?}")))
}

fn node(config: &Config) -> (Node, crate::clock::Clock) {
    let creation = Creation { identity: [1; 16], key: [2; 16], created: Timestamp::EPOCH, shards: 2 };
    let options = Options { segment: 4 << 20, spares: 0, create: Some(creation), ..Options::default() };
    let log = FileLog::open(&config.data.join("log"), options).expect("a log").log;
    let setup = Setup {
        log: Arc::new(log) as Arc<dyn Log>,
        key: [2; 16],
        shards: 2,
        manual_clock: config.manual_clock,
        initial: Some(rules()),
        rulesets: &|hash| Some(rules()).filter(|rules| rules.hash == hash).ok_or_else(|| "unknown".to_owned()),
        retention: Default::default(),
        overdue_rate: 1_000,
        hold_overdue_over: None,
        snapshot_bytes: config.store.snapshot_bytes,
        snapshot_every: config.store.snapshot_every,
        observer: Arc::new(Deaf),
    };
    let started = Node::start(&setup).expect("a node");
    (started.node, started.clock)
}

impl House {
    /// On a manual clock.
    pub(super) fn new() -> Self {
        Self::with(|config| config.manual_clock = true)
    }

    pub(super) fn with(edit: impl FnOnce(&mut Config)) -> Self {
        let data = tempfile::tempdir().expect("a directory");
        let mut config = Config { data: data.path().to_owned(), ..Config::default() };
        config.listen = "127.0.0.1:0".parse().expect("an address");
        edit(&mut config);
        let secrets = tokens::make_dev(&config.data, Timestamp::EPOCH).expect("tokens");
        let (node, clock) = node(&config);
        let app = App::new(Parts {
            tokens: Tokens::open(&config.data, &[]).expect("tokens"),
            desk: Desk::open(&config.data).expect("a desk"),
            plugins: Host::empty(),
            metrics: Arc::new(Metrics::default()),
            delivery: Delivery::open(&config).expect("a delivery"),
            channels: Default::default(),
            relay: Relay::open(&config).expect("the client API"),
            ended: crate::follow::Ended::open(&config.data, &node).expect("an index"),
            stop: Stop::default(),
            config,
            clock,
            node,
        });
        Self { router: router(app.clone()), app, secrets, _data: data }
    }

    /// Keeps the index of sessions that ended, as the daemon does.
    pub(super) fn follow(&self) {
        let app = self.app.clone();
        tokio::spawn(async move { crate::follow::run(&app, &app.ended).await });
    }

    pub(super) fn token(&self, scope: Scope) -> String {
        format!("Bearer {}", self.secrets[&scope].reveal())
    }

    pub(super) async fn send(&self, request: Request<Body>) -> Response<Body> {
        self.router.clone().oneshot(request).await.expect("routers do not fail")
    }

    pub(super) async fn ask(&self, request: Request<Body>) -> Answer {
        let response = self.send(request).await;
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.expect("a body");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answer { status: parts.status.as_u16(), headers: parts.headers, json, text }
    }

    pub(super) fn request(&self, method: Method, path: &str, scope: Scope) -> axum::http::request::Builder {
        Request::builder().method(method).uri(path).header("authorization", self.token(scope))
    }

    pub(super) async fn get(&self, path: &str, scope: Scope) -> Answer {
        self.ask(self.request(Method::GET, path, scope).body(Body::empty()).expect("a request")).await
    }

    pub(super) async fn post(&self, kind: &str, body: impl Into<Body>) -> Answer {
        let request = self.request(Method::POST, "/v1/events", Scope::EventsWrite).header("content-type", kind);
        self.ask(request.body(body.into()).expect("a request")).await
    }

    pub(super) async fn event(&self, json: &str) -> Answer {
        self.post("application/json", json.to_owned()).await
    }

    /// A customer's message that must be applied.
    pub(super) async fn message(&self, id: &str, conversation: &str) -> Value {
        let answer = self.event(&message(id, conversation)).await;
        assert_eq!(answer.status, StatusCode::OK.as_u16(), "{}", answer.text);
        assert_eq!(answer.json["outcome"], "applied", "{}", answer.text);
        answer.json
    }

    /// Moves the manual clock on.
    pub(super) async fn pass(&self, minutes: i64) {
        let to = self.app.node.now().plus_millis(minutes * 60_000);
        self.app.node.set_clock(to).await.expect("a manual clock");
    }
}

pub(super) fn message(id: &str, conversation: &str) -> String {
    format!(r#"{{"id":"{id}","type":"message","role":"customer","conversation":"{conversation}","channel":"web"}}"#)
}
