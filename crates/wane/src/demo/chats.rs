//! The chats that are played.

use std::path::Path;

use serde_json::{Map, Value};
use wane_core::rules;
use wane_core::rules::files::Files;
use wane_core::time::Timestamp;

use crate::disk;
use crate::trouble::Trouble;

/// Recorded chats; where they come from is in `examples/README.md`.
const RECORDED: &str = include_str!("../../../../examples/chats.jsonl");

/// One event of a chat, as it was recorded.
pub(super) struct Chat {
    /// Its instant.
    pub(super) at: Timestamp,
    fields: Map<String, Value>,
}

impl Chat {
    /// The event as it is sent, at another instant.
    pub(super) fn event(&self, at: Timestamp) -> Value {
        let mut fields = self.fields.clone();
        fields.insert("at".to_owned(), Value::from(at.to_string()));
        Value::Object(fields)
    }
}

/// Reads the chats of a file, or those that come with Wane, by their instants.
///
/// # Errors
/// [`Trouble`] for a file that can not be read, and for a line that is no event with an instant.
pub(super) fn read(file: Option<&Path>) -> Result<Vec<Chat>, Trouble> {
    let own = file.map(|path| std::fs::read_to_string(path).map_err(Trouble::read(path))).transpose()?;
    let text = own.as_deref().unwrap_or(RECORDED);
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    let mut chats = lines.map(|(number, line)| chat(number, line)).collect::<Result<Vec<_>, _>>()?;
    chats.sort_by_key(|chat| chat.at);
    Ok(chats)
}

/// The timer of the stock rules that has no row of its own.
const INACTIVITY: &str = "inactivity";

/// Copies rules to where the demonstration's daemon reads them. Those with the stock timer `inactivity` and no row for it
/// get one; tells whether they did.
///
/// # Errors
/// [`Trouble`] for a directory that can not be read or written.
pub(super) fn rules(from: &Path, to: &Path) -> Result<bool, Trouble> {
    let mut files = disk::rule_files(from)?;
    let row = format!("[[rules]]\nid = \"demo-inactivity\"\ntimer = \"{INACTIVITY}\"\nafter = \"10m\"\n");
    let added = is_off(&files);
    if added {
        files.insert("zz-demo.toml", row);
    }
    for (name, content) in files.iter() {
        let path = to.join(&**name);
        let written = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        written.and_then(|()| std::fs::write(&path, content)).map_err(|source| Trouble::Write { path, source })?;
    }
    Ok(added)
}

fn is_off(files: &Files) -> bool {
    let Some(ruleset) = rules::load(files).0 else { return false };
    let timer = ruleset.find_timer(INACTIVITY);
    timer.is_some_and(|timer| ruleset.rows.iter().all(|row| row.timer != timer))
}

fn chat(number: usize, line: &str) -> Result<Chat, Trouble> {
    let fault = |what: String| Trouble::Input {
        message: format!("line {number}: {what}"),
        help: Some("`wane simulate` reads the same form, and says more".to_owned()),
    };
    let fields: Map<String, Value> = serde_json::from_str(line).map_err(|error| fault(error.to_string()))?;
    let at = fields.get("at").and_then(Value::as_str).ok_or_else(|| fault("the field `at` is missing".to_owned()))?;
    let at = Timestamp::parse(at).map_err(|error| fault(format!("`at` is {error}")))?;
    Ok(Chat { at, fields })
}
