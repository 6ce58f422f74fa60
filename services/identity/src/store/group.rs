//! Groups, as they are read.

use std::time::Duration;

use chrono::{DateTime, Utc};
use observe_core::ProjectId;
use observe_runtime::postgres::Database;
use sqlx::PgConnection;
use sqlx::types::Json;
use tokio::time::Instant;

use crate::convert::instant;
use crate::error::IdentityError;
use crate::person_search::Search;
use crate::properties::Properties;

/// How long one page may be looked for before it is answered as full as it is.
const MAX_SEARCH_TIME: Duration = Duration::from_secs(5);
/// How many rows a search reads at once: each may have megabytes.
const SEARCH_ROWS: usize = 100;

/// The groups of a type after a position, the latest first; with a search, those that may be found and whether it is by key.
const LIST: &str = "
    select type, key, properties, created_at, by_key from (
        select type, key, properties, created_at, coalesce(key ilike $5, $6::text is null) as by_key
        from project_group
        where project_id = $1 and type = $2
          and created_at <= $3 and (created_at < $3 or key > $4)
    ) candidate
    where by_key or properties::text ilike $6
    order by created_at desc, key
    limit $7";

/// A group.
#[derive(Clone, Debug)]
pub(crate) struct StoredGroup {
    pub(crate) group_type: String,
    pub(crate) key: String,
    pub(crate) properties: Properties,
    pub(crate) created_at: DateTime<Utc>,
}

/// A group's row: type, key, properties, created, whether its key was found.
type ListedRow = (String, String, Json<Properties>, DateTime<Utc>, bool);

/// Where a page ends: the last group's created time and key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GroupPosition {
    created_at: DateTime<Utc>,
    key: String,
}

impl GroupPosition {
    /// Returns the position before all groups.
    pub(crate) fn start() -> Self {
        Self { created_at: instant(i64::MAX), key: String::new() }
    }

    /// Returns the form in which a page token holds it.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = self.created_at.timestamp_micros().to_be_bytes().to_vec();
        bytes.extend_from_slice(self.key.as_bytes());
        bytes
    }

    /// Reads what [`Self::encode`] wrote; `None` for anything else.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let (micros, key) = bytes.split_first_chunk::<8>()?;
        let created_at = DateTime::from_timestamp_micros(i64::from_be_bytes(*micros))?;
        Some(Self { created_at, key: String::from_utf8(key.to_vec()).ok()? })
    }
}

/// Reads groups.
#[derive(Clone)]
pub(crate) struct GroupStore(pub(crate) Database);

impl GroupStore {
    /// Returns the types that a project has, and how many groups of each there are.
    pub(crate) async fn types(
        &self,
        project: ProjectId,
    ) -> Result<Vec<(String, i64)>, IdentityError> {
        let mut tx = self.0.tenant(project).await?;
        let types = sqlx::query_as(
            "select type, group_count from project_group_type where project_id = $1 order by type",
        )
        .bind(project.uuid())
        .fetch_all(&mut *tx)
        .await?;
        Ok(types)
    }

    /// Returns a group.
    pub(crate) async fn get(
        &self,
        project: ProjectId,
        group_type: &str,
        key: &str,
    ) -> Result<Option<StoredGroup>, IdentityError> {
        let mut tx = self.0.tenant(project).await?;
        let row: Option<(Json<Properties>, DateTime<Utc>)> = sqlx::query_as(
            "select properties, created_at from project_group
             where project_id = $1 and type = $2 and key = $3",
        )
        .bind(project.uuid())
        .bind(group_type)
        .bind(key)
        .fetch_optional(&mut *tx)
        .await?;
        let group = |(Json(properties), created_at)| StoredGroup {
            group_type: group_type.to_owned(),
            key: key.to_owned(),
            properties,
            created_at,
        };
        Ok(row.map(group))
    }

    /// Returns the groups of a type after a position that the search finds, all without one; at most `size`, and where the
    /// next page begins, if there is one. A page can be shorter, also empty, though there are more: when the search takes
    /// long.
    pub(crate) async fn list(
        &self,
        project: ProjectId,
        group_type: &str,
        search: Option<&Search>,
        mut after: GroupPosition,
        size: usize,
    ) -> Result<(Vec<StoredGroup>, Option<GroupPosition>), IdentityError> {
        let started = Instant::now();
        let mut tx = self.0.tenant(project).await?;
        let limit = if search.is_some() { SEARCH_ROWS } else { size + 1 };
        let mut groups = Vec::with_capacity(size);
        loop {
            let rows = read(&mut tx, project, group_type, search, &after, limit).await?;
            let is_end = rows.len() < limit;
            for (group_type, key, Json(properties), created_at, by_key) in rows {
                let is_found = by_key || search.is_none_or(|search| search.finds(&properties));
                if is_found && groups.len() == size {
                    return Ok((groups, Some(after)));
                }
                after = GroupPosition { created_at, key: key.clone() };
                if is_found {
                    groups.push(StoredGroup { group_type, key, properties, created_at });
                }
            }
            if is_end {
                return Ok((groups, None));
            }
            if started.elapsed() > MAX_SEARCH_TIME {
                return Ok((groups, Some(after)));
            }
        }
    }
}

async fn read(
    connection: &mut PgConnection,
    project: ProjectId,
    group_type: &str,
    search: Option<&Search>,
    after: &GroupPosition,
    limit: usize,
) -> Result<Vec<ListedRow>, IdentityError> {
    let rows = sqlx::query_as(LIST)
        .bind(project.uuid())
        .bind(group_type)
        .bind(after.created_at)
        .bind(&after.key)
        .bind(search.and_then(|search| search.id_pattern.clone()))
        .bind(search.map(|search| search.json_pattern.clone()))
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(connection)
        .await?;
    Ok(rows)
}
