//! What the demonstration prints: a line for every turn of a session, and a table at the end.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;
use wane_core::time::Timestamp;

use crate::out::{Out, Style, plain};
use crate::trouble::Trouble;

/// The show so far.
pub(super) struct Show<'o> {
    out: &'o mut Out,
    bar: Option<ProgressBar>,
    /// By conversation: the status of its session.
    statuses: BTreeMap<String, &'static str>,
    /// By the timer behind it, or by what the event was: how many sessions ended.
    ends: BTreeMap<String, usize>,
}

impl<'o> Show<'o> {
    pub(super) fn new(now: Timestamp, added: bool, out: &'o mut Out) -> Result<Self, Trouble> {
        writeln!(out, "recorded chats, from {now} on; time is moved by hand")?;
        if added {
            writeln!(out, "customer inactivity, which is off until a row switches it on, is 10 minutes here")?;
        }
        out.flush()?;
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::no_length();
            ProgressStyle::with_template("{msg}").map_or_else(|_| bar.clone(), |style| bar.clone().with_style(style))
        });
        Ok(Self { out, bar, statuses: BTreeMap::new(), ends: BTreeMap::new() })
    }

    /// Shows what happened, and what stands now.
    pub(super) fn effects(&mut self, now: Timestamp, effects: &[Value]) -> Result<(), Trouble> {
        for effect in effects {
            if let Some(line) = self.effect(effect) {
                match &self.bar {
                    Some(bar) => bar.suspend(|| writeln!(self.out, "{line}").and_then(|()| self.out.flush()))?,
                    None => writeln!(self.out, "{line}")?,
                }
            }
        }
        if let Some(bar) = &self.bar {
            let of = |status| self.statuses.values().filter(|held| **held == status).count();
            bar.set_message(format!(
                "{now}   {} waiting, {} active, {} inactive, {} ended",
                of("waiting"),
                of("active"),
                of("inactive"),
                of("ended")
            ));
        }
        self.out.flush()?;
        Ok(())
    }

    fn effect(&mut self, effect: &Value) -> Option<String> {
        let field = |name: &str| effect.get(name).and_then(Value::as_str).unwrap_or_default();
        let (status, style, words) = match field("type") {
            "session.opened" | "session.requeued" => ("waiting", None, "waits"),
            "session.activated" => ("active", None, "active"),
            "session.inactivated" => ("inactive", Some(Style::Changed), "inactive"),
            "session.ended" => ("ended", Some(Style::Bad), "ended"),
            _ => return None,
        };
        self.statuses.insert(field("conversation").to_owned(), status);
        let why = why(&field);
        if status == "ended" {
            *self.ends.entry(why.clone()).or_default() += 1;
        }
        let style = style?;
        let words = self.out.paint(style, &format!("{words:8}"));
        let at = field("at").get(..16).unwrap_or_default().replace('T', " ");
        Some(format!("{at}  {:10}  {:9} {words}  {why}", plain(field("conversation")), plain(field("channel"))))
    }

    /// The table at the end.
    pub(super) fn summary(&mut self, sessions: &[Value]) -> Result<(), Trouble> {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        writeln!(self.out)?;
        for (why, count) in &self.ends {
            writeln!(self.out, "{count:6}  ended: {why}")?;
        }
        let open = sessions.iter().filter(|session| session.get("status").is_some_and(|status| status != "ended"));
        writeln!(self.out, "{:6}  still open", open.count())?;
        Ok(())
    }
}

/// The timer and the row behind an effect, or the event that meant it.
fn why<'e>(field: &impl Fn(&str) -> &'e str) -> String {
    match (field("timer"), field("rule"), field("cause")) {
        ("", _, "session.closed") => "somebody closed it".to_owned(),
        ("", _, cause) => format!("by `{}`", plain(cause)),
        (timer, rule, "afterwards") => {
            format!("a contact came after timer {} had run out, rule {}", plain(timer), plain(rule))
        }
        (timer, rule, _) => format!("timer {}, rule {}", plain(timer), plain(rule)),
    }
}
