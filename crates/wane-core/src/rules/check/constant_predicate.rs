//! W0701: a predicate that is always true or always false.

use super::Check;
use crate::diagnostic::Code;
use crate::facts::Name;
use crate::rules::finding::{Finding, Findings};
use crate::rules::predicate::Predicate;
use crate::rules::resolve::Model;
use crate::rules::source::Sp;

/// W0701.
pub(crate) static CHECK: Check = Check {
    code: Code("W0701"),
    name: "constant-predicate",
    summary: "a predicate that is always true or always false",
};

pub(crate) fn check(model: &Model<'_>, out: &mut Findings) {
    for timer in &model.timers {
        one(timer.raw.when.as_ref(), timer.when.as_ref(), out);
    }
    for row in &model.rows {
        one(row.raw.when.as_ref(), row.when.as_ref(), out);
    }
}

fn one(text: Option<&Sp<Name>>, when: Option<&Predicate>, out: &mut Findings) {
    let (Some(text), Some(when)) = (text, when) else { return };
    // What depends on the organisation is constant in one ruleset and still worth asking.
    let asks = !when.reads().is_empty() || text.contains("org.");
    let Some(value) = when.constant().filter(|_| !asks) else { return };
    let help = if value { "leave `when` out: that is always" } else { "a rule that is never wanted can be removed" };
    out.push(Finding::new(&CHECK, format!("this predicate is always {value}")).at(text.at, "").help(help));
}
