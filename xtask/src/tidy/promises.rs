//! No source puts work off without the number of an issue.

use crate::finding::Finding;
use crate::tree::Tree;

/// Split, so that this file does not find itself.
const WORDS: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
const CALLS: [&str; 2] = [concat!("to", "do!("), concat!("unimple", "mented!(")];

const SOURCES: [&str; 5] = [".rs", ".toml", ".sh", ".yml", ".ci/run"];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    SOURCES.into_iter().flat_map(|kind| tree.ending(kind)).flat_map(|(path, text)| found(path, text)).collect()
}

fn found(path: &str, text: &str) -> Vec<Finding> {
    let numbered = (1..).zip(text.lines());
    let open = numbered.filter_map(|(number, line)| Some((number, promise(line)?)));
    open.map(|(number, word)| {
        Finding::new(path, number, format!("`{word}` without an issue"), "do it, or write the issue's number: `#12`")
    })
    .collect()
}

fn promise(line: &str) -> Option<&'static str> {
    let call = CALLS.into_iter().find(|call| line.contains(call)).map(|call| call.trim_end_matches('('));
    let mut words = line.split(|c: char| !c.is_ascii_alphanumeric());
    let word = words.find_map(|word| WORDS.into_iter().find(|known| *known == word));
    call.or_else(|| word.filter(|_| !names_an_issue(line)))
}

fn names_an_issue(line: &str) -> bool {
    line.split('#').skip(1).any(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn promises_without_an_issue_are_found() {
        let word = WORDS[0];
        let text = format!("// {word}: later\n// {word}(#12): later\nlet {}s = 1;\n{})\n", word, CALLS[0]);
        let found: Vec<String> = found("a.rs", &text).iter().map(ToString::to_string).collect();
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(found[0], format!("a.rs:1: `{word}` without an issue; do it, or write the issue's number: `#12`"));
        assert!(found[1].starts_with("a.rs:4: "), "{found:?}");
    }
}
