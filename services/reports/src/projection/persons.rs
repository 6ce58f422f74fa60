//! Who is who: the person of each visitor, and what is known of persons.
//!
//! A visitor is a distinct id. Its rows never change; whose they are is decided here, at the time of the question, so that
//! a merge holds for all history at once.

mod stored;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};

use observe_core::distinct_id::is_illegal;
use observe_core::{PersonId, ProjectId};
use rustc_hash::FxHashMap;

use super::chunked::Chunked;
use super::dictionary::ValueDictionary;
use super::properties::for_each_property;
use super::property_set::PropertySet;
use super::stored::VISITORS_PER_ROW;
use crate::bits;
use crate::query::Scope;
pub(crate) use stored::{FORMAT, PERSONS_PER_ROW, StoredPersons};

/// The person of a visitor whose distinct id is illegal: it counts in totals, never as a person.
pub(crate) const NOBODY: u32 = u32::MAX;

/// The persons of one project, as dense codes: what the writer keeps.
#[derive(Debug)]
pub(crate) struct Persons {
    project: ProjectId,
    codes: HashMap<PersonId, u32>,
    /// By code.
    ids: Chunked<PersonId>,
    mapping: Arc<Mapping>,
    profiles: Profiles,
    changed: Changed,
}

/// Which rows of the store are not as persons are now, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Changed {
    /// Rows of visitors: one is new, forgotten, or another person's.
    pub(super) visitors: BTreeSet<usize>,
    /// Rows of persons: one is new, or has other properties.
    pub(super) persons: BTreeSet<usize>,
}

impl Changed {
    pub(super) fn is_empty(&self) -> bool {
        self.visitors.is_empty() && self.persons.is_empty()
    }
}

/// The person of each visitor.
#[derive(Debug, Default)]
struct Mapping {
    /// By visitor code.
    person_of: Vec<u32>,
    /// Counted when it is first asked for.
    shared: OnceLock<Shared>,
}

/// A copy is made to be changed, so what was counted is not copied.
impl Clone for Mapping {
    fn clone(&self) -> Self {
        Self { person_of: self.person_of.clone(), shared: OnceLock::new() }
    }
}

impl Mapping {
    /// Returns the persons, to be changed.
    fn changing(shared: &mut Arc<Self>) -> &mut Vec<u32> {
        let mapping = Arc::make_mut(shared);
        mapping.shared.take();
        &mut mapping.person_of
    }
}

/// The persons that have more than one visitor.
#[derive(Debug)]
pub(crate) struct Shared {
    /// A bit for each person.
    bits: Vec<u64>,
    /// By word, how many there are in those before it; then how many there are.
    before: Vec<u32>,
}

impl Shared {
    fn among(person_of: &[u32], persons: usize) -> Self {
        let mut seen = vec![0_u64; persons.div_ceil(64)];
        let mut again = seen.clone();
        for person in person_of.iter().filter(|person| **person != NOBODY) {
            let (word, bit) = (*person as usize / 64, 1 << (person % 64));
            again[word] |= seen[word] & bit;
            seen[word] |= bit;
        }
        let mut all = 0;
        let mut before = vec![0];
        before.extend(again.iter().map(|word| {
            all += word.count_ones();
            all
        }));
        Self { bits: again, before }
    }

    /// Returns whether a person has more than one.
    #[inline]
    pub(crate) fn has(&self, person: u32) -> bool {
        self.bits[person as usize / 64] >> (person % 64) & 1 == 1
    }

    /// Returns how many of them have smaller codes.
    #[inline]
    pub(crate) fn rank(&self, person: u32) -> u32 {
        let (word, below) = (person as usize / 64, (1 << (person % 64)) - 1);
        self.before[word] + (self.bits[word] & below).count_ones()
    }

    /// Returns how many there are.
    pub(crate) fn count(&self) -> u32 {
        self.before.last().copied().unwrap_or(0)
    }

