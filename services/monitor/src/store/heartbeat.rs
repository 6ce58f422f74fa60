//! Heartbeats: calls that came, and calls that did not.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use observe_core::error::CommonError;
use observe_core::token;
use observe_proto::monitor::v1::record_heartbeat_request::Signal;
use observe_runtime::postgres::Database;
use sqlx::PgPool;
use sqlx::types::Uuid;

use crate::check::{Outcome, Verdict};
use crate::error::Error;
use crate::heartbeat;
use crate::state::State;
use crate::store::incident::Outbox;
use crate::store::record::{self, Locked};

/// Absences that one turn notes.
const OVERDUE_MAX: i64 = 200;

/// Takes the calls of watched programs.
#[derive(Clone)]
pub(crate) struct HeartbeatStore {
    pub(crate) database: Database,
    pub(crate) outbox: Outbox,
}

impl HeartbeatStore {
    /// Notes a call. Whoever has the token speaks for the monitor; a paused one takes note of nothing.
    pub(crate) async fn record(&self, text: &str, signal: Signal) -> Result<(), Error> {
        let not_found = || Error::from(CommonError::NotFound("heartbeat"));
        if !heartbeat::is_token(text) {
            return Err(not_found());
        }
        let mut tx = self.database.worker().begin().await?;
        let monitor: Option<Uuid> =
            sqlx::query_scalar("select id from monitor where token_hash = $1")
                .bind(&token::hash(text)[..])
                .fetch_optional(&mut *tx)
                .await?;
        let monitor = monitor.ok_or_else(not_found)?;
        let locked = record::lock(&mut tx, &[monitor]).await?.remove(&monitor);
        let locked = locked.ok_or_else(not_found)?;
        if locked.status().state == State::Paused {
            return Ok(());
        }
        let is_start = signal == Signal::Start;
        let deadline = heartbeat::deadline(locked.now, locked.interval_s, locked.grace_s);
        sqlx::query(
            "update monitor_state
             set begun_at = case when $2 then $3 end, next_at = case when $2 then next_at else $4 end
             where monitor_id = $1",
        )
        .bind(monitor)
        .bind(is_start)
        .bind(locked.now)
        .bind(deadline)
        .execute(&mut *tx)
        .await?;
        if !is_start {
            let verdict =
                if signal == Signal::Fail { heartbeat::reported() } else { Verdict::up() };
            let millis = locked.now.timestamp_millis();
            let slot = DateTime::from_timestamp_millis(millis).unwrap_or(locked.now);
            record::write_closed(&mut tx, &self.outbox, locked, slot, verdict).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

/// Notes the absences that are due. After a pause in which no scheduler was at work, nobody could have taken a call: deadlines
/// of that time are missed, and everybody gets a whole interval. Returns how many were noted.
pub(crate) async fn note_overdue(
    pool: &PgPool,
    outbox: &Outbox,
    away_since: Option<DateTime<Utc>>,
) -> Result<usize, Error> {
    let mut tx = pool.begin().await?;
    let due: Vec<(Uuid, DateTime<Utc>)> = sqlx::query_as(
        "select monitor_id, next_at from monitor_state
         where heartbeat and next_at <= clock_timestamp() order by monitor_id limit $1
         for update skip locked",
    )
    .bind(OVERDUE_MAX)
    .fetch_all(&mut *tx)
    .await?;
    if due.is_empty() {
        return Ok(0);
    }
    let monitors: Vec<Uuid> = due.iter().map(|(monitor, _)| *monitor).collect();
    let mut locked: HashMap<Uuid, Locked> = record::lock(&mut tx, &monitors).await?;
    for (monitor, deadline) in &due {
        let Some(locked) = locked.remove(monitor) else { continue };
        let nobody_was_there = away_since.is_some_and(|since| *deadline >= since);
        let (verdict, next) = if nobody_was_there {
            let next = heartbeat::deadline(locked.now, locked.interval_s, locked.grace_s);
            (Verdict { outcome: Outcome::Missed, ..Verdict::up() }, next)
        } else {
            let next = heartbeat::next_deadline(*deadline, locked.interval_s, locked.now);
            (heartbeat::overdue(locked.begun_at), next)
        };
        sqlx::query("update monitor_state set next_at = $2 where monitor_id = $1")
            .bind(monitor)
            .bind(next)
            .execute(&mut *tx)
            .await?;
        record::write_closed(&mut tx, outbox, locked, *deadline, verdict).await?;
    }
    tx.commit().await?;
    Ok(due.len())
}
