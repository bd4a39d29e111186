//! A body of `multipart/form-data` (RFC 7578), or of JSON alone.

use wane_plugin::Input;

use crate::wrong::{FORM, Wrong};

/// The most parts that are looked at: the form has two.
const MOST_PARTS: usize = 8;

/// What the body of an interaction has.
#[derive(Debug)]
pub(crate) struct Body<'a> {
    pub(crate) json: &'a [u8],
    pub(crate) files: Vec<&'a [u8]>,
}

/// The parts `json`, once, and `attachments`; others are not looked at.
pub(crate) fn read<'a>(input: &Input<'a>) -> Result<Body<'a>, Wrong> {
    let kind = input.only_header("Content-Type").ok_or(FORM)?;
    let (media, parameters) = kind.split_once(';').unwrap_or((kind, ""));
    if media.trim().eq_ignore_ascii_case("application/json") {
        return Ok(Body { json: input.body, files: Vec::new() });
    }
    if !media.trim().eq_ignore_ascii_case("multipart/form-data") {
        return Err(FORM);
    }
    let boundary = parameter(parameters, "boundary").filter(|boundary| (1..=70).contains(&boundary.len()));
    let (mut json, mut files) = (None, Vec::new());
    for part in parts(input.body, boundary.ok_or(FORM)?)? {
        let (name, content) = named(part)?;
        match name {
            "json" if json.is_none() => json = Some(content),
            "json" => return Err(FORM),
            "attachments" => files.push(content),
            _ => {}
        }
    }
    Ok(Body { json: json.ok_or(FORM)?, files })
}

/// What stands between the boundaries; the last one must be there.
fn parts<'a>(body: &'a [u8], boundary: &str) -> Result<Vec<&'a [u8]>, Wrong> {
    let line = format!("\r\n--{boundary}");
    let first = line.as_bytes().get(2..).unwrap_or_default();
    let mut rest = match body.strip_prefix(first) {
        Some(rest) => rest,
        None => after(body, line.as_bytes()).ok_or(FORM)?.1,
    };
    let mut parts = Vec::new();
    while !rest.starts_with(b"--") {
        let start = rest.strip_prefix(b"\r\n").ok_or(FORM)?;
        let (part, after) = after(start, line.as_bytes()).ok_or(FORM)?;
        parts.push(part);
        if parts.len() > MOST_PARTS {
            return Err(FORM);
        }
        rest = after;
    }
    Ok(parts)
}

/// The part's name and content.
fn named(part: &[u8]) -> Result<(&str, &[u8]), Wrong> {
    let (head, content) = after(part, b"\r\n\r\n").ok_or(FORM)?;
    let head = std::str::from_utf8(head).map_err(|_| FORM)?;
    let mut fields = head.split("\r\n").filter_map(|line| line.split_once(':'));
    let disposition = fields.find(|(name, _)| name.trim().eq_ignore_ascii_case("content-disposition"));
    let (kind, parameters) = disposition.and_then(|(_, value)| value.split_once(';')).ok_or(FORM)?;
    let name = parameter(parameters, "name").filter(|_| kind.trim().eq_ignore_ascii_case("form-data"));
    Ok((name.ok_or(FORM)?, content))
}

/// The value of a parameter, with or without quotes. Values with a `;` in quotes are not needed here.
fn parameter<'t>(parameters: &'t str, name: &str) -> Option<&'t str> {
    let mut all = parameters.split(';').filter_map(|one| one.split_once('='));
    let (_, value) = all.find(|(known, _)| known.trim().eq_ignore_ascii_case(name))?;
    Some(value.trim().trim_matches('"'))
}

/// What lies before a mark, and what after it.
fn after<'a>(bytes: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = bytes.windows(mark.len()).position(|window| window == mark)?;
    Some((bytes.get(..at)?, bytes.get(at + mark.len()..)?))
}