    /// Hands out their codes in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> {
        bits::ones(&self.bits).map(|person| u32::try_from(person).expect("codes have 32 bits"))
    }
}

/// The persons as they were at one moment: what questions read.
#[derive(Clone, Debug)]
pub(crate) struct PersonsSnapshot {
    mapping: Arc<Mapping>,
    ids: Chunked<PersonId>,
    profiles: Profiles,
}

impl Persons {
    /// Starts without any.
    pub(crate) fn new(project: ProjectId) -> Self {
        Self {
            project,
            codes: HashMap::new(),
            ids: Chunked::default(),
            mapping: Arc::default(),
            profiles: Profiles::new(project),
            changed: Changed::default(),
        }
    }

    /// Returns which rows of the store are not as persons are now.
    pub(super) fn changed(&self) -> &Changed {
        &self.changed
    }

    /// Notes that the store has all as it is now.
    pub(super) fn set_kept(&mut self) {
        self.changed = Changed::default();
    }

    /// Returns all as it is now. What is written later is written to a copy while a snapshot is in use: a plain copy of
    /// four bytes a visitor, and one pointer a profile.
    pub(crate) fn snapshot(&self) -> PersonsSnapshot {
        PersonsSnapshot {
            mapping: Arc::clone(&self.mapping),
            ids: self.ids.clone(),
            profiles: self.profiles.clone(),
        }
    }

    /// Takes in the next visitor code, which starts as the person its distinct id makes. That may be a known one: a person
    /// made by `$identify` has the id that its user id alone would have.
    pub(crate) fn add_visitor(&mut self, distinct_id: &str) {
        let person = if is_illegal(distinct_id) {
            NOBODY
        } else {
            self.code(PersonId::of_distinct_id(self.project, distinct_id))
        };
        self.push(person);
    }

    /// Takes in the next visitor code, of one that was forgotten.
    pub(super) fn add_forgotten(&mut self) {
        self.push(NOBODY);
    }

    fn push(&mut self, person: u32) {
        let mapping = Mapping::changing(&mut self.mapping);
        self.changed.visitors.insert(mapping.len() / VISITORS_PER_ROW);
        mapping.push(person);
    }

    /// Forgets whose a visitor is that has no event any more.
    pub(super) fn forget(&mut self, visitor: u32) {
        self.give(visitor, NOBODY);
    }

    fn give(&mut self, visitor: u32, person: u32) {
        Mapping::changing(&mut self.mapping)[visitor as usize] = person;
        self.changed.visitors.insert(visitor as usize / VISITORS_PER_ROW);
    }

    /// Gives a visitor to a person.
    pub(crate) fn map(&mut self, visitor: u32, person: PersonId) {
        let person = self.code(person);
        let is = self.mapping.person_of[visitor as usize];
        if is != NOBODY && is != person {
            self.give(visitor, person);
        }
    }

    /// Has a visitor be again the person that its distinct id makes by itself.
    pub(super) fn start_afresh(&mut self, visitor: u32, distinct_id: &str) {
        self.map(visitor, PersonId::of_distinct_id(self.project, distinct_id));
    }

    /// Replaces all that is known of a person.
    ///
    /// # Errors
    /// The parser's, if the text is no JSON object.
    pub(crate) fn set_properties(
        &mut self,
        person: PersonId,
        json: &str,
    ) -> Result<(), serde_json::Error> {
        let person = self.code(person);
        self.changed.persons.insert(person as usize / PERSONS_PER_ROW);
        self.profiles.replace(person, json)
    }

    /// Forgets what is known of a person that was merged away. Its visitors are mapped to the other one by changes of their
    /// own.
    pub(crate) fn drop_person(&mut self, person: PersonId) {
        let person = self.code(person);
        if self.profiles.clear(person) {
            self.changed.persons.insert(person as usize / PERSONS_PER_ROW);
        }
    }

