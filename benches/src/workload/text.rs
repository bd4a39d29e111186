//! The rules as text, in the words of each engine.

use std::fmt::Write as _;

use super::{Condition, Rule, TIERS};

/// How an engine writes a condition.
#[derive(Clone, Copy, Debug)]
pub struct Dialect {
    /// `authenticated`.
    pub authenticated: &'static str,
    /// The channel.
    pub channel: &'static str,
    /// The handler.
    pub handler: &'static str,
    /// The tier.
    pub tier: &'static str,
    /// The locale.
    pub locale: &'static str,
    /// The number of messages.
    pub messages: &'static str,
    /// Milliseconds since the customer wrote.
    pub idle: &'static str,
    and: &'static str,
    or: &'static str,
    not: &'static str,
}

/// Wane's own facts.
pub const WANE: Dialect = Dialect {
    authenticated: "authenticated",
    channel: "channel",
    handler: "handler",
    tier: "customer.tier",
    locale: "language",
    messages: "session.messages",
    idle: "session.idle",
    and: "&&",
    or: "||",
    not: "!",
};

/// rhai with one variable per fact, the form that is cheapest for it.
pub const RHAI: Dialect = Dialect { tier: "tier", locale: "locale", messages: "messages", idle: "idle_ms", ..WANE };

/// ZEN's expressions, also with one variable per fact.
pub const ZEN: Dialect = Dialect { and: "and", or: "or", not: "not ", ..RHAI };

impl Dialect {
    /// The whole rule as one expression, the cheap and selective comparisons first.
    #[must_use]
    pub fn rule(&self, rule: &Rule) -> String {
        let channel = rule.channel.map(|channel| format!("{} == \"{channel}\"", self.channel));
        let parts = channel.into_iter().chain(self.handler(rule)).chain(self.condition(&rule.condition));
        let whole = parts.collect::<Vec<_>>().join(&format!(" {} ", self.and));
        if whole.is_empty() { "true".to_owned() } else { whole }
    }

    /// The handler and the condition: what Wane's `when` says, the channel having a key of its own.
    #[must_use]
    pub fn when(&self, rule: &Rule) -> Option<String> {
        let parts: Vec<String> = self.handler(rule).into_iter().chain(self.condition(&rule.condition)).collect();
        (!parts.is_empty()).then(|| parts.join(&format!(" {} ", self.and)))
    }

    fn handler(&self, rule: &Rule) -> Option<String> {
        rule.handler.map(|handler| format!("{} == \"{handler}\"", self.handler))
    }

    fn condition(&self, condition: &Condition) -> Option<String> {
        let Self { tier, locale, messages, idle, authenticated, and, or, not, .. } = self;
        Some(match condition {
            Condition::Busy { tier: t, messages: m, queue: q } => {
                format!("{tier} == \"{t}\" {and} {messages} > {m} {and} queue == \"{q}\"")
            }
            Condition::Quiet { idle: i, locales: [a, b, c], queue: q } => format!(
                "{authenticated} {and} {idle} >= {i} {and} {locale} in [\"{a}\", \"{b}\", \"{c}\"] {and} queue == \"{q}\""
            ),
            Condition::Fresh { tiers: [a, b], messages: m, queue: q } => format!(
                "({tier} == \"{a}\" {or} {tier} == \"{b}\") {and} {not}{authenticated} {and} {messages} < {m} {and} \
                 queue == \"{q}\""
            ),
            Condition::Rate { queue: q, factor: f } => format!("queue == \"{q}\" {and} {messages} * {f} > {idle}"),
            Condition::Band { from, to, locale: l, tier: t } => {
                format!("{idle} >= {from} {and} {idle} < {to} {and} {locale} != \"{l}\" {and} {tier} == \"{t}\"")
            }
            Condition::Always => return None,
        })
    }
}

/// The head of Wane's rule files: the declared fact and the one timer.
#[must_use]
pub fn wane_timer() -> String {
    format!(
        "[facts]\ncustomer.tier = {TIERS:?}\n\n[timers.bench]\ntitle = \"The timer of the benchmark\"\n\
         start_on = [\"session.opened\"]\non_lapse = [\"end-session\"]\n"
    )
}

/// Rules as rows of a Wane rule file; `first` is the position of the first of them among `all`.
#[must_use]
pub fn wane_rows(rules: &[Rule], first: usize, all: usize) -> String {
    let mut text = String::new();
    for (number, rule) in (first..).zip(rules) {
        // Priorities make the order of the rows the order of the choice, whatever they name.
        let (priority, minutes) = (all - number, 5 + number % 600);
        let _ = write!(text, "[[rules]]\nid = \"r{number}\"\ntimer = \"bench\"\npriority = {priority}\n");
        if let Some(channel) = rule.channel {
            let _ = writeln!(text, "channel = \"{channel}\"");
        }
        if let Some(when) = WANE.when(rule) {
            let _ = writeln!(text, "when = '{when}'");
        }
        let _ = write!(text, "after = \"{minutes}m\"\n\n");
    }
    text
}
