//! Random schemas, predicates and facts, and rhai itself as the judge of what a predicate is worth.
//!
//! The judge knows nothing of the lowering: it runs the whole text over a scope of maps, with rhai's own standard
//! library, so that whatever the compiler of predicates gets wrong shows as a difference.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use rhai::{AST, Dynamic, Engine, EvalAltResult, Map, OptimizationLevel, Scope};
use wane_core::choose::Failure;
use wane_core::facts::{ClockFact, FactDef, FactId, FactSource, FactTable, FactType, Facts, Name, Value};

/// A small generator of random numbers (splitmix64): the same seed, the same numbers, everywhere.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// The generator of that seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub const fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `limit`; 0 when that is 0.
    pub fn below(&mut self, limit: usize) -> usize {
        let limit = limit.max(1) as u64;
        usize::try_from(self.bits() % limit).unwrap_or_default()
    }

    /// Whether one of so many chances came.
    pub fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }

    /// One of these.
    ///
    /// # Panics
    /// When there are none.
    #[expect(clippy::indexing_slicing, reason = "below the length")]
    pub fn pick<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[self.below(all.len())]
    }
}

/// Texts of which literals and values are made: few, so that they meet.
const TEXTS: [&str; 9] = ["", "a", "b", "ab", "abc", "ä", "de", "vip", "de-a"];
/// Numbers of which literals are made.
const NUMBERS: [i64; 14] = [0, 1, 2, 3, 5, 7, 20, -1, -3, 60_000, 7_200_000, i64::MAX, i64::MAX / 2, -i64::MAX];
/// Days, as 1970 counts them, and as they are written.
const DAYS: [(i64, &str); 4] = [(20_811, "2026-12-24"), (20_812, "2026-12-25"), (0, "1970-01-01"), (-1, "1969-12-31")];

/// Which facts there are.
#[derive(Clone, Debug)]
pub struct Schema {
    /// The facts, the built-in ones first.
    pub defs: Vec<FactDef>,
}

fn closed(values: &[&str]) -> FactType {
    FactType::Text(Some(values.iter().map(|value| Name::from(*value)).collect()))
}

impl Schema {
    /// The built-in facts, and some of random names and types.
    pub fn random(rng: &mut Rng) -> Self {
        let mut schema = Self { defs: built_in() };
        for n in 0..rng.below(12) {
            let group = rng.pick(&["customer", "attributes"]);
            let ty = match rng.below(6) {
                0 => FactType::Bool,
                1 => FactType::Int,
                2 => FactType::Duration,
                3 => closed(&["vip", "a", "b"]),
                _ => FactType::Text(None),
            };
            schema.add(&format!("{group}.f{n}"), ty, FactSource::Stored);
        }
        for n in 0..rng.below(3) {
            schema.add(&format!("in_hours(\"cal{n}\")"), FactType::Bool, FactSource::Clock(ClockFact::InHours(0)));
            let phases = closed(&["running", "stopped", "lapsed"]);
            schema.add(&format!("timer(\"t{n}\")"), phases, FactSource::Stored);
        }
        schema
    }

    fn add(&mut self, name: &str, ty: FactType, source: FactSource) {
        self.defs.push(FactDef { name: name.into(), ty, source });
    }

    /// The names of the facts of a type that pass.
    fn names(&self, fits: impl Fn(&FactType) -> bool) -> Vec<&str> {
        self.defs.iter().filter(|def| fits(&def.ty)).map(|def| &*def.name).collect()
    }
}

fn built_in() -> Vec<FactDef> {
    let stored = |name: &str, ty: FactType| FactDef { name: name.into(), ty, source: FactSource::Stored };
    let clock = |name: &str, ty, fact| FactDef { name: name.into(), ty, source: FactSource::Clock(fact) };
    let fixed = |name: &str, ty, value| FactDef { name: name.into(), ty, source: FactSource::Constant(value) };
    let permissions: Arc<[Name]> = Arc::from([Name::from("a"), Name::from("vip")]);
    vec![
        stored("channel", closed(&["web", "in-app", "whatsapp", "sms"])),
        stored("status", closed(&["waiting", "active", "inactive", "ended"])),
        stored("handler", closed(&["none", "bot", "agent", "rep"])),
        stored("authenticated", FactType::Bool),
        stored("session.messages", FactType::Int),
        stored("session.customer_messages", FactType::Int),
        clock("session.age", FactType::Int, ClockFact::SessionAge),
        clock("session.idle", FactType::Int, ClockFact::SessionIdle),
        stored("participants.bot", FactType::Bool),
        stored("participants.agent", FactType::Bool),
        stored("participants.rep", FactType::Bool),
        stored("queue", FactType::Text(None)),
        stored("language", FactType::Text(None)),
        clock("time.hour", FactType::Int, ClockFact::Hour),
        clock("time.weekday", closed(&["mon", "tue", "wed", "thu", "fri", "sat", "sun"]), ClockFact::Weekday),
        clock("time.date", FactType::Date, ClockFact::Date),
        stored("last_message_by", closed(&["nobody", "customer", "rep", "bot", "agent"])),
        stored("waiting_on", closed(&["nobody", "customer", "business"])),
        fixed("org.permissions", FactType::TextList, Value::TextList(permissions)),
        fixed("org.status_based_capacity", FactType::Bool, Value::Bool(true)),
    ]
}

