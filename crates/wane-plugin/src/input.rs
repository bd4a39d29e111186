//! A request as it came.

use std::borrow::Cow;
use std::io::Read as _;

use flate2::read::MultiGzDecoder;
use serde::Deserialize;

use crate::Refusal;

/// What kind of input it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A provider's webhook.
    Webhook,
    /// A provider's question whether the address is ours.
    Handshake,
    /// A frame of a web or in-app client.
    ClientFrame,
}

/// A request as it came, borrowed for one call.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// What kind.
    pub kind: Kind,
    /// When it came, in milliseconds since 1970 UTC. The plugin's only clock.
    pub received_at_ms: i64,
    /// The account, where address or config tell; otherwise empty.
    pub account: &'a str,
    /// `POST`, `GET`.
    pub method: &'a str,
    /// The whole address as the provider knows it, or only the path.
    pub path: &'a str,
    /// What stands behind `?`, undecoded.
    pub query: &'a str,
    /// The raw body.
    pub body: &'a [u8],
    pub(crate) headers: Headers<'a>,
}

/// A name and its value, decoded.
pub type Field<'a> = (Cow<'a, str>, Cow<'a, str>);

/// Headers, as the host or a test has them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Headers<'a>(pub(crate) &'a [(&'a str, &'a [u8])]);

impl<'a> Input<'a> {
    /// The first header of that name, in any case, if its value is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&'a str> {
        std::str::from_utf8(self.header_bytes(name)?).ok()
    }

    /// The first header of that name, in any case.
    #[must_use]
    pub fn header_bytes(&self, name: &str) -> Option<&'a [u8]> {
        self.headers().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The header of that name, in any case, if it is there exactly once and text. Where a second one would make it a matter
    /// of taste who asks, or for what, take this one.
    #[must_use]
    pub fn only_header(&self, name: &str) -> Option<&'a str> {
        let mut all = self.headers().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        let (Some((_, value)), None) = (all.next(), all.next()) else { return None };
        std::str::from_utf8(value).ok()
    }

    /// The token of `Authorization: Bearer …`, if there is exactly one such header.
    #[must_use]
    pub fn bearer(&self) -> Option<&'a str> {
        let (scheme, token) = self.only_header("authorization")?.split_once(' ')?;
        Some(token.trim()).filter(|token| scheme.eq_ignore_ascii_case("bearer") && !token.is_empty())
    }

    /// All headers in their order.
    pub fn headers(&self) -> impl Iterator<Item = (&'a str, &'a [u8])> {
        self.headers.0.iter().copied()
    }

    /// The body as JSON of that shape. What the shape does not read is checked too: all of it is UTF-8, and nothing is
    /// nested deeper than 128 times.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] with the place.
    pub fn json<T: Deserialize<'a>>(&self) -> Result<T, Refusal> {
        read_json(self.body)
    }

    /// The body as it was before `Content-Encoding: gzip`; the body itself when it has no such header.
    ///
    /// `limit` is the most bytes that are unpacked: a few packed bytes can be made to stand for very many.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] when it is not gzip from its first byte to its last, is larger than `limit`, or has another
    /// encoding.
    pub fn unpacked(&self, limit: usize) -> Result<Cow<'a, [u8]>, Refusal> {
        let wrong = |what: String| Refusal::Malformed(what);
        match self.header("content-encoding").map(str::trim) {
            None => Ok(Cow::Borrowed(self.body)),
            Some(name) if name.eq_ignore_ascii_case("identity") => Ok(Cow::Borrowed(self.body)),
            Some(name) if name.eq_ignore_ascii_case("gzip") => gunzip(self.body, limit).map(Cow::Owned),
            Some(_) => Err(wrong("a body of an encoding other than gzip".to_owned())),
        }
    }

    /// The body as text.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] if it is not UTF-8.
    pub fn text(&self) -> Result<&'a str, Refusal> {
        text(self.body)
    }

    /// The first value of that name in the query, percent-decoded; bytes that are not UTF-8 are replaced.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<Cow<'a, str>> {
        read_fields(self.query).find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The name-value pairs of the query, decoded.
    pub fn query_fields(&self) -> impl Iterator<Item = Field<'a>> {
        read_fields(self.query)
    }

    /// The name-value pairs of a body of type `application/x-www-form-urlencoded`, decoded.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] if it is not UTF-8, before or after its escapes are read.
    pub fn form(&self) -> Result<Vec<Field<'a>>, Refusal> {
        let whole = |text| String::from_utf8(unescaped(text)).map(Cow::Owned).map_err(|_| not_utf8());
        parts(self.text()?).map(|(name, value)| Ok((whole(name)?, whole(value)?))).collect()
    }
}

