//! The workspace's packages and what they depend on, as `cargo metadata` tells.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;

/// A package of the workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) version: String,
    /// Its directory, relative to the top, with `/`.
    pub(crate) directory: String,
    /// The packages of the workspace that it is built from.
    pub(crate) inner: BTreeSet<String>,
    /// The packages from elsewhere that it is built from.
    pub(crate) outer: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    manifest_path: String,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
    path: Option<String>,
}

/// Asks cargo. Needs no network: dependencies are not resolved.
pub(crate) fn read(root: &Path) -> io::Result<Vec<Member>> {
    let cargo = option_env!("CARGO").unwrap_or("cargo");
    let mut command = Command::new(cargo);
    let output = command.args(["metadata", "--no-deps", "--format-version", "1"]).current_dir(root).output()?;
    if !output.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    let metadata: Metadata = serde_json::from_slice(&output.stdout)?;
    Ok(metadata.packages.into_iter().map(|package| member(root, package)).collect())
}

fn member(root: &Path, package: Package) -> Member {
    let directory = Path::new(&package.manifest_path).parent().and_then(|path| path.strip_prefix(root).ok());
    let directory = directory.map(|path| path.to_string_lossy().replace('\\', "/")).unwrap_or_default();
    let built = package.dependencies.into_iter().filter(|dependency| dependency.kind.as_deref() != Some("dev"));
    let (inner, outer): (Vec<_>, Vec<_>) = built.partition(|dependency| dependency.path.is_some());
    Member { name: package.name, version: package.version, directory, inner: names(inner), outer: names(outer) }
}

fn names(dependencies: Vec<Dependency>) -> BTreeSet<String> {
    dependencies.into_iter().map(|dependency| dependency.name).collect()
}
