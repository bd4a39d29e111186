//! The names of deliveries: `<endpoint>.<block>-<offset>.<index>`.

use wane_wire::record::{Address, EffectRef};

/// Names an effect.
pub(crate) fn of_effect(effect: EffectRef) -> String {
    format!("{}.{}", effect.record, effect.index)
}

/// Reads what [`of_effect`] writes.
pub(crate) fn effect(text: &str) -> Option<EffectRef> {
    let (record, index) = text.split_once('.')?;
    Some(EffectRef { record: Address::parse(record)?, index: index.parse().ok()? })
}

/// Names a delivery.
pub(crate) fn delivery(endpoint: &str, effect: EffectRef) -> String {
    format!("{endpoint}.{}", of_effect(effect))
}

/// Reads what [`delivery`] writes.
pub(crate) fn parse(text: &str) -> Option<(&str, EffectRef)> {
    let (rest, index) = text.rsplit_once('.')?;
    let (endpoint, record) = rest.rsplit_once('.')?;
    Some((endpoint, effect(&format!("{record}.{index}"))?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use wane_wire::record::Sequence;

    #[test]
    fn names_come_back() {
        let effect = EffectRef { record: Address::new(Sequence(12), 345), index: 6 };
        let name = delivery("channel-a.b", effect);
        assert_eq!(name, "channel-a.b.12-345.6");
        assert_eq!(parse(&name), Some(("channel-a.b", effect)));
        assert_eq!(super::effect("12-345.6"), Some(effect));
        for nonsense in ["", "e", "e.1", "e.1-2", "e.1-2.", "e.1-2.x", "e.1-9999999.0", "e.99999999999999999-1.0"] {
            assert_eq!(parse(nonsense), None, "{nonsense}");
        }
    }
}
