//! A conversation in few bytes, to hold very many of them: [`pack`] and [`unpack`].
//!
//! Everything comes back as it was but the ids of repeated events: whoever keeps conversations packed keeps those
//! elsewhere ([`Engine::decide`]). Timers, rows, channels and facts go by number, so a conversation is unpacked with the
//! engine that it was packed with; [`Engine::adopt`] takes it over to other rules. What follows from the rest is left out
//! and worked out again: what predicates see of the state, the length of a row, the deadline of a timer that never
//! paused.
//!
//! | bytes | what |
//! |---|---|
//! | 1 | the version of this form, 1 |
//! | 1 | flags |
//! | … | channel, latest instant, how many sessions, starts and effects |
//! | … | the session, if one is open: status and turn, instants, messages, participants |
//! | … | facts that were set |
//! | … | timers that are not stopped, in their order |

use thiserror::Error;

use crate::bytes::{Malformed, Reader, put_instant, put_number};
use crate::engine::Engine;
use crate::facts::Facts;
use crate::ruleset::Ruleset;
use crate::session::{Conversation, Seen};
use crate::time::Timestamp;
use crate::timer::ChannelId;

mod facts;
mod session;
mod timers;

/// The version of the form, its first byte.
const VERSION: u8 = 1;

const ENDED: u8 = 0x01;
const OPTED_OUT: u8 = 0x02;
const SESSION: u8 = 0x04;
const FACTS: u8 = 0x08;
const FAILURES: u8 = 0x10;

/// Bytes that are not a conversation of these rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PackedError {
    /// Written by another version of this form.
    #[error("a conversation of the unknown version {0}")]
    Version(u8),
    /// Broken, or packed with other rules.
    #[error("a broken conversation: {0}")]
    Malformed(#[from] Malformed),
}

const fn bit(bit: u8, set: bool) -> u8 {
    if set { bit } else { 0 }
}

/// Adds a conversation to `out`. `rules` are those that decided about it last.
///
/// ```
/// use std::sync::Arc;
/// use wane_core::{engine::Engine, event::Event, packed, participant::Role, rules, signal::EventType, time::Timestamp};
/// # let mut files = rules::files::Files::default();
/// # files.insert("quiet.toml", "timers.quiet = { restart_on = ['message:customer'], on_lapse = ['end-session'] }\n\
/// #     rules = [{ id = 'quiet', timer = 'quiet', after = '15m' }]");
/// # let engine = Engine::new(Arc::new(rules::load(&files).0.expect("valid rules")));
/// # let nine = Timestamp::parse("2026-03-01T09:00:00Z").expect("valid");
/// let mut conversation = None;
/// let message = Event::new("c1", EventType::Message).by(Role::Customer).on("web");
/// engine.decide(&mut conversation, nine, &message);
/// let conversation = conversation.expect("open");
///
/// let mut bytes = Vec::new();
/// packed::pack(&conversation, engine.rules(), &mut bytes);
/// assert!(bytes.len() < 30);
/// assert_eq!(packed::unpack(&bytes, &engine), Ok(conversation));
/// ```
pub fn pack(conversation: &Conversation, rules: &Ruleset, out: &mut Vec<u8>) {
    let values = conversation.facts.values();
    let head = bit(ENDED, conversation.ended)
        | bit(OPTED_OUT, conversation.opted_out)
        | bit(SESSION, conversation.session.is_some())
        | bit(FACTS, !values.is_empty())
        | bit(FAILURES, conversation.failures != 0);
    out.extend_from_slice(&[VERSION, head]);
    // One higher, so that a channel that the rules do not have any more, the highest number, is short too.
    put_number(out, u64::from(conversation.channel.0.wrapping_add(1)));
    put_instant(out, conversation.latest, Timestamp::EPOCH);
    for number in [conversation.sessions, conversation.generations, conversation.effects] {
        put_number(out, u64::from(number));
    }
    if conversation.failures != 0 {
        put_number(out, u64::from(conversation.failures));
    }
    if let Some(open) = &conversation.session {
        session::put(out, open, conversation.latest);
    }
    if !values.is_empty() {
        facts::put(out, values, &rules.facts);
    }
    timers::put(out, conversation, rules);
}

/// Reads a conversation that was packed with the rules of this engine.
///
/// # Errors
/// [`PackedError`] when the bytes are something else. Never panics, and allocates no more than the bytes account for.
pub fn unpack(bytes: &[u8], engine: &Engine) -> Result<Conversation, PackedError> {
    let mut reader = Reader::new(bytes, 0);
    let version = reader.byte()?;
    if version != VERSION {
        return Err(PackedError::Version(version));
    }
    let mut conversation = read(&mut reader, engine.rules())?;
    if reader.left() > 0 {
        return Err(reader.malformed("more than one conversation").into());
    }
    engine.mirror_all(&mut conversation);
    Ok(conversation)
}

fn read(from: &mut Reader<'_>, rules: &Ruleset) -> Result<Conversation, Malformed> {
    let head = from.byte()?;
    let error = from.malformed("a number is too large");
    let channel = ChannelId(u16::try_from(from.number()?).map_err(|_| error)?.wrapping_sub(1));
    let latest = from.instant(Timestamp::EPOCH)?;
    let (sessions, generations, effects) = (from.small()?, from.small()?, from.small()?);
    let failures = if head & FAILURES == 0 { 0 } else { from.small()? };
    let session = if head & SESSION == 0 { None } else { Some(session::read(from, sessions, latest)?) };
    let facts = if head & FACTS == 0 { Facts::new(&rules.facts) } else { facts::read(from, &rules.facts)? };
    Ok(Conversation {
        channel,
        ended: head & ENDED != 0,
        opted_out: head & OPTED_OUT != 0,
        latest,
        sessions,
        session,
        facts,
        timers: timers::read(from, rules, latest, generations)?,
        generations,
        effects,
        failures,
        seen: Seen::default(),
    })
}
