//! Clearing the change log of erased persons. A row of it is never removed, or the log would have a gap: it becomes an empty
//! change. Who reads the log from its start comes to the same state, because the erasure further on undoes what those rows
//! said.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use observe_core::ProjectId;
use observe_core::distinct_id::{self, Hash};
use observe_core::error::CommonError;
use observe_proto::identity::v1::{Change, change};
use prost::Message as _;
use sqlx::types::Uuid;

use super::remove::remove_parked;
use super::{ErasureStore, finish, lock, to_hash};
use crate::error::IdentityError;

/// Rows looked through at a time.
const PAGE_ROWS: i64 = 2_000;
/// Erasures of one project that are cleared for in one pass through its log.
const ERASURES_MAX: i64 = 200;

/// An erasure whose change log is to be cleared.
#[derive(Debug, sqlx::FromRow)]
struct Waiting {
    id: Uuid,
    cut_us: i64,
    distinct_ids: Vec<String>,
    change_number: i64,
    id_hashes: Vec<Vec<u8>>,
    persons: Vec<Uuid>,
    partners: Vec<Uuid>,
}

/// Which rows of a project's log are to be emptied. Of several erasures, each reaches up to its own number.
#[derive(Debug, Default)]
struct Reach {
    /// By hash of a distinct id.
    ids: HashMap<Hash, i64>,
    /// By person.
    persons: HashMap<Uuid, i64>,
    /// Persons that live on, and were one with an erased one for a while: what was known of both goes once a later row says
    /// what is known of them.
    partners: HashSet<Uuid>,
}

impl Reach {
    fn of(waiting: &[Waiting]) -> Self {
        let mut reach = Self::default();
        for one in waiting {
            let until = one.change_number;
            for hash in one.id_hashes.iter().filter_map(|hash| to_hash(hash)) {
                let known = reach.ids.entry(hash).or_insert(until);
                *known = until.max(*known);
            }
            for person in &one.persons {
                let known = reach.persons.entry(*person).or_insert(until);
                *known = until.max(*known);
            }
            reach.partners.extend(&one.partners);
        }
        reach
    }

    /// Returns whether a row is to be emptied; `superseded` takes the number of an earlier one that is, too.
    fn covers(
        &self,
        change: &Change,
        latest_of: &mut HashMap<Uuid, i64>,
        superseded: &mut Vec<i64>,
    ) -> bool {
        match &change.kind {
            Some(change::Kind::Mapping(mapping)) => {
                let until = self.ids.get(&distinct_id::hash(&mapping.distinct_id));
                until.is_some_and(|until| change.number < *until)
            }
            Some(change::Kind::Person(person)) => {
                let Ok(id) = Uuid::from_slice(&person.person_id) else { return false };
                if self.persons.get(&id).is_some_and(|until| change.number < *until) {
                    return true;
                }
                if self.partners.contains(&id) {
                    superseded.extend(latest_of.insert(id, change.number));
                }
                false
            }
            Some(change::Kind::Erasure(_)) | None => false,
        }
    }
}

impl ErasureStore {
    /// Clears the change log of one project for the erasures that wait for it. Returns whether there were any.
    pub(crate) async fn clear_some(&self, now: DateTime<Utc>) -> Result<bool, IdentityError> {
        let project: Option<Uuid> = sqlx::query_scalar(
            "select project_id from erasure where log_cleared_at is null order by number limit 1",
        )
        .fetch_optional(self.0.worker())
        .await?;
        let Some(project) = project.map(ProjectId::new) else { return Ok(false) };
        let waiting: Vec<Waiting> = sqlx::query_as(
            "select id, cut_us, distinct_ids, change_number, id_hashes, persons, partners from erasure
             where project_id = $1 and log_cleared_at is null order by number limit $2",
        )
        .bind(project.uuid())
        .bind(ERASURES_MAX)
        .fetch_all(self.0.worker())
        .await?;
        self.clear(project, &Reach::of(&waiting), &waiting).await?;
        for one in &waiting {
            let mut tx = self.0.worker().begin().await?;
            if lock(&mut tx, project, one.id).await? {
                sqlx::query(
                    "update erasure set log_cleared_at = $3
                     where project_id = $1 and id = $2 and log_cleared_at is null",
                )
                .bind(project.uuid())
                .bind(one.id)
                .bind(now)
                .execute(&mut *tx)
                .await?;
                // An operation may have been put aside while the erasure was begun.
                remove_parked(&mut tx, project, &one.distinct_ids, one.cut_us).await?;
                finish(&mut tx, project, one.id, now).await?;
            }
            tx.commit().await?;
        }
        Ok(true)
    }

