//! `cargo bench`: everything in one run. `cargo bench -- --quick` only sees that everything runs and agrees.

use wane_bench::allocations::Counting;
use wane_bench::measure::Plan;
use wane_bench::report::{line, targets};
use wane_bench::{decide, load, step};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() -> std::io::Result<()> {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let (plan, sizes, large): (Plan, &[usize], usize) =
        if quick { (Plan::QUICK, &[10, 1_000], 1_000) } else { (Plan::FULL, &[10, 100, 1_000, 10_000], 10_000) };
    let mut all = Vec::new();
    for size in sizes {
        all.extend(decide::compare(*size, plan));
    }
    line("\nThe whole way");
    all.push(load::load(large, plan.rounds.min(7))?);
    all.extend(step::steps(plan)?);
    if quick {
        line("\nA quick run: the figures above mean nothing.");
    } else {
        targets(&all);
    }
    Ok(())
}
