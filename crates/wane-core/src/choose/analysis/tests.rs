//! Which rows are called shadowed, which impossible, and which must be left alone.

use super::*;
use crate::rules::predicate::{Predicate, samples};
use crate::timer::RowId;

/// Runs the analysis on rows given as (channels, predicate).
fn analyse(rows: &[(&[&'static str], &str)]) -> Vec<Shadowed> {
    let mut table = samples::table();
    let predicates: Vec<Predicate> =
        rows.iter().map(|(_, text)| Predicate::compile(text, &mut table).expect(text)).collect();
    let candidate = |(number, ((channels, _), predicate)): (u32, (&(&[&'static str], &str), _))| Candidate {
        row: RowId(number),
        channels: (!channels.is_empty()).then(|| channels.to_vec()),
        when: vec![predicate],
        within: None,
    };
    let candidates: Vec<Candidate<'_>> = (0..).zip(rows.iter().zip(&predicates)).map(candidate).collect();
    never_wins(&candidates, &table)
}

fn shadowed(rows: &[&str]) -> Vec<(usize, Vec<usize>)> {
    let rows: Vec<(&[&'static str], &str)> = rows.iter().map(|text| (&[][..], *text)).collect();
    analyse(&rows).into_iter().map(|found| (found.index, found.by)).collect()
}

#[test]
fn a_row_that_nothing_can_match_is_impossible() {
    for text in [
        "session.messages > 5 && session.messages < 3",
        "session.messages < 0",
        r#"queue == "a" && queue == "b""#,
        r#"queue in ["a", "b"] && queue !in ["b", "a", "c"]"#,
        "time.hour > 23",
        "authenticated && !authenticated",
        "false",
        r#"!(queue == "a" || queue != "a")"#,
    ] {
        let found = analyse(&[(&[], text)]);
        assert_eq!(found, [Shadowed { index: 0, by: vec![], impossible: true }], "{text}");
    }
}

#[test]
fn a_row_within_a_better_one_never_wins() {
    assert_eq!(shadowed(&["session.messages > 5", "session.messages > 10 && authenticated"]), [(1, vec![0])]);
    assert_eq!(shadowed(&["true", r#"queue == "a""#, "authenticated"]), [(1, vec![0]), (2, vec![0])]);
    assert_eq!(shadowed(&["session.messages > 10", "session.messages > 5"]), []);
    assert_eq!(shadowed(&[r#"queue in ["a", "b"]"#, r#"queue == "b" && session.messages * 2 > 7"#]), [(1, vec![0])]);
}

#[test]
fn better_rows_can_cover_a_row_together() {
    assert_eq!(shadowed(&["authenticated", r#"queue == "a""#, "!authenticated", "true"]), [(3, vec![0, 2])]);
    assert_eq!(
        shadowed(&["session.messages < 5", "session.messages >= 5 && session.messages < 9", "session.messages <= 8"]),
        [(2, vec![0, 1])]
    );
    let statuses =
        [r#"status == "waiting""#, r#"status in ["active", "inactive"]"#, r#"status == "ended""#, "authenticated"];
    assert_eq!(shadowed(&statuses), [(3, vec![0, 1, 2])]);
    assert_eq!(shadowed(&statuses[1..]), []);
}

#[test]
fn channels_count_like_conditions() {
    let found =
        analyse(&[(&["web", "sms"], "authenticated"), (&["sms"], "authenticated"), (&["whatsapp"], "authenticated")]);
    assert_eq!(found, [Shadowed { index: 1, by: vec![0], impossible: false }]);
    let unheard_of = analyse(&[(&["standard-sms"], "authenticated"), (&["standard-whatsapp"], "authenticated")]);
    assert_eq!(unheard_of, [], "channels that no predicate names are still different ones");
}

#[test]
fn what_can_fail_covers_only_itself() {
    let fails = "10 / session.messages > 3 || authenticated";
    assert_eq!(shadowed(&[fails, "authenticated"]), [], "with no messages the first row fails and the second wins");
    assert_eq!(shadowed(&[fails, "(10 / session.messages > 3 || authenticated) && participants.bot"]), [(1, vec![0])]);
    assert_eq!(shadowed(&[r#"queue.starts_with("a")"#, r#"queue.starts_with("ab")"#]), [], "not decided");
}

#[test]
fn rows_that_exclude_each_other_do_not_overlap() {
    let mut table = samples::table();
    let texts = ["session.messages > 5", "session.messages <= 5 && authenticated", r#"queue == "a""#];
    let predicates: Vec<Predicate> =
        texts.iter().map(|text| Predicate::compile(text, &mut table).expect(text)).collect();
    let row = |predicate| Candidate { row: RowId(0), channels: None, when: vec![predicate], within: None };
    assert!(!overlap(&row(&predicates[0]), &row(&predicates[1]), &table));
    assert!(overlap(&row(&predicates[0]), &row(&predicates[2]), &table));
}
