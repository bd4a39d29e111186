//! Predicates and choosing over their public surface: compiled against interpreted, indexed against row by row, and
//! what the analysis says against what happens.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test may panic")]

use wane_core::choose::{Candidate, Chooser, Verdict, analysis};
use wane_core::facts::{BuiltIn, FactId, FactTable, FactType, Facts, Value};
use wane_core::rules::predicate::Predicate;
use wane_core::time::Period;
use wane_core::timer::RowId;
use wane_tests::predicates::{Judge, Rng, Schema, World, compare, damage, predicate, simple_predicate};

#[test]
fn compiled_predicates_are_worth_what_rhai_says() {
    let found = compare(20_260_301, 200_000);
    assert!(found.differences.is_empty(), "{:#?}", found.differences);
    assert!(found.pairs >= 200_000);
    assert!(found.held > found.pairs / 10, "{found:?}");
    assert!(found.failed > found.pairs / 200, "{found:?}");
}

/// Damaged texts are refused with places that exist, or mean to us what they mean to rhai.
#[test]
fn damaged_predicates_are_refused_or_understood_as_rhai_does() {
    let mut rng = Rng::new(23);
    let judge = Judge::new();
    let (mut refused, mut understood) = (0, 0);
    for _ in 0..300 {
        let schema = Schema::random(&mut rng);
        let world = World::random(&mut rng, &schema);
        for _ in 0..60 {
            let text = predicate(&mut rng, &schema);
            let text = damage(&mut rng, &text);
            let mut table = FactTable::new(schema.defs.clone());
            match Predicate::compile(&text, &mut table) {
                Ok(compiled) => {
                    understood += 1;
                    let ast = judge.parse(&text).expect("rhai reads it too");
                    let ours = compiled.holds(&table, &world.facts(&table));
                    assert_eq!(ours, judge.eval(&ast, &schema, &world), "{text}");
                }
                Err(faults) => {
                    refused += 1;
                    assert!(!faults.is_empty(), "{text}");
                    assert!(faults.iter().all(|fault| text.get(fault.span.clone()).is_some()), "{text}: {faults:?}");
                }
            }
        }
    }
    assert!(refused > 5_000 && understood > 500, "{refused} refused, {understood} understood");
}

/// A row of a random table, owning what a candidate borrows.
struct Row {
    channels: Option<Vec<&'static str>>,
    when: Vec<Predicate>,
    within: Option<(FactId, Period, Period)>,
}

impl Row {
    fn random(rng: &mut Rng, schema: &Schema, size: Size, table: &mut FactTable) -> Self {
        let channels = ["web", "in-app", "whatsapp", "sms", "elsewhere"];
        let channels = rng.one_in(2).then(|| (0..=rng.below(2)).map(|_| rng.pick(&channels)).collect());
        let mut when = Vec::new();
        if size.values > 0 {
            when.push(Predicate::compile(&size.rare(rng), table).expect("fine"));
        }
        while when.len() < 2 && !rng.one_in(3) {
            let text = if rng.one_in(4) { predicate(rng, schema) } else { simple_predicate(rng, schema) };
            when.extend(Predicate::compile(&text, table).ok());
        }
        Self { channels, when, within: Self::within(rng, schema) }
    }

    fn within(rng: &mut Rng, schema: &Schema) -> Option<(FactId, Period, Period)> {
        let fact = schema.defs.iter().position(|def| def.ty == FactType::Duration)?;
        let period = |millis| Period::from_millis(millis).expect("in range");
        rng.one_in(8).then(|| (FactId(u16::try_from(fact).expect("few")), period(2), period(60_000)))
    }

    fn candidate(&self, row: usize) -> Candidate<'_> {
        let row = RowId(u32::try_from(row).expect("few"));
        Candidate { row, channels: self.channels.clone(), when: self.when.iter().collect(), within: self.within }
    }

    /// Whether it matches, worked out without a chooser.
    fn matches(&self, table: &FactTable, facts: &Facts, world: &World) -> bool {
        let value = |fact: FactId| &world.values[usize::from(fact.0)];
        let on_channel = self.channels.as_ref().is_none_or(|channels| {
            channels.iter().any(|channel| *value(BuiltIn::Channel.id()) == Value::Text((*channel).into()))
        });
        let within = self.within.is_none_or(|(fact, min, max)| {
            matches!(value(fact), Value::Int(length) if (min.millis()..=max.millis()).contains(length))
        });
        on_channel && within && self.when.iter().all(|when| when.holds(table, facts) == Ok(true))
    }
}

