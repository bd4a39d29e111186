//! The dependency table of `ARCHITECTURE.md` is what the manifests say, in both directions.
//!
//! The table has the columns `level | crate | may use (workspace) | outside crates`. The prefix `wane-` may be left out in
//! the third. A crate uses crates of lower levels only.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::Finding;
use crate::markdown;
use crate::metadata::Member;
use crate::tree::Tree;

const DOCUMENT: &str = "ARCHITECTURE.md";
const BEGIN: &str = "<!-- dependencies:begin -->";
const END: &str = "<!-- dependencies:end -->";

#[derive(Debug)]
struct Row {
    line: usize,
    level: Option<u32>,
    name: String,
    inner: BTreeSet<String>,
    outer: BTreeSet<String>,
}

pub(crate) fn check(tree: &Tree, members: &[Member]) -> Vec<Finding> {
    let Some(text) = tree.text(DOCUMENT) else {
        return vec![Finding::new(DOCUMENT, 1, "missing", "write it, with the dependency table in it")];
    };
    let (rows, mut findings) = read(text);
    for member in members {
        match rows.iter().find(|row| row.name == member.name) {
            Some(row) => findings.extend(compare(row, member)),
            None => findings.push(Finding::new(
                DOCUMENT,
                first_line(&rows),
                format!("the dependency table has no row for `{}`", member.name),
                format!("add `| … | {} | {} | {} |`", member.name, list(&member.inner), list(&member.outer)),
            )),
        }
    }
    findings.extend(rows.iter().filter_map(|row| unknown(row, members)));
    findings.extend(levels(&rows));
    findings
}

fn read(text: &str) -> (Vec<Row>, Vec<Finding>) {
    let mut rows = Vec::new();
    let mut findings = Vec::new();
    let mut lines = markdown::lines(text).skip_while(|line| line.text.trim() != BEGIN).skip(1).peekable();
    if lines.peek().is_none() {
        findings.push(Finding::new(
            DOCUMENT,
            1,
            "no dependency table",
            format!("put it between `{BEGIN}` and `{END}`"),
        ));
    }
    for line in lines.take_while(|line| line.text.trim() != END) {
        let cells: Vec<&str> = line.text.trim().trim_matches('|').split('|').map(str::trim).collect();
        match cells.as_slice() {
            [level, name, inner, outer] if !is_head(level) => rows.push(Row {
                line: line.number,
                level: level.parse().ok(),
                name: bare(name),
                inner: names(inner).into_iter().map(|name| whole(&name)).collect(),
                outer: names(outer),
            }),
            [_, _, _, _] | [""] => {}
            _ => findings.push(Finding::new(
                DOCUMENT,
                line.number,
                "not a row of the dependency table",
                "four cells: `| level | crate | may use | outside crates |`",
            )),
        }
    }
    (rows, findings)
}

fn is_head(cell: &str) -> bool {
    cell.starts_with("level") || cell.trim_matches([':', '-']).is_empty() && cell.len() > 2
}

fn bare(name: &str) -> String {
    name.trim_matches(['`', ' ']).to_owned()
}

fn names(cell: &str) -> BTreeSet<String> {
    cell.split(',').map(bare).filter(|name| !matches!(name.as_str(), "" | "-" | "–" | "none")).collect()
}

fn whole(name: &str) -> String {
    if name.starts_with("wane") || name == "xtask" { name.to_owned() } else { format!("wane-{name}") }
}

fn list(names: &BTreeSet<String>) -> String {
    if names.is_empty() { "–".to_owned() } else { names.iter().cloned().collect::<Vec<_>>().join(", ") }
}

fn first_line(rows: &[Row]) -> usize {
    rows.first().map_or(1, |row| row.line)
}

fn compare(row: &Row, member: &Member) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (said, held) in [(&row.inner, &member.inner), (&row.outer, &member.outer)] {
        findings.extend(held.difference(said).map(|name| {
            let what = format!("`{}` depends on `{name}`, which the table does not allow", member.name);
            Finding::new(DOCUMENT, row.line, what, "add it to the row, or take it out of the manifest")
        }));
        findings.extend(said.difference(held).map(|name| {
            let what = format!("the table lets `{}` use `{name}`, which its manifest does not name", member.name);
            Finding::new(DOCUMENT, row.line, what, "take it out of the row")
        }));
    }
    findings
}

fn unknown(row: &Row, members: &[Member]) -> Option<Finding> {
    if members.iter().any(|member| member.name == row.name) {
        return None;
    }
    let what = format!("the workspace has no crate `{}`", row.name);
    Some(Finding::new(DOCUMENT, row.line, what, "take the row out, or add the crate"))
}

fn levels(rows: &[Row]) -> Vec<Finding> {
    let level: BTreeMap<&str, u32> = rows.iter().filter_map(|row| Some((row.name.as_str(), row.level?))).collect();
    let mut findings = Vec::new();
    for row in rows {
        let Some(own) = row.level else { continue };
        let not_below = row.inner.iter().filter(|name| level.get(name.as_str()).is_some_and(|level| *level >= own));
        findings.extend(not_below.map(|name| {
            let what = format!("`{}` of level {own} uses `{name}`, which is not below it", row.name);
            Finding::new(DOCUMENT, row.line, what, "use lower levels only, or move one of the two")
        }));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "# x\n<!-- dependencies:begin -->\n| level | crate | may use (workspace) | outside crates |\n|---|---|---|---|\n";

    fn member(name: &str, inner: &[&str], outer: &[&str]) -> Member {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Member { name: name.to_owned(), inner: set(inner), outer: set(outer), ..Member::default() }
    }

    fn found(rows: &str) -> Vec<String> {
        let text = format!("{HEAD}{rows}\n<!-- dependencies:end -->\n| not | read |\n");
        let members = [member("wane-core", &[], &["serde"]), member("wane", &["wane-core"], &["clap"])];
        check(&Tree::of(&[(DOCUMENT, &text)]), &members).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn equal_tables_are_quiet() {
        assert_eq!(found("| 0 | `wane-core` | – | serde |\n| 5 | wane | core | `clap` |"), [""; 0]);
    }

    #[test]
    fn differences_are_found_in_both_directions() {
        assert_eq!(
            found("| 0 | wane-core | – | serde, toml |\n| 5 | wane | – | clap |"),
            [
                "ARCHITECTURE.md:5: the table lets `wane-core` use `toml`, which its manifest does not name; take it out of the row",
                "ARCHITECTURE.md:6: `wane` depends on `wane-core`, which the table does not allow; add it to the row, or take it out of the manifest",
            ]
        );
    }

    #[test]
    fn missing_and_dead_rows_are_found() {
        let found = found("| 0 | wane-core | – | serde |\n| 1 | wane-wire | core | – |");
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains("no row for `wane`"), "{found:?}");
        assert!(found[1].starts_with("ARCHITECTURE.md:6: the workspace has no crate `wane-wire`"), "{found:?}");
    }

    #[test]
    fn levels_go_down() {
        let found = found("| 2 | wane-core | – | serde |\n| 2 | wane | core | clap |");
        assert!(found[0].contains("which is not below it"), "{found:?}");
    }

    #[test]
    fn a_document_without_a_table_is_found() {
        let found = check(&Tree::of(&[(DOCUMENT, "# x\n")]), &[]);
        assert!(found[0].to_string().contains("no dependency table"), "{found:?}");
    }
}
