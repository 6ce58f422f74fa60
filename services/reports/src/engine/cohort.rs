//! Who is in a cohort, as of one snapshot: a bit for each person.
//!
//! Sets are computed when a question names them and kept for a second, so cohorts are as fresh as every other answer: a
//! merge, a new property or an event counts at once.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use moka::sync::Cache;
use uuid::Uuid;

use super::EngineError;
use super::filter::persons_that_pass;
use super::person_set::PersonSet;
use super::plan::Reads;
use super::scan::scan;
use super::view::View;
use crate::cohort::{Behavior, Definition, Definitions, DistinctIds, Kind, Rule};
use crate::projection::{NOBODY, Project};
use crate::query::{CountedBy, Filter, Range, Selector};

/// How long a set is used without being computed again.
const LIFETIME: Duration = Duration::from_secs(1);
/// How much memory the sets that are kept may take, in bytes. What does not fit is computed each time.
const KEPT_BYTES_MAX: u64 = 64 << 20;
/// Distinct ids of a list that are looked up between two looks at the asker.
const IDS_AT_ONCE: usize = 4_096;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// The cohorts of a question.
#[derive(Debug, Default)]
pub(crate) struct Members(HashMap<Uuid, Member>);

/// One cohort.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    /// Its name.
    pub(crate) name: String,
    /// Who is in it.
    pub(crate) persons: Arc<PersonSet>,
}

impl Members {
    /// Returns a cohort that the question names.
    pub(crate) fn get(&self, id: Uuid) -> Option<&Member> {
        self.0.get(&id)
    }
}

/// Sets of a moment ago, of all projects.
#[derive(Clone)]
pub(super) struct KeptSets(Cache<Key, Kept>);

/// A cohort and its revision.
type Key = (Uuid, i64);

#[derive(Clone)]
struct Kept {
    /// Whose codes these are: a projection that is built anew gives out others.
    project: Weak<Project>,
    persons: Arc<PersonSet>,
}

impl Default for KeptSets {
    fn default() -> Self {
        let weigh = |_: &Key, kept: &Kept| kept.persons.bytes();
        let cache = Cache::builder()
            .max_capacity(KEPT_BYTES_MAX)
            .weigher(weigh)
            .time_to_live(LIFETIME)
            .build();
        Self(cache)
    }
}

impl KeptSets {
    fn get(&self, key: Key, project: &Arc<Project>) -> Option<Arc<PersonSet>> {
        let kept = self.0.get(&key)?;
        std::ptr::eq(kept.project.as_ptr(), Arc::as_ptr(project)).then_some(kept.persons)
    }

    /// Computes the sets of these cohorts, or takes those of a moment ago.
    ///
    /// # Errors
    /// `Abandoned` if the asker has gone.
    pub(super) fn members(
        &self,
        view: &View<'_>,
        project: &Arc<Project>,
        definitions: &Definitions,
    ) -> Result<Members, EngineError> {
        let mut members = Members::default();
        let everybody = OnceCell::new();
        for cohort in &definitions.cohorts {
            let key = cohort.revision.map(|revision| (cohort.id, revision));
            let persons = match key.and_then(|key| self.get(key, project)) {
                Some(persons) => persons,
                None => {
                    let now_ms = definitions.now_ms;
                    let sieve = Sieve { view, now_ms, members: &members, everybody: &everybody };
                    let persons = Arc::new(sieve.persons(cohort)?);
                    if let Some(key) = key {
                        let project = Arc::downgrade(project);
                        self.0.insert(key, Kept { project, persons: Arc::clone(&persons) });
                    }
                    persons
                }
            };
            members.0.insert(cohort.id, Member { name: cohort.name.clone(), persons });
        }
        Ok(members)
    }
}

/// Returns all persons that have an event or a property.
///
/// # Errors
/// `Abandoned` if the asker has gone.
pub(super) fn everybody(view: &View<'_>) -> Result<PersonSet, EngineError> {
    let mut persons = those_by_times(view, Selector::any(), Range::ALWAYS, |times| times > 0)?;
    view.columns.persons.each_with_properties(|person| persons.insert(person));
    Ok(persons)
}

/// Tells who is in a cohort; those that it names are known.
struct Sieve<'s, 'v> {
    view: &'s View<'v>,
    now_ms: i64,
    members: &'s Members,
    everybody: &'s OnceCell<PersonSet>,
}

