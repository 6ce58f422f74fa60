//! Writing how properties came to be what they are.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::types::Uuid;

use super::Batch;
use super::save::to_json;
use crate::convert::{change_cause_number, instant};
use crate::error::IdentityError;
use crate::person::{NotedChange, People};

/// How many changes of a person's properties are kept.
const MAX_KEPT: i64 = 1_000;

impl Batch {
    /// Writes the changes that could be seen, and forgets those beyond the latest of each person.
    pub(super) async fn save_property_changes(
        &mut self,
        people: &People,
        now: DateTime<Utc>,
    ) -> Result<(), IdentityError> {
        // How far each person's changes go after this batch.
        let mut last: HashMap<Uuid, i64> = HashMap::new();
        for noted in people.noted() {
            last.insert(noted.person.uuid(), noted.number);
        }
        let is_kept = |noted: &&NotedChange| {
            last.get(&noted.person.uuid()).is_some_and(|last| noted.number > last - MAX_KEPT)
        };
        let kept: Vec<&NotedChange> = people.noted().iter().filter(is_kept).collect();
        if kept.is_empty() {
            return Ok(());
        }
        let json = |pick: fn(&NotedChange) -> Option<&serde_json::Value>| {
            kept.iter()
                .map(|noted| pick(noted).map(to_json).transpose())
                .collect::<Result<Vec<_>, _>>()
        };
        let times = kept.iter().map(|noted| noted.time_ms.map_or(now, instant));
        sqlx::query(
            "insert into property_change
                 (project_id, person_id, number, key, old_value, new_value, cause, happened_at, origin_id)
             select $1, c.person_id, c.number, c.key, c.old_value::json, c.new_value::json, c.cause, c.happened_at,
                    c.origin_id
             from unnest(
                 $2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::smallint[], $8::timestamptz[],
                 $9::uuid[]
             ) as c (person_id, number, key, old_value, new_value, cause, happened_at, origin_id)",
        )
        .bind(self.project.uuid())
        .bind(kept.iter().map(|noted| noted.person.uuid()).collect::<Vec<_>>())
        .bind(kept.iter().map(|noted| noted.number).collect::<Vec<_>>())
        .bind(kept.iter().map(|noted| without_nul(&noted.change.key)).collect::<Vec<_>>())
        .bind(json(|noted| noted.change.old.as_ref())?)
        .bind(json(|noted| noted.change.new.as_ref())?)
        .bind(kept.iter().map(|noted| change_cause_number(noted.cause)).collect::<Vec<_>>())
        .bind(times.collect::<Vec<_>>())
        .bind(kept.iter().map(|noted| noted.origin).collect::<Vec<_>>())
        .execute(&mut *self.tx)
        .await?;
        let (persons, bounds): (Vec<Uuid>, Vec<i64>) = last
            .into_iter()
            .filter(|(_, last)| *last > MAX_KEPT)
            .map(|(person, last)| (person, last - MAX_KEPT))
            .unzip();
        if persons.is_empty() {
            return Ok(());
        }
        sqlx::query(
            "delete from property_change c using unnest($2::uuid[], $3::bigint[]) as o (person_id, bound)
             where c.project_id = $1 and c.person_id = o.person_id and c.number <= o.bound",
        )
        .bind(self.project.uuid())
        .bind(persons)
        .bind(bounds)
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }
}

/// A text column holds every character but this one.
fn without_nul(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}
