//! `wane store verify DIR`: is every block, and every snapshot, as it was written? Changes nothing.

use std::io::Write;
use std::path::Path;

use wane_store::tools::{self, Report};

use super::LOG;
use crate::Verdict;
use crate::out::{Out, Style};
use crate::trouble::Trouble;

pub(super) fn run(data: &Path, out: &mut Out) -> Result<Verdict, Trouble> {
    let report = tools::verify(&data.join(LOG))?;
    show(&report, out)?;
    for damage in &report.damage {
        writeln!(out, "{} {damage}", out.paint(Style::Bad, "damaged:"))?;
    }
    if !report.is_whole() {
        return Ok(Verdict::Findings);
    }
    writeln!(out, "{}", out.paint(Style::Good, "whole"))?;
    Ok(Verdict::Well)
}

/// What there is.
pub(super) fn show(report: &Report, out: &mut Out) -> Result<(), Trouble> {
    let Report { first, last, blocks, bytes, segments, .. } = report;
    if *blocks == 0 {
        writeln!(out, "no blocks yet")?;
    } else {
        let (first, last) = (first.0, last.0);
        writeln!(out, "blocks {first} to {last}: {bytes} bytes of records in {segments} segment files")?;
    }
    for snapshot in &report.snapshots {
        let (name, through) = (&snapshot.kept.name, snapshot.kept.through.0);
        writeln!(out, "{name}: up to block {through}, {} bytes in {} pieces", snapshot.bytes, snapshot.pieces)?;
    }
    // Where there is damage, nothing is cut off: the next start refuses.
    if let Some(cut) = report.cut.as_ref().filter(|_| report.is_whole()) {
        writeln!(out, "after block {}: what a crash left behind, and the next start cuts off", cut.sequence.0 - 1)?;
    }
    Ok(())
}
