//! Predicates: what is understood, what is complained about, and each trap of rhai that must not come through.

use super::samples::table;
use super::*;
use crate::facts::Value;

fn faults(text: &str) -> Vec<(&'static str, String)> {
    let faults = Predicate::compile(text, &mut table()).expect_err(text);
    faults.iter().map(|fault| (fault.code.0, text[fault.span.clone()].to_owned())).collect()
}

fn fault(text: &str) -> Fault {
    let faults = Predicate::compile(text, &mut table()).expect_err(text);
    assert_eq!(faults.len(), 1, "{text}: {faults:?}");
    faults.into_iter().next().expect("one fault")
}

/// Whether the predicate holds for these facts, given as (name, value).
fn holds(text: &str, given: &[(&str, Value)]) -> Result<bool, Failure> {
    let mut table = table();
    let predicate = Predicate::compile(text, &mut table).expect(text);
    let mut facts = Facts::new(&table);
    for (name, value) in given {
        facts.set(&table, table.find(name).expect("fact"), value.clone());
    }
    predicate.holds(&table, &facts)
}

fn text(value: &str) -> Value {
    Value::Text(value.into())
}

#[test]
fn what_the_documents_show_is_understood() {
    let vip = [("customer.tier", text("vip")), ("session.messages", Value::Int(21))];
    assert_eq!(holds("authenticated", &[]), Ok(false));
    assert_eq!(holds("authenticated", &[("authenticated", Value::Bool(true))]), Ok(true));
    assert_eq!(holds(r#"customer.tier == "vip" && session.messages > 20"#, &vip), Ok(true));
    assert_eq!(holds(r#"customer.tier != "vip" || !(session.messages > 20)"#, &vip), Ok(false));
    assert_eq!(holds("session.idle >= hours(2) - minutes(5)", &[("session.idle", Value::Int(6_900_000))]), Ok(true));
    assert_eq!(holds(r#"queue in ["sales", "support"]"#, &[("queue", text("support"))]), Ok(true));
    assert_eq!(holds(r#"queue !in ["sales", "support"]"#, &[("queue", text("support"))]), Ok(false));
    assert_eq!(holds(r#""ConfigureInactivityTimeout" in org.permissions"#, &[]), Ok(true));
    assert_eq!(holds(r#"in_hours("support") && timer("alert") == "lapsed""#, &[]), Ok(false));
    assert_eq!(holds(r#"time.date >= "2026-12-24""#, &[("time.date", Value::Int(20_811))]), Ok(true));
    assert_eq!(holds(r#"time.date >= "2026-12-25""#, &[("time.date", Value::Int(20_811))]), Ok(false));
    assert_eq!(holds("!org.status_based_capacity", &[]), Ok(true));
    assert_eq!(holds(r#"queue == """#, &[]), Ok(true), "a fact never set is empty");
}

#[test]
fn functions_of_texts_stay_with_rhai() {
    let german = [("queue", text("de-Verkauf")), ("language", text("de"))];
    assert_eq!(holds(r#"queue.starts_with("de")"#, &german), Ok(true));
    assert_eq!(holds("queue.starts_with(language)", &german), Ok(true));
    assert_eq!(holds(r#"!queue.ends_with("kauf") || queue.contains("x")"#, &german), Ok(false));
    assert_eq!(holds(r#""Ver" in queue"#, &german), Ok(true));
    assert_eq!(holds("queue.len() == 10", &german), Ok(true));
    assert_eq!(holds("queue == language", &german), Ok(false));
    assert_eq!(holds(r#"language + "-Verkauf" == queue"#, &german), Ok(true));
    assert_eq!(holds(r#"language < "en""#, &german), Ok(true));
}

/// rhai compares unlike types to `false` without a word; here they are faults.
#[test]
fn trap_unlike_types_are_not_silently_false() {
    for text in [
        r#"session.messages == "30""#,
        r#"session.messages > "20""#,
        "customer.name > 5",
        "authenticated == 1",
        "session.messages > 20 > 3",
        r#"time.date == 20260101"#,
        r#"queue in [1, 2]"#,
        r#"session.messages in ["a"]"#,
        r#"session.messages in queue"#,
        "authenticated in [true]",
        "authenticated < participants.bot",
        r#"org.permissions == "x""#,
        r#"time.date == queue.len()"#,
    ] {
        assert!(faults(text).iter().all(|(code, _)| *code == "E0403"), "{text}: {:?}", faults(text));
    }
    let wrong = fault(r#"authenticated && session.messages == "30""#);
    assert_eq!(wrong.span, 17..41);
    assert_eq!(wrong.message, r#"`session.messages` is a number, `"30"` is a text"#);
    assert_eq!(wrong.help.as_deref(), Some("write the number without quotes: `30`"));
}

#[test]
fn trap_single_quotes_and_backticks_are_no_texts() {
    let quoted = fault("customer.name == 'v'");
    assert_eq!((quoted.code.0, quoted.span), ("E0401", 17..20));
    assert!(quoted.help.unwrap_or_default().contains(r#"write `"v"`"#));
    assert_eq!(faults("customer.name == 'vip' && queue == `a ${1}`").len(), 2);
}

#[test]
fn trap_names_are_checked_at_load() {
    let unknown = fault(r#"custmer.tier == "vip""#);
    assert_eq!((unknown.code.0, unknown.span), ("E0402", 0..12));
    assert_eq!(unknown.help.as_deref(), Some("did you mean `customer.tier`?"));
    assert_eq!(fault(r#"tier == "vip""#).help.as_deref(), Some("did you mean `customer.tier`?"));
    assert_eq!(fault(r#"in_hours("suport")"#).help.as_deref(), Some(r#"did you mean `in_hours("support")`?"#));
    assert_eq!(fault(r#"timer("alrt") == "lapsed""#).help.as_deref(), Some(r#"did you mean `timer("alert")`?"#));
    assert!(fault(r#"customer.region == "eu""#).help.unwrap_or_default().contains("[facts]"));
    assert_eq!(fault("queue.len > 3").help.as_deref(), Some("a function of a text is called: `queue.len(…)`"));
    assert_eq!(fault("authenticated && Queue == language").help.as_deref(), Some("did you mean `queue`?"));
}

#[test]
fn trap_closed_lists_are_checked_at_load() {
    let wrong = fault(r#"channel == "whatsap""#);
    assert_eq!((wrong.code.0, wrong.span), ("E0407", 11..20));
    assert_eq!(wrong.help.as_deref(), Some(r#"did you mean `"whatsapp"`?"#));
    assert_eq!(faults(r#"status in ["waiting", "activ"]"#), [("E0407", r#""activ""#.to_owned())]);
    assert_eq!(faults(r#""VIPs" == customer.tier"#), [("E0407", r#""VIPs""#.to_owned())]);
    assert_eq!(faults(r#"time.date == "2026-02-30""#), [("E0407", r#""2026-02-30""#.to_owned())]);
    assert_eq!(faults(r#"timer("alert") != "running?""#), [("E0407", r#""running?""#.to_owned())]);
}

#[test]
fn trap_fractions_do_not_exist() {
    let wrong = fault("session.messages == 30.0");
    assert_eq!((wrong.code.0, wrong.span), ("E0409", 20..24));
    assert_eq!(faults("0.1 + 0.2 == 0.3").len(), 3);
    assert_eq!(holds("1 / 2 == 0", &[]), Ok(true), "division is of whole numbers");
}

#[test]
fn trap_arithmetic_never_fails_silently() {
    let none = [("session.messages", Value::Int(0))];
    let most = [("session.messages", Value::Int(i64::MAX))];
    let least = [("session.messages", Value::Int(i64::MIN))];
    assert_eq!(holds("10 / session.messages > 1", &none), Err(Failure::DivisionByZero));
    assert_eq!(holds("10 % session.messages > 1", &none), Err(Failure::DivisionByZero));
    assert_eq!(holds("session.messages + 1 > 0", &most), Err(Failure::Overflow));
    assert_eq!(holds("-session.messages > 0", &least), Err(Failure::Overflow));
    assert_eq!(holds("session.messages % -1 == 0", &least), Err(Failure::Overflow));
    assert_eq!(
        holds("!(10 / session.messages > 1)", &none),
        Err(Failure::DivisionByZero),
        "false as a whole, under `!` too"
    );
    assert_eq!(holds("!(10 / session.messages > 1 && false)", &none), Err(Failure::DivisionByZero));
    assert_eq!(holds("!(false && 10 / session.messages > 1)", &none), Ok(true), "never looked at");
    assert_eq!(holds("session.messages == 0 || 10 / session.messages > 1", &none), Ok(true), "never looked at");
    assert_eq!(holds("queue.len() % session.messages == 0", &none), Err(Failure::DivisionByZero), "by rhai");
    assert_eq!(
        holds("queue.len() + session.messages > -1", &[most[0].clone(), ("queue", text("ab"))]),
        Err(Failure::Overflow)
    );
    assert_eq!(holds("-(session.messages - queue.len()) > 0", &least), Err(Failure::Overflow));
}

#[test]
fn trap_constants_that_always_fail_are_faults() {
    assert_eq!(faults("session.messages / 0 > 1"), [("E0410", "session.messages / 0".to_owned())]);
    assert_eq!(faults("session.messages > 9223372036854775807 + 1"), [("E0410", "9223372036854775807 + 1".to_owned())]);
    assert_eq!(faults("session.age > days(9223372036854775807)"), [("E0410", "days(9223372036854775807)".to_owned())]);
    assert_eq!(faults("session.messages > 9223372036854775808")[0].0, "E0409");
}

#[test]
fn trap_what_is_no_comparison_of_facts_is_refused() {
    for text in [
        "if authenticated { true } else { false }",
        "let x = 5",
        "queue = \"a\"",
        "authenticated; true",
        "eval(\"true\")",
        "authenticated & true",
        "authenticated | true",
        "queue ?? \"a\"",
        "customer?.tier == \"vip\"",
        "[1, 2].map(|x| x + 1)",
        "while true {}",
        "import \"x\" as y",
        "#{ a: 1 }",
        "this == 1",
        "type_of(queue) == \"string\"",
        "authenticated // comment",
        "loop { }",
        "fn f() { true }",
        "1..3",
        "session.messages ** 2 > 1",
        "switch queue { \"a\" => true }",
    ] {
        assert!(faults(text).iter().any(|(code, _)| *code == "E0404"), "{text}: {:?}", faults(text));
    }
    assert_eq!(fault("queue = language").help.as_deref(), Some("`==` compares"));
}

#[test]
fn trap_only_the_listed_functions_can_be_called() {
    for text in [
        "sleep(5)",
        "timestamp() > 1",
        "queue.to_upper() == \"A\"",
        "hour(2) > 1",
        "contains(queue, \"a\")",
        "parse_int(queue) > 1",
    ] {
        assert!(faults(text).iter().any(|(code, _)| *code == "E0405"), "{text}: {:?}", faults(text));
    }
    assert_eq!(fault("session.age > hour(2)").help.as_deref(), Some("did you mean `hours(…)`?"));
    assert_eq!(faults("session.age > hours(\"2\")"), [("E0409", "\"2\"".to_owned())]);
    assert_eq!(faults("session.age > hours()"), [("E0409", "hours()".to_owned())]);
    assert_eq!(faults("in_hours(queue)"), [("E0409", "in_hours(queue)".to_owned())]);
    assert_eq!(faults("queue.contains(5)"), [("E0409", "5".to_owned())]);
    assert_eq!(faults("queue.len(1) > 1"), [("E0409", "queue.len(1)".to_owned())]);
    assert_eq!(faults("session.messages.len() > 1"), [("E0409", "session.messages".to_owned())]);
    assert_eq!(faults("queue + 5 == \"a5\""), [("E0409", "5".to_owned())]);
    assert_eq!(faults("-queue == 5"), [("E0409", "queue".to_owned())]);
}

#[test]
fn a_predicate_is_a_condition() {
    for (text, what) in
        [("session.messages", "a number"), ("queue", "a text"), ("time.date", "a date"), ("[1]", "a list")]
    {
        let wrong = fault(text);
        assert_eq!(wrong.code.0, "E0406", "{text}");
        assert!(wrong.message.ends_with(what), "{text}: {}", wrong.message);
    }
    assert_eq!(faults("authenticated && queue"), [("E0406", "queue".to_owned())]);
    assert_eq!(faults("authenticated && 5")[0].0, "E0406");
    assert_eq!(faults("!session.messages"), [("E0406", "session.messages".to_owned())]);
}

#[test]
fn all_faults_of_a_predicate_come_together() {
    let text = r#"custmer.tier == "vip" && channel == "wep" || session.messages > "5" && sleep(1)"#;
    let codes: Vec<&str> = faults(text).into_iter().map(|(code, _)| code).collect();
    assert_eq!(codes, ["E0402", "E0407", "E0403", "E0405"]);
}

#[test]
fn what_cannot_be_read_is_pointed_at() {
    for (text, at) in [
        ("", 0..0),
        ("   ", 3..3),
        ("queue ==", 8..8),
        ("queue == \"a", 9..11),
        ("(authenticated", 14..14),
        ("authenticated authenticated", 14..27),
        ("authenticated)", 13..14),
        ("ä && authenticated", 0..2),
        ("\"ä\" == queue &&\n  && authenticated", 19..21),
    ] {
        let wrong = fault(text);
        assert!(matches!(wrong.code.0, "E0401" | "E0404"), "{text}: {wrong:?}");
        assert_eq!(wrong.span, at, "{text}: {wrong:?}");
    }
}

#[test]
fn places_count_bytes_over_lines_and_brackets() {
    let wrong = fault("\"größe\" != queue\n  && (customer.nme) == \"x\"");
    assert_eq!(wrong.span, 25..37);
    assert_eq!(
        faults("((session.messages) + (1)) == (\"x\")"),
        [("E0403", "((session.messages) + (1)) == (\"x\")".to_owned())]
    );
    assert_eq!(faults("authenticated && !(queue.len() == \"x\")"), [("E0403", "queue.len() == \"x\"".to_owned())]);
}

/// What is too large is refused quickly, the same in every build, and without deep recursion: on a thread with a small
/// stack.
#[test]
fn trap_bombs_are_refused_at_once() {
    let bombs = [
        vec!["\"a\""; 5_000].join(" + ") + " == queue",
        vec!["queue"; 400].join("+") + " == queue",
        vec!["authenticated"; 250].join(" || "),
        "(".repeat(100_000) + "authenticated" + &*")".repeat(100_000),
        "(".repeat(1_000) + "authenticated" + &*")".repeat(1_000),
        "!".repeat(4_000) + "authenticated",
        "-".repeat(4_000) + "1 > 0",
        "- ! + ".repeat(600) + "1",
        "[".repeat(2_000),
        "{".repeat(4_000),
        "queue".to_owned() + &*".a".repeat(1_900),
        "queue".to_owned() + &*"[0]".repeat(1_300),
        "f(".repeat(1_300),
        "in_hours(".repeat(400) + &*")".repeat(400),
        "queue".to_owned() + &*".contains(queue".repeat(250) + &*")".repeat(250),
        "1 < ".repeat(1_000) + "1",
        "authenticated == ".repeat(240) + "true",
        "queue in ".repeat(400) + "queue",
        "\"".repeat(4_095),
        "\u{1F600}".repeat(1_000),
        "#".repeat(4_000),
        "/*".repeat(2_000),
        "a?.b".repeat(1_000),
        "if true ".repeat(500),
    ];
    let run = move || {
        for bomb in &bombs {
            let faults = Predicate::compile(bomb, &mut table()).expect_err("a bomb");
            let expected = ["E0401", "E0402", "E0403", "E0404", "E0405", "E0408"];
            assert!(faults.iter().all(|fault| expected.contains(&fault.code.0)), "{:.60}: {faults:?}", bomb);
            assert!(faults.iter().all(|fault| bomb.get(fault.span.clone()).is_some()));
        }
    };
    let small = std::thread::Builder::new().stack_size(1 << 20).spawn(run).expect("thread");
    small.join().expect("no overflow, no panic");
}

#[test]
fn trap_limits_allow_what_people_write() {
    let many = (0..100).map(|n| format!("queue == \"q{n}\"")).collect::<Vec<_>>().join(" || ");
    assert_eq!(holds(&many, &[("queue", text("q99"))]), Ok(true));
    let list = (0..300).map(|n| format!("\"q{n}\"")).collect::<Vec<_>>().join(", ");
    assert_eq!(holds(&format!("queue in [{list}]"), &[("queue", text("q299"))]), Ok(true));
    let nested = "(".repeat(30) + "authenticated" + &*")".repeat(30);
    assert_eq!(holds(&nested, &[]), Ok(false));
    let sums = vec!["session.messages"; 100].join(" + ") + " == 100";
    assert_eq!(holds(&sums, &[("session.messages", Value::Int(1))]), Ok(true));
    let texts = vec!["queue"; 100].join(" + ") + " != \"\"";
    assert_eq!(holds(&texts, &[("queue", text("x"))]), Ok(true), "brackets of the printed form do not count");
}

#[test]
fn trap_texts_that_grow_stop_at_a_limit() {
    let doubled = vec!["queue"; 100].join(" + ") + " == language";
    assert_eq!(holds(&doubled, &[("queue", text(&"x".repeat(1_000)))]), Err(Failure::Limit));
}

/// rhai would fold the values of a live scope into the tree; ours knows no values when it compiles.
#[test]
fn trap_no_value_is_baked_into_a_predicate() {
    let mut table = table();
    let predicate = Predicate::compile(r#"customer.tier == "vip" && session.messages > 20"#, &mut table).expect("fine");
    let mut facts = Facts::new(&table);
    let set = |facts: &mut Facts, name: &str, value| facts.set(&table, table.find(name).expect("fact"), value);
    set(&mut facts, "customer.tier", text("vip"));
    set(&mut facts, "session.messages", Value::Int(21));
    assert_eq!(predicate.holds(&table, &facts), Ok(true));
    set(&mut facts, "session.messages", Value::Int(20));
    assert_eq!(predicate.holds(&table, &facts), Ok(false));
    assert_eq!(predicate.constant(), None);
}

#[test]
fn constants_are_known_at_load() {
    let constant = |text: &str| Predicate::compile(text, &mut table()).expect(text).constant();
    assert_eq!(constant("true"), Some(true));
    assert_eq!(constant("org.status_based_capacity || 2 > 1 + 1"), Some(false));
    assert_eq!(constant(r#""nobody" in org.permissions && authenticated"#), Some(false));
    assert_eq!(constant(r#""abc".contains("b") && "b" in ["a", "b"]"#), Some(true));
    assert_eq!(constant("authenticated || true"), Some(true));
    assert_eq!(constant("1 / session.messages > 0 && false"), None, "it may fail, which is counted");
    assert_eq!(constant("hours(2) == minutes(120)"), Some(true));
}

#[test]
fn the_facts_read_are_named() {
    let mut table = table();
    let predicate = Predicate::compile(
        r#"queue.starts_with(language) || session.age + session.idle > 5 && authenticated == participants.bot"#,
        &mut table,
    )
    .expect("fine");
    let names: Vec<&str> = predicate.reads().iter().filter_map(|fact| table.get(*fact)).map(|def| &*def.name).collect();
    let expected = ["authenticated", "session.age", "session.idle", "participants.bot", "queue", "language"];
    assert_eq!(names, expected);
    assert_eq!(table.live().len(), 6);
}

#[test]
fn escapes_in_texts_mean_the_same_to_rhai_and_to_us() {
    let odd = "a\"b\\c\td\u{e4}\u{1}";
    let given = [("queue", text(odd))];
    assert_eq!(holds(r#"queue == "a\"b\\c\tdä\x01""#, &given), Ok(true));
    assert_eq!(holds(r#"queue.starts_with("a\"b\\c\tdä\x01")"#, &given), Ok(true));
    assert_eq!(holds(r#"queue.ends_with("ä\x01") && queue.contains("\"b\\")"#, &given), Ok(true));
    assert_eq!(holds("queue.len() == 9", &given), Ok(true), "characters, not bytes");
}

#[test]
fn what_is_compiled_can_be_shared_between_threads() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<Predicate>();
    shared::<crate::choose::Chooser>();
}

#[test]
fn trap_words_that_rhai_reserves_are_fine_names_of_facts() {
    let given = [("customer.default", text("ab"))];
    assert_eq!(holds(r#"customer.default == "ab" && customer . default.len() == 2"#, &given), Ok(true));
    assert_eq!(fault("customer.match == 1").message, "there is no fact `customer.match`");
    assert_eq!(fault("customer.name.eval == 1").message, "there is no fact `customer.name.eval`");
}