/// Writes random predicates over a schema.
#[derive(Debug)]
pub struct Writer<'a> {
    rng: &'a mut Rng,
    schema: &'a Schema,
}

/// A random predicate that is typed well. It may still be refused for a constant part that always fails
/// (`E0410`), or for a value outside a closed list (`E0407`).
pub fn predicate(rng: &mut Rng, schema: &Schema) -> String {
    let depth = rng.below(4);
    Writer { rng, schema }.condition(depth)
}

/// A random predicate of a kind that rule tables are full of: conjunctions of simple comparisons.
pub fn simple_predicate(rng: &mut Rng, schema: &Schema) -> String {
    let count = 1 + rng.below(4);
    let mut writer = Writer { rng, schema };
    let parts: Vec<String> = (0..count).map(|_| writer.simple()).collect();
    parts.join(" && ")
}

impl Writer<'_> {
    fn condition(&mut self, depth: usize) -> String {
        if depth == 0 {
            return if self.rng.one_in(3) { self.rare() } else { self.simple() };
        }
        let next = depth - 1;
        match self.rng.below(7) {
            0 => format!("!({})", self.condition(next)),
            1 => format!("({}) {} ({})", self.condition(next), self.rng.pick(&["==", "!="]), self.condition(next)),
            2 => format!("({})", self.condition(next)),
            3 => self.chain(next, " || "),
            4 => self.chain(next, " && "),
            5 => format!("({}) && {}", self.chain(next, " || "), self.condition(next)),
            _ => format!("{} && {} || {}", self.condition(next), self.condition(next), self.simple()),
        }
    }

    fn chain(&mut self, depth: usize, operator: &str) -> String {
        let count = 2 + self.rng.below(3);
        let parts: Vec<String> = (0..count).map(|_| self.condition(depth)).collect();
        parts.join(operator)
    }

    /// What the lowering turns into a comparison of one number.
    fn simple(&mut self) -> String {
        match self.rng.below(8) {
            0 => format!("{}{}", self.rng.pick(&["", "!"]), self.named(|ty| *ty == FactType::Bool)),
            1 | 2 => format!("{} {} {}", self.number_fact(), self.relation(), self.literal_number()),
            3 => format!("{} {} {}", self.literal_number(), self.relation(), self.number_fact()),
            4 => self.closed_value(),
            5 => format!("{} {} {}", self.text_fact(), self.rng.pick(&["==", "!="]), self.literal_text()),
            6 => self.listed(),
            _ => format!("time.date {} {}", self.relation(), self.day()),
        }
    }

    /// What needs arithmetic or rhai.
    fn rare(&mut self) -> String {
        match self.rng.below(12) {
            0 => self.rng.pick(&["true", "false", "!true"]).to_owned(),
            1..=3 => format!("{} {} {}", self.number(2), self.relation(), self.number(2)),
            4 => format!("({}) {} {}", self.number(1), self.within(), self.numbers()),
            5 => format!("{} {} {}", self.text(1), self.relation(), self.text(1)),
            6 => format!(
                "{}.{}({})",
                self.text(0),
                self.rng.pick(&["starts_with", "ends_with", "contains"]),
                self.text(1)
            ),
            7 => format!("{} {} {}", self.text(0), self.within(), self.text(0)),
            8 => format!("{} {} {}", self.text(0), self.within(), self.texts()),
            9 => format!("{} {} org.permissions", self.text(0), self.within()),
            10 => format!("time.date {} [{}, {}]", self.within(), self.day(), self.day()),
            _ => format!("{} {} time.date", self.day(), self.relation()),
        }
    }

    fn named(&mut self, fits: impl Fn(&FactType) -> bool) -> String {
        let names = self.schema.names(fits);
        self.rng.pick(&names).to_owned()
    }

    fn number_fact(&mut self) -> String {
        self.named(|ty| matches!(ty, FactType::Int | FactType::Duration))
    }

    fn text_fact(&mut self) -> String {
        self.named(|ty| matches!(ty, FactType::Text(None)))
    }

    fn relation(&mut self) -> &'static str {
        self.rng.pick(&["==", "!=", "<", "<=", ">", ">="])
    }

    fn within(&mut self) -> &'static str {
        self.rng.pick(&["in", "in", "!in"])
    }

    fn literal_number(&mut self) -> String {
        let numbers: Vec<&i64> = NUMBERS.iter().collect();
        match self.rng.below(6) {
            0 => format!("{}({})", self.rng.pick(&["seconds", "minutes", "hours", "days"]), self.rng.below(4)),
            _ => self.rng.pick(&numbers).to_string(),
        }
    }

    fn literal_text(&mut self) -> String {
        format!("\"{}\"", self.rng.pick(&TEXTS))
    }

    fn day(&mut self) -> String {
        let days: Vec<&str> = DAYS.iter().map(|(_, text)| *text).collect();
        format!("\"{}\"", self.rng.pick(&days))
    }

    fn closed_value(&mut self) -> String {
        let lists: Vec<&FactDef> =
            self.schema.defs.iter().filter(|def| matches!(def.ty, FactType::Text(Some(_)))).collect();
        let def = self.rng.pick(&lists);
        let FactType::Text(Some(values)) = &def.ty else { return "true".into() };
        let values: Vec<&str> = values.iter().map(|value| &**value).collect();
        if self.rng.one_in(3) {
            let (one, other) = (self.rng.pick(&values), self.rng.pick(&values));
            return format!("{} {} [\"{one}\", \"{other}\"]", def.name, self.within());
        }
        format!("{} {} \"{}\"", def.name, self.rng.pick(&["==", "!="]), self.rng.pick(&values))
    }

    fn listed(&mut self) -> String {
        let count = self.rng.below(5);
        if self.rng.one_in(2) {
            let items: Vec<String> = (0..count).map(|_| self.literal_number()).collect();
            return format!("{} {} [{}]", self.number_fact(), self.within(), items.join(", "));
        }
        let items: Vec<String> = (0..count).map(|_| self.literal_text()).collect();
        format!("{} {} [{}]", self.text_fact(), self.within(), items.join(", "))
    }

    fn numbers(&mut self) -> String {
        let count = self.rng.below(4);
        let items: Vec<String> = (0..count).map(|_| self.number(1)).collect();
        format!("[{}]", items.join(", "))
    }

    fn texts(&mut self) -> String {
        let count = self.rng.below(4);
        let items: Vec<String> = (0..count).map(|_| self.text(1)).collect();
        format!("[{}]", items.join(", "))
    }

    fn number(&mut self, depth: usize) -> String {
        if depth == 0 {
            return if self.rng.one_in(2) { self.literal_number() } else { self.number_fact() };
        }
        match self.rng.below(9) {
            0 | 1 => self.number(0),
            2 => format!("-({})", self.number(depth - 1)),
            3 => format!("-{}", self.number_fact()),
            4 => format!("{}.len()", self.text(0)),
            5 => format!("minutes({})", self.number(depth - 1)),
            6 => {
                format!("({}) {} ({})", self.number(depth - 1), self.rng.pick(&["/", "%", "*"]), self.number(depth - 1))
            }
            _ => format!("{} {} {}", self.number(depth - 1), self.rng.pick(&["+", "-", "*"]), self.number(depth - 1)),
        }
    }

    fn text(&mut self, depth: usize) -> String {
        match self.rng.below(if depth == 0 { 4 } else { 6 }) {
            0 => self.literal_text(),
            1 => self.named(|ty| matches!(ty, FactType::Text(_))),
            2 | 3 => self.text_fact(),
            _ => format!("({} + {})", self.text(depth - 1), self.text(0)),
        }
    }
}

