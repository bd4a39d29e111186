//! Makes a case of a request as it was captured, without what is private in it.
//!
//! What a word means is not known here, so what is kept is listed and everything else goes: of headers those that tell the
//! form of the body, of fields those whose names say that they hold a kind, a state or an instant. The same word becomes the
//! same stand-in wherever it stands, so that ids still fit each other.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::case::Profile;
use crate::wire;

/// Headers whose values are kept.
const HEADERS: [&str; 5] = ["content-type", "accept", "user-agent", "content-encoding", "x-platform"];
/// Headers that the kit makes itself.
const DROPPED: [&str; 4] = ["host", "content-length", "connection", "transfer-encoding"];
/// Fields whose values are kept if they are one word: what kind of thing it is, and what state it is in.
const KINDS: [&str; 24] = [
    "type",
    "object",
    "field",
    "status",
    "event",
    "mode",
    "kind",
    "v",
    "version",
    "product",
    "entrytype",
    "messagetype",
    "formattype",
    "locale",
    "language",
    "platform",
    "mime_type",
    "messaging_product",
    "messagestatus",
    "smsstatus",
    "nummedia",
    "numsegments",
    "apiversion",
    "hub.mode",
];
/// Fields that hold an instant have one of these in their names.
const INSTANTS: [&str; 4] = ["timestamp", "time", "watermark", "date"];

/// A captured request that is none.
pub type NoRequest = String;

/// The text of a case, for the profile if one is known.
///
/// # Errors
/// Why the bytes are no HTTP request.
pub fn case(captured: &[u8], profile: Option<&Profile>) -> Result<String, NoRequest> {
    let end = captured.windows(4).position(|four| four == b"\r\n\r\n").map(|at| (at, at + 4));
    let end = end.or_else(|| captured.windows(2).position(|two| two == b"\n\n").map(|at| (at, at + 2)));
    let (head, body) = end.unwrap_or((captured.len(), captured.len()));
    let head = captured.get(..head).and_then(|head| std::str::from_utf8(head).ok()).ok_or("its head is no text")?;
    let mut lines = head.lines();
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (Some(method), Some(url), Some(version)) = (words.next(), words.next(), words.next()) else {
        return Err("it does not start with `METHOD ADDRESS HTTP/…`".to_owned());
    };
    if !version.starts_with("HTTP/") || method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err("it does not start with `METHOD ADDRESS HTTP/…`".to_owned());
    }
    let header = |line: &str| {
        line.split_once(':').map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()))
    };
    let headers: Option<Vec<(String, String)>> = lines.map(header).collect();
    let headers = headers.ok_or("a line of its head is no `Name: value`")?;
    Ok(Draft { profile, ..Draft::default() }.write((method, url), &headers, captured.get(body..).unwrap_or_default()))
}

#[derive(Default)]
struct Draft<'a> {
    profile: Option<&'a Profile>,
    /// What stands for what.
    stand_ins: BTreeMap<String, String>,
}

