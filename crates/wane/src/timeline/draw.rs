//! The picture: a lane for each conversation, bars for its states, signs for what happened, and a legend.
//!
//! Conversations that lie within two days are drawn on one clock. Otherwise each starts at the left edge and the scale is
//! logarithmic, since chats take minutes and their ends come after hours or days.

use std::fmt::Write;

use wane_core::participant::Handler;
use wane_core::time::{Span, Timestamp};

use super::{Lane, Mark, Side, Sign, State};

const LEFT: f64 = 230.0;
const WIDTH: f64 = 1_000.0;
const RIGHT: f64 = 150.0;
const TOP: f64 = 92.0;
const LANE: f64 = 26.0;
const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

/// Where an instant lies on the picture.
enum Scale {
    Clock { start: Timestamp, length: i64 },
    SinceStart { length: i64 },
}

impl Scale {
    fn of(lanes: &[Lane]) -> Self {
        let start = lanes.iter().map(|lane| lane.start).min().unwrap_or(Timestamp::EPOCH);
        let end = lanes.iter().map(|lane| lane.end).max().unwrap_or(start);
        let length = end.millis_since(start).max(MINUTE);
        if length <= 48 * HOUR {
            return Self::Clock { start, length };
        }
        let longest = lanes.iter().map(|lane| lane.end.millis_since(lane.start)).max().unwrap_or_default();
        Self::SinceStart { length: longest.max(MINUTE) }
    }

    fn x(&self, lane: &Lane, at: Timestamp) -> f64 {
        match self {
            Self::Clock { start, .. } => self.place(at.millis_since(*start)),
            Self::SinceStart { .. } => self.place(at.millis_since(lane.start)),
        }
    }

    fn place(&self, millis: i64) -> f64 {
        let share = match self {
            Self::Clock { length, .. } => number(millis) / number(*length),
            Self::SinceStart { length } => logarithm(millis) / logarithm(*length),
        };
        LEFT + WIDTH * share.clamp(0.0, 1.0)
    }

    /// The marks of the axis: milliseconds and words.
    fn ticks(&self) -> Vec<(i64, String)> {
        match self {
            Self::Clock { start, length } => clock_ticks(*start, *length),
            Self::SinceStart { length } => {
                let steps = [1, 5, 15, 60, 120, 360, 1_440, 4_320, 14_400, 43_200];
                let steps = steps.into_iter().map(|minutes| minutes * MINUTE).filter(|tick| tick <= length);
                steps.map(|tick| (tick, Span(tick).to_string())).collect()
            }
        }
    }
}

fn clock_ticks(start: Timestamp, length: i64) -> Vec<(i64, String)> {
    let steps = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720].map(|minutes| minutes * MINUTE);
    let step = steps.into_iter().find(|step| length / step <= 12).unwrap_or(24 * HOUR);
    let first = (step - start.millis().rem_euclid(step)) % step;
    let ticks = (0..=12).map(|index| first + index * step).take_while(|tick| *tick <= length);
    ticks.map(|tick| (tick, time_of_day(start.plus_millis(tick)))).collect()
}

fn time_of_day(at: Timestamp) -> String {
    at.to_string().get(11..16).unwrap_or_default().to_owned()
}

#[expect(clippy::cast_precision_loss, reason = "a picture's pixels need no exact milliseconds")]
fn number(millis: i64) -> f64 {
    millis as f64
}

fn logarithm(millis: i64) -> f64 {
    (1.0 + number(millis.max(0)) / number(MINUTE)).ln()
}

/// The whole picture.
pub(super) fn svg(lanes: &[Lane], left_out: usize) -> String {
    let scale = Scale::of(lanes);
    let rows = u32::try_from(lanes.len()).unwrap_or(u32::MAX);
    let bottom = TOP + LANE * f64::from(rows);
    let height = bottom + 40.0;
    let width = LEFT + WIDTH + RIGHT;
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = write!(
        text,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
    );
    legend(&mut text);
    axis(&mut text, &scale, bottom);
    for (row, lane) in (0..rows).zip(lanes) {
        self::lane(&mut text, &scale, lane, TOP + LANE * f64::from(row));
    }
    if left_out > 0 {
        let _ = writeln!(
            text,
            "<text x=\"{LEFT}\" y=\"{}\" fill=\"#555\">and {left_out} more conversations, not drawn</text>",
            bottom + 24.0
        );
    }
    text.push_str("</svg>\n");
    text
}

fn legend(text: &mut String) {
    let states = [
        ("waiting", State::Waiting),
        ("bot", State::Active(Handler::Bot)),
        ("agent", State::Active(Handler::Agent)),
        ("rep", State::Active(Handler::Rep)),
        ("inactive", State::Inactive),
    ];
    let mut x = LEFT;
    for (word, state) in states {
        let _ = write!(
            text,
            "<rect x=\"{x}\" y=\"20\" width=\"14\" height=\"12\" rx=\"2\" fill=\"{}\"/>\
             <text x=\"{}\" y=\"31\" fill=\"#222\">{word}</text>\n",
            colour(state),
            x + 20.0
        );
        x += 90.0;
    }
    for (word, sign) in [
        ("ended", Sign::Ended),
        ("went inactive", Sign::Inactivated),
        ("refused", Sign::Refused),
        ("notice", Sign::Notice),
    ] {
        self::sign(text, sign, x + 7.0, 26.0, word);
        let _ = writeln!(text, "<text x=\"{}\" y=\"31\" fill=\"#222\">{word}</text>", x + 20.0);
        x += 108.0;
    }
    let _ = writeln!(
        text,
        "<text x=\"{LEFT}\" y=\"52\" fill=\"#666\">small strokes: messages, the customer's above the bar, the business's below</text>"
    );
}

