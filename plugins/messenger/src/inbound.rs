//! From a webhook's body to events, in their order: every entry, every item.
//!
//! A body counts whole or not at all: an item that lacks what its form needs refuses all of it. An item of a kind that is not
//! known here is no error of form: it becomes a marker, `type: "ignored"`, and so does what another app is told on standby,
//! for there the conversation is not ours. A marker without a customer has the address `-`.

use serde_json::Map;
use serde_json::value::RawValue;
use wane_plugin::instant::Millis;
use wane_plugin::{Event, Input, Refusal, Text, read_part};

use crate::graph;
use crate::payload::{
    Attachment, Edit, Entry, Handover, Item, Message, Optin, Party, Postback, Reaction, Referral, Watermark,
};

pub(crate) fn events(app: Option<&str>, input: &Input<'_>) -> Result<Vec<Event>, Refusal> {
    let mut events = Vec::new();
    for (number, raw) in graph::entries("page", input)?.into_iter().enumerate() {
        let place = format!("entry {number}");
        let entry: Entry<'_> = read_part(raw).map_err(|refusal| refusal.at(&place))?;
        events.extend(entry.changes.iter().map(|_| Event::ignored("change")));
        for (standby, items) in [(false, &entry.messaging), (true, &entry.standby)] {
            let scene = Scene { app, page: &entry.id, standby };
            for (index, raw) in items.iter().enumerate() {
                events.push(scene.event(raw).map_err(|refusal| refusal.at(format_args!("{place}, item {index}")))?);
            }
        }
    }
    Ok(events)
}

/// What holds for all items of a list.
struct Scene<'a> {
    app: Option<&'a str>,
    page: &'a str,
    standby: bool,
}

impl Scene<'_> {
    fn event(&self, raw: &RawValue) -> Result<Event, Refusal> {
        let item: Item<'_> = read_part(raw)?;
        let wrong = |what: &str| Refusal::Malformed(what.to_owned());
        let (sender, recipient) = (id(item.sender.as_deref()), id(item.recipient.as_deref()));
        // An echo says so, whoever is named as its sender; of all else that the page did, it is the sender. What it says has a
        // customer nevertheless: the recipient.
        let echo = item.message.as_ref().is_some_and(|message| message.is_echo);
        let by_page = echo || sender == Some(self.page);
        let customer = if by_page { recipient } else { sender };
        let event = self.said(&item, by_page);
        let event = if by_page { by_business(event) } else { event };
        if recipient.is_none() || !event.is_ignored() && customer.is_none() {
            return Err(wrong("`sender` or `recipient` has no `id`"));
        }
        if item.timestamp.is_none() && item.delivery.is_none() {
            return Err(wrong("`timestamp` is missing"));
        }
        let event = Event { address: customer.unwrap_or(Event::NOBODY).to_owned(), ..event };
        let at = item.timestamp.map(Millis::millis);
        let event = if event.id.is_none() { keyed(event, at) } else { event };
        let event = Event { at_ms: at, ..event }.account(self.page);
        Ok(if self.standby { on_standby(event) } else { event })
    }

    /// The event without who and when.
    fn said(&self, item: &Item<'_>, by_page: bool) -> Event {
        if let Some(message) = &item.message {
            if by_page { self.echo(message) } else { written(message) }
        } else if let Some(postback) = &item.postback {
            pressed(postback)
        } else if let Some(read) = &item.read {
            receipt("read", read)
        } else if let Some(delivery) = &item.delivery {
            receipt("delivered", delivery)
        } else if let Some(reaction) = &item.reaction {
            reacted(reaction)
        } else if let Some(edit) = &item.message_edit {
            edited(edit)
        } else if let Some(optin) = &item.optin {
            consent(optin, item.sender.as_deref())
        } else if let Some(referral) = &item.referral {
            let event = by_customer("client.connected").kind("referral").with("opens_window", true);
            from_ad(event, Some(referral))
        } else {
            self.of_routing(item)
        }
    }

    /// Who has the conversation now. The customer did nothing.
    fn of_routing(&self, item: &Item<'_>) -> Event {
        if let Some(passed) = &item.pass_thread_control {
            self.handed("pass", passed)
        } else if let Some(taken) = &item.take_thread_control {
            self.handed("take", taken)
        } else if let Some(asked) = &item.request_thread_control {
            Event { more: Map::new(), ..self.handed("request", asked) }
        } else if item.app_roles.is_some() {
            Event::ignored("app_roles")
        } else {
            Event::ignored("other")
        }
    }

    /// On standby afterwards, unless the new owner is this app.
    fn handed(&self, kind: &str, handover: &Handover<'_>) -> Event {
        let event = Event::new("handover", Event::NOBODY).kind(kind).activity(false);
        match (self.app, &handover.new_owner_app_id, &handover.previous_owner_app_id) {
            (Some(app), Some(new), _) => event.with("standby", !new.is(app)),
            (Some(app), None, Some(old)) if old.is(app) => event.with("standby", true),
            _ => event,
        }
    }

    /// What the page sent comes back. What this very app sent is known already: `own`.
    fn echo(&self, message: &Message<'_>) -> Event {
        let said = written(message);
        let own = message.app_id.as_ref().zip(self.app).is_some_and(|(sender, app)| sender.is(app));
        let echo = Event::new("message", Event::NOBODY).role("rep").id(&*message.mid).with("echo", true);
        let echo = Event { kind: said.kind, ..echo };
        if own { echo.with("own", true) } else { echo }
    }
}

