//! Redis: a server of its own in a directory of its own, reached over a socket there.

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::{Fault, Store};

/// In the server's directory.
const SOCKET: &str = "socket";

/// All of a batch goes out in one write; it is durable when the last answer is there, for Redis answers after its `fdatasync`.
pub(crate) struct Redis {
    server: Server,
    connection: UnixStream,
    form: Form,
    /// The commands of a batch.
    commands: Vec<u8>,
    /// The score of the last record. Each has another one, for what is there already would not be written.
    score: u64,
}

/// Writes the commands of records with a score each; how many answers there will be.
type Form = fn(&mut Vec<u8>, &[(String, &[u8])]) -> Result<usize, Fault>;

/// A command for each record. Redis takes them from its connection in pieces of 16 KiB, and syncs after each piece.
pub(crate) fn each(commands: &mut Vec<u8>, records: &[(String, &[u8])]) -> Result<usize, Fault> {
    for (score, record) in records {
        command(commands, &[b"ZADD", b"deadlines", score.as_bytes(), record])?;
    }
    Ok(records.len())
}

/// One command for all: one sync.
pub(crate) fn one(commands: &mut Vec<u8>, records: &[(String, &[u8])]) -> Result<usize, Fault> {
    let named: [&[u8]; 2] = [b"ZADD", b"deadlines"];
    let members = records.iter().flat_map(|(score, record)| [score.as_bytes(), record]);
    command(commands, &named.into_iter().chain(members).collect::<Vec<_>>())?;
    Ok(1)
}

/// It ends with this.
struct Server(Child);

impl Redis {
    pub(crate) fn open(directory: &Path, form: Form) -> Result<Self, Fault> {
        fs::create_dir_all(directory)?;
        let server = Server::start(directory)?;
        let connection = UnixStream::connect(directory.join(SOCKET))
            .map_err(|error| format!("the socket of `redis-server`: {error}"))?;
        let mut redis = Self { server, connection, form, commands: Vec::new(), score: 0 };
        redis.must_be_durable()?;
        Ok(redis)
    }

    /// A server that was told otherwise by whatever means would make a comparison of nothing.
    fn must_be_durable(&mut self) -> Result<(), Fault> {
        for (name, value) in [("appendonly", "yes"), ("appendfsync", "always")] {
            self.commands.clear();
            command(&mut self.commands, &[b"CONFIG", b"GET", name.as_bytes()])?;
            let answer = self.ask(5)?;
            if !answer.ends_with(&format!("\r\n{value}\r\n")) {
                return Err(format!("redis-server: `{name}` is not `{value}`").into());
            }
        }
        Ok(())
    }

    /// Sends the commands, and reads so many lines: an answer to `ZADD` is one.
    fn ask(&mut self, lines: usize) -> Result<String, Fault> {
        self.connection.write_all(&self.commands)?;
        let (mut answer, mut buffer) = (Vec::new(), [0; 16 << 10]);
        let mut seen = 0;
        while seen < lines && !answer.starts_with(b"-") {
            let count = self.connection.read(&mut buffer)?;
            if count == 0 {
                return Err(format!("redis-server is gone: {:?}", self.server.0.try_wait()?).into());
            }
            let more = &buffer[..count];
            seen += more.iter().filter(|&&byte| byte == b'\n').count();
            answer.extend_from_slice(more);
        }
        let answer = String::from_utf8(answer)?;
        match answer.lines().find(|line| line.starts_with('-')) {
            Some(error) => Err(format!("redis-server: {error}").into()),
            None => Ok(answer),
        }
    }
}

impl Store for Redis {
    fn commit(&mut self, records: &[u8], length: usize) -> Result<(), Fault> {
        let scores = self.score + 1..;
        let records: Vec<_> = scores.map(|score| score.to_string()).zip(records.chunks(length)).collect();
        self.score += records.len() as u64;
        self.commands.clear();
        let answers = (self.form)(&mut self.commands, &records)?;
        self.ask(answers).map(drop)
    }
}

impl Server {
    /// Starts it, and returns when it listens.
    fn start(directory: &Path) -> Result<Self, Fault> {
        let mut command = Command::new("redis-server");
        command.args(["--port", "0", "--unixsocket", SOCKET, "--daemonize", "no"]);
        command.args(["--appendonly", "yes", "--appendfsync", "always"]);
        // What it may leave out, it leaves out: no snapshots beside the log, and no rewriting of the log.
        command.args(["--save", "", "--auto-aof-rewrite-percentage", "0"]);
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).current_dir(directory).spawn();
        let mut server = Self(child.map_err(|error| match error.kind() {
            ErrorKind::NotFound => {
                "there is no `redis-server`: install it, or leave the feature `redis` out".to_owned()
            }
            _ => format!("`redis-server` does not start: {error}"),
        })?);
        let said = server.0.stdout.as_mut().ok_or("`redis-server` says nothing")?;
        let mut last = String::new();
        for line in BufReader::new(said).lines() {
            last = line?;
            if last.contains("ready to accept connections") {
                return Ok(server);
            }
        }
        Err(format!("`redis-server` does not start, {}: {last}", server.0.wait()?).into())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A command as Redis reads it.
fn command(to: &mut Vec<u8>, words: &[&[u8]]) -> Result<(), Fault> {
    write!(to, "*{}\r\n", words.len())?;
    for word in words {
        write!(to, "${}\r\n", word.len())?;
        to.extend_from_slice(word);
        to.extend_from_slice(b"\r\n");
    }
    Ok(())
}
