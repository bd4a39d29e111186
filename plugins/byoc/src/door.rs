//! The headers: who asks, and for whom.

use wane_plugin::Input;
use wane_plugin::verify::same;

use crate::wrong::{CONTEXT, HEADER, SCOPE, TOKEN, Wrong};
use crate::{Config, grant};

/// A token that counts, the organisation, the context, and an id of the request.
pub(crate) fn check(config: &Config, input: &Input<'_>) -> Result<(), Wrong> {
    let token = input.bearer().ok_or(TOKEN)?;
    scope_of(config, token, input.received_at_ms)?;
    let organisation = only(input, "OrgId")?;
    if config.org_id.as_deref().is_some_and(|ours| !same_organisation(ours, organisation)) {
        return Err(HEADER);
    }
    let context = only(input, "AuthorizationContext")?;
    if config.authorization_context.as_deref().is_some_and(|ours| ours != context) {
        return Err(CONTEXT);
    }
    only(input, "RequestId").map(drop)
}

/// The tokens that count and have the scope, without those that were granted.
pub(crate) fn secrets(config: &Config) -> impl Iterator<Item = &str> {
    let scoped = config.accepted_access_tokens.iter().filter(|accepted| accepted.scope.contains(&config.scope));
    let by_secret = config.access_token.iter().flat_map(|all| all.0.split_whitespace());
    by_secret.chain(scoped.map(|accepted| &*accepted.token.0))
}

/// Every token is compared, so that the time tells nothing of which one was close.
fn scope_of(config: &Config, token: &str, now_ms: i64) -> Result<(), Wrong> {
    let any = |known: bool, secret: &str| known | same(secret, token);
    let counts = secrets(config).fold(false, any);
    let known = config.accepted_access_tokens.iter().map(|accepted| &*accepted.token.0).fold(false, any);
    match counts || grant::counts(config, token, now_ms) {
        true => Ok(()),
        false if known => Err(SCOPE),
        false => Err(TOKEN),
    }
}

/// The same id has 15 characters, or 18 with a checksum of their case.
fn same_organisation(ours: &str, theirs: &str) -> bool {
    let known = |id: &str| matches!(id.len(), 15 | 18) && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    known(theirs) && ours.get(..15) == theirs.get(..15)
}

/// A header that is there once, and not empty.
fn only<'a>(input: &Input<'a>, name: &str) -> Result<&'a str, Wrong> {
    input.only_header(name).map(str::trim).filter(|value| !value.is_empty()).ok_or(HEADER)
}
