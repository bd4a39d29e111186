//! The typed form of a predicate, and its evaluation on the facts of a conversation.
//!
//! [`Cond`] is what the checker makes of rhai's syntax tree. Negation is pushed down to the leaves while it is built, so
//! there is no node for it. The order of evaluation is rhai's: left to right, and a decided `&&` or `||` looks no further.

mod build;

use std::ops::Range;
use std::sync::Arc;

use super::sandbox::Residual;
use crate::choose::Failure;
use crate::facts::{FactTable, Facts, Name};
pub(crate) use build::{all, any};

/// Bytes of a predicate's text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Span {
    /// From byte offsets; texts are far below 4 GiB.
    pub(crate) fn new(start: usize, end: usize) -> Self {
        Self { start: u32::try_from(start).unwrap_or(u32::MAX), end: u32::try_from(end).unwrap_or(u32::MAX) }
    }

    pub(crate) const fn start(self) -> usize {
        self.start as usize
    }

    pub(crate) const fn end(self) -> usize {
        self.end as usize
    }

    pub(crate) const fn range(self) -> Range<usize> {
        self.start()..self.end()
    }
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    Equal,
    Unequal,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

impl Relation {
    pub(crate) fn parse(operator: &str) -> Option<Self> {
        Some(match operator {
            "==" => Self::Equal,
            "!=" => Self::Unequal,
            "<" => Self::Less,
            "<=" => Self::AtMost,
            ">" => Self::Greater,
            ">=" => Self::AtLeast,
            _ => return None,
        })
    }

    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::Unequal => "!=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Greater => ">",
            Self::AtLeast => ">=",
        }
    }

    /// The relation that holds exactly when this one does not.
    pub(crate) const fn negated(self) -> Self {
        match self {
            Self::Equal => Self::Unequal,
            Self::Unequal => Self::Equal,
            Self::Less => Self::AtLeast,
            Self::AtMost => Self::Greater,
            Self::Greater => Self::AtMost,
            Self::AtLeast => Self::Less,
        }
    }

    /// The same with its sides swapped.
    pub(crate) const fn flipped(self) -> Self {
        match self {
            Self::Equal => Self::Equal,
            Self::Unequal => Self::Unequal,
            Self::Less => Self::Greater,
            Self::AtMost => Self::AtLeast,
            Self::Greater => Self::Less,
            Self::AtLeast => Self::AtMost,
        }
    }

    pub(crate) fn holds<T: Ord + ?Sized>(self, left: &T, right: &T) -> bool {
        match self {
            Self::Equal => left == right,
            Self::Unequal => left != right,
            Self::Less => left < right,
            Self::AtMost => left <= right,
            Self::Greater => left > right,
            Self::AtLeast => left >= right,
        }
    }
}

/// A condition and the part of the text that states it.
#[derive(Clone, Debug)]
pub(crate) struct Cond {
    pub(crate) kind: Kind,
    pub(crate) span: Span,
}

/// The kinds of conditions.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    Const(bool),
    /// The number in a slot (a number, a flag, a date's day, a text's symbol) against a constant.
    Compare {
        slot: u16,
        relation: Relation,
        value: i64,
    },
    /// Whether the number in a slot is among these, which are sorted.
    Among {
        slot: u16,
        values: Arc<[i64]>,
        negated: bool,
    },
    /// Arithmetic on facts; can fail.
    Arith {
        relation: Relation,
        left: Num,
        right: Num,
    },
    /// Whether two conditions have the same value.
    Same {
        sides: Box<(Cond, Cond)>,
        negated: bool,
    },
    All(Vec<Cond>),
    Any(Vec<Cond>),
    /// What stays with rhai; can fail.
    Residual {
        residual: Arc<Residual>,
        negated: bool,
    },
}

/// Two conditions are the same when they state the same, wherever.
impl PartialEq for Cond {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

/// A whole number worked out from facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Num {
    Const(i64),
    Fact(u16),
    Negated(Box<Num>),
    Binary(Operator, Box<(Num, Num)>),
    /// The number of characters of a text; only inside residuals.
    Length(Box<Text>),
}

/// A text worked out from facts; only inside residuals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Text {
    Literal(Name),
    Fact(u16),
    Concat(Box<(Text, Text)>),
}

/// The arithmetic operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Operator {
    pub(crate) fn parse(operator: &str) -> Option<Self> {
        Some(match operator {
            "+" => Self::Add,
            "-" => Self::Subtract,
            "*" => Self::Multiply,
            "/" => Self::Divide,
            "%" => Self::Remainder,
            _ => return None,
        })
    }

    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
        }
    }

    /// # Errors
    /// When the result is no number of 64 bits, or there is none.
    pub(crate) fn apply(self, left: i64, right: i64) -> Result<i64, Failure> {
        let result = match self {
            Self::Add => left.checked_add(right),
            Self::Subtract => left.checked_sub(right),
            Self::Multiply => left.checked_mul(right),
            Self::Divide | Self::Remainder if right == 0 => return Err(Failure::DivisionByZero),
            Self::Divide => left.checked_div(right),
            Self::Remainder => left.checked_rem(right),
        };
        result.ok_or(Failure::Overflow)
    }
}

