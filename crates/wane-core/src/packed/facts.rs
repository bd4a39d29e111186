//! The facts that were set from outside. A text that the rules mention is its number among their symbols.

use crate::bytes::{Malformed, Reader, put_number, put_signed, put_text};
use crate::facts::{FactId, FactTable, Facts, Name, Value};
use crate::symbols::Symbols;

const TEXT: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const INT: u8 = 3;
const LIST: u8 = 4;
const SYMBOL: u8 = 5;

pub(super) fn put(out: &mut Vec<u8>, values: &[(FactId, Value)], table: &FactTable) {
    put_number(out, values.len() as u64);
    for (fact, value) in values {
        put_number(out, u64::from(fact.0));
        put_value(out, value, table.symbols());
    }
}

fn put_value(out: &mut Vec<u8>, value: &Value, symbols: &Symbols) {
    match value {
        Value::Text(text) => {
            let symbol = symbols.get(text);
            if symbol == Symbols::UNKNOWN {
                out.push(TEXT);
                put_text(out, text);
            } else {
                out.push(SYMBOL);
                put_signed(out, symbol);
            }
        }
        Value::Bool(flag) => out.push(if *flag { TRUE } else { FALSE }),
        Value::Int(number) => {
            out.push(INT);
            put_signed(out, *number);
        }
        Value::TextList(texts) => {
            out.push(LIST);
            put_number(out, texts.len() as u64);
            texts.iter().for_each(|text| put_text(out, text));
        }
    }
}

pub(super) fn read(from: &mut Reader<'_>, table: &FactTable) -> Result<Facts, Malformed> {
    let mut facts = Facts::new(table);
    let count = from.count(2)?;
    for _ in 0..count {
        let error = from.malformed("no such fact, or one twice");
        let fact = FactId(from.small()?);
        let follows = facts.values().last().is_none_or(|(before, _)| *before < fact);
        if !follows || table.get(fact).is_none() {
            return Err(error);
        }
        facts.set(table, fact, read_value(from, table.symbols())?);
    }
    Ok(facts)
}

fn read_value(from: &mut Reader<'_>, symbols: &Symbols) -> Result<Value, Malformed> {
    let error = from.malformed("no such value");
    Ok(match from.byte()? {
        TEXT => Value::Text(from.text()?),
        FALSE => Value::Bool(false),
        TRUE => Value::Bool(true),
        INT => Value::Int(from.signed()?),
        LIST => {
            let count = from.count(1)?;
            let texts: Result<Vec<Name>, Malformed> = (0..count).map(|_| from.text()).collect();
            Value::TextList(texts?.into())
        }
        SYMBOL => Value::Text(symbols.text(from.signed()?).ok_or(error)?.into()),
        _ => return Err(error),
    })
}
