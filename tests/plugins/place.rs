//! A trusted place for plugins, and how they get there.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use wane_core::time::Timestamp;
use wane_plugin_host::call::{CallError, Input, InputKind, Translated};
use wane_plugin_host::{Channel, ChannelSettings, Settings, Tier};

/// Directories that go with it: `plugins` and `store`.
pub(crate) struct Place {
    root: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().expect("a directory");
        let place = Self { root };
        fs::create_dir(place.plugins()).expect("a directory");
        mode(&place.plugins(), 0o755);
        place
    }

    pub(crate) fn plugins(&self) -> PathBuf {
        self.root.path().join("plugins")
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.root.path().join("store")
    }

    /// Compiles C into a plugin.
    pub(crate) fn c(&self, name: &str, source: &Path, flags: &[&str]) -> PathBuf {
        let to = self.plugins().join(name);
        let part = self.root.path().join("part.so");
        compile("cc", &["-std=c11", "-shared", "-fPIC", "-fvisibility=hidden"], flags, source, &part);
        fs::rename(part, &to).expect("moved");
        mode(&to, 0o755);
        to
    }

    /// Compiles the C foil.
    pub(crate) fn foil(&self, flags: &[&str]) -> PathBuf {
        self.c("foil.so", &here("tests/plugins/foils/foil.c"), flags)
    }

    /// Copies the foil that is written in Rust, built along with these tests.
    pub(crate) fn rust_foil(&self) -> PathBuf {
        let to = self.plugins().join("libwane_foil.so");
        fs::copy(rust_foil(), &to).expect("the foil is built with the tests");
        mode(&to, 0o755);
        to
    }

    /// The same, for a tier.
    pub(crate) fn settings_in(&self, tier: Tier, config: Value) -> Settings {
        let mut settings = self.settings(config);
        settings.program = Some(wane_tests::binary::path().to_owned());
        settings.channels.values_mut().for_each(|channel| channel.tier = Some(tier));
        settings
    }

    /// Settings with that one channel.
    pub(crate) fn settings(&self, config: Value) -> Settings {
        let mut settings = Settings::new(vec![self.plugins()], self.store());
        let secrets = [("token".to_owned(), "s3cret".into())];
        // A machine that is busy with other tests is no reason for a fault here.
        settings.budget.hard = std::time::Duration::from_secs(5);
        let mut channel = ChannelSettings { config, ..ChannelSettings::default() };
        if channel.config.get("account").is_some() {
            channel.secrets.extend(secrets);
        }
        settings.channels.insert("foil".to_owned(), channel);
        settings
    }
}

/// The foil in Rust, a dependency of these tests, lies beside the test itself.
pub(crate) fn rust_foil() -> PathBuf {
    let me = std::env::current_exe().expect("a path");
    me.parent().expect("a directory").join("libwane_foil.so")
}

/// A file of the repository.
pub(crate) fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository").join(path)
}

pub(crate) fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("changed");
}

/// Compiles with every warning an error.
pub(crate) fn compile(compiler: &str, kind: &[&str], flags: &[&str], source: &Path, to: &Path) {
    let mut command = Command::new(compiler);
    command.args(["-Wall", "-Wextra", "-Werror"]).args(kind).args(flags);
    command.arg("-I").arg(here("crates/wane-plugin-abi/include")).arg("-o").arg(to).arg(source);
    let output = command.output().expect("a C compiler; Rust needs one to link");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Has a webhook translated, so many seconds after 1970.
pub(crate) fn say_at(channel: &Channel, body: &str, seconds: i64) -> Result<Translated, CallError> {
    channel.translate(&Input {
        kind: InputKind::Webhook,
        received_at: Timestamp::EPOCH.plus_millis(seconds * 1000),
        account: "",
        method: "POST",
        path: "/hook",
        query: "hub.challenge=a%20b",
        headers: &[("x-echo", b"hello")],
        body: body.as_bytes(),
    })
}

pub(crate) fn say(channel: &Channel, body: &str) -> Result<Translated, CallError> {
    say_at(channel, body, 0)
}

pub(crate) fn effect(kind: &str) -> Value {
    json!({ "effect": kind, "text": "still there?", "to": "u1", "now_ms": 0, "channel_state": {} })
}
