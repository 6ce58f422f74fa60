//! Reading the persons that a batch can touch.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use observe_core::PersonId;
use sqlx::types::{Json, Uuid};

use super::Batch;
use crate::error::IdentityError;
use crate::operation::{Kind, Operation, is_illegal};
use crate::person::{Mapping, People, Person};
use crate::properties::{Properties, Version};

/// A person's row: id, identified, created, properties, version.
type PersonRow = (Uuid, bool, DateTime<Utc>, Json<Properties>, i64);

impl Batch {
    /// Returns all persons that the operations can touch.
    pub(crate) async fn load(
        &mut self,
        operations: &[&Operation],
    ) -> Result<People, IdentityError> {
        let mut named = BTreeSet::new();
        let mut joined = BTreeSet::new();
        for operation in operations {
            let ids = operation.source().into_iter().chain([operation.target.as_str()]);
            for id in ids.filter(|id| !is_illegal(id)) {
                named.insert(id);
                if operation.kind != Kind::Properties {
                    joined.insert(id);
                }
            }
        }
        let named: Vec<&str> = named.into_iter().collect();
        let mappings: Vec<(String, Uuid, Json<Vec<Version>>)> = sqlx::query_as(
            "select distinct_id, person_id, lineage from person_distinct_id
             where project_id = $1 and distinct_id = any($2)",
        )
        .bind(self.project.uuid())
        .bind(&named)
        .fetch_all(&mut *self.tx)
        .await?;
        // Persons that may be joined are needed with all their distinct ids, which move together.
        let whole: BTreeSet<Uuid> = mappings
            .iter()
            .filter(|(id, _, _)| joined.contains(id.as_str()))
            .map(|(_, person, _)| *person)
            .collect();
        let persons: BTreeSet<Uuid> = mappings.iter().map(|(_, person, _)| *person).collect();
        let mut people = People::new(self.project);
        self.load_persons(&mut people, persons.into_iter().collect()).await?;
        for (distinct_id, person, Json(lineage)) in mappings {
            if !whole.contains(&person) {
                people
                    .load_mapping(distinct_id, Mapping { person: PersonId::new(person), lineage });
            }
        }
        self.load_mappings_of(&mut people, whole.into_iter().collect()).await?;
        Ok(people)
    }

    async fn load_persons(
        &mut self,
        people: &mut People,
        ids: Vec<Uuid>,
    ) -> Result<(), IdentityError> {
        let rows: Vec<PersonRow> = sqlx::query_as(
            "select id, identified, created_at, properties, version from person
             where project_id = $1 and id = any($2)",
        )
        .bind(self.project.uuid())
        .bind(ids)
        .fetch_all(&mut *self.tx)
        .await?;
        for (id, identified, created_at, Json(properties), version) in rows {
            let person =
                Person::restore(identified, created_at.timestamp_millis(), properties, version);
            people.load_person(PersonId::new(id), person);
        }
        Ok(())
    }

    async fn load_mappings_of(
        &mut self,
        people: &mut People,
        persons: Vec<Uuid>,
    ) -> Result<(), IdentityError> {
        if persons.is_empty() {
            return Ok(());
        }
        let rows: Vec<(String, Uuid, Json<Vec<Version>>)> = sqlx::query_as(
            "select distinct_id, person_id, lineage from person_distinct_id
             where project_id = $1 and person_id = any($2) order by position",
        )
        .bind(self.project.uuid())
        .bind(persons)
        .fetch_all(&mut *self.tx)
        .await?;
        for (distinct_id, person, Json(lineage)) in rows {
            people.load_mapping(distinct_id, Mapping { person: PersonId::new(person), lineage });
        }
        Ok(())
    }
}
