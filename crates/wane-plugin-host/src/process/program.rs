//! Which program the processes of plugins run: a small one that lies beside this one, or this one again.
//!
//! The small one starts in a third of the time, and a process that starts takes the processor from everybody. It must be of
//! the same make as this program, to the byte of what the two say to each other, and is held open: whatever has its name
//! later is not run.

use std::fs::{self, File, Metadata};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// Its name.
pub const NAME: &str = "wane-plugin-host";
/// This program again, the very file that runs even if another one has its name by now.
const SELF: &str = "/proc/self/exe";

/// What both programs are made of that they must have in common.
const COMMON: [&[u8]; 4] =
    [include_bytes!("frame.rs"), include_bytes!("inside.rs"), include_bytes!("jail.rs"), include_bytes!("message.rs")];

/// What a program says of its make when it is asked with `--version`: two that say the same understand each other.
#[must_use]
pub fn make() -> String {
    // FNV-1a: nobody forges it, somebody forgets to build both.
    let digest = |digest: u64, byte: &u8| (digest ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    let common = COMMON.iter().flat_map(|file| file.iter()).fold(0xcbf2_9ce4_8422_2325, digest);
    format!("{NAME} {} {common:016x}", env!("CARGO_PKG_VERSION"))
}

/// The program, for as long as this process lives.
#[derive(Clone, Debug)]
pub struct Program {
    /// What to start.
    pub path: PathBuf,
    /// Why it is not the small one, although there is one.
    pub passed_over: Option<String>,
}

/// The program to start. It is looked for once.
#[must_use]
pub fn program() -> &'static Program {
    static FOUND: OnceLock<(Program, Option<File>)> = OnceLock::new();
    let found =
        FOUND.get_or_init(|| match std::env::current_exe().ok().and_then(|this| small(&this.with_file_name(NAME))) {
            Some(Ok(file)) => (Program { path: by_descriptor(&file), passed_over: None }, Some(file)),
            Some(Err(why)) => (Program { path: SELF.into(), passed_over: Some(why) }, None),
            None => (Program { path: SELF.into(), passed_over: None }, None),
        });
    &found.0
}

/// The small one, if there is one, open.
fn small(path: &Path) -> Option<Result<File, String>> {
    let file = File::open(path).ok()?;
    let told = |why: &str| format!("`{}` is not used for plugins: {why}", path.display());
    Some(match (file.metadata(), fs::metadata(SELF)) {
        (Ok(it), Ok(this)) if !is_as_safe(&it, &this) => Err(told("others may write it, or it is somebody else's")),
        (Ok(_), Ok(_)) if !is_of_our_make(&file) => {
            Err(told("it is not of the same make as this program; build or install both"))
        }
        (Ok(_), Ok(_)) => Ok(file),
        _ => Err(told("it can not be looked at")),
    })
}

/// Nobody may write it who may not write this program.
fn is_as_safe(it: &Metadata, this: &Metadata) -> bool {
    let writers = |about: &Metadata| about.permissions().mode() & 0o022;
    let group = writers(it) & 0o020 == 0 || it.gid() == this.gid();
    it.is_file() && it.uid() == this.uid() && writers(it) & !writers(this) == 0 && group
}

fn is_of_our_make(file: &File) -> bool {
    let mut command = Command::new(by_descriptor(file));
    let said = command.arg("--version").env_clear().stdin(Stdio::null()).stderr(Stdio::null()).output();
    said.is_ok_and(|said| said.stdout.trim_ascii_end() == make().as_bytes())
}

/// A file that is open has a name for as long as it is.
fn by_descriptor(file: &File) -> PathBuf {
    format!("/proc/self/fd/{}", file.as_raw_fd()).into()
}
