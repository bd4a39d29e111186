//! From rhai's syntax tree to the typed conditions of [`super::ir`], with every fault on the way.
//!
//! The walk never stops at a fault: what could not be understood becomes [`Value::Unknown`], which fits everywhere and
//! is complained about only once.

mod calls;
mod compare;
mod lists;

use rhai::{Expr, FnCallExpr, ParseError, ParseErrorType, Position, Stmt};

use super::Fault;
use super::facts;
use super::faults::{self, fault};
use super::ir::{Cond, Kind, Num, Operator, Relation, Span, Text, all, any};
use super::sandbox;
use super::scan::Tokens;
use crate::facts::{FactId, FactSource, FactTable, FactType, Name, Value as FactValue};

/// Checks a predicate.
///
/// # Errors
/// Everything that is wrong with it.
pub(super) fn compile(text: &str, table: &mut FactTable) -> Result<Cond, Vec<Fault>> {
    let tokens = Tokens::scan(text)?;
    let ast = sandbox::parse(&tokens.masked()).map_err(|error| vec![syntax(&error, &tokens, text)])?;
    let [Stmt::Expr(root)] = ast.statements() else {
        let whole = Span::new(0, text.len());
        return Err(vec![fault(faults::SYNTAX, whole, "a predicate is one expression")]);
    };
    let mut walk = Walk { table, tokens: &tokens, faults: Vec::new() };
    let typed = walk.typed(root);
    let cond = walk.condition(typed);
    match cond {
        Some(cond) if walk.faults.is_empty() => Ok(cond),
        _ => Err(walk.faults),
    }
}

/// What an expression is worth, as far as it can be told before there are facts.
#[derive(Clone, Debug)]
enum Value {
    Bool(Cond),
    Num(Num),
    /// A date: days since 1970.
    Date(Num),
    Text(Text),
    List(Vec<Typed>),
    /// Something that was complained about already.
    Unknown,
}

/// A value and the part of the text that states it.
#[derive(Clone, Debug)]
struct Typed {
    value: Value,
    span: Span,
}

impl Typed {
    const fn new(value: Value, span: Span) -> Self {
        Self { value, span }
    }

    /// For people.
    const fn what(&self) -> &'static str {
        match &self.value {
            Value::Bool(_) => "a truth value",
            Value::Num(_) => "a number",
            Value::Date(_) => "a date",
            Value::Text(_) => "a text",
            Value::List(_) => "a list",
            Value::Unknown => "unknown",
        }
    }
}

struct Walk<'a> {
    table: &'a mut FactTable,
    tokens: &'a Tokens<'a>,
    faults: Vec<Fault>,
}

