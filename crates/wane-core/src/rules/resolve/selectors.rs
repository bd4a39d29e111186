//! Selectors: `type`, `type:role`, a group's name.

use super::Custom;
use super::groups::Groups;
use crate::facts::Name;
use crate::rules::check;
use crate::rules::finding::Findings;
use crate::rules::schema::timer::Names;
use crate::rules::source::Sp;
use crate::signal::{EffectType, EventType, HANDLER_CHANGED, HANDLER_CHANGED_ROLES};
use crate::signal::{RoleMask, Selector, SignalKind, SignalRole};

const CUSTOM_ROLES: &[SignalRole] = &[SignalRole::Customer, SignalRole::Rep, SignalRole::Bot, SignalRole::Agent];

/// All selectors of a list, groups spread out, each once.
pub(crate) fn list(names: &Names, groups: &Groups, custom: &mut Custom, out: &mut Findings) -> Vec<Selector> {
    let mut selectors: Vec<Selector> = Vec::new();
    for word in names.iter().flat_map(|list| &list.value) {
        match groups.get(word) {
            Some(group) => selectors.extend(group),
            None => selectors.extend(one(word, groups, custom, out)),
        }
    }
    selectors.sort_unstable();
    selectors.dedup();
    selectors
}

/// A selector that is no group's name.
pub(super) fn one(word: &Sp<Name>, groups: &Groups, custom: &mut Custom, out: &mut Findings) -> Option<Selector> {
    let (kind_name, role) = word.split_once(':').map_or((&*word.value, None), |(kind, role)| (kind, Some(role)));
    let Some((kind, roles)) = kind(kind_name, custom) else {
        out.push(unknown(word, kind_name, role.is_some(), groups));
        return None;
    };
    let Some(role) = role else { return Some(Selector { kind, roles: RoleMask::ANY }) };
    match SignalRole::parse(role).filter(|role| roles.contains(role)) {
        Some(role) => Some(Selector { kind, roles: RoleMask::only(role) }),
        None => {
            out.push(check::unknown_role::found(word, kind_name, role, roles));
            None
        }
    }
}

fn kind(name: &str, custom: &mut Custom) -> Option<(SignalKind, &'static [SignalRole])> {
    if name == HANDLER_CHANGED {
        return Some((SignalKind::HANDLER_CHANGED, HANDLER_CHANGED_ROLES));
    }
    if let Some(event) = EventType::parse(name) {
        return Some((SignalKind::event(event), event.roles()));
    }
    if let Some(effect) = EffectType::parse(name) {
        return Some((SignalKind::effect(effect), effect.roles()));
    }
    custom.number(&Name::from(name)).map(|number| (SignalKind::custom(number), CUSTOM_ROLES))
}

fn unknown(word: &Sp<Name>, kind: &str, has_role: bool, groups: &Groups) -> crate::rules::finding::Finding {
    if kind.starts_with("x.") {
        check::bad_name::own_event(word)
    } else if has_role || kind.contains('.') {
        check::unknown_event::found(word, kind)
    } else {
        check::unknown_group::found(word, groups.names())
    }
}
