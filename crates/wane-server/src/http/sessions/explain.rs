//! Why a conversation's timers are as they are (R6): for each its state, the row that won, for the rows that did not the
//! first thing that failed, and what the lapse will do.

use axum::Json;
use axum::extract::State;
use serde_json::{Map, Value, json};
use wane_core::choose::{Failure, Verdict};
use wane_core::facts::Facts;
use wane_core::ruleset::{Row, Ruleset};
use wane_core::time::{Period, Span};
use wane_core::timer::{After, Phase, RowId, TimerId, TimerState};

use super::{Kept, Which, find, lapse, state};
use crate::app::App;
use crate::http::extract::{Authorized, Params};
use crate::http::problem::Problem;
use crate::tokens::SessionsRead;

/// The most rows that did not win that are told for one timer.
const ROWS: usize = 200;

/// `GET /v1/sessions/{id}/explain`
pub(super) async fn explain(
    State(app): State<App>,
    _: Authorized<SessionsRead>,
    _: Params<()>,
    Which(id): Which,
) -> Result<Json<Value>, Problem> {
    let Kept::Live(view) = find(&app, &id).await?.kept else {
        return Err(Problem::not_found(
            "the conversation ended and has no timers any more; its history is still there",
        ));
    };
    let now = app.node.now();
    let facts = view.engine.facts_at(&view.state, now);
    let explained = Explained { rules: view.engine.rules(), facts: &facts };
    let (mut timers, mut stopped) = (Vec::new(), Vec::new());
    for (index, def) in explained.rules.timers.iter().enumerate() {
        let id = TimerId(u16::try_from(index).unwrap_or(u16::MAX));
        match view.state.timers().iter().find(|timer| timer.timer == id) {
            Some(timer) => timers.push(explained.timer(timer)),
            None => stopped.push(&*def.name),
        }
    }
    Ok(Json(json!({
        "conversation": &*view.conversation,
        "channel": state::channel(&view),
        "status": view.state.status().name(),
        "handler": view.state.handler().name(),
        "now": now.to_string(),
        "next_deadline": view.engine.next_wake(&view.state).map(|at| at.to_string()),
        "ruleset": explained.rules.hash.to_string(),
        "timers": timers,
        "stopped": stopped,
    })))
}

struct Explained<'a> {
    rules: &'a Ruleset,
    facts: &'a Facts,
}

impl Explained<'_> {
    fn timer(&self, timer: &TimerState) -> Value {
        let mut json = state::timer(self.rules, timer);
        let Some(fields) = json.as_object_mut() else { return json };
        let chosen = match &timer.phase {
            Phase::Running(running) => Some(running.row),
            Phase::Lapsed { row, .. } => Some(*row),
            Phase::Unset { .. } => None,
        };
        let chooser = self.rules.choosers.get(usize::from(timer.timer.0));
        let verdicts = chooser.map(|chooser| chooser.explain(&self.rules.facts, self.facts)).unwrap_or_default();
        let wins = verdicts.iter().find(|(_, verdict)| *verdict == Verdict::Wins).map(|(row, _)| *row);
        if let Some(row) = chosen.and_then(|row| self.rules.row(row)) {
            fields.insert("because".into(), self.row(row));
        }
        if let Some(def) = self.rules.timer(timer.timer) {
            lapse::explain(self.rules, def, fields);
        }
        // Chosen when it started or when a fact changed; the clock may have moved on since.
        fields.insert("would_win_now".into(), self.name(wins));
        let losers = verdicts.iter().filter(|(row, _)| Some(*row) != chosen);
        let told: Vec<Value> =
            losers.clone().take(ROWS).filter_map(|(row, verdict)| self.loser(*row, verdict)).collect();
        fields.insert("others".into(), Value::Array(told));
        let left = losers.count().saturating_sub(ROWS);
        if left > 0 {
            fields.insert("others_left_out".into(), left.into());
        }
        json
    }

    fn name(&self, row: Option<RowId>) -> Value {
        row.and_then(|row| self.rules.row(row)).map_or(Value::Null, |row| (&*row.id).into())
    }

    fn row(&self, row: &Row) -> Value {
        let when: Vec<&str> = row.when.iter().map(|predicate| predicate.text()).collect();
        json!({
            "rule": &*row.id,
            "after": self.after(&row.after),
            "when": when,
            "priority": row.priority,
            "default": row.default,
            "file": &*row.origin.file,
            "line": row.origin.line,
        })
    }

    fn after(&self, after: &After) -> Value {
        let span = |period: &Period| Span(period.millis()).to_string();
        match after {
            After::Never => "never".into(),
            After::For(period) => span(period).into(),
            After::Fact { fact, min, max } => {
                let name = self.rules.facts.get(*fact).map(|def| &*def.name);
                json!({ "fact": name, "min": span(min), "max": span(max) })
            }
        }
    }

    fn loser(&self, id: RowId, verdict: &Verdict) -> Option<Value> {
        let row = self.rules.row(id)?;
        let mut json = Map::new();
        json.insert("rule".into(), (&*row.id).into());
        json.insert("after".into(), self.after(&row.after));
        let mut why = |word: &str| drop(json.insert("why".into(), word.into()));
        let failed = |predicate: &usize, span: &std::ops::Range<usize>| {
            let text = row.when.get(*predicate).map_or("", |predicate| predicate.text());
            Value::from(text.get(span.clone()).unwrap_or(text))
        };
        match verdict {
            Verdict::Wins => why("would-win-now"),
            Verdict::Outranked => why("outranked"),
            Verdict::OtherChannel => why("other-channel"),
            Verdict::Outside => why("duration-fact-outside-its-range"),
            Verdict::Condition { predicate, span } => {
                why("condition-does-not-hold");
                json.insert("condition".into(), failed(predicate, span));
            }
            Verdict::Failed { predicate, span, failure } => {
                why("condition-failed");
                json.insert("condition".into(), failed(predicate, span));
                json.insert("failure".into(), words(*failure).into());
            }
        }
        Some(Value::Object(json))
    }
}

const fn words(failure: Failure) -> &'static str {
    match failure {
        Failure::Overflow => "a number became too large",
        Failure::DivisionByZero => "a division by zero",
        Failure::Limit => "it took too long",
    }
}
