//! The demonstration's end of HTTP.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use ureq::Agent;
use wane_core::time::Timestamp;
use wane_server::dev::Dev;
use wane_server::tokens::Scope;

use crate::trouble::Trouble;

/// Talks to the demonstration's own daemon.
pub(super) struct Client {
    agent: Agent,
    url: String,
    write: String,
    read: String,
    follow: String,
    admin: String,
    cursor: RefCell<Option<String>>,
}

impl Client {
    pub(super) fn new(address: SocketAddr, dev: &Dev) -> Self {
        let agent = Agent::config_builder().timeout_global(Some(Duration::from_secs(60))).build().into();
        let bearer = |scope| format!("Bearer {}", dev.token(scope));
        Self {
            agent,
            url: format!("http://{address}"),
            write: bearer(Scope::EventsWrite),
            read: bearer(Scope::SessionsRead),
            follow: bearer(Scope::EffectsRead),
            admin: bearer(Scope::Admin),
            cursor: RefCell::default(),
        }
    }

    /// Moves the clock; it never goes back.
    pub(super) fn set_clock(&self, to: Timestamp) -> Result<(), Trouble> {
        self.post("/v1/clock", &self.admin, &json!({ "now": to.to_string() })).map(drop)
    }

    pub(super) fn send(&self, events: &[Value]) -> Result<(), Trouble> {
        self.post("/v1/events", &self.write, &Value::from(events.to_vec())).map(drop)
    }

    /// The effects since the last call.
    pub(super) fn effects(&self) -> Result<Vec<Value>, Trouble> {
        let after = self.cursor.borrow().as_ref().map(|cursor| format!("&after={cursor}")).unwrap_or_default();
        let page = self.get(&format!("/v1/effects?limit=1000&wait=0{after}"), &self.follow)?;
        *self.cursor.borrow_mut() = page.get("next").and_then(Value::as_str).map(str::to_owned);
        Ok(page.get("effects").and_then(Value::as_array).cloned().unwrap_or_default())
    }

    /// All conversations.
    pub(super) fn sessions(&self) -> Result<Vec<Value>, Trouble> {
        let page = self.get("/v1/sessions?limit=200", &self.read)?;
        Ok(page.get("sessions").and_then(Value::as_array).cloned().unwrap_or_default())
    }

    fn get(&self, path: &str, token: &str) -> Result<Value, Trouble> {
        let request = self.agent.get(format!("{}{path}", self.url)).header("Authorization", token);
        let mut answer = request.call().map_err(|error| broken(&error))?;
        answer.body_mut().read_json().map_err(|error| broken(&error))
    }

    fn post(&self, path: &str, token: &str, body: &Value) -> Result<Value, Trouble> {
        let request = self.agent.post(format!("{}{path}", self.url)).header("Authorization", token);
        let mut answer = request.send_json(body).map_err(|error| broken(&error))?;
        answer.body_mut().read_json().map_err(|error| broken(&error))
    }
}

fn broken(what: &(impl std::fmt::Display + ?Sized)) -> Trouble {
    Trouble::Daemon { message: format!("the demonstration's daemon: {what}"), code: 70 }
}
