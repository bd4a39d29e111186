//! Random rules and facts, the same ones for the same seed.
//!
//! A rule has a channel (one in ten: any), a handler (two in ten: any) and one of five conditions; the first rule that fits
//! wins, and the last one fits always. Half of the contexts are planted on a random rule; of the others most fall through
//! to the last.

mod random;
mod text;

pub use text::{Dialect, RHAI, WANE, ZEN, wane_rows, wane_timer};

use random::Random;

/// The channels that rules and contexts name.
pub const CHANNELS: [&str; 6] = ["web", "in-app", "whatsapp", "messenger", "sms", "apple"];
/// Who may handle the session.
pub const HANDLERS: [&str; 4] = ["none", "bot", "agent", "rep"];
/// The customers' tiers.
pub const TIERS: [&str; 5] = ["vip", "gold", "silver", "bronze", "new"];
/// The languages.
pub const LOCALES: [&str; 8] = ["de", "fr", "en", "es", "it", "nl", "pl", "pt"];

const HOUR: i64 = 3_600_000;
const MESSAGES: i64 = 60;

/// What is known when a rule is chosen.
#[derive(Clone, Debug)]
pub struct Context {
    /// Of [`CHANNELS`].
    pub channel: &'static str,
    /// Of [`HANDLERS`].
    pub handler: &'static str,
    /// Of [`TIERS`].
    pub tier: &'static str,
    /// Of [`LOCALES`].
    pub locale: &'static str,
    /// `q0` and up.
    pub queue: String,
    /// Messages so far.
    pub messages: i64,
    /// Milliseconds since the customer wrote.
    pub idle: i64,
    /// Whether the customer is authenticated.
    pub authenticated: bool,
}

/// One rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Only on this channel.
    pub channel: Option<&'static str>,
    /// Only while this one handles.
    pub handler: Option<&'static str>,
    /// Only when this holds.
    pub condition: Condition,
}