    /// Goes through the log, page by page. Each page is done for itself, so who is stopped begins again.
    async fn clear(
        &self,
        project: ProjectId,
        reach: &Reach,
        waiting: &[Waiting],
    ) -> Result<(), IdentityError> {
        let last = waiting.iter().map(|one| one.change_number).max().unwrap_or(0);
        // What is known of a partner may be said anew after the erasure only.
        let last = if reach.partners.is_empty() { last } else { i64::MAX };
        let mut latest_of = HashMap::new();
        let mut after = 0;
        loop {
            let rows: Vec<(i64, Vec<u8>)> = sqlx::query_as(
                "select number, payload from change_log
                 where project_id = $1 and number > $2 and number <= $3 order by number limit $4",
            )
            .bind(project.uuid())
            .bind(after)
            .bind(last)
            .bind(PAGE_ROWS)
            .fetch_all(self.0.worker())
            .await?;
            let Some((end, _)) = rows.last() else { return Ok(()) };
            after = *end;
            let mut emptied = Vec::new();
            for (number, payload) in &rows {
                let change = Change::decode(payload.as_slice()).map_err(|error| {
                    CommonError::Internal(format!("change {number} of {project}: {error}"))
                })?;
                let mut superseded = Vec::new();
                if reach.covers(&change, &mut latest_of, &mut superseded) {
                    emptied.push(*number);
                }
                emptied.extend(superseded);
            }
            self.empty(project, &emptied).await?;
        }
    }

    async fn empty(&self, project: ProjectId, numbers: &[i64]) -> Result<(), IdentityError> {
        if numbers.is_empty() {
            return Ok(());
        }
        let empty = |number: &i64| Change { number: *number, kind: None }.encode_to_vec();
        sqlx::query(
            "update change_log l set payload = e.payload
             from unnest($2::bigint[], $3::bytea[]) as e (number, payload)
             where l.project_id = $1 and l.number = e.number",
        )
        .bind(project.uuid())
        .bind(numbers)
        .bind(numbers.iter().map(empty).collect::<Vec<_>>())
        .execute(self.0.worker())
        .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use observe_proto::identity::v1::{MappingChange, PersonChange};

    use super::*;

    fn mapping(number: i64, id: &str) -> Change {
        let mapping = MappingChange { distinct_id: id.into(), person_id: vec![1; 16] };
        Change { number, kind: Some(change::Kind::Mapping(mapping)) }
    }

    fn person(number: i64, id: u128) -> Change {
        let person_id = Uuid::from_u128(id).as_bytes().to_vec();
        let person = PersonChange { person_id, ..PersonChange::default() };
        Change { number, kind: Some(change::Kind::Person(person)) }
    }

    fn emptied(reach: &Reach, changes: &[Change]) -> Vec<i64> {
        let (mut latest_of, mut emptied) = (HashMap::new(), Vec::new());
        for change in changes {
            let mut superseded = Vec::new();
            if reach.covers(change, &mut latest_of, &mut superseded) {
                emptied.push(change.number);
            }
            emptied.extend(superseded);
        }
        emptied.sort_unstable();
        emptied
    }

    #[test]
    fn what_tells_of_an_erased_person_goes_up_to_the_erasure_and_no_further() {
        let waiting = Waiting {
            id: Uuid::nil(),
            cut_us: 1,
            distinct_ids: vec![],
            change_number: 5,
            id_hashes: vec![distinct_id::hash("ada").to_vec()],
            persons: vec![Uuid::from_u128(7)],
            partners: vec![],
        };
        let changes = [
            mapping(1, "ada"),
            mapping(2, "bob"),
            person(3, 7),
            person(4, 8),
            mapping(6, "ada"),
            person(7, 7),
        ];
        assert_eq!(emptied(&Reach::of(&[waiting]), &changes), [1, 3]);
    }

    #[test]
    fn of_who_was_one_with_an_erased_person_only_what_is_known_last_stays() {
        let waiting = Waiting {
            id: Uuid::nil(),
            cut_us: 1,
            distinct_ids: vec![],
            change_number: 5,
            id_hashes: vec![],
            persons: vec![Uuid::from_u128(7)],
            partners: vec![Uuid::from_u128(8)],
        };
        let changes = [person(1, 8), person(2, 8), person(3, 9), person(4, 8), person(9, 8)];
        assert_eq!(emptied(&Reach::of(&[waiting]), &changes), [1, 2, 4]);
    }
}
