//! Undoing a merge, in the transaction of a batch.

use chrono::{DateTime, Utc};
use observe_core::PersonId;
use sqlx::types::Uuid;

use super::Batch;
use crate::error::IdentityError;
use crate::person::People;
use crate::person::split::{Part, StandingMerge};
use crate::properties::Version;

/// The most bytes of histories that undoing a merge reads: they are held in memory while the project waits.
const MAX_SPLIT_BYTES: i64 = 64 * 1024 * 1024;

/// A line of the ledger.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct LedgerRow {
    pub(crate) cause: i16,
    pub(crate) undone_at: Option<DateTime<Utc>>,
    op_id: Uuid,
    time_ms: i64,
    arrival_us: i64,
    source_id: String,
    target_id: String,
}

impl LedgerRow {
    fn standing(self) -> StandingMerge {
        StandingMerge {
            version: Version(self.time_ms, self.arrival_us, self.op_id),
            source_id: self.source_id,
            target_id: self.target_id,
        }
    }
}

impl Batch {
    /// Returns a merge of the ledger.
    pub(crate) async fn merge(&mut self, id: Uuid) -> Result<Option<LedgerRow>, IdentityError> {
        let row = sqlx::query_as(
            "select cause, undone_at, op_id, time_ms, arrival_us, source_id, target_id
             from merge_op where project_id = $1 and op_id = $2",
        )
        .bind(self.project.uuid())
        .bind(id)
        .fetch_optional(&mut *self.tx)
        .await?;
        Ok(row)
    }

    /// Undoes a merge that stands, and commits. Returns both persons, the merge's target first.
    pub(crate) async fn split(
        mut self,
        merge: LedgerRow,
        now: DateTime<Utc>,
    ) -> Result<[Part; 2], IdentityError> {
        let undone = merge.standing();
        let merge_id = undone.version.2;
        let person: Option<Uuid> = sqlx::query_scalar(
            "select person_id from person_distinct_id where project_id = $1 and distinct_id = $2",
        )
        .bind(self.project.uuid())
        .bind(&undone.target_id)
        .fetch_optional(&mut *self.tx)
        .await?;
        let gone = || IdentityError::SplitRefused("its distinct ids are no longer one person");
        let person = person.ok_or_else(gone)?;
        let mut people = self.load_whole(person).await?;
        let merges = self.standing_merges(person).await?;
        let parts = people.split(PersonId::new(person), &merges, &undone).ok_or_else(gone)?;
        sqlx::query("update merge_op set undone_at = $3 where project_id = $1 and op_id = $2")
            .bind(self.project.uuid())
            .bind(merge_id)
            .bind(now)
            .execute(&mut *self.tx)
            .await?;
        self.save(&people, now).await?;
        for part in &parts {
            self.redirect(part).await?;
        }
        self.tx.commit().await?;
        Ok(parts)
    }

    /// Loads a person with everything that was said under its distinct ids, and the rows of all persons that became part of
    /// it.
    async fn load_whole(&mut self, person: Uuid) -> Result<People, IdentityError> {
        let bytes: Option<i64> = sqlx::query_scalar(
            "select sum(octet_length(history::text)) from person_distinct_id
             where project_id = $1 and person_id = $2",
        )
        .bind(self.project.uuid())
        .bind(person)
        .fetch_one(&mut *self.tx)
        .await?;
        if bytes.unwrap_or(0) > MAX_SPLIT_BYTES {
            let reason = "more than 64 MiB of properties were said of the person";
            return Err(IdentityError::SplitRefused(reason));
        }
        let ids: Vec<String> = sqlx::query_scalar(
            "select distinct_id from person_distinct_id where project_id = $1 and person_id = $2",
        )
        .bind(self.project.uuid())
        .bind(person)
        .fetch_all(&mut *self.tx)
        .await?;
        let texts: Vec<&str> = ids.iter().map(String::as_str).collect();
        let own_persons: Vec<Uuid> =
            ids.iter().map(|id| PersonId::of_distinct_id(self.project, id).uuid()).collect();
        let mappings = self.mappings_of(vec![person], &texts).await?;
        let mut people = People::new(self.project);
        self.load_persons(&mut people, own_persons).await?;
        for (distinct_id, mapping) in mappings {
            people.load_mapping(distinct_id, mapping);
        }
        Ok(people)
    }

    /// Returns the merges that stand within a person, in the order in which they were done.
    async fn standing_merges(&mut self, person: Uuid) -> Result<Vec<StandingMerge>, IdentityError> {
        let rows: Vec<LedgerRow> = sqlx::query_as(
            "select m.cause, m.undone_at, m.op_id, m.time_ms, m.arrival_us, m.source_id, m.target_id
             from person_distinct_id d
             join merge_op m on m.project_id = d.project_id and m.source_id = d.distinct_id
             where d.project_id = $1 and d.person_id = $2 and m.undone_at is null
             order by m.position",
        )
        .bind(self.project.uuid())
        .bind(person)
        .fetch_all(&mut *self.tx)
        .await?;
        Ok(rows.into_iter().map(LedgerRow::standing).collect())
    }

    /// Makes the rows of persons that were merged away name the one that they are part of now.
    async fn redirect(&mut self, part: &Part) -> Result<(), IdentityError> {
        let own_persons: Vec<Uuid> = part
            .mappings
            .iter()
            .map(|(id, _)| PersonId::of_distinct_id(self.project, id).uuid())
            .collect();
        sqlx::query(
            "update person set merged_into = $3
             where project_id = $1 and id = any($2) and id <> $3 and merged_into is distinct from $3",
        )
        .bind(self.project.uuid())
        .bind(own_persons)
        .bind(part.id.uuid())
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }
}
