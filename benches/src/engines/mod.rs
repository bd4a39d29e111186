//! The engines that are compared, each behind the same small face.

pub mod native;
pub mod rhai;
pub mod wane;
pub mod zen_expression;
#[cfg(feature = "zen-engine")]
pub mod zen_table;

/// An engine with its rules compiled and the contexts at hand.
pub trait Engine {
    /// For the table.
    fn name(&self) -> &'static str;

    /// The position of the rule that wins in that context. What an engine needs to turn a context into its own form is
    /// part of this.
    fn decide(&mut self, context: usize) -> usize;

    /// Decides so many times, from that context on and round and round. The sum of the answers, so that none is left out.
    fn run(&mut self, from: usize, count: usize, contexts: usize) -> usize {
        (from..from + count).map(|number| self.decide(number % contexts)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::Workload;

    #[test]
    fn every_peer_names_the_winner_that_the_rules_name() {
        for rules in [1, 7, 10, 300] {
            let workload = Workload::new(rules, 200);
            let mut peers: Vec<Box<dyn Engine + '_>> = vec![
                Box::new(native::Native::new(&workload)),
                Box::new(rhai::Rhai::new(&workload)),
                Box::new(zen_expression::ZenExpression::new(&workload)),
            ];
            #[cfg(feature = "zen-engine")]
            peers.push(Box::new(zen_table::ZenTable::new(&workload)));
            for peer in &mut peers {
                let said: Vec<usize> = (0..200).map(|context| peer.decide(context)).collect();
                assert_eq!(said, workload.winners, "{} of {rules} rules", peer.name());
            }
        }
    }
}
