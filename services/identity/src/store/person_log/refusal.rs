//! Writing down what was refused.

use std::collections::BTreeMap;

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};

use super::{Batch, Done};
use crate::convert::merge_cause_number;
use crate::error::IdentityError;
use crate::operation::{Kind, Operation};
use crate::refusal::{MAX_ID_CHARS, code};

/// How many refused merges of a project are kept.
const MAX_KEPT: i64 = 1_000;
/// For how long they are kept.
pub(crate) const KEPT_FOR: TimeDelta = TimeDelta::days(30);
/// For how long they are counted: a day, and the hour that it began in.
pub(crate) const COUNTED_FOR: TimeDelta = TimeDelta::hours(24);

impl Batch {
    pub(super) async fn save_refusals(
        &mut self,
        done: &[Done<'_>],
        now: DateTime<Utc>,
    ) -> Result<(), IdentityError> {
        let refused: Vec<_> = done.iter().filter(|done| !code(done.outcome).is_empty()).collect();
        if refused.is_empty() {
            return Ok(());
        }
        let skipped = refused.len().saturating_sub(usize::try_from(MAX_KEPT).unwrap_or(0));
        let kept = &refused[skipped..];
        let text =
            |pick: fn(&Done<'_>) -> String| kept.iter().map(|done| pick(done)).collect::<Vec<_>>();
        sqlx::query(
            "insert into refused_merge (project_id, event_uuid, cause, source_id, target_id, code, created_at)
             select $1, r.event_uuid, r.cause, r.source_id, r.target_id, r.code, $7
             from unnest($2::uuid[], $3::smallint[], $4::text[], $5::text[], $6::text[]) with ordinality
                 as r (event_uuid, cause, source_id, target_id, code, place)
             order by r.place",
        )
        .bind(self.project.uuid())
        .bind(kept.iter().map(|done| done.operation.uuid()).collect::<Vec<_>>())
        .bind(kept.iter().map(|done| merge_cause_number(done.operation.cause())).collect::<Vec<_>>())
        .bind(text(|done| shown(&what_was_asked(done.operation))))
        .bind(text(|done| shown(&done.operation.target)))
        .bind(text(|done| code(done.outcome).to_owned()))
        .bind(now)
        .execute(&mut *self.tx)
        .await?;
        sqlx::query(
            "delete from refused_merge where project_id = $1 and (created_at < $2 or position <= (
                 select position from refused_merge where project_id = $1 order by position desc offset $3 limit 1
             ))",
        )
        .bind(self.project.uuid())
        .bind(now - KEPT_FOR)
        .bind(MAX_KEPT)
        .execute(&mut *self.tx)
        .await?;
        let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
        for done in refused {
            *counts.entry(code(done.outcome)).or_default() += 1;
        }
        self.count_refusals(&counts, now).await
    }

    async fn count_refusals(
        &mut self,
        counts: &BTreeMap<&str, i64>,
        now: DateTime<Utc>,
    ) -> Result<(), IdentityError> {
        let hour = now.duration_trunc(TimeDelta::hours(1)).unwrap_or(now);
        sqlx::query(
            "insert into refused_merge_count (project_id, hour, code, count)
             select $1, $2, c.code, c.count from unnest($3::text[], $4::bigint[]) as c (code, count)
             on conflict on constraint refused_merge_count_pkey do update set
                 count = refused_merge_count.count + excluded.count",
        )
        .bind(self.project.uuid())
        .bind(hour)
        .bind(counts.keys().copied().collect::<Vec<_>>())
        .bind(counts.values().copied().collect::<Vec<_>>())
        .execute(&mut *self.tx)
        .await?;
        sqlx::query("delete from refused_merge_count where project_id = $1 and hour < $2")
            .bind(self.project.uuid())
            .bind(hour - COUNTED_FOR)
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }
}

/// Returns the id that should have joined; of a group its type and key.
fn what_was_asked(operation: &Operation) -> String {
    match &operation.kind {
        Kind::Group(group) => format!("{} {}", group.group_type, group.key),
        _ => operation.source().unwrap_or_default().to_owned(),
    }
}

/// Returns an id as it is shown: not too long, and without the one character that the database does not take.
fn shown(id: &str) -> String {
    id.chars().take(MAX_ID_CHARS).map(|c| if c == '\0' { '\u{fffd}' } else { c }).collect()
}
