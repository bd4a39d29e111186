//! What a lapse does, and what the next event after it does.

use super::timers::belongs;
use super::work::Work;
use crate::action::{Action, Notice};
use crate::effect::{Cause, EffectBody, TimerCause, UndeliverableWhy};
use crate::participant::Role;
use crate::signal::{Signal, SignalRole};
use crate::timer::{Afterwards, Phase, Scope, TimerDef, TimerId, TimerState};

impl Work<'_> {
    pub(super) fn act(&mut self, actions: &[Action]) {
        for action in actions {
            match action {
                Action::EndSession => self.end_session(),
                Action::EndBotSession => self.end_bot_session(),
                Action::EndConversation => self.end_conversation(),
                Action::MarkInactive => self.mark_inactive(),
                Action::MarkActive => self.activate(),
                Action::Requeue => self.requeue(),
                Action::Remove(role) => self.remove(*role),
                Action::RefuseClient => self.refuse_client(),
                Action::Notify(notice) => self.notify(notice),
                Action::Emit { name, kind } => self.emit(EffectBody::Custom { name: name.clone(), kind: *kind }),
                Action::Transfer(queue) => self.emit(EffectBody::TransferRequested { queue: queue.clone() }),
                Action::Start(timer) => self.start(*timer),
                Action::Stop(timer) => self.stop(*timer),
                Action::Tag(tag) => self.emit(EffectBody::SessionTagged { tag: tag.clone() }),
            }
        }
    }

    /// Sends a notice, or says why it can not be sent (L11, X7).
    pub(super) fn notify(&mut self, notice: &Notice) {
        let reaches_customer = matches!(notice.to, SignalRole::Customer | SignalRole::Everyone);
        let Some(why) = self.unreachable().filter(|_| reaches_customer) else {
            self.emit(EffectBody::NoticeDue(notice.clone()));
            return;
        };
        let to = |to: SignalRole| Notice { template: notice.template.clone(), to };
        self.emit(EffectBody::NoticeUndeliverable { notice: to(SignalRole::Customer), why });
        if notice.to == SignalRole::Everyone {
            for role in Role::HANDLERS {
                if self.state.session.as_ref().is_some_and(|session| session.has(role)) {
                    self.emit(EffectBody::NoticeDue(to(role.into())));
                }
            }
        }
    }

    fn unreachable(&self) -> Option<UndeliverableWhy> {
        if self.state.opted_out {
            return Some(UndeliverableWhy::OptedOut);
        }
        let window = self.engine.rules.channel(self.state.channel)?.notice_window?;
        let open = |state: &&TimerState| state.timer == window && matches!(state.phase, Phase::Running(_));
        let closed = !self.state.timers.iter().any(|state| open(&state));
        closed.then_some(UndeliverableWhy::WindowClosed(window))
    }

    /// Runs the first `afterwards` row that fits, of each lapsed timer in the order of declaration, until one of them
    /// refuses the client. Whether one did.
    pub(super) fn afterwards(&mut self, signal: Signal) -> bool {
        let engine = self.engine;
        let lapsed: Vec<TimerCause> = self.state.timers.iter().filter_map(lapse_of).collect();
        for cause in lapsed {
            let Some(def) = engine.rules.timer(cause.timer) else { continue };
            let Some((index, row)) = self.fitting(def, signal) else { continue };
            self.cause = Cause::Afterwards(cause, index);
            self.act(&row.actions);
            if row.actions.contains(&Action::RefuseClient) {
                return true;
            }
        }
        false
    }

    fn fitting<'d>(&self, def: &'d TimerDef, signal: Signal) -> Option<(u16, &'d Afterwards)> {
        // A session's timers have no say once it is over.
        if def.scope == Scope::Session && self.state.session.is_none() {
            return None;
        }
        let fits = |row: &&Afterwards| {
            row.on.iter().any(|selector| selector.fits(signal)) && belongs(self.state, &row.belongs)
        };
        (0..).zip(&def.afterwards).find(|(_, row)| fits(row))
    }
}

fn lapse_of(state: &TimerState) -> Option<TimerCause> {
    let Phase::Lapsed { at, row, anchor, .. } = state.phase else { return None };
    Some(TimerCause { timer: TimerId(state.timer.0), row, generation: state.generation, anchor, deadline: at })
}
