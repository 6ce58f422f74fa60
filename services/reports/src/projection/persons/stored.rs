//! How persons are kept: the ids and properties of 1,024 persons in a row, and whose the visitors of a row of visitors are.
//!
//! A row holds the texts of its own persons alone, so that those of an erased person go with the next version of its row.
//! Each row is an LZ4 frame with a checksum: one that was damaged is noticed.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};

use lz4_flex::frame::{FrameDecoder, FrameEncoder, FrameInfo};
use observe_core::{PersonId, ProjectId};
use prost::Message as _;
use rustc_hash::FxHashMap;

use super::super::dictionary::Dictionary;
use super::super::stored::{Damaged, VISITORS_PER_ROW};
use super::{Mapping, NOBODY, Pair, Persons, Profiles};

/// How many persons are kept in one row.
pub(crate) const PERSONS_PER_ROW: usize = 1_024;
/// The format of what is kept. A version that comes to know more of a change than the one before raises it: persons that were
/// kept in another format are not used, and the changes are read from the first one.
pub(crate) const FORMAT: i32 = 1;

const ID_BYTES: usize = 16;

/// What the store has of persons.
#[derive(Clone, Debug)]
pub(crate) struct StoredPersons {
    /// Rows of persons, in order.
    pub(crate) rows: Vec<Vec<u8>>,
    /// By row of visitors, whose they are.
    pub(crate) visitors: Vec<Vec<u8>>,
    /// How many persons there are.
    pub(crate) count: usize,
}

#[derive(Clone, PartialEq, prost::Message)]
struct RowMessage {
    /// 16 bytes a person.
    #[prost(bytes = "vec", tag = "1")]
    ids: Vec<u8>,
    #[prost(message, repeated, tag = "2")]
    properties: Vec<PropertyMessage>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct PropertyMessage {
    #[prost(string, tag = "1")]
    key: String,
    /// The different values.
    #[prost(string, repeated, tag = "2")]
    texts: Vec<String>,
    /// Who has it, by the place in the row.
    #[prost(uint32, repeated, tag = "3")]
    persons: Vec<u32>,
    /// By the place in `persons`, which of the texts.
    #[prost(uint32, repeated, tag = "4")]
    values: Vec<u32>,
}

impl Persons {
    /// Writes a row of persons.
    pub(crate) fn to_stored_row(&self, row: usize) -> Vec<u8> {
        let codes = row * PERSONS_PER_ROW..self.ids.len().min((row + 1) * PERSONS_PER_ROW);
        let mut ids = Vec::with_capacity(codes.len() * ID_BYTES);
        let mut properties: BTreeMap<u32, (PropertyMessage, FxHashMap<u32, u32>)> = BTreeMap::new();
        for (place, code) in (0_u32..).zip(codes) {
            ids.extend(self.ids.get(code).to_bytes());
            let code = u32::try_from(code).expect("codes have 32 bits");
            for (key, value) in self.profiles.of_person.get(&code).iter().flat_map(|all| all.iter())
            {
                let (message, texts) = properties.entry(*key).or_default();
                let (text, values) = self.profiles.properties.of(*key);
                message.key = text.to_owned();
                let next = u32::try_from(texts.len()).expect("fewer than persons");
                let known = *texts.entry(*value).or_insert(next);
                if known == next {
                    let text = values.value(*value).map_or("", |(text, _)| text);
                    message.texts.push(text.to_owned());
                }
                message.persons.push(place);
                message.values.push(known);
            }
        }
        let properties = properties.into_values().map(|(message, _)| message).collect();
        write(&RowMessage { ids, properties }.encode_to_vec())
    }

    /// Writes whose the visitors of a row are: the steps from one person's number to the next one's.
    pub(crate) fn to_stored_visitors(&self, row: usize) -> Vec<u8> {
        let all = &self.mapping.person_of;
        let some = &all[row * VISITORS_PER_ROW..all.len().min((row + 1) * VISITORS_PER_ROW)];
        let mut last = 0;
        let steps = some.iter().flat_map(|person| {
            let step = person.wrapping_sub(std::mem::replace(&mut last, *person));
            step.to_le_bytes()
        });
        write(&steps.collect::<Vec<u8>>())
    }

