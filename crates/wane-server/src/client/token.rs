//! Access tokens: who a client is. Signed by a key of the daemon's own; their expiry is for the client to see, and for the
//! rules to decide.

use std::path::Path;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};
use wane_core::engine::Engine;
use wane_core::event::{Event, EventFacts};
use wane_core::facts::Name;
use wane_core::signal::{EventType, SignalKind, SignalRole};
use wane_core::time::Timestamp;
use wane_core::timer::Phase;

use crate::app::App;
use crate::config::Config;
use crate::http::problem::{Kind, Problem};
use crate::serve::ServeError;

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Claims {
    /// The subject: one guest, or one signed-in customer.
    pub(super) sub: String,
    /// Which token this is.
    pub(super) jti: String,
    /// When it was issued, in seconds.
    pub(super) iat: i64,
    /// The same in milliseconds, which is what the rules count from.
    pub(super) iat_ms: i64,
    /// When it runs out by the rules that were in force, in seconds.
    pub(super) exp: i64,
    /// The channel.
    pub(super) channel: String,
    /// Whether the customer is signed in.
    pub(super) authenticated: bool,
    /// The device that the app named: where a push goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) device: Option<String>,
}

/// What signs tokens and checks them.
pub(super) struct Tokens {
    sign: EncodingKey,
    check: DecodingKey,
}

/// The longest name of a device, in bytes: the longest of any phone's maker is shorter.
const LONGEST_DEVICE: usize = 512;

/// What the seed says where no rule gives a token a length, in milliseconds.
const GUEST: i64 = 60 * 60 * 1_000;
const SIGNED_IN: i64 = 6 * 60 * 60 * 1_000;

/// The same, of one or the other.
pub(super) const fn usual(authenticated: bool) -> i64 {
    if authenticated { SIGNED_IN } else { GUEST }
}

impl Tokens {
    pub(super) fn open(config: &Config) -> Result<Self, ServeError> {
        let key = match &config.client.signing_key {
            Some(reference) => {
                let fault = |error| ServeError::Setup(format!("`client.signing_key`: {error}"));
                reference.load().map_err(fault)?.reveal().to_vec()
            }
            None => own_key(&config.data)?,
        };
        if key.len() < 32 {
            return Err(ServeError::Setup("`client.signing_key` needs at least 32 bytes".to_owned()));
        }
        Ok(Self::by(&key))
    }

    pub(super) fn by(key: &[u8]) -> Self {
        Self { sign: EncodingKey::from_secret(key), check: DecodingKey::from_secret(key) }
    }

    /// The token as text.
    pub(super) fn issue(&self, claims: &Claims) -> Option<String> {
        encode(&Header::new(Algorithm::HS256), claims, &self.sign).ok()
    }

    /// What a token says, when its signature is right; expired or not.
    pub(super) fn read(&self, token: &str) -> Option<Claims> {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.set_required_spec_claims(&["exp", "sub"]);
        decode::<Claims>(token, &self.check, &validation).ok().map(|data| data.claims)
    }
}

fn own_key(data: &Path) -> Result<Vec<u8>, ServeError> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let path = data.join("client-key");
    let fault = |error| ServeError::Data { path: path.clone(), error };
    match std::fs::read(&path) {
        Ok(key) => return Ok(key),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(fault(error)),
    }
    let mut key = vec![0_u8; 32];
    getrandom::fill(&mut key).map_err(|error| ServeError::Inside(error.to_string()))?;
    let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
    file.and_then(|mut file| file.write_all(&key).and_then(|()| file.sync_all())).map_err(fault)?;
    Ok(key)
}

/// The device as the app names it: any short text, an installation's id or a phone maker's address for pushes.
pub(super) fn device(given: Option<&str>) -> Result<Option<&str>, Problem> {
    match given.filter(|device| !device.is_empty()) {
        Some(device) if device.len() > LONGEST_DEVICE || device.chars().any(char::is_control) => {
            let what = format!("`deviceId` must have at most {LONGEST_DEVICE} bytes and no control characters");
            Err(Problem::new(Kind::BadBody, what))
        }
        device => Ok(device),
    }
}

/// When a token that is issued now runs out: the earliest deadline of the timers that its issue starts, asked of the rules
/// in force on a conversation that is not kept. Without such a timer it is the seed's one hour, or six.
pub(super) fn runs_out(app: &App, channel: &str, authenticated: bool, now: Timestamp) -> Timestamp {
    let engine = Engine::new(app.node.rules().1);
    let rules = engine.rules();
    let name = Name::from("token");
    let facts = EventFacts { authenticated: Some(authenticated), ..EventFacts::default() };
    let mut conversation = None;
    let mut started = Event::new(name.clone(), EventType::SessionStarted).by(SignalRole::Customer).on(channel);
    started.facts = facts;
    engine.step(&mut conversation, now, &started);
    engine.step(&mut conversation, now, &Event::new(name, EventType::TokenIssued));
    let kind = SignalKind::event(EventType::TokenIssued);
    let started_by_it = rules.reactions.get(kind.index()).map(Vec::as_slice).unwrap_or_default();
    let deadlines = conversation.iter().flat_map(|held| held.timers()).filter_map(|state| match &state.phase {
        Phase::Running(running) if started_by_it.iter().any(|reaction| reaction.timer == state.timer.0) => {
            running.deadline
        }
        Phase::Running(_) | Phase::Unset { .. } | Phase::Lapsed { .. } => None,
    });
    deadlines.min().unwrap_or_else(|| now.plus_millis(usual(authenticated)))
}
