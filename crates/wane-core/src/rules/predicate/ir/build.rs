//! Putting conditions together: `&&`, `||` and `!`, in the simplest form that means and fails the same.

use super::{Cond, Kind, Span};

impl Cond {
    /// The opposite. A failure stays a failure.
    pub(crate) fn negate(self) -> Self {
        let span = self.span;
        let each = |parts: Vec<Self>| parts.into_iter().map(|part| Self { span, ..part.negate() }).collect();
        let kind = match self.kind {
            Kind::Const(value) => Kind::Const(!value),
            Kind::Compare { slot, relation, value } => Kind::Compare { slot, relation: relation.negated(), value },
            Kind::Among { slot, values, negated } => Kind::Among { slot, values, negated: !negated },
            Kind::Arith { relation, left, right } => Kind::Arith { relation: relation.negated(), left, right },
            Kind::Same { sides, negated } => Kind::Same { sides, negated: !negated },
            Kind::All(parts) => Kind::Any(each(parts)),
            Kind::Any(parts) => Kind::All(each(parts)),
            Kind::Residual { residual, negated } => Kind::Residual { residual, negated: !negated },
        };
        Self { kind, span }
    }
}

/// All of these together, in order, with constants taken out where that changes no failure.
pub(crate) fn all(parts: Vec<Cond>, span: Span) -> Cond {
    join(parts, span, false)
}

/// Any of these, in order, with constants taken out where that changes no failure.
pub(crate) fn any(parts: Vec<Cond>, span: Span) -> Cond {
    join(parts, span, true)
}

/// `decisive` is the value with which one part decides the whole.
fn join(parts: Vec<Cond>, span: Span, decisive: bool) -> Cond {
    let mut kept: Vec<Cond> = Vec::with_capacity(parts.len());
    for part in parts {
        match part.kind {
            Kind::Const(value) if value != decisive => {}
            // What stands before it may still fail, and then fails the whole predicate, even under `!`.
            Kind::Const(_) if kept.iter().all(Cond::infallible) => return Cond::new(Kind::Const(decisive), span),
            Kind::Const(_) => {
                kept.push(part);
                break;
            }
            Kind::All(inner) if !decisive => kept.extend(inner),
            Kind::Any(inner) if decisive => kept.extend(inner),
            Kind::All(_) | Kind::Any(_) | Kind::Compare { .. } | Kind::Among { .. } => kept.push(part),
            Kind::Arith { .. } | Kind::Same { .. } | Kind::Residual { .. } => kept.push(part),
        }
    }
    match kept.len() {
        0 => Cond::new(Kind::Const(!decisive), span),
        1 => kept.pop().unwrap_or(Cond::new(Kind::Const(!decisive), span)),
        _ if decisive => Cond::new(Kind::Any(kept), span),
        _ => Cond::new(Kind::All(kept), span),
    }
}
