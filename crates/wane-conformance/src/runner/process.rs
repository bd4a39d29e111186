//! The process of a case, seen from outside.

use std::io::{Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};

use rustix::process::{Pid, Signal, kill_process_group};

use super::{PATIENCE, Plan, Refused};
use crate::child::{Done, Job, MARK};

/// How a case's process ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// It did its job.
    Done(Done),
    /// It ended before, in these words.
    Crash(String),
    /// It was killed.
    Timeout,
}

/// The most bytes of output that are read: a plugin may write whatever it likes.
const MOST_OUTPUT: u64 = 16 << 20;

/// Does a job in a process of its own, which is killed with all that it started when it takes too long.
pub(super) fn run(plan: &Plan, job: &Job) -> Result<Ended, Refused> {
    let failed = |error: std::io::Error| Refused::Kit(format!("a case's process: {error}"));
    let text = serde_json::to_vec(job).map_err(|error| Refused::Kit(error.to_string()))?;
    let stderr = if plan.only.is_empty() { Stdio::null() } else { Stdio::inherit() };
    let mut command = Command::new(&plan.program);
    command.args(&plan.words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(stderr).process_group(0);
    let mut child = command.spawn().map_err(failed)?;
    let (input, output) = (child.stdin.take(), child.stdout.take());
    let (told, heard) = channel();
    // Nobody waits for this thread: something that a plugin started and that got away may hold the pipe for ever.
    std::thread::spawn(move || {
        // A process that ends without reading is told by its end.
        let _ = input.map(|mut input| input.write_all(&text));
        let mut said = Vec::new();
        let _ = output.map(|output| output.take(MOST_OUTPUT).read_to_end(&mut said));
        let _ = told.send(said);
    });
    let said = heard.recv_timeout(plan.timeout.saturating_mul(PATIENCE));
    if matches!(said, Err(RecvTimeoutError::Timeout)) {
        kill(&mut child);
    }
    let status = child.wait().map_err(failed)?;
    Ok(match said {
        Err(RecvTimeoutError::Timeout) => Ended::Timeout,
        other => ended(&other.unwrap_or_default(), status)?,
    })
}

fn kill(child: &mut Child) {
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    if group.is_none_or(|group| kill_process_group(group, Signal::KILL).is_err()) {
        let _ = child.kill();
    }
}

fn ended(said: &[u8], status: ExitStatus) -> Result<Ended, Refused> {
    let said = String::from_utf8_lossy(said);
    let result = said.rsplit_once(MARK).map(|(_, line)| line.trim_end());
    // The system ends whoever takes too much of the processor with the first, or the second if both limits are met at once.
    if result.is_none() && matches!(status.signal(), Some(libc::SIGXCPU | libc::SIGKILL)) {
        return Ok(Ended::Timeout);
    }
    if let Some(signal) = status.signal() {
        return Ok(Ended::Crash(format!("the process was killed by {}", name(signal))));
    }
    match (result, status.code()) {
        (Some(line), Some(0)) => {
            let done: Done = serde_json::from_str(line).map_err(|error| Refused::Kit(format!("a result: {error}")))?;
            done.broken.clone().map_or(Ok(Ended::Done(done)), |why| Err(Refused::Kit(why)))
        }
        (_, Some(code)) if code == KIT_FAULT => Err(Refused::Kit("a case's process could not do its job".to_owned())),
        (_, code) => Ok(Ended::Crash(format!("the process ended with exit status {}", code.unwrap_or_default()))),
    }
}

/// The exit status of a process that met a fault of the kit.
pub(super) const KIT_FAULT: i32 = 4;

fn name(signal: i32) -> String {
    const NAMES: [(i32, &str); 6] = [
        (libc::SIGSEGV, "SIGSEGV"),
        (libc::SIGBUS, "SIGBUS"),
        (libc::SIGABRT, "SIGABRT"),
        (libc::SIGILL, "SIGILL"),
        (libc::SIGFPE, "SIGFPE"),
        (libc::SIGTRAP, "SIGTRAP"),
    ];
    let known = NAMES.iter().find(|(number, _)| *number == signal);
    known.map_or_else(|| format!("signal {signal}"), |(_, name)| (*name).to_owned())
}