/// The same text with a few pieces taken out, put in, doubled or swapped.
pub fn damage(rng: &mut Rng, text: &str) -> String {
    const PIECES: [&str; 48] = [
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "\"",
        "'",
        "`",
        "\\",
        "!",
        "-",
        "+",
        "*",
        "/",
        "%",
        "**",
        "==",
        "=",
        "<",
        "=>",
        "&&",
        "&",
        "||",
        "|",
        "??",
        "?.",
        ".",
        "..",
        ",",
        ";",
        "//",
        "/*",
        "#",
        "$",
        "@",
        "~",
        "ä",
        "\u{1F600}",
        "\n",
        "in",
        "!in",
        "if",
        "eval",
        "0x1f",
        "1_0",
        "1.5",
        "queue",
    ];
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..=rng.below(3) {
        let at = rng.below(chars.len() + 1);
        let end = (at + rng.below(6)).min(chars.len());
        match rng.below(3) {
            0 => drop(chars.drain(at..end)),
            1 => drop(chars.splice(at..at, rng.pick(&PIECES).chars())),
            _ => {
                let copied: Vec<char> = chars.get(at..end).unwrap_or_default().to_vec();
                let to = rng.below(chars.len() + 1);
                drop(chars.splice(to..to, copied));
            }
        }
    }
    chars.into_iter().collect()
}

