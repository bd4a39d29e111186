//! Plugins in a place that the host trusts, and figures.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use wane_plugin_host::{ChannelSettings, Settings, Tier};

/// Directories that go with it.
pub(crate) struct Place(tempfile::TempDir);

impl Place {
    pub(crate) fn new() -> Result<Self, Box<dyn Error>> {
        let place = Self(tempfile::tempdir()?);
        fs::create_dir(place.plugins())?;
        fs::set_permissions(place.plugins(), fs::Permissions::from_mode(0o755))?;
        Ok(place)
    }

    pub(crate) fn plugins(&self) -> PathBuf {
        self.0.path().join("plugins")
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.0.path().join("store")
    }

    /// A plugin that was built along with this program, without its debugging information.
    pub(crate) fn built(&self, name: &str) -> Result<PathBuf, Box<dyn Error>> {
        let program = std::env::current_exe()?;
        let directory = program.parent().ok_or("no directory")?.join("deps");
        let to = self.plugins().join(format!("{name}.so"));
        let stripped =
            Command::new("strip").arg("-o").arg(&to).arg(directory.join(format!("lib{name}.so"))).status()?;
        if !stripped.success() {
            return Err(format!("`strip` does not take {name}").into());
        }
        fs::set_permissions(&to, fs::Permissions::from_mode(0o755))?;
        Ok(to)
    }

    /// A plugin in C of the tests.
    fn compiled(&self, name: &str) -> Result<(), Box<dyn Error>> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let to = self.plugins().join(format!("{name}.so"));
        let mut compiler = Command::new("cc");
        compiler.args(["-std=c11", "-shared", "-fPIC", "-fvisibility=hidden", "-O1", "-w", "-o"]).arg(&to);
        compiler.arg("-I").arg(root.join("crates/wane-plugin-abi/include"));
        compiler.arg(root.join(format!("tests/plugins/foils/{name}.c")));
        if !compiler.status()?.success() {
            return Err(format!("{name}.c does not compile").into());
        }
        fs::set_permissions(&to, fs::Permissions::from_mode(0o755))?;
        Ok(())
    }

    /// All plugins of the collection of faults.
    pub(crate) fn foils() -> Result<Self, Box<dyn Error>> {
        let place = Self::new()?;
        place.built("wane_foil")?;
        place.compiled("foil")?;
        place.compiled("rogue")?;
        Ok(place)
    }

    pub(crate) fn settings(&self) -> Settings {
        let mut settings = Settings::new(vec![self.plugins()], self.store());
        settings.program = Some(PathBuf::from("/proc/self/exe"));
        settings
    }
}

pub(crate) fn channel(plugin: &str, tier: Tier, config: Value, secret: (&str, &str)) -> ChannelSettings {
    let secrets = BTreeMap::from([(secret.0.to_owned(), secret.1.into())]);
    let secrets = if secret.0.is_empty() { BTreeMap::new() } else { secrets };
    ChannelSettings { plugin: Some(plugin.to_owned()), config, secrets, tier: Some(tier), ..ChannelSettings::default() }
}

/// The figure below which this share of them lies.
pub(crate) fn percentile(sorted: &[Duration], percent: f64) -> Duration {
    let last = sorted.len().saturating_sub(1) as f64;
    sorted.get((last * percent / 100.0).round() as usize).copied().unwrap_or_default()
}

pub(crate) fn micros(length: Duration) -> f64 {
    length.as_secs_f64() * 1e6
}
