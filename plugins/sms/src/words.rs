//! From what was sent to events, for every provider the same: messages, words that take consent back or give it, receipts.

use wane_plugin::{Event, Refusal};

/// A message of a customer.
pub(crate) struct Said<'a> {
    pub(crate) id: &'a str,
    /// The customer's number.
    pub(crate) from: &'a str,
    /// The number, or the service, that was written to.
    pub(crate) to: &'a str,
    pub(crate) text: &'a str,
    /// What the first attachment is: `image/jpeg`.
    pub(crate) media: Option<&'a str>,
    /// The provider's own reading of the text: `STOP`, `START`, `HELP`.
    pub(crate) consent: Option<&'a str>,
}

/// What a word that carriers know means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Stop,
    Start,
    /// A start if the customer was opted out, and an answer in any case.
    Yes,
    Help,
}

/// The word, when it is the whole message; in any case, and with space around it.
fn word(text: &str) -> Option<Word> {
    Some(match text.trim().to_ascii_uppercase().as_str() {
        "STOP" | "STOPALL" | "UNSUBSCRIBE" | "CANCEL" | "END" | "QUIT" | "REVOKE" | "OPTOUT" => Word::Stop,
        "START" | "UNSTOP" => Word::Start,
        "YES" => Word::Yes,
        "HELP" | "INFO" => Word::Help,
        _ => return None,
    })
}

impl Said<'_> {
    /// One event, or two for a `YES`: to drop what may be the answer to a question would lose the customer.
    pub(crate) fn events(&self) -> Vec<Event> {
        let told = self.consent.map(str::to_ascii_uppercase);
        let word = match told.as_deref() {
            Some("STOP") => Some(Word::Stop),
            Some("START") => Some(Word::Start),
            Some("HELP") => Some(Word::Help),
            _ if self.media.is_some() => None,
            _ => word(self.text),
        };
        match word {
            None => vec![self.message()],
            Some(Word::Stop) => vec![self.event("opt.out").kind("keyword").id(self.id).activity(false)],
            Some(Word::Start) => vec![self.event("opt.in").kind("keyword").id(self.id).activity(false)],
            Some(Word::Yes) => {
                let again = self.event("opt.in").kind("keyword").id(format!("{}|opt.in", self.id)).activity(false);
                vec![again, self.message()]
            }
            Some(Word::Help) => vec![self.message().with("keyword", "help")],
        }
    }

    fn message(&self) -> Event {
        let event = self.event("message").role("customer").id(self.id).activity(true);
        let event = match self.media {
            Some(media) => event.kind("media").with("media", media.split('/').next().unwrap_or(media)),
            None => event.kind("text"),
        };
        if self.text.is_empty() && self.media.is_some() { event } else { event.with("text", self.text) }
    }

    fn event(&self, event_type: &str) -> Event {
        Event::new(event_type, self.from).account(self.to)
    }
}

/// What became of a message to a customer.
pub(crate) struct Status<'a> {
    pub(crate) id: &'a str,
    /// The customer's number.
    pub(crate) to: &'a str,
    /// The number that it was sent from; empty when it is not told.
    pub(crate) from: &'a str,
    /// The provider's word for it.
    pub(crate) word: &'a str,
    pub(crate) error: Option<&'a str>,
}

impl Status<'_> {
    /// A receipt; words that say nothing about what became of it, or are not known, are marked.
    pub(crate) fn event(&self) -> Event {
        // What the customer's device says is the customer's; sending and failing are the provider's.
        let (kind, by_customer) = match self.word {
            "sent" | "submitted" => ("sent", false),
            "delivered" => ("delivered", true),
            "read" => ("read", true),
            "failed" | "undelivered" | "delivery_failed" | "rejected" | "expired" | "undeliverable" | "canceled" => {
                ("failed", false)
            }
            other => return self.about("ignored").kind(format!("status {other}")),
        };
        let id = format!("{}|{}", self.id, self.word);
        let event = self.about("receipt").kind(kind).id(id).with("target", self.id);
        let event = if by_customer { event.role("customer") } else { event };
        match self.error {
            Some(error) => event.with("error_code", error),
            None => event,
        }
    }

    fn about(&self, event_type: &str) -> Event {
        let event = Event::new(event_type, self.to).activity(false);
        if self.from.is_empty() { event } else { event.account(self.from) }
    }
}

/// Refuses numbers with a prefix, such as `whatsapp:+1…`: they belong to other channels of the same provider.
pub(crate) fn is_sms<'a>(numbers: impl IntoIterator<Item = &'a str>) -> Result<(), Refusal> {
    if numbers.into_iter().any(|number| number.contains(':')) {
        return Err(Refusal::Unsupported("a message of another channel than SMS".to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_the_whole_message_in_any_case() {
        for text in ["stop", "Stop", " STOP\n", "stopall", "Unsubscribe", "cancel", "end", "quit", "revoke", "optout"] {
            assert_eq!(word(text), Some(Word::Stop), "{text}");
        }
        for (text, expected) in [
            ("start", Word::Start),
            ("UNSTOP", Word::Start),
            ("Yes", Word::Yes),
            ("help", Word::Help),
            ("Info", Word::Help),
        ] {
            assert_eq!(word(text), Some(expected), "{text}");
        }
        for text in ["", "please stop", "stop it", "stop.", "s t o p", "yes please", "helpful", "ｓｔｏｐ"] {
            assert_eq!(word(text), None, "{text}");
        }
    }
}
