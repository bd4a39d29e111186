//! Reading scenario files, and the differences that are shown.

use super::*;

const FILE: &str = r#"
[[scenario]]
name   = "one"
covers = ["T5"]
channel = "web"

[[scenario.step]]
at = "0s"
event = { type = "session.started", authenticated = false, customer = { tier = "vip" }, colour = "red" }

[[scenario.step]]
at = "3h"
effects = [{ at = "2h", type = "session.ended", timer = "bot", session = 1 }]
session = { status = "ended", conversation = "open", handler = "none", participants = [], timers = { bot = "stopped" } }
"#;

#[test]
fn a_scenario_is_read_whole() {
    let (scenarios, faults) = parse("a.toml", FILE.as_bytes());
    assert_eq!(faults, []);
    let scenario = &scenarios[0];
    assert_eq!(scenario.steps.len(), 2);
    let event = scenario.steps[0].event.as_ref().expect("an event");
    assert_eq!(event.facts.customer.len(), 1);
    assert_eq!(event.facts.attributes[0].0.as_ref(), "colour", "an unknown field is an attribute");
    let session = scenario.steps[1].session.as_ref().expect("a session");
    assert_eq!(session.timers, [("bot".to_owned(), ExpectedTimer::Stopped)]);
}

fn faults(text: &str) -> Vec<(String, String)> {
    let (_, found) = parse("a.toml", text.as_bytes());
    found
        .into_iter()
        .map(|fault| (fault.code.to_string(), fault.message + fault.help.as_deref().unwrap_or_default()))
        .collect()
}

fn first_fault(text: &str) -> (String, String) {
    faults(text).into_iter().next().expect("a fault")
}

#[test]
fn every_mistake_has_a_code_and_says_what_would_be_right() {
    let head = "[[scenario]]\nname = \"a\"\n[[scenario.step]]\n";
    let cases = [
        ("[[scenario]\n", "E0901", ""),
        ("", "E0907", "[[scenario]]"),
        ("[[scenarios]]\n", "E0902", "did you mean `scenario`"),
        ("[[scenario]]\n[[scenario.step]]\nat = \"0s\"\n", "E0903", "name"),
        ("at = 5\n", "E0904", "duration"),
        ("at = \"0s\"\nevnt = {}\n", "E0902", "did you mean `event`"),
        ("at = \"0s\"\nevent = { type = \"mesage\" }\n", "E0904", "did you mean `message`"),
        ("at = \"0s\"\nevent = { type = \"session.started\", role = \"customer\" }\n", "E0904", "`by`"),
        ("at = \"0s\"\neffects = [{ type = \"session.closd\" }]\n", "E0904", ""),
        ("at = \"2h\"\n[[scenario.step]]\nat = \"1h\"\n", "E0905", "backwards"),
        ("at = \"0s\"\nsession = { status = \"actve\" }\n", "E0904", "did you mean `active`"),
        ("at = \"0s\"\nsession = { timers = { bot = \"soon\" } }\n", "E0904", "stopped"),
    ];
    for (text, code, words) in cases {
        let whole = if text.starts_with("at") { format!("{head}{text}") } else { text.to_owned() };
        let (got, said) = first_fault(&whole);
        assert_eq!(got, code, "{text}: {said}");
        assert!(said.contains(words), "{text}: {said}");
    }
}

#[test]
fn a_difference_sets_the_same_types_side_by_side() {
    let start = Timestamp::EPOCH;
    let wanted = |kind: &str, timer: &str| ExpectedEffect {
        fields: vec![
            ("type", Wanted::Is(Field::Text(kind.to_owned()))),
            ("timer", Wanted::Is(Field::Text(timer.to_owned()))),
        ],
    };
    let came = |kind: &str, timer: &str| {
        vec![
            ("at", Field::At(start.plus_millis(7_200_000))),
            ("type", Field::Text(kind.to_owned())),
            ("timer", Field::Text(timer.to_owned())),
        ]
    };
    let lines = compare::difference(
        &[wanted("session.ended", "bot"), wanted("bot_session.ended", "bot"), wanted("conversation.ended", "bot")],
        &[came("session.ended", "agent"), came("bot_session.ended", "bot"), came("client.refused", "bot")],
        start,
    )
    .expect("they differ");
    assert_eq!(
        lines,
        [
            DiffLine::Differs(
                "2h session.ended timer=agent".to_owned(),
                vec![("timer", "bot".to_owned(), "agent".to_owned())]
            ),
            DiffLine::Same("2h bot_session.ended timer=bot".to_owned()),
            DiffLine::Missing("conversation.ended timer=bot".to_owned()),
            DiffLine::Surplus("2h client.refused timer=bot".to_owned()),
        ]
    );
    assert_eq!(compare::difference(&[], &[], start), None);
}
