//! A place for foils, and the kit as its users run it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use wane_tests::binary;

/// A directory that only we can change.
pub(crate) struct Place(tempfile::TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a directory"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Compiles the pager, with a define that makes it a foil.
    pub(crate) fn pager(&self, name: &str, define: Option<&str>) -> PathBuf {
        let to = self.path(&format!("{name}.so"));
        let mut cc = Command::new("cc");
        cc.args(["-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-fPIC", "-fvisibility=hidden", "-shared"]);
        cc.arg("-I").arg(here("crates/wane-plugin-abi/include"));
        cc.args(define.map(|define| format!("-D{define}")));
        cc.arg("-o").arg(&to).arg(here("plugins/foils/pager.c")).arg("-lpthread");
        let output = cc.output().expect("these tests need a C compiler, `cc`");
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        mode(&to);
        to
    }

    /// The foil in Rust, built along with these tests.
    pub(crate) fn rust_foil(&self) -> PathBuf {
        let ours = std::env::current_exe().expect("the path of this test");
        let deps = ours.parent().expect("it lies in a directory");
        let beside = deps.parent().map(|above| above.join("libwane_foil.so")).filter(|file| file.exists());
        let to = self.path("libwane_foil.so");
        fs::copy(beside.unwrap_or_else(|| deps.join("libwane_foil.so")), &to)
            .expect("the foil is built with the tests");
        mode(&to);
        to
    }
}

fn mode(file: &Path) {
    fs::set_permissions(file, fs::Permissions::from_mode(0o755)).expect("ours to change");
}

pub(crate) fn here(path: &str) -> PathBuf {
    binary::repository().join(path)
}

/// `wane conformance` in the repository.
pub(crate) fn conformance(arguments: &[&str]) -> Output {
    let arguments: Vec<&str> = ["conformance"].iter().chain(arguments).copied().collect();
    binary::wane(&binary::repository(), &arguments)
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("a path of plain letters")
}
