//! The outbox among random receivers, slow logs and crashes; and its rules one by one.

mod rules;
mod world;

use proptest::prelude::*;

use world::{Op, World};

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => proptest::collection::vec((0..4_u64, 0..3_u8), 0..4).prop_map(Op::Effects),
        6 => Just(Op::Follow),
        6 => Just(Op::Due),
        10 => (0..16_usize, 0..12_u8).prop_map(|(which, what)| Op::Result(which, what)),
        5 => (1..6_usize).prop_map(Op::Durable),
        4 => (0..200_000_000_i64).prop_map(Op::Advance),
        2 => Just(Op::Snapshot),
        2 => Just(Op::Crash),
        1 => (0..8_usize).prop_map(Op::Retry),
        1 => Just(Op::Enable),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever receivers answer and whenever it crashes: each effect is tried in its conversation's order, none vanishes,
    /// the books balance, and in the end each one is delivered, dead or cancelled.
    #[test]
    fn nothing_vanishes(ops in proptest::collection::vec(op(), 1..250)) {
        let mut world = World::new();
        for op in ops {
            world.apply(op);
        }
        world.finish();
    }
}