fn id<'t>(party: Option<&'t Party<'_>>) -> Option<&'t str> {
    party.and_then(|party| Text::given(&party.id))
}

fn by_customer(event_type: &str) -> Event {
    Event::new(event_type, Event::NOBODY).role("customer")
}

fn active(event_type: &str) -> Event {
    by_customer(event_type).activity(true).with("opens_window", true)
}

fn written(message: &Message<'_>) -> Event {
    let event = match (&message.quick_reply, &message.text, message.attachments.first()) {
        (Some(reply), _, _) => active("postback").kind("quick_reply").with("postback_id", &*reply.payload),
        // What is shared comes with its text, which is what the customer wrote.
        (None, Some(text), _) => active("message").kind("text").with("text", &**text),
        (None, None, Some(attachment)) => attached(attachment),
        (None, None, None) => active("message").kind("unsupported"),
    };
    from_ad(event, message.referral.as_deref()).id(&*message.mid)
}

fn attached(attachment: &Attachment<'_>) -> Event {
    match &*attachment.kind {
        "location" => active("message").kind("location"),
        media => active("message").kind("media").with("media", media),
    }
}

fn pressed(postback: &Postback<'_>) -> Event {
    let payload = postback.payload.as_deref().unwrap_or_default();
    let event = active("postback").kind("postback").with("postback_id", payload);
    let event = from_ad(event, postback.referral.as_deref());
    Event { id: postback.mid.as_deref().map(str::to_owned), ..event }
}

/// Advertisements open a longer window.
fn from_ad(event: Event, referral: Option<&Referral<'_>>) -> Event {
    let source = referral.and_then(|referral| referral.source.as_deref());
    if source == Some("ADS") { event.with("ad_entry", true) } else { event }
}

/// Everything up to the watermark; the messages are not always named.
fn receipt(kind: &str, receipt: &Watermark) -> Event {
    let event = by_customer("receipt").kind(kind).activity(false).with("watermark_ms", receipt.watermark.millis());
    let event = event.with("opens_window", false);
    if receipt.mids.is_empty() { event } else { event.with("targets", receipt.mids.clone()) }
}

/// The page did it, for example reacted to a message.
fn by_business(event: Event) -> Event {
    if event.role.is_some() { event.role("rep").activity(false).with("opens_window", false) } else { event }
}

/// Whether it counts as activity is left to the rules.
fn reacted(reaction: &Reaction<'_>) -> Event {
    let event = by_customer("reaction").with("target", &*reaction.mid);
    if reaction.action == "unreact" { event.kind("removed") } else { event.kind("added").with("opens_window", true) }
}

fn edited(edit: &Edit<'_>) -> Event {
    let event = by_customer("edit").kind("edit").with("target", &*edit.mid);
    let event = event.id(format!("edit|{}|{}", edit.mid, edit.num_edit));
    match &edit.text {
        Some(text) => event.with("text", &**text),
        None => event,
    }
}

/// Visitors of a web page who have only a reference are nobody yet: they come again with their first message.
fn consent(optin: &Optin<'_>, sender: Option<&Party<'_>>) -> Event {
    let kind = optin.kind.as_deref().unwrap_or("optin");
    if id(sender).is_none() {
        return Event::ignored("optin");
    }
    let stopped = optin.notification_messages_status.as_deref() == Some("STOP_NOTIFICATIONS");
    Event::new(if stopped { "opt.out" } else { "opt.in" }, Event::NOBODY).kind(kind).activity(false)
}

/// The provider gives no id for these: what happened to whom and when is the same in every resend.
fn keyed(event: Event, at: Option<i64>) -> Event {
    if event.is_ignored() {
        return event;
    }
    let what = event.kind.as_deref().unwrap_or_default();
    let watermark = event.more.get("watermark_ms").and_then(serde_json::Value::as_i64);
    let target =
        event.more.get("target").and_then(serde_json::Value::as_str).map_or(String::new(), |mid| format!("{mid}|"));
    let id = format!("{what}|{}|{target}{}", event.address, watermark.or(at).unwrap_or_default());
    event.id(id)
}

/// Another app has the conversation: the customer's doing is not for us to act on.
fn on_standby(event: Event) -> Event {
    let kind = format!("standby {}", event.event_type);
    let marker = Event { role: None, more: Map::new(), ..event };
    Event { event_type: "ignored".to_owned(), ..marker }.kind(kind).activity(false).with("standby", true)
}
