//! Bodies of `multipart/form-data` (RFC 7578), as files come with what is said about them.

use crate::{Input, Refusal};

impl<'a> Input<'a> {
    /// The parts of a body of the type `multipart/form-data`, each its name and content, in their order; at most `most`.
    ///
    /// The content is as it stands: a part's own type and file name are not looked at, and no encoding is undone, since none
    /// is allowed there any more. A name with a `;` in quotes is not understood.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] when the body is of another type, has no boundary or not the last one, a part has no name, or
    /// there are more than `most`.
    pub fn multipart(&self, most: usize) -> Result<Vec<(&'a str, &'a [u8])>, Refusal> {
        let kind = self.only_header("content-type").unwrap_or_default();
        let (media, parameters) = kind.split_once(';').unwrap_or((kind, ""));
        let boundary = parameter(parameters, "boundary").filter(|boundary| (1..=70).contains(&boundary.len()));
        let boundary = boundary.filter(|_| media.trim().eq_ignore_ascii_case("multipart/form-data"));
        let parts = boundary.and_then(|boundary| parts(self.body, boundary, most));
        parts.ok_or_else(|| Refusal::Malformed(format!("not `multipart/form-data` of at most {most} parts")))
    }
}

/// What stands between the boundaries; the last one must be there.
fn parts<'a>(body: &'a [u8], boundary: &str, most: usize) -> Option<Vec<(&'a str, &'a [u8])>> {
    let line = format!("\r\n--{boundary}");
    let first = line.as_bytes().get(2..)?;
    let mut rest = match body.strip_prefix(first) {
        Some(rest) => rest,
        None => split(body, line.as_bytes())?.1,
    };
    let mut parts = Vec::new();
    while !rest.starts_with(b"--") {
        let (part, after) = split(rest.strip_prefix(b"\r\n")?, line.as_bytes())?;
        if parts.len() == most {
            return None;
        }
        parts.push(named(part)?);
        rest = after;
    }
    Some(parts)
}

/// The part's name and content.
fn named(part: &[u8]) -> Option<(&str, &[u8])> {
    let (head, content) = split(part, b"\r\n\r\n")?;
    let mut fields = std::str::from_utf8(head).ok()?.split("\r\n").filter_map(|line| line.split_once(':'));
    let disposition = fields.find(|(name, _)| name.trim().eq_ignore_ascii_case("content-disposition"));
    let (kind, parameters) = disposition.and_then(|(_, value)| value.split_once(';'))?;
    let name = parameter(parameters, "name").filter(|_| kind.trim().eq_ignore_ascii_case("form-data"))?;
    Some((name, content))
}

/// The value of a parameter, with or without quotes.
fn parameter<'t>(parameters: &'t str, name: &str) -> Option<&'t str> {
    let mut all = parameters.split(';').filter_map(|one| one.split_once('='));
    let (_, value) = all.find(|(known, _)| known.trim().eq_ignore_ascii_case(name))?;
    Some(value.trim().trim_matches('"'))
}

/// What lies before a mark, and what after it.
fn split<'a>(bytes: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = bytes.windows(mark.len()).position(|window| window == mark)?;
    Some((bytes.get(..at)?, bytes.get(at + mark.len()..)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;
    use crate::input::Headers;

    const WHOLE: &str = "preamble\r\n--b1\r\nContent-Disposition: form-data; name=\"json\"\r\n\r\n{}\r\n--b1\r\n\
        content-type: x/y\r\nCONTENT-DISPOSITION: form-data; filename=\"a\"; name=file\r\n\r\n1\r\n2\r\n--b1--\r\n";

    fn read(kind: &str, body: &str, most: usize) -> Option<Vec<(String, Vec<u8>)>> {
        let headers: [(&str, &[u8]); 1] = [("content-type", kind.as_bytes())];
        let input = Input {
            kind: Kind::Webhook,
            received_at_ms: 0,
            account: "",
            method: "POST",
            path: "/",
            query: "",
            body: body.as_bytes(),
            headers: Headers(&headers),
        };
        let parts = input.multipart(most).ok()?;
        Some(parts.into_iter().map(|(name, content)| (name.to_owned(), content.to_owned())).collect())
    }

    #[test]
    fn parts_are_read_as_they_stand() {
        let wanted = vec![("json".to_owned(), b"{}".to_vec()), ("file".to_owned(), b"1\r\n2".to_vec())];
        for kind in ["multipart/form-data; boundary=b1", "Multipart/Form-Data;charset=x; Boundary=\"b1\""] {
            assert_eq!(read(kind, WHOLE, 2).as_ref(), Some(&wanted), "{kind}");
        }
        let at_once = WHOLE.strip_prefix("preamble\r\n").expect("it begins so");
        assert_eq!(read("multipart/form-data; boundary=b1", at_once, 2), Some(wanted));
        assert_eq!(read("multipart/form-data; boundary=b1", "--b1--", 0), Some(Vec::new()));
    }

    #[test]
    fn what_is_no_form_is_refused() {
        let good = "multipart/form-data; boundary=b1";
        assert_eq!(read(good, WHOLE, 1), None, "one too many");
        for kind in [
            "multipart/mixed; boundary=b1",
            "multipart/form-data",
            "multipart/form-data; boundary=",
            "multipart/form-data; boundary=b2",
            "",
        ] {
            assert_eq!(read(kind, WHOLE, 2), None, "{kind}");
        }
        for (what, with) in
            [("; name=file", ""), ("form-data; name=\"json\"", "x; name=\"json\""), ("json\"\r\n\r\n", "json\"\r\n")]
        {
            assert_eq!(read(good, &WHOLE.replacen(what, with, 1), 2), None, "without {what:?}");
        }
        let end = WHOLE.find("--b1--").expect("it ends so");
        for length in 0..end + 4 {
            assert_eq!(read(good, &WHOLE[..length], 2), None, "the first {length} bytes");
        }
    }
}
