//! The calendar against an ordered set.

use std::collections::BTreeSet;

use super::{Calendar, PAGE};

/// A small generator of numbers that are always the same.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11
    }

    fn below(&mut self, limit: u32) -> u32 {
        u32::try_from(self.next() % u64::from(limit)).unwrap()
    }

    fn length(&mut self, limit: i64) -> i64 {
        i64::try_from(self.next()).unwrap() % limit
    }
}

/// What a calendar should do, as plainly as it can be said.
#[derive(Default)]
struct Model {
    waiting: BTreeSet<(i64, u32)>,
    deadlines: Vec<Option<i64>>,
}

impl Model {
    fn arm(&mut self, id: u32, deadline: Option<i64>) {
        self.deadlines.resize(self.deadlines.len().max(id as usize + 1), None);
        let held = &mut self.deadlines[id as usize];
        if let Some(old) = *held {
            self.waiting.remove(&(old, id));
        }
        *held = deadline;
        self.waiting.extend(deadline.map(|at| (at, id)));
    }

    fn due(&mut self, now: i64) -> Vec<(i64, u32)> {
        let later = self.waiting.split_off(&(now + 1, 0));
        let due = std::mem::replace(&mut self.waiting, later);
        due.iter().for_each(|(_, id)| self.deadlines[*id as usize] = None);
        due.into_iter().collect()
    }
}

fn all_due(calendar: &mut Calendar, now: i64) -> Vec<(i64, u32)> {
    let mut all = Vec::new();
    while let Some(id) = calendar.due(now) {
        all.push((calendar.deadline(id).unwrap(), id));
        calendar.arm(id, None);
    }
    assert!(all.windows(2).all(|pair| pair[0].0 <= pair[1].0), "oldest deadline first");
    all.sort_unstable();
    all
}

const HOUR: i64 = 3_600_000;

fn some_length(random: &mut Random) -> i64 {
    match random.below(6) {
        0 => random.length(4),
        1 => random.length(50),
        2 => random.length(3_000),
        3 => random.length(20_000),
        4 => random.length(6 * HOUR),
        _ => random.length(400 * HOUR),
    }
}

fn some_jump(random: &mut Random) -> i64 {
    match random.below(1_000) {
        0 => random.length(200 * HOUR),
        1..20 => random.length(10 * HOUR),
        20..200 => random.length(5_000),
        _ => random.length(3),
    }
}

fn compare(seed: u64, steps: usize, sessions: u32) {
    let mut random = Random(seed);
    let (mut calendar, mut model) = (Calendar::default(), Model::default());
    let mut now = 1_700_000_000_000;
    for _ in 0..steps {
        let id = random.below(sessions);
        let deadline =
            (random.below(8) > 0).then(|| now + 1 + some_length(&mut random) - random.length(40) / 39 * 5_000);
        calendar.arm(id, deadline);
        model.arm(id, deadline);
        if random.below(3) == 0 {
            now += some_jump(&mut random);
            assert_eq!(all_due(&mut calendar, now), model.due(now));
        }
        let next = model.waiting.first().map(|(at, _)| *at);
        assert!(calendar.next().is_none_or(|wake| next.is_none_or(|next| wake <= next)), "never too late");
        assert!(next.is_none() || calendar.next().is_some());
        assert!(calendar.position.is_none() || calendar.filed() >= model.waiting.len());
    }
    let end = now + 500 * HOUR;
    assert_eq!(all_due(&mut calendar, end), model.due(end));
    assert_eq!((calendar.filed(), calendar.entries()), (0, 0), "nothing is left over");
}

#[test]
fn it_is_an_ordered_set() {
    compare(1, 60_000, 40);
    compare(2, 60_000, 2_000);
    compare(3, 60_000, 30_000);
}

/// Walking from wake-up to wake-up finds everything at its very instant.
#[test]
fn wake_ups_are_exact() {
    let mut random = Random(7);
    let (mut calendar, mut model) = (Calendar::default(), Model::default());
    for id in 0..3_000 {
        let deadline = Some(5_000 + some_length(&mut random));
        calendar.arm(id, deadline);
        model.arm(id, deadline);
    }
    let mut steps = 0;
    while let Some(wake) = calendar.next() {
        steps += 1;
        for (deadline, _) in all_due(&mut calendar, wake) {
            assert_eq!(deadline, wake, "found when it is due");
        }
        model.due(wake);
    }
    assert!(model.waiting.is_empty());
    assert!(steps < 10_000, "{steps} wake-ups for deadlines over weeks");
}

/// Sessions that always move to earlier leave stale entries behind; these stay few.
#[test]
fn stale_entries_stay_few() {
    let mut random = Random(11);
    let mut calendar = Calendar::default();
    let (sessions, mut now) = (20_000_u32, 1_000_000_i64);
    for id in 0..sessions {
        calendar.arm(id, Some(now + 2 * HOUR));
    }
    let mut worst = 0;
    for _ in 0..20_000 {
        now += 1;
        for _ in 0..20 {
            let id = random.below(sessions);
            calendar.arm(id, Some(now + 1 + random.length(60_000)));
            calendar.arm(id, Some(now + HOUR));
        }
        assert_eq!(calendar.due(now), None, "all deadlines were moved to later in time");
        assert_eq!(calendar.filed(), sessions as usize);
        worst = worst.max(calendar.entries() - calendar.filed());
    }
    assert!(worst > 1_024, "the test makes stale entries");
    assert!(worst < sessions as usize / 2, "{worst} of {sessions} were stale at worst");
}

/// A page with many entries is not moved in one instant.
#[test]
fn a_page_is_emptied_in_time() {
    let mut calendar = Calendar::default();
    let begin = 10 * PAGE;
    calendar.arm(0, Some(begin));
    assert_eq!(calendar.due(begin), Some(0));
    for id in 0..50_000 {
        calendar.arm(id, Some(begin + 3 * PAGE + i64::from(id) % PAGE));
    }
    for now in begin..begin + 3 * PAGE - 1 {
        assert_eq!(calendar.due(now), None);
    }
    let waiting = calendar.count(super::coarse((begin >> super::PAGE_BITS) + 3));
    assert!(waiting <= 64, "{waiting} entries are left for the first instant of the page");
    assert_eq!(all_due(&mut calendar, begin + 4 * PAGE).len(), 50_000);
}

#[test]
fn what_is_past_is_due_at_once_and_what_was_taken_away_never() {
    let mut calendar = Calendar::default();
    calendar.arm(0, Some(1_000));
    calendar.arm(1, Some(500));
    calendar.arm(1, None);
    assert_eq!(all_due(&mut calendar, 2_000), [(1_000, 0)]);
    calendar.arm(2, Some(700));
    calendar.arm(3, Some(5));
    calendar.arm(4, Some(600));
    calendar.arm(4, Some(9_000));
    assert_eq!((calendar.next(), calendar.until(2_000)), (Some(5), 2));
    assert_eq!((calendar.due(2_000), calendar.due(2_000), calendar.due(2_000)), (Some(3), Some(2), None));
    assert_eq!(calendar.filed(), 1);
    assert_eq!(all_due(&mut calendar, 9_000), [(9_000, 4)]);
    assert_eq!(calendar.next(), None);
}
