//! Expected effects against those that came, as a difference that a person can read.

use super::expect::{ExpectedEffect, Wanted};
use super::fields::{Field, NAMES};
use crate::time::{Span, Timestamp};

/// One line of the difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DiffLine {
    /// Came as expected.
    Same(String),
    /// Was expected and did not come.
    Missing(String),
    /// Came and was not expected.
    Surplus(String),
    /// Came, but with other fields: what came, then name, expected and actual value of each.
    Differs(String, Vec<(&'static str, String, String)>),
}

/// The fields of an effect that came.
pub(super) type Came = Vec<(&'static str, Field)>;

/// The difference; `None` when every effect is as expected, in order, and none is left over.
pub(super) fn difference(wanted: &[ExpectedEffect], came: &[Came], start: Timestamp) -> Option<Vec<DiffLine>> {
    if wanted.len() == came.len() && wanted.iter().zip(came).all(|(wanted, came)| wanted.fits(came)) {
        return None;
    }
    let mut lines = Vec::new();
    let (mut w, mut c) = (0, 0);
    for (next_w, next_c) in common(wanted, came) {
        gap(wanted.get(w..next_w).unwrap_or_default(), came.get(c..next_c).unwrap_or_default(), start, &mut lines);
        lines.extend(came.get(next_c).map(|came| DiffLine::Same(show_came(came, start))));
        (w, c) = (next_w + 1, next_c + 1);
    }
    gap(wanted.get(w..).unwrap_or_default(), came.get(c..).unwrap_or_default(), start, &mut lines);
    Some(lines)
}

/// The pairs of a longest common subsequence.
fn common(wanted: &[ExpectedEffect], came: &[Came]) -> Vec<(usize, usize)> {
    let mut best = vec![vec![0_usize; came.len() + 1]; wanted.len() + 1];
    let at = |best: &[Vec<usize>], w: usize, c: usize| best.get(w).and_then(|row| row.get(c)).copied().unwrap_or(0);
    for (w, want) in wanted.iter().enumerate().rev() {
        for (c, got) in came.iter().enumerate().rev() {
            let skip = at(&best, w + 1, c).max(at(&best, w, c + 1));
            let value = if want.fits(got) { skip.max(at(&best, w + 1, c + 1) + 1) } else { skip };
            if let Some(cell) = best.get_mut(w).and_then(|row| row.get_mut(c)) {
                *cell = value;
            }
        }
    }
    let (mut w, mut c, mut pairs) = (0, 0, Vec::new());
    while let (Some(want), Some(got)) = (wanted.get(w), came.get(c)) {
        if want.fits(got) && at(&best, w, c) == at(&best, w + 1, c + 1) + 1 {
            pairs.push((w, c));
            (w, c) = (w + 1, c + 1);
        } else if at(&best, w + 1, c) >= at(&best, w, c + 1) {
            w += 1;
        } else {
            c += 1;
        }
    }
    pairs
}

/// Between two common ones: effects of one type are put side by side, the rest is missing or too much.
fn gap(wanted: &[ExpectedEffect], came: &[Came], start: Timestamp, lines: &mut Vec<DiffLine>) {
    let mut left = came;
    for want in wanted {
        let Some(index) = left.iter().position(|got| find(got, "type") == want.type_name()) else {
            lines.push(DiffLine::Missing(want.show(start)));
            continue;
        };
        let (before, rest) = left.split_at(index);
        lines.extend(before.iter().map(|got| DiffLine::Surplus(show_came(got, start))));
        if let Some((got, rest)) = rest.split_first() {
            lines.push(DiffLine::Differs(show_came(got, start), want.differences(got, start)));
            left = rest;
        }
    }
    lines.extend(left.iter().map(|got| DiffLine::Surplus(show_came(got, start))));
}

fn find<'a>(came: &'a Came, name: &str) -> Option<&'a Field> {
    came.iter().find(|(known, _)| *known == name).map(|(_, field)| field)
}

impl ExpectedEffect {
    fn type_name(&self) -> Option<&Field> {
        self.fields.iter().find_map(|(name, wanted)| match wanted {
            Wanted::Is(field) if *name == "type" => Some(field),
            Wanted::Is(_) | Wanted::Session(_) => None,
        })
    }

    fn fits(&self, came: &Came) -> bool {
        self.fields.iter().all(|(name, wanted)| wanted.fits(find(came, name)))
    }

    fn differences(&self, came: &Came, start: Timestamp) -> Vec<(&'static str, String, String)> {
        let unlike = self.fields.iter().filter(|(name, wanted)| !wanted.fits(find(came, name)));
        unlike
            .map(|(name, wanted)| {
                let actual = find(came, name).map_or_else(|| "none".to_owned(), |field| show(field, start));
                (*name, wanted.show(start), actual)
            })
            .collect()
    }

    fn show(&self, start: Timestamp) -> String {
        let shown = |name: &str| {
            let found = self.fields.iter().find(|(known, _)| *known == name);
            found.map(|(_, wanted)| wanted.show(start))
        };
        line(shown)
    }
}

impl Wanted {
    fn fits(&self, came: Option<&Field>) -> bool {
        match (self, came) {
            (Self::Is(wanted), Some(came)) => wanted == came,
            (Self::Session(number), Some(Field::Text(came))) => came.ends_with(&format!("/{number}")),
            (Self::Session(_), Some(Field::At(_))) | (_, None) => false,
        }
    }

    fn show(&self, start: Timestamp) -> String {
        match self {
            Self::Is(field) => show(field, start),
            Self::Session(number) => number.to_string(),
        }
    }
}

fn show(field: &Field, start: Timestamp) -> String {
    match field {
        Field::Text(text) => text.clone(),
        Field::At(at) => Span(at.millis_since(start)).to_string(),
    }
}

/// What goes without saying in a scenario is left out.
const QUIET: &[&str] = &["cause", "anchor", "deadline", "session", "conversation", "channel", "ruleset", "id"];

fn show_came(came: &Came, start: Timestamp) -> String {
    line(|name| if QUIET.contains(&name) { None } else { find(came, name).map(|field| show(field, start)) })
}

/// `2h session.ended timer=bot rule=bot`.
fn line(shown: impl Fn(&str) -> Option<String>) -> String {
    let mut words: Vec<String> = ["at", "type"].into_iter().filter_map(&shown).collect();
    let rest = NAMES.iter().filter(|name| !["at", "type"].contains(name));
    words.extend(rest.filter_map(|name| shown(name).map(|value| format!("{name}={value}"))));
    words.join(" ")
}