/// JSON of that shape, wherever it came from: a part of a body, or a body that was unpacked. As strict as [`Input::json`].
///
/// # Errors
/// [`Refusal::Malformed`] with the place.
pub fn read_json<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Refusal> {
    let text = text(bytes)?;
    if is_deep(bytes) {
        return Err(Refusal::Malformed(format!("JSON nested deeper than {DEEPEST} times")));
    }
    Ok(serde_json::from_str(text)?)
}

fn text(bytes: &[u8]) -> Result<&str, Refusal> {
    std::str::from_utf8(bytes).map_err(|_| not_utf8())
}

fn not_utf8() -> Refusal {
    Refusal::Malformed("not UTF-8".to_owned())
}

fn gunzip(packed: &[u8], limit: usize) -> Result<Vec<u8>, Refusal> {
    let most = u64::try_from(limit).unwrap_or(u64::MAX);
    let mut whole = Vec::new();
    // One byte more than may be there tells that there is more. Several members after each other are one body (RFC 1952).
    let read = MultiGzDecoder::new(packed).take(most.saturating_add(1)).read_to_end(&mut whole);
    match read {
        Ok(_) if whole.len() > limit => Err(Refusal::Malformed(format!("more than {limit} bytes when unpacked"))),
        Ok(_) => Ok(whole),
        Err(_) => Err(Refusal::Malformed("not gzip".to_owned())),
    }
}

/// How often lists and objects may stand inside each other. No provider comes near; serde_json reads no deeper either, but
/// skips without counting.
const DEEPEST: usize = 128;

fn is_deep(json: &[u8]) -> bool {
    // Nearly every body has fewer brackets than that, and counting them costs next to nothing.
    if json.iter().filter(|byte| matches!(byte, b'[' | b'{')).count() <= DEEPEST {
        return false;
    }
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = quoted,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => depth += 1,
            b']' | b'}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return true;
        }
    }
    false
}

/// The name-value pairs of a query or a form, decoded; bytes that are not UTF-8 are replaced. [`Input::form`] is for what is to
/// be believed; this is for what a provider signed, read as it reads it.
///
/// ```
/// let fields: Vec<_> = wane_plugin::read_fields("a=1&b=x%20y&c").collect();
/// assert_eq!(fields, [("a".into(), "1".into()), ("b".into(), "x y".into()), ("c".into(), "".into())]);
/// ```
pub fn read_fields(text: &str) -> impl Iterator<Item = Field<'_>> {
    parts(text).map(|(name, value)| (decoded(name), decoded(value)))
}

fn parts(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let parts = text.split('&').filter(|part| !part.is_empty());
    parts.map(|part| part.split_once('=').unwrap_or((part, "")))
}

fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains(['%', '+']) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(String::from_utf8_lossy(&unescaped(text)).into_owned())
}

fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let (byte, after) = match (first, after) {
            (b'+', _) => (b' ', after),
            (b'%', [high, low, after @ ..]) => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => (high << 4 | low, after),
                _ => (b'%', rest.get(1..).unwrap_or_default()),
            },
            _ => (*first, after),
        };
        bytes.push(byte);
        rest = after;
    }
    bytes
}

const fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input<'a>(query: &'a str, headers: &'a [(&'a str, &'a [u8])]) -> Input<'a> {
        let (account, method, path, body) = ("", "GET", "/", &b""[..]);
        Input {
            kind: Kind::Handshake,
            received_at_ms: 0,
            account,
            method,
            path,
            query,
            body,
            headers: Headers(headers),
        }
    }

    #[test]
    fn a_query_is_decoded() {
        let input = input("hub.mode=a%20b+c&x&broken=%zz%4&&x=2&u=%C3%A4", &[]);
        assert_eq!(input.query("hub.mode").as_deref(), Some("a b c"));
        assert_eq!(input.query("x").as_deref(), Some(""), "the first counts");
        assert_eq!(input.query("broken").as_deref(), Some("%zz%4"));
        assert_eq!(input.query("u").as_deref(), Some("ä"));
        assert_eq!(input.query("y"), None);
    }

    #[test]
    fn a_form_is_text_once_its_escapes_are_read() {
        let read = |body: &[u8]| Input { body, ..input("", &[]) }.form().map(|fields| fields.len());
        assert_eq!(read("a=%C3%A4+ö&&b&c=%zz".as_bytes()), Ok(3));
        for wrong in [&b"a=%C3"[..], b"%ff=1", b"a=\xff", b"a=%ED%A0%80"] {
            assert_eq!(read(wrong), Err(not_utf8()), "{wrong:?}");
        }
    }

    #[test]
    fn json_is_text_and_not_deep_even_where_it_is_not_read() {
        let read = |body: &[u8]| Input { body, ..input("", &[]) }.json::<Record>().map(|_| ());
        #[derive(Deserialize)]
        struct Record {}
        let nested = |times: usize| format!(r#"{{"x":{}{}}}"#, "[".repeat(times), "]".repeat(times));
        assert_eq!(read(nested(127).as_bytes()), Ok(()));
        for bad in [nested(128), nested(100_000), "[".repeat(100_000)] {
            assert_eq!(read(bad.as_bytes()), Err(Refusal::Malformed("JSON nested deeper than 128 times".to_owned())));
        }
        let quoted = format!(r#"{{"x":"\\\"{}","y":[{}1]}}"#, "[".repeat(500), "[],".repeat(500));
        assert_eq!(read(quoted.as_bytes()), Ok(()));
        assert_eq!(read(b"{\"x\":\"\xff\"}"), Err(Refusal::Malformed("not UTF-8".to_owned())));
    }

    #[test]
    fn headers_are_found_in_any_case() {
        let headers: [(&str, &[u8]); 2] = [("x-sign", b"1"), ("x-bytes", b"\xff")];
        let input = input("", &headers);
        assert_eq!(input.header("X-Sign"), Some("1"));
        assert_eq!(input.header("x-bytes"), None, "no text");
        assert_eq!(input.header_bytes("X-BYTES"), Some(&b"\xff"[..]));
    }

    #[test]
    fn a_token_is_there_once() {
        let bearer = |headers: &[(&str, &[u8])]| input("", headers).bearer().map(str::to_owned);
        assert_eq!(bearer(&[("authorization", b"bearer  t1 ")]).as_deref(), Some("t1"));
        assert_eq!(bearer(&[]), None);
        assert_eq!(bearer(&[("authorization", b"Bearer t1"), ("Authorization", b"Bearer t1")]), None, "twice");
        for value in ["Basic t1", "Bearer ", "Bearer", "t1", ""] {
            assert_eq!(bearer(&[("authorization", value.as_bytes())]), None, "{value}");
        }
        assert_eq!(bearer(&[("authorization", b"Bearer \xff")]), None, "no text");
    }

    fn packed(body: &[u8]) -> Vec<u8> {
        use std::io::Write as _;
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(body).expect("in memory");
        encoder.finish().expect("in memory")
    }

    fn unpacked(encoding: &str, body: &[u8], limit: usize) -> Result<Vec<u8>, Refusal> {
        let headers: [(&str, &[u8]); 1] = [("content-encoding", encoding.as_bytes())];
        Input { body, ..input("", &headers) }.unpacked(limit).map(Cow::into_owned)
    }

    #[test]
    fn a_body_is_unpacked_up_to_its_limit() {
        let (text, large) = (b"hello".as_slice(), vec![0; 1 << 20]);
        assert_eq!(unpacked("gzip", &packed(text), 5).as_deref(), Ok(text));
        assert_eq!(unpacked("GZIP", &packed(text), 5).as_deref(), Ok(text));
        assert_eq!(unpacked("identity", text, 1).as_deref(), Ok(text), "what came is what came");
        assert!(packed(&large).len() < 2_000);
        assert!(unpacked("gzip", &packed(&large), large.len()).is_ok());
        for (encoding, body, limit) in [
            ("gzip", packed(text), 4),
            ("gzip", packed(&large), large.len() - 1),
            ("gzip", text.to_vec(), 5),
            ("gzip", Vec::new(), 5),
            ("br", text.to_vec(), 5),
        ] {
            assert!(matches!(unpacked(encoding, &body, limit), Err(Refusal::Malformed(_))), "{encoding} {limit}");
        }
    }

    #[test]
    fn a_packed_body_is_whole_or_nothing() {
        let whole = packed(b"hello, is anybody there?");
        for length in 0..whole.len() {
            assert!(unpacked("gzip", &whole[..length], 100).is_err(), "{length} bytes of {}", whole.len());
        }
    }
}
