//! The two rhai engines: one that only parses, one that only works out what was not lowered.
//!
//! Both are made with `Engine::new_raw`, which has no way to the outside: no files, no `import`, no clock, no printing.
//! All limits are written out, so that a debug build accepts and refuses exactly what a release build does. The parsing
//! engine never sees values (a live scope would be folded into the tree), the working one never sees an admin's text:
//! it runs what [`Residual`] prints from the checked tree.

use std::fmt::Write as _;
use std::sync::LazyLock;

use rhai::{AST, Array, Dynamic, Engine, EvalAltResult, ImmutableString, OptimizationLevel, ParseError, Scope};

use super::ir::{Given, Num, Relation, Text, number};
use crate::choose::Failure;

/// The longest text of a predicate, in bytes.
pub(crate) const MAX_LENGTH: usize = 4_096;
/// How deeply brackets and prefix operators may be nested.
pub(crate) const MAX_NESTING: usize = 32;
/// How many operators may follow each other; rhai builds a tree as deep as a chain is long.
pub(crate) const MAX_DEPTH: usize = 128;
/// How many steps the interpreter may take for one part of one predicate.
const MAX_OPERATIONS: u64 = 10_000;
/// The longest text that a predicate may work with, in bytes.
const MAX_TEXT: usize = 65_536;

/// What an expression has no use for. The scanner refuses these words first, with better messages.
const DISABLED: [&str; 12] =
    ["eval", "Fn", "call", "curry", "print", "debug", "type_of", "is_def_var", "is_shared", "this", "if", "switch"];

static PARSER: LazyLock<Engine> = LazyLock::new(|| {
    let mut engine = limited(MAX_DEPTH);
    for symbol in DISABLED {
        engine.disable_symbol(symbol);
    }
    engine
});

static WORKER: LazyLock<Engine> = LazyLock::new(|| {
    // What it runs was printed with brackets, which count as depth.
    let mut engine = limited(MAX_DEPTH * 4);
    engine.register_fn("starts_with", |text: &str, part: &str| text.starts_with(part));
    engine.register_fn("ends_with", |text: &str, part: &str| text.ends_with(part));
    engine.register_fn("contains", |text: &str, part: &str| text.contains(part));
    engine.register_fn("contains", contains_text);
    engine.register_fn("contains", contains_number);
    engine.register_fn("len", |text: &str| i64::try_from(text.chars().count()).unwrap_or(i64::MAX));
    engine.register_fn("-", negate);
    engine
});

fn limited(depth: usize) -> Engine {
    let mut engine = Engine::new_raw();
    engine.set_optimization_level(OptimizationLevel::None);
    engine.set_max_expr_depths(depth, depth);
    engine.set_max_operations(MAX_OPERATIONS);
    engine.set_max_string_size(MAX_TEXT);
    engine.set_max_array_size(MAX_LENGTH);
    engine.set_max_map_size(1);
    engine.set_max_call_levels(8);
    engine.set_max_variables(MAX_LENGTH);
    engine.set_max_functions(0);
    engine
}

fn contains_text(list: &mut Array, sought: ImmutableString) -> bool {
    list.iter().any(|item| item.read_lock::<ImmutableString>().is_some_and(|text| *text == sought))
}

fn contains_number(list: &mut Array, sought: i64) -> bool {
    list.iter().any(|item| item.as_int() == Ok(sought))
}

fn negate(number: i64) -> Result<i64, Box<EvalAltResult>> {
    let overflow = || EvalAltResult::ErrorArithmetic("negation overflow".into(), rhai::Position::NONE).into();
    number.checked_neg().ok_or_else(overflow)
}

/// Parses one expression, knowing of no variables.
pub(crate) fn parse(text: &str) -> Result<AST, ParseError> {
    PARSER.compile_expression(text)
}

/// A truth value that only rhai can work out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Test {
    Numbers(Relation, Num, Num),
    Texts(Relation, Text, Text),
    /// `text.contains(part)`, `starts_with`, `ends_with`.
    Part(&'static str, Text, Text),
    NumberIn(Num, Vec<Num>),
    TextIn(Text, Vec<Text>),
}

/// A part of a predicate that rhai evaluates on the values themselves.
#[derive(Clone, Debug)]
pub(crate) struct Residual {
    test: Test,
    ast: AST,
    /// The facts it reads, sorted; `true` for texts.
    facts: Vec<Variable>,
}

#[derive(Clone, Debug)]
struct Variable {
    slot: u16,
    is_text: bool,
    name: Box<str>,
}

/// Two residuals are the same when they state the same.
impl PartialEq for Residual {
    fn eq(&self, other: &Self) -> bool {
        self.test == other.test
    }
}

impl Residual {
    /// Prints the test for rhai and compiles it; `None` when it is more than rhai's limits allow.
    pub(crate) fn new(test: Test) -> Option<Self> {
        let mut printer = Printer::default();
        printer.test(&test).ok()?;
        let ast = WORKER.compile_expression(&printer.text).ok()?;
        Some(Self { test, ast, facts: printer.facts })
    }

