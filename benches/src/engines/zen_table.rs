//! ZEN's own engine with a decision table: first hit wins, compiled, and its index over the cells built. This is how its users
//! meet it: a graph of input, table and output, one call per decision.
//!
//! Below eight rows ZEN builds no index; with a trace it does not use it. Here is no trace.

use std::future::Future;
use std::pin::pin;
use std::task::{Context as Task, Poll, Waker};

use serde_json::{Map, Value, json};
use zen_engine::Decision;
use zen_engine::model::GraphContent;

use super::Engine;
use super::zen_expression::variable;
use crate::workload::{Condition, Context, Rule, Workload};

/// The table.
#[derive(Debug)]
pub struct ZenTable<'a> {
    decision: Decision,
    contexts: &'a [Context],
}

impl<'a> ZenTable<'a> {
    /// Writes the rules as a table and compiles it.
    ///
    /// # Panics
    /// When ZEN refuses the table.
    #[must_use]
    pub fn new(workload: &'a Workload) -> Self {
        let content: GraphContent = serde_json::from_value(graph(&workload.rules)).expect("ZEN reads the table");
        let mut decision = Decision::from(content);
        decision.compile();
        decision.validate().expect("ZEN takes the table");
        Self { decision, contexts: &workload.contexts }
    }
}

impl Engine for ZenTable<'_> {
    fn name(&self) -> &'static str {
        "ZEN 2.1 engine, indexed table"
    }

    fn decide(&mut self, context: usize) -> usize {
        let answer = at_once(self.decision.evaluate(variable(&self.contexts[context])));
        let row = answer.expect("ZEN decides").result.dot("row").and_then(|row| row.as_number());
        row.and_then(|row| usize::try_from(row).ok()).expect("ZEN names the row")
    }
}

/// Nothing in a table waits, so a runtime would only cost it time.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Task::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("ZEN waits for something"),
    }
}

fn graph(rules: &[Rule]) -> Value {
    json!({
        "nodes": [
            { "id": "in", "name": "in", "type": "inputNode", "content": {} },
            { "id": "table", "name": "table", "type": "decisionTableNode", "content": table(rules) },
            { "id": "out", "name": "out", "type": "outputNode", "content": {} },
        ],
        "edges": [
            { "id": "a", "sourceId": "in", "targetId": "table" },
            { "id": "b", "sourceId": "table", "targetId": "out" },
        ],
    })
}

/// A column per fact, so that the index can do its work, and a last one without a field for what compares two facts.
fn table(rules: &[Rule]) -> Value {
    let fields = ["channel", "handler", "tier", "queue", "authenticated", "locale", "messages", "idle_ms"];
    let mut inputs: Vec<Value> =
        fields.iter().map(|field| json!({ "id": field, "name": field, "field": field })).collect();
    inputs.push(json!({ "id": "formula", "name": "formula" }));
    json!({
        "hitPolicy": "first",
        "inputs": inputs,
        "outputs": [{ "id": "row", "name": "row", "field": "row" }],
        "rules": rules.iter().enumerate().map(|(number, rule)| row(number, rule)).collect::<Vec<_>>(),
    })
}

fn row(number: usize, rule: &Rule) -> Value {
    let mut cells = cells(&rule.condition);
    cells.extend(rule.channel.map(|channel| ("channel", quoted(channel))));
    cells.extend(rule.handler.map(|handler| ("handler", quoted(handler))));
    cells.push(("_id", format!("r{number}")));
    cells.push(("row", number.to_string()));
    Value::Object(cells.into_iter().map(|(id, cell)| (id.to_owned(), Value::String(cell))).collect::<Map<_, _>>())
}

fn cells(condition: &Condition) -> Vec<(&'static str, String)> {
    match condition {
        Condition::Busy { tier, messages, queue } => {
            vec![("tier", quoted(tier)), ("messages", format!("> {messages}")), ("queue", quoted(queue))]
        }
        Condition::Quiet { idle, locales, queue } => vec![
            ("authenticated", "true".to_owned()),
            ("idle_ms", format!(">= {idle}")),
            ("locale", locales.map(quoted).join(", ")),
            ("queue", quoted(queue)),
        ],
        Condition::Fresh { tiers, messages, queue } => vec![
            ("tier", tiers.map(quoted).join(", ")),
            ("authenticated", "false".to_owned()),
            ("messages", format!("< {messages}")),
            ("queue", quoted(queue)),
        ],
        Condition::Rate { queue, factor } => {
            vec![("queue", quoted(queue)), ("formula", format!("messages * {factor} > idle_ms"))]
        }
        Condition::Band { from, to, locale, tier } => vec![
            ("idle_ms", format!("[{from}..{to})")),
            ("locale", format!("!= {}", quoted(locale))),
            ("tier", quoted(tier)),
        ],
        Condition::Always => Vec::new(),
    }
}

fn quoted(text: impl AsRef<str>) -> String {
    format!("\"{}\"", text.as_ref())
}
