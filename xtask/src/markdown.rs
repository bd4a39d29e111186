//! As much of Markdown as the checks need: lines outside fences, code spans, links, headings' anchors.

/// A line with its number, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    pub(crate) number: usize,
    pub(crate) text: &'a str,
    /// Inside a fenced block, or a fence itself.
    pub(crate) fenced: bool,
}

/// All lines.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut open: Option<&str> = None;
    text.lines().enumerate().map(move |(index, text)| {
        let fence = ["```", "~~~"].into_iter().find(|fence| text.trim_start().starts_with(fence));
        let fenced = open.is_some() || fence.is_some();
        match (open, fence) {
            (None, Some(_)) => open = fence,
            (Some(begun), Some(fence)) if begun == fence => open = None,
            _ => {}
        }
        Line { number: index + 1, text, fenced }
    })
}

/// What stands between single backticks.
pub(crate) fn code_spans(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// The line with its code spans taken out, so that brackets in them are no links.
pub(crate) fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect::<Vec<_>>().join("``")
}

/// The targets of `[text](target)` and `[name]: target`.
pub(crate) fn links(line: &str) -> Vec<String> {
    let line = without_code(line);
    let inline = line.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
    let trimmed = line.trim_start();
    let named = trimmed.strip_prefix('[').and_then(|rest| rest.split_once("]: ")).map(|(_, target)| target);
    let targets = inline.chain(named).filter_map(|target| target.split_whitespace().next());
    targets.map(|target| target.trim_matches(['<', '>']).to_owned()).collect()
}

/// The anchors of a document's headings, as forges make them.
pub(crate) fn anchors(text: &str) -> Vec<String> {
    let headings = lines(text).filter(|line| !line.fenced && line.text.starts_with('#'));
    headings.map(|line| anchor(line.text.trim_start_matches('#').trim())).collect()
}

fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_in_code_are_none() {
        assert_eq!(links("see [a](b.md#c \"title\"), `[x](y)` and [z](<w.md>)"), ["b.md#c", "w.md"]);
        assert_eq!(links("[name]: ../other.md"), ["../other.md"]);
    }

    #[test]
    fn a_fence_ends_where_it_ends() {
        let fenced: Vec<bool> = lines("a\n```sh\nb\n~~~\n```\nc").map(|line| line.fenced).collect();
        assert_eq!(fenced, [false, true, true, true, true, false]);
    }

    #[test]
    fn anchors_are_those_of_forges() {
        assert_eq!(anchors("# The `rules/` tree, told\n## R2. Öfter"), ["the-rules-tree-told", "r2-öfter"]);
    }
}
