//! Dotted names and calls: facts in groups, functions of texts, lengths of time, calendars and timers.

use rhai::{ASTFlags, Expr, FnCallExpr, Position};

use super::super::facts;
use super::super::faults::{self, fault};
use super::super::ir::{Num, Operator, Span, Text};
use super::super::sandbox::Test;
use super::{Typed, Value, Walk};

/// How many milliseconds a length of time has.
fn unit(function: &str) -> Option<i64> {
    Some(match function {
        "seconds" => 1_000,
        "minutes" => 60_000,
        "hours" => 3_600_000,
        "days" => 86_400_000,
        _ => return None,
    })
}

/// One link of `a.b.c(…)` after its head.
enum Link<'a> {
    Name(Position),
    Call(&'a FnCallExpr, Position),
    Other(Position),
}

impl Walk<'_> {
    /// `customer.tier`, `queue.contains("x")`, `customer.tier.len()`.
    pub(super) fn chain(&mut self, expr: &Expr) -> Typed {
        let mut links = Vec::new();
        let head = unfold(expr, &mut links);
        let mut links = links.into_iter().peekable();
        let mut typed = if let Expr::Variable(variable, _, at) = head {
            let mut name = variable.1.to_string();
            let mut span = self.token(*at);
            while let Some(Link::Name(at)) = links.next_if(|link| matches!(link, Link::Name(_))) {
                let part = self.token(at);
                name.push('.');
                name.push_str(self.tokens.text(part));
                span.end = part.end;
            }
            self.named(&name, span)
        } else {
            self.typed(head)
        };
        for link in links {
            typed = self.link(typed, &link);
        }
        typed
    }

    fn link(&mut self, base: Typed, link: &Link<'_>) -> Typed {
        match link {
            Link::Call(call, at) => {
                let end = self.tokens.to_close(self.tokens.at(*at)).end;
                let span = Span { start: self.tokens.widen(base.span).start, end };
                self.method(base, call, span)
            }
            Link::Name(at) => {
                let span = self.token(*at);
                let name = self.tokens.text(span);
                let found = fault(faults::UNKNOWN_FACT, span, format!("there is no `.{name}` here")).label("unknown");
                self.unknown(found, span)
            }
            Link::Other(at) => self.foreign(*at),
        }
    }

    fn method(&mut self, base: Typed, call: &FnCallExpr, span: Span) -> Typed {
        let args: Vec<Typed> = call.args.iter().map(|arg| self.typed(arg)).collect();
        let name = call.name.as_str();
        let function = match name {
            "len" => "len",
            "contains" => "contains",
            "starts_with" => "starts_with",
            "ends_with" => "ends_with",
            _ => return self.unknown(faults::call(span, name), span),
        };
        let text = match base.value {
            Value::Text(text) => text,
            Value::Unknown => return Typed::new(Value::Unknown, span),
            Value::Bool(_) | Value::Num(_) | Value::Date(_) | Value::List(_) => {
                let found =
                    fault(faults::OPERAND, base.span, format!("`{name}` is a function of texts")).label(base.what());
                return self.unknown(found, span);
            }
        };
        match (function, <[Typed; 1]>::try_from(args)) {
            ("len", Err(none)) if none.is_empty() => length(text, span),
            ("len", _) => self.unknown(faults::arguments(span, "len", "nothing between its brackets"), span),
            (_, Ok([Typed { value: Value::Text(part), .. }])) => self.residual(Test::Part(function, text, part), span),
            (_, Ok([Typed { value: Value::Unknown, .. }])) => Typed::new(Value::Unknown, span),
            (_, Ok([other])) => self.unknown(faults::arguments(other.span, name, "a text").label(other.what()), span),
            (_, Err(_)) => self.unknown(faults::arguments(span, name, "one text"), span),
        }
    }

    /// `hours(2)`, `in_hours("support")`, `timer("alert")`.
    pub(super) fn function(&mut self, name: &str, args: &[Expr], at: Position) -> Typed {
        let span = self.tokens.to_close(self.tokens.at(at));
        match (name, unit(name)) {
            (_, Some(unit)) => self.length_of_time(name, unit, args, span),
            ("in_hours" | "timer", _) => self.pseudo_fact(name, args, span),
            ("starts_with" | "ends_with" | "contains" | "len", _) => {
                let help = format!("write it after the text: `queue.{name}(…)`");
                self.unknown(faults::call(span, name).help(help), span)
            }
            _ => {
                for arg in args {
                    self.typed(arg);
                }
                self.unknown(faults::call(span, name), span)
            }
        }
    }

    fn length_of_time(&mut self, name: &str, unit: i64, args: &[Expr], span: Span) -> Typed {
        let [arg] = args else {
            return self.unknown(faults::arguments(span, name, "one number"), span);
        };
        let arg = self.typed(arg);
        match arg.value {
            Value::Num(num) => self.binary(Operator::Multiply, num, Num::Const(unit), span),
            Value::Unknown => Typed::new(Value::Unknown, span),
            Value::Bool(_) | Value::Date(_) | Value::Text(_) | Value::List(_) => {
                self.unknown(faults::arguments(arg.span, name, "a number").label(arg.what()), span)
            }
        }
    }

    fn pseudo_fact(&mut self, name: &str, args: &[Expr], span: Span) -> Typed {
        let [Expr::StringConstant(argument, at)] = args else {
            let wanted =
                if name == "timer" { "the name of a timer, in quotes" } else { "the name of a calendar, in quotes" };
            return self.unknown(faults::arguments(span, name, wanted), span);
        };
        match facts::find_call(self.table, name, argument, self.token(*at)) {
            Ok(fact) => self.fact(fact, span),
            Err(fault) => self.unknown(fault, span),
        }
    }
}

fn length(text: Text, span: Span) -> Typed {
    let num = match &text {
        Text::Literal(literal) => Num::Const(i64::try_from(literal.chars().count()).unwrap_or(i64::MAX)),
        Text::Fact(_) | Text::Concat(_) => Num::Length(Box::new(text)),
    };
    Typed::new(Value::Num(num), span)
}

/// The head of a chain; its links in order. rhai nests a chain to the right: `a.(b.(c))`.
fn unfold<'a>(expr: &'a Expr, links: &mut Vec<Link<'a>>) -> &'a Expr {
    let Expr::Dot(pair, flags, at) = expr else { return expr };
    let head = unfold(&pair.lhs, links);
    if flags.contains(ASTFlags::NEGATED) {
        links.push(Link::Other(*at));
    }
    push_links(&pair.rhs, links);
    head
}

fn push_links<'a>(mut rest: &'a Expr, links: &mut Vec<Link<'a>>) {
    while let Expr::Dot(pair, flags, at) = rest {
        links.push(link(&pair.lhs));
        if flags.contains(ASTFlags::NEGATED) {
            links.push(Link::Other(*at));
        }
        rest = &pair.rhs;
    }
    links.push(link(rest));
}

fn link(expr: &Expr) -> Link<'_> {
    if let Expr::Property(_, at) = expr {
        return Link::Name(*at);
    }
    if let Expr::MethodCall(call, at) = expr { Link::Call(call, *at) } else { Link::Other(expr.start_position()) }
}