/// How large a random table is, and whether its rows demand one of so many values (0: they do not), mostly of a text or
/// only of a number. Without such values, the first few rows win always.
#[derive(Clone, Copy)]
struct Size {
    rows: usize,
    values: usize,
    by_text: bool,
}

impl Size {
    fn rare(self, rng: &mut Rng) -> String {
        let (one, other) = (rng.below(self.values), rng.below(self.values));
        let texts = [
            format!("queue == \"q{one}\""),
            format!("queue in [\"q{one}\", \"q{other}\"]"),
            format!("queue == \"q{one}\" || queue == \"q{other}\" && authenticated"),
            format!("session.messages == {one}"),
            format!("session.messages >= {one} && session.messages < {one} + 2 && queue != \"q{other}\""),
            format!("session.messages in [{one}, {other}]"),
        ];
        let from = if self.by_text && !rng.one_in(4) { 0 } else { 3 };
        texts[from + rng.below(3)].clone()
    }
}

struct Rules {
    schema: Schema,
    table: FactTable,
    rows: Vec<Row>,
}

impl Rules {
    fn random(rng: &mut Rng, size: Size) -> Self {
        let schema = Schema::random(rng);
        let mut table = FactTable::new(schema.defs.clone());
        let rows = (0..size.rows).map(|_| Row::random(rng, &schema, size, &mut table)).collect();
        Self { schema, table, rows }
    }

    /// Random facts, with one of the values that rows demand.
    fn world(&self, rng: &mut Rng, size: Size) -> World {
        let mut world = World::random(rng, &self.schema);
        if size.values > 0 {
            let (queue, messages) = (rng.below(size.values), rng.below(size.values));
            world.values[usize::from(BuiltIn::Queue.id().0)] = Value::Text(format!("q{queue}").into());
            let messages = i64::try_from(messages).expect("few");
            world.values[usize::from(BuiltIn::Messages.id().0)] = Value::Int(messages);
        }
        world
    }

    fn candidates(&self) -> Vec<Candidate<'_>> {
        self.rows.iter().enumerate().map(|(index, row)| row.candidate(index)).collect()
    }
}

/// Compares the chooser's answer and explanation with the rows one by one; gives the winners.
fn check_choices(rng: &mut Rng, size: Size, worlds: usize) -> Vec<usize> {
    let rules = Rules::random(rng, size);
    let mut table = rules.table.clone();
    let chooser = Chooser::new(&rules.candidates(), &mut table);
    let mut found = Vec::new();
    for _ in 0..worlds {
        let world = rules.world(rng, size);
        let facts = world.facts(&table);
        let matching: Vec<bool> = rules.rows.iter().map(|row| row.matches(&table, &facts, &world)).collect();
        let first = matching.iter().position(|matches| *matches);
        found.extend(first);
        let first = first.map(|row| RowId(u32::try_from(row).expect("few")));
        assert_eq!(chooser.choose(&table, &facts).row, first);
        let verdicts = chooser.explain(&table, &facts);
        assert_eq!(verdicts.len(), size.rows);
        for ((row, matches), (id, verdict)) in rules.rows.iter().zip(matching).zip(&verdicts) {
            check_verdict(row, matches, Some(*id) == first, verdict, (&table, &facts));
        }
    }
    found
}

