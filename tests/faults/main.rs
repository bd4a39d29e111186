//! Makes system calls of the real daemon fail, one after another, while it starts and serves, and checks from outside that
//! nothing that was answered is lost, every deadline is decided exactly once, and it ends as `docs/operations.md` says.
//!
//! `.ci/faults` runs it, since it needs `strace`; it works in the directory that it is given. If the word `small` follows, that
//! is a small file system, which is filled up. What is put under load and who judges is of the kill loop, `tests/crash`.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test in all but name: it may fail, and says what it saw"
)]

#[path = "../crash/chance.rs"]
mod chance;
#[path = "../crash/daemon.rs"]
#[expect(dead_code, reason = "the kill loop kills")]
mod daemon;
#[path = "../crash/judge.rs"]
mod judge;
#[path = "../crash/reader.rs"]
mod reader;
#[path = "../crash/rules.rs"]
#[expect(dead_code, reason = "the kill loop puts rules in force")]
mod rules;
#[path = "../crash/writer.rs"]
mod writer;

mod faulty;
mod full;
mod world;

use std::path::PathBuf;
use std::time::Duration;

use faulty::Call;
use world::World;

/// Calls that the log makes for each commit are reached, however slow the machine is, and then it must end.
const SURELY: Duration = Duration::from_secs(20);
/// Others are waited for no longer than that.
const PERHAPS: Duration = Duration::from_millis(700);

/// What fails, and with which exit codes it may end then. 0: it could go on, and was told to stop.
const CALLS: [Call; 6] = [
    Call { name: "fdatasync", error: "EIO", last: 100, load: SURELY, path: None, codes: &[74] },
    Call { name: "pwrite64", error: "ENOSPC", last: 100, load: SURELY, path: None, codes: &[74] },
    Call { name: "fsync", error: "EIO", last: 9, load: PERHAPS, path: None, codes: &[0, 74] },
    Call { name: "rename", error: "EIO", last: 9, load: PERHAPS, path: None, codes: &[0, 74] },
    Call { name: "pread64", error: "EIO", last: 60, load: PERHAPS, path: Some(SEGMENT), codes: &[0, 74] },
    Call { name: "clone3", error: "EAGAIN", last: 12, load: PERHAPS, path: None, codes: &[0, 70, 71] },
];
const SEGMENT: &str = "wane-data/log/segment-000001";

fn main() {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let small = arguments.next().is_some_and(|word| word == "small");
    let directory = directory.canonicalize().expect("a directory");
    let mut world = World::new(directory.join("data"));
    for call in &CALLS {
        println!("ok   {}, {}: {}", call.name, call.error, call.fail_one_by_one(&mut world));
    }
    full::told(&mut world);
    if small {
        full::real(&mut world);
    }
    println!("ok   {}", world.end());
}
