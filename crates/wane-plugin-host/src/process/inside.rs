//! The child: loads one plugin, then answers the parent until that is gone.

use std::fs::File;
use std::mem::ManuallyDrop;
use std::os::fd::FromRawFd;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use super::frame::{self, Broken, Buffer, Writer};
use super::{jail, message};
use crate::instance::{Ask, Instance};
use crate::library;

/// What `wane plugin-host` does: the child of a service, with the service's socket as its standard input.
///
/// # Errors
/// Why it ends, other than that its parent wants no more. Nobody but a tester reads it.
pub fn run() -> Result<(), String> {
    let mut stream = socket()?;
    let (mut buffer, mut writer) = (Buffer::new(), Writer::new());
    jail::enter()?;
    let hello = told(buffer.read(&mut *stream, || Ok(())))?;
    let Some(hello) = hello else { return Ok(()) };
    let made = ready(hello);
    let result = made.as_ref().map(|_| ()).map_err(Clone::clone);
    say(&mut stream, message::write_ready(&mut writer, &result))?;
    let mut instance = made?;
    while let Some(asked) = told(buffer.read(&mut *stream, || Ok(())))? {
        let answered = message::asked(asked, |id, ask: &Ask<'_>| (id, instance.ask(ask)));
        let (id, (code, output)) = answered.ok_or("a frame that is no question")?;
        say(&mut stream, message::write_done(&mut writer, id, code, &output))?;
    }
    Ok(())
}

/// The plugin, loaded in what the loader needs, and called in even less.
fn ready(hello: &[u8]) -> Result<Instance, String> {
    let hello = message::hello(hello).ok_or("a frame that is no greeting")?;
    let library = library::open(Path::new(hello.copy), hello.manifest)?;
    jail::close()?;
    Instance::create(library, hello.config)
}

fn say(stream: &mut File, frame: Option<&[u8]>) -> Result<(), String> {
    let frame = frame.ok_or("an answer that is too long")?;
    told(frame::write(stream, frame, || Ok(()))).map(|_| ())
}

/// A parent that is gone is no mistake: there is nothing left to do.
fn told<T>(result: Result<T, Broken>) -> Result<Option<T>, String> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(Broken::Closed) => Ok(None),
        Err(Broken::Wrong(what)) => Err(what),
    }
}

/// The socket, which came as the standard input. A file reads and writes it as well.
#[expect(unsafe_code, reason = "takes over the standard input")]
fn socket() -> Result<ManuallyDrop<File>, String> {
    // SAFETY: nothing else of this process uses the standard input, and it is open until the process ends.
    let file = ManuallyDrop::new(unsafe { File::from_raw_fd(libc::STDIN_FILENO) });
    let is_socket = file.metadata().is_ok_and(|about| about.file_type().is_socket());
    if is_socket { Ok(file) } else { Err("the standard input is no socket".to_owned()) }
}