impl Draft<'_> {
    fn write(&mut self, (method, url): (&str, &str), headers: &[(String, String)], body: &[u8]) -> String {
        let kind = headers.iter().find(|(name, _)| name == "content-type").map_or("", |(_, value)| value.as_str());
        let signed = headers.iter().any(|(name, _)| name.contains("signature") || name == "authorization");
        let mut text = String::from(
            "# A captured request without what was private in it. Say what it shows, then what must come of it in place of\n\
             # `expect_sane`, and move it to the directory of its way under the name of its id.\n\
             title = \"what must be so\"\n\
             why = \"what goes wrong where it is not so\"\n\
             requirements = [\"an-id-of-the-profile\"]\n\
             source = \"the provider's page\"\n\
             since = \"0.1.0\"\n\
             level = 1\n\n[[step]]\nexpect_sane = true\n\n[step.translate]\n",
        );
        let mut line = |name: &str, value: &str| text.push_str(&format!("{name} = {value}\n"));
        line("method", &quoted(method));
        line("url", &quoted(&self.address(url)));
        let kept: Vec<String> = headers.iter().filter_map(|(name, value)| self.header(name, value)).collect();
        if !kept.is_empty() {
            line("headers", &format!("{{ {} }}", kept.join(", ")));
        }
        if signed {
            line("sign", "true");
        }
        if let Some((form, value)) = self.body(kind, body) {
            line(form, &value);
        }
        text
    }

    fn header(&self, name: &str, value: &str) -> Option<String> {
        let signature = self.profile.and_then(|profile| profile.sign.as_ref()).is_some_and(|sign| sign.header == name);
        let made = signature || name.contains("signature") || name == "authorization" || DROPPED.contains(&name);
        let value = if HEADERS.contains(&name) { value } else { "redacted" };
        (!made).then(|| format!("{} = {}", quoted(name), quoted(value)))
    }

    /// The path is kept but for what looks like an id; of the query the names.
    fn address(&mut self, url: &str) -> String {
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let (scheme, path) = path.split_once("://").map_or(("", path), |(_, rest)| {
            ("https://redacted.example", rest.find('/').and_then(|at| rest.get(at..)).unwrap_or_default())
        });
        let part = |part: &str| {
            let private = part.len() > 3 && part.bytes().any(|byte| byte.is_ascii_digit());
            if private { self.stand_in(part) } else { part.to_owned() }
        };
        let path = path.split('/').map(part).collect::<Vec<_>>().join("/");
        let pairs = wire::fields(query)
            .into_iter()
            .map(|(name, value)| Value::from(vec![name.clone(), self.word(&name, &value)]));
        let query = wire::form(&Value::Array(pairs.collect())).unwrap_or_default();
        let query = String::from_utf8_lossy(&query).into_owned();
        if query.is_empty() { format!("{scheme}{path}") } else { format!("{scheme}{path}?{query}") }
    }

    fn body(&mut self, kind: &str, body: &[u8]) -> Option<(&'static str, String)> {
        if body.is_empty() {
            return None;
        }
        if let Ok(mut json) = serde_json::from_slice::<Value>(body) {
            self.value("", &mut json);
            return Some(("json", format!("'''{json}'''")));
        }
        let text = std::str::from_utf8(body).ok().filter(|_| kind.contains("x-www-form-urlencoded"));
        let Some(text) = text else { return Some(("text", quoted("redacted"))) };
        let pairs = wire::fields(text.trim_end()).into_iter().map(|(name, value)| {
            let value = self.word(&name, &value);
            format!("[{}, {}]", quoted(&name), quoted(&value))
        });
        Some(("form", format!("[{}]", pairs.collect::<Vec<_>>().join(", "))))
    }

    fn value(&mut self, name: &str, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.word(name, text),
            Value::Number(number) if !instant(name) && number.to_string().len() > 4 => {
                let stand_in = self.stand_in(&number.to_string());
                *value = stand_in.parse::<u64>().map_or(Value::Null, Value::from);
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(name, item)),
            Value::Object(fields) => self.fields(fields),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Names of fields may be private too, where a table is keyed by ids.
    fn fields(&mut self, fields: &mut Map<String, Value>) {
        for (name, mut value) in std::mem::take(fields) {
            self.value(&name, &mut value);
            let private = name.bytes().filter(u8::is_ascii_digit).count() > 4 || name.contains(['@', ' ']);
            let name = if private { self.stand_in(&name) } else { name };
            fields.insert(name, value);
        }
    }

    fn word(&mut self, name: &str, text: &str) -> String {
        let one = text.len() <= 40
            && !text.contains(char::is_whitespace)
            && text.bytes().filter(u8::is_ascii_digit).count() < 5;
        let known = KINDS.contains(&name.to_ascii_lowercase().as_str()) && one;
        let moment = instant(name) && text.bytes().all(|byte| byte.is_ascii_digit() || b"-:.TZ+ ".contains(&byte));
        if text.is_empty() || known || moment { text.to_owned() } else { self.stand_in(text) }
    }

    /// Digits stay digits, of the same length; addresses stay addresses; everything else is a word with a number.
    fn stand_in(&mut self, text: &str) -> String {
        let number = self.stand_ins.len() + 1;
        let digits = text.strip_prefix('+').unwrap_or(text);
        let numeric = digits.len() > 3 && digits.bytes().all(|byte| byte.is_ascii_digit());
        let new = if numeric {
            let sign = if text.starts_with('+') { "+" } else { "" };
            format!("{sign}1{number:0>width$}", width = digits.len() - 1)
        } else if text.starts_with("http://") || text.starts_with("https://") {
            format!("https://redacted.example/{number}")
        } else {
            format!("redacted-{number}")
        };
        self.stand_ins.entry(text.to_owned()).or_insert(new).clone()
    }
}

