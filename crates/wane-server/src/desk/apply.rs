//! A change of rules in the running daemon: made, then told to the log, the metrics and the audit.

use serde_json::{Value, json};

use super::audit::audit;
use super::{Activated, Attempt, Proposal, Refusal};
use crate::app::App;

/// What a change is called in the audit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Rules were given.
    Activate,
    /// An earlier version was named.
    Rollback,
    /// The directory was read again.
    Reload,
}

impl Deed {
    const fn name(self) -> &'static str {
        match self {
            Self::Activate => "rules.activate",
            Self::Rollback => "rules.rollback",
            Self::Reload => "rules.reload",
        }
    }
}

/// Puts rules in force and tells everybody, also that it did not work. Once begun it is done whether or not the caller
/// waits for it.
///
/// # Errors
/// [`Refusal`]; the old rules are in force then.
pub async fn apply(app: &App, deed: Deed, proposal: Proposal) -> Result<Activated, Refusal> {
    let app = app.clone();
    // The change would be finished without this, but not told.
    let work = tokio::spawn(async move {
        let result = app.desk.activate(&app.node, proposal.clone()).await;
        tell(&app, &proposal.by, &result);
        record(&app, deed, &proposal, &result).await;
        result
    });
    work.await.unwrap_or_else(|cut| Err(Refusal::CutOff(cut.to_string())))
}

fn tell(app: &App, by: &str, result: &Result<Activated, Refusal>) {
    match result {
        Ok(done) if done.changed => {
            let hash = done.hash.to_string();
            app.metrics.reloaded(&hash, app.clock.wall());
            tracing::info!(ruleset = hash, ordinal = done.ordinal.0, by, "rules were put in force");
        }
        Ok(done) => tracing::info!(ruleset = %done.hash, by, "these rules are in force already"),
        Err(refusal) => failed(app, by, refusal),
    }
}

fn failed(app: &App, by: &str, why: &dyn std::fmt::Display) {
    app.metrics.reload_failed();
    tracing::warn!(by, error = %why, "rules were refused, the old ones are in force");
}

/// Rules were wanted, but there are none to judge: they could not be read.
pub(super) async fn unreadable(app: &App, by: &str, why: String) {
    failed(app, by, &why);
    let details = json!({"outcome": "refused", "error": why});
    app.desk.note(Attempt { at: app.node.now(), by: by.into(), hash: None, error: Some(why), findings: Vec::new() });
    if let Err(error) = audit(app, by, Deed::Reload.name(), details).await {
        tracing::error!(%error, "the audit could not be written");
    }
}

async fn record(app: &App, deed: Deed, proposal: &Proposal, result: &Result<Activated, Refusal>) {
    let written = audit(app, &proposal.by, deed.name(), details(proposal, result)).await;
    // That they are in force, and by whom, is in the record of the activation, too.
    if let Err(error) = written {
        tracing::error!(%error, "the audit could not be written");
    }
}

fn details(proposal: &Proposal, result: &Result<Activated, Refusal>) -> Value {
    match result {
        Ok(done) => json!({
            "outcome": if done.changed { "done" } else { "unchanged" },
            "from": done.previous.1.to_string(),
            "to": done.hash.to_string(),
            "ordinal": done.ordinal.0,
        }),
        Err(refusal) => json!({
            "outcome": "refused",
            "to": proposal.files.hash().to_string(),
            "error": refusal.to_string(),
        }),
    }
}
