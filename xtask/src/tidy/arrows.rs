//! Dependencies that no table may allow.

use std::collections::BTreeSet;

use crate::finding::Finding;
use crate::metadata::Member;

/// Crates that do I/O, read clocks or wait: nothing for the engine.
const WORLDLY: [&str; 22] = [
    "async-std",
    "axum",
    "crossbeam-channel",
    "fastrand",
    "futures",
    "getrandom",
    "hyper",
    "libloading",
    "mio",
    "notify",
    "rand",
    "redb",
    "reqwest",
    "rusqlite",
    "smol",
    "socket2",
    "tempfile",
    "tokio",
    "tracing-subscriber",
    "ureq",
    "uuid",
    "walkdir",
];

pub(crate) fn check(members: &[Member]) -> Vec<Finding> {
    members.iter().flat_map(|member| forbidden(member, members)).collect()
}

fn forbidden(member: &Member, members: &[Member]) -> Vec<Finding> {
    let reached = reach(member, members);
    let manifest = format!("{}/Cargo.toml", member.directory);
    let found = |name: &str, why: &str| {
        Finding::new(&manifest, 1, format!("`{}` depends on `{name}`", member.name), why.to_owned())
    };
    let mut findings = Vec::new();
    if member.name == "wane-core" {
        let worldly = member.outer.iter().filter(|name| WORLDLY.contains(&name.as_str()));
        findings.extend(worldly.map(|name| found(name, "the engine is pure: hand in what it needs")));
        findings.extend(member.inner.iter().map(|name| found(name, "the engine stands on no other crate of ours")));
    }
    if member.name == "wane-plugin-abi" {
        let any = member.inner.iter().chain(&member.outer);
        findings.extend(any.map(|name| found(name, "the plugin interface depends on nothing")));
    }
    if is_plugin(member) && reached.contains("wane-core") {
        findings.push(found("wane-core", "authors of channels never see the engine's types"));
    }
    if member.name == "wane-conformance" && reached.contains("wane-server") {
        findings.push(found("wane-server", "a conformance kit that needs the server tests only that server"));
    }
    if member.inner.contains("wane") {
        findings.push(found("wane", "move what is needed out of the command line"));
    }
    findings
}

fn is_plugin(member: &Member) -> bool {
    member.name == "wane-plugin" || member.directory.starts_with("plugins/")
}

/// The crates of the workspace that a member is built from, directly or not.
fn reach(member: &Member, members: &[Member]) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<String> = member.inner.iter().cloned().collect();
    while let Some(name) = open.pop() {
        let next = members.iter().filter(|member| member.name == name).flat_map(|member| member.inner.iter().cloned());
        open.extend(next.filter(|next| !reached.contains(next)));
        reached.insert(name);
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str, inner: &[&str], outer: &[&str]) -> Member {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let directory = format!("crates/{name}");
        Member { name: name.to_owned(), version: String::new(), directory, inner: set(inner), outer: set(outer) }
    }

    #[test]
    fn each_forbidden_arrow_is_found() {
        let members = [
            member("wane-core", &[], &["serde", "tokio"]),
            member("wane-plugin-abi", &[], &["libc"]),
            member("wane-plugin", &["wane-wire"], &[]),
            member("wane-wire", &["wane-core"], &[]),
            member("wane-conformance", &["wane-server"], &[]),
            member("wane-sim", &["wane"], &[]),
        ];
        let found: Vec<String> = check(&members).iter().map(ToString::to_string).collect();
        assert_eq!(found.len(), 5, "{found:#?}");
        assert_eq!(
            found[0],
            "crates/wane-core/Cargo.toml:1: `wane-core` depends on `tokio`; the engine is pure: hand in what it needs"
        );
        assert!(found[2].contains("`wane-plugin` depends on `wane-core`"), "through another crate too: {found:#?}");
    }

    #[test]
    fn allowed_arrows_are_quiet() {
        assert_eq!(check(&[member("wane-core", &[], &["serde"]), member("wane", &["wane-core"], &["tokio"])]), []);
    }
}
