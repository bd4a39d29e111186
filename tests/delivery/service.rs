//! The parts of a daemon that deliver, on a manual clock and a log in a directory of its own.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use serde_json::Value;
use tower::ServiceExt;
use wane_core::event::Event;
use wane_core::participant::Role;
use wane_core::rules::{self, files::Files};
use wane_core::ruleset::Ruleset;
use wane_core::signal::EventType;
use wane_core::time::Timestamp;
use wane_plugin_host::Host;
use wane_server::app::{App, Parts, Stop};
use wane_server::client::Relay;
use wane_server::config::Config;
use wane_server::delivery::{self, Delivery};
use wane_server::desk::Desk;
use wane_server::follow::Ended;
use wane_server::http::guard::Caller;
use wane_server::http::webhook::ChannelState;
use wane_server::metrics::Metrics;
use wane_server::node::{Node, Observer, Retention, Setup};
use wane_server::tokens::{Hash, Scope, Token, Tokens};
use wane_store::file::{FileLog, Options};
use wane_store::manifest::Creation;

pub(crate) const MINUTE: i64 = 60_000;

const RULES: &str = "timers.quiet = { restart_on = ['message:customer'], on_lapse = ['end-session'] }
rules = [{ id = 'quiet', timer = 'quiet', channels = ['web'], after = '15m' }]";

struct Quiet;

impl Observer for Quiet {
    fn committed(&self, _: usize, _: Duration) {}
}

pub(crate) struct Service {
    app: App,
    directory: tempfile::TempDir,
    follower: tokio::task::JoinHandle<()>,
}

fn ruleset() -> Arc<Ruleset> {
    let mut files = Files::default();
    files.insert("rules.toml", RULES);
    Arc::new(rules::load(&files).0.expect("valid rules"))
}

impl Service {
    pub(crate) fn start() -> Self {
        Self::open(tempfile::tempdir().expect("a directory"))
    }

    /// Stops, and starts again on the same directory.
    pub(crate) async fn restart(self) -> Self {
        Self::open(self.stop().await)
    }

    pub(crate) async fn stop(self) -> tempfile::TempDir {
        self.app.stop.now();
        self.follower.await.expect("the follower ends well");
        self.app.node.stop();
        self.directory
    }

    fn open(directory: tempfile::TempDir) -> Self {
        let data = directory.path().to_owned();
        let creation = Creation { identity: [1; 16], key: [7; 16], created: Timestamp::EPOCH, shards: 2 };
        let opened = FileLog::open(
            &data.join("log"),
            Options { segment: 4 << 20, create: Some(creation), ..Options::default() },
        );
        let rules = ruleset();
        let found = Arc::clone(&rules);
        let setup = Setup {
            log: Arc::new(opened.expect("a log").log),
            key: [7; 16],
            shards: 2,
            manual_clock: true,
            initial: Some(rules),
            rulesets: &move |_| Ok(Arc::clone(&found)),
            retention: Retention::default(),
            overdue_rate: 5_000,
            hold_overdue_over: None,
            snapshot_bytes: 256 << 20,
            snapshot_every: Duration::from_secs(600),
            observer: Arc::new(Quiet),
        };
        let started = Node::start(&setup).expect("it starts");
        let mut config = Config { data: data.clone(), manual_clock: true, ..Config::default() };
        config.delivery.allow = vec!["127.0.0.0/8".parse().expect("a network")];
        config.delivery.attempt_within = Duration::from_millis(700);
        let app = App::new(Parts {
            delivery: Delivery::open(&config).expect("deliveries"),
            tokens: Tokens::open(&data, &[]).expect("tokens"),
            plugins: Host::empty(),
            channels: ChannelState::default(),
            metrics: Arc::new(Metrics::default()),
            desk: Desk::open(&data).expect("a desk"),
            relay: Relay::open(&config).expect("the client API"),
            ended: Ended::open(&data, &started.node).expect("an index"),
            stop: Stop::default(),
            config,
            clock: started.clock,
            node: started.node,
        });
        let follower = tokio::spawn(delivery_of(app.clone()));
        Self { app, directory, follower }
    }

    /// A customer's message.
    pub(crate) async fn says(&self, conversation: &str) {
        let event = Event::new(conversation, EventType::Message).by(Role::Customer).on("web");
        self.app.node.submit(vec![event]).await.expect("taken");
    }

    /// Time passes.
    pub(crate) async fn pass(&self, millis: i64) {
        let to = self.app.clock.now().plus_millis(millis);
        self.app.node.set_clock(to).await.expect("a manual clock");
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        self.call("GET", path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.call("POST", path, Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> (u16, Value) {
        self.call("PATCH", path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> u16 {
        self.call("DELETE", path, None).await.0
    }

    async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let token = Token {
            id: "t".into(),
            name: "test".into(),
            hash: Hash::of("t"),
            scopes: vec![Scope::Admin],
            created: None,
        };
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/json")
            .extension(Caller { token: Some(Arc::new(token)), address });
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let request = request.body(body).expect("a request");
        let response = delivery::routes().with_state(self.app.clone()).oneshot(request).await.expect("infallible");
        let status = response.status().as_u16();
        let bytes = to_bytes(response.into_body(), 1 << 20).await.expect("a body");
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    /// What is at a path, as soon as it is as expected.
    pub(crate) async fn until(&self, path: &str, is: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        for _ in 0..3_000 {
            last = self.get(path).await.1;
            if is(&last) {
                return last;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{path} stays {last}")
    }

    /// The books, as soon as they are as expected; they balance all the time.
    pub(crate) async fn settled(&self, is: impl Fn(&Value) -> bool) {
        let all = self
            .until("/v1/endpoints", |all| {
                let books = &all["books"];
                let number = |name: &str| books[name].as_u64().expect("a number");
                let ends = number("pending") + number("delivered") + number("dead") + number("cancelled");
                assert_eq!(number("enqueued"), ends, "{books}");
                is(books)
            })
            .await;
        assert!(is(&all["books"]));
    }

    /// Returns when some open delivery has failed that often; at once for 0.
    pub(crate) async fn failed_attempts(&self, count: u64) {
        if count == 0 {
            return;
        }
        let (_, all) = self.get("/v1/endpoints").await;
        let id = all["endpoints"][0]["id"].as_str().expect("an endpoint").to_owned();
        let has_failed = |page: &Value| {
            page["deliveries"].as_array().is_some_and(|list| list.iter().any(|one| one["failed_attempts"] == count))
        };
        self.until(&format!("/v1/deliveries?endpoint={id}&state=pending"), has_failed).await;
    }
}

async fn delivery_of(app: App) {
    delivery::run(app).await.expect("it follows the log");
}
