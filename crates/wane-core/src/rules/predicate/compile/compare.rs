//! Comparisons: both sides must be of one type, and values of closed lists must be on them.

use std::sync::Arc;

use chrono::{Datelike, NaiveDate};
use rhai::Expr;

use super::super::facts;
use super::super::faults::{self, UNLIKE_TYPES, fault};
use super::super::ir::{Cond, Kind, Num, Relation, Span, Text};
use super::super::sandbox::{Residual, Test};
use super::{Typed, Value, Walk};

impl Walk<'_> {
    pub(super) fn comparison(&mut self, relation: Relation, left: &Expr, right: &Expr) -> Typed {
        let (left, right) = (self.typed(left), self.typed(right));
        let span = self.tokens.join(left.span, right.span);
        let (left, right) = self.align_dates(left, right);
        let equality = matches!(relation, Relation::Equal | Relation::Unequal);
        match (left.value, right.value) {
            (Value::Num(one), Value::Num(other)) | (Value::Date(one), Value::Date(other)) => {
                self.numbers(relation, one, other, span)
            }
            (Value::Text(one), Value::Text(other)) => {
                if equality && !(self.value_fits(&one, &other, right.span) && self.value_fits(&other, &one, left.span))
                {
                    return Typed::new(Value::Unknown, span);
                }
                self.texts(relation, one, other, span)
            }
            (Value::Bool(one), Value::Bool(other)) if equality => {
                Typed::new(Value::Bool(same(one, other, relation == Relation::Unequal, span)), span)
            }
            (Value::Unknown, _) | (_, Value::Unknown) => Typed::new(Value::Unknown, span),
            (one, other) => {
                let (one, other) = (Typed::new(one, left.span), Typed::new(other, right.span));
                let found = self.unlike(relation, &one, &other, span);
                self.unknown(found, span)
            }
        }
    }

    /// A text beside a date is a date.
    pub(super) fn align_dates(&mut self, left: Typed, right: Typed) -> (Typed, Typed) {
        match (&left.value, &right.value) {
            (Value::Date(_), Value::Text(_)) => {
                let right = self.dated(right);
                (left, right)
            }
            (Value::Text(_), Value::Date(_)) => (self.dated(left), right),
            _ => (left, right),
        }
    }

    pub(super) fn dated(&mut self, typed: Typed) -> Typed {
        let Value::Text(Text::Literal(literal)) = &typed.value else { return typed };
        let strict = literal.len() == 10;
        match NaiveDate::parse_from_str(literal, "%Y-%m-%d") {
            Ok(date) if strict => {
                let day = i64::from(date.num_days_from_ce()) - UNIX_EPOCH_FROM_CE;
                Typed::new(Value::Date(Num::Const(day)), typed.span)
            }
            _ => self.unknown(faults::not_date(typed.span, literal), typed.span),
        }
    }

    /// Whether a fact can have this value at all; complains when it can not.
    pub(super) fn value_fits(&mut self, fact: &Text, value: &Text, span: Span) -> bool {
        let (Text::Fact(slot), Text::Literal(literal)) = (fact, value) else { return true };
        let found = facts::check_value(self.table, *slot, literal, span);
        let fits = found.is_none();
        self.faults.extend(found);
        fits
    }

    fn numbers(&mut self, relation: Relation, left: Num, right: Num, span: Span) -> Typed {
        if left.has_text() || right.has_text() {
            return self.residual(Test::Numbers(relation, left, right), span);
        }
        let kind = match (left, right) {
            (Num::Const(left), Num::Const(right)) => Kind::Const(relation.holds(&left, &right)),
            (Num::Fact(slot), Num::Const(value)) => Kind::Compare { slot, relation, value },
            (Num::Const(value), Num::Fact(slot)) => Kind::Compare { slot, relation: relation.flipped(), value },
            (left, right) => Kind::Arith { relation, left, right },
        };
        Typed::new(Value::Bool(Cond::new(kind, span)), span)
    }

    fn texts(&mut self, relation: Relation, left: Text, right: Text, span: Span) -> Typed {
        let equality = matches!(relation, Relation::Equal | Relation::Unequal);
        let kind = match (&left, &right) {
            (Text::Literal(left), Text::Literal(right)) => Kind::Const(relation.holds(&**left, &**right)),
            (Text::Fact(slot), Text::Literal(literal)) | (Text::Literal(literal), Text::Fact(slot)) if equality => {
                Kind::Compare { slot: *slot, relation, value: self.table.symbols_mut().add(literal) }
            }
            _ => return self.residual(Test::Texts(relation, left, right), span),
        };
        Typed::new(Value::Bool(Cond::new(kind, span)), span)
    }

    /// What rhai has to work out; at once, when it depends on no fact.
    pub(super) fn residual(&mut self, test: Test, span: Span) -> Typed {
        let Some(residual) = Residual::new(test) else { return self.unknown(faults::too_complex(span), span) };
        let kind = match residual.constant() {
            Some(Ok(value)) => Kind::Const(value),
            Some(Err(failure)) => return self.unknown(faults::constant(span, failure), span),
            None => Kind::Residual { residual: Arc::new(residual), negated: false },
        };
        Typed::new(Value::Bool(Cond::new(kind, span)), span)
    }

    fn unlike(&self, relation: Relation, left: &Typed, right: &Typed, span: Span) -> super::Fault {
        let written = |typed: &Typed| self.tokens.text(typed.span).to_owned();
        if matches!((&left.value, &right.value), (Value::Bool(_), Value::Bool(_))) {
            return fault(UNLIKE_TYPES, span, format!("`{}` does not compare truth values", relation.text()))
                .label("true and false have no order")
                .help("`==` and `!=` do");
        }
        let (one, other) = (written(left), written(right));
        let message = format!("`{one}` is {}, `{other}` is {}", left.what(), right.what());
        let found = fault(UNLIKE_TYPES, span, message).label("never true: the two are of different types");
        match advice(left, &other, right).or_else(|| advice(right, &one, left)) {
            Some(help) => found.help(help),
            None => found,
        }
    }
}

