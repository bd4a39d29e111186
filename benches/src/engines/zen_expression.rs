//! ZEN's expression language, row by row: compiled once, one machine and one scope for all rules of a decision.

use rust_decimal::Decimal;
use zen_expression::expression::Standard;
use zen_expression::scope::Scope;
use zen_expression::variable::Variable;
use zen_expression::vm::VM;
use zen_expression::{Expression, compile_expression};

use super::Engine;
use crate::workload::{Context, Workload, ZEN};

/// The compiled rules.
pub struct ZenExpression<'a> {
    rules: Vec<Expression<Standard>>,
    machine: VM,
    contexts: &'a [Context],
}

impl std::fmt::Debug for ZenExpression<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ZenExpression({})", self.rules.len())
    }
}

impl<'a> ZenExpression<'a> {
    /// Compiles every rule.
    ///
    /// # Panics
    /// When ZEN refuses a rule.
    #[must_use]
    pub fn new(workload: &'a Workload) -> Self {
        let compile = |text: String| compile_expression(&text).expect("ZEN takes every rule");
        let rules = workload.rules.iter().map(|rule| compile(ZEN.rule(rule))).collect();
        Self { rules, machine: VM::new(), contexts: &workload.contexts }
    }
}

impl Engine for ZenExpression<'_> {
    fn name(&self) -> &'static str {
        "zen-expression 2.1, row by row"
    }

    fn decide(&mut self, context: usize) -> usize {
        let Self { rules, machine, contexts } = self;
        let scope = Scope::new(variable(&contexts[context]));
        let mut holds = |rule: &Expression<Standard>| {
            let value = rule.evaluate_with_scope(&scope, machine).expect("ZEN decides every rule");
            value.as_bool().expect("ZEN decides by a truth value")
        };
        rules.iter().position(&mut holds).expect("the last rule fits always")
    }
}

/// A context in ZEN's form.
pub(super) fn variable(context: &Context) -> Variable {
    let text = |text: &str| Variable::String(Variable::key(text));
    let number = |number: i64| Variable::Number(Decimal::from(number));
    let object = Variable::empty_object();
    object.dot_insert("channel", text(context.channel));
    object.dot_insert("handler", text(context.handler));
    object.dot_insert("tier", text(context.tier));
    object.dot_insert("locale", text(context.locale));
    object.dot_insert("queue", text(&context.queue));
    object.dot_insert("messages", number(context.messages));
    object.dot_insert("idle_ms", number(context.idle));
    object.dot_insert("authenticated", Variable::Bool(context.authenticated));
    object
}
