//! The standard output: buffered, and coloured only for a person at a terminal who did not ask for none.

use std::io::{self, BufWriter, IsTerminal, Stdout, Write};

/// Where a command writes.
#[derive(Debug)]
pub(crate) struct Out {
    stream: BufWriter<Stdout>,
    colour: bool,
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
    pub(crate) fn new() -> Self {
        let stdout = io::stdout();
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let colour = stdout.is_terminal() && !plain;
        Self { stream: BufWriter::with_capacity(1 << 16, stdout), colour }
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
