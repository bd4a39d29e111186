//! The body of an interaction: JSON alone, or a form (`multipart/form-data`) of it and its files.

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
    let kind = input.only_header("Content-Type").and_then(|kind| kind.split(';').next()).unwrap_or_default();
    if kind.trim().eq_ignore_ascii_case("application/json") {
        return Ok(Body { json: input.body, files: Vec::new() });
    }
    let (mut json, mut files) = (None, Vec::new());
    for (name, content) in input.multipart(MOST_PARTS).map_err(|_| FORM)? {
        match name {
            "json" if json.is_none() => json = Some(content),
            "json" => return Err(FORM),
            "attachments" => files.push(content),
            _ => {}
        }
    }
    Ok(Body { json: json.ok_or(FORM)?, files })
}
