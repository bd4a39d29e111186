//! What became of each event, as JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use serde::Serialize;
use wane_core::effect::{Outcome, Refusal};
use wane_core::event::Event;
use wane_core::facts::Name;
use wane_core::time::Timestamp;
use wane_wire::effect::{Context, EffectJson};

use crate::app::App;
use crate::http::problem::Problem;
use crate::http::render;
use crate::node::Answered;

/// What is remembered of an event while it is decided, for its answer.
pub(super) struct Told {
    id: Option<Name>,
    conversation: Name,
    channel: Option<Name>,
}

impl Told {
    pub(super) fn of(event: &Event) -> Self {
        Self { id: event.id.clone(), conversation: Name::clone(&event.conversation), channel: event.channel.clone() }
    }
}

/// The channels of the conversations whose events have effects and do not name their channel.
pub(super) async fn channels(app: &App, told: &[Told], answers: &[Answered]) -> Result<BTreeMap<Name, Name>, Problem> {
    let mut channels = BTreeMap::new();
    for (told, answered) in told.iter().zip(answers) {
        let Answered::New { answer, .. } = answered else { continue };
        if told.channel.is_some() || answer.effects.is_empty() || channels.contains_key(&told.conversation) {
            continue;
        }
        let Some(view) = app.node.view(&told.conversation).await? else { continue };
        if let Some(channel) = view.engine.rules().channel(view.state.channel()) {
            channels.insert(told.conversation.clone(), channel.name.clone());
        }
    }
    Ok(channels)
}

/// When the conversations of repeated events have something to do next: their first answers said it for then.
pub(super) async fn deadlines(
    app: &App,
    told: &[Told],
    answers: &[Answered],
) -> Result<BTreeMap<Name, Timestamp>, Problem> {
    let (mut deadlines, mut looked) = (BTreeMap::new(), BTreeSet::new());
    for (told, answered) in told.iter().zip(answers) {
        let repeat = matches!(answered, Answered::Duplicate(..) | Answered::Forgotten);
        if !repeat || !looked.insert(&told.conversation) {
            continue;
        }
        let view = app.node.view(&told.conversation).await?;
        let next = view.and_then(|view| view.engine.next_wake(&view.state));
        deadlines.extend(next.map(|at| (Name::clone(&told.conversation), at)));
    }
    Ok(deadlines)
}

/// The word for what became of an event.
pub(super) const fn outcome(answered: &Answered) -> &'static str {
    match answered {
        Answered::New { answer, .. } => match answer.outcome {
            Outcome::Applied => "applied",
            Outcome::Duplicate => "duplicate",
            Outcome::Refused(_) => "refused",
        },
        Answered::Duplicate(..) | Answered::Forgotten => "duplicate",
        Answered::Conflict(_) => "conflict",
    }
}

/// Why an event was not taken.
#[derive(Serialize)]
struct Why {
    code: &'static str,
    message: String,
}

impl Why {
    fn of(answered: &Answered) -> Option<Self> {
        match answered {
            Answered::New { answer, .. } => match &answer.outcome {
                Outcome::Refused(refusal) => Some(Self { code: code(refusal), message: refusal.to_string() }),
                Outcome::Applied | Outcome::Duplicate => None,
            },
            Answered::Conflict(_) => {
                Some(Self { code: "id-conflict", message: "the id was used before, by another event".to_owned() })
            }
            // Of the events that are refused, only those of lapsed tokens and ended conversations have an effect to record.
            Answered::Duplicate(first, _) if !first.applied => {
                let refusal = Refusal::NewConversationRequired;
                Some(Self { code: code(&refusal), message: refusal.to_string() })
            }
            Answered::Duplicate(..) | Answered::Forgotten => None,
        }
    }
}

/// A stable word for each refusal.
pub(crate) const fn code(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::NewConversationRequired => "new-conversation-required",
        Refusal::NoOpenSession => "no-open-session",
        Refusal::UnknownConversation => "unknown-conversation",
        Refusal::NotGoverned(_) => "channel-not-governed",
        Refusal::UnknownChannel { .. } => "unknown-channel",
        Refusal::NoChannel => "channel-missing",
        Refusal::OtherChannel { .. } => "other-channel",
        Refusal::UnknownFact { .. } => "unknown-fact",
        Refusal::WrongFact { .. } => "wrong-fact",
        Refusal::WrongRole { .. } => "wrong-role",
    }
}

