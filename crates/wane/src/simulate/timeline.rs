//! A picture of the first conversations of a log: a lane each, with statuses as bars, timers that lapsed as lines under
//! them, and events and effects as marks.
//!
//! Here is what is collected; [`draw`] makes the picture.

mod draw;
mod scale;

use wane_core::effect::{Cause, EffectBody};
use wane_core::participant::Handler;
use wane_core::session::Status;
use wane_core::signal::SignalRole;
use wane_core::time::Timestamp;
use wane_core::timer::Phase;

use super::play::{Moment, Play};

/// More lanes than this nobody reads.
const LANES: usize = 40;

/// What was collected.
#[derive(Debug, Default)]
pub(super) struct Timeline {
    lanes: Vec<Lane>,
    end: Option<Timestamp>,
    more: usize,
}

/// One conversation.
#[derive(Debug)]
struct Lane {
    name: String,
    channel: String,
    start: Timestamp,
    spans: Vec<Span>,
    timers: Vec<Clock>,
    marks: Vec<Mark>,
}

/// A stretch of one status.
#[derive(Debug)]
struct Span {
    from: Timestamp,
    to: Timestamp,
    status: Status,
    handler: Handler,
}

/// A timer from its anchor to its deadline.
#[derive(Debug)]
struct Clock {
    name: String,
    from: Timestamp,
    to: Timestamp,
    /// It lapsed; otherwise it still runs at the end of the log.
    lapsed: bool,
}

/// A point of time worth a mark.
#[derive(Debug)]
struct Mark {
    at: Timestamp,
    kind: MarkKind,
    title: String,
}

/// What a mark is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MarkKind {
    Event(Option<SignalRole>),
    Ended,
    Refused,
    Notice,
    Effect,
}

impl Timeline {
    /// Notes what happened.
    pub(super) fn moment(&mut self, moment: &Moment<'_>) {
        if moment.index >= LANES {
            return;
        }
        while self.lanes.len() <= moment.index {
            self.lanes.push(Lane::new(moment));
        }
        if let Some(lane) = self.lanes.get_mut(moment.index) {
            lane.moment(moment);
        }
    }

    /// Closes everything at the end of the log.
    pub(super) fn end(&mut self, play: &Play) {
        self.end = Some(play.now);
        self.more = play.talks.len().saturating_sub(self.lanes.len());
        for (lane, talk) in self.lanes.iter_mut().zip(&play.talks) {
            lane.stretch(play.now);
            let timers = talk.state.as_ref().map(|state| state.timers()).unwrap_or_default();
            for timer in timers {
                let Phase::Running(running) = &timer.phase else { continue };
                let (Some(deadline), Some(def)) = (running.deadline, play.rules().timer(timer.timer)) else { continue };
                let name = def.name.to_string();
                lane.timers.push(Clock { name, from: running.anchor, to: deadline, lapsed: false });
            }
        }
    }

    /// The picture.
    pub(super) fn svg(&self) -> String {
        draw::svg(self)
    }
}

impl Lane {
    fn new(moment: &Moment<'_>) -> Self {
        Self {
            name: moment.talk.name.to_string(),
            channel: moment.talk.channel.to_string(),
            start: moment.at,
            spans: Vec::new(),
            timers: Vec::new(),
            marks: Vec::new(),
        }
    }

    fn moment(&mut self, moment: &Moment<'_>) {
        let Some(state) = &moment.talk.state else { return };
        if let Some(event) = moment.event {
            let role = event.role.map_or("", SignalRole::name);
            let title = format!("{} {role}", event.type_name());
            self.marks.push(Mark { at: moment.at, kind: MarkKind::Event(event.role), title });
        }
        for effect in moment.effects {
            self.effect(moment, effect);
        }
        let at = state.latest();
        self.stretch(at);
        let (status, handler) = (state.status(), state.handler());
        let same = self.spans.last().is_some_and(|span| (span.status, span.handler) == (status, handler));
        if !same {
            self.spans.push(Span { from: at, to: at, status, handler });
        }
    }

    fn effect(&mut self, moment: &Moment<'_>, effect: &wane_core::effect::Effect) {
        let kind = match &effect.body {
            EffectBody::SessionEnded | EffectBody::ConversationEnded => MarkKind::Ended,
            EffectBody::ClientRefused { .. } => MarkKind::Refused,
            EffectBody::NoticeDue(_) | EffectBody::NoticeUndeliverable { .. } => MarkKind::Notice,
            EffectBody::SessionOpened
            | EffectBody::SessionActivated
            | EffectBody::SessionRequeued
            | EffectBody::SessionInactivated
            | EffectBody::BotSessionEnded
            | EffectBody::ParticipantRemoved { .. }
            | EffectBody::TransferRequested { .. }
            | EffectBody::SessionTagged { .. }
            | EffectBody::Custom { .. } => MarkKind::Effect,
        };
        self.marks.push(Mark { at: effect.at, kind, title: effect.body.type_name().to_owned() });
        if let Cause::Lapse(cause) | Cause::Afterwards(cause, _) = &effect.cause {
            let name = moment.rules.timer(cause.timer).map_or("?", |timer| &*timer.name);
            let known = self.timers.iter().any(|clock| clock.name == name && clock.from == cause.anchor);
            if !known {
                let clock = Clock { name: name.to_owned(), from: cause.anchor, to: cause.deadline, lapsed: true };
                self.timers.push(clock);
            }
        }
    }

    /// The last span goes on until then.
    fn stretch(&mut self, to: Timestamp) {
        if let Some(span) = self.spans.last_mut() {
            span.to = span.to.max(to);
        }
    }

    /// The last instant at which something happens. A session that merely stays open goes on beyond it, to the edge: else
    /// a late `--until` would press all that happens into one point.
    fn last(&self) -> Timestamp {
        let clocks = self.timers.iter().filter(|clock| clock.lapsed).map(|clock| clock.to);
        let marks = self.marks.iter().map(|mark| mark.at);
        clocks.chain(marks).max().unwrap_or(self.start)
    }
}
