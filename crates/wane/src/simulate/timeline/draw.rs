//! The picture itself, as SVG.

use std::fmt::Write as _;

use wane_core::participant::Handler;
use wane_core::session::Status;
use wane_core::signal::SignalRole;
use wane_core::time::{Span as Length, Timestamp};

use super::scale::{Scale, WIDTH};
use super::{Clock, Lane, Mark, MarkKind, Span, Timeline};
use crate::diagnostics::plural;

const LEFT: i64 = 190;
const RIGHT: i64 = 200;
/// So many characters of name and channel fit into the left margin.
const NAME: usize = 27;
const TOP: i64 = 96;
const BAR: i64 = 14;
/// The room that a line of a timer needs under the bar.
const LINE: i64 = 11;

/// Draws it.
pub(super) fn svg(timeline: &Timeline) -> String {
    let ends: Vec<_> = timeline.lanes.iter().map(|lane| (lane.start, lane.last())).collect();
    let scale = Scale::new(&ends);
    let mut body = String::new();
    let mut y = TOP;
    for lane in &timeline.lanes {
        draw_lane(&mut body, lane, (&scale, y));
        y += height(lane);
    }
    let mut picture = String::new();
    let (width, bottom) = (LEFT + WIDTH + RIGHT, y + 30);
    let _ = writeln!(
        picture,
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{bottom}" viewBox="0 0 {width} {bottom}" font-family="sans-serif" font-size="11" fill="#222">
<rect width="100%" height="100%" fill="#fff"/>"##
    );
    legend(&mut picture);
    axis(&mut picture, &scale, y);
    picture.push_str(&body);
    if timeline.more > 0 {
        text(&mut picture, (LEFT, y + 18), &format!("and {} more", plural(timeline.more, "conversation")), "");
    }
    picture.push_str("</svg>\n");
    picture
}

fn height(lane: &Lane) -> i64 {
    let lines = i64::try_from(lane.timers.len().min(6)).unwrap_or_default();
    BAR + 14 + lines * LINE
}

