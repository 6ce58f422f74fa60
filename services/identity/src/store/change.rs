//! The change log, as it is read.

use observe_core::ProjectId;
use observe_proto::identity::v1::{Change, ProjectChanges};
use observe_runtime::postgres::Database;
use prost::Message as _;
use sqlx::types::Uuid;

use crate::error::IdentityError;

/// The most changes of one project in an answer.
const MAX_CHANGES: i64 = 5_000;
/// The most bytes of changes in an answer; at least one change is given, and one is little more than a mebibyte. So an
/// answer stays within the 4 MiB that a gRPC client accepts by default.
const MAX_ANSWER_BYTES: usize = 2 * 1024 * 1024;

/// One page of a project's log: bounded in number first, so that the running sum of bytes is over the page alone.
const PAGE: &str = "
    select number, payload
    from (
        select number, payload, sum(octet_length(payload)) over (order by number) as bytes
        from (
            select number, payload from change_log
            where project_id = $1 and number > $2 order by number limit $3
        ) as page
    ) as measured
    where bytes <= $4 or (number = $2 + 1 and $5)
    order by number";

/// Reads the change log.
#[derive(Clone)]
pub(crate) struct ChangeStore(pub(crate) Database);

impl ChangeStore {
    /// Returns what is new after each position. A project whose changes no longer fit is answered with its head alone, so
    /// that the reader knows to ask again.
    pub(crate) async fn read(
        &self,
        positions: &[(ProjectId, i64)],
    ) -> Result<Vec<ProjectChanges>, IdentityError> {
        let mut answer = Vec::new();
        let mut bytes_left = MAX_ANSWER_BYTES;
        for (project, after, head) in self.heads(positions).await? {
            let changes = if bytes_left > 0 {
                self.page(project, after, &mut bytes_left).await?
            } else {
                Vec::new()
            };
            // The log may have grown since the heads were read.
            let head = changes.last().map_or(head, |last| last.number.max(head));
            answer.push(ProjectChanges {
                project_id: project.as_bytes().to_vec(),
                changes,
                head_number: head,
            });
        }
        Ok(answer)
    }

    /// Returns (project, position, head) of the projects with news.
    async fn heads(
        &self,
        positions: &[(ProjectId, i64)],
    ) -> Result<Vec<(Uuid, i64, i64)>, IdentityError> {
        let (projects, numbers): (Vec<Uuid>, Vec<i64>) =
            positions.iter().map(|(project, number)| (project.uuid(), (*number).max(0))).unzip();
        let heads = sqlx::query_as(
            "select p.id, w.after_number, p.change_number
             from unnest($1::uuid[], $2::bigint[]) as w (project_id, after_number)
             join project p on p.id = w.project_id
             where p.change_number > w.after_number",
        )
        .bind(projects)
        .bind(numbers)
        .fetch_all(self.0.worker())
        .await?;
        Ok(heads)
    }

    async fn page(
        &self,
        project: Uuid,
        after: i64,
        bytes_left: &mut usize,
    ) -> Result<Vec<Change>, IdentityError> {
        let nothing_given_yet = *bytes_left == MAX_ANSWER_BYTES;
        let rows: Vec<(i64, Vec<u8>)> = sqlx::query_as(PAGE)
            .bind(project)
            .bind(after)
            .bind(MAX_CHANGES)
            .bind(i64::try_from(*bytes_left).unwrap_or(i64::MAX))
            .bind(nothing_given_yet)
            .fetch_all(self.0.worker())
            .await?;
        let mut changes = Vec::with_capacity(rows.len());
        for (number, payload) in rows {
            *bytes_left = bytes_left.saturating_sub(payload.len());
            let change = Change::decode(payload.as_slice()).map_err(|error| {
                observe_core::error::CommonError::Internal(format!(
                    "change {number} of {project}: {error}"
                ))
            })?;
            changes.push(change);
        }
        Ok(changes)
    }
}
