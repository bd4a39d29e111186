//! `wane plugin inspect`: the manifest, who could change the file, the ABI. Nothing of the plugin runs.

use std::io::Write;
use std::path::Path;

use wane_plugin_host::minisign::PublicKey;
use wane_plugin_host::{Inspected, Manifest, Signed, Trust};

use super::{resolved, unusable};
use crate::Verdict;
use crate::out::{Out, Style, plain};
use crate::trouble::Trouble;

/// The one symbol that a plugin exports.
const ENTRY: &str = "wane_plugin_entry";

pub(crate) fn run(file: &Path, keys: &[String], out: &mut Out) -> Result<Verdict, Trouble> {
    let file = resolved(file)?;
    let bytes = std::fs::read(&file).map_err(Trouble::read(&file))?;
    let inspected =
        wane_plugin_host::inspect_bytes(&bytes).map_err(|what| unusable(format!("`{}`: {what}", file.display())))?;
    manifest(&inspected.manifest, out)?;
    line(out, "file", &format!("{} bytes, SHA-256 {}", inspected.bytes, inspected.hash))?;
    let exports = exports(&inspected, out)?;
    let keys = keys.iter().map(|key| super::signing::public(key)).collect::<Result<Vec<_>, _>>()?;
    let trusted = trust(&file, keys, out)?;
    Ok(if exports && trusted { Verdict::Well } else { Verdict::Findings })
}

fn manifest(manifest: &Manifest, out: &mut Out) -> Result<(), Trouble> {
    let name = out.paint(Style::Strong, &format!("{} {}", plain(&manifest.name), plain(&manifest.version)));
    writeln!(out, "{name}  {}", plain(&manifest.about))?;
    line(out, "channel", &manifest.channel)?;
    line(out, "abi", manifest.abi.as_deref().unwrap_or("not told in the manifest"))?;
    let made = [&manifest.sdk, &manifest.compiler].into_iter().flatten().map(String::as_str).collect::<Vec<_>>();
    if !made.is_empty() {
        line(out, "made by", &made.join(", "))?;
    }
    if let Some(scheme) = &manifest.signature {
        line(out, "signed", &format!("HMAC-SHA256 in `{}`, key `{}`", scheme.header, scheme.secret))?;
    }
    for need in &manifest.secrets {
        let optional = if need.optional { ", optional" } else { "" };
        line(out, "secret", &format!("`{}`{optional}: {}", need.name, need.about))?;
    }
    if let Some(schema) = &manifest.config {
        line(out, "config", &schema.to_string())?;
    }
    if !manifest.capabilities.is_empty() {
        line(out, "can", &serde_json::Value::Object(manifest.capabilities.clone()).to_string())?;
    }
    Ok(())
}

fn exports(inspected: &Inspected, out: &mut Out) -> Result<bool, Trouble> {
    let good = inspected.exports == [ENTRY];
    let list = inspected.exports.join(", ");
    let more = if good { "" } else { " (it must be `wane_plugin_entry` alone)" };
    line(out, "exports", &format!("{list}{more}"))?;
    Ok(good)
}

fn trust(file: &Path, keys: Vec<PublicKey>, out: &mut Out) -> Result<bool, Trouble> {
    match wane_plugin_host::inspect(file, &Trust { keys, ..Trust::default() }) {
        Ok(inspected) => {
            let is_signed = inspected.signed.is_some();
            let yes = out.paint(Style::Good, "yes");
            writeln!(out, "  trusted   {yes}: nobody but root and this user can change the file or its place")?;
            match inspected.signed {
                Some(Signed { key: Some(key), comment }) => line(out, "by key", &format!("{key}: {comment}"))?,
                Some(Signed { key: None, .. }) => line(out, "by key", "one of those given")?,
                None => {}
            }
            let signed = "in a process of its own, unless it is signed by a trusted key or its SHA-256 is configured";
            line(out, "runs", if is_signed { "in the service's process, for it is signed" } else { signed })?;
            Ok(true)
        }
        Err(why) => {
            let no = out.paint(Style::Bad, "no");
            writeln!(out, "  trusted   {no}: {}", plain(&why.to_string()))?;
            Ok(false)
        }
    }
}

fn line(out: &mut Out, name: &str, text: &str) -> Result<(), Trouble> {
    writeln!(out, "  {name:<9} {}", plain(text))?;
    Ok(())
}