fn check_verdict(row: &Row, matches: bool, first: bool, verdict: &Verdict, (table, facts): (&FactTable, &Facts)) {
    let holds = |predicate: usize| row.when[predicate].holds(table, facts);
    let part = |predicate: usize, span: &std::ops::Range<usize>| !row.when[predicate].text()[span.clone()].is_empty();
    match verdict {
        Verdict::Wins => assert!(matches && first),
        Verdict::Outranked => assert!(matches && !first),
        Verdict::OtherChannel => assert!(!matches && row.channels.is_some()),
        Verdict::Outside => assert!(!matches && row.within.is_some()),
        Verdict::Condition { predicate, span } => {
            assert_eq!(holds(*predicate), Ok(false));
            assert!(!matches && part(*predicate, span));
        }
        Verdict::Failed { predicate, span, failure } => {
            assert_eq!(holds(*predicate), Err(*failure));
            assert!(!matches && part(*predicate, span));
        }
    }
}

#[test]
fn the_chooser_agrees_with_row_by_row_evaluation() {
    let mut rng = Rng::new(7);
    let mut found = 0;
    for rows in [1, 2, 3, 11, 12, 13, 40, 63, 64, 65, 128, 300] {
        for _ in 0..8 {
            found += check_choices(&mut rng, Size { rows, values: 0, by_text: false }, 20).len();
        }
    }
    assert!(found > 500, "enough choices found a row: {found}");
}

/// Winners all over the tables, so that every word of the bitmaps and every kind of bucket decides some.
fn check_deep_choices(seed: u64, by_text: bool) {
    let mut rng = Rng::new(seed);
    for (rows, values) in [(64, 20), (100, 40), (300, 60), (700, 200), (1_500, 300), (4_200, 900), (8_193, 2_000)] {
        let found: Vec<usize> =
            (0..2).flat_map(|_| check_choices(&mut rng, Size { rows, values, by_text }, 12)).collect();
        assert!(found.len() > 5 && found.iter().any(|row| *row > rows / 2), "{rows} rows: {found:?}");
    }
}

#[test]
fn the_chooser_agrees_when_rows_are_told_apart_by_a_number() {
    check_deep_choices(11, false);
}

#[test]
fn the_chooser_agrees_when_rows_are_filed_by_a_text() {
    check_deep_choices(17, true);
}

/// Checks what the analysis says of a random table on random facts; gives how many rows it called shadowed, and whether
/// it called the first two apart.
fn check_analysis(rng: &mut Rng, size: Size, worlds: usize) -> (usize, bool) {
    let rules = Rules::random(rng, size);
    let mut table = rules.table.clone();
    let candidates = rules.candidates();
    let chooser = Chooser::new(&candidates, &mut table);
    let dead = analysis::never_wins(&candidates, &table);
    let apart = !analysis::overlap(&candidates[0], &candidates[1], &table);
    for _ in 0..worlds {
        let world = rules.world(rng, size);
        let facts = world.facts(&table);
        let winner = chooser.choose(&table, &facts).row;
        assert!(!dead.iter().any(|row| Some(candidates[row.index].row) == winner), "a shadowed row won");
        let matches = |index: usize| rules.rows[index].matches(&table, &facts, &world);
        for row in &dead {
            let covered = row.by.iter().any(|better| *better < row.index && matches(*better));
            assert!(!matches(row.index) || (covered && !row.impossible), "not shadowed by what was named");
        }
        assert!(!(apart && matches(0) && matches(1)), "rows called apart both match");
    }
    (dead.len(), apart)
}

#[test]
fn rows_called_shadowed_never_win_and_rows_called_apart_never_meet() {
    let mut rng = Rng::new(13);
    let (mut shadowed, mut apart) = (0, 0);
    for _ in 0..120 {
        let rows = 2 + rng.below(30);
        let said = check_analysis(&mut rng, Size { rows, values: 0, by_text: false }, 200);
        shadowed += said.0;
        apart += usize::from(said.1);
    }
    assert!(shadowed > 50 && apart > 5, "enough was said: {shadowed} shadowed, {apart} apart");
}

#[test]
fn rows_called_shadowed_never_win_in_large_tables() {
    let mut rng = Rng::new(19);
    let mut shadowed = 0;
    for (rows, values) in [(600, 30), (1_000, 200), (1_400, 20)] {
        shadowed += check_analysis(&mut rng, Size { rows, values, by_text: true }, 150).0;
    }
    assert!(shadowed > 100, "{shadowed}");
}
