//! The plugins of the channels, built as `cargo build` builds them, in a place that only we can change; and how the
//! providers of those channels sign.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::binary::cargo;

/// Puts the plugins into a new directory of that path, which must not be below one that others can change.
///
/// # Panics
/// When they do not build or can not be copied: nothing that needs them can say anything then.
#[expect(clippy::panic, reason = "a test that has nothing to run fails")]
pub fn put(directory: &Path) {
    static BUILT: OnceLock<Vec<PathBuf>> = OnceLock::new();
    let built = BUILT.get_or_init(|| build().unwrap_or_else(|why| panic!("the plugins do not build: {why}")));
    copy(built, directory).unwrap_or_else(|why| panic!("the plugins can not be copied: {why}"));
}

fn copy(files: &[PathBuf], directory: &Path) -> std::io::Result<()> {
    fs::create_dir(directory)?;
    fs::set_permissions(directory, fs::Permissions::from_mode(0o755))?;
    for file in files {
        let to = directory.join(file.file_name().unwrap_or_default());
        fs::copy(file, &to)?;
        fs::set_permissions(&to, fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

/// Asks cargo, which knows where it puts things and what is out of date.
fn build() -> Result<Vec<PathBuf>, String> {
    let mut cargo = cargo();
    cargo.args(["build", "--quiet", "--message-format=json"]);
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    let output = cargo.output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stdout);
    let files: Vec<PathBuf> = said.lines().flat_map(artifacts).filter(|path| is_plugin(path)).collect();
    if files.is_empty() { Err("cargo names no plugin".to_owned()) } else { Ok(files) }
}

fn artifacts(line: &str) -> Vec<PathBuf> {
    let message: serde_json::Value = serde_json::from_str(line).unwrap_or_default();
    let files = message.get("filenames").and_then(serde_json::Value::as_array);
    files.into_iter().flatten().filter_map(|file| file.as_str().map(PathBuf::from)).collect()
}

fn is_plugin(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.starts_with("libwane_channel_") && path.extension().is_some_and(|end| end == "so")
}

/// The value of `X-Hub-Signature-256`.
#[must_use]
pub fn whatsapp_signature(key: &str, body: &[u8]) -> String {
    let hex: String = mac(key, body).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={hex}")
}

/// The value of `x-line-signature`.
#[must_use]
pub fn line_signature(key: &str, body: &[u8]) -> String {
    STANDARD.encode(mac(key, body))
}

fn mac(key: &str, body: &[u8]) -> Vec<u8> {
    // HMAC takes a key of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else { return Vec::new() };
    mac.update(body);
    mac.finalize().into_bytes().to_vec()
}
