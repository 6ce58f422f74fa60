//! Reading the persons that a batch can touch.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use observe_core::PersonId;
use sqlx::types::{Json, Uuid};

use super::Batch;
use crate::error::IdentityError;
use crate::operation::{Operation, is_illegal};
use crate::person::{History, Mapping, Own, People, Person};
use crate::properties::{Properties, Version};

/// A person's row: id, identified, created, properties, version, count of noted changes.
type PersonRow = (Uuid, bool, DateTime<Utc>, Json<Properties>, i64, i64);

/// A distinct id's row.
#[derive(sqlx::FromRow)]
struct MappingRow {
    distinct_id: String,
    person_id: Uuid,
    lineage: Json<Vec<Version>>,
    identified: bool,
    seen_at: Option<DateTime<Utc>>,
    has_history: bool,
    history: Option<Json<Properties>>,
}

impl MappingRow {
    fn into_mapping(self) -> (String, Mapping) {
        let history = match self.history {
            Some(Json(history)) => History::Loaded(history),
            None if self.has_history => History::Stored,
            None => History::Implied,
        };
        let own = Own {
            identified: self.identified,
            seen_ms: self.seen_at.map(|at| at.timestamp_millis()),
            history,
        };
        let person = PersonId::new(self.person_id);
        (self.distinct_id, Mapping { person, lineage: self.lineage.0, own })
    }
}

/// Distinct ids by themselves, with the histories of some.
const BY_ID: &str = "
    select distinct_id, person_id, lineage, identified, seen_at, history is not null as has_history,
           case when distinct_id = any($3) then history end as history
    from person_distinct_id
    where project_id = $1 and distinct_id = any($2)";

/// All distinct ids of some persons, oldest first, with the histories of some.
const OF_PERSONS: &str = "
    select distinct_id, person_id, lineage, identified, seen_at, history is not null as has_history,
           case when distinct_id = any($3) then history end as history
    from person_distinct_id
    where project_id = $1 and person_id = any($2)
    order by position";

impl Batch {
    /// Returns all persons that the operations can touch.
    pub(crate) async fn load(
        &mut self,
        operations: &[&Operation],
    ) -> Result<People, IdentityError> {
        let mut named = BTreeSet::new();
        let mut joined = BTreeSet::new();
        let mut changed = BTreeSet::new();
        for operation in operations {
            let ids = operation.source().into_iter().chain([operation.target.as_str()]);
            for id in ids.filter(|id| !is_illegal(id)) {
                named.insert(id);
                if operation.joins() {
                    joined.insert(id);
                }
            }
            if !operation.properties.is_empty() {
                changed.insert(operation.target.as_str());
            }
        }
        let changed: Vec<&str> = changed.into_iter().filter(|id| named.contains(id)).collect();
        let named: Vec<&str> = named.into_iter().collect();
        let mappings = self.mappings(BY_ID, named, &changed).await?;
        let mut people = People::new(self.project);
        let persons: BTreeSet<Uuid> =
            mappings.iter().map(|(_, mapping)| mapping.person.uuid()).collect();
        self.load_persons(&mut people, persons.into_iter().collect()).await?;
        // Persons that may be joined are needed with all their distinct ids, which move together; and those of which another
        // one than the first is about to get a history, because the first one then needs one, too.
        let mut whole = BTreeSet::new();
        for (id, mapping) in &mappings {
            let gets_history = !mapping.is_first() && mapping.own.history == History::Implied;
            if joined.contains(id.as_str()) || gets_history {
                whole.insert(mapping.person.uuid());
            }
        }
        for (distinct_id, mapping) in mappings {
            if !whole.contains(&mapping.person.uuid()) {
                people.load_mapping(distinct_id, mapping);
            }
        }
        if !whole.is_empty() {
            let whole = whole.into_iter().collect();
            for (distinct_id, mapping) in self.mappings_of(whole, &changed).await? {
                people.load_mapping(distinct_id, mapping);
            }
        }
        Ok(people)
    }

    /// Adds persons' rows.
    pub(super) async fn load_persons(
        &mut self,
        people: &mut People,
        ids: Vec<Uuid>,
    ) -> Result<(), IdentityError> {
        if ids.is_empty() {
            return Ok(());
        }
        let rows: Vec<PersonRow> = sqlx::query_as(
            "select id, identified, created_at, properties, version, change_count from person
             where project_id = $1 and id = any($2)",
        )
        .bind(self.project.uuid())
        .bind(ids)
        .fetch_all(&mut *self.tx)
        .await?;
        for (id, identified, created_at, Json(properties), version, change_count) in rows {
            let created_ms = created_at.timestamp_millis();
            let person = Person::restore(identified, created_ms, properties, version, change_count);
            people.load_person(PersonId::new(id), person);
        }
        Ok(())
    }

    async fn mappings(
        &mut self,
        query: &'static str,
        ids: Vec<&str>,
        with_history: &[&str],
    ) -> Result<Vec<(String, Mapping)>, IdentityError> {
        let rows: Vec<MappingRow> = sqlx::query_as(query)
            .bind(self.project.uuid())
            .bind(ids)
            .bind(with_history)
            .fetch_all(&mut *self.tx)
            .await?;
        Ok(rows.into_iter().map(MappingRow::into_mapping).collect())
    }

    /// Returns all distinct ids of persons, oldest first.
    pub(super) async fn mappings_of(
        &mut self,
        persons: Vec<Uuid>,
        with_history: &[&str],
    ) -> Result<Vec<(String, Mapping)>, IdentityError> {
        let rows: Vec<MappingRow> = sqlx::query_as(OF_PERSONS)
            .bind(self.project.uuid())
            .bind(persons)
            .bind(with_history)
            .fetch_all(&mut *self.tx)
            .await?;
        Ok(rows.into_iter().map(MappingRow::into_mapping).collect())
    }
}
