//! Starts children, from threads that live as long as the process: the system tells a child that its parent died when the
//! *thread* ends that made it, and threads that call plugins come and go. There are two: children of the second give way.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, OnceLock, PoisonError};

use super::child::Standing;
use super::slice;

/// The argument that makes the program a child.
pub(crate) const ARGUMENT: &str = "plugin-host";

/// A child and the socket to it.
pub(crate) type Started = Result<(Child, UnixStream), String>;

struct Order {
    program: PathBuf,
    to: Sender<Started>,
}

/// Starts a child: a group of its own, an empty environment, one socket and nothing else.
pub(crate) fn start(program: &Path, standing: Standing) -> Started {
    static USUAL: OnceLock<Keeper> = OnceLock::new();
    static YIELDING: OnceLock<Keeper> = OnceLock::new();
    let keeper = match standing {
        Standing::Good => USUAL.get_or_init(|| keeper(|| slice::longest(None))),
        Standing::Lost => YIELDING.get_or_init(|| keeper(give_way)),
    };
    let (to, started) = channel();
    let order = Order { program: program.to_owned(), to };
    let sent = keeper.lock().unwrap_or_else(PoisonError::into_inner).send(order);
    let gone = || "the thread that starts children is gone".to_owned();
    sent.map_err(|_| gone())?;
    started.recv().map_err(|_| gone())?
}

/// Where orders go.
type Keeper = Mutex<Sender<Order>>;

fn keeper(prepare: impl FnOnce() + Send + 'static) -> Keeper {
    let (orders, taken) = channel();
    let work = move || {
        prepare();
        keep(&taken);
    };
    // Without a thread nobody takes orders, and `start` says so.
    drop(std::thread::Builder::new().name("plugin-keeper".to_owned()).spawn(work));
    Mutex::new(orders)
}

/// From here on this thread, and all that it starts from their first instruction on, get what nobody else wants of the
/// processors: a process that starts is worth several calls, and who waits for a call is not to wait for that. It is a kindness
/// to others and no part of the lock: one that could not be done changes nothing else.
#[expect(unsafe_code, reason = "asks the system")]
fn give_way() {
    let none = libc::sched_param { sched_priority: 0 };
    // SAFETY: the struct is valid during the call; zero is this thread.
    let _ = unsafe { libc::sched_setscheduler(0, libc::SCHED_IDLE, &raw const none) };
}

fn keep(orders: &Receiver<Order>) {
    for order in orders {
        // Whoever ordered it waits.
        drop(order.to.send(spawn(&order.program)));
    }
}

fn spawn(program: &Path) -> Started {
    let failed = |error: std::io::Error| format!("no process could be started: {error}");
    let (ours, theirs) = UnixStream::pair().map_err(failed)?;
    let mut command = Command::new(program);
    command.arg(ARGUMENT).env_clear().process_group(0);
    command.stdin(OwnedFd::from(theirs)).stdout(Stdio::null()).stderr(Stdio::null());
    let child = command.spawn().map_err(failed)?;
    Ok((child, ours))
}
