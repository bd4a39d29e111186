//! One request of a client, by its method and path.

use serde::Deserialize;
use wane_plugin::{Event, Input, Object, Refusal, Text};

/// Stands for the subject of the client's token.
const SUBJECT: &str = "@subject";

const BASE: &str = "/iamessage/api/v2/";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Opened<'a> {
    #[serde(borrow)]
    conversation_id: Text<'a>,
    language: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Messaged<'a> {
    #[serde(borrow)]
    message: Object<Message<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    message_type: Text<'a>,
    static_content: Option<Object<Content<'a>>>,
    #[serde(borrow)]
    choices_response: Option<Object<Choices<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Choices<'a> {
    #[serde(borrow, default)]
    selected_options: Vec<Object<Selected<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Selected<'a> {
    #[serde(borrow)]
    option_identifier: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Content<'a> {
    #[serde(borrow)]
    format_type: Text<'a>,
    text: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    #[serde(borrow)]
    entry_type: Text<'a>,
    id: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Acknowledged<'a> {
    #[serde(borrow)]
    acks: Vec<Object<Ack<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ack<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    entry_type: Text<'a>,
    conversation_entry_id: Text<'a>,
}

/// What the operator configures of this API, for the manifests: all of it is the host's.
macro_rules! config {
    () => {
        r#""scheme": { "const": "miaw" },
        "org_id": { "type": "string", "pattern": "^[0-9A-Za-z]{15,18}$" },
        "es_developer_name": { "type": "string", "minLength": 1 },
        "jwks": { "type": "object", "required": ["keys"] },
        "issuer": { "type": "string" },
        "keyset_name": { "type": "string" },
        "token_ttl_s": {
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "unauthenticated": { "type": "integer", "minimum": 1 },
                "authenticated": { "type": "integer", "minimum": 1 }
            }
        }"#
    };
}
pub(crate) use config;

pub(crate) fn events(input: &Input<'_>) -> Result<Vec<Event>, Refusal> {
    let path = path(input.path);
    if (input.method, path) == ("GET", "/eventrouter/v1/sse") {
        return Ok(vec![connected("stream")]);
    }
    let unknown = || Refusal::Unsupported("a frame that is not of this API".to_owned());
    let parts: Vec<&str> = path.strip_prefix(BASE).ok_or_else(unknown)?.split('/').collect();
    match (input.method, &*parts) {
        ("POST", ["authorization", "unauthenticated" | "authenticated", "access-token"]) => {
            Ok(vec![connected("token")])
        }
        ("GET", ["authorization", "continuation-access-token"]) => Ok(vec![connected("continuation")]),
        ("DELETE", ["authorization", .., "access-token"]) => {
            Ok(vec![Event::new("token.revoked", SUBJECT).activity(false)])
        }
        ("POST", ["conversation"]) => opened(&input.json()?).map(|event| vec![event]),
        ("GET", ["conversation", "list"]) => Ok(Vec::new()),
        (method, ["conversation", id, rest @ ..]) => of_conversation(input, method, conversation_id(id)?, rest),
        _ => Err(unknown()),
    }
}

