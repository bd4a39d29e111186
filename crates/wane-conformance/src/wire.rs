//! How bytes go over the wire: forms, compression, and requests as the cases show them.

use serde_json::{Map, Value, json};
use wane_plugin_host::call::Request;

/// A form of a table, or of a list of pairs where order or repeats matter.
pub(crate) fn form(value: &Value) -> Option<Vec<u8>> {
    let pairs: Vec<(String, String)> = match value {
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| Some((name.clone(), text(value)?))).collect::<Option<_>>()?
        }
        Value::Array(items) => items.iter().map(pair).collect::<Option<_>>()?,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return None,
    };
    let written = pairs.iter().map(|(name, value)| format!("{}={}", percent(name), percent(value)));
    Some(written.collect::<Vec<_>>().join("&").into_bytes())
}

fn pair(item: &Value) -> Option<(String, String)> {
    match item.as_array()?.as_slice() {
        [name, value] => Some((text(name)?, text(value)?)),
        _ => None,
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn percent(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'*' => written.push(char::from(byte)),
            b' ' => written.push('+'),
            _ => written.push_str(&format!("%{byte:02X}")),
        }
    }
    written
}

/// The fields of a form, in their order.
pub(crate) fn fields(form: &str) -> Vec<(String, String)> {
    let pairs = form.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (unpercent(name), unpercent(value))
        })
        .collect()
}

fn unpercent(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits: Vec<u8> = rest.by_ref().take(2).collect();
                let value = std::str::from_utf8(&digits).ok().and_then(|digits| u8::from_str_radix(digits, 16).ok());
                bytes.extend(value);
            }
            _ => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A request as cases show it: headers by name in small letters, the body as what it is.
pub(crate) fn shown(request: &Request) -> Value {
    let mut headers = Map::new();
    for (name, value) in &request.headers {
        let name = name.to_ascii_lowercase();
        match headers.get_mut(&name) {
            Some(Value::Array(values)) => values.push(value.as_str().into()),
            Some(other) => *other = json!([other.clone(), value]),
            None => drop(headers.insert(name, value.as_str().into())),
        }
    }
    let kind = headers.get("content-type").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
    let mut shown = json!({ "method": request.method, "url": request.url, "headers": headers });
    if let Some(shown) = shown.as_object_mut() {
        let (key, body) = body(&kind, &request.body);
        if !request.body.is_empty() {
            shown.insert(key.to_owned(), body);
        }
    }
    shown
}

fn body(kind: &str, body: &str) -> (&'static str, Value) {
    if kind.contains("json")
        && let Ok(json) = serde_json::from_str(body)
    {
        return ("json", json);
    }
    if !kind.contains("x-www-form-urlencoded") {
        return ("text", body.into());
    }
    let mut form = Map::new();
    for (name, value) in fields(body) {
        match form.get_mut(&name) {
            Some(Value::Array(values)) => values.push(value.into()),
            Some(other) => *other = json!([other.clone(), value]),
            None => drop(form.insert(name, value.into())),
        }
    }
    ("form", Value::Object(form))
}

/// The bytes in the form of gzip (RFC 1952), stored and not made smaller: what unpacks them is what is tested.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let mut blocks = bytes.chunks(usize::from(u16::MAX)).peekable();
    if blocks.peek().is_none() {
        packed.extend([1, 0, 0, 0xff, 0xff]);
    }
    while let Some(block) = blocks.next() {
        let len = u16::try_from(block.len()).unwrap_or(u16::MAX);
        packed.push(u8::from(blocks.peek().is_none()));
        packed.extend(len.to_le_bytes());
        packed.extend((!len).to_le_bytes());
        packed.extend(block);
    }
    packed.extend(crc32(bytes).to_le_bytes());
    packed.extend(u32::try_from(bytes.len()).unwrap_or_default().to_le_bytes());
    packed
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_number_is_the_published_one() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn a_form_comes_back_as_it_was() {
        let written = form(&json!([["a b", "c&d=é+"], ["a b", "2"]])).expect("pairs");
        assert_eq!(written, b"a+b=c%26d%3D%C3%A9%2B&a+b=2");
        let back = fields(std::str::from_utf8(&written).expect("text"));
        assert_eq!(back, [("a b".to_owned(), "c&d=é+".to_owned()), ("a b".to_owned(), "2".to_owned())]);
    }

    #[test]
    fn a_request_shows_its_body_as_what_it_is() {
        let request = |kind: &str, body: &str| Request {
            method: "POST".to_owned(),
            url: "https://x/".to_owned(),
            headers: vec![("Content-Type".to_owned(), kind.to_owned())],
            body: body.to_owned(),
        };
        assert_eq!(shown(&request("application/json", r#"{"a":1}"#))["json"], json!({ "a": 1 }));
        assert_eq!(shown(&request("application/x-www-form-urlencoded", "a=1&a=2"))["form"], json!({ "a": ["1", "2"] }));
        assert_eq!(shown(&request("text/plain", "hi"))["text"], "hi");
        assert_eq!(shown(&request("text/plain", "")).get("text"), None);
    }
}