    /// Makes persons of what the store has. It is as it was when it was kept.
    ///
    /// # Errors
    /// [`Damaged`].
    pub(crate) fn restore(project: ProjectId, stored: &StoredPersons) -> Result<Self, Damaged> {
        let mut persons = Self::new(project);
        persons.codes.reserve(stored.count);
        for row in &stored.rows {
            persons.restore_row(row)?;
        }
        if persons.ids.len() != stored.count || persons.codes.len() != stored.count {
            return Err(Damaged("there are other persons than were kept"));
        }
        let mut mapping = Mapping::default();
        for row in &stored.visitors {
            let bytes = read(row)?;
            let (steps, rest) = bytes.as_chunks();
            let mut person = 0_u32;
            for step in steps {
                person = person.wrapping_add(u32::from_le_bytes(*step));
                if person != NOBODY && person as usize >= stored.count {
                    return Err(Damaged("a visitor is a person that there is not"));
                }
                mapping.person_of.push(person);
            }
            if !rest.is_empty() {
                return Err(Damaged("whose visitors are is cut off"));
            }
        }
        persons.mapping = mapping.into();
        persons.set_kept();
        Ok(persons)
    }

    /// Makes persons of visitors of whom nothing is known but their distinct ids; empty ones were forgotten.
    pub(crate) fn of_visitors(project: ProjectId, visitors: &Dictionary) -> Self {
        let mut persons = Self::new(project);
        for distinct_id in visitors.texts() {
            if distinct_id.is_empty() {
                persons.add_forgotten();
            } else {
                persons.add_visitor(distinct_id);
            }
        }
        persons
    }

    /// Returns how many visitors there are.
    pub(crate) fn visitors(&self) -> usize {
        self.mapping.person_of.len()
    }