fn axis(text: &mut String, scale: &Scale, bottom: f64) {
    let title = match scale {
        Scale::Clock { start, .. } => format!("UTC, {}", start.to_string().get(..10).unwrap_or_default()),
        Scale::SinceStart { .. } => "since the start of each conversation, logarithmic".to_owned(),
    };
    let _ = writeln!(text, "<text x=\"12\" y=\"{}\" fill=\"#666\">{title}</text>", 76.0);
    for (millis, words) in scale.ticks() {
        let x = scale.place(millis);
        let _ = write!(
            text,
            "<line x1=\"{x:.1}\" y1=\"{}\" x2=\"{x:.1}\" y2=\"{bottom}\" stroke=\"#e3e3e3\"/>\
             <text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\" fill=\"#666\">{words}</text>\n",
            TOP - 8.0,
            76.0
        );
    }
}

fn lane(text: &mut String, scale: &Scale, lane: &Lane, top: f64) {
    let middle = top + LANE / 2.0;
    let name: String = lane.name.chars().take(24).collect();
    let _ = writeln!(
        text,
        "<text x=\"12\" y=\"{:.1}\" fill=\"#222\">{} <tspan fill=\"#888\">{}</tspan></text>",
        middle + 4.0,
        escape(&name),
        escape(&lane.channel)
    );
    let ends = lane.bars.iter().skip(1).map(|bar| bar.from).chain([lane.end]);
    for (bar, end) in lane.bars.iter().zip(ends) {
        let (from, to) = (scale.x(lane, bar.from), scale.x(lane, end));
        let thick = if bar.state == State::NoSession { 1.0 } else { 12.0 };
        let _ = writeln!(
            text,
            "<rect x=\"{from:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{thick}\" rx=\"2\" fill=\"{}\"/>",
            middle - thick / 2.0,
            (to - from).max(1.0),
            colour(bar.state)
        );
    }
    for (at, side) in &lane.messages {
        let x = scale.x(lane, *at);
        let y = if *side == Side::Customer { middle - 10.0 } else { middle + 6.0 };
        let _ = writeln!(
            text,
            "<line x1=\"{x:.1}\" y1=\"{y:.1}\" x2=\"{x:.1}\" y2=\"{:.1}\" stroke=\"#333\" stroke-width=\"0.7\"/>",
            y + 4.0
        );
    }
    marks(text, scale, lane, middle);
}

fn marks(text: &mut String, scale: &Scale, lane: &Lane, middle: f64) {
    for mark in &lane.marks {
        let words = format!("{} at {}", mark.words, mark.at);
        sign(text, mark.sign, scale.x(lane, mark.at), middle, &words);
    }
    if let Some(last) = lane.marks.iter().rev().find(|mark| mark.sign == Sign::Ended) {
        end_label(text, scale, lane, last, middle);
    }
}

/// Why the last session ended, to the right of its end.
fn end_label(text: &mut String, scale: &Scale, lane: &Lane, mark: &Mark, middle: f64) {
    let x = scale.x(lane, mark.at) + 9.0;
    let words = mark.words.split_once(", timer ").map_or("closed", |(_, timer)| timer);
    let _ = writeln!(
        text,
        "<text x=\"{x:.1}\" y=\"{:.1}\" fill=\"#a11\" font-size=\"11\">{}</text>",
        middle + 4.0,
        escape(words)
    );
}

fn sign(text: &mut String, sign: Sign, x: f64, y: f64, words: &str) {
    let title = format!("<title>{}</title>", escape(words));
    let shape = match sign {
        Sign::Ended => {
            format!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"5\" fill=\"#c62828\" stroke=\"#fff\">{title}</circle>")
        }
        Sign::Inactivated => {
            format!(
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"#fff\" stroke=\"#555\" stroke-width=\"2\">{title}</circle>"
            )
        }
        Sign::Refused => format!(
            "<path d=\"M{:.1} {:.1} l8 8 m0 -8 l-8 8\" stroke=\"#c62828\" stroke-width=\"2\" fill=\"none\">{title}</path>",
            x - 4.0,
            y - 4.0
        ),
        Sign::Notice => {
            format!("<path d=\"M{:.1} {:.1} l5 9 h-10 z\" fill=\"#f9a825\" stroke=\"#fff\">{title}</path>", x, y - 5.0)
        }
        Sign::Other => format!(
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"7\" height=\"7\" fill=\"#6a1b9a\" stroke=\"#fff\">{title}</rect>",
            x - 3.5,
            y - 3.5
        ),
    };
    text.push_str(&shape);
    text.push('\n');
}

const fn colour(state: State) -> &'static str {
    match state {
        State::NoSession => "#bbbbbb",
        State::Waiting => "#f0c36d",
        State::Active(Handler::Bot) => "#64a6dd",
        State::Active(Handler::Agent) => "#9c86d6",
        State::Active(Handler::Rep) => "#6fbf73",
        State::Active(Handler::None) => "#a5d6a7",
        State::Inactive => "#9e9e9e",
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
