//! An explanation in words, in lines.

use std::path::Path;

use wane_core::choose::{Failure, Verdict};
use wane_core::facts::{FactId, FactType, Facts, Value};
use wane_core::rules::predicate::Predicate;
use wane_core::ruleset::{Row, Ruleset};
use wane_core::time::Span;
use wane_core::timer::{After, Origin, RowId, TimerDef, TimerId};

use crate::describe;

/// What the words are about.
pub(super) struct Words<'a> {
    pub(super) rules: &'a Ruleset,
    pub(super) dir: &'a Path,
    pub(super) facts: &'a Facts,
}

impl Words<'_> {
    fn place(&self, origin: &Origin) -> String {
        format!("{}:{}", self.dir.join(&*origin.file).display(), origin.line)
    }

    /// The timer.
    pub(super) fn head(&self, timer: TimerId) -> Vec<String> {
        let Some(def) = self.rules.timer(timer) else { return Vec::new() };
        vec![format!("timer `{}`: {} ({})", def.name, def.title, self.place(&def.origin))]
    }

    /// The facts that were given, and where the timer runs at all.
    pub(super) fn given(&self, timer: TimerId, named: &[String]) -> Vec<String> {
        let Some(def) = self.rules.timer(timer) else { return Vec::new() };
        let mut lines = Vec::new();
        let shown: Vec<String> = named.iter().filter_map(|name| self.fact(self.rules.facts.find(name)?)).collect();
        if !shown.is_empty() {
            lines.push(format!("given: {}", shown.join(", ")));
        }
        for (head, wanted) in
            [("runs only:", ["channels", "handler", "status"]), ("moved by:", ["start_on", "restart_on", "stop_on"])]
        {
            let fields = describe::timer(self.rules, def).into_iter().filter(|(name, _)| wanted.contains(name));
            let told: Vec<String> = fields.map(|(name, value)| format!("{name} {value}")).collect();
            if !told.is_empty() {
                lines.push(format!("{head} {}", told.join("; ")));
            }
        }
        lines.extend(self.elsewhere(def, named));
        lines
    }

    /// That the timer does not run on the channel given.
    fn elsewhere(&self, def: &TimerDef, named: &[String]) -> Option<String> {
        let channels = def.belongs.channels.as_ref()?;
        let id = self.rules.facts.find("channel").filter(|_| named.iter().any(|name| name == "channel"))?;
        let given = self.facts.text(&self.rules.facts, id);
        let here = channels.iter().any(|channel| Some(*channel) == self.rules.find_channel(given));
        (!here).then(|| format!("but: it does not run on channel `{given}`"))
    }

    /// The row that won, then those that did not; `chosen` is the one that a running timer has.
    pub(super) fn choice(&self, timer: TimerId, chosen: Option<RowId>) -> Vec<String> {
        let Some(chooser) = self.rules.choosers.get(usize::from(timer.0)) else { return Vec::new() };
        let verdicts = chooser.explain(&self.rules.facts, self.facts);
        let won = verdicts.iter().find(|(_, verdict)| *verdict == Verdict::Wins).map(|(row, _)| *row);
        let mut lines = vec![self.winner(chosen.or(won))];
        if let (Some(chosen), Some(won)) = (chosen, won)
            && chosen != won
        {
            lines.push("  (chosen from the facts as they were when it started; now another row would win)".to_owned());
        }
        for (row, verdict) in &verdicts {
            if Some(*row) != chosen.or(won) {
                lines.extend(self.loser(*row, verdict, won));
            }
        }
        lines
    }

    fn winner(&self, row: Option<RowId>) -> String {
        let Some(row) = row.and_then(|row| self.rules.row(row)) else {
            return "no row matches: it does not run".to_owned();
        };
        let length = match &row.after {
            After::Never => "never: it does not run".to_owned(),
            after @ (After::For(_) | After::Fact { .. }) => describe::after(self.rules, after),
        };
        let why = conditions(row).map_or_else(|| "always matches".to_owned(), |text| format!("since {text}"));
        format!("{length}, by rule `{}` ({}): {why}", row.id, self.place(&row.origin))
    }

    fn loser(&self, id: RowId, verdict: &Verdict, won: Option<RowId>) -> Option<String> {
        let row = self.rules.row(id)?;
        let why = match verdict {
            Verdict::Wins => "would win now".to_owned(),
            Verdict::Outranked => outranked(won.and_then(|won| self.rules.row(won)), row),
            Verdict::OtherChannel => format!("is for {}", self.channels(row)),
            Verdict::Outside => "its duration fact is not set, or outside its range".to_owned(),
            Verdict::Condition { predicate, span } => self.condition(row.when.get(*predicate)?, span.clone()),
            Verdict::Failed { predicate, span, failure } => {
                let part = row.when.get(*predicate)?.text().get(span.clone()).unwrap_or_default();
                format!("`{part}` failed: {}; that counts as false", failure_words(*failure))
            }
        };
        let length = describe::after(self.rules, &row.after);
        Some(format!("not {length}, rule `{}` ({}): {why}", row.id, self.place(&row.origin)))
    }

    fn channels(&self, row: &Row) -> String {
        let ids = row.channels.as_deref().unwrap_or_default();
        let names = ids.iter().filter_map(|id| self.rules.channel(*id)).map(|channel| channel.name.to_string());
        names.collect::<Vec<_>>().join(", ")
    }

    fn condition(&self, predicate: &Predicate, span: std::ops::Range<usize>) -> String {
        let part = predicate.text().get(span).unwrap_or(predicate.text());
        let reads = predicate
            .reads()
            .iter()
            .filter(|id| self.rules.facts.get(**id).is_some_and(|def| part.contains(&*def.name)));
        let values: Vec<String> = reads.filter_map(|id| self.fact(*id)).collect();
        let here = if values.is_empty() { String::new() } else { format!(" ({})", values.join(", ")) };
        format!("`{part}` does not hold{here}")
    }

    /// `customer.tier is "gold"`.
    fn fact(&self, id: FactId) -> Option<String> {
        let table = &self.rules.facts;
        let def = table.get(id)?;
        let number = || table.slot(id).and_then(|slot| self.facts.slots().get(usize::from(slot.0))).copied();
        let stored = self.facts.value(id);
        let value = match (&def.ty, stored) {
            (FactType::Text(_), _) => format!("{:?}", self.facts.text(table, id)),
            (FactType::TextList, _) => return None,
            (FactType::Bool, Some(Value::Bool(flag))) => flag.to_string(),
            (FactType::Bool, _) => (number()? != 0).to_string(),
            (FactType::Duration, Some(Value::Int(millis))) => Span(*millis).to_string(),
            (FactType::Int | FactType::Date, Some(Value::Int(number))) => number.to_string(),
            (FactType::Int | FactType::Date | FactType::Duration, _) => number()?.to_string(),
        };
        Some(format!("{} is {value}", def.name))
    }

    /// What a lapse does.
    pub(super) fn lapse(&self, timer: TimerId) -> Vec<String> {
        let Some(def) = self.rules.timer(timer) else { return Vec::new() };
        let fields = describe::timer(self.rules, def);
        let told = |wanted: &str| fields.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.clone());
        let mut lines =
            vec![format!("at its lapse: {}", told("on_lapse").unwrap_or_else(|| "nothing at once".to_owned()))];
        let rows = told("afterwards").unwrap_or_default();
        for row in rows.trim_start_matches('(').trim_end_matches(')').split("), (").filter(|row| !row.is_empty()) {
            lines.push(format!("afterwards {row}"));
        }
        lines.extend(told("warn").map(|rows| format!("warnings: {rows}")));
        lines
    }
}

