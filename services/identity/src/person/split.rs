//! Undoing a merge: both sides, computed from what was said under each distinct id and from the merges that stand.
//!
//! Each merge joined two distinct ids, so the merges of a person are the edges of a tree over its distinct ids. Without one
//! of them the tree falls into two, and each half is what it had been if that merge had never come: whatever else came
//! before or after it, other merges included. Nothing is restored from a copy, so nothing that came since is lost.

use std::collections::{HashMap, HashSet};

use observe_core::{PersonId, ProjectId};

use super::people::joined_lineage;
use super::{History, Mapping};
use crate::properties::{Properties, Version};

/// A merge that was not undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StandingMerge {
    pub(crate) version: Version,
    pub(crate) source_id: String,
    pub(crate) target_id: String,
}

/// One side of an undone merge.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) id: PersonId,
    pub(crate) identified: bool,
    pub(crate) created_ms: i64,
    pub(crate) properties: Properties,
    /// Its distinct ids, oldest first.
    pub(crate) mappings: Vec<(String, Mapping)>,
}

/// Returns the sides of the merge's target and of its source; `None` if the two are not of this person.
pub(super) fn parts(
    project: ProjectId,
    mappings: Vec<(&str, &Mapping)>,
    properties: &Properties,
    merges: &[StandingMerge],
    undone: &StandingMerge,
) -> Option<[Part; 2]> {
    let known: HashSet<&str> = mappings.iter().map(|(id, _)| *id).collect();
    let source = side_of(&undone.source_id, merges, undone);
    let is_apart = known.contains(undone.target_id.as_str())
        && known.contains(undone.source_id.as_str())
        && !source.contains(undone.target_id.as_str());
    if !is_apart {
        return None;
    }
    let (there, here): (Vec<_>, Vec<_>) =
        mappings.into_iter().partition(|(id, _)| source.contains(id));
    let build = |side: Vec<(&str, &Mapping)>, is_source: bool| {
        let within = |merge: &&StandingMerge| {
            *merge != undone && source.contains(merge.source_id.as_str()) == is_source
        };
        let merges: Vec<_> = merges.iter().filter(within).collect();
        part(project, &side, properties, &merges, undone.version.0)
    };
    Some([build(here, false)?, build(there, true)?])
}

/// Returns the distinct ids that standing merges join with this one.
fn side_of<'a>(
    start: &'a str,
    merges: &'a [StandingMerge],
    undone: &StandingMerge,
) -> HashSet<&'a str> {
    let mut joined: HashMap<&str, Vec<&str>> = HashMap::new();
    for merge in merges.iter().filter(|merge| *merge != undone) {
        let (source, target) = (merge.source_id.as_str(), merge.target_id.as_str());
        joined.entry(source).or_default().push(target);
        joined.entry(target).or_default().push(source);
    }
    let mut side = HashSet::from([start]);
    let mut next = vec![start];
    while let Some(id) = next.pop() {
        for other in joined.get(id).into_iter().flatten() {
            if side.insert(other) {
                next.push(other);
            }
        }
    }
    side
}

/// Computes a person from its distinct ids and the merges among them. `fallback_ms` is the created time of one under whose
/// ids nothing was ever said.
fn part(
    project: ProjectId,
    side: &[(&str, &Mapping)],
    properties: &Properties,
    merges: &[&StandingMerge],
    fallback_ms: i64,
) -> Option<Part> {
    let lineages = lineages(side, merges);
    let mut first = None;
    let mut others = Vec::new();
    for (id, mapping) in side {
        let lineage = &lineages[id];
        if lineage.is_empty() && first.is_none() {
            first = Some((*id, *mapping));
        } else if let History::Loaded(history) = &mapping.own.history {
            others.push((history, lineage));
        }
    }
    let (first_id, first) = first?;
    let base = match &first.own.history {
        History::Loaded(history) => history.clone(),
        // Nobody of the person has a history of its own then: all that is known was said under the first one.
        History::Implied if first.is_first() => properties.clone(),
        History::Implied | History::Stored => Properties::default(),
    };
    // What was said is the person's as long as nothing was said under another id, and needs no second copy.
    let kept = (!others.is_empty()).then(|| base.clone());
    let mut all = base;
    for (history, lineage) in others {
        all.take_in(history, lineage);
    }
    let id = PersonId::of_distinct_id(project, first_id);
    let seen = side.iter().filter_map(|(_, mapping)| mapping.own.seen_ms);
    let merged = merges.iter().map(|merge| merge.version.0);
    let moved = |(distinct_id, mapping): &(&str, &Mapping)| {
        let mut own = mapping.own.clone();
        if *distinct_id == first_id || kept.is_none() {
            own.history = kept.clone().map_or(History::Implied, History::Loaded);
        }
        let lineage = lineages[distinct_id].clone();
        ((*distinct_id).to_owned(), Mapping { person: id, lineage, own })
    };
    Some(Part {
        id,
        identified: !merges.is_empty() || side.iter().any(|(_, mapping)| mapping.own.identified),
        created_ms: seen.chain(merged).min().unwrap_or(fallback_ms),
        properties: all,
        mappings: side.iter().map(moved).collect(),
    })
}

/// Returns through which merges each distinct id came to the person, by doing the merges once more.
fn lineages<'a>(
    side: &[(&'a str, &Mapping)],
    merges: &[&StandingMerge],
) -> HashMap<&'a str, Vec<Version>> {
    let mut lineages: HashMap<&str, Vec<Version>> =
        side.iter().map(|(id, _)| (*id, Vec::new())).collect();
    // Which group of distinct ids each one is in, and the groups.
    let mut group_of: HashMap<&str, usize> =
        side.iter().enumerate().map(|(index, (id, _))| (*id, index)).collect();
    let mut groups: Vec<Vec<&str>> = side.iter().map(|(id, _)| vec![*id]).collect();
    for merge in merges {
        let (Some(from), Some(into)) = (
            group_of.get(merge.source_id.as_str()).copied(),
            group_of.get(merge.target_id.as_str()).copied(),
        ) else {
            continue;
        };
        let target = lineages[merge.target_id.as_str()].clone();
        for id in std::mem::take(&mut groups[from]) {
            let own = lineages.get_mut(id).expect("every id of the side has one");
            *own = joined_lineage(own, merge.version, &target);
            group_of.insert(id, into);
            groups[into].push(id);
        }
    }
    lineages
}

#[cfg(test)]
mod tests;
