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
    fn random(rng: &mut Rng, (schema, queues): (&Schema, usize), table: &mut FactTable) -> Self {
        let channels = ["web", "in-app", "whatsapp", "sms", "elsewhere"];
        let channels = rng.one_in(2).then(|| (0..=rng.below(2)).map(|_| rng.pick(&channels)).collect());
        let mut when = Vec::new();
        if queues > 0 && !rng.one_in(4) {
            let (one, other) = (rng.below(queues), rng.below(queues));
            let texts = [
                format!("queue == \"q{one}\""),
                format!("queue in [\"q{one}\", \"q{other}\"]"),
                format!("queue == \"q{one}\" || queue == \"q{other}\" && authenticated"),
                format!("queue != \"q{one}\""),
            ];
            when.push(
                Predicate::compile(rng.pick(&[&texts[0], &texts[0], &texts[1], &texts[2], &texts[3]]), table)
                    .expect("fine"),
            );
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

struct Rules {
    schema: Schema,
    table: FactTable,
    rows: Vec<Row>,
}

impl Rules {
    /// With `queues`, most rows are for one of so many queues.
    fn random(rng: &mut Rng, rows: usize, queues: usize) -> Self {
        let schema = Schema::random(rng);
        let mut table = FactTable::new(schema.defs.clone());
        let rows = (0..rows).map(|_| Row::random(rng, (&schema, queues), &mut table)).collect();
        Self { schema, table, rows }
    }

    fn candidates(&self) -> Vec<Candidate<'_>> {
        self.rows.iter().enumerate().map(|(index, row)| row.candidate(index)).collect()
    }
}

/// Compares the chooser's answer and explanation with the rows one by one.
fn check_choices(rng: &mut Rng, (rows, queues): (usize, usize), worlds: usize) -> usize {
    let rules = Rules::random(rng, rows, queues);
    let mut table = rules.table.clone();
    let chooser = Chooser::new(&rules.candidates(), &mut table);
    let mut found = 0;
    for _ in 0..worlds {
        let mut world = World::random(rng, &rules.schema);
        if queues > 0 {
            world.values[usize::from(BuiltIn::Queue.id().0)] =
                Value::Text(format!("q{}", rng.below(queues + 2)).into());
        }
        let facts = world.facts(&table);
        let matching: Vec<bool> = rules.rows.iter().map(|row| row.matches(&table, &facts, &world)).collect();
        let first = matching.iter().position(|matches| *matches).map(|row| RowId(u32::try_from(row).expect("few")));
        assert_eq!(chooser.choose(&table, &facts).row, first);
        found += usize::from(first.is_some());
        let verdicts = chooser.explain(&table, &facts);
        assert_eq!(verdicts.len(), rows);
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
            found += check_choices(&mut rng, (rows, 0), 20);
        }
    }
    assert!(found > 500, "enough choices found a row: {found}");
}

#[test]
fn the_chooser_agrees_on_tables_of_several_summary_words() {
    let mut rng = Rng::new(11);
    check_choices(&mut rng, (4_200, 0), 20);
    check_choices(&mut rng, (8_193, 0), 10);
}

#[test]
fn the_chooser_agrees_when_rows_are_filed_by_queue() {
    let mut rng = Rng::new(17);
    for (rows, queues) in [(64, 20), (100, 20), (300, 40), (700, 30), (1_500, 300), (6_000, 20)] {
        let found: usize = (0..4).map(|_| check_choices(&mut rng, (rows, queues), 20)).sum();
        assert!(found > 20, "{rows} rows, {queues} queues: {found}");
    }
}

#[test]
fn rows_called_shadowed_never_win_and_rows_called_apart_never_meet() {
    let mut rng = Rng::new(13);
    let (mut shadowed, mut apart) = (0, 0);
    for _ in 0..120 {
        let rows = 2 + rng.below(30);
        let rules = Rules::random(&mut rng, rows, 0);
        let mut table = rules.table.clone();
        let candidates = rules.candidates();
        let chooser = Chooser::new(&candidates, &mut table);
        let dead = analysis::never_wins(&candidates, &table);
        let disjoint = !analysis::overlap(&candidates[0], &candidates[1], &table);
        shadowed += dead.len();
        apart += usize::from(disjoint);
        for _ in 0..200 {
            let world = World::random(&mut rng, &rules.schema);
            let facts = world.facts(&table);
            let winner = chooser.choose(&table, &facts).row;
            assert!(!dead.iter().any(|row| Some(candidates[row.index].row) == winner), "a shadowed row won");
            for row in &dead {
                let matches = |index: usize| rules.rows[index].matches(&table, &facts, &world);
                let covered = row.by.iter().any(|better| *better < row.index && matches(*better));
                assert!(!matches(row.index) || (covered && !row.impossible), "not shadowed by what was named");
            }
            let both = rules.rows[..2].iter().all(|row| row.matches(&table, &facts, &world));
            assert!(!(disjoint && both), "rows called apart both match");
        }
    }
    assert!(shadowed > 50 && apart > 5, "enough was said: {shadowed} shadowed, {apart} apart");
}
