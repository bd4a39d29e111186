//! To the customer, through the plugin of the channel.

use wane_runtime::outbox::Outcome;

use super::attempt::Found;
use crate::app::App;

/// Delivers an effect to the provider of a channel.
pub(super) async fn deliver(_: &App, name: &str, _: &Found) -> Outcome {
    Outcome::Failed { why: format!("no plugin speaks for the channel `{name}` now").into(), retry_after: None }
}