    fn code(&mut self, person: PersonId) -> u32 {
        if let Some(code) = self.codes.get(&person) {
            return *code;
        }
        let code = u32::try_from(self.ids.len()).expect("fewer than 2^32 persons");
        self.ids.push(person);
        self.codes.insert(person, code);
        self.changed.persons.insert(code as usize / PERSONS_PER_ROW);
        code
    }
}

impl PersonsSnapshot {
    /// Returns the person of each visitor code, [`NOBODY`] for illegal ones.
    pub(crate) fn person_of(&self) -> &[u32] {
        &self.mapping.person_of
    }

    /// Returns which persons have more than one visitor.
    pub(crate) fn shared(&self) -> &Shared {
        self.mapping.shared.get_or_init(|| Shared::among(self.person_of(), self.len()))
    }

    /// Returns one more than the largest person code.
    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    /// Returns the id of a person code.
    pub(crate) fn id(&self, person: u32) -> PersonId {
        *self.ids.get(person as usize)
    }

    /// Returns the code and the values of a property, if it ever occurred.
    pub(crate) fn property(&self, key: &str) -> Option<(u32, &ValueDictionary)> {
        self.profiles.properties.find(key)
    }

    /// Hands out every person that has any property, in no order.
    pub(crate) fn each_with_properties(&self, each: impl FnMut(u32)) {
        self.profiles.of_person.keys().copied().for_each(each);
    }

    /// Returns the keys of all properties that ever occurred.
    pub(crate) fn property_keys(&self) -> impl Iterator<Item = &str> {
        self.profiles.properties.keys()
    }

    /// Hands out every person that has the property, with its value code, in no order.
    pub(crate) fn each_value(&self, key: u32, mut each: impl FnMut(u32, u32)) {
        for (person, pairs) in self.profiles.of_person.iter() {
            if let Ok(at) = pairs.binary_search_by_key(&key, |(key, _)| *key) {
                each(*person, pairs[at].1);
            }
        }
    }
}

/// A key's code and a value's.
type Pair = (u32, u32);

/// Person properties. Each person has only its own: with a column for each key, the persons times the keys of a project
/// would be held, and both come through public keys.
#[derive(Clone, Debug)]
struct Profiles {
    properties: PropertySet,
    /// Only persons with properties, each with its pairs sorted by key and each key once.
    of_person: Arc<FxHashMap<u32, Arc<[Pair]>>>,
}

impl Profiles {
    fn new(project: ProjectId) -> Self {
        Self { properties: PropertySet::new(project, Scope::Person), of_person: Arc::default() }
    }

    /// Puts what can be read of the text in the place of what was known.
    fn replace(&mut self, person: u32, json: &str) -> Result<(), serde_json::Error> {
        let mut pairs: Vec<Pair> = Vec::new();
        let read = for_each_property(json, |key, value| {
            pairs.extend(self.properties.intern(key, value));
        });
        // A key that comes twice in one object has the value that came last.
        pairs.reverse();
        pairs.sort_by_key(|(key, _)| *key);
        pairs.dedup_by_key(|(key, _)| *key);
        if pairs.is_empty() {
            self.clear(person);
        } else {
            Arc::make_mut(&mut self.of_person).insert(person, pairs.into());
        }
        read
    }