#[derive(Serialize)]
struct AnswerJson<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    conversation: &'a str,
    outcome: &'static str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    duplicate: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<Why>,
    #[serde(skip_serializing_if = "is_zero")]
    late_by: i64,
    effects: Vec<EffectJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_deadline: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    durability: Option<&'a str>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
const fn is_zero(number: &i64) -> bool {
    *number == 0
}

/// What the answers need besides themselves.
pub(super) struct Answering<'a> {
    pub(super) app: &'a App,
    pub(super) durability: Option<&'a str>,
    /// Of the conversations of repeated events.
    pub(super) deadlines: BTreeMap<Name, Timestamp>,
}

/// Events, answers, and channels of conversations.
type Answers<'a> = (&'a [Told], &'a [Answered], &'a BTreeMap<Name, Name>);

impl Answering<'_> {
    /// Writes the answers: a list, or the only one by itself.
    pub(super) fn write(&self, single: bool, answers: Answers<'_>, into: &mut Vec<u8>) -> std::io::Result<()> {
        let (told, answers, channels) = answers;
        let (mut open, close): (&[u8], &[u8]) = if single { (b"", b"") } else { (b"[", b"]") };
        // The hash of the rules as text: the same for nearly all answers.
        let mut hash = (None, String::new());
        for (told, answered) in told.iter().zip(answers) {
            into.write_all(open)?;
            open = b",";
            if let Answered::New { rules, .. } = answered
                && hash.0 != Some(rules.hash)
            {
                hash = (Some(rules.hash), rules.hash.to_string());
            }
            self.one((told, answered), (channels, &hash.1), into)?;
        }
        if answers.is_empty() {
            into.write_all(open)?;
        }
        into.write_all(close)
    }

    fn one(
        &self,
        (told, answered): (&Told, &Answered),
        (channels, hash): (&BTreeMap<Name, Name>, &str),
        into: &mut Vec<u8>,
    ) -> std::io::Result<()> {
        let mut json = AnswerJson {
            id: told.id.as_deref(),
            conversation: &told.conversation,
            outcome: outcome(answered),
            duplicate: matches!(answered, Answered::Duplicate(..) | Answered::Forgotten),
            why: Why::of(answered),
            late_by: 0,
            effects: Vec::new(),
            next_deadline: self.deadlines.get(&told.conversation).map(Timestamp::to_string),
            durability: self.durability,
        };
        if json.outcome == "conflict" {
            json.outcome = "refused";
        }
        match answered {
            Answered::New { answer, rules, next, .. } => {
                let channel = told.channel.as_ref().or_else(|| channels.get(&told.conversation));
                let channel = channel.map_or("", |channel| &**channel);
                let context = Context { conversation: &told.conversation, channel, rules, ruleset: hash };
                json.late_by = answer.late_by;
                json.effects = answer.effects.iter().map(|effect| EffectJson::new(effect, context)).collect();
                json.next_deadline = next.map(|at| at.to_string());
                serde_json::to_writer(into, &json)?;
            }
            Answered::Duplicate(first, _) => {
                let rules = self.app.node.rules_of(first.rules);
                let hash = rules.as_ref().map(|rules| rules.hash.to_string()).unwrap_or_default();
                json.late_by = first.late_by;
                if let Some(rules) = &rules {
                    let context = render::context(rules, &hash, (&first.event.conversation, first.channel));
                    // What the clock did on the way belongs to the first answer alone.
                    let own = first.effects.iter().skip(usize::try_from(first.lapsed_effects).unwrap_or(usize::MAX));
                    json.effects = own.map(|effect| EffectJson::new(effect, context)).collect();
                }
                serde_json::to_writer(into, &json)?;
            }
            Answered::Conflict(_) | Answered::Forgotten => serde_json::to_writer(into, &json)?,
        }
        Ok(())
    }
}
