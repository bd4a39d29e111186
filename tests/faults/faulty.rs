//! A daemon under `strace`, which makes one of its system calls fail.

use std::process::Command;
use std::time::Duration;

use wane_tests::binary;
use wane_tests::daemon::Process;

use crate::world::World;

/// A kind of call, and how it fails.
pub(crate) struct Call {
    pub(crate) name: &'static str,
    pub(crate) error: &'static str,
    /// The last one that is made to fail.
    pub(crate) last: u32,
    /// How long the daemon is under load, if it does not end before.
    pub(crate) load: Duration,
    /// Only calls on that file.
    pub(crate) path: Option<&'static str>,
    /// With which exit codes the daemon may end.
    pub(crate) codes: &'static [i32],
}

impl Call {
    /// Lets the first call of a thread fail, in the next daemon the second, then one that is further away, until no thread
    /// makes as many; each daemon goes on where the one before failed. Tells what came of it.
    pub(crate) fn fail_one_by_one(&self, world: &mut World) -> String {
        let mut ends: Vec<(i32, u32)> = self.codes.iter().map(|code| (*code, 0)).collect();
        let mut count = 1;
        while count <= self.last {
            let (code, failed) = self.fail(world, &count.to_string());
            if !failed {
                break;
            }
            let said = world.place.log();
            let end = ends.iter_mut().find(|(known, _)| Some(*known) == code);
            end.unwrap_or_else(|| panic!("{} number {count}: it ended with {code:?}: {said}", self.name)).1 += 1;
            count += 1 + count / 4;
        }
        world.check();
        assert!(ends.iter().map(|(_, times)| times).sum::<u32>() > 0, "{}: nothing failed", self.name);
        let ends =
            ends.iter().filter(|(_, times)| *times > 0).map(|(code, times)| format!("{times} ended with {code}"));
        ends.collect::<Vec<_>>().join(", ")
    }

    /// A daemon under load some calls of which fail, chosen in the way of `strace`; its exit code, and whether any did.
    pub(crate) fn fail(&self, world: &mut World, when: &str) -> (Option<i32>, bool) {
        let mut command = Command::new("strace");
        // The daemon stays our child, and no other call is slower for it.
        command.args(["-D", "-f", "--seccomp-bpf", "-q", "-o", "calls", "-e"]).arg(format!("trace={}", self.name));
        command.arg("-e").arg(format!("inject={}:error={}:when={when}", self.name, self.error));
        if let Some(path) = self.path {
            command.arg("-P").arg(world.place.path().join(path));
        }
        command.arg(binary::path()).args(["serve", "--config", "wane.toml"]);
        let code = world.load(Process::launch(world.place.path(), command), self.load);
        let calls = std::fs::read_to_string(world.place.path().join("calls")).expect("what `strace` saw");
        (code, calls.contains("(INJECTED)"))
    }
}
