//! Groups of events, spread out; a group may hold others but not itself.

use std::collections::BTreeMap;

use super::{Custom, selectors};
use crate::facts::Name;
use crate::rules::check;
use crate::rules::finding::Findings;
use crate::rules::schema::{Document, Group};
use crate::rules::source::Sp;
use crate::signal::Selector;

/// All groups by name.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    by_name: BTreeMap<Name, Vec<Selector>>,
}

impl Groups {
    pub(crate) fn get(&self, name: &str) -> Option<&[Selector]> {
        self.by_name.get(name).map(Vec::as_slice)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.by_name.keys().map(|name| &**name)
    }

    pub(crate) fn resolve(documents: &[Document], custom: &mut Custom, out: &mut Findings) -> Self {
        let mut raw: BTreeMap<&str, &Group> = BTreeMap::new();
        for group in documents.iter().flat_map(|document| &document.groups) {
            if raw.len() >= usize::from(MOST_GROUPS) {
                out.push(check::too_many::found("groups", MOST_GROUPS, group.name.at));
                break;
            }
            match raw.get(&*group.name.value) {
                Some(first) => {
                    out.push(check::duplicate_name::found("group", &group.name, group.name.at, first.name.at))
                }
                None => drop(raw.insert(&group.name, group)),
            }
        }
        // Empty at first, so that every group is known as one while members are read.
        let known = Self { by_name: raw.values().map(|group| (group.name.value.clone(), Vec::new())).collect() };
        let own: BTreeMap<&str, Vec<Selector>> =
            raw.values().map(|group| (&*group.name.value, own_selectors(group, &known, custom, out))).collect();
        report_cycles(&raw, out);
        Self { by_name: raw.keys().map(|name| (Name::from(*name), spread(name, &raw, &own))).collect() }
    }
}

/// Groups are walked through from each of them.
const MOST_GROUPS: u16 = 1_000;

/// What a group names itself, without the groups in it.
fn own_selectors(group: &Group, known: &Groups, custom: &mut Custom, out: &mut Findings) -> Vec<Selector> {
    let events = group.members.iter().filter(|member| known.get(member).is_none());
    events.filter_map(|member| selectors::one(member, known, custom, out)).collect()
}

/// A group's selectors and those of every group it reaches; a cycle is walked once.
fn spread(name: &str, raw: &BTreeMap<&str, &Group>, own: &BTreeMap<&str, Vec<Selector>>) -> Vec<Selector> {
    let mut seen = std::collections::BTreeSet::from([name]);
    let mut open = vec![name];
    let mut selectors = Vec::new();
    while let Some(name) = open.pop() {
        selectors.extend(own.get(name).into_iter().flatten().copied());
        let members = raw.get(name).into_iter().flat_map(|group| &group.members);
        open.extend(
            members.map(|member| &*member.value).filter(|member| raw.contains_key(member) && seen.insert(member)),
        );
    }
    selectors.sort_unstable();
    selectors.dedup();
    selectors
}

/// Reports each group from which a way leads back to itself, once for each cycle.
fn report_cycles(raw: &BTreeMap<&str, &Group>, out: &mut Findings) {
    let mut reported = std::collections::BTreeSet::new();
    let mut groups: Vec<&&Group> = raw.values().collect();
    groups.sort_by_key(|group| group.name.at);
    for group in groups {
        let Some(path) = way_back(group, raw) else { continue };
        let fresh = path.iter().all(|step| !reported.contains(&step.value));
        reported.extend(path.iter().map(|step| step.value.clone()));
        if fresh {
            out.push(check::group_cycle::found(&group.name, &path));
        }
    }
}

/// The members along which a group leads back to itself: a breadth-first search, so the way is a shortest one.
fn way_back(group: &Group, raw: &BTreeMap<&str, &Group>) -> Option<Vec<Sp<Name>>> {
    let mut paths: std::collections::VecDeque<Vec<Sp<Name>>> =
        group.members.iter().map(|member| vec![member.clone()]).collect();
    let mut seen = std::collections::BTreeSet::new();
    while let Some(path) = paths.pop_front() {
        let last = path.last()?.value.clone();
        if last == group.name.value {
            return Some(path);
        }
        let members = raw.get(&*last).filter(|_| seen.insert(last)).into_iter().flat_map(|group| &group.members);
        paths.extend(members.map(|member| [path.as_slice(), std::slice::from_ref(member)].concat()));
    }
    None
}
