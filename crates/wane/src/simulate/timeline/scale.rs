//! From instants to places on the picture.
//!
//! Conversations that overlap share one axis of true time. Those that lie far apart each start at the left edge, and
//! minutes get more room than days (a root scale), or nothing but the longest wait would be seen.

use wane_core::time::{Span, Timestamp};

use super::super::because::instant;

/// The width of the drawing, without margins.
pub(super) const WIDTH: i64 = 1_000;

/// Where instants lie.
pub(super) enum Scale {
    /// One axis for all, from an instant, so many milliseconds long.
    Shared(Timestamp, i64),
    /// Each lane from its own start; the longest has so many milliseconds.
    Own(i64),
}

impl Scale {
    /// The scale for lanes of these first and last instants.
    pub(super) fn new(lanes: &[(Timestamp, Timestamp)]) -> Self {
        let first = lanes.iter().map(|(first, _)| *first).min().unwrap_or(Timestamp::EPOCH);
        let last = lanes.iter().map(|(_, last)| *last).max().unwrap_or(first);
        let longest = lanes.iter().map(|(first, last)| last.millis_since(*first)).max().unwrap_or_default().max(1_000);
        let whole = last.millis_since(first).max(1_000);
        if whole <= longest.saturating_mul(3) { Self::Shared(first, whole) } else { Self::Own(longest) }
    }

    /// The place of an instant in a lane that starts at `start`; past the end is the end.
    pub(super) fn x(&self, at: Timestamp, start: Timestamp) -> i64 {
        match self {
            Self::Shared(first, whole) => at.millis_since(*first).clamp(0, *whole) * WIDTH / whole,
            Self::Own(longest) => root(at.millis_since(start).clamp(0, *longest), *longest),
        }
    }

    /// Where the axis has its words.
    pub(super) fn ticks(&self) -> Vec<(i64, String)> {
        match self {
            Self::Shared(first, whole) => {
                let step = step(*whole);
                let offset = (step - first.millis().rem_euclid(step)) % step;
                let marks = (0..).map(|n| offset + n * step).take_while(|mark| mark <= whole);
                marks.map(|mark| (mark * WIDTH / whole, clock_words(first.plus_millis(mark), step))).collect()
            }
            Self::Own(longest) => {
                let mut ticks: Vec<(i64, String)> = Vec::new();
                for mark in STEPS.iter().copied().chain(std::iter::once(0)).filter(|mark| mark <= longest) {
                    ticks.push((root(mark, *longest), format!("+{}", Span(mark))));
                }
                ticks.sort();
                // Words need room.
                let mut shown: Vec<(i64, String)> = Vec::new();
                for tick in ticks {
                    if shown.last().is_none_or(|(x, _)| tick.0 - x >= 55) {
                        shown.push(tick);
                    }
                }
                shown
            }
        }
    }

    /// What the axis shows.
    pub(super) fn title(&self) -> String {
        match self {
            Self::Shared(first, _) => format!("time, UTC, from {}", instant(*first)),
            Self::Own(_) => "time since each conversation's first event; minutes get more room than days".to_owned(),
        }
    }
}

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

const STEPS: &[i64] = &[
    SECOND,
    5 * SECOND,
    15 * SECOND,
    30 * SECOND,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    24 * HOUR,
    48 * HOUR,
    72 * HOUR,
    168 * HOUR,
    720 * HOUR,
    8_760 * HOUR,
];

/// About ten of these fit on the axis.
fn step(whole: i64) -> i64 {
    STEPS.iter().copied().find(|step| whole / step <= 11).unwrap_or(10 * 8_760 * HOUR)
}

fn clock_words(at: Timestamp, step: i64) -> String {
    let words = instant(at);
    match words.split_once('T') {
        // Midnight says which day begins.
        Some((date, time)) if step >= 24 * HOUR || time.starts_with("00:00:00") => date.to_owned(),
        Some((_, time)) if step < MINUTE => time.get(..8).unwrap_or(time).to_owned(),
        Some((_, time)) => time.get(..5).unwrap_or(time).to_owned(),
        None => words,
    }
}

/// The root scale: a quarter of the longest lies at half the width.
fn root(millis: i64, longest: i64) -> i64 {
    let square = i128::from(millis.max(0)) * i128::from(WIDTH) * i128::from(WIDTH) / i128::from(longest.max(1));
    i64::try_from(square.isqrt()).unwrap_or(WIDTH)
}
