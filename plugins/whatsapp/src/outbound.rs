//! From a notice to one request to the Graph API, or the reason why there is none.

use serde_json::{Value, json};
use wane_plugin::{Effect, Refusal, Request};

use crate::{Config, Template};

/// The most characters of a text.
const LIMIT: usize = 4_096;

/// How long after the customer's last message or call free texts are taken (error 131047 afterwards).
const WINDOW_MS: i64 = 24 * 60 * 60 * 1_000;

/// The request, or why nothing is sent.
///
/// A text that is too long is not sent in parts: the second part could fail after the customer read the first.
pub(crate) fn request(config: &Config, effect: &Effect) -> Result<Result<Request, &'static str>, Refusal> {
    if effect.more_text("type").is_some_and(|kind| kind != "notice.due") {
        return Ok(Err("not_a_notice"));
    }
    let content = match (window_open(effect), effect.text.as_deref().filter(|text| !text.is_empty())) {
        (true, Some(text)) if text.chars().count() > LIMIT => return Ok(Err("text_too_long")),
        (true, Some(text)) => json!({ "type": "text", "text": { "preview_url": false, "body": text } }),
        (true, None) => return Ok(Err("no_text")),
        (false, _) => match template(config, effect) {
            Some(template) => approved(template),
            None => return Ok(Err("customer_service_window_closed")),
        },
    };
    let mut body = addressed(&effect.to)?;
    if let (Value::Object(body), Value::Object(content)) = (&mut body, content) {
        body.extend(content);
    }
    let url = format!("https://graph.facebook.com/{}/{}/messages", config.graph_version, sender(config, effect)?);
    Ok(Ok(Request::post(url).bearer("token").json(&body)?))
}

/// A customer of whom nothing is known never wrote: then the window is closed.
fn window_open(effect: &Effect) -> bool {
    let last = ["last_customer_message_ms", "last_customer_action_ms"].map(|name| effect.state_number(name));
    last.into_iter().flatten().any(|last| effect.now_ms.saturating_sub(last) <= WINDOW_MS)
}

fn template<'c>(config: &'c Config, effect: &Effect) -> Option<&'c Template> {
    config.templates.get(effect.more_text("template")?)
}

fn approved(template: &Template) -> Value {
    let (name, language) = (&template.name, &template.language);
    json!({ "type": "template", "template": { "name": name, "language": { "code": language } } })
}

/// The number that the customer wrote to, otherwise the configured one. It becomes a part of the address: digits only.
fn sender<'a>(config: &'a Config, effect: &'a Effect) -> Result<&'a str, Refusal> {
    let told = effect.more_text("account").filter(|account| !account.is_empty());
    let number = told.or(config.phone_number_id.as_deref()).unwrap_or_default();
    if number.is_empty() {
        return Err(Refusal::Malformed("the effect has no `account` and the config no `phone_number_id`".to_owned()));
    }
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refusal::Malformed("a phone number id consists of digits".to_owned()));
    }
    Ok(number)
}

/// To whom: numbers are digits, ids of users without a number are `CC.…`, everything else is a group.
fn addressed(to: &str) -> Result<Value, Refusal> {
    if to.is_empty() {
        return Err(Refusal::Malformed("the effect has no `to`".to_owned()));
    }
    let number = to.strip_prefix('+').unwrap_or(to).bytes().all(|byte| byte.is_ascii_digit());
    let (field, recipient_type) = match (number, is_user_id(to)) {
        (true, _) => ("to", "individual"),
        (false, true) => ("recipient", "individual"),
        (false, false) => ("to", "group"),
    };
    Ok(json!({ "messaging_product": "whatsapp", "recipient_type": recipient_type, field: to }))
}

fn is_user_id(to: &str) -> bool {
    let parts = to.split_once('.');
    parts.is_some_and(|(country, id)| {
        country.len() == 2
            && country.bytes().all(|byte| byte.is_ascii_uppercase())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.')
    })
}

#[cfg(test)]
mod tests {
    use wane_plugin::testing::{FakeHost, effect};

    use super::*;
    use crate::WhatsApp;

    fn rendered(text: &str) -> wane_plugin::testing::Rendered {
        let mut host = FakeHost::<WhatsApp>::new(json!({ "phone_number_id": "1" })).expect("a config that fits");
        let mut effect = effect("inactivity_warning", text, "49", 1_000);
        effect["channel_state"] = json!({ "last_customer_message_ms": 0 });
        host.render(effect).expect("an effect that fits")
    }

    #[test]
    fn a_text_has_at_most_4096_characters() {
        assert_eq!(rendered(&"ä".repeat(LIMIT)).requests.len(), 1);
        assert_eq!(rendered(&"ä".repeat(LIMIT + 1)).suppressed.as_deref(), Some("text_too_long"));
    }
}
