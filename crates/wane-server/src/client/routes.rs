//! The requests of the API. Frames about a conversation go through the channel's plugin, which says what they mean.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use serde::Deserialize;
use serde_json::{Value, json};
use wane_core::effect::{Cause, Effect, EffectBody, Outcome, Refusal};
use wane_core::event::{Event, EventFacts};
use wane_core::facts::Name;
use wane_core::participant::Role;
use wane_core::signal::{EventType, SignalRole};
use wane_plugin_host::call::{CallError, Input, InputKind, PluginEvent};

use super::token::{Claims, runs_out};
use super::{frame, stream};
use crate::app::App;
use crate::http::extract::Whole;
use crate::http::guard::bearer;
use crate::http::problem::{Kind, Problem};
use crate::node::Answered;

const BASE: &str = "/iamessage/api/v2";

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

/// What a client says when it asks for a token.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TokenRequest {
    org_id: String,
    es_developer_name: String,
    #[serde(default)]
    platform: Option<String>,
    #[serde(default)]
    device_id: Option<String>,
    #[serde(default)]
    authorization_type: Option<String>,
    #[serde(default)]
    customer_identity_token: Option<String>,
}

async fn issue_token(
    State(app): State<App>,
    Path(kind): Path<String>,
    Whole(body): Whole,
) -> Result<Response, Problem> {
    let request: TokenRequest = parse(&body)?;
    let authenticated = match kind.as_str() {
        "unauthenticated" => false,
        "authenticated" => true,
        _ => return Err(Problem::new(Kind::NoRoute, "a token is `authenticated` or `unauthenticated`")),
    };
    let channel = channel(&app, &request)?;
    let subject = if authenticated { customer(&app, &request)? } else { format!("guest:{}", uuid::Uuid::new_v4()) };
    let now = app.clock.now();
    let claims = Claims {
        sub: subject,
        jti: uuid::Uuid::new_v4().to_string(),
        iat: now.millis() / 1_000,
        iat_ms: now.millis(),
        exp: runs_out(&app, &channel, authenticated, now).millis() / 1_000,
        channel,
        authenticated,
    };
    let device = request.device_id.unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
    token_answer(&app, &claims, Some(&device))
}

fn token_answer(app: &App, claims: &Claims, device: Option<&str>) -> Result<Response, Problem> {
    let token = app.relay.tokens.issue(claims).ok_or_else(|| Problem::internal(&"no token could be signed"))?;
    let context = json!({
        "deviceId": device,
        "endUser": { "subject": claims.sub, "appType": "messagingOnly", "role": "EndUser" },
    });
    let last = frame::start_of(app.node.durable());
    Ok(axum::Json(json!({ "accessToken": token, "lastEventId": last, "context": context })).into_response())
}

/// The channel that a client's deployment is on.
fn channel(app: &App, request: &TokenRequest) -> Result<String, Problem> {
    let client = &app.config.client;
    if client.org_id.as_ref().is_some_and(|org| *org != request.org_id) || request.org_id.is_empty() {
        return Err(Problem::new(Kind::BadBody, "`orgId` is not this organisation's"));
    }
    if request.es_developer_name.is_empty() {
        return Err(Problem::new(Kind::BadBody, "`esDeveloperName` is empty"));
    }
    match client.deployments.get(&request.es_developer_name) {
        Some(channel) => Ok(channel.clone()),
        None if !client.deployments.is_empty() => {
            Err(Problem::new(Kind::BadBody, "`esDeveloperName` names no deployment that is configured"))
        }
        None if request.platform.as_deref() == Some("Mobile") => Ok("in-app".to_owned()),
        None => Ok("web".to_owned()),
    }
}

fn customer(app: &App, request: &TokenRequest) -> Result<String, Problem> {
    if request.authorization_type.as_deref() != Some("JWT") {
        return Err(Problem::new(Kind::BadBody, "`authorizationType` must be `JWT`"));
    }
    let token = request.customer_identity_token.as_deref().unwrap_or_default();
    let subject = app.relay.identities.subject(token, app.clock.wall());
    let refused = || Problem::new(Kind::Unauthorized, "the customer's identity token does not check");
    subject.map(|subject| format!("user:{subject}")).ok_or_else(refused)
}

/// The same token's time under a new text: a continuation does not extend.
async fn renew_token(State(app): State<App>, headers: HeaderMap) -> Result<Response, Problem> {
    let claims = client(&app, &headers)?;
    contact(&app, &claims).await?;
    token_answer(&app, &claims, None)
}

