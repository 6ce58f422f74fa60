//! Pages of persons.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use observe_core::{PersonId, ProjectId};
use observe_filter::Filter;
use sqlx::PgConnection;
use sqlx::types::{Json, Uuid};
use tokio::time::Instant;

use crate::convert::instant;
use crate::error::IdentityError;
use crate::person_filter::selects;
use crate::person_search::Search;
use crate::properties::Properties;
use crate::store::person::{PersonStore, StoredPerson};

/// The most distinct ids of a person in a list.
const MAX_LISTED_IDS: i64 = 20;
/// How long one statement may take, in milliseconds: a search reads every person until its page is full.
const STATEMENT_TIMEOUT_MS: &str = "5000";
/// How long one page may be looked for before it is answered as full as it is.
const MAX_SEARCH_TIME: Duration = Duration::from_secs(5);
/// How many rows a search reads at once: each may have megabytes.
const SEARCH_ROWS: usize = 100;

/// A person's row: id, identified, created, properties, whether a distinct id was found.
type ListedRow = (Uuid, bool, DateTime<Utc>, Json<Properties>, bool);

/// The persons after a position, the latest first. A person that was merged away is another one's past.
const LIST: &str = "
    select id, identified, created_at, properties, true
    from person
    where project_id = $1 and merged_into is null
      and created_at <= $2 and (created_at < $2 or id > $3)
      and ($5::boolean is null or identified = $5)
    order by created_at desc, id
    limit $4";

const SEARCH: &str = "
    select id, identified, created_at, properties, by_id from (
        select p.id, p.identified, p.created_at, p.properties,
               exists (select from person_distinct_id d
                       where d.project_id = p.project_id and d.person_id = p.id and d.distinct_id ilike $6) as by_id
        from person p
        where p.project_id = $1 and p.merged_into is null
          and p.created_at <= $2 and (p.created_at < $2 or p.id > $3)
          and ($5::boolean is null or p.identified = $5)
    ) candidate
    where by_id or properties::text ilike $7
    order by created_at desc, id
    limit $4";

/// How long an encoded position is.
const POSITION_BYTES: usize = 24;

/// Where a page ends: the last person's created time and id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    created_at: DateTime<Utc>,
    id: Uuid,
}

impl Position {
    /// Returns the position before everybody.
    pub(crate) fn start() -> Self {
        // Nobody has the nil id, so that somebody of the last instant comes after it, too.
        Self { created_at: instant(i64::MAX), id: Uuid::nil() }
    }

    /// Returns the form in which a page token holds it.
    pub(crate) fn encode(self) -> [u8; POSITION_BYTES] {
        let mut bytes = [0; POSITION_BYTES];
        bytes[..8].copy_from_slice(&self.created_at.timestamp_micros().to_be_bytes());
        bytes[8..].copy_from_slice(self.id.as_bytes());
        bytes
    }

    /// Reads what [`Self::encode`] wrote; `None` for anything else.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let (micros, id) = bytes.split_first_chunk::<8>()?;
        let created_at = DateTime::from_timestamp_micros(i64::from_be_bytes(*micros))?;
        Some(Self { created_at, id: Uuid::from_slice(id).ok()? })
    }
}

/// A page of persons, and where the next one begins, if there is one.
pub(crate) struct PersonPage {
    pub(crate) persons: Vec<StoredPerson>,
    pub(crate) next: Option<Position>,
}

/// Which persons are asked for.
pub(crate) struct PersonQuery {
    /// Those that it finds; all without one.
    pub(crate) search: Option<Search>,
    /// Those that it selects; all without one.
    pub(crate) filter: Option<Filter>,
    /// Only those who are identified, or only those who are not.
    pub(crate) identified: Option<bool>,
}

impl PersonQuery {
    fn takes(&self, by_id: bool, properties: &Properties) -> bool {
        (by_id || self.search.as_ref().is_none_or(|search| search.finds(properties)))
            && self.filter.as_ref().is_none_or(|filter| selects(filter, properties))
    }
}

impl PersonStore {
    /// Returns the persons after a position that are asked for; at most `size`. A page can be shorter,
    /// also empty, though there are more: when the search takes long.
    pub(crate) async fn list(
        &self,
        project: ProjectId,
        query: &PersonQuery,
        mut after: Position,
        size: usize,
    ) -> Result<PersonPage, IdentityError> {
        let started = Instant::now();
        let mut tx = self.0.tenant(project).await?;
        sqlx::query("select set_config('statement_timeout', $1, true)")
            .bind(STATEMENT_TIMEOUT_MS)
            .execute(&mut *tx)
            .await?;
        // One more than there is room for tells whether there is a next page.
        let is_looking = query.search.is_some() || query.filter.is_some();
        let limit = if is_looking { SEARCH_ROWS } else { size + 1 };
        let mut persons = Vec::with_capacity(size);
        let next = 'page: loop {
            let rows = read(&mut tx, project, query, after, limit).await?;
            let is_end = rows.len() < limit;
            for (id, identified, created_at, Json(properties), by_id) in rows {
                let is_found = query.takes(by_id, &properties);
                if is_found && persons.len() == size {
                    break 'page Some(after);
                }
                after = Position { created_at, id };
                if is_found {
                    let (id, distinct_ids) = (PersonId::new(id), Vec::new());
                    persons.push(StoredPerson {
                        id,
                        distinct_ids,
                        properties,
                        created_at,
                        identified,
                    });
                }
            }
            if is_end {
                break None;
            }
            if started.elapsed() > MAX_SEARCH_TIME {
                break Some(after);
            }
        };
        add_distinct_ids(&mut tx, project, &mut persons).await?;
        Ok(PersonPage { persons, next })
    }
}

async fn read(
    connection: &mut PgConnection,
    project: ProjectId,
    query: &PersonQuery,
    after: Position,
    limit: usize,
) -> Result<Vec<ListedRow>, IdentityError> {
    let rows = sqlx::query_as(if query.search.is_some() { SEARCH } else { LIST })
        .bind(project.uuid())
        .bind(after.created_at)
        .bind(after.id)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .bind(query.identified);
    let rows = match &query.search {
        Some(search) => rows.bind(&search.id_pattern).bind(&search.json_pattern),
        None => rows,
    };
    Ok(rows.fetch_all(connection).await?)
}

async fn add_distinct_ids(
    connection: &mut PgConnection,
    project: ProjectId,
    persons: &mut [StoredPerson],
) -> Result<(), IdentityError> {
    let ids: Vec<Uuid> = persons.iter().map(|person| person.id.uuid()).collect();
    let rows: Vec<(Uuid, String)> = sqlx::query_as(
        "select p.id, d.distinct_id from unnest($2::uuid[]) as p (id)
         cross join lateral (
             select distinct_id, position from person_distinct_id
             where project_id = $1 and person_id = p.id order by position limit $3
         ) d
         order by p.id, d.position",
    )
    .bind(project.uuid())
    .bind(ids)
    .bind(MAX_LISTED_IDS)
    .fetch_all(connection)
    .await?;
    let mut of_person: HashMap<Uuid, Vec<String>> = HashMap::new();
    for (person, distinct_id) in rows {
        of_person.entry(person).or_default().push(distinct_id);
    }
    for person in persons {
        person.distinct_ids = of_person.remove(&person.id.uuid()).unwrap_or_default();
    }
    Ok(())
}
