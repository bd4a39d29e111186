//! `wane store export DIR`, `wane store import DIR FILE`: the log and its rules as one file, and back; or its records for
//! reading.
//!
//! The file is one line of JSON, the [`Header`], then the stream of `wane-store`. Names of conversations are hashed under
//! the log's key in its records and snapshots, so that the key comes along: the file is as secret as the data directory.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use wane_core::rules::files::Files;
use wane_core::ruleset::Ruleset;
use wane_core::time::Timestamp;
use wane_server::desk::bundles::{BundleError, Bundles};
use wane_server::node::{StartError, replay};
use wane_store::file::{FileLog, Options};
use wane_store::manifest::Creation;
use wane_store::tools;
use wane_wire::record::{Address, Reading, Record, RecordJson};

use super::LOG;
use crate::Verdict;
use crate::cli::ExportFormat;
use crate::out::Out;
use crate::trouble::{Trouble, warn};

/// The version of the header.
const FORMAT: u32 = 1;
/// The longest header that is read: rules are small texts.
const LONGEST: u64 = 256 << 20;

/// The first line of an exported file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    /// [`FORMAT`].
    wane_export: u32,
    /// Which log it is.
    identity: [u8; 16],
    /// Under which names are hashed.
    key: [u8; 16],
    /// When the log was made, in milliseconds since 1970.
    created: i64,
    /// How many shards there were at first.
    shards: u16,
    /// The files of every ruleset that was in force.
    rulesets: Vec<BTreeMap<String, String>>,
}

/// Writes a log.
///
/// # Errors
/// [`Trouble`] when it can not be read, or the file not be written.
pub(super) fn export(
    data: &Path,
    output: Option<&Path>,
    format: ExportFormat,
    out: &mut Out,
) -> Result<Verdict, Trouble> {
    let log = super::open(data)?;
    let Some(path) = output else {
        write(data, &log, format, out)?;
        return Ok(Verdict::Well);
    };
    let failed = |source| Trouble::Write { path: path.to_owned(), source };
    let mut file = BufWriter::new(File::create_new(path).map_err(failed)?);
    write(data, &log, format, &mut file)?;
    let file = file.into_inner().map_err(io::IntoInnerError::into_error);
    file.and_then(|file| file.sync_all()).map_err(failed)?;
    Ok(Verdict::Well)
}

fn write(data: &Path, log: &FileLog, format: ExportFormat, to: &mut dyn Write) -> Result<(), Trouble> {
    match format {
        ExportFormat::Json => lines(data, log, to),
        ExportFormat::Stream => {
            let header = header(data, log)?;
            serde_json::to_writer(&mut *to, &header).map_err(io::Error::from)?;
            to.write_all(b"\n")?;
            tools::export(log, to)?;
            Ok(())
        }
    }
}

fn header(data: &Path, log: &FileLog) -> Result<Header, Trouble> {
    let bundles = Bundles::open(data).map_err(|error| bundle(&error))?;
    let mut rulesets = Vec::new();
    for hash in bundles.list().map_err(|error| bundle(&error))? {
        let files = bundles.files(hash).map_err(|error| bundle(&error))?;
        let text =
            |(path, content): (&_, &_)| (ToString::to_string(path), String::from_utf8_lossy(content).into_owned());
        rulesets.push(files.iter().map(text).collect());
    }
    let manifest = log.manifest();
    let (identity, key, shards) = (manifest.identity, manifest.key, manifest.shards);
    Ok(Header { wane_export: FORMAT, identity, key, created: manifest.created.millis(), shards, rulesets })
}

fn bundle(error: &BundleError) -> Trouble {
    Trouble::usage(error.to_string(), super::NO_RULES)
}

/// One record a line.
fn lines(data: &Path, log: &FileLog, to: &mut dyn Write) -> Result<(), Trouble> {
    let rulesets = super::rulesets(data)?;
    let mut written = Ok(());
    let mut see = |at: Address, record: &Record, rules: Option<&Ruleset>| {
        if written.is_ok() {
            written = line(to, at, record, rules);
        }
    };
    let replayed = replay(log, log.manifest().key, &rulesets, &mut see);
    written?;
    match replayed {
        Ok(_) => Ok(()),
        Err(StartError::Disagrees(disagreement)) => {
            warn("the log disagrees with itself, so it is shown only up to there");
            Err(StartError::Disagrees(disagreement).into())
        }
        Err(error) => Err(error.into()),
    }
}

fn line(to: &mut dyn Write, at: Address, record: &Record, rules: Option<&Ruleset>) -> io::Result<()> {
    let hash = rules.map(|rules| rules.hash.to_string()).unwrap_or_default();
    let reading = Reading { org: "default", rules: rules.map(|rules| (rules, hash.as_str())) };
    serde_json::to_writer(&mut *to, &RecordJson::new(record, at, reading))?;
    to.write_all(b"\n")
}

/// Makes a data directory.
///
/// # Errors
/// [`Trouble`] when something is there already, or the file is not whole.
pub(super) fn import(data: &Path, file: &Path, out: &mut Out) -> Result<Verdict, Trouble> {
    let mut stream: Box<dyn BufRead> = if file == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        Box::new(BufReader::new(File::open(file).map_err(Trouble::read(file))?))
    };
    let header = read_header(&mut stream, file)?;
    let created = Timestamp::EPOCH.plus_millis(header.created);
    let creation = Creation { identity: header.identity, key: header.key, created, shards: header.shards };
    let moved = tools::import(&mut stream, &data.join(LOG), creation, Options::default())?;
    let bundles = Bundles::open(data).map_err(|error| bundle(&error))?;
    for texts in &header.rulesets {
        let mut files = Files::default();
        texts.iter().for_each(|(path, text)| files.insert(path.as_str(), text.as_str()));
        bundles.save(&files).map_err(|error| bundle(&error))?;
    }
    let snapshot = if moved.snapshot { " and a snapshot" } else { "" };
    writeln!(out, "{} blocks{snapshot}, {} rulesets", moved.blocks, header.rulesets.len())?;
    Ok(Verdict::Well)
}

fn read_header(stream: &mut dyn BufRead, file: &Path) -> Result<Header, Trouble> {
    let mut line = Vec::new();
    stream.take(LONGEST).read_until(b'\n', &mut line).map_err(Trouble::read(file))?;
    let header: Option<Header> = serde_json::from_slice(&line).ok();
    header.filter(|header| header.wane_export == FORMAT).ok_or_else(|| {
        let message = format!("`{}` is no exported log", file.display());
        Trouble::usage(message, "give a file that `wane store export` of this version wrote")
    })
}
