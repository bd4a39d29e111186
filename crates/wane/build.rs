//! Lists the pages about diagnostics, so that `wane check --explain` has them without any file beside it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    // As it is now, not as it was when this program was built: a repository may be moved.
    let here =
        env::var_os("CARGO_MANIFEST_DIR").ok_or_else(|| io::Error::other("cargo names no CARGO_MANIFEST_DIR"))?;
    let docs = Path::new(&here).join("../../docs/diagnostics");
    println!("cargo::rerun-if-changed={}", docs.display());
    let listed = fs::read_dir(&docs).map_err(|error| io::Error::other(format!("{}: {error}", docs.display())))?;
    let mut pages: Vec<PathBuf> = Vec::new();
    for entry in listed {
        let path = entry?.path();
        let code = path.file_stem().is_some_and(|name| name != "README");
        if code && path.extension().is_some_and(|extension| extension == "md") {
            pages.push(path.canonicalize()?);
        }
    }
    pages.sort();
    let mut table = String::from("&[\n");
    for page in &pages {
        let name = page.file_stem().unwrap_or_default().to_string_lossy();
        let _ = writeln!(table, "    ({name:?}, include_str!({:?})),", page.display().to_string());
    }
    table.push_str("]\n");
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo names no OUT_DIR"))?;
    fs::write(Path::new(&out).join("pages.rs"), table)
}
