//! What the kit knows: its cases, and the requirements that they show.

use std::io::Write;
use std::path::Path;

use wane_conformance::catalog::Catalog;
use wane_conformance::{draft, index};

use crate::Verdict;
use crate::out::Out;
use crate::trouble::Trouble;

/// Lists the cases.
pub(super) fn list(catalog: &Catalog, out: &mut Out) -> Result<Verdict, Trouble> {
    for set in catalog.sets.values() {
        for listed in &set.cases {
            let case = &listed.case;
            writeln!(
                out,
                "{:<10} L{} {:<7} {:<48} {}",
                case.profile,
                case.level,
                case.way.name(),
                case.id,
                case.title
            )?;
        }
    }
    Ok(Verdict::Well)
}

/// Prints a case made of a captured request.
pub(super) fn new_case(
    catalog: &Catalog,
    from: &Path,
    profile: Option<&str>,
    out: &mut Out,
) -> Result<Verdict, Trouble> {
    let unknown =
        |name: &str| Trouble::usage(format!("there is no profile `{name}`"), "`wane conformance list` shows all");
    let set = profile.map(|name| catalog.sets.get(name).ok_or_else(|| unknown(name))).transpose()?;
    let captured = std::fs::read(from).map_err(Trouble::read(from))?;
    let case = draft::case(&captured, set.map(|set| &set.profile)).map_err(|why| {
        let help = "a request as it was on the wire: its line, headers, an empty line, the body";
        Trouble::usage(format!("`{}` is no HTTP request: {why}", from.display()), help)
    })?;
    write!(out, "{case}")?;
    Ok(Verdict::Well)
}

/// Prints the index; a requirement without its two cases is a finding.
pub(super) fn requirements(catalog: &Catalog, out: &mut Out) -> Result<Verdict, Trouble> {
    write!(out, "{}", index::page(catalog))?;
    let gaps = index::gaps(catalog);
    gaps.iter().for_each(|gap| crate::trouble::warn(gap));
    Ok(if gaps.is_empty() { Verdict::Well } else { Verdict::Findings })
}