/// The number in a slot; 0 for a slot that is not there.
pub(crate) fn number(facts: &Facts, slot: u16) -> i64 {
    facts.slots().get(usize::from(slot)).copied().unwrap_or_default()
}

/// Facts with the table that they belong to.
#[derive(Clone, Copy)]
pub(crate) struct Given<'a> {
    pub(crate) table: &'a FactTable,
    pub(crate) facts: &'a Facts,
}

/// A failure and the part of the text where it happened.
pub(crate) type Failed = (Failure, Span);

impl Cond {
    pub(crate) const fn new(kind: Kind, span: Span) -> Self {
        Self { kind, span }
    }

    /// Whether it holds.
    ///
    /// # Errors
    /// When some part that had to be looked at fails: then the whole predicate counts as false (R4).
    pub(crate) fn eval(&self, given: Given<'_>) -> Result<bool, Failed> {
        match &self.kind {
            Kind::Const(value) => Ok(*value),
            Kind::Compare { slot, relation, value } => Ok(relation.holds(&number(given.facts, *slot), value)),
            Kind::Among { slot, values, negated } => {
                Ok(values.binary_search(&number(given.facts, *slot)).is_ok() != *negated)
            }
            Kind::Arith { relation, left, right } => {
                let at = |failure| (failure, self.span);
                Ok(relation.holds(&left.eval(given.facts).map_err(at)?, &right.eval(given.facts).map_err(at)?))
            }
            Kind::Same { sides, negated } => Ok((sides.0.eval(given)? == sides.1.eval(given)?) != *negated),
            Kind::All(parts) => first(parts, false, given),
            Kind::Any(parts) => first(parts, true, given),
            Kind::Residual { residual, negated } => {
                residual.eval(given).map(|value| value != *negated).map_err(|failure| (failure, self.span))
            }
        }
    }

    /// Whether no facts can make it fail.
    pub(crate) fn infallible(&self) -> bool {
        match &self.kind {
            Kind::Const(_) | Kind::Compare { .. } | Kind::Among { .. } => true,
            Kind::Arith { .. } | Kind::Residual { .. } => false,
            Kind::Same { sides, .. } => sides.0.infallible() && sides.1.infallible(),
            Kind::All(parts) | Kind::Any(parts) => parts.iter().all(Self::infallible),
        }
    }

    /// Calls `visit` with the slot of every fact that it reads.
    pub(crate) fn slots(&self, visit: &mut impl FnMut(u16)) {
        match &self.kind {
            Kind::Const(_) => {}
            Kind::Compare { slot, .. } | Kind::Among { slot, .. } => visit(*slot),
            Kind::Arith { left, right, .. } => {
                left.slots(visit);
                right.slots(visit);
            }
            Kind::Same { sides, .. } => {
                sides.0.slots(visit);
                sides.1.slots(visit);
            }
            Kind::All(parts) | Kind::Any(parts) => parts.iter().for_each(|part| part.slots(visit)),
            Kind::Residual { residual, .. } => residual.slots().for_each(visit),
        }
    }
}

/// Looks for the first part with that value; what comes after it is not looked at.
fn first(parts: &[Cond], sought: bool, given: Given<'_>) -> Result<bool, Failed> {
    for part in parts {
        if part.eval(given)? == sought {
            return Ok(sought);
        }
    }
    Ok(!sought)
}

impl Num {
    fn eval(&self, facts: &Facts) -> Result<i64, Failure> {
        match self {
            Self::Const(value) => Ok(*value),
            Self::Fact(slot) => Ok(number(facts, *slot)),
            Self::Negated(operand) => operand.eval(facts)?.checked_neg().ok_or(Failure::Overflow),
            Self::Binary(operator, operands) => operator.apply(operands.0.eval(facts)?, operands.1.eval(facts)?),
            // INVARIANT: a comparison with a length is a residual, never `Arith`.
            Self::Length(_) => Err(Failure::Limit),
        }
    }

    /// Whether it contains the length of a text, so that only rhai can work it out.
    pub(crate) fn has_text(&self) -> bool {
        match self {
            Self::Const(_) | Self::Fact(_) => false,
            Self::Negated(operand) => operand.has_text(),
            Self::Binary(_, operands) => operands.0.has_text() || operands.1.has_text(),
            Self::Length(_) => true,
        }
    }

    pub(crate) fn slots(&self, visit: &mut impl FnMut(u16)) {
        match self {
            Self::Const(_) => {}
            Self::Fact(slot) => visit(*slot),
            Self::Negated(operand) => operand.slots(visit),
            Self::Binary(_, operands) => {
                operands.0.slots(visit);
                operands.1.slots(visit);
            }
            Self::Length(text) => text.slots(visit),
        }
    }
}

impl Text {
    pub(crate) fn slots(&self, visit: &mut impl FnMut(u16)) {
        match self {
            Self::Literal(_) => {}
            Self::Fact(slot) => visit(*slot),
            Self::Concat(parts) => {
                parts.0.slots(visit);
                parts.1.slots(visit);
            }
        }
    }
}
