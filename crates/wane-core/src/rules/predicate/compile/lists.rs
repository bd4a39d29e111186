//! `in`: a value in a list, a text in a text.

use rhai::{Expr, Position};

use super::super::faults::{UNLIKE_TYPES, fault};
use super::super::ir::{Cond, Kind, Num, Span, Text};
use super::super::sandbox::Test;
use super::{Typed, Value, Walk};

impl Walk<'_> {
    pub(super) fn array(&mut self, items: &[Expr], at: Position) -> Typed {
        let span = self.tokens.to_close(self.tokens.at(at));
        let items: Vec<Typed> = items.iter().map(|item| self.typed(item)).collect();
        Typed::new(Value::List(items), span)
    }

    /// `item in list`.
    pub(super) fn within(&mut self, item: &Expr, list: &Expr) -> Typed {
        let (item, list) = (self.typed(item), self.typed(list));
        let span = self.tokens.join(item.span, list.span);
        match (item.value, list.value) {
            (Value::Unknown, _) | (_, Value::Unknown) => Typed::new(Value::Unknown, span),
            (Value::Text(part), Value::Text(text)) => self.residual(Test::Part("contains", text, part), span),
            (Value::Text(text), Value::List(items)) => self.text_in(text, items, (list.span, span)),
            (Value::Num(num), Value::List(items)) => self.number_in(num, items, span),
            (Value::Date(num), Value::List(items)) => {
                let items = items.into_iter().map(|item| self.dated(item)).collect();
                self.date_in(num, items, span)
            }
            (item_value, list_value) => {
                let (item, list) = (Typed::new(item_value, item.span), Typed::new(list_value, list.span));
                let message = format!("`in` does not look for {} in {}", item.what(), list.what());
                let found = fault(UNLIKE_TYPES, span, message)
                    .label("of the wrong types")
                    .help("on its left is a text, number or date, on its right a list such as `[\"a\", \"b\"]`");
                self.unknown(found, span)
            }
        }
    }

    fn text_in(&mut self, text: Text, items: Vec<Typed>, (list_span, span): (Span, Span)) -> Typed {
        let spans: Vec<Span> = items.iter().map(|item| item.span).collect();
        let Some(list) =
            self.collect(items, "text", |value| if let Value::Text(text) = value { Some(text) } else { None })
        else {
            return Typed::new(Value::Unknown, span);
        };
        // The items of a constant list stand where its name does; they are nobody's slip of the pen.
        let fits = |(item, span): (&Text, &Span)| *span == list_span || self.value_fits(&text, item, *span);
        let fitting = list.iter().zip(&spans).map(fits).filter(|fits| *fits).count();
        if fitting < list.len() {
            return Typed::new(Value::Unknown, span);
        }
        let known = list.iter().map(|item| if let Text::Literal(text) = item { Some(text) } else { None });
        match (&text, known.collect::<Option<Vec<_>>>()) {
            (Text::Literal(text), Some(known)) => bool(Kind::Const(known.contains(&text)), span),
            (Text::Fact(slot), Some(known)) => {
                let symbols = self.table.symbols_mut();
                let values = known.into_iter().map(|text| symbols.add(text)).collect();
                bool(among(*slot, values), span)
            }
            _ => self.residual(Test::TextIn(text, list), span),
        }
    }

    fn number_in(&mut self, num: Num, items: Vec<Typed>, span: Span) -> Typed {
        match self.collect(items, "number", |value| if let Value::Num(num) = value { Some(num) } else { None }) {
            Some(list) => self.listed(num, list, span),
            None => Typed::new(Value::Unknown, span),
        }
    }

    fn date_in(&mut self, num: Num, items: Vec<Typed>, span: Span) -> Typed {
        match self.collect(items, "date", |value| if let Value::Date(num) = value { Some(num) } else { None }) {
            Some(list) => self.listed(num, list, span),
            None => Typed::new(Value::Unknown, span),
        }
    }

    /// The items as values of one type; complains about each that is of another.
    fn collect<T>(&mut self, items: Vec<Typed>, wanted: &str, take: fn(Value) -> Option<T>) -> Option<Vec<T>> {
        let count = items.len();
        let mut list = Vec::with_capacity(count);
        for item in items {
            let (what, unknown) = (item.what(), matches!(item.value, Value::Unknown));
            match take(item.value) {
                Some(value) => list.push(value),
                None if unknown => {}
                None => {
                    let message = format!("{what} in a list that is searched for a {wanted}");
                    self.faults.push(fault(UNLIKE_TYPES, item.span, message).label(format!("not a {wanted}")));
                }
            }
        }
        (list.len() == count).then_some(list)
    }

    fn listed(&mut self, num: Num, list: Vec<Num>, span: Span) -> Typed {
        let known = list.iter().map(|item| if let Num::Const(value) = item { Some(*value) } else { None });
        match (&num, known.collect::<Option<Vec<i64>>>()) {
            (Num::Const(value), Some(known)) => bool(Kind::Const(known.contains(value)), span),
            (Num::Fact(slot), Some(known)) => bool(among(*slot, known), span),
            _ => self.residual(Test::NumberIn(num, list), span),
        }
    }
}

fn bool(kind: Kind, span: Span) -> Typed {
    Typed::new(Value::Bool(Cond::new(kind, span)), span)
}

fn among(slot: u16, mut values: Vec<i64>) -> Kind {
    values.sort_unstable();
    values.dedup();
    if values.is_empty() {
        return Kind::Const(false);
    }
    Kind::Among { slot, values: values.into(), negated: false }
}