    /// Returns how many persons have a number.
    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    fn restore_row(&mut self, row: &[u8]) -> Result<(), Damaged> {
        let row = RowMessage::decode(read(row)?.as_slice());
        let row = row.map_err(|_| Damaged("persons cannot be read"))?;
        let first = u32::try_from(self.ids.len()).expect("fewer than 2^32 persons");
        let (ids, rest) = row.ids.as_chunks::<ID_BYTES>();
        if !rest.is_empty() || ids.len() > PERSONS_PER_ROW {
            return Err(Damaged("the ids of persons are cut off"));
        }
        for (code, id) in (first..).zip(ids) {
            let id = PersonId::from_bytes(id).ok_or(Damaged("an id of a person cannot be read"))?;
            self.ids.push(id);
            self.codes.insert(id, code);
        }
        self.profiles.restore(first, ids.len(), row.properties)
    }
}

impl Profiles {
    /// Takes in the properties of a row of `count` persons, the first of which has the number `first`.
    fn restore(
        &mut self,
        first: u32,
        count: usize,
        properties: Vec<PropertyMessage>,
    ) -> Result<(), Damaged> {
        let mut of_place: Vec<Vec<Pair>> = vec![Vec::new(); count];
        for property in properties {
            let PropertyMessage { key, texts, persons, values } = property;
            // Keys that became too many are no columns here either.
            let Some(key) = self.properties.key(&key) else { continue };
            let codes: Vec<u32> =
                texts.iter().map(|text| self.properties.value(key, text)).collect();
            for (place, value) in persons.iter().zip(values) {
                let pairs = of_place.get_mut(*place as usize).zip(codes.get(value as usize));
                let (pairs, code) = pairs.ok_or(Damaged("a property is nobody's"))?;
                pairs.push((key, *code));
            }
        }
        let of_person = std::sync::Arc::make_mut(&mut self.of_person);
        for (person, mut pairs) in (first..).zip(of_place) {
            if !pairs.is_empty() {
                pairs.sort_unstable_by_key(|(key, _)| *key);
                of_person.insert(person, pairs.into());
            }
        }
        Ok(())
    }
}

fn write(bytes: &[u8]) -> Vec<u8> {
    let info = FrameInfo::new().content_checksum(true);
    let mut encoder = FrameEncoder::with_frame_info(info, Vec::new());
    let written = encoder.write_all(bytes).map(|()| encoder.finish());
    written.expect("memory takes all").expect("memory takes all")
}

fn read(frame: &[u8]) -> Result<Vec<u8>, Damaged> {
    let mut bytes = Vec::new();
    let read = FrameDecoder::new(frame).read_to_end(&mut bytes);
    read.map_err(|_| Damaged("a row of persons is not what was written"))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn project() -> ProjectId {
        ProjectId::new(Uuid::from_u128(9))
    }

    /// Persons with merges, properties, an illegal id and one that was forgotten, in several rows.
    fn some(visitors: u32) -> (Persons, Dictionary) {
        let (mut persons, mut texts) = (Persons::new(project()), Dictionary::default());
        for n in 0..visitors {
            let id = if n == 7 { "null".to_owned() } else { format!("visitor {n}") };
            texts.intern(&id);
            persons.add_visitor(&id);
            if n % 3 == 0 {
                let person = PersonId::of_distinct_id(project(), &format!("user {}", n / 6));
                persons.map(n, person);
                let json = format!(r#"{{"plan":"p{}","mail":"{n}@x","n":{n}.5}}"#, n % 4);
                persons.set_properties(person, &json).expect("an object");
            }
        }
        persons.drop_person(PersonId::of_distinct_id(project(), "user 2"));
        persons.forget(9);
        texts.forget(9);
        (persons, texts)
    }

    fn stored(persons: &Persons) -> StoredPersons {
        let rows = 0..persons.len().div_ceil(PERSONS_PER_ROW);
        let visitors = 0..persons.visitors().div_ceil(VISITORS_PER_ROW);
        StoredPersons {
            rows: rows.map(|row| persons.to_stored_row(row)).collect(),
            visitors: visitors.map(|row| persons.to_stored_visitors(row)).collect(),
            count: persons.len(),
        }
    }

    /// Properties as texts, by person.
    fn profiles(persons: &Persons) -> BTreeMap<u32, Vec<(String, String)>> {
        let of = &persons.profiles;
        let text = |(key, value): &Pair| {
            let (key, values) = of.properties.of(*key);
            (key.to_owned(), values.value(*value).expect("set").0.to_owned())
        };
        let all = of.of_person.iter().map(|(person, pairs)| {
            let mut texts: Vec<_> = pairs.iter().map(text).collect();
            texts.sort();
            (*person, texts)
        });
        all.collect()
    }

    #[test]
    fn persons_come_back_as_they_were_and_go_on() {
        let (mut persons, _) = some(10_000);
        let mut back = Persons::restore(project(), &stored(&persons)).expect("it was kept");
        assert!(back.changed().is_empty());
        for _ in 0..2 {
            assert_eq!(back.snapshot().person_of(), persons.snapshot().person_of());
            assert!(back.ids.iter().eq(persons.ids.iter()));
            assert_eq!(profiles(&back), profiles(&persons));
            for persons in [&mut persons, &mut back] {
                persons.add_visitor("one more");
                persons.map(5_000, PersonId::of_distinct_id(project(), "user 3"));
                let id = PersonId::of_distinct_id(project(), "user 4");
                persons.set_properties(id, r#"{"plan":"new","more":1}"#).expect("an object");
            }
        }
        let changed = (&back.changed.visitors, &back.changed.persons);
        assert_eq!(changed.0.iter().copied().collect::<Vec<_>>(), [1, 2]);
        assert!(changed.1.contains(&0), "a known person has other properties");
    }

    #[test]
    fn visitors_alone_make_the_persons_of_their_ids() {
        let (_, texts) = some(50);
        let persons = Persons::of_visitors(project(), &texts);
        let person_of = persons.snapshot().person_of().to_vec();
        assert_eq!((person_of[7], person_of[9]), (NOBODY, NOBODY));
        let id = persons.snapshot().id(person_of[6]);
        assert_eq!(id, PersonId::of_distinct_id(project(), "visitor 6"));
        assert!(!persons.changed().is_empty(), "all of it is to be kept");
    }

    #[test]
    fn what_is_damaged_or_missing_is_noticed() {
        let (persons, _) = some(5_000);
        let whole = stored(&persons);
        for at in [0, whole.rows[1].len() / 2, whole.rows[1].len() - 1] {
            let mut damaged = whole.clone();
            damaged.rows[1][at] ^= 1;
            assert!(Persons::restore(project(), &damaged).is_err(), "byte {at}");
        }
        let mut damaged = whole.clone();
        let middle = damaged.visitors[0].len() / 2;
        damaged.visitors[0][middle] ^= 1;
        assert!(Persons::restore(project(), &damaged).is_err());
        let mut missing = whole.clone();
        missing.rows.remove(1);
        assert!(Persons::restore(project(), &missing).is_err());
        let swapped = StoredPersons { visitors: whole.rows.clone(), ..whole };
        assert!(Persons::restore(project(), &swapped).is_err());
    }
}
