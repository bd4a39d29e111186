//! What the daemon counts, for `GET /metrics` in the form of Prometheus.
//!
//! Counting costs some tens of nanoseconds; labels never hold names of conversations, addresses or tokens.

use std::fmt;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use wane_core::ruleset::Ruleset;
use wane_core::session::Status;
use wane_core::time::Timestamp;
use wane_runtime::shard::Figures;

use crate::node::Observer;

type Labels = Vec<(&'static str, String)>;
type Counters = Family<Labels, Counter>;
type Gauges = Family<Labels, Gauge>;

/// The daemon's figures.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    events: Counters,
    lapses: Counters,
    lag: Histogram,
    commit_seconds: Histogram,
    commit_bytes: Histogram,
    reloads: Counters,
    reloaded: Gauge<f64, AtomicU64>,
    rules: Gauges,
    plugin_faults: Counters,
    queues: Gauges,
    deliveries: Counters,
    requests: Counters,
    request_seconds: Histogram,
    connections: Gauge,
    limited: Counters,
    sessions: Gauges,
    conversations: Gauge,
    ids: Gauge,
    overdue: Gauge,
    wall_step: Gauge<f64, AtomicU64>,
}

impl Default for Metrics {
    fn default() -> Self {
        let seconds = |first: f64| Histogram::new(doubling(first, 16));
        let mut metrics = Self {
            registry: Registry::with_prefix("wane"),
            events: Counters::default(),
            lapses: Counters::default(),
            lag: seconds(0.000_5),
            commit_seconds: seconds(0.000_05),
            commit_bytes: Histogram::new(doubling(256.0, 13)),
            reloads: Counters::default(),
            reloaded: Gauge::default(),
            rules: Gauges::default(),
            plugin_faults: Counters::default(),
            queues: Gauges::default(),
            deliveries: Counters::default(),
            requests: Counters::default(),
            request_seconds: seconds(0.000_1),
            connections: Gauge::default(),
            limited: Counters::default(),
            sessions: Gauges::default(),
            conversations: Gauge::default(),
            ids: Gauge::default(),
            overdue: Gauge::default(),
            wall_step: Gauge::default(),
        };
        metrics.register_work();
        metrics.register_state();
        metrics.begin();
        metrics
    }
}

impl Observer for Metrics {
    fn committed(&self, bytes: usize, took: Duration) {
        self.commit_seconds.observe(took.as_secs_f64());
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        self.commit_bytes.observe(f64::from(bytes));
    }
}

fn doubling(first: f64, count: u16) -> impl Iterator<Item = f64> {
    prometheus_client::metrics::histogram::exponential_buckets(first, 2.0, count)
}

impl Metrics {
    fn register_work(&mut self) {
        let to = &mut self.registry;
        to.register("events", "Events answered, by outcome", self.events.clone());
        to.register("lapses", "Lapses decided, by timer", self.lapses.clone());
        let lag = "From a deadline to the moment when its decision is durable";
        to.register_with_unit("lapse_lag", lag, Unit::Seconds, self.lag.clone());
        to.register_with_unit("commit", "How long commits take", Unit::Seconds, self.commit_seconds.clone());
        to.register_with_unit("commit", "How large commits are", Unit::Bytes, self.commit_bytes.clone());
        to.register("reloads", "Attempts to put rules in force, by result", self.reloads.clone());
        to.register("plugin_faults", "Plugin calls that failed, by channel", self.plugin_faults.clone());
        to.register("deliveries", "Attempts to deliver effects, by result", self.deliveries.clone());
        to.register("http_requests", "Requests, by route, method and status", self.requests.clone());
        let requests = "How long requests take, long polls and streams left out";
        to.register_with_unit("http_request", requests, Unit::Seconds, self.request_seconds.clone());
        to.register("http_limited", "Requests and connections refused by a limit, by limit", self.limited.clone());
    }

    fn register_state(&mut self) {
        let to = &mut self.registry;
        to.register("rules", "The rules in force, by hash; always 1", self.rules.clone());
        let reloaded = "When rules were last put in force, in seconds since 1970";
        to.register("rules_last_success_timestamp_seconds", reloaded, self.reloaded.clone());
        to.register("queue_depth", "What waits, by queue", self.queues.clone());
        to.register("http_connections", "Open connections", self.connections.clone());
        to.register("sessions", "Conversations kept, by channel and status of their session", self.sessions.clone());
        to.register("conversations", "Conversations kept", self.conversations.clone());
        to.register("event_ids", "Event ids remembered", self.ids.clone());
        to.register("deadlines_overdue", "Deadlines that passed and are not yet decided", self.overdue.clone());
        let step = "How far the wall clock has gone from the daemon's since the start";
        to.register_with_unit("wall_clock_step", step, Unit::Seconds, self.wall_step.clone());
    }

    /// What has not happened yet is told as none: an alarm can watch for it before it happens for the first time.
    fn begin(&self) {
        ["applied", "duplicate", "refused", "conflict"].into_iter().for_each(|outcome| self.events(outcome, 0));
        for word in ["applied", "failed"] {
            drop(self.reloads.get_or_create(&result(word)));
        }
        for word in ["delivered", "failed", "dead", "cancelled"] {
            drop(self.deliveries.get_or_create(&result(word)));
        }
    }

    /// A channel has a plugin.
    pub fn channel(&self, channel: &str) {
        drop(self.plugin_faults.get_or_create(&vec![("channel", channel.to_owned())]));
    }

    /// Events got this outcome: `applied`, `duplicate`, `refused` or `conflict`.
    pub fn events(&self, outcome: &'static str, count: u64) {
        self.events.get_or_create(&vec![("outcome", outcome.to_owned())]).inc_by(count);
    }

