//! `wane token`: the API tokens of a data directory. A running daemon sees a change within a second.

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use wane_core::diagnostic::did_you_mean;
use wane_core::time::Timestamp;
use wane_server::clock::Clock;
use wane_server::tokens::{self, Scope, Token, TokenError};

use crate::Verdict;
use crate::cli::TokenCommand;
use crate::out::{Out, Style, plain};
use crate::trouble::Trouble;

/// The most characters of a name.
const NAME: usize = 100;

/// Runs the command.
///
/// # Errors
/// [`Trouble`] when the tokens can not be read or written, or there is no such token.
pub(crate) fn run(command: &TokenCommand, out: &mut Out) -> Result<Verdict, Trouble> {
    match command {
        TokenCommand::New { scopes, name, data } => new(data, name, scopes, out),
        TokenCommand::List { data } => list(data, out),
        TokenCommand::Revoke { id, data } => revoke(data, id, out),
    }
}

/// The token goes to the standard output alone, so that it can go into a file; what it is, to the standard error stream.
fn new(data: &Path, name: &str, scopes: &[Scope], out: &mut Out) -> Result<Verdict, Trouble> {
    if name.chars().count() > NAME || name.contains(char::is_control) {
        let help = format!("a name has at most {NAME} characters, none of them a control character");
        return Err(Trouble::usage("the name can not be that", help));
    }
    let mut scopes = scopes.to_vec();
    scopes.sort_unstable();
    scopes.dedup();
    let (token, secret) = tokens::create(data, name, &scopes, now()).map_err(written)?;
    writeln!(out, "{}", secret.reveal())?;
    out.flush()?;
    let once = if io::stdout().is_terminal() { "; it is not shown again" } else { "" };
    crate::trouble::note(&format!("token `{}` for {}{once}", token.id, words(&token)));
    Ok(Verdict::Well)
}

fn list(data: &Path, out: &mut Out) -> Result<Verdict, Trouble> {
    directory(data)?;
    let tokens = tokens::list(data).map_err(read)?;
    if tokens.is_empty() {
        writeln!(out, "no tokens; `wane token new` makes one")?;
    }
    for token in &tokens {
        let made = token.created.as_deref().unwrap_or("-");
        let id = out.paint(Style::Strong, &plain(&token.id));
        writeln!(out, "{id}  {}  {}  {}", plain(made), words(token), plain(&token.name))?;
    }
    Ok(Verdict::Well)
}

fn revoke(data: &Path, id: &str, out: &mut Out) -> Result<Verdict, Trouble> {
    directory(data)?;
    let token = tokens::revoke(data, id).map_err(|error| unknown(data, error))?;
    writeln!(out, "revoked `{}`, which was for {}", plain(&token.id), words(&token))?;
    Ok(Verdict::Well)
}

/// A wrong directory would look like one without tokens.
fn directory(data: &Path) -> Result<(), Trouble> {
    data.read_dir().map(|_| ()).map_err(Trouble::read(data))
}

fn words(token: &Token) -> String {
    token.scopes.iter().map(|scope| scope.name()).collect::<Vec<_>>().join(",")
}

fn unknown(data: &Path, error: TokenError) -> Trouble {
    let TokenError::Unknown(id) = &error else { return written(error) };
    let known = tokens::list(data).unwrap_or_default();
    let meant = did_you_mean(id, known.iter().map(|token| &*token.id));
    let help = meant.map_or_else(
        || "`wane token list` shows those of a data directory; those of a configuration stand there".to_owned(),
        |meant| format!("did you mean `{}`?", plain(meant)),
    );
    Trouble::usage(format!("there is no token `{}`", plain(id)), help)
}

fn read(error: TokenError) -> Trouble {
    match error {
        TokenError::File { path, error } => Trouble::Read { path, source: error },
        other @ (TokenError::Random | TokenError::Form { .. } | TokenError::Unknown(_)) => form(&other),
    }
}

fn written(error: TokenError) -> Trouble {
    match error {
        TokenError::File { path, error } => Trouble::Write { path, source: error },
        other @ (TokenError::Random | TokenError::Form { .. } | TokenError::Unknown(_)) => form(&other),
    }
}

fn form(error: &TokenError) -> Trouble {
    Trouble::usage(error.to_string(), "nothing but `wane token` and `wane serve --dev` writes it")
}

fn now() -> Timestamp {
    Clock::system(Timestamp::EPOCH).now()
}

/// A scope as it is said on the command line.
///
/// # Errors
/// What would be right.
pub(crate) fn scope(text: &str) -> Result<Scope, String> {
    Scope::parse(text).ok_or_else(|| {
        let names = Scope::ALL.map(Scope::name);
        match did_you_mean(text, names) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("there are {}", names.join(", ")),
        }
    })
}