    /// The slots it reads.
    pub(crate) fn slots(&self) -> impl Iterator<Item = u16> {
        self.facts.iter().map(|variable| variable.slot)
    }

    /// # Errors
    /// When arithmetic in it fails, or a limit stops it.
    pub(crate) fn eval(&self, given: Given<'_>) -> Result<bool, Failure> {
        let mut scope = Scope::new();
        for variable in &self.facts {
            scope.push_dynamic(&*variable.name, variable.value(given));
        }
        WORKER.eval_ast_with_scope::<bool>(&mut scope, &self.ast).map_err(|error| failure(&error))
    }

    /// Its value, when it reads no facts.
    pub(crate) fn constant(&self) -> Option<Result<bool, Failure>> {
        let run = || WORKER.eval_ast::<bool>(&self.ast).map_err(|error| failure(&error));
        self.facts.is_empty().then(run)
    }
}

impl Variable {
    fn value(&self, given: Given<'_>) -> Dynamic {
        if !self.is_text {
            return number(given.facts, self.slot).into();
        }
        let fact = given.table.live().get(usize::from(self.slot));
        fact.map_or("", |fact| given.facts.text(given.table, *fact)).into()
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "what is not arithmetic can only be a limit: types were checked")]
fn failure(error: &EvalAltResult) -> Failure {
    match error.unwrap_inner() {
        EvalAltResult::ErrorArithmetic(message, _) if is_by_zero(message) => Failure::DivisionByZero,
        EvalAltResult::ErrorArithmetic(..) => Failure::Overflow,
        _ => Failure::Limit,
    }
}

/// rhai has one kind of error for all arithmetic; its words tell which.
fn is_by_zero(message: &str) -> bool {
    message.starts_with("Division by zero") || message.ends_with("% 0")
}

/// Writes a checked test as a rhai expression over variables named by slot.
#[derive(Default)]
struct Printer {
    text: String,
    facts: Vec<Variable>,
}

impl Printer {
    fn test(&mut self, test: &Test) -> std::fmt::Result {
        match test {
            Test::Numbers(relation, left, right) => {
                self.number(left)?;
                write!(self.text, " {} ", relation.text())?;
                self.number(right)
            }
            Test::Texts(relation, left, right) => {
                self.chars(left)?;
                write!(self.text, " {} ", relation.text())?;
                self.chars(right)
            }
            Test::Part(function, text, part) => {
                write!(self.text, "{function}(")?;
                self.chars(text)?;
                self.text.push(',');
                self.chars(part)?;
                self.text.push(')');
                Ok(())
            }
            Test::NumberIn(number, list) => {
                self.number(number)?;
                self.list(list, Self::number)
            }
            Test::TextIn(text, list) => {
                self.chars(text)?;
                self.list(list, Self::chars)
            }
        }
    }

    fn list<T>(&mut self, list: &[T], print: fn(&mut Self, &T) -> std::fmt::Result) -> std::fmt::Result {
        self.text.push_str(" in [");
        for item in list {
            print(self, item)?;
            self.text.push(',');
        }
        self.text.push(']');
        Ok(())
    }

    fn number(&mut self, number: &Num) -> std::fmt::Result {
        match number {
            // The smallest number has no literal in rhai.
            Num::Const(i64::MIN) => self.text.push_str("(-9223372036854775807 - 1)"),
            Num::Const(value) => write!(self.text, "({value})")?,
            Num::Fact(slot) => self.variable(*slot, false)?,
            Num::Negated(operand) => {
                self.text.push_str("(-(");
                self.number(operand)?;
                self.text.push_str("))");
            }
            Num::Binary(operator, operands) => {
                self.text.push('(');
                self.number(&operands.0)?;
                write!(self.text, " {} ", operator.text())?;
                self.number(&operands.1)?;
                self.text.push(')');
            }
            Num::Length(text) => {
                self.text.push_str("len(");
                self.chars(text)?;
                self.text.push(')');
            }
        }
        Ok(())
    }

    fn chars(&mut self, text: &Text) -> std::fmt::Result {
        match text {
            Text::Literal(literal) => self.literal(literal)?,
            Text::Fact(slot) => self.variable(*slot, true)?,
            Text::Concat(parts) => {
                self.text.push('(');
                self.chars(&parts.0)?;
                self.text.push_str(" + ");
                self.chars(&parts.1)?;
                self.text.push(')');
            }
        }
        Ok(())
    }

    fn literal(&mut self, literal: &str) -> std::fmt::Result {
        self.text.push('"');
        for c in literal.chars() {
            match c {
                '"' | '\\' => write!(self.text, "\\{c}")?,
                c if c.is_ascii_control() => write!(self.text, "\\x{:02x}", u32::from(c))?,
                c => self.text.push(c),
            }
        }
        self.text.push('"');
        Ok(())
    }

    fn variable(&mut self, slot: u16, is_text: bool) -> std::fmt::Result {
        if !self.facts.iter().any(|held| held.slot == slot) {
            self.facts.push(Variable { slot, is_text, name: format!("f{slot}").into() });
        }
        write!(self.text, "f{slot}")
    }
}
