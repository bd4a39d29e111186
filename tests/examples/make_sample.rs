//! Writes the sample log to the standard output: `cargo run -p wane-tests --example make_sample > examples/chats.jsonl`.

use std::io::{self, Write};

use wane_tests::sample;
use wane_tests::traffic::{Chat, TIMINGS};

fn main() -> io::Result<()> {
    let chats: Option<Vec<Chat>> = Chat::read(TIMINGS).collect();
    let chats = chats.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the timings can not be read"))?;
    io::stdout().lock().write_all(sample::lines(&chats).as_bytes())
}
