//! Rule files as bad as they come: cut off, garbled, huge, deep. Loading says so and never panics.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use wane_core::diagnostic::Diagnostic;
use wane_core::rules::files::Files;
use wane_core::rules::load;

/// Files that use most of the language.
fn samples() -> Vec<String> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("diagnostics/stock-rules");
    let read = |name: &str| fs::read_to_string(dir.join(name)).expect("a sample");
    vec![read("timers.toml"), read("defaults.toml"), read("org.toml"), read("channels/whatsapp.toml")]
}

/// Loads one file; checks what holds for every input.
fn check(content: impl Into<Vec<u8>>) -> Vec<Diagnostic> {
    let mut files = Files::default();
    files.insert("rules.toml", content);
    let (ruleset, diagnostics) = load(&files);
    let errors = diagnostics.iter().filter(|found| found.code.0.starts_with('E')).count();
    assert_eq!(ruleset.is_none(), errors > 0, "a ruleset, or an error");
    let content = files.get("rules.toml").expect("the file");
    for label in diagnostics.iter().flat_map(|found| &found.labels) {
        let span = &label.place.span;
        assert!(span.start <= span.end && span.end <= content.len(), "{span:?} lies in the file");
        if let Ok(text) = std::str::from_utf8(content) {
            assert!(text.get(span.clone()).is_some(), "{span:?} lies between characters");
        }
    }
    diagnostics
}

fn codes(diagnostics: &[Diagnostic]) -> Vec<&str> {
    diagnostics.iter().map(|found| found.code.0).collect()
}

#[test]
fn every_truncation_is_survived() {
    for sample in samples() {
        for end in (0..=sample.len()).filter(|end| sample.is_char_boundary(*end)) {
            check(&sample[..end]);
        }
    }
}

#[test]
fn no_file_and_an_empty_one_are_told_apart() {
    let (ruleset, diagnostics) = load(&Files::default());
    assert!(ruleset.is_none());
    assert_eq!(codes(&diagnostics), ["E0101"]);
    assert_eq!(codes(&check("")), Vec::<&str>::new(), "a file may be empty");
}

#[test]
fn a_large_file_is_refused_without_being_read() {
    let found = check(vec![b'#'; 50 << 20]);
    assert_eq!(codes(&found), ["E0102"]);
    assert_eq!(found[0].message, "the file has 50 MiB; a rule file can have 8 MiB");
}

#[test]
fn a_large_directory_is_refused_too() {
    let mut files = Files::default();
    (0..10).for_each(|number| files.insert(format!("{number}.toml"), vec![b'#'; 8 << 20]));
    assert_eq!(codes(&load(&files).1), ["E0102"]);
}

#[test]
fn a_file_that_is_not_utf_8_is_shown_at_the_byte() {
    let found = check(b"title = \"Gespr\xe4ch\"".as_slice());
    assert_eq!(codes(&found), ["E0103"]);
    assert!(found[0].message.ends_with("the byte at offset 14 does not fit"), "{}", found[0].message);
    assert_eq!(found[0].labels[0].place.span, 14..14);
}

#[test]
fn names_in_a_file_that_can_not_be_read_are_not_called_unknown() {
    let mut files = Files::default();
    files.insert("a.toml", b"\xff".as_slice());
    files.insert("b.toml", "[[rules]]\nid = \"a\"\ntimer = \"declared-in-the-other-file\"\nafter = \"1h\"\n");
    assert_eq!(codes(&load(&files).1), ["E0103"]);
}

#[test]
fn a_byte_order_mark_is_taken_and_a_nul_is_not() {
    let found = check("\u{feff}[wake]\nto = \"activ\"\n");
    assert_eq!(codes(&found), ["E0215"]);
    assert_eq!(found[0].labels[0].place.span, 15..22, "spans count the mark");
    assert!(codes(&check("[wake]\nto = \"active\0\"\n")).contains(&"E0104"));
    assert!(codes(&check("\0\0\0\0")).contains(&"E0104"));
}

#[test]
fn deep_nesting_is_refused() {
    for (open, close) in [("[", "]"), ("{a=", "}"), ("[{a=", "}]")] {
        for depth in [100, 100_000] {
            let found = check(format!("note = {}1{}\n", open.repeat(depth), close.repeat(depth)));
            assert!(codes(&found).contains(&"E0105"), "{open} {depth}");
        }
        let found = check(format!("note = {}", open.repeat(100_000)));
        assert!(codes(&found).contains(&"E0105"), "{open}, never closed");
    }
    check("a.".repeat(100_000) + "b = 1\n");
    check(format!("[{}b]\n", "a.".repeat(100_000)));
    check("[[[[[[[[".repeat(10_000));
}

