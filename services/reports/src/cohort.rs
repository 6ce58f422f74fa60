//! Cohorts: named sets of persons, by a rule that is applied anew all the time or by a fixed list of distinct ids.

pub(crate) mod counter;
pub(crate) mod loader;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use uuid::Uuid;

use crate::query::{Condition, Selector};

/// Who is in a cohort, by what is known of persons and what they did.
#[derive(Clone, Debug)]
pub enum Rule {
    /// All must hold.
    All(Vec<Rule>),
    /// One must hold.
    Any(Vec<Rule>),
    /// It must not hold.
    Not(Box<Rule>),
    /// Compares a property of the person, as it is now.
    Property(Condition),
    /// Counts what the person did.
    Behavior(Behavior),
    /// The person is in another cohort.
    Cohort(Uuid),
}

impl Rule {
    /// Returns the cohorts that it names.
    #[must_use]
    pub fn named(&self) -> HashSet<Uuid> {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::named).collect(),
            Self::Not(rule) => rule.named(),
            Self::Cohort(id) => HashSet::from([*id]),
            Self::Property(_) | Self::Behavior(_) => HashSet::new(),
        }
    }
}

/// How often a person did something lately.
#[derive(Clone, Debug)]
pub struct Behavior {
    /// What.
    pub selector: Selector,
    /// How often.
    pub times: Times,
    /// In the last so many days of 24 hours, until now.
    pub days: u32,
}

/// A comparison of how often something was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// So often or more.
    AtLeast(u32),
    /// So often or less; never is less.
    AtMost(u32),
    /// Exactly so often.
    Exactly(u32),
}

impl Times {
    /// Returns whether so many times satisfy it.
    #[must_use]
    pub fn holds(self, times: u32) -> bool {
        match self {
            Self::AtLeast(least) => times >= least,
            Self::AtMost(most) => times <= most,
            Self::Exactly(exactly) => times == exactly,
        }
    }
}

/// Distinct ids, one after the other in one text: a list may have a million of them.
#[derive(Clone, Debug, Default)]
pub struct DistinctIds {
    text: String,
    ends: Vec<u32>,
}

impl DistinctIds {
    /// Adds one. A list is bounded far below 4 GiB of text.
    pub fn push(&mut self, distinct_id: &str) {
        self.text.push_str(distinct_id);
        self.ends.push(u32::try_from(self.text.len()).expect("lists are bounded"));
    }

    /// Iterates over them.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.text[start as usize..*end as usize])
    }

    /// Returns how much memory they take, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.text.capacity() + self.ends.capacity() * size_of::<u32>()
    }
}

/// Who is in a cohort.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Those for whom it holds.
    Rule(Arc<Rule>),
    /// Those with one of these distinct ids.
    List(Arc<DistinctIds>),
}

/// A cohort as questions need it.
#[derive(Clone, Debug)]
pub struct Definition {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Grows with every change of rule or list; `None` for a rule that is not saved.
    pub revision: Option<i64>,
    /// Who is in it.
    pub kind: Kind,
}

/// The cohorts that a question names, and those that their rules name.
#[derive(Clone, Debug, Default)]
pub struct Definitions {
    /// The moment that behaviors are counted back from, in milliseconds since 1970.
    pub now_ms: i64,
    /// Each after those that its rule names.
    pub cohorts: Vec<Definition>,
}

impl Definitions {
    /// Returns what is another one after a change of one of these.
    #[must_use]
    pub fn version(&self) -> Vec<u8> {
        let revision = |cohort: &Definition| cohort.revision.unwrap_or_default().to_be_bytes();
        self.cohorts
            .iter()
            .flat_map(|cohort| cohort.id.into_bytes().into_iter().chain(revision(cohort)))
            .collect()
    }
}

/// Returns the cohorts with each after those that its rule names. What is named and not there is left out.
#[must_use]
pub fn in_order(cohorts: Vec<Definition>) -> Vec<Definition> {
    let mut left: HashMap<Uuid, Definition> =
        cohorts.into_iter().map(|cohort| (cohort.id, cohort)).collect();
    let mut ids: Vec<Uuid> = left.keys().copied().collect();
    ids.sort_unstable();
    let mut ordered = Vec::with_capacity(ids.len());
    // A cohort is taken off the stack twice: first to put those it names on top of it, then to be placed after them.
    let mut stack: Vec<(Uuid, bool)> = ids.into_iter().map(|id| (id, false)).collect();
    let mut seen = HashSet::new();
    while let Some((id, is_ready)) = stack.pop() {
        if is_ready {
            ordered.extend(left.remove(&id));
        } else if seen.insert(id)
            && let Some(cohort) = left.get(&id)
        {
            stack.push((id, true));
            if let Kind::Rule(rule) = &cohort.kind {
                stack.extend(rule.named().into_iter().map(|named| (named, false)));
            }
        }
    }
    ordered
}

/// Returns whether a cohort would come to name itself, directly or through others, if its rule named these.
/// `names` are the cohorts that each cohort names.
#[must_use]
pub fn leads_back(id: Uuid, named: &HashSet<Uuid>, names: &HashMap<Uuid, Vec<Uuid>>) -> bool {
    let mut seen = HashSet::new();
    let mut stack: Vec<Uuid> = named.iter().copied().collect();
    while let Some(next) = stack.pop() {
        if next == id {
            return true;
        }
        if seen.insert(next) {
            stack.extend(names.get(&next).into_iter().flatten());
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }

    fn naming(n: u128, named: &[u128]) -> Definition {
        let parts = named.iter().map(|n| Rule::Cohort(id(*n))).collect();
        let kind = Kind::Rule(Arc::new(Rule::Not(Box::new(Rule::All(parts)))));
        Definition { id: id(n), name: n.to_string(), revision: Some(1), kind }
    }

    #[test]
    fn a_cohort_comes_after_those_it_names() {
        let cohorts = vec![naming(1, &[2, 3]), naming(2, &[4]), naming(3, &[4]), naming(4, &[99])];
        let ordered = in_order(cohorts);
        let at = |n: u128| ordered.iter().position(|cohort| cohort.id == id(n));
        assert_eq!(ordered.len(), 4);
        assert!(at(4) < at(2) && at(4) < at(3) && at(2) < at(1) && at(3) < at(1));
    }

    #[test]
    fn a_circle_that_cannot_be_there_does_not_hang() {
        assert_eq!(in_order(vec![naming(1, &[2]), naming(2, &[1])]).len(), 2);
    }

    #[test]
    fn a_rule_that_leads_back_is_found_through_others() {
        let names = HashMap::from([(id(2), vec![id(3)]), (id(3), vec![id(1)]), (id(4), vec![])]);
        assert!(leads_back(id(1), &HashSet::from([id(1)]), &names), "itself");
        assert!(leads_back(id(1), &HashSet::from([id(2)]), &names), "through two");
        assert!(!leads_back(id(1), &HashSet::from([id(4)]), &names));
    }

    #[test]
    fn distinct_ids_come_back_as_they_were() {
        let mut ids = DistinctIds::default();
        let all = ["ada", "", "Zoë", "b"];
        all.iter().for_each(|id| ids.push(id));
        assert_eq!(ids.iter().collect::<Vec<_>>(), all);
    }

    #[test]
    fn times_are_compared() {
        assert!(Times::AtLeast(2).holds(2) && !Times::AtLeast(2).holds(1));
        assert!(Times::AtMost(2).holds(0) && !Times::AtMost(2).holds(3));
        assert!(Times::Exactly(0).holds(0) && !Times::Exactly(0).holds(1));
    }
}
