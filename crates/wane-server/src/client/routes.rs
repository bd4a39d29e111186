//! The requests of the API. Frames about a conversation go through the channel's plugin, which says what they mean.

use axum::Extension;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use serde::Deserialize;
use serde_json::{Value, json};
use wane_core::effect::{Cause, Effect, EffectBody, Outcome, Refusal};
use wane_core::event::{Event, EventFacts, EventKind};
use wane_core::facts::Name;
use wane_core::participant::Role;
use wane_core::signal::{EventType, SignalRole};
use wane_plugin_host::call::{CallError, Input, InputKind, PluginEvent, Translated};
use wane_wire::record::Record;

use super::asked::{TokenRequest, answer, is_authenticated};
use super::token::{Claims, device, runs_out};
use super::{frame, stream};
use crate::app::App;
use crate::http::extract::{Given, Known, Params, Whole};
use crate::http::guard::{Caller, bearer};
use crate::http::problem::{Kind, Problem};
use crate::http::rate::Asker;
use crate::node::Answered;

/// When a client is to come again, in seconds, where its channel's plugin does not say.
const AGAIN: u32 = 5;

const BASE: &str = "/iamessage/api/v2";

/// How the ids of this API's own events begin: of the one that opened a conversation, with the subject whose it is; of the
/// one that closed it for good; of the one that told of a token, with the device as participant; and of the one that took a
/// token back.
pub(super) const OPENED: &str = "opened-by:";
pub(super) const CLOSED: &str = "closed:";
pub(super) const TOKEN: &str = "token:";
pub(super) const REVOKED: &str = "revoked:";

/// The kind of the records that say the same of a token by itself: `{"token": …}`, by its id.
pub(super) const TAKEN_BACK: &str = "client-token.revoked";

/// How many entries a list has, unless asked otherwise, and at most.
const ENTRIES: u32 = 20;
const MOST_ENTRIES: u32 = 50;

/// The routes of the API.
pub fn routes() -> Router<App> {
    let issue = format!("{BASE}/authorization/{{kind}}/access-token");
    Router::new()
        .route(&issue, post(issue_token).delete(revoke_token))
        .route(&format!("{BASE}/authorization/continuation-access-token"), get(renew_token))
        .route(&format!("{BASE}/conversation"), post(open_conversation))
        .route(&format!("{BASE}/conversation/list"), any(list_conversations))
        .route(&format!("{BASE}/conversation/{{id}}/entries"), get(entries))
        .route(&format!("{BASE}/conversation/{{id}}"), any(of_conversation))
        .route(&format!("{BASE}/conversation/{{id}}/{{what}}"), any(of_conversation))
        .route("/eventrouter/v1/sse", get(stream::listen))
}

async fn issue_token(
    State(app): State<App>,
    Path(kind): Path<String>,
    caller: Option<Extension<Caller>>,
    Whole(body): Whole,
) -> Result<Response, Problem> {
    ration(&app, caller.as_deref())?;
    let request = TokenRequest::read(&body)?;
    let authenticated = is_authenticated(&kind)?;
    let channel = request.channel(&app.config.client)?;
    let device = device(request.device_id.as_deref())?.map(str::to_owned);
    let now = app.clock.now();
    let claims = Claims {
        sub: request.subject(authenticated, &app.relay.identities, app.clock.wall())?,
        jti: uuid::Uuid::new_v4().to_string(),
        iat: now.millis() / 1_000,
        iat_ms: now.millis(),
        exp: runs_out(&app, &channel, authenticated, now).millis() / 1_000,
        channel,
        authenticated,
        device,
    };
    token_answer(&app, &claims, claims.device.clone().or_else(|| Some(uuid::Uuid::new_v4().to_string())).as_deref())
}

/// A manual clock stands still, so that no bucket would ever fill: there the rates are off.
fn ration(app: &App, caller: Option<&Caller>) -> Result<(), Problem> {
    let Some(caller) = caller.filter(|_| !app.clock.is_manual()) else { return Ok(()) };
    let taken = app.relay.issuing.take(Asker::at(caller.address), app.clock.now().millis());
    taken.map_err(|wait| {
        app.metrics.limited("client-token");
        Problem::new(Kind::TooMany, "more tokens than one address may have").retry_after(wait)
    })
}

fn token_answer(app: &App, claims: &Claims, device: Option<&str>) -> Result<Response, Problem> {
    let token = app.relay.tokens.issue(claims).ok_or_else(|| Problem::internal(&"no token could be signed"))?;
    let last = frame::start_of(app.node.durable());
    Ok(axum::Json(answer(&token, &last, device, &claims.sub)).into_response())
}

