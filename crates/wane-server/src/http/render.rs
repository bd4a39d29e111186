//! Records as JSON, for lists, histories and first answers.

use std::sync::Arc;

use serde_json::value::{RawValue, to_raw_value};
use wane_core::ruleset::Ruleset;
use wane_core::timer::ChannelId;
use wane_wire::effect::Context;
use wane_wire::record::{Address, Ordinal, Reading, Record, RecordJson, Sequence};

use super::problem::Problem;
use crate::app::App;

/// Where effects of a record belong.
pub(super) fn context<'a>(rules: &'a Ruleset, hash: &'a str, (conversation, channel): (&'a str, u16)) -> Context<'a> {
    let channel = rules.channel(ChannelId(channel)).map_or("", |channel| &*channel.name);
    Context { conversation, channel, rules, ruleset: hash }
}

/// The rules of a number.
pub(super) fn rules(app: &App, ordinal: Ordinal) -> Result<Arc<Ruleset>, Problem> {
    let unknown = || Problem::internal(&format!("the rules of number {} are not known", ordinal.0));
    app.node.rules_of(ordinal).ok_or_else(unknown)
}

/// A record as it stands in a history.
pub(super) fn record(app: &App, record: &Record, at: Address) -> Result<Box<RawValue>, Problem> {
    let ordinal = record.decided().map(|decided| decided.rules);
    let rules = ordinal.map(|ordinal| rules(app, ordinal)).transpose()?;
    let hash = rules.as_ref().map(|rules| rules.hash.to_string()).unwrap_or_default();
    let reading = Reading { org: &app.config.org, rules: rules.as_ref().map(|rules| (&**rules, hash.as_str())) };
    raw(&RecordJson::new(record, at, reading))
}

/// Anything that can be written as JSON.
pub(super) fn raw(of: &impl serde::Serialize) -> Result<Box<RawValue>, Problem> {
    to_raw_value(of).map_err(|error| Problem::internal(&error))
}

/// Returns the address of a record once it is durable: what is in memory is a little ahead of the log.
pub(super) async fn durable(app: &App, at: Address) -> Result<Address, Problem> {
    let before = Sequence(at.block().0.saturating_sub(1));
    app.node.durable_after(before).await?;
    Ok(at)
}