async fn revoke_token(State(app): State<App>, headers: HeaderMap) -> Result<StatusCode, Problem> {
    let claims = client(&app, &headers)?;
    for conversation in conversations(&app, &claims.sub) {
        let mut event = Event::new(conversation, EventType::TokenRevoked);
        event.id = Some(format!("revoked:{}", claims.jti).into());
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
    let claims = client(&app, &headers)?;
    let opening: Opening = parse(&body)?;
    // The plugin judges the frame's form, the id's too.
    translate(&app, &claims, (&method, &uri), &body)?;
    let name = &opening.conversation_id;
    if app.node.seen(name, &opened_by(&claims.sub)).await?.is_none() {
        if app.node.view(name).await?.is_some() {
            return Err(Problem::new(Kind::Conflict, "the conversation's id is taken").help("use a new UUID"));
        }
        let started = [session_started(&claims, name), token_issued(&claims, name)];
        for answer in app.node.submit(started.into()).await? {
            taken(answer)?;
        }
    }
    attach(&app, &claims, name).await?;
    Ok((StatusCode::CREATED, axum::Json(json!({ "conversationId": name }))).into_response())
}

/// The id of the event that opened a conversation says whose it is, for as long as ids are known.
fn opened_by(subject: &str) -> String {
    format!("opened-by:{subject}")
}

fn closed(conversation: &str) -> String {
    format!("closed:{conversation}")
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
    event.id = Some(format!("token:{}", claims.jti).into());
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
    let missing = || Problem::not_found("there is no such conversation for this token");
    if app.node.seen(conversation, &opened_by(&claims.sub)).await?.is_none() {
        return Err(missing());
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
    for conversation in conversations(app, &claims.sub) {
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
    let claims = client(&app, &headers)?;
    let mut open = Vec::new();
    for name in conversations(&app, &claims.sub) {
        let over = app.node.seen(&name, &closed(&name)).await?.is_some();
        if let Some(view) = app.node.view(&name).await?.filter(|view| !over && !view.state.ended()) {
            let status = frame::status_word(view.state.status());
            open.push(json!({ "conversationId": &*name, "sessionStatus": status }));
        }
    }
    let closed = 0;
    Ok(axum::Json(
        json!({ "openConversationsFound": open.len(), "closedConversationsFound": closed, "conversations": open }),
    )
    .into_response())
}

async fn entries(State(app): State<App>, Path(id): Path<String>, headers: HeaderMap) -> Result<Response, Problem> {
    let claims = client(&app, &headers)?;
    attach(&app, &claims, &id).await?;
    let entries = stream::entries(&app, &id).await?;
    Ok(axum::Json(json!({ "conversationEntries": entries })).into_response())
}

async fn of_conversation(
    State(app): State<App>,
    Path(path): Path<Vec<(String, String)>>,
    (method, uri): (Method, Uri),
    headers: HeaderMap,
    Whole(body): Whole,
) -> Result<Response, Problem> {
    let claims = client(&app, &headers)?;
    let id = path.into_iter().find(|(name, _)| name == "id").map(|(_, id)| id).unwrap_or_default();
    let events = translate(&app, &claims, (&method, &uri), &body)?;
    attach(&app, &claims, &id).await?;
    if app.node.seen(&id, &closed(&id)).await?.is_some() {
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
    }
    for answer in app.node.submit(submitted).await? {
        taken(answer)?;
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
    if kind == EventType::SessionClosed && event.kind.as_deref() == Some("conversation") {
        made.id = Some(closed(conversation).into());
    }
    Ok(made)
}

fn translate(
    app: &App,
    claims: &Claims,
    (method, uri): (&Method, &Uri),
    body: &Bytes,
) -> Result<Vec<PluginEvent>, Problem> {
    let absent = || Problem::new(Kind::PluginFault, "the channel has no plugin").help("give `--plugins` its directory");
    // In-app clients speak as web clients do.
    let plugin = app.plugins.channel(&claims.channel).or_else(|| app.plugins.channel("web")).ok_or_else(absent)?;
    let input = Input {
        kind: InputKind::ClientFrame,
        received_at: app.clock.now(),
        account: "",
        method: method.as_str(),
        path: uri.path(),
        query: uri.query().unwrap_or_default(),
        headers: &[],
        body,
    };
    match plugin.translate(&input) {
        Ok(translated) => Ok(translated.events),
        Err(CallError::Malformed(what)) => Err(Problem::new(Kind::BadBody, what)),
        Err(CallError::Unsupported(what)) => Err(Problem::new(Kind::NoRoute, what)),
        Err(CallError::BadSignature) => Err(Problem::new(Kind::BadSignature, "the signature does not fit")),
        Err(error @ (CallError::RetryLater(_) | CallError::Quarantined(_))) => {
            Err(Problem::new(Kind::Busy, error.to_string()))
        }
        Err(CallError::Fault(_)) => {
            app.metrics.plugin_fault(&claims.channel);
            Err(Problem::new(Kind::PluginFault, "the channel's plugin failed; nothing was applied"))
        }
    }
}

/// Who asks; expired or not is the rules' business.
pub(super) fn client(app: &App, headers: &HeaderMap) -> Result<Claims, Problem> {
    let claims = bearer(headers).and_then(|token| app.relay.tokens.read(token));
    claims.ok_or_else(|| Problem::new(Kind::Unauthorized, "the access token is missing or not of this service"))
}

/// An event that did not count is told to the client in its words: 401 when its token is why, else that it is over.
fn taken(answered: Answered) -> Result<(), Problem> {
    let Answered::New { answer, .. } = answered else { return Ok(()) };
    let by_token = |effect: &Effect| {
        matches!(effect.body, EffectBody::ClientRefused { .. }) && matches!(effect.cause, Cause::Afterwards(..))
    };
    match answer.outcome {
        Outcome::Applied | Outcome::Duplicate => Ok(()),
        Outcome::Refused(_) if answer.effects.iter().any(by_token) => {
            Err(Problem::new(Kind::Unauthorized, "the access token has run out")
                .help("get a new token and open a new conversation"))
        }
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