    /// Returns whether anything was known.
    fn clear(&mut self, person: u32) -> bool {
        let is_known = self.of_person.contains_key(&person);
        if is_known {
            Arc::make_mut(&mut self.of_person).remove(&person);
        }
        is_known
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::property_set::KEYS_MAX;
    use super::*;

    fn project() -> ProjectId {
        ProjectId::new(Uuid::from_u128(9))
    }

    #[test]
    fn a_person_made_by_identify_is_the_person_of_its_user_id() {
        let mut persons = Persons::new(project());
        persons.add_visitor("anon");
        persons.map(0, PersonId::of_distinct_id(project(), "user-1"));
        persons.add_visitor("user-1");
        assert_eq!(persons.snapshot().person_of()[0], persons.snapshot().person_of()[1]);
    }

    #[test]
    fn persons_with_several_visitors_are_numbered_in_the_order_of_their_codes() {
        let person_of: Vec<u32> = (0..200).chain([3, 70, 70, 199, NOBODY]).collect();
        let shared = Shared::among(&person_of, 200);
        let codes: Vec<u32> = shared.iter().collect();
        assert_eq!((codes.as_slice(), shared.count()), ([3, 70, 199].as_slice(), 3));
        assert_eq!([3, 70, 199].map(|code| shared.rank(code)), [0, 1, 2]);
        assert!(shared.has(70) && !shared.has(71));
    }

    #[test]
    fn illegal_ids_stay_nobody_whatever_is_said_of_them() {
        let mut persons = Persons::new(project());
        persons.add_visitor("null");
        persons.map(0, PersonId::new(Uuid::from_u128(1)));
        assert_eq!(persons.snapshot().person_of(), [NOBODY]);
    }

    #[test]
    fn a_profile_is_replaced_whole_and_a_merged_person_has_none() {
        let mut persons = Persons::new(project());
        let ada = PersonId::new(Uuid::from_u128(1));
        persons.set_properties(ada, r#"{"plan":"free","seats":3}"#).expect("an object");
        persons.set_properties(ada, r#"{"plan":"pro"}"#).expect("an object");
        let text = |persons: &Persons, key| {
            let now = persons.snapshot();
            let (key, values) = now.property(key).expect("it occurred");
            let mut found = None;
            now.each_value(key, |_, code| found = values.value(code).map(|(t, _)| t.to_owned()));
            found
        };
        assert_eq!(text(&persons, "plan").as_deref(), Some("pro"));
        assert_eq!(text(&persons, "seats"), None);
        persons.drop_person(ada);
        assert_eq!(text(&persons, "plan"), None);
    }

    #[test]
    fn the_last_of_two_equal_keys_counts() {
        let mut persons = Persons::new(project());
        persons
            .set_properties(PersonId::new(Uuid::from_u128(1)), r#"{"a":1,"b":2,"a":3}"#)
            .expect("an object");
        let pairs: Vec<_> =
            persons.profiles.of_person.values().flat_map(|all| all.to_vec()).collect();
        assert_eq!(pairs, [(0, 2), (1, 1)]);
    }

    #[test]
    fn persons_with_keys_of_their_own_take_only_their_own_room() {
        let mut persons = Persons::new(project());
        for n in 0..600_u32 {
            let keys = (0..1_000).map(|key| format!(r#""key {n} {key}":1"#));
            let json = format!("{{{}}}", keys.collect::<Vec<_>>().join(","));
            let person = PersonId::new(Uuid::from_u128(n.into()));
            persons.set_properties(person, &json).expect("an object");
        }
        let profiles = &persons.profiles;
        let held: usize = profiles.of_person.values().map(|pairs| pairs.len()).sum();
        assert_eq!(held, KEYS_MAX, "as many as came before the keys were too many");
        persons.drop_person(PersonId::new(Uuid::from_u128(0)));
        let held: usize = persons.profiles.of_person.values().map(|pairs| pairs.len()).sum();
        assert_eq!(held, KEYS_MAX - 1_000);
    }

    #[test]
    fn a_snapshot_stays_as_it_was() {
        let mut persons = Persons::new(project());
        let ada = PersonId::new(Uuid::from_u128(1));
        persons.add_visitor("anon");
        persons.set_properties(ada, r#"{"plan":"free"}"#).expect("an object");
        let before = persons.snapshot();
        let was = before.person_of()[0];
        persons.map(0, ada);
        persons.drop_person(ada);
        persons.add_visitor("other");
        assert_eq!(before.person_of(), [was]);
        let mut values = 0;
        before.each_value(0, |_, _| values += 1);
        assert_eq!(values, 1);
    }
}