#[test]
fn predicate_bombs_are_refused() {
    let rule = |when: &str| {
        format!(
            "[timers.a]\nstart_on = [\"message\"]\n[[rules]]\nid = \"a\"\ntimer = \"a\"\nafter = \"1h\"\nwhen = '{when}'\n"
        )
    };
    let many = |text: &str| text.repeat(50_000);
    let bombs = [
        format!("{}{}", many("("), many(")")),
        format!("{}true{}", many("("), many(")")),
        format!("{}authenticated", many("!")),
        format!("{}1 > 0", many("-")),
        format!("queue == {}", ["\"a\""; 20_000].join(" + ")),
        ["authenticated"; 20_000].join(" && "),
        format!("queue in [{}", many("[")),
        format!("\"{}", many("aaaaaaaa")),
        many("`${"),
    ];
    for bomb in &bombs {
        let found = check(rule(bomb));
        assert!(found.iter().any(|found| found.code.0.starts_with("E04")), "{}: {:?}", &bomb[..20], codes(&found));
    }
}

#[test]
fn of_thousands_of_faults_a_hundred_are_shown() {
    let rows = "[[rules]]\nid = \"\"\ntimer = \"nobody\"\nafter = \"soon\"\n".repeat(5_000);
    let found = check(rows);
    assert_eq!(found.len(), 101);
    assert_eq!(codes(&found[100..]), ["W0715"]);
    assert_eq!(found[100].message, "14900 more findings in this file");
    let found = check("= = =\n".repeat(100_000));
    assert!(found.len() <= 21, "{}", found.len());
    assert!(found.last().is_some_and(|last| last.message.ends_with("more places of this file are not TOML")));
}

#[test]
fn one_fault_is_told_once() {
    let found = check(format!("a = {}\n", "[".repeat(100_000)));
    let places: Vec<_> = found.iter().map(|found| (found.code, &found.message, &found.labels[0].place.span)).collect();
    assert!(places.windows(2).all(|pair| pair[0] != pair[1]), "{places:?}");
}

#[test]
fn too_many_timers_are_refused() {
    let timers: String =
        (0..1_001).map(|number| format!("[timers.t{number}]\noptional = true\nstart_on = [\"message\"]\n")).collect();
    assert_eq!(codes(&check(timers)), ["E0608"]);
}

#[test]
fn ten_faults_in_one_directory_are_ten_diagnostics() {
    let mut files = Files::default();
    files.insert(
        "timers.toml",
        "[timers.bot]\nhandler = [\"bott\"]\nrestart_on = [\"message:custmer\"]\non_lapse = [\"end-sesion\"]\n\
         [timers.late]\nstart_on = [\"message\"]\ngrace = \"2s\"\nsweep = \"5m\"\nscop = \"session\"\n",
    );
    files.insert(
        "rules.toml",
        "[[rules]]\nid = \"a\"\ntimer = \"bto\"\nafter = \"1h\"\n\
         [[rules]]\nid = \"b\"\ntimer = \"bot\"\nafter = \"30\"\n\
         [[rules]]\nid = \"b\"\ntimer = \"bot\"\nafter = \"1h\"\nwhen = 'session.mesages > 1'\n\
         [[rules]]\nid = \"c\"\ntimer = \"late\"\nafter = 30\nchannel = \"webb\"\n",
    );
    files.insert("z.toml", "[wake\nto = \"active\"\n");
    let found = load(&files).1;
    let expected =
        ["E0201", "E0301", "E0211", "E0402", "E0108", "E0202", "E0210", "E0204", "E0205", "E0605", "E0106", "E0104"];
    assert_eq!(codes(&found), expected);
}

proptest! {
    #[test]
    fn garbled_files_are_survived(
        sample in 0..4_usize,
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut bytes = samples()[sample].clone().into_bytes();
        for (place, byte) in flips {
            let at = place.index(bytes.len());
            bytes[at] = byte;
        }
        check(bytes);
    }

    #[test]
    fn shuffled_lines_are_survived(sample in 0..4_usize, order in prop::collection::vec(any::<prop::sample::Index>(), 1..60)) {
        let sample = samples()[sample].clone();
        let lines: Vec<&str> = sample.lines().collect();
        let text: Vec<&str> = order.iter().map(|place| lines[place.index(lines.len())]).collect();
        check(text.join("\n"));
    }

    #[test]
    fn anything_is_survived(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        check(bytes);
    }

    #[test]
    fn any_predicate_is_survived(text in "[-a-z0-9 ()\\[\\]\"`'=!<>&|+*/%.,;{}$\\\\]{0,60}") {
        let quoted = text.replace('\'', "");
        check(format!("[timers.a]\nstart_on = [\"message\"]\n[[rules]]\nid = \"a\"\ntimer = \"a\"\nafter = \"1h\"\nwhen = '{quoted}'\n"));
    }
}