/// A value for every fact of a schema.
#[derive(Clone, Debug)]
pub struct World {
    /// By fact.
    pub values: Vec<Value>,
}

impl World {
    /// Random values, such as the literals of predicates too.
    pub fn random(rng: &mut Rng, schema: &Schema) -> Self {
        Self { values: schema.defs.iter().map(|def| value(rng, def)).collect() }
    }

    /// The same as the engine would hold it.
    #[must_use]
    pub fn facts(&self, table: &FactTable) -> Facts {
        let mut facts = Facts::new(table);
        for (fact, value) in (0..).map(FactId).zip(&self.values) {
            facts.set(table, fact, value.clone());
        }
        facts
    }
}

fn value(rng: &mut Rng, def: &FactDef) -> Value {
    if let FactSource::Constant(value) = &def.source {
        return value.clone();
    }
    match &def.ty {
        FactType::Bool => Value::Bool(rng.one_in(2)),
        FactType::Date => Value::Int(DAYS.iter().map(|(day, _)| *day).nth(rng.below(DAYS.len())).unwrap_or_default()),
        FactType::Int | FactType::Duration => {
            let near = i64::try_from(rng.below(3)).unwrap_or_default() - 1;
            let number = NUMBERS.iter().copied().nth(rng.below(NUMBERS.len())).unwrap_or_default();
            let number = number.wrapping_add(near);
            match &*def.name {
                "time.hour" => Value::Int(number.rem_euclid(24)),
                // What the engine counts and measures is never negative.
                name if name.starts_with("session.") => Value::Int(number & i64::MAX),
                _ => Value::Int(number),
            }
        }
        FactType::Text(Some(values)) => {
            let values: Vec<&str> = values.iter().map(|value| &**value).collect();
            Value::Text(rng.pick(&values).into())
        }
        FactType::Text(None) if rng.one_in(6) => Value::Text("never mentioned".into()),
        FactType::Text(None) | FactType::TextList => Value::Text(rng.pick(&TEXTS).into()),
    }
}

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

/// What came of comparing.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// How many (predicate, facts) pairs were compared.
    pub pairs: u64,
    /// How many predicates.
    pub predicates: u64,
    /// How many of the pairs held, and how many failed at run time: a comparison of nothing but `false` proves little.
    pub held: u64,
    /// How many of the pairs failed at run time.
    pub failed: u64,
    /// The differences, in words; at most a few.
    pub differences: Vec<String>,
}

/// Compares compiled predicates with rhai's own evaluation, on so many random pairs.
#[must_use]
pub fn compare(seed: u64, pairs: u64) -> Comparison {
    const FACTS_EACH: usize = 64;
    const PREDICATES_EACH: usize = 50;
    let mut rng = Rng::new(seed);
    let judge = Judge::new();
    let mut comparison = Comparison::default();
    while comparison.pairs < pairs && comparison.differences.len() < 20 {
        let schema = Schema::random(&mut rng);
        let worlds: Vec<World> = (0..FACTS_EACH).map(|_| World::random(&mut rng, &schema)).collect();
        for _ in 0..PREDICATES_EACH {
            let text = predicate(&mut rng, &schema);
            comparison.one(&text, &judge, &schema, &worlds);
        }
    }
    comparison
}

impl Comparison {
    fn one(&mut self, text: &str, judge: &Judge, schema: &Schema, worlds: &[World]) {
        let mut table = FactTable::new(schema.defs.clone());
        let compiled = match wane_core::rules::predicate::Predicate::compile(text, &mut table) {
            Ok(compiled) => compiled,
            Err(faults) if faults.iter().all(|fault| matches!(fault.code.0, "E0407" | "E0410")) => return,
            Err(faults) => return self.differences.push(format!("`{text}` is refused: {faults:?}")),
        };
        let ast = match judge.parse(text) {
            Ok(ast) => ast,
            Err(error) => return self.differences.push(format!("`{text}` is not rhai: {error}")),
        };
        self.predicates += 1;
        for world in worlds {
            let facts = world.facts(&table);
            let (ours, theirs) = (compiled.holds(&table, &facts), judge.eval(&ast, schema, world));
            self.pairs += 1;
            self.held += u64::from(theirs == Ok(true));
            self.failed += u64::from(theirs.is_err());
            let constant = compiled.constant().is_none_or(|constant| theirs == Ok(constant));
            if ours != theirs || !constant {
                let mut words =
                    format!("`{text}`: {ours:?}, by rhai {theirs:?}, constant {:?}, where", compiled.constant());
                for fact in compiled.reads() {
                    let (def, value) = (table.get(*fact), world.values.get(usize::from(fact.0)));
                    let _ = write!(words, " {:?} = {value:?}", def.map(|def| &def.name));
                }
                self.differences.push(words);
                return;
            }
        }
    }
}