impl Sieve<'_, '_> {
    fn persons(&self, cohort: &Definition) -> Result<PersonSet, EngineError> {
        match &cohort.kind {
            Kind::Rule(rule) => self.those_of(rule),
            Kind::List(ids) => self.listed(ids),
        }
    }

    fn those_of(&self, rule: &Rule) -> Result<PersonSet, EngineError> {
        match rule {
            Rule::All(parts) => {
                let mut all: Option<PersonSet> = None;
                for part in parts {
                    let some = self.those_of(part)?;
                    all = Some(match all {
                        None => some,
                        Some(all) => all.and(&some),
                    });
                }
                all.map_or_else(|| self.everybody().cloned(), Ok)
            }
            Rule::Any(parts) => {
                let mut any = PersonSet::nobody(self.view.columns.persons.len());
                for part in parts {
                    any = any.or(&self.those_of(part)?);
                }
                Ok(any)
            }
            Rule::Not(rule) => Ok(self.everybody()?.clone().without(&self.those_of(rule)?)),
            Rule::Property(condition) => {
                let (persons, takes_missing) = persons_that_pass(condition, self.view.columns);
                if takes_missing { Ok(persons.and(self.everybody()?)) } else { Ok(persons) }
            }
            Rule::Behavior(behavior) => self.those_who(behavior),
            Rule::Cohort(id) => {
                let nobody = PersonSet::nobody(self.view.columns.persons.len());
                Ok(match self.members.get(*id) {
                    Some(cohort) => nobody.or(&cohort.persons),
                    None => nobody,
                })
            }
        }
    }

    fn those_who(&self, behavior: &Behavior) -> Result<PersonSet, EngineError> {
        // What happens now counts, and what happened exactly so many days ago does not.
        let end_ms = self.now_ms.saturating_add(1);
        let start_ms = end_ms.saturating_sub(i64::from(behavior.days) * DAY_MS);
        let range = Range { start_ms, end_ms };
        let holds = |times| behavior.times.holds(times);
        let persons = those_by_times(self.view, behavior.selector.clone(), range, holds)?;
        if behavior.times.holds(0) { Ok(persons.and(self.everybody()?)) } else { Ok(persons) }
    }

    fn listed(&self, ids: &DistinctIds) -> Result<PersonSet, EngineError> {
        let columns = self.view.columns;
        let person_of = columns.persons.person_of();
        let mut persons = PersonSet::nobody(columns.persons.len());
        for (at, id) in ids.iter().enumerate() {
            if at % IDS_AT_ONCE == 0 {
                self.view.asker.check()?;
            }
            let person = columns.visitors.code(id).map(|visitor| person_of[visitor as usize]);
            if let Some(person) = person.filter(|person| *person != NOBODY) {
                persons.insert(person);
            }
        }
        // An id may be known of a merge alone; it counts as soon as there is an event or a property.
        Ok(persons.and(self.everybody()?))
    }

    fn everybody(&self) -> Result<&PersonSet, EngineError> {
        if let Some(everybody) = self.everybody.get() {
            return Ok(everybody);
        }
        let everybody = everybody(self.view)?;
        Ok(self.everybody.get_or_init(|| everybody))
    }
}

/// Returns the persons for whom it holds how many of their events are selected.
fn those_by_times(
    view: &View<'_>,
    selector: Selector,
    range: Range,
    holds: impl Fn(u32) -> bool,
) -> Result<PersonSet, EngineError> {
    let bytes = view.columns.persons.len() * size_of::<AtomicU32>();
    view.asker.take(bytes)?;
    let counts: Vec<AtomicU32> =
        std::iter::repeat_with(AtomicU32::default).take(view.columns.persons.len()).collect();
    let (everything, selectors) = (Filter::everything(), [selector]);
    let reads = Reads {
        range,
        counted_by: &CountedBy::Persons,
        filter: &everything,
        selectors: &selectors,
        values: [],
    };
    scan(
        // The sessions of these events alone are looked at.
        &view.over(range),
        &reads,
        || (),
        |(), part| {
            part.each(|row| {
                if row.unit != NOBODY {
                    counts[row.unit as usize].fetch_add(1, Ordering::Relaxed);
                }
            });
        },
    )?;
    let word = |counts: &[AtomicU32]| {
        let bits = (0..).zip(counts).filter(|(_, count)| holds(count.load(Ordering::Relaxed)));
        bits.fold(0_u64, |word, (bit, _): (u32, _)| word | 1 << bit)
    };
    let persons = PersonSet::of_bits(counts.chunks(64).map(word).collect());
    view.asker.give_back(bytes);
    Ok(persons)
}
