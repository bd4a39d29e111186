//! Starts children, all from one thread that lives as long as the process: the system tells a child that its parent died
//! when the *thread* ends that made it, and threads that call plugins come and go.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, OnceLock, PoisonError};

/// The argument that makes the program a child.
pub(crate) const ARGUMENT: &str = "plugin-host";

/// A child and the socket to it.
pub(crate) type Started = Result<(Child, UnixStream), String>;

struct Order {
    program: PathBuf,
    to: Sender<Started>,
}

/// Starts a child: a group of its own, an empty environment, one socket and nothing else.
pub(crate) fn start(program: &Path) -> Started {
    static KEEPER: OnceLock<Mutex<Sender<Order>>> = OnceLock::new();
    let keeper = KEEPER.get_or_init(|| {
        let (orders, taken) = channel();
        // Without a thread nobody takes orders, and `start` says so.
        drop(std::thread::Builder::new().name("plugin-keeper".to_owned()).spawn(move || keep(&taken)));
        Mutex::new(orders)
    });
    let (to, started) = channel();
    let order = Order { program: program.to_owned(), to };
    let sent = keeper.lock().unwrap_or_else(PoisonError::into_inner).send(order);
    let gone = || "the thread that starts children is gone".to_owned();
    sent.map_err(|_| gone())?;
    started.recv().map_err(|_| gone())?
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
