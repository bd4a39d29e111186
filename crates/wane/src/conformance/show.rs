//! What the kit knows: its cases, and the requirements that they show.

use std::io::Write;

use wane_conformance::catalog::Catalog;
use wane_conformance::index;

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

/// Prints the index; a requirement without its two cases is a finding.
pub(super) fn requirements(catalog: &Catalog, out: &mut Out) -> Result<Verdict, Trouble> {
    write!(out, "{}", index::page(catalog))?;
    let gaps = index::gaps(catalog);
    gaps.iter().for_each(|gap| crate::trouble::warn(gap));
    Ok(if gaps.is_empty() { Verdict::Well } else { Verdict::Findings })
}