fn legend(picture: &mut String) {
    text(picture, (LEFT, 18), "Sessions and what ended them", r#"font-size="14" font-weight="bold""#);
    let bars = [
        ("waiting", colour(Status::Waiting, Handler::None)),
        ("bot", colour(Status::Active, Handler::Bot)),
        ("agent", colour(Status::Active, Handler::Agent)),
        ("rep", colour(Status::Active, Handler::Rep)),
        ("inactive", colour(Status::Inactive, Handler::None)),
    ];
    let mut x = LEFT;
    for (name, fill) in bars {
        let _ = writeln!(picture, r#"<rect x="{x}" y="30" width="22" height="{BAR}" fill="{fill}" rx="2"/>"#);
        text(picture, (x + 27, 41), name, "");
        x += 90;
    }
    let marks = [
        (MarkKind::Event(Some(SignalRole::Customer)), "customer's event"),
        (MarkKind::Event(None), "other event"),
        (MarkKind::Notice, "notice"),
        (MarkKind::Refused, "client refused"),
        (MarkKind::Ended, "ended"),
    ];
    let mut x = LEFT + 8;
    for (kind, name) in marks {
        draw_mark(picture, kind, (x, 50), "");
        text(picture, (x + 12, 61), name, "");
        x += 125;
    }
    let y = 57;
    let _ = writeln!(picture, r##"<path d="M{x} {y}h24" stroke="#c0392b" stroke-width="2"/>"##);
    text(picture, (x + 29, 61), "timer that lapsed", "");
    let x = x + 140;
    let _ = writeln!(picture, r##"<path d="M{x} {y}h24" stroke="#888" stroke-width="1.5" stroke-dasharray="3 2"/>"##);
    text(picture, (x + 29, 61), "timer that still runs", "");
}

fn axis(picture: &mut String, scale: &Scale, bottom: i64) {
    text(picture, (LEFT + WIDTH, 18), &scale.title(), r##"text-anchor="end" fill="#666""##);
    for (x, words) in scale.ticks() {
        let x = LEFT + x;
        let _ = writeln!(picture, r##"<path d="M{x} {}V{bottom}" stroke="#e4e4e4"/>"##, TOP - 12);
        text(picture, (x, TOP - 16), &words, r##"text-anchor="middle" fill="#666""##);
    }
}

fn draw_lane(body: &mut String, lane: &Lane, (scale, y): (&Scale, i64)) {
    let _ = writeln!(body, r##"<path d="M0 {}H{}" stroke="#f0f0f0"/>"##, y - 6, LEFT + WIDTH + RIGHT);
    let name = short(&lane.name, NAME.saturating_sub(lane.channel.chars().count()));
    text(body, (LEFT - 8, y + 11), &format!("{name} ({})", lane.channel), r#"text-anchor="end""#);
    for span in &lane.spans {
        draw_span(body, span, (scale, lane.start, y));
    }
    for (row, clock) in (1..).zip(lane.timers.iter().rev().take(6)) {
        draw_clock(body, clock, (scale, lane.start, y + BAR + row * LINE - 4));
    }
    for mark in &lane.marks {
        draw_at(body, mark, (scale, lane.start, y));
    }
}

fn draw_span(body: &mut String, span: &Span, (scale, start, y): (&Scale, Timestamp, i64)) {
    if span.status == Status::Ended {
        return;
    }
    let (from, to) = (scale.x(span.from, start), scale.x(span.to, start));
    let (x, width, fill) = (LEFT + from, (to - from).max(1), colour(span.status, span.handler));
    let length = Length(span.to.millis_since(span.from));
    let title = format!("{}, handled by {}, for {length}", span.status.name(), span.handler.name());
    let _ = writeln!(
        body,
        r#"<rect x="{x}" y="{y}" width="{width}" height="{BAR}" fill="{fill}" rx="2"><title>{title}</title></rect>"#
    );
}

fn draw_clock(body: &mut String, clock: &Clock, (scale, start, y): (&Scale, Timestamp, i64)) {
    let (from, to) = (LEFT + scale.x(clock.from, start), LEFT + scale.x(clock.to, start));
    let style = if clock.lapsed {
        r##"stroke="#c0392b" stroke-width="2""##
    } else {
        r##"stroke="#888" stroke-width="1.5" stroke-dasharray="3 2""##
    };
    let _ = writeln!(body, r#"<path d="M{from} {y}H{to}m0 -3v6" {style} fill="none"/>"#);
    let length = Length(clock.to.millis_since(clock.from));
    let words = format!("{} {length}", clock.name);
    let fill = if clock.lapsed { "#c0392b" } else { "#777" };
    text(body, (to + 4, y + 3), &words, &format!(r#"font-size="9" fill="{fill}""#));
}

fn draw_at(body: &mut String, mark: &Mark, (scale, start, y): (&Scale, Timestamp, i64)) {
    draw_mark(body, mark.kind, (LEFT + scale.x(mark.at, start), y), &mark.title);
}

fn draw_mark(body: &mut String, kind: MarkKind, (x, y): (i64, i64), title: &str) {
    let title = format!("<title>{}</title>", escape(title));
    let middle = y + BAR / 2;
    let shape = match kind {
        MarkKind::Event(role) => {
            let fill = if role == Some(SignalRole::Customer) { "#111" } else { "#fff" };
            format!(
                r##"<circle cx="{x}" cy="{middle}" r="2.5" fill="{fill}" stroke="#111" stroke-width="0.8">{title}</circle>"##
            )
        }
        MarkKind::Ended => {
            format!(
                r##"<rect x="{}" y="{}" width="4" height="{}" fill="#c0392b">{title}</rect>"##,
                x - 2,
                y - 2,
                BAR + 4
            )
        }
        MarkKind::Refused => format!(
            r##"<path d="M{} {}l8 8m0 -8l-8 8" stroke="#c0392b" stroke-width="2" fill="none">{title}</path>"##,
            x - 4,
            middle - 4
        ),
        MarkKind::Notice => {
            format!(
                r##"<path d="M{x} {}l5 9h-10z" fill="#e67e22" stroke="#fff" stroke-width="0.5">{title}</path>"##,
                middle - 5
            )
        }
        MarkKind::Effect => format!(r##"<path d="M{x} {y}v{BAR}" stroke="#333" stroke-width="0.6">{title}</path>"##),
    };
    body.push_str(&shape);
    body.push('\n');
}

const fn colour(status: Status, handler: Handler) -> &'static str {
    match (status, handler) {
        (Status::Waiting, _) => "#f0c45c",
        (Status::Inactive, _) => "#c8ccd2",
        (Status::Active, Handler::Rep) => "#4a90d0",
        (Status::Active, Handler::Agent) => "#9b7cc4",
        (Status::Active, Handler::Bot | Handler::None) => "#5fae80",
        (Status::Ended, _) => "none",
    }
}

fn text(picture: &mut String, (x, y): (i64, i64), words: &str, style: &str) {
    let _ = writeln!(picture, r#"<text x="{x}" y="{y}" {style}>{}</text>"#, escape(words));
}

/// A name that fits into the room in front of its lane.
fn short(name: &str, room: usize) -> String {
    let room = room.clamp(8, 18);
    if name.chars().count() <= room {
        return name.to_owned();
    }
    let start: String = name.chars().take(room - 1).collect();
    format!("{start}…")
}

fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace(|c: char| c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}'), "\u{fffd}")
}
