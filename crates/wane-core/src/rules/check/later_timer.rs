//! E0601: a predicate that asks for a timer declared later.

use super::Check;
use crate::diagnostic::Code;
use crate::facts::Name;
use crate::rules::finding::{Finding, Findings};
use crate::rules::predicate::Predicate;
use crate::rules::resolve::Model;
use crate::rules::source::Sp;

/// E0601.
pub(crate) static CHECK: Check =
    Check { code: Code("E0601"), name: "later-timer", summary: "a predicate that asks for a timer declared later" };

/// Timers move in the order of declaration: of a later one, it is not yet known what it does.
pub(crate) fn check(model: &Model<'_>, out: &mut Findings) {
    for (index, timer) in model.timers.iter().enumerate() {
        check_one(timer.raw.when.as_ref(), timer.when.as_ref(), index, model, out);
    }
    for row in &model.rows {
        check_one(row.raw.when.as_ref(), row.when.as_ref(), row.timer, model, out);
    }
}

fn check_one(text: Option<&Sp<Name>>, when: Option<&Predicate>, reader: usize, model: &Model<'_>, out: &mut Findings) {
    let (Some(text), Some(when)) = (text, when) else { return };
    for fact in when.reads().iter().filter_map(|fact| model.facts.get(*fact)) {
        let name = fact.name.strip_prefix("timer(\"").and_then(|rest| rest.strip_suffix("\")"));
        let Some(read) = name.and_then(|name| model.declared.timer(name)) else { continue };
        if usize::from(read) >= reader {
            out.push(found(text, name.unwrap_or_default(), usize::from(read), reader, model));
        }
    }
}

fn found(text: &Sp<Name>, name: &str, read: usize, reader: usize, model: &Model<'_>) -> Finding {
    let own = model.timers.get(reader).map(|timer| &*timer.def.name).unwrap_or_default();
    let message = match read == reader {
        true => format!("a length of timer `{own}` depends on timer `{own}` itself"),
        false => format!("timer `{own}` asks for timer `{name}`, which is declared after it"),
    };
    let finding = Finding::new(&CHECK, message).at(text.at, "");
    match model.timers.get(read) {
        Some(timer) if read != reader => finding
            .at(timer.raw.name.at, "declared here")
            .help(format!("declare `{name}` before `{own}`: timers move in the order of declaration")),
        _ => finding.help("ask for another timer, declared before this one"),
    }
}
