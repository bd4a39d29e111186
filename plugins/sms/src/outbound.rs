//! From a notice to one request to the provider, or the reason why there is none.

use serde_json::json;
use wane_plugin::{Effect, Outcome, Refusal, Request, Sink};

use crate::{Config, Provider};

/// The most characters of a text. The provider cuts it into segments; longer ones it refuses.
const LIMIT: usize = 1_600;

/// One request, or why nothing is sent.
pub(crate) fn render(config: &Config, provider: Provider, effect: &Effect, sink: &mut Sink<'_>) -> Outcome {
    let text = match effect.words() {
        _ if !effect.is_notice() => return sink.suppress("not_a_notice"),
        _ if effect.state_truth("opted_out") => return sink.suppress("opted_out"),
        None => return sink.suppress("no_text"),
        Some(text) if text.chars().count() > LIMIT => return sink.suppress("text_too_long"),
        Some(text) => text,
    };
    let to = effect.recipient()?;
    let told = [effect.more_text("from"), effect.more_text("account"), config.number.as_deref()];
    let from = told.into_iter().flatten().find(|number| !number.is_empty());
    sink.request(&match provider {
        Provider::Twilio => twilio(config, to, from, text)?,
        Provider::Vonage => vonage(config, to, from, text)?,
        Provider::MessageBird => messagebird(to, from, text)?,
    })
}

fn missing(what: &str) -> Refusal {
    Refusal::Malformed(what.to_owned())
}

const NO_NUMBER: &str = "the effect has no `account` and the config no `number`";

fn twilio(config: &Config, to: &str, from: Option<&str>, text: &str) -> Result<Request, Refusal> {
    let account = config.account_sid.as_deref().ok_or_else(|| missing("the config has no `account_sid`"))?;
    let service = config.messaging_service_sid.as_deref().map(|service| ("MessagingServiceSid", service));
    let sender = from.map(|number| ("From", number)).or(service).ok_or_else(|| missing(NO_NUMBER))?;
    let mut form = vec![("To", to), sender, ("Body", text)];
    form.extend(config.status_callback.as_deref().map(|url| ("StatusCallback", url)));
    let url = format!("https://api.twilio.com/2010-04-01/Accounts/{account}/Messages.json");
    let user = config.api_key.as_deref().unwrap_or(account);
    Ok(Request::post(url).basic(user, "token").form(&form))
}

fn vonage(config: &Config, to: &str, from: Option<&str>, text: &str) -> Result<Request, Refusal> {
    let key = config.api_key.as_deref().ok_or_else(|| missing("the config has no `api_key`"))?;
    let from = digits(from.ok_or_else(|| missing(NO_NUMBER))?);
    let body = json!({ "channel": "sms", "message_type": "text", "to": digits(to), "from": from, "text": text });
    Request::post("https://api.nexmo.com/v1/messages").basic(key, "token").json(&body)
}

fn messagebird(to: &str, from: Option<&str>, text: &str) -> Result<Request, Refusal> {
    let from = from.ok_or_else(|| missing(NO_NUMBER))?;
    // Letters that the short alphabet of SMS has not are sent in the long one.
    let body = json!({ "originator": from, "recipients": [digits(to)], "body": text, "datacoding": "auto" });
    let key = format!("AccessKey {}", Request::secret("token"));
    Request::post("https://rest.messagebird.com/messages").header("Authorization", key).json(&body)
}

/// A number without the sign before it, as these two write numbers.
fn digits(number: &str) -> &str {
    number.strip_prefix('+').unwrap_or(number)
}