/// The same token's time under a new text: a continuation does not extend.
async fn renew_token(
    State(app): State<App>,
    caller: Option<Extension<Caller>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    ration(&app, caller.as_deref())?;
    let claims = client(&app, &headers).await?;
    contact(&app, &claims).await?;
    token_answer(&app, &claims, claims.device.as_deref())
}

async fn revoke_token(State(app): State<App>, headers: HeaderMap) -> Result<StatusCode, Problem> {
    let claims = client(&app, &headers).await?;
    app.relay.state().revoke(&claims.jti);
    // A client without a conversation has no event that could say it.
    let json = json!({ "token": claims.jti }).to_string().into_bytes();
    app.node.record(Record::Admin { now: app.node.now(), kind: TAKEN_BACK.into(), json }).await?;
    for conversation in conversations(&app, &claims.sub) {
        let mut event = Event::new(conversation, EventType::TokenRevoked);
        event.id = Some(format!("{REVOKED}{}", claims.jti).into());
        app.node.submit(vec![event]).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Opening {
    conversation_id: String,
}

async fn open_conversation(
    State(app): State<App>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    Whole(body): Whole,
) -> Result<Response, Problem> {
    let claims = client(&app, &headers).await?;
    let opening: Opening = parse(&body)?;
    // The plugin judges the frame's form, the id's too.
    translate(&app, &claims, (&method, &uri), &body).await?;
    let name = &opening.conversation_id;
    if !is_owner(&app, &claims, name).await? {
        in_time(&app, &claims)?;
        if app.node.view(name).await?.is_some() {
            return Err(Problem::new(Kind::Conflict, "the conversation's id is taken").help("use a new UUID"));
        }
        let started = [session_started(&claims, name), token_issued(&claims, name)];
        for answer in app.node.submit(started.into()).await? {
            taken(answer)?;
        }
    }
    attach(&app, &claims, name).await?;
    if is_closed(&app, name).await? {
        return Err(over());
    }
    Ok((StatusCode::CREATED, axum::Json(json!({ "conversationId": name }))).into_response())
}

/// The id of the event that opened a conversation says whose it is, for as long as ids are known.
fn opened_by(subject: &str) -> String {
    format!("{OPENED}{subject}")
}

fn closed(conversation: &str) -> String {
    format!("{CLOSED}{conversation}")
}

async fn is_closed(app: &App, conversation: &str) -> Result<bool, Problem> {
    let known = app.relay.state().is_closed(conversation);
    Ok(known || app.node.seen(conversation, &closed(conversation)).await?.is_some())
}

/// Whether the conversation is this client's; asked of the log when it is not remembered.
async fn is_owner(app: &App, claims: &Claims, conversation: &str) -> Result<bool, Problem> {
    let remembered = app.relay.state().owner(conversation).map(|owner| **owner == *claims.sub);
    match remembered {
        Some(is_owner) => Ok(is_owner),
        None => Ok(app.node.seen(conversation, &opened_by(&claims.sub)).await?.is_some()),
    }
}

/// A token that ran out opens nothing. What it means for conversations that there are, the rules say.
fn in_time(app: &App, claims: &Claims) -> Result<(), Problem> {
    if claims.exp > app.clock.now().millis().div_euclid(1_000) { Ok(()) } else { Err(run_out()) }
}

fn run_out() -> Problem {
    Problem::new(Kind::Unauthorized, "the access token has run out").help("get a new token and open a new conversation")
}

fn session_started(claims: &Claims, conversation: &str) -> Event {
    let mut event = Event::new(conversation, EventType::SessionStarted).by(SignalRole::Customer);
    event.channel = Some(claims.channel.as_str().into());
    event.id = Some(opened_by(&claims.sub).into());
    event.at = issued_at(claims);
    event.facts = EventFacts { authenticated: Some(claims.authenticated), ..EventFacts::default() };
    event
}

/// A token counts from its issue, not from its first use.
fn token_issued(claims: &Claims, conversation: &str) -> Event {
    let mut event = Event::new(conversation, EventType::TokenIssued);
    event.id = Some(format!("{TOKEN}{}", claims.jti).into());
    event.participant = claims.device.as_deref().map(Name::from);
    event.at = issued_at(claims);
    event
}

fn issued_at(claims: &Claims) -> Option<wane_core::time::Timestamp> {
    wane_core::time::Timestamp::from_millis(claims.iat_ms).ok()
}

/// The conversation is this client's, and knows the token by which it speaks.
async fn attach(app: &App, claims: &Claims, conversation: &str) -> Result<(), Problem> {
    let known = app.relay.state().is_noted(conversation, &claims.jti);
    if known {
        return Ok(());
    }
    if !is_owner(app, claims, conversation).await? {
        return Err(Problem::not_found("there is no such conversation for this token"));
    }
    let token = token_issued(claims, conversation);
    let id = token.id.clone().unwrap_or_else(|| Name::from(""));
    if app.node.seen(conversation, &id).await?.is_none() {
        for answer in app.node.submit(vec![token]).await? {
            taken(answer)?;
        }
    }
    let mut state = app.relay.state();
    state.bind(conversation, &claims.sub);
    state.note_token(conversation, &claims.jti);
    Ok(())
}

/// Anything that a client does is contact for each of its conversations.
pub(super) async fn contact(app: &App, claims: &Claims) -> Result<(), Problem> {
    let conversations = conversations(app, &claims.sub);
    if conversations.is_empty() {
        in_time(app, claims)?;
    }
    for conversation in conversations {
        attach(app, claims, &conversation).await?;
        let event = Event::new(conversation, EventType::ClientConnected);
        for answer in app.node.submit(vec![event]).await? {
            taken(answer)?;
        }
    }
    Ok(())
}

pub(super) fn conversations(app: &App, subject: &str) -> Vec<Name> {
    let state = app.relay.state();
    state.subjects.get(subject).map(|held| held.conversations.iter().cloned().collect()).unwrap_or_default()
}

async fn list_conversations(State(app): State<App>, headers: HeaderMap) -> Result<Response, Problem> {
    let claims = client(&app, &headers).await?;
    let (mut open, mut closed) = (Vec::new(), 0);
    for name in conversations(&app, &claims.sub) {
        let Some(view) = app.node.view(&name).await? else { continue };
        if view.state.ended() || is_closed(&app, &name).await? {
            closed += 1;
            continue;
        }
        let status = frame::status_word(view.state.status());
        open.push(json!({ "conversationId": &*name, "sessionStatus": status }));
    }
    let found = open.len();
    let list = json!({ "openConversationsFound": found, "closedConversationsFound": closed, "conversations": open });
    Ok(axum::Json(list).into_response())
}

/// How many of the latest entries.
struct Latest(u32);

impl Known for Latest {
    const NAMES: &[&'static str] = &["limit"];

    fn read(given: &Given) -> Result<Self, Problem> {
        given.number("limit", ENTRIES, 1..=MOST_ENTRIES).map(Self)
    }
}

async fn entries(
    State(app): State<App>,
    Path(id): Path<String>,
    Params(Latest(limit)): Params<Latest>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let claims = client(&app, &headers).await?;
    attach(&app, &claims, &id).await?;
    let entries = stream::entries(&app, &id, usize::try_from(limit).unwrap_or(usize::MAX)).await?;
    Ok(axum::Json(json!({ "conversationEntries": entries })).into_response())
}

async fn of_conversation(
    State(app): State<App>,
    Path(path): Path<Vec<(String, String)>>,
    (method, uri): (Method, Uri),
    headers: HeaderMap,
    Whole(body): Whole,
) -> Result<Response, Problem> {
    let claims = client(&app, &headers).await?;
    let id = path.into_iter().find(|(name, _)| name == "id").map(|(_, id)| id).unwrap_or_default();
    let events = translate(&app, &claims, (&method, &uri), &body).await?;
    attach(&app, &claims, &id).await?;
    if is_closed(&app, &id).await? {
        return Err(over());
    }
    let mut told = Vec::new();
    let mut submitted = Vec::new();
    for event in events {
        if event.event_type == "ignored" {
            continue;
        }
        if let (Some(message), Some(Value::String(text))) = (&event.id, event.more.get("text")) {
            app.relay.state().keep_text(&id, message, text.clone());
        }
        told.push(json!({ "id": event.id, "clientTimestamp": app.clock.now().millis() }));
        submitted.push(meant(&id, &event)?);
        if event.event_type == EventType::SessionClosed.name() && event.kind.as_deref() == Some("conversation") {
            submitted.push(closing(&id));
        }
    }
    let ends: Vec<bool> = submitted.iter().map(is_end).collect();
    for (answer, is_end) in app.node.submit(submitted).await?.into_iter().zip(ends) {
        match answer {
            Answered::Conflict(_) => {
                return Err(Problem::new(Kind::IdConflict, "the id was used before, by something else"));
            }
            // What has ended already needs no end.
            Answered::New { ref answer, .. } if is_end && is_over(&answer.outcome) => {}
            answer @ (Answered::New { .. } | Answered::Duplicate(..) | Answered::Forgotten) => taken(answer)?,
        }
    }
    if method == Method::DELETE && is_closed(&app, &id).await? {
        // Whoever asks next must find it closed, whether the log was followed that far or not.
        app.relay.state().close(&id);
    }
    Ok(axum::Json(json!({ "conversationEntries": told })).into_response())
}

/// What the plugin says, as an event of that conversation.
fn meant(conversation: &str, event: &PluginEvent) -> Result<Event, Problem> {
    let unknown = || Problem::new(Kind::PluginFault, "the plugin gave an event of an unknown type");
    let kind = EventType::parse(&event.event_type).ok_or_else(unknown)?;
    let mut made = Event::new(conversation, kind);
    if !kind.roles().is_empty() {
        made.role = Some(SignalRole::from(Role::Customer));
    }
    made.id = event.id.as_deref().map(Name::from);
    Ok(made)
}

/// Closes the conversation for good, with or without an open session: its token is taken back, under the id that says so.
fn closing(conversation: &str) -> Event {
    let mut event = Event::new(conversation, EventType::TokenRevoked);
    event.id = Some(closed(conversation).into());
    event
}

fn is_end(event: &Event) -> bool {
    matches!(event.kind, EventKind::BuiltIn(EventType::SessionClosed | EventType::TokenRevoked))
}

const fn is_over(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Refused(Refusal::NewConversationRequired | Refusal::NoOpenSession))
}

/// Calls the plugin on a thread where it may take its time.
async fn translate(
    app: &App,
    claims: &Claims,
    (method, uri): (&Method, &Uri),
    body: &Bytes,
) -> Result<Vec<PluginEvent>, Problem> {
    let absent = || Problem::new(Kind::PluginFault, "the channel has no plugin").help("give `--plugins` its directory");
    // In-app clients speak as web clients do.
    let plugin = app.plugins.channel(&claims.channel).or_else(|| app.plugins.channel("web")).ok_or_else(absent)?;
    let (received_at, method, uri, body) = (app.clock.now(), method.clone(), uri.clone(), body.clone());
    let call = tokio::task::spawn_blocking(move || {
        plugin.translate(&Input {
            kind: InputKind::ClientFrame,
            received_at,
            account: "",
            method: method.as_str(),
            path: uri.path(),
            query: uri.query().unwrap_or_default(),
            headers: &[],
            body: &body,
        })
    });
    match call.await.map_err(|error| Problem::internal(&error))?.and_then(Translated::taken) {
        Ok(translated) => Ok(translated.events),
        Err(CallError::Malformed(what)) => Err(Problem::new(Kind::BadBody, what)),
        Err(CallError::Unsupported(what)) => Err(Problem::new(Kind::NoRoute, what)),
        Err(CallError::BadSignature) => Err(Problem::new(Kind::BadSignature, "the signature does not fit")),
        Err(error @ (CallError::RetryLater(_) | CallError::Quarantined(_))) => {
            Err(Problem::new(Kind::Busy, error.to_string()).retry_after(AGAIN))
        }
        Err(CallError::Fault(_)) => {
            app.metrics.plugin_fault(&claims.channel);
            Err(Problem::new(Kind::PluginFault, "the channel's plugin failed; nothing was applied"))
        }
    }
}

/// Who asks; expired or not is the rules' business.
///
/// # Errors
/// 401; and busy as long as it is not known which tokens were revoked.
pub(super) async fn client(app: &App, headers: &HeaderMap) -> Result<Claims, Problem> {
    let refused = || Problem::new(Kind::Unauthorized, "the access token is missing or not of this service");
    let claims = bearer(headers).and_then(|token| app.relay.tokens.read(token)).ok_or_else(refused)?;
    stream::known(app).await?;
    if app.relay.state().is_revoked(&claims.jti) { Err(refused()) } else { Ok(claims) }
}

/// An event that did not count is told to the client in its words: 401 when its token is why, else that it is over.
fn taken(answered: Answered) -> Result<(), Problem> {
    let Answered::New { answer, .. } = answered else { return Ok(()) };
    let by_token = |effect: &Effect| {
        matches!(effect.body, EffectBody::ClientRefused { .. }) && matches!(effect.cause, Cause::Afterwards(..))
    };
    match answer.outcome {
        Outcome::Applied | Outcome::Duplicate => Ok(()),
        Outcome::Refused(_) if answer.effects.iter().any(by_token) => Err(run_out()),
        Outcome::Refused(Refusal::NewConversationRequired | Refusal::NoOpenSession) => Err(over()),
        Outcome::Refused(refusal) => Err(Problem::new(Kind::Unprocessable, refusal.to_string())),
    }
}

fn over() -> Problem {
    Problem::new(Kind::Conflict, "the conversation is over").help("open a new one")
}

fn parse<'b, T: Deserialize<'b>>(body: &'b Bytes) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| crate::http::extract::json_problem(&error))
}