fn of_conversation(input: &Input<'_>, method: &str, id: &str, rest: &[&str]) -> Result<Vec<Event>, Refusal> {
    let mut events = match (method, rest) {
        ("POST", ["message"]) => vec![message(&input.json::<Messaged<'_>>()?.message)?],
        ("POST", ["file"]) => vec![written("message").kind("media").activity(true)],
        ("POST", ["entry"]) => vec![entry(&input.json()?)],
        ("POST", ["acknowledge-entries"]) => receipts(&input.json()?),
        ("DELETE", ["session"]) => vec![written("session.closed").kind("session").activity(false)],
        ("DELETE", []) => vec![written("session.closed").kind("conversation").activity(false)],
        ("GET", [] | ["entries"]) => Vec::new(),
        _ => return Err(Refusal::Unsupported("a frame that is not of this API".to_owned())),
    };
    for event in &mut events {
        event.more.insert("conversation".to_owned(), id.into());
    }
    Ok(events)
}

fn connected(kind: &str) -> Event {
    Event::new("client.connected", SUBJECT).kind(kind).activity(false)
}

fn written(event_type: &str) -> Event {
    Event::new(event_type, SUBJECT).role("customer")
}

fn opened(body: &Opened<'_>) -> Result<Event, Refusal> {
    let id = conversation_id(&body.conversation_id)?;
    let event = written("session.started").activity(false).with("conversation", id);
    Ok(match body.language.as_deref() {
        Some(language) if !language.is_empty() => event.with("language", language),
        _ => event,
    })
}

fn message(message: &Message<'_>) -> Result<Event, Refusal> {
    let id = uuid("`message.id`", &message.id)?;
    let event = match &*message.message_type {
        "StaticContentMessage" => content(message.static_content.as_deref())?,
        kind @ ("ChoicesResponseMessage" | "FormResponseMessage") => {
            let event = written("postback").kind(kind).activity(true);
            let options = message.choices_response.as_ref().and_then(|choices| choices.selected_options.first());
            let chosen = options.and_then(|option| option.option_identifier.as_deref());
            chosen.map_or(event.clone(), |chosen| event.with("postback_id", chosen))
        }
        kind => Event::new("ignored", SUBJECT).kind(kind).activity(false),
    };
    Ok(event.id(id))
}

fn content(content: Option<&Content<'_>>) -> Result<Event, Refusal> {
    let missing = |what: &str| Refusal::Malformed(format!("`message.staticContent{what}` is missing"));
    let content = content.ok_or_else(|| missing(""))?;
    let event = written("message").activity(true);
    match (&*content.format_type, content.text.as_deref()) {
        ("Text", Some(text)) => Ok(event.kind("text").with("text", text)),
        ("Text", None) => Err(missing(".text")),
        (other, _) => Ok(event.kind("media").with("media", other)),
    }
}

fn entry(entry: &Entry<'_>) -> Event {
    let event = match &*entry.entry_type {
        "TypingStartedIndicator" => written("typing").kind("started"),
        "TypingStoppedIndicator" => written("typing").kind("stopped"),
        other => Event::new("ignored", SUBJECT).kind(other),
    };
    let event = event.activity(false);
    match entry.id.as_deref() {
        Some(id) if !id.is_empty() => event.id(id),
        _ => event,
    }
}

fn receipts(body: &Acknowledged<'_>) -> Vec<Event> {
    let one = |ack: &Ack<'_>| {
        let event = match &*ack.entry_type {
            "Delivery" | "DeliveryAcknowledgement" => written("receipt").kind("delivered"),
            "Read" | "ReadAcknowledgement" => written("receipt").kind("read"),
            other => Event::new("ignored", SUBJECT).kind(other),
        };
        event.id(&*ack.id).with("target", &*ack.conversation_entry_id).activity(false)
    };
    body.acks.iter().map(|ack| one(ack)).collect()
}

/// The path of a whole address, or of a path.
fn path(address: &str) -> &str {
    let rest = address
        .split_once("://")
        .map_or(address, |(_, rest)| rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/"));
    rest.split(['?', '#']).next().unwrap_or(rest)
}

/// The id of a conversation: a UUID in lower case, as the API asks for.
fn conversation_id(text: &str) -> Result<&str, Refusal> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(Refusal::Malformed("the conversation's id is not in lower case".to_owned()));
    }
    uuid("the conversation's id", text)
}

fn uuid<'t>(what: &str, text: &'t str) -> Result<&'t str, Refusal> {
    let fits = |(index, byte): (usize, u8)| match index {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    if text.len() == 36 && text.bytes().enumerate().all(fits) {
        return Ok(text);
    }
    Err(Refusal::Malformed(format!("{what} is no UUID")))
}