/// What a rule asks for.
#[derive(Clone, Debug)]
pub enum Condition {
    /// A tier, more than so many messages, a queue: four rules in ten.
    Busy {
        /// The tier.
        tier: &'static str,
        /// More than these.
        messages: i64,
        /// The queue.
        queue: String,
    },
    /// Authenticated, idle for so long, one of three locales, a queue: two in ten.
    Quiet {
        /// At least so many milliseconds.
        idle: i64,
        /// One of these.
        locales: [&'static str; 3],
        /// The queue.
        queue: String,
    },
    /// One of two tiers, not authenticated, fewer than so many messages, a queue: two in ten.
    Fresh {
        /// One of these.
        tiers: [&'static str; 2],
        /// Fewer than these.
        messages: i64,
        /// The queue.
        queue: String,
    },
    /// A queue, and messages times so many milliseconds above the idle time: one in ten.
    Rate {
        /// The queue.
        queue: String,
        /// Milliseconds a message.
        factor: i64,
    },
    /// Idle for a time between two, not this locale, this tier: one in ten.
    Band {
        /// From here.
        from: i64,
        /// To below here.
        to: i64,
        /// Not this one.
        locale: &'static str,
        /// The tier.
        tier: &'static str,
    },
    /// Nothing: the last rule.
    Always,
}

/// Rules, contexts, and the position of the rule that wins in each.
#[derive(Clone, Debug)]
pub struct Workload {
    /// First one that fits wins.
    pub rules: Vec<Rule>,
    /// Planted and random ones in turns.
    pub contexts: Vec<Context>,
    /// By context.
    pub winners: Vec<usize>,
}

impl Workload {
    /// So many rules and contexts.
    #[must_use]
    pub fn new(rules: usize, contexts: usize) -> Self {
        let queues = (rules / 4).max(1);
        let mut random = Random::new(0x5EED ^ rules as u64);
        let mut made: Vec<Rule> = (1..rules).map(|_| Rule::random(&mut random, queues)).collect();
        made.push(Rule { channel: None, handler: None, condition: Condition::Always });
        let contexts: Vec<Context> = (0..contexts).map(|n| context(&mut random, n, &made, queues)).collect();
        let winners = contexts.iter().map(|context| winner(&made, context)).collect();
        Self { rules: made, contexts, winners }
    }

    /// The mean position of the winner, from 1.
    #[must_use]
    pub fn mean_winner(&self) -> usize {
        self.winners.iter().map(|winner| winner + 1).sum::<usize>() / self.winners.len().max(1)
    }
}

fn context(random: &mut Random, number: usize, rules: &[Rule], queues: usize) -> Context {
    let mut context = Context::random(random, queues);
    if number.is_multiple_of(2) {
        rules[random.below(rules.len())].plant(random, &mut context);
    }
    context
}

fn winner(rules: &[Rule], context: &Context) -> usize {
    rules.iter().position(|rule| rule.fits(context)).expect("the last rule fits always")
}

impl Context {
    fn random(random: &mut Random, queues: usize) -> Self {
        Self {
            channel: random.of(&CHANNELS),
            handler: random.of(&HANDLERS),
            tier: random.of(&TIERS),
            locale: random.of(&LOCALES),
            queue: queue(random, queues),
            messages: random.number(MESSAGES),
            idle: random.number(2 * HOUR),
            authenticated: random.below(2) == 0,
        }
    }
}

fn queue(random: &mut Random, queues: usize) -> String {
    format!("q{}", random.below(queues))
}

impl Rule {
    fn random(random: &mut Random, queues: usize) -> Self {
        Self {
            channel: (random.below(10) > 0).then(|| random.of(&CHANNELS)),
            handler: (random.below(10) > 1).then(|| random.of(&HANDLERS)),
            condition: Condition::random(random, queues),
        }
    }

    /// Whether the rule fits, read off its parts: what every engine's answer is compared with.
    #[must_use]
    pub fn fits(&self, context: &Context) -> bool {
        self.channel.is_none_or(|channel| channel == context.channel)
            && self.handler.is_none_or(|handler| handler == context.handler)
            && self.condition.holds(context)
    }

    fn plant(&self, random: &mut Random, context: &mut Context) {
        context.channel = self.channel.unwrap_or(context.channel);
        context.handler = self.handler.unwrap_or(context.handler);
        self.condition.plant(random, context);
    }
}

impl Condition {
    fn random(random: &mut Random, queues: usize) -> Self {
        let queue = queue(random, queues);
        match random.below(10) {
            0..4 => Self::Busy { tier: random.of(&TIERS), messages: random.number(40), queue },
            4..6 => Self::Quiet { idle: random.number(HOUR), locales: random.some(&LOCALES), queue },
            6..8 => Self::Fresh { tiers: random.some(&TIERS), messages: 1 + random.number(MESSAGES), queue },
            8 => Self::Rate { queue, factor: 1_000 + random.number(120_000) },
            _ => Self::band(random),
        }
    }

    fn band(random: &mut Random) -> Self {
        let from = random.number(HOUR);
        let to = from + 1 + random.number(HOUR / 100);
        Self::Band { from, to, locale: random.of(&LOCALES), tier: random.of(&TIERS) }
    }

    fn holds(&self, c: &Context) -> bool {
        match self {
            Self::Busy { tier, messages, queue } => c.tier == *tier && c.messages > *messages && c.queue == *queue,
            Self::Quiet { idle, locales, queue } => {
                c.authenticated && c.idle >= *idle && locales.contains(&c.locale) && c.queue == *queue
            }
            Self::Fresh { tiers, messages, queue } => {
                tiers.contains(&c.tier) && !c.authenticated && c.messages < *messages && c.queue == *queue
            }
            Self::Rate { queue, factor } => c.queue == *queue && c.messages * factor > c.idle,
            Self::Band { from, to, locale, tier } => {
                c.idle >= *from && c.idle < *to && c.locale != *locale && c.tier == *tier
            }
            Self::Always => true,
        }
    }

    fn plant(&self, random: &mut Random, c: &mut Context) {
        match self {
            Self::Busy { tier, messages, queue } => {
                c.tier = tier;
                c.messages = messages + 1 + random.number(10);
                c.queue.clone_from(queue);
            }
            Self::Quiet { idle, locales, queue } => {
                c.authenticated = true;
                c.idle = idle + random.number(HOUR);
                c.locale = random.of(locales);
                c.queue.clone_from(queue);
            }
            Self::Fresh { tiers, messages, queue } => {
                c.tier = random.of(tiers);
                c.authenticated = false;
                c.messages = random.number(*messages);
                c.queue.clone_from(queue);
            }
            Self::Rate { queue, factor } => {
                c.queue.clone_from(queue);
                c.messages = 1 + random.number(MESSAGES);
                c.idle = random.number(c.messages * factor);
            }
            Self::Band { from, to, locale, tier } => {
                c.tier = tier;
                c.idle = from + random.number(to - from);
                while c.locale == *locale {
                    c.locale = random.of(&LOCALES);
                }
            }
            Self::Always => {}
        }
    }
}