impl Walk<'_> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "rhai may add nodes; what is not listed is not allowed")]
    fn typed(&mut self, expr: &Expr) -> Typed {
        match expr {
            Expr::BoolConstant(value, at) => {
                let span = self.token(*at);
                Typed::new(Value::Bool(Cond::new(Kind::Const(*value), span)), span)
            }
            Expr::IntegerConstant(value, at) => Typed::new(Value::Num(Num::Const(*value)), self.literal(*at)),
            Expr::StringConstant(text, at) => {
                Typed::new(Value::Text(Text::Literal(text.as_str().into())), self.token(*at))
            }
            Expr::Variable(variable, _, at) => self.named(&variable.1, self.token(*at)),
            Expr::Dot(..) => self.chain(expr),
            Expr::FnCall(call, at) => self.call(call, *at),
            Expr::And(parts, _) => self.joined(parts, false),
            Expr::Or(parts, _) => self.joined(parts, true),
            Expr::Array(items, at) => self.array(items, *at),
            _ => self.foreign(expr.start_position()),
        }
    }

    fn token(&self, at: Position) -> Span {
        self.tokens.span(self.tokens.at(at))
    }

    /// A number, which rhai has joined with the sign in front of it.
    fn literal(&self, at: Position) -> Span {
        self.tokens.to_operand(self.tokens.at(at))
    }

    fn unknown(&mut self, fault: Fault, span: Span) -> Typed {
        self.faults.push(fault);
        Typed::new(Value::Unknown, span)
    }

    fn foreign(&mut self, at: Position) -> Typed {
        let span = self.token(at);
        let written = self.tokens.text(span).to_owned();
        self.unknown(faults::not_expression(span, &written), span)
    }

    /// A value as a condition.
    fn condition(&mut self, typed: Typed) -> Option<Cond> {
        match typed.value {
            Value::Bool(cond) => Some(cond),
            Value::Unknown => None,
            Value::Num(_) | Value::Date(_) | Value::Text(_) | Value::List(_) => {
                self.faults.push(faults::not_bool(typed.span, typed.what()));
                None
            }
        }
    }

    fn joined(&mut self, parts: &[Expr], decisive: bool) -> Typed {
        let parts: Vec<Typed> = parts.iter().map(|part| self.typed(part)).collect();
        let ends = parts.first().zip(parts.last()).map(|(first, last)| (first.span, last.span));
        let span = ends.map_or(Span::default(), |(first, last)| self.tokens.join(first, last));
        let count = parts.len();
        let conds: Vec<Cond> = parts.into_iter().filter_map(|part| self.condition(part)).collect();
        if conds.len() < count {
            return Typed::new(Value::Unknown, span);
        }
        let cond = if decisive { any(conds, span) } else { all(conds, span) };
        Typed::new(Value::Bool(cond), span)
    }

    /// A fact by its whole name.
    fn named(&mut self, name: &str, span: Span) -> Typed {
        match facts::find(self.table, name, span) {
            Ok(fact) => self.fact(fact, span),
            Err(fault) => self.unknown(fault, span),
        }
    }

    fn fact(&mut self, fact: FactId, span: Span) -> Typed {
        let Some(def) = self.table.get(fact) else { return Typed::new(Value::Unknown, span) };
        if let FactSource::Constant(value) = &def.source {
            return Typed::new(constant(value, &def.ty, span), span);
        }
        let ty = def.ty.clone();
        let slot = self.table.read(fact).0;
        let value = match ty {
            FactType::Text(_) => Value::Text(Text::Fact(slot)),
            FactType::Bool => Value::Bool(Cond::new(Kind::Compare { slot, relation: Relation::Equal, value: 1 }, span)),
            FactType::Int | FactType::Duration => Value::Num(Num::Fact(slot)),
            FactType::Date => Value::Date(Num::Fact(slot)),
            FactType::TextList => Value::List(Vec::new()),
        };
        Typed::new(value, span)
    }

    fn call(&mut self, call: &FnCallExpr, at: Position) -> Typed {
        match (call.name.as_str(), call.args.as_slice()) {
            ("!", [operand]) => self.not(operand, at),
            ("-", [operand]) => self.signed(operand, at, true),
            ("+", [operand]) => self.signed(operand, at, false),
            ("contains", [list, item]) if self.tokens.text(self.token(at)) != "contains" => self.within(item, list),
            (name, [left, right]) if call.is_operator_call() => {
                if let Some(relation) = Relation::parse(name) {
                    return self.comparison(relation, left, right);
                }
                match Operator::parse(name) {
                    Some(operator) => self.arithmetic(operator, left, right),
                    None => self.foreign(at),
                }
            }
            (name, args) => self.function(name, args, at),
        }
    }

    fn not(&mut self, operand: &Expr, at: Position) -> Typed {
        let operand = self.typed(operand);
        let wide = self.tokens.widen(operand.span);
        let span = Span { start: self.token(at).start.min(wide.start), end: wide.end };
        match self.condition(operand) {
            Some(cond) => Typed::new(Value::Bool(Cond { span, ..cond }.negate()), span),
            None => Typed::new(Value::Unknown, span),
        }
    }

    fn signed(&mut self, operand: &Expr, at: Position, negative: bool) -> Typed {
        let operand = self.typed(operand);
        let span = Span { start: self.token(at).start, end: self.tokens.widen(operand.span).end };
        match operand.value {
            Value::Num(num) if !negative => Typed::new(Value::Num(num), span),
            Value::Num(Num::Const(value)) => match value.checked_neg() {
                Some(value) => Typed::new(Value::Num(Num::Const(value)), span),
                None => self.unknown(faults::constant(span, crate::choose::Failure::Overflow), span),
            },
            Value::Num(num) => Typed::new(Value::Num(Num::Negated(Box::new(num))), span),
            Value::Unknown => Typed::new(Value::Unknown, span),
            Value::Bool(_) | Value::Date(_) | Value::Text(_) | Value::List(_) => {
                let sign = if negative { "-" } else { "+" };
                let fault = faults::arguments(operand.span, sign, "a number").label(operand.what());
                self.unknown(fault, span)
            }
        }
    }

    fn arithmetic(&mut self, operator: Operator, left: &Expr, right: &Expr) -> Typed {
        let (left, right) = (self.typed(left), self.typed(right));
        let span = self.tokens.join(left.span, right.span);
        match (left.value, right.value) {
            (Value::Num(left), Value::Num(right)) => self.binary(operator, left, right, span),
            (Value::Text(left), Value::Text(right)) if operator == Operator::Add => {
                Typed::new(Value::Text(concat(left, right)), span)
            }
            (Value::Unknown, _) | (_, Value::Unknown) => Typed::new(Value::Unknown, span),
            (left_value, right_value) => {
                let right = Typed::new(right_value, right.span);
                let left = Typed::new(left_value, left.span);
                let fits = match left.value {
                    Value::Num(_) => true,
                    Value::Text(_) => operator == Operator::Add,
                    Value::Bool(_) | Value::Date(_) | Value::List(_) | Value::Unknown => false,
                };
                let wrong = if fits { &right } else { &left };
                let message =
                    format!("`{}` works on two numbers, not on {} and {}", operator.text(), left.what(), right.what());
                let found = fault(faults::OPERAND, wrong.span, message).label(wrong.what());
                self.unknown(found, span)
            }
        }
    }

    fn binary(&mut self, operator: Operator, left: Num, right: Num, span: Span) -> Typed {
        let by_zero = matches!(operator, Operator::Divide | Operator::Remainder) && right == Num::Const(0);
        let result = match (&left, &right) {
            (Num::Const(left), Num::Const(right)) => operator.apply(*left, *right).map(Num::Const),
            _ if by_zero => Err(crate::choose::Failure::DivisionByZero),
            _ => Ok(Num::Binary(operator, Box::new((left, right)))),
        };
        match result {
            Ok(num) => Typed::new(Value::Num(num), span),
            Err(failure) => self.unknown(faults::constant(span, failure), span),
        }
    }
}

