//! Writing what a batch did.

use chrono::{DateTime, Utc};
use observe_core::PersonId;
use observe_core::error::CommonError;
use observe_proto::identity::v1::{Change, MappingChange, PersonChange, change};
use prost::Message as _;

use super::{Batch, Done};
use crate::convert::{instant, merge_cause_number};
use crate::error::IdentityError;
use crate::person::{Mapping, People, Person};
use crate::properties::Version;

impl Batch {
    pub(super) async fn save_persons(&mut self, people: &People) -> Result<(), IdentityError> {
        let persons: Vec<(PersonId, &Person)> = people.changed_persons().collect();
        if persons.is_empty() {
            return Ok(());
        }
        let each = |pick: fn(&Person) -> i64| {
            persons.iter().map(|(_, person)| pick(person)).collect::<Vec<_>>()
        };
        let properties: Vec<String> = persons
            .iter()
            .map(|(_, person)| to_json(&person.properties))
            .collect::<Result<_, _>>()?;
        sqlx::query(
            "insert into person
                 (project_id, id, identified, created_at, properties, version, merged_into, change_count)
             select $1, p.id, p.identified, p.created_at, p.properties::json, p.version, p.merged_into, p.change_count
             from unnest(
                 $2::uuid[], $3::boolean[], $4::timestamptz[], $5::text[], $6::bigint[], $7::uuid[], $8::bigint[]
             ) as p (id, identified, created_at, properties, version, merged_into, change_count)
             on conflict on constraint person_pkey do update set
                 identified = excluded.identified, created_at = excluded.created_at,
                 properties = excluded.properties, version = excluded.version,
                 merged_into = excluded.merged_into, change_count = excluded.change_count",
        )
        .bind(self.project.uuid())
        .bind(persons.iter().map(|(id, _)| id.uuid()).collect::<Vec<_>>())
        .bind(persons.iter().map(|(_, person)| person.identified).collect::<Vec<_>>())
        .bind(each(|person| person.created_ms).into_iter().map(instant).collect::<Vec<_>>())
        .bind(properties)
        .bind(each(|person| person.version))
        .bind(persons.iter().map(|(_, person)| person.merged_into.map(PersonId::uuid)).collect::<Vec<_>>())
        .bind(each(|person| person.change_count))
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    pub(super) async fn save_mappings(
        &mut self,
        people: &People,
        now: DateTime<Utc>,
    ) -> Result<(), IdentityError> {
        let rows: Vec<(&str, &Mapping)> = people.changed_mappings().collect();
        if rows.is_empty() {
            return Ok(());
        }
        let lineages: Vec<String> =
            rows.iter().map(|(_, mapping)| to_json(&mapping.lineage)).collect::<Result<_, _>>()?;
        sqlx::query(
            "insert into person_distinct_id
                 (project_id, distinct_id, person_id, lineage, identified, seen_at, created_at)
             select $1, m.distinct_id, m.person_id, m.lineage::json, m.identified, m.seen_at, $7
             from unnest($2::text[], $3::uuid[], $4::text[], $5::boolean[], $6::timestamptz[]) with ordinality
                 as m (distinct_id, person_id, lineage, identified, seen_at, place)
             order by m.place
             on conflict on constraint person_distinct_id_pkey do update set
                 person_id = excluded.person_id, lineage = excluded.lineage,
                 identified = excluded.identified, seen_at = excluded.seen_at",
        )
        .bind(self.project.uuid())
        .bind(rows.iter().map(|(id, _)| *id).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, mapping)| mapping.person.uuid()).collect::<Vec<_>>())
        .bind(lineages)
        .bind(rows.iter().map(|(_, mapping)| mapping.own.identified).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, mapping)| mapping.own.seen_ms.map(instant)).collect::<Vec<_>>())
        .bind(now)
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Writes what was said of properties under single distinct ids, whose rows are there.
    pub(super) async fn save_histories(&mut self, people: &People) -> Result<(), IdentityError> {
        let mut distinct_ids = Vec::new();
        let mut histories = Vec::new();
        for (distinct_id, history) in people.changed_histories() {
            distinct_ids.push(distinct_id);
            histories.push(history.map(to_json).transpose()?);
        }
        if distinct_ids.is_empty() {
            return Ok(());
        }
        sqlx::query(
            "update person_distinct_id d set history = h.history::json
             from unnest($2::text[], $3::text[]) as h (distinct_id, history)
             where d.project_id = $1 and d.distinct_id = h.distinct_id",
        )
        .bind(self.project.uuid())
        .bind(distinct_ids)
        .bind(histories)
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    pub(super) async fn save_merges(
        &mut self,
        people: &People,
        now: DateTime<Utc>,
    ) -> Result<(), IdentityError> {
        for merge in people.merges() {
            let Version(time_ms, arrival_us, op_id) = merge.version;
            sqlx::query(
                "insert into merge_op
                     (project_id, op_id, source, target, moved_ids, created_at, cause, time_ms, arrival_us,
                      source_id, target_id, moved_count)
                 values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            )
            .bind(self.project.uuid())
            .bind(op_id)
            .bind(merge.source.uuid())
            .bind(merge.target.uuid())
            .bind(&merge.moved_ids)
            .bind(now)
            .bind(merge_cause_number(merge.cause))
            .bind(time_ms)
            .bind(arrival_us)
            .bind(&merge.source_id)
            .bind(&merge.target_id)
            .bind(i32::try_from(merge.moved_count).unwrap_or(i32::MAX))
            .execute(&mut *self.tx)
            .await?;
        }
        Ok(())
    }

    pub(super) async fn save_changes(
        &mut self,
        people: &People,
        now: DateTime<Utc>,
    ) -> Result<(), IdentityError> {
        let changes = numbered_changes(people, self.change_number)?;
        let Some(last) = changes.last() else { return Ok(()) };
        sqlx::query(
            "with counted as (update project set change_number = $5 where id = $1)
             insert into change_log (project_id, number, payload, created_at)
             select $1, c.number, c.payload, $4 from unnest($2::bigint[], $3::bytea[]) as c (number, payload)",
        )
        .bind(self.project.uuid())
        .bind(changes.iter().map(|change| change.number).collect::<Vec<_>>())
        .bind(changes.iter().map(Change::encode_to_vec).collect::<Vec<_>>())
        .bind(now)
        .bind(last.number)
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    pub(super) async fn save_outcomes(
        &mut self,
        done: &[Done<'_>],
        now: DateTime<Utc>,
    ) -> Result<(), IdentityError> {
        let numbers: Vec<i16> =
            done.iter().map(|done| i16::try_from(i32::from(done.outcome)).unwrap_or(0)).collect();
        sqlx::query(
            "insert into applied_operation (project_id, event_uuid, outcome, created_at)
             select $1, o.event_uuid, o.outcome, $4 from unnest($2::uuid[], $3::smallint[]) as o (event_uuid, outcome)",
        )
        .bind(self.project.uuid())
        .bind(done.iter().map(|done| done.operation.uuid()).collect::<Vec<_>>())
        .bind(numbers)
        .bind(now)
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }
}

/// Returns the batch's changes, numbered on from `last`: whose the distinct ids are now, then the persons. Several steps
/// of one batch on the same distinct id or person are one change, since nobody can see between them.
fn numbered_changes(people: &People, last: i64) -> Result<Vec<Change>, IdentityError> {
    let mut kinds = Vec::new();
    for (distinct_id, mapping) in people.moved() {
        let person_id = mapping.person.to_bytes();
        kinds.push(change::Kind::Mapping(MappingChange {
            distinct_id: distinct_id.to_owned(),
            person_id,
        }));
    }
    for (id, person) in people.changed_persons().filter(|(_, person)| person.is_visibly_changed()) {
        let gone = person.merged_into.is_some();
        kinds.push(change::Kind::Person(PersonChange {
            person_id: id.to_bytes(),
            properties_json: if gone {
                "{}".to_owned()
            } else {
                to_json(&person.properties.document())?
            },
            identified: person.identified,
            created_time_ms: person.created_ms,
            merged_away: gone,
        }));
    }
    Ok(kinds
        .into_iter()
        .zip(last + 1..)
        .map(|(kind, number)| Change { number, kind: Some(kind) })
        .collect())
}

pub(super) fn to_json(value: &impl serde::Serialize) -> Result<String, IdentityError> {
    let text = serde_json::to_string(value);
    text.map_err(|error| CommonError::Internal(error.to_string()).into())
}
