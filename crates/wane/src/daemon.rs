//! Talking to a running daemon over HTTP.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use ureq::Agent;
use ureq::http::Response;

use crate::cli::DaemonArgs;
use crate::out::plain;
use crate::trouble::Trouble;

/// How long a daemon may take; previews look at every conversation.
const PATIENCE: Duration = Duration::from_secs(60);
/// The most bytes of an answer that are read.
const MOST: u64 = 64 << 20;

/// A running daemon, and the token that it knows.
pub(crate) struct Daemon {
    agent: Agent,
    url: String,
    tokens: Tokens,
}

/// What opens it.
enum Tokens {
    /// One for everything.
    Given(String),
    /// Those that `--dev` makes, by their scopes.
    Dev(BTreeMap<String, String>),
}

/// What a request needs.
#[derive(Clone, Copy)]
pub(crate) enum Scope {
    /// To look at rules and to try them.
    Read,
    /// To put rules in force.
    Write,
}

/// A refusal, in the form of RFC 9457.
#[derive(Deserialize)]
struct Problem {
    detail: String,
    help: Option<String>,
    #[serde(default)]
    errors: Vec<Fault>,
}

#[derive(Deserialize)]
struct Fault {
    #[serde(default)]
    field: String,
    message: String,
    line: Option<usize>,
}

impl Daemon {
    /// The daemon that the options mean: the one of a data directory, if they do not say more.
    ///
    /// # Errors
    /// [`Trouble`] when its address or a token can not be found.
    pub(crate) fn find(args: &DaemonArgs) -> Result<Self, Trouble> {
        let url = match &args.url {
            Some(url) => url.clone(),
            None => address(args)?,
        };
        let url = if url.contains("://") { url } else { format!("http://{url}") };
        let config = Agent::config_builder().timeout_global(Some(PATIENCE)).http_status_as_error(false);
        Ok(Self { agent: config.build().into(), url: url.trim_end_matches('/').to_owned(), tokens: tokens(args)? })
    }

    /// Asks for something.
    ///
    /// # Errors
    /// [`Trouble`] when the daemon can not be reached, or refuses.
    pub(crate) fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Trouble> {
        let request = self.agent.get(self.at(path)).header("Authorization", self.bearer(Scope::Read)?);
        self.read(request.call())
    }

    /// Sends something.
    ///
    /// # Errors
    /// As [`Daemon::get`].
    pub(crate) fn post<T: DeserializeOwned>(&self, scope: Scope, path: &str, body: &Value) -> Result<T, Trouble> {
        let request = self.agent.post(self.at(path)).header("Authorization", self.bearer(scope)?);
        self.read(request.send_json(body))
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    fn bearer(&self, scope: Scope) -> Result<String, Trouble> {
        let name = match scope {
            Scope::Read => "rules:read",
            Scope::Write => "rules:write",
        };
        let token = match &self.tokens {
            Tokens::Given(token) => Some(token),
            Tokens::Dev(tokens) => tokens.get(name),
        };
        let help = "give `--token-file FILE`, or `--token TOKEN`";
        let missing = || Trouble::usage(format!("the daemon wants a token with the scope `{name}`"), help);
        token.map(|token| format!("Bearer {token}")).ok_or_else(missing)
    }

    fn read<T: DeserializeOwned>(&self, answer: Result<Response<ureq::Body>, ureq::Error>) -> Result<T, Trouble> {
        let away = |error: ureq::Error| {
            let message = format!("the daemon at `{}` can not be reached: {error}", plain(&self.url));
            Trouble::usage(
                message,
                "is it running? `--data` finds the one of a data directory; one with TLS, `--url https://…`",
            )
        };
        let mut answer = answer.map_err(away)?;
        let status = answer.status();
        let body = answer.body_mut().with_config().limit(MOST).read_to_vec().map_err(away)?;
        if !status.is_success() {
            return Err(refused(status.as_u16(), &body));
        }
        serde_json::from_slice(&body).map_err(|error| {
            let message = format!("the answer of `{}` can not be read: {error}", plain(&self.url));
            Trouble::usage(message, "is it a Wane of this version?")
        })
    }
}

fn refused(status: u16, body: &[u8]) -> Trouble {
    let Ok(problem) = serde_json::from_slice::<Problem>(body) else {
        let message = format!("the daemon answered with the status {status} and no reason");
        return Trouble::Input { message, help: Some("is it a Wane at all?".to_owned()) };
    };
    let mut message = format!("the daemon refused: {}", plain(&problem.detail));
    for Fault { field, message: what, line } in problem.errors.iter().take(20) {
        let line = line.map(|line| format!(":{line}")).unwrap_or_default();
        message.push_str(&format!("\n  {}{line}: {}", plain(field), plain(what)));
    }
    Trouble::Input { message, help: problem.help.map(|help| plain(&help).into_owned()) }
}

fn address(args: &DaemonArgs) -> Result<String, Trouble> {
    let path = args.data.join("address");
    match fs::read_to_string(&path) {
        Ok(text) => Ok(text.trim().to_owned()),
        Err(error) => {
            let message = Trouble::read(&path)(error).to_string();
            Err(Trouble::usage(message, "a running daemon leaves its address there; or give `--url`"))
        }
    }
}

/// What `--dev` leaves in the data directory: the tokens by their scopes.
const DEV_TOKENS: &str = "dev-tokens.json";

fn tokens(args: &DaemonArgs) -> Result<Tokens, Trouble> {
    if let Some(token) = &args.token {
        return Ok(Tokens::Given(token.trim().to_owned()));
    }
    if let Some(path) = &args.token_file {
        return Ok(Tokens::Given(fs::read_to_string(path).map_err(Trouble::read(path))?.trim().to_owned()));
    }
    let text = fs::read(args.data.join(DEV_TOKENS)).unwrap_or_default();
    Ok(Tokens::Dev(serde_json::from_slice(&text).unwrap_or_default()))
}
