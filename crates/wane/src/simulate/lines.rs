//! The log, line by line: one event each, with the line's number, or what is wrong and where.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use wane_core::event::Event;
use wane_core::time::Timestamp;
use wane_wire::error::EventError;
use wane_wire::event::parse_line;

use crate::out::plain;
use crate::trouble::Trouble;
use wane_wire::place::line_column;

/// A longer line is no event.
const LONGEST_LINE: u64 = 1 << 20;

/// A log that is being read.
pub(super) struct Log {
    name: String,
    reader: Box<dyn BufRead>,
    buffer: Vec<u8>,
    number: u64,
    /// The size of the file; `None` when it is not known.
    pub(super) size: Option<u64>,
    /// How many bytes were read.
    pub(super) read: u64,
}

impl Log {
    /// Opens a log; `-` is the standard input.
    ///
    /// # Errors
    /// [`Trouble`] when it can not be opened.
    pub(super) fn open(path: &Path) -> Result<Self, Trouble> {
        if path.as_os_str() == "-" {
            return Ok(Self::new("standard input", Box::new(BufReader::with_capacity(1 << 18, io::stdin())), None));
        }
        let file = File::open(path).map_err(Trouble::read(path))?;
        let about = file.metadata().map_err(Trouble::read(path))?;
        if about.is_dir() {
            let message = format!("`{}` is a directory, not a log of events", path.display());
            return Err(Trouble::usage(message, "give a file of JSON Lines, or `-` for the standard input"));
        }
        let size = about.is_file().then_some(about.len());
        Ok(Self::new(&path.display().to_string(), Box::new(BufReader::with_capacity(1 << 18, file)), size))
    }

    fn new(name: &str, reader: Box<dyn BufRead>, size: Option<u64>) -> Self {
        Self { name: name.to_owned(), reader, buffer: Vec::new(), number: 0, size, read: 0 }
    }

    /// The number of the line that was read last.
    pub(super) const fn line(&self) -> u64 {
        self.number
    }

    /// The next event; lines of nothing but blanks are passed over.
    ///
    /// # Errors
    /// [`Trouble`] when the line is no event.
    pub(super) fn next(&mut self) -> Result<Option<(Timestamp, Event)>, Trouble> {
        loop {
            self.buffer.clear();
            let taken = (&mut self.reader).take(LONGEST_LINE + 1).read_until(b'\n', &mut self.buffer);
            let taken = taken.map_err(Trouble::read(&self.name))?;
            if taken == 0 {
                return Ok(None);
            }
            self.number += 1;
            self.read += u64::try_from(taken).unwrap_or_default();
            if self.buffer.len() as u64 > LONGEST_LINE {
                return Err(self.broken(&EventError::new("", "the line is longer than 1 MiB"), ""));
            }
            let Ok(text) = std::str::from_utf8(&self.buffer) else { return Err(self.not_text()) };
            let text = text.trim_end().trim_start_matches('\u{feff}');
            if !text.trim_start().is_empty() {
                return parse_line(text).map(Some).map_err(|error| self.broken(&error, text));
            }
        }
    }

    fn not_text(&self) -> Trouble {
        let valid = String::from_utf8_lossy(&self.buffer);
        let good = valid.find('\u{fffd}').unwrap_or_default();
        let mut error = EventError::new("", "the line is not UTF-8 from here on");
        error.offset = good;
        self.broken(&error, &valid)
    }

    fn broken(&self, error: &EventError, text: &str) -> Trouble {
        let place = line_column(text, error.offset);
        let field = match error.field.as_str() {
            "" => String::new(),
            field if error.message.contains(&format!("`{field}`")) => String::new(),
            field => format!("`{field}`: "),
        };
        let what = format!("{field}{}", error.message);
        let message = format!("{}:{}:{}: {}", self.name, self.number, place.column, plain(&what));
        Trouble::Input { message, help: error.help.clone() }
    }

    /// The fault of a log without any event.
    pub(super) fn empty(&self) -> Trouble {
        Trouble::Input {
            message: format!("{} has no event", self.name),
            help: Some("every line is one event, a JSON object".to_owned()),
        }
    }
}
