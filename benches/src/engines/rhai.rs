//! rhai, row by row: one compiled expression per rule, a raw engine, one scope that is filled once per decision.

use rhai::packages::{BasicArrayPackage, Package};
use rhai::{AST, Engine as Interpreter, Scope};

use super::Engine;
use crate::workload::{Context, RHAI, Workload};

/// The interpreter and the rules' syntax trees.
#[derive(Debug)]
pub struct Rhai<'a> {
    interpreter: Interpreter,
    rules: Vec<AST>,
    scope: Scope<'static>,
    contexts: &'a [Context],
}

impl<'a> Rhai<'a> {
    /// Compiles every rule.
    ///
    /// # Panics
    /// When rhai refuses a rule.
    #[must_use]
    pub fn new(workload: &'a Workload) -> Self {
        let mut interpreter = Interpreter::new_raw();
        // Without it a raw engine has no `in` for lists.
        BasicArrayPackage::new().register_into_engine(&mut interpreter);
        let compile = |text: String| interpreter.compile_expression(text).expect("rhai takes every rule");
        let rules = workload.rules.iter().map(|rule| compile(RHAI.rule(rule))).collect();
        Self { interpreter, rules, scope: Scope::new(), contexts: &workload.contexts }
    }

    fn fill(&mut self, context: usize) {
        let context = &self.contexts[context];
        self.scope.clear();
        self.scope.push("channel", context.channel.to_owned());
        self.scope.push("handler", context.handler.to_owned());
        self.scope.push("tier", context.tier.to_owned());
        self.scope.push("locale", context.locale.to_owned());
        self.scope.push("queue", context.queue.clone());
        self.scope.push("messages", context.messages);
        self.scope.push("idle_ms", context.idle);
        self.scope.push("authenticated", context.authenticated);
    }
}

impl Engine for Rhai<'_> {
    fn name(&self) -> &'static str {
        "rhai 1.27, row by row"
    }

    fn decide(&mut self, context: usize) -> usize {
        self.fill(context);
        let Self { interpreter, rules, scope, .. } = self;
        let holds = |rule: &AST| interpreter.eval_ast_with_scope::<bool>(scope, rule).expect("rhai decides every rule");
        rules.iter().position(holds).expect("the last rule fits always")
    }
}
