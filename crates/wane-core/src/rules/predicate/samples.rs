//! A table of facts for unit tests.

use crate::facts::{FactDef, FactTable, FactType, Name, built_in};

/// The built-in facts, and a few of an organisation's own.
pub(crate) fn table() -> FactTable {
    let mut defs = built_in(["web", "whatsapp", "sms"], &[Name::from("ConfigureInactivityTimeout")], false);
    defs.extend([
        FactDef::stored("customer.tier", FactType::one_of(["vip", "standard"])),
        FactDef::stored("customer.name", FactType::Text(None)),
        FactDef::stored("customer.default", FactType::Text(None)),
        FactDef::stored("attributes.limit", FactType::Duration),
        FactDef::in_hours("support", 0),
        FactDef::phase("alert"),
    ]);
    FactTable::new(defs)
}
