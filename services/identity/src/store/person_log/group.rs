//! The groups of a batch.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sqlx::types::Json;

use super::Batch;
use super::save::to_json;
use crate::convert::instant;
use crate::error::IdentityError;
use crate::group::{Group, Groups, is_possible};
use crate::operation::{Kind, Operation};
use crate::properties::Properties;

/// A group's row: type, key, properties, created.
type GroupRow = (String, String, Json<Properties>, DateTime<Utc>);

impl Batch {
    /// Returns the groups that the operations can touch.
    pub(crate) async fn load_groups(
        &mut self,
        operations: &[&Operation],
    ) -> Result<Groups, IdentityError> {
        let named: BTreeSet<(&str, &str)> = operations
            .iter()
            .filter_map(|operation| match &operation.kind {
                Kind::Group(change) if is_possible(change) => {
                    Some((change.group_type.as_str(), change.key.as_str()))
                }
                _ => None,
            })
            .collect();
        if named.is_empty() {
            return Ok(Groups::default());
        }
        let (types, keys): (Vec<&str>, Vec<&str>) = named.into_iter().unzip();
        let rows: Vec<GroupRow> = sqlx::query_as(
            "select g.type, g.key, g.properties, g.created_at
             from unnest($2::text[], $3::text[]) as n (type, key)
             join project_group g on g.project_id = $1 and g.type = n.type and g.key = n.key",
        )
        .bind(self.project.uuid())
        .bind(types)
        .bind(keys)
        .fetch_all(&mut *self.tx)
        .await?;
        let known: Vec<String> =
            sqlx::query_scalar("select type from project_group_type where project_id = $1")
                .bind(self.project.uuid())
                .fetch_all(&mut *self.tx)
                .await?;
        let group = |(group_type, key, Json(properties), created_at): GroupRow| {
            let created_ms = created_at.timestamp_millis();
            ((group_type, key), Group { properties, created_ms })
        };
        Ok(Groups::new(rows.into_iter().map(group).collect(), known.into_iter().collect()))
    }

    /// Writes what became of the groups.
    pub(crate) async fn save_groups(&mut self, groups: &Groups) -> Result<(), IdentityError> {
        let changed: Vec<_> = groups.changed().collect();
        if changed.is_empty() {
            return Ok(());
        }
        let properties: Vec<String> = changed
            .iter()
            .map(|(_, group)| to_json(&group.properties))
            .collect::<Result<_, _>>()?;
        sqlx::query(
            "insert into project_group (project_id, type, key, properties, created_at)
             select $1, g.type, g.key, g.properties::json, g.created_at
             from unnest($2::text[], $3::text[], $4::text[], $5::timestamptz[])
                 as g (type, key, properties, created_at)
             on conflict on constraint project_group_pkey do update set
                 properties = excluded.properties, created_at = excluded.created_at",
        )
        .bind(self.project.uuid())
        .bind(changed.iter().map(|((group_type, _), _)| group_type.as_str()).collect::<Vec<_>>())
        .bind(changed.iter().map(|((_, key), _)| key.as_str()).collect::<Vec<_>>())
        .bind(properties)
        .bind(changed.iter().map(|(_, group)| instant(group.created_ms)).collect::<Vec<_>>())
        .execute(&mut *self.tx)
        .await?;
        let made = groups.made();
        if made.is_empty() {
            return Ok(());
        }
        sqlx::query(
            "insert into project_group_type (project_id, type, group_count)
             select $1, t.type, t.count from unnest($2::text[], $3::bigint[]) as t (type, count)
             on conflict on constraint project_group_type_pkey do update set
                 group_count = project_group_type.group_count + excluded.group_count",
        )
        .bind(self.project.uuid())
        .bind(made.keys().copied().collect::<Vec<_>>())
        .bind(made.values().copied().collect::<Vec<_>>())
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }
}
