//! Making, changing and removing endpoints. A secret is shown once, when it is made here.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;
use wane_core::diagnostic::did_you_mean;
use wane_core::signal::EffectType;
use wane_runtime::outbox::Filter;
use zeroize::Zeroizing;

use super::{Admin, App, Authorized, Json, Segment, no_endpoint, record, shown};
use crate::config::SecretRef;
use crate::delivery::Format;
use crate::delivery::endpoint::{Endpoint, Key, ROTATION, To};
use crate::delivery::sign::SigningKey;
use crate::delivery::target::{Target, TargetError};
use crate::desk::audit::{audit, who};
use crate::http::extract::short;
use crate::http::problem::{Fault, Kind, Problem};

/// How many endpoints there may be.
const MOST: usize = 1_000;
/// How many names a filter may have, and how long one may be, in bytes.
const FILTER: usize = 100;
const LONGEST_NAME: usize = 200;

/// A new endpoint.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct New {
    url: String,
    /// `whsec_…`, `env:NAME`, `file:PATH`; one is made when it is missing.
    #[serde(default)]
    secret: Option<String>,
    #[serde(default)]
    types: Vec<String>,
    #[serde(default)]
    channels: Vec<String>,
    #[serde(default)]
    format: Format,
    #[serde(default = "yes")]
    enabled: bool,
}

const fn yes() -> bool {
    true
}

/// What is to be changed; what is missing stays.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    url: Option<String>,
    types: Option<Vec<String>>,
    channels: Option<Vec<String>>,
    format: Option<Format>,
    enabled: Option<bool>,
}

pub(super) async fn create(
    State(app): State<App>,
    by: Authorized<Admin>,
    Json(new): Json<New>,
) -> Result<Response, Problem> {
    check_url(&app, &new.url)?;
    let filter = checked(Filter { types: new.types, channels: new.channels })?;
    if app.delivery.state().endpoints.len() >= MOST {
        return Err(Problem::new(Kind::Conflict, format!("there are {MOST} endpoints, and there can not be more")));
    }
    let id = format!("ep-{}", uuid::Uuid::new_v4().simple());
    let (key, made) = key(&app, &id, new.secret.map(Zeroizing::new))?;
    let endpoint = Endpoint {
        id,
        to: To::Url(new.url),
        filter,
        format: new.format,
        keys: vec![key],
        off: off(new.enabled),
        removed: false,
        by: by.token.id.to_string(),
    };
    write(&app, &endpoint).await?;
    note(&app, &by, "endpoint.create", &endpoint).await?;
    Ok((StatusCode::CREATED, axum::Json(with_secret(&app, &endpoint, made))).into_response())
}

pub(super) async fn change(
    State(app): State<App>,
    by: Authorized<Admin>,
    Segment(id): Segment,
    Json(change): Json<Change>,
) -> Result<Response, Problem> {
    let mut endpoint = (*app.delivery.endpoint(&id).ok_or_else(no_endpoint)?).clone();
    if let Some(url) = change.url {
        if matches!(endpoint.to, To::Channel(_)) {
            return Err(wrong("url", "the endpoint of a channel has none", "leave it out"));
        }
        check_url(&app, &url)?;
        endpoint.to = To::Url(url);
    }
    let Filter { types, channels } = endpoint.filter;
    endpoint.filter =
        checked(Filter { types: change.types.unwrap_or(types), channels: change.channels.unwrap_or(channels) })?;
    endpoint.format = change.format.unwrap_or(endpoint.format);
    endpoint.off = change.enabled.map_or(endpoint.off, off);
    endpoint.by = by.token.id.to_string();
    write(&app, &endpoint).await?;
    note(&app, &by, "endpoint.change", &endpoint).await?;
    Ok(axum::Json(with_secret(&app, &endpoint, None)).into_response())
}

/// A new secret; the former one signs for another day, so that the receiver can change over.
pub(super) async fn rotate(
    State(app): State<App>,
    by: Authorized<Admin>,
    Segment(id): Segment,
) -> Result<Response, Problem> {
    let mut endpoint = (*app.delivery.endpoint(&id).ok_or_else(no_endpoint)?).clone();
    if matches!(endpoint.to, To::Channel(_)) {
        return Err(Problem::new(Kind::Unprocessable, "the secrets of a channel are configured, not kept here"));
    }
    let now = app.clock.now();
    let (key, made) = key(&app, &id, None)?;
    let until = Some(now.plus_millis(ROTATION).millis());
    let dropped = endpoint.keys.split_off(endpoint.keys.len().min(1));
    endpoint.keys.iter_mut().for_each(|former| former.until = until);
    endpoint.keys.insert(0, key);
    endpoint.by = by.token.id.to_string();
    write(&app, &endpoint).await?;
    app.delivery.vault.forget(&dropped);
    note(&app, &by, "endpoint.secret", &endpoint).await?;
    Ok((StatusCode::CREATED, axum::Json(with_secret(&app, &endpoint, made))).into_response())
}

