//! The real `wane` binary, run as its users do.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

pub use crate::rules::repository;

/// The path of the binary: the one that `WANE_BINARY` names, else that of this profile, built if it is not there or out of
/// date.
///
/// # Panics
/// When it does not build: nothing that runs it can say anything then.
#[must_use]
#[expect(clippy::panic, reason = "a test that has nothing to run fails")]
pub fn path() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    let given = || std::env::var_os("WANE_BINARY").map(PathBuf::from);
    PATH.get_or_init(|| given().map_or_else(build, Ok).unwrap_or_else(|why| panic!("the binary does not build: {why}")))
}

/// Cargo in the repository, as from a shell: what cargo tells a running test about its package would make build scripts
/// that look at it run again (`ring` has one), and all that is above them be built anew at each turn.
#[must_use]
pub fn cargo() -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    let told = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
    for name in std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()).filter(|name| told(name)) {
        cargo.env_remove(name);
    }
    cargo.current_dir(repository());
    cargo
}

/// Asks cargo, which knows where it puts things and what is out of date.
fn build() -> Result<PathBuf, String> {
    let mut cargo = cargo();
    cargo.args(["build", "--quiet", "--package", "wane", "--bins", "--message-format=json"]);
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    let output = cargo.output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stdout);
    let executable = |line: &str| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        message
            .get("executable")?
            .as_str()
            .map(PathBuf::from)
            .filter(|path| path.file_name().is_some_and(|name| name == "wane"))
    };
    said.lines().find_map(executable).ok_or_else(|| "cargo names no executable".to_owned())
}

/// Runs the binary in a directory, without colours.
///
/// # Panics
/// When it can not be started.
#[must_use]
#[expect(clippy::panic, reason = "a test that has nothing to run fails")]
pub fn wane(directory: &Path, arguments: &[&str]) -> Output {
    let output = Command::new(path()).args(arguments).current_dir(directory).env("NO_COLOR", "1").output();
    output.unwrap_or_else(|why| panic!("the binary does not start: {why}"))
}

/// What it printed on its standard output.
#[must_use]
pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What it printed on its standard error.
#[must_use]
pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
