//! The standard output: buffered, and coloured only for a person at a terminal who did not ask for none.

use std::borrow::Cow;
use std::io::{self, BufWriter, IsTerminal, Stdout, Write};

/// Where a command writes.
#[derive(Debug)]
pub(crate) struct Out {
    stream: BufWriter<Reader>,
    colour: bool,
}

/// Whoever reads the output, and may leave early.
#[derive(Debug)]
struct Reader {
    stdout: Stdout,
    /// Go on when nobody reads any more: the exit status still counts.
    patient: bool,
}

impl Reader {
    fn left<T>(&self, result: io::Result<T>, done: T) -> io::Result<T> {
        match result {
            Err(error) if self.patient && error.kind() == io::ErrorKind::BrokenPipe => Ok(done),
            other => other,
        }
    }
}

impl Write for Reader {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let result = self.stdout.write(bytes);
        self.left(result, bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = self.stdout.flush();
        self.left(result, ())
    }
}

/// A text from outside on one line, and harmless to a terminal: control characters are written out.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_control) {
        return Cow::Borrowed(text);
    }
    let mut written = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if c.is_control() { written.extend(c.escape_default()) } else { written.push(c) }
    }
    Cow::Owned(written)
}

/// The few styles that are used outside diagnostics.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Style {
    Good,
    Bad,
    Changed,
    Strong,
}

impl Out {
    /// The standard output; `patient` if the command is to be done whole even when nobody reads it any more.
    pub(crate) fn new(patient: bool) -> Self {
        let stdout = io::stdout();
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let colour = stdout.is_terminal() && !plain;
        Self { stream: BufWriter::with_capacity(1 << 16, Reader { stdout, patient }), colour }
    }

    /// Whether colours are wanted.
    pub(crate) const fn colour(&self) -> bool {
        self.colour
    }

    /// The text in that style, or as it is.
    pub(crate) fn paint(&self, style: Style, text: &str) -> String {
        if !self.colour {
            return text.to_owned();
        }
        let code = match style {
            Style::Good => "32",
            Style::Bad => "31",
            Style::Changed => "33",
            Style::Strong => "1",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