pub(super) async fn remove(
    State(app): State<App>,
    by: Authorized<Admin>,
    Segment(id): Segment,
) -> Result<Response, Problem> {
    let endpoint = (*app.delivery.endpoint(&id).ok_or_else(no_endpoint)?).clone();
    if matches!(endpoint.to, To::Channel(_)) {
        return Err(Problem::new(Kind::Unprocessable, "the endpoint of a channel is there as long as its plugin")
            .help("switch it off: `PATCH` with `{\"enabled\": false}`"));
    }
    let removed = Endpoint { removed: true, by: by.token.id.to_string(), ..endpoint };
    write(&app, &removed).await?;
    app.delivery.vault.forget(&removed.keys);
    note(&app, &by, "endpoint.remove", &removed).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The audit says what was done; how the endpoint is by now. Its URL may be as good as a secret and has a name there alone.
async fn note(app: &App, by: &Authorized<Admin>, what: &str, endpoint: &Endpoint) -> Result<(), Problem> {
    let details = json!({
        "endpoint": endpoint.id,
        "types": endpoint.filter.types,
        "channels": endpoint.filter.channels,
        "enabled": endpoint.off.is_none(),
    });
    audit(app, &who(&by.token), what, details).await?;
    Ok(())
}

async fn write(app: &App, endpoint: &Endpoint) -> Result<(), Problem> {
    let written = endpoint.record(app.clock.now()).map_err(|error| Problem::internal(&error))?;
    record(app, written).await
}

fn with_secret(app: &App, endpoint: &Endpoint, made: Option<Zeroizing<String>>) -> serde_json::Value {
    let mut json = shown(&app.delivery.state().outbox, endpoint);
    if let (serde_json::Value::Object(json), Some(made)) = (&mut json, made) {
        json.insert("secret".to_owned(), json!(&*made));
    }
    json
}

fn off(enabled: bool) -> Option<String> {
    (!enabled).then(|| "switched off by hand".to_owned())
}

/// Where the secret of an endpoint is; and the secret itself, when it was made here.
fn key(app: &App, id: &str, given: Option<Zeroizing<String>>) -> Result<(Key, Option<Zeroizing<String>>), Problem> {
    let bad = |what: &str| wrong("secret", what, "`whsec_…` with 24 to 64 bytes in base64, `env:NAME` or `file:PATH`");
    let keep = |secret: &Zeroizing<String>| {
        let name = format!("{id}-{}", uuid::Uuid::new_v4().simple());
        app.delivery.vault.keep(&name, secret).map_err(|error| Problem::internal(&error))
    };
    let (reference, made) = match given {
        None => {
            let made = SigningKey::generate().map_err(|error| Problem::internal(&error))?;
            (keep(&made)?, Some(made))
        }
        Some(given) if given.starts_with("whsec_") => {
            SigningKey::parse(given.as_bytes()).map_err(|error| bad(&error.to_string()))?;
            (keep(&given)?, None)
        }
        Some(given) => {
            let reference = SecretRef::try_from(given.to_string()).map_err(bad)?;
            let secret = reference.load().map_err(|_| bad("there is no secret that the service can read"))?;
            SigningKey::parse(secret.reveal()).map_err(|error| bad(&error.to_string()))?;
            (reference, None)
        }
    };
    Ok((Key { reference, until: None }, made))
}

fn check_url(app: &App, url: &str) -> Result<(), Problem> {
    match Target::parse(url, app.delivery.sender.reach()) {
        Ok(_) => Ok(()),
        Err(error @ (TargetError::Url(_) | TargetError::Refused(_) | TargetError::Unresolved)) => {
            Err(wrong("url", &error.to_string(), "an `https://` URL of a public host"))
        }
    }
}

fn checked(filter: Filter) -> Result<Filter, Problem> {
    for (field, names) in [("types", &filter.types), ("channels", &filter.channels)] {
        let is_name =
            |name: &String| !name.is_empty() && name.len() <= LONGEST_NAME && !name.chars().any(char::is_control);
        if names.len() > FILTER || !names.iter().all(is_name) {
            return Err(wrong(
                field,
                "it has too many names, or one that is empty or too long",
                "at most 100 names of 200 bytes",
            ));
        }
    }
    match filter.types.iter().find(|name| !is_kind(name)) {
        Some(name) => {
            let kinds = EffectType::ALL.iter().map(|kind| kind.name());
            let meant = did_you_mean(name.trim_end_matches('*'), kinds).map(|meant| format!("did you mean `{meant}`?"));
            let right = meant.unwrap_or_else(|| "such as `session.ended`, `session.*` or `x.yours`".to_owned());
            Err(wrong("types", &format!("there is no effect `{}`", short(name)), &right))
        }
        None => Ok(filter),
    }
}

/// Whether there are effects of that name, or of names that begin so.
fn is_kind(name: &str) -> bool {
    let begins = |begin: &str| EffectType::ALL.iter().any(|kind| kind.name().starts_with(begin));
    match name.strip_suffix('*') {
        Some(begin) => begins(begin) || "x.".starts_with(begin) || begin.starts_with("x."),
        None => EffectType::parse(name).is_some() || name.starts_with("x."),
    }
}

fn wrong(field: &str, message: &str, right: &str) -> Problem {
    let fault = Fault {
        field: field.to_owned(),
        message: message.to_owned(),
        help: Some(right.to_owned()),
        ..Fault::default()
    };
    Problem::new(Kind::Unprocessable, format!("`{field}`: {message}")).help(right).fault(fault)
}
