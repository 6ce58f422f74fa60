//! What persons act for: companies, teams. The rules.

use std::collections::{BTreeMap, BTreeSet};

use observe_proto::identity::v1::apply_events_response::Outcome;

use crate::operation::{GroupChange, is_illegal};
use crate::properties::{Properties, PropertyChanges, Version};

/// The most types of groups that a project may have.
pub(crate) const MAX_TYPES: usize = 5;

/// A group's type and key.
pub(crate) type GroupId = (String, String);

/// What is known of a group.
#[derive(Clone, Debug, Default)]
pub(crate) struct Group {
    pub(crate) properties: Properties,
    /// The earliest known time, in milliseconds since 1970.
    pub(crate) created_ms: i64,
}

/// The groups that a batch of operations names, and what the batch did to them.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    groups: BTreeMap<GroupId, Group>,
    types: BTreeSet<String>,
    changed: BTreeSet<GroupId>,
    made: Vec<GroupId>,
    skipped_properties: usize,
}

impl Groups {
    /// Starts with what is stored: the groups that can be needed, and all types of the project.
    pub(crate) fn new(groups: BTreeMap<GroupId, Group>, types: BTreeSet<String>) -> Self {
        Self { groups, types, ..Self::default() }
    }

    /// Applies what is said of a group; makes it if it is new.
    pub(crate) fn apply(&mut self, change: &GroupChange, at: Version) -> Outcome {
        if !is_possible(change) {
            return Outcome::RefusedIllegalGroup;
        }
        if !self.types.contains(&change.group_type) {
            if self.types.len() >= MAX_TYPES {
                return Outcome::RefusedTooManyGroupTypes;
            }
            self.types.insert(change.group_type.clone());
        }
        let id = (change.group_type.clone(), change.key.clone());
        let group = self.groups.entry(id.clone()).or_insert_with(|| {
            self.made.push(id.clone());
            self.changed.insert(id.clone());
            Group { created_ms: at.0, ..Group::default() }
        });
        let set = PropertyChanges { set: change.set.clone(), ..PropertyChanges::default() };
        let effect = group.properties.apply(&set, at, &[]);
        self.skipped_properties += effect.skipped;
        if effect.stored || at.0 < group.created_ms {
            group.created_ms = group.created_ms.min(at.0);
            self.changed.insert(id);
        }
        Outcome::Applied
    }

    /// Returns the groups whose row changed.
    pub(crate) fn changed(&self) -> impl Iterator<Item = (&GroupId, &Group)> {
        self.changed.iter().map(|id| (id, &self.groups[id]))
    }

    /// Returns how many groups of each type were made.
    pub(crate) fn made(&self) -> BTreeMap<&str, i64> {
        let mut made = BTreeMap::new();
        for (group_type, _) in &self.made {
            *made.entry(group_type.as_str()).or_default() += 1;
        }
        made
    }

    /// Returns how many property keys were not taken because of limits.
    pub(crate) fn skipped_properties(&self) -> usize {
        self.skipped_properties
    }
}

/// Returns whether a group can be of this type and key: both name something, as distinct ids must.
pub(crate) fn is_possible(change: &GroupChange) -> bool {
    !is_illegal(&change.group_type) && !is_illegal(&change.key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use uuid::Uuid;

    fn change(group_type: &str, key: &str) -> GroupChange {
        let set = json!({"plan": key}).as_object().cloned().expect("an object");
        GroupChange { group_type: group_type.into(), key: key.into(), set }
    }

    fn at(time: i64) -> Version {
        Version(time, time, Uuid::from_u128(u128::from(time.unsigned_abs())))
    }

    #[test]
    fn what_names_no_group_is_refused() {
        let mut groups = Groups::default();
        for (group_type, key) in
            [("", "a"), ("company", ""), ("company", "null"), ("undefined", "a")]
        {
            let outcome = groups.apply(&change(group_type, key), at(1));
            assert_eq!(outcome, Outcome::RefusedIllegalGroup, "{group_type:?} {key:?}");
        }
        let long = "x".repeat(201);
        assert_eq!(groups.apply(&change("company", &long), at(1)), Outcome::RefusedIllegalGroup);
        assert_eq!(groups.changed().count(), 0);
    }

    #[test]
    fn a_project_has_a_bounded_number_of_types_and_any_number_of_groups() {
        let mut groups = Groups::default();
        for n in 0..MAX_TYPES {
            assert_eq!(groups.apply(&change(&format!("type {n}"), "a"), at(1)), Outcome::Applied);
        }
        assert_eq!(
            groups.apply(&change("one more", "a"), at(1)),
            Outcome::RefusedTooManyGroupTypes
        );
        assert_eq!(groups.apply(&change("type 0", "b"), at(1)), Outcome::Applied);
        assert_eq!(groups.made()["type 0"], 2);
    }

    #[test]
    fn the_newest_properties_count_in_whatever_order_they_come() {
        let mut groups = Groups::default();
        for time in [2, 3, 1] {
            let change = GroupChange {
                set: json!({"plan": time}).as_object().cloned().expect("an object"),
                ..change("company", "acme")
            };
            groups.apply(&change, at(time));
        }
        let (_, group) = groups.changed().next().expect("changed");
        assert_eq!(group.properties.document()["plan"], json!(3));
        assert_eq!(group.created_ms, 1);
    }
}
