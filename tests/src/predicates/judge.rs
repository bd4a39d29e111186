//! rhai itself as the judge of what a predicate is worth.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use rhai::{AST, Dynamic, Engine, EvalAltResult, Map, OptimizationLevel, Scope};
use wane_core::choose::Failure;
use wane_core::facts::{FactType, Value};

use super::schema::{DAYS, Schema, World};

/// rhai, running whole texts.
#[derive(Debug)]
pub struct Judge {
    engine: Engine,
    /// What `in_hours` and `timer` answer, by the fact's name.
    answers: Arc<Mutex<BTreeMap<String, Dynamic>>>,
}

impl Default for Judge {
    fn default() -> Self {
        Self::new()
    }
}

impl Judge {
    /// A judge with rhai's standard library and the functions of predicates.
    #[must_use]
    pub fn new() -> Self {
        let mut engine = Engine::new();
        engine.set_optimization_level(OptimizationLevel::None);
        engine.set_max_expr_depths(1_024, 1_024);
        for (name, unit) in [("seconds", 1_000), ("minutes", 60_000), ("hours", 3_600_000), ("days", 86_400_000_i64)] {
            engine.register_fn(name, move |count: i64| -> Result<i64, Box<EvalAltResult>> {
                let error = || EvalAltResult::ErrorArithmetic("overflow".into(), rhai::Position::NONE).into();
                count.checked_mul(unit).ok_or_else(error)
            });
        }
        let answers = Arc::new(Mutex::new(BTreeMap::new()));
        for function in ["in_hours", "timer"] {
            let answers = Arc::clone(&answers);
            engine.register_fn(function, move |argument: &str| -> Dynamic {
                let name = format!("{function}(\"{argument}\")");
                answers.lock().ok().and_then(|answers| answers.get(&name).cloned()).unwrap_or(Dynamic::UNIT)
            });
        }
        Self { engine, answers }
    }

    /// Parses a predicate.
    ///
    /// # Errors
    /// When rhai can not read it.
    pub fn parse(&self, text: &str) -> Result<AST, String> {
        self.engine.compile_expression(text).map_err(|error| error.to_string())
    }

    /// What it is worth. `Err` is a failure at run time.
    ///
    /// # Errors
    /// The failure.
    pub fn eval(&self, ast: &AST, schema: &Schema, world: &World) -> Result<bool, Failure> {
        let mut scope = self.scope(schema, world);
        self.engine.eval_ast_with_scope::<bool>(&mut scope, ast).map_err(|error| failure(&error))
    }

    fn scope(&self, schema: &Schema, world: &World) -> Scope<'static> {
        let mut scope = Scope::new();
        let mut groups: BTreeMap<&str, Map> = BTreeMap::new();
        for (def, value) in schema.defs.iter().zip(&world.values) {
            let value = dynamic(value, &def.ty);
            if def.name.contains('(') {
                if let Ok(mut answers) = self.answers.lock() {
                    answers.insert(def.name.to_string(), value);
                }
            } else if let Some((group, name)) = def.name.split_once('.') {
                groups.entry(group).or_default().insert(name.into(), value);
            } else {
                scope.push_dynamic(&*def.name, value);
            }
        }
        for (name, map) in groups {
            scope.push(name, map);
        }
        scope
    }
}

fn dynamic(value: &Value, ty: &FactType) -> Dynamic {
    match value {
        Value::Text(text) => (&**text).into(),
        Value::Bool(flag) => (*flag).into(),
        Value::Int(day) if *ty == FactType::Date => {
            DAYS.iter().find(|(known, _)| known == day).map_or("", |(_, text)| text).into()
        }
        Value::Int(number) => (*number).into(),
        Value::TextList(list) => Dynamic::from_array(list.iter().map(|text| (**text).into()).collect()),
    }
}

fn failure(error: &EvalAltResult) -> Failure {
    let words = error.unwrap_inner().to_string();
    if words.contains("by zero:") || words.contains("% 0") {
        Failure::DivisionByZero
    } else if matches!(error.unwrap_inner(), EvalAltResult::ErrorArithmetic(..)) {
        Failure::Overflow
    } else {
        Failure::Limit
    }
}
