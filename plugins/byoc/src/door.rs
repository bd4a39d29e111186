//! The headers: who asks, and for whom.

use wane_plugin::Input;
use wane_plugin::verify::same;

use crate::Config;
use crate::wrong::{CONTEXT, HEADER, SCOPE, TOKEN, Wrong};

/// A token that counts, the organisation, the context, and an id of the request.
pub(crate) fn check(config: &Config, input: &Input<'_>) -> Result<(), Wrong> {
    let token = input.bearer().ok_or(TOKEN)?;
    scope_of(config, token)?;
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

/// Every token is compared, so that the time tells nothing of which one was close.
fn scope_of(config: &Config, token: &str) -> Result<(), Wrong> {
    let secrets = config.access_token.iter().flat_map(|all| all.0.split_whitespace());
    let by_secret = secrets.fold(false, |known, secret| known | same(secret, token));
    let accepted = config.accepted_access_tokens.iter().filter(|accepted| same(&accepted.token.0, token));
    let scopes: Vec<bool> = accepted.map(|accepted| accepted.scope.contains(&config.scope)).collect();
    match (by_secret, scopes.as_slice()) {
        (false, []) => Err(TOKEN),
        (false, scopes) if !scopes.contains(&true) => Err(SCOPE),
        _ => Ok(()),
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
