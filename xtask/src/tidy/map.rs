//! `ARCHITECTURE.md` names no dead place: crates are members, and paths in backticks exist.

use crate::finding::Finding;
use crate::markdown;
use crate::metadata::Member;
use crate::tree::Tree;

const DOCUMENT: &str = "ARCHITECTURE.md";

pub(crate) fn check(tree: &Tree, members: &[Member]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for line in markdown::lines(tree.text(DOCUMENT).unwrap_or_default()) {
        findings.extend(crates(line.text).filter(|name| !members.iter().any(|member| member.name == *name)).map(
            |name| {
                Finding::new(DOCUMENT, line.number, format!("there is no crate `{name}`"), "name one of the workspace")
            },
        ));
        let paths = markdown::code_spans(line.text).filter(|_| !line.fenced).filter(|span| is_path(span));
        findings.extend(paths.filter(|path| !exists(tree, members, path)).map(|path| {
            let right = "write a path from the top, or from the `src` of a crate";
            Finding::new(DOCUMENT, line.number, format!("there is no `{path}`"), right)
        }));
    }
    findings
}

fn exists(tree: &Tree, members: &[Member], path: &str) -> bool {
    tree.has(path) || members.iter().any(|member| tree.has(&format!("{}/src/{path}", member.directory)))
}

/// The words that look like crates of ours: `wane-` and letters, and not the beginning of a file's name.
fn crates(line: &str) -> impl Iterator<Item = &str> {
    let words = line.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/')));
    let last =
        words.filter_map(|word| word.trim_end_matches(['.', '/']).split('/').find(|part| part.starts_with("wane-")));
    last.filter(|word| !word.contains('.') && word.len() > "wane-".len())
}

/// A path: pieces with `/` between or after them, or a file of a kind that only files have. Patterns are none.
fn is_path(span: &str) -> bool {
    let plain = span.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.'));
    let named = span.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '.');
    let kind = span.rsplit_once('.').map(|(_, kind)| kind);
    plain && named && (span.contains('/') || matches!(kind, Some("rs" | "md")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dead_crates_and_paths_are_found_and_live_ones_are_not() {
        let text = "`crates/wane-core/src/choose.rs`, `rules/`, `choose.rs`, `session.ended`, `wane-core` and wane-rules.json.\n\
                    `rules/packs/gone`, `crates/wane-core/src/old.rs` and wane-old.\n";
        let [name, directory] = ["wane-core", "crates/wane-core"].map(str::to_owned);
        let members = [Member { name, directory, ..Member::default() }];
        let tree = Tree::of(&[(DOCUMENT, text), ("rules/a.toml", ""), ("crates/wane-core/src/choose.rs", "")]);
        let found: Vec<String> = check(&tree, &members).iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                "ARCHITECTURE.md:2: there is no crate `wane-old`; name one of the workspace",
                "ARCHITECTURE.md:2: there is no `rules/packs/gone`; write a path from the top, or from the `src` of a crate",
                "ARCHITECTURE.md:2: there is no `crates/wane-core/src/old.rs`; write a path from the top, or from the `src` of a crate",
            ]
        );
    }
}
