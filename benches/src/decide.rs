//! Which of N rules wins: Wane and its peers on the same rules and contexts.

use crate::engines::Engine;
use crate::engines::native::Native;
use crate::engines::rhai::Rhai;
use crate::engines::wane::{self, FromTexts, Held};
use crate::engines::zen_expression::ZenExpression;
#[cfg(feature = "zen-engine")]
use crate::engines::zen_table::ZenTable;
use crate::measure::{self, Cost, Plan, Work};
use crate::report::{Target, line, nanos, times};
use crate::workload::Workload;

/// How many contexts take turns.
pub const CONTEXTS: usize = 256;

/// Measures one number of rules, prints the table, and gives the targets for that number.
#[must_use]
pub fn compare(rules: usize, plan: Plan) -> Vec<Target> {
    let workload = Workload::new(rules, CONTEXTS);
    let ruleset = wane::ruleset(&wane::files(&workload));
    let mut engines: Vec<Box<dyn Engine + '_>> = vec![
        Box::new(Held::new(&ruleset, &workload)),
        Box::new(FromTexts::new(&ruleset, &workload)),
        Box::new(Native::new(&workload)),
        Box::new(ZenExpression::new(&workload)),
        Box::new(Rhai::new(&workload)),
    ];
    #[cfg(feature = "zen-engine")]
    engines.push(Box::new(ZenTable::new(&workload)));
    agree(&workload, &mut engines);
    let costs = measure::engines(&mut engines, CONTEXTS, plan);
    let rows: Vec<(&'static str, Cost)> = engines.iter().map(|engine| engine.name()).zip(costs).collect();
    print(&workload, &rows);
    let mut targets = targets(rules, &rows);
    targets.extend(explain(rules, &Held::new(&ruleset, &workload), plan));
    targets
}

/// Every engine names the winner that the rules themselves name, in every context.
fn agree(workload: &Workload, engines: &mut [Box<dyn Engine + '_>]) {
    for engine in engines {
        for (context, winner) in workload.winners.iter().enumerate() {
            let said = engine.decide(context);
            assert_eq!(said, *winner, "{} errs in context {context}: {:?}", engine.name(), workload.contexts[context]);
        }
    }
}

fn print(workload: &Workload, rows: &[(&'static str, Cost)]) {
    let (held, texts) = (rows[0].1.nanos, rows[1].1.nanos);
    let all = workload.rules.len();
    line(&format!("\n{all} rules, {CONTEXTS} contexts, winner on average at row {}\n", workload.mean_winner()));
    line(&format!(
        "  {:<36} {:>12} {:>16} {:>14} {:>12}",
        "a decision", "median", "to Wane, texts", "to Wane, held", "allocations"
    ));
    for (name, cost) in rows {
        line(&format!(
            "  {name:<36} {:>12} {:>16} {:>14} {:>12.1}",
            nanos(cost.nanos),
            times(cost.nanos / texts),
            times(cost.nanos / held),
            cost.allocations
        ));
    }
}

fn targets(rules: usize, rows: &[(&'static str, Cost)]) -> Vec<Target> {
    let (held, texts) = (rows[0].1, rows[1].1);
    let mut targets = vec![
        Target::none(&format!("allocations a decision among {rules}, facts held"), held.allocations),
        Target::none(&format!("allocations a decision among {rules}, from texts"), texts.allocations),
    ];
    let limit = match rules {
        1_000 => 200.0,
        10_000 => 300.0,
        _ => return targets,
    };
    targets.push(Target::at_most(&format!("a decision among {rules}, from texts"), limit, texts.nanos));
    targets.push(Target::at_most(&format!("a decision among {rules}, facts held"), limit / 2.0, held.nanos));
    for (name, factor) in [("ZEN 2.1 engine", 15.0), ("zen-expression", 200.0), ("rhai", 1_000.0)] {
        let peer = rows.iter().find(|(row, _)| row.starts_with(name));
        targets.extend(peer.map(|(row, cost)| {
            Target::times_at_least(
                &format!("{row}, to Wane from texts among {rules}"),
                factor,
                cost.nanos / texts.nanos,
            )
        }));
    }
    targets
}

fn explain(rules: usize, held: &Held<'_>, plan: Plan) -> Option<Target> {
    let work: Work<'_> =
        Box::new(|from, count| (from..from + count).map(|number| held.explain(number % CONTEXTS)).sum());
    let cost = measure::costs(&mut [work], plan)[0];
    line(&format!("\n  Wane, every row explained: {}, {:.1} allocations", nanos(cost.nanos), cost.allocations));
    (rules == 1_000).then(|| Target::at_most("1000 rows explained in full", 10_000.0, cost.nanos))
}
