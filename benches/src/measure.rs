//! Processor time per call: in rounds that go from engine to engine, so that what else the machine does hits all of them,
//! and the median of the rounds.

use std::hint::black_box;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::allocations;
use crate::engines::Engine;

/// How long to measure.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// How often each one has its turn.
    pub rounds: usize,
    /// About how long a turn takes. An engine that is slow for it does [`Plan::LEAST`] calls all the same.
    pub turn: Duration,
}

impl Plan {
    /// Figures to go by.
    pub const FULL: Self = Self { rounds: 61, turn: Duration::from_micros(1_500) };
    /// To see that everything runs.
    pub const QUICK: Self = Self { rounds: 3, turn: Duration::from_micros(500) };

    /// The fewest calls of a turn.
    const LEAST: usize = 8;
    /// The most.
    const MOST: usize = 200_000;
}

/// What a call costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Nanoseconds: the median over the rounds.
    pub nanos: f64,
    /// Allocations, over all rounds.
    pub allocations: f64,
}

/// Something that is measured: does so many calls, the first of them with this number.
pub type Work<'a> = Box<dyn FnMut(usize, usize) -> usize + 'a>;

/// The costs of the engines' decisions.
pub fn engines(engines: &mut [Box<dyn Engine + '_>], contexts: usize, plan: Plan) -> Vec<Cost> {
    let mut works: Vec<Work<'_>> = engines.iter_mut().map(|engine| decisions(engine.as_mut(), contexts)).collect();
    costs(&mut works, plan)
}

fn decisions<'a, 'b: 'a>(engine: &'a mut (dyn Engine + 'b), contexts: usize) -> Work<'a> {
    Box::new(move |from, count| engine.run(from, count, contexts))
}

/// The costs of several kinds of work, in turns.
pub fn costs(works: &mut [Work<'_>], plan: Plan) -> Vec<Cost> {
    let calls: Vec<usize> = works.iter_mut().map(|work| calls(work, plan)).collect();
    let mut nanos = vec![Vec::with_capacity(plan.rounds); works.len()];
    let mut allocated = vec![0_u64; works.len()];
    for round in 0..plan.rounds {
        for (index, work) in works.iter_mut().enumerate() {
            let before = allocations::count();
            let spent = time(|| work(round * calls[index], calls[index]));
            allocated[index] += allocations::count() - before;
            nanos[index].push(spent.as_nanos() as f64 / calls[index] as f64);
        }
    }
    let all = nanos.into_iter().zip(allocated).zip(calls);
    all.map(|((mut nanos, allocated), calls)| Cost {
        nanos: median(&mut nanos),
        allocations: allocated as f64 / (calls * plan.rounds) as f64,
    })
    .collect()
}

/// How many calls fill a turn; warms up on the way.
fn calls(work: &mut Work<'_>, plan: Plan) -> usize {
    let mut calls = 4;
    loop {
        let spent = time(|| work(0, calls));
        if spent * 4 >= plan.turn || calls >= Plan::MOST {
            let fit = plan.turn.as_nanos() as usize * calls / spent.as_nanos().max(1) as usize;
            return fit.clamp(Plan::LEAST, Plan::MOST);
        }
        calls *= 4;
    }
}

/// How much processor time this took. A clock on the wall would count what other programs take in between, which hits long
/// calls more than short ones, and so favours the faster of two engines.
pub fn time<T>(what: impl FnOnce() -> T) -> Duration {
    let begun = processor_time();
    black_box(what());
    processor_time().saturating_sub(begun)
}

/// Of this thread, since it began.
fn processor_time() -> Duration {
    let spent = clock_gettime(ClockId::ThreadCPUTime);
    let (seconds, nanos) = (u64::try_from(spent.tv_sec), u32::try_from(spent.tv_nsec));
    Duration::new(seconds.unwrap_or_default(), nanos.unwrap_or_default())
}

/// The median.
pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