fn concat(left: Text, right: Text) -> Text {
    match (left, right) {
        (Text::Literal(left), Text::Literal(right)) => Text::Literal(format!("{left}{right}").into()),
        (left, right) => Text::Concat(Box::new((left, right))),
    }
}

fn constant(value: &FactValue, ty: &FactType, span: Span) -> Value {
    let text = |text: &Name| Value::Text(Text::Literal(text.clone()));
    match value {
        FactValue::Text(value) => text(value),
        FactValue::Bool(value) => Value::Bool(Cond::new(Kind::Const(*value), span)),
        FactValue::Int(value) if *ty == FactType::Date => Value::Date(Num::Const(*value)),
        FactValue::Int(value) => Value::Num(Num::Const(*value)),
        FactValue::TextList(values) => Value::List(values.iter().map(|value| Typed::new(text(value), span)).collect()),
    }
}

/// What rhai's parser found, in our words.
#[expect(clippy::wildcard_enum_match_arm, reason = "only a few of the parser's errors have words of their own")]
fn syntax(error: &ParseError, tokens: &Tokens<'_>, text: &str) -> Fault {
    let end = Span::new(text.len(), text.len());
    let at = error.position();
    let span = if at.is_none() { end } else { tokens.span(tokens.at(at)) };
    let written = tokens.text(span);
    match error.err_type() {
        ParseErrorType::UnexpectedEOF if text.trim().is_empty() => {
            fault(faults::SYNTAX, end, "the predicate is empty").help("leave `when` out for a rule that always holds")
        }
        ParseErrorType::UnexpectedEOF => {
            fault(faults::SYNTAX, end, "the predicate breaks off").label("something is missing here")
        }
        ParseErrorType::ExprTooDeep => faults::too_complex(span),
        ParseErrorType::LiteralTooLarge(..) => faults::too_complex(span),
        ParseErrorType::MismatchedType(..) => faults::not_bool(span, "not a condition").label("not true or false"),
        ParseErrorType::MissingToken(missing, _) => {
            fault(faults::SYNTAX, span, format!("`{missing}` is missing")).label(format!("`{missing}` expected"))
        }
        ParseErrorType::Reserved(word) => fault(faults::SYNTAX, span, format!("`{word}` is a reserved word"))
            .label("can not be a name here")
            .help("give the fact another name"),
        _ if written.is_empty() => {
            fault(faults::SYNTAX, end, "the predicate breaks off").label("something is missing here")
        }
        _ => fault(faults::SYNTAX, span, format!("`{written}` makes no sense here")).label("not expected"),
    }
}
