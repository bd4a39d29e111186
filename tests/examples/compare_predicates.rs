//! Compares compiled predicates with rhai's own evaluation on as many random pairs as asked for:
//! `cargo run --release -p wane-tests --example compare_predicates -- 10000000`. Ends with 1 on any difference.

use std::io::Write as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let pairs = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(10_000_000);
    let seed = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(1);
    let found = wane_tests::predicates::compare(seed, pairs);
    let mut out = std::io::stdout().lock();
    let mut fine = writeln!(
        out,
        "{} pairs of {} predicates ({} held, {} failed at run time), {} differences",
        found.pairs,
        found.predicates,
        found.held,
        found.failed,
        found.differences.len()
    )
    .is_ok();
    for difference in &found.differences {
        fine &= writeln!(out, "{difference}").is_ok();
    }
    ExitCode::from(u8::from(!fine || !found.differences.is_empty()))
}