fn instant(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    INSTANTS.iter().any(|part| name.contains(part))
}

/// A text as TOML has it, which for what is not a control is as JSON has it.
fn quoted(text: &str) -> String {
    Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAPTURED: &str = "POST /hooks/49171234567/wa?hub.mode=subscribe&hub.verify_token=s3cret HTTP/1.1\r\n\
        Host: chat.example\r\nContent-Type: application/json\r\nX-Hub-Signature-256: sha256=abcdef\r\nCookie: id=1\r\n\
        Authorization: Bearer s3cret\r\n\r\n\
        {\"object\":\"page\",\"id\":1234567,\"from\":\"+49171234567\",\"to\":\"+49171234567\",\"text\":{\"body\":\"it's Anna\\\"\"},\
        \"timestamp\":\"1772441999\",\"status\":\"sent to Anna\",\"media\":\"https://cdn.example/anna.jpg\",\"49171234567\":1}";

    #[test]
    fn nothing_private_is_left_and_what_was_the_same_stays_the_same() {
        let case = case(CAPTURED.as_bytes(), None).expect("a request");
        for private in ["Anna", "anna", "49171234567", "s3cret", "abcdef", "id=1", "1234567", "chat.example"] {
            assert!(!case.contains(private), "`{private}` is left in\n{case}");
        }
        for kept in
            ["\"object\":\"page\"", "\"timestamp\":\"1772441999\"", "hub.mode=subscribe", "sign = true", "/hooks/"]
        {
            assert!(case.contains(kept), "`{kept}` is not in\n{case}");
        }
        let body = case.lines().find_map(|line| line.strip_prefix("json = '''")).expect("a body");
        let body: Value = serde_json::from_str(body.trim_end_matches('\'')).expect("JSON");
        assert_eq!(body["from"], body["to"]);
        assert!(body["from"].as_str().is_some_and(|from| from.starts_with('+') && from.len() == 12));
    }

    #[test]
    fn a_form_stays_a_form() {
        let captured = "POST /sms HTTP/1.1\nContent-Type: application/x-www-form-urlencoded\n\nFrom=%2B15551234567&Body=I%27m+Anna&NumMedia=0";
        let case = case(captured.as_bytes(), None).expect("a request");
        assert!(case.contains(r#"form = [["From", "+1"#) && case.contains(r#"["NumMedia", "0"]"#), "{case}");
        assert!(!case.contains("Anna") && !case.contains("5551234567"), "{case}");
    }

    #[test]
    fn what_is_no_request_is_told() {
        for (captured, words) in [
            ("hello", "it does not start"),
            ("POST /x\n\n", "it does not start"),
            ("POST /x HTTP/1.1\nno header\n\n", "a line of its head"),
        ] {
            let why = case(captured.as_bytes(), None).expect_err("no request");
            assert!(why.contains(words), "{captured}: {why}");
        }
    }
}