    /// A timer lapsed; its decision became durable `lag` milliseconds after its deadline.
    pub fn lapse(&self, timer: &str, lag: i64) {
        self.lapses.get_or_create(&vec![("timer", timer.to_owned())]).inc();
        self.lag.observe(seconds(lag.max(0)));
    }

    /// Rules were put in force.
    pub fn reloaded(&self, hash: &str, at: Timestamp) {
        self.reloads.get_or_create(&result("applied")).inc();
        self.in_force(hash);
        self.reloaded.set(seconds(at.millis()));
    }

    /// These rules are in force from before the start, since then if that is known.
    pub fn found(&self, hash: &str, since: Option<Timestamp>) {
        self.in_force(hash);
        if let Some(since) = since {
            self.reloaded.set(seconds(since.millis()));
        }
    }

    fn in_force(&self, hash: &str) {
        self.rules.clear();
        self.rules.get_or_create(&vec![("hash", hash.to_owned())]).set(1);
    }

    /// Rules were not put in force, since they have errors or are not whole.
    pub fn reload_failed(&self) {
        self.reloads.get_or_create(&result("failed")).inc();
    }

    /// A plugin call failed.
    pub fn plugin_fault(&self, channel: &str) {
        self.plugin_faults.get_or_create(&vec![("channel", channel.to_owned())]).inc();
    }

    /// So much waits in a queue: `shards`, `blocks`, `outbox`.
    pub fn queue(&self, queue: &'static str, depth: usize) {
        let depth = i64::try_from(depth).unwrap_or(i64::MAX);
        self.queues.get_or_create(&vec![("queue", queue.to_owned())]).set(depth);
    }

    /// A delivery was tried: `delivered`, `failed`, `dead`, `cancelled`.
    pub fn delivery(&self, outcome: &'static str) {
        self.deliveries.get_or_create(&result(outcome)).inc();
    }

    /// A request was answered. `took` is `None` for one that waits on purpose.
    pub fn request(&self, route: &str, (method, status): (&str, u16), took: Option<Duration>) {
        let labels = vec![("route", route.to_owned()), ("method", method.to_owned()), ("status", status.to_string())];
        self.requests.get_or_create(&labels).inc();
        if let Some(took) = took {
            self.request_seconds.observe(took.as_secs_f64());
        }
    }

    /// A limit refused something: `token`, `address`, `webhook`, `connections`.
    pub fn limited(&self, limit: &'static str) {
        self.limited.get_or_create(&vec![("limit", limit.to_owned())]).inc();
    }

    /// A connection was opened.
    pub fn connected(&self) {
        self.connections.inc();
    }

    /// A connection was closed.
    pub fn disconnected(&self) {
        self.connections.dec();
    }

    /// What the shards hold; asked for at each look.
    pub fn figures(&self, figures: &Figures, rules: &Ruleset) {
        for (index, counts) in figures.by_channel.iter().enumerate() {
            let name = rules.channels.get(index).map_or_else(|| index.to_string(), |channel| channel.name.to_string());
            for (status, count) in Status::ALL.into_iter().zip(counts) {
                let labels = vec![("channel", name.clone()), ("status", status.name().to_owned())];
                self.sessions.get_or_create(&labels).set(whole(*count));
            }
        }
        for timer in &rules.timers {
            drop(self.lapses.get_or_create(&vec![("timer", timer.name.to_string())]));
        }
        self.conversations.set(whole(figures.conversations));
        self.ids.set(whole(figures.ids));
        self.overdue.set(whole(figures.overdue));
    }

    /// How far the wall clock stepped, in milliseconds.
    pub fn wall_step(&self, millis: i64) {
        self.wall_step.set(seconds(millis));
    }

    /// Everything as text.
    ///
    /// # Errors
    /// When it can not be written.
    pub fn encode(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

fn result(word: &str) -> Labels {
    vec![("result", word.to_owned())]
}

fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn seconds(millis: i64) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "an instant in milliseconds has fewer than 53 bits until the year 287396"
    )]
    let millis = millis as f64;
    millis / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_not_happened_yet_is_told_as_none() {
        let metrics = Metrics::default();
        metrics.channel("line");
        metrics.found("aa", Some(Timestamp::EPOCH.plus_millis(5_000)));
        let text = metrics.encode().expect("text");
        for line in [
            "wane_events_total{outcome=\"refused\"} 0",
            "wane_reloads_total{result=\"failed\"} 0",
            "wane_deliveries_total{result=\"dead\"} 0",
            "wane_plugin_faults_total{channel=\"line\"} 0",
            "wane_rules{hash=\"aa\"} 1",
            "wane_rules_last_success_timestamp_seconds 5.0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }

    #[test]
    fn what_is_counted_is_told() {
        let metrics = Metrics::default();
        metrics.events("applied", 3);
        metrics.lapse("customer-quiet", 12);
        crate::node::Observer::committed(&metrics, 4_096, Duration::from_millis(2));
        metrics.reloaded("aa", Timestamp::EPOCH);
        metrics.reloaded("bb", Timestamp::EPOCH);
        metrics.reload_failed();
        let text = metrics.encode().expect("text");
        for line in [
            "wane_events_total{outcome=\"applied\"} 3",
            "wane_lapses_total{timer=\"customer-quiet\"} 1",
            "wane_lapse_lag_seconds_count 1",
            "wane_commit_bytes_sum 4096.0",
            "wane_rules{hash=\"bb\"} 1",
            "wane_reloads_total{result=\"applied\"} 2",
            "wane_reloads_total{result=\"failed\"} 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        assert!(!text.contains("aa"), "only one ruleset is in force");
    }
}