/// Days from 0001-01-01 (day 1) to 1970-01-01.
const UNIX_EPOCH_FROM_CE: i64 = 719_163;

/// What would be right for a literal that is compared with something of this type.
fn advice(wanted: &Typed, written: &str, found: &Typed) -> Option<String> {
    let bare = written.trim_matches('"');
    Some(match (&wanted.value, &found.value) {
        (Value::Num(_), Value::Text(Text::Literal(text))) if text.parse::<i64>().is_ok() => {
            format!("write the number without quotes: `{bare}`")
        }
        (Value::Text(Text::Fact(_)), Value::Num(Num::Const(_))) => format!("write the text in quotes: `\"{bare}\"`"),
        (Value::Bool(_), Value::Num(_) | Value::Text(_)) => "a truth value stands alone, or with `!` in front".into(),
        (Value::List(_), _) => "`in` looks for a value in a list".into(),
        (Value::Date(_), _) => "a date is compared with a text such as `\"2026-12-24\"`".into(),
        _ => return None,
    })
}

/// Whether two conditions have the same value; simpler when one of them is constant.
fn same(left: Cond, right: Cond, negated: bool, span: Span) -> Cond {
    let flip = |cond: Cond, value: bool| {
        let cond = Cond { span, ..cond };
        if value == negated { cond.negate() } else { cond }
    };
    match (&left.kind, &right.kind) {
        (_, Kind::Const(value)) => {
            let value = *value;
            flip(left, value)
        }
        (Kind::Const(value), _) => {
            let value = *value;
            flip(right, value)
        }
        _ => Cond::new(Kind::Same { sides: Box::new((left, right)), negated }, span),
    }
}