/// The conditions of a row, in backticks; `None` when it has none.
fn conditions(row: &Row) -> Option<String> {
    let texts: Vec<String> = row.when.iter().map(|predicate| format!("`{}`", predicate.text())).collect();
    (!texts.is_empty()).then(|| format!("{} holds", texts.join(" and ")))
}

/// Why a row that matches too does not win: the first of R1's reasons that tells them apart.
fn outranked(winner: Option<&Row>, row: &Row) -> String {
    let Some(winner) = winner else { return "matches too, but comes later".to_owned() };
    if winner.priority > row.priority {
        format!("matches too, but its priority is {}, not {}", row.priority, winner.priority)
    } else if winner.channels.is_some() && row.channels.is_none() {
        "matches too, but is for all channels, and a row for named ones goes first".to_owned()
    } else if !winner.when.is_empty() && row.when.is_empty() {
        "matches too, but has no condition, and a row with one goes first".to_owned()
    } else if row.default && !winner.default {
        "matches too, but is a default, and another row goes first".to_owned()
    } else {
        "matches too, but comes later".to_owned()
    }
}

const fn failure_words(failure: Failure) -> &'static str {
    match failure {
        Failure::Overflow => "a number became too large",
        Failure::DivisionByZero => "a division by zero",
        Failure::Limit => "it took too long",
    }
}
