//! Slots: which are due, who runs them, and until when nobody else does. All times are of the store's clock.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::types::Uuid;
use sqlx::{FromRow, PgConnection, PgPool};

use crate::check::Outcome;
use crate::error::Error;
use crate::schedule::{Grid, SLOTS_PER_TURN_MAX};
use crate::store::bucket::{self, Count};

/// How much longer than its check a lease lasts.
const LEASE_MARGIN_MS: i32 = 10_000;
/// How often it is noted that schedulers are at work, in seconds.
const SEEN_INTERVAL_S: f64 = 5.0;
/// Rows of missed slots that one turn writes.
const MISSED_MAX: usize = 5_000;

/// A slot that is ours to run.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Claim {
    pub(crate) monitor_id: Uuid,
    pub(crate) slot: DateTime<Utc>,
    pub(crate) attempt: i16,
    pub(crate) timeout_ms: i32,
    pub(crate) target: Vec<u8>,
    pub(crate) sealed: Vec<u8>,
}

/// What a turn found.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    pub(crate) claims: Vec<Claim>,
    /// How long until the next slot is due, if one is.
    pub(crate) next_due: Option<Duration>,
    /// Whether there is more to do at once.
    pub(crate) more: bool,
}

#[derive(FromRow)]
struct Due {
    monitor_id: Uuid,
    project_id: Uuid,
    next_at: DateTime<Utc>,
    interval_s: i32,
    timeout_ms: i32,
    target: Vec<u8>,
    sealed: Vec<u8>,
    now: DateTime<Utc>,
}

const DUE: &str = "
    select s.monitor_id, s.project_id, s.next_at, m.interval_s, m.timeout_ms, m.target, m.sealed,
           clock_timestamp() as now
    from monitor_state s join monitor m on m.id = s.monitor_id
    where s.next_at <= clock_timestamp() and not s.heartbeat
    order by s.next_at
    limit $1
    for update of s skip locked";

/// Slots that are open and due again: to be retried, or left by somebody whose lease ran out.
const OPEN: &str = "
    with open as (
        select c.monitor_id, c.slot from check_slot c
        where c.outcome = 0 and c.due_at <= clock_timestamp() and c.lease_until < clock_timestamp()
        order by c.due_at
        limit $1
        for update skip locked
    )
    update check_slot c
    set lease_token = $2, lease_until = clock_timestamp() + (m.timeout_ms + $3) * interval '1 millisecond',
        started_at = clock_timestamp()
    from open, monitor m
    where c.monitor_id = open.monitor_id and c.slot = open.slot and m.id = c.monitor_id
      and c.slot + m.interval_s * interval '1 second' > clock_timestamp()
    returning c.monitor_id, c.slot, c.attempt, m.timeout_ms, m.target, m.sealed";

/// Slots that were left open for longer than their interval: nobody looked, or nobody can say any more what was seen.
const STALE: &str = "
    with stale as (
        select c.monitor_id, c.slot from check_slot c join monitor m on m.id = c.monitor_id
        where c.outcome = 0 and c.lease_until < clock_timestamp()
          and c.slot + m.interval_s * interval '1 second' <= clock_timestamp()
        limit $1
        for update of c skip locked
    )
    update check_slot c
    set outcome = case when c.attempt = 0 then $2 else $3 end,
        attempt = greatest(c.attempt - 1, 0), lease_token = null
    from stale
    where c.monitor_id = stale.monitor_id and c.slot = stale.slot
    returning c.monitor_id, c.project_id, c.slot, c.outcome";

/// Takes what is due, at most `limit` slots, under a lease of this name. What nobody looked at in time becomes missed.
pub(crate) async fn turn(pool: &PgPool, lease: Uuid, limit: usize) -> Result<Turn, Error> {
    let mut tx = pool.begin().await?;
    let mut turn = Turn::default();
    let wanted = i64::try_from(limit).unwrap_or(i64::MAX);
    let due: Vec<Due> = sqlx::query_as(DUE).bind(wanted).fetch_all(&mut *tx).await?;
    turn.more = due.len() >= limit;
    let mut slots = Slots::default();
    for due in due {
        if slots.missed + SLOTS_PER_TURN_MAX > MISSED_MAX {
            turn.more = true;
            break;
        }
        slots.plan(due);
    }
    turn.claims = slots.write(&mut tx, lease).await?;
    let room = wanted - i64::try_from(turn.claims.len()).unwrap_or(0);
    let again: Vec<Claim> = sqlx::query_as(OPEN)
        .bind(room)
        .bind(lease)
        .bind(LEASE_MARGIN_MS)
        .fetch_all(&mut *tx)
        .await?;
    turn.claims.extend(again);
    tx.commit().await?;
    turn.next_due = next_due(pool).await?;
    Ok(turn)
}

/// What a turn writes, by column.
#[derive(Default)]
struct Slots {
    missed: usize,
    monitors: Vec<Uuid>,
    projects: Vec<Uuid>,
    slots: Vec<DateTime<Utc>>,
    outcomes: Vec<i16>,
    timeouts: Vec<i32>,
    moved: Vec<Uuid>,
    next: Vec<DateTime<Utc>>,
    run: Vec<Claim>,
}

impl Slots {
    fn plan(&mut self, due: Due) {
        let interval = Duration::from_secs(due.interval_s.unsigned_abs().into());
        let turn = Grid::new(due.monitor_id, interval).turn(due.next_at, due.now);
        self.missed += turn.missed.len();
        for slot in turn.missed {
            self.add(&due, slot, Outcome::Missed as i16);
        }
        self.moved.push(due.monitor_id);
        self.next.push(turn.next_at);
        if let Some(slot) = turn.run {
            self.add(&due, slot, 0);
            self.run.push(Claim {
                monitor_id: due.monitor_id,
                slot,
                attempt: 0,
                timeout_ms: due.timeout_ms,
                target: due.target,
                sealed: due.sealed,
            });
        }
    }

    fn add(&mut self, due: &Due, slot: DateTime<Utc>, outcome: i16) {
        self.monitors.push(due.monitor_id);
        self.projects.push(due.project_id);
        self.slots.push(slot);
        self.outcomes.push(outcome);
        self.timeouts.push(due.timeout_ms);
    }

    /// Writes rows and moves monitors on. Returns the slots that are ours: another's row stays the other's.
    async fn write(self, connection: &mut PgConnection, lease: Uuid) -> Result<Vec<Claim>, Error> {
        if self.moved.is_empty() {
            return Ok(Vec::new());
        }
        let inserted: Vec<(Uuid, Uuid, DateTime<Utc>, i16)> = sqlx::query_as(
            "insert into check_slot (monitor_id, slot, project_id, outcome, due_at, lease_token, lease_until, started_at)
             select r.monitor_id, r.slot, r.project_id, r.outcome, r.slot, case when r.outcome = 0 then $6 end,
                    case when r.outcome = 0 then clock_timestamp() + (r.timeout_ms + $7) * interval '1 millisecond'
                         else '-infinity' end,
                    case when r.outcome = 0 then clock_timestamp() end
             from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::smallint[], $5::int[])
                  as r (monitor_id, project_id, slot, outcome, timeout_ms)
             on conflict do nothing
             returning monitor_id, project_id, slot, outcome",
        )
        .bind(self.monitors)
        .bind(self.projects)
        .bind(self.slots)
        .bind(self.outcomes)
        .bind(self.timeouts)
        .bind(lease)
        .bind(LEASE_MARGIN_MS)
        .fetch_all(&mut *connection)
        .await?;
        sqlx::query(
            "update monitor_state s set next_at = r.next_at
             from unnest($1::uuid[], $2::timestamptz[]) as r (monitor_id, next_at) where s.monitor_id = r.monitor_id",
        )
        .bind(self.moved)
        .bind(self.next)
        .execute(&mut *connection)
        .await?;
        let ours: std::collections::HashSet<_> = inserted
            .iter()
            .filter(|(.., outcome)| *outcome == 0)
            .map(|(monitor, _, slot, _)| (*monitor, *slot))
            .collect();
        let missed = inserted.into_iter().filter(|(.., outcome)| *outcome != 0);
        count(connection, missed).await?;
        let is_ours = |claim: &Claim| ours.contains(&(claim.monitor_id, claim.slot));
        Ok(self.run.into_iter().filter(is_ours).collect())
    }
}

async fn count(
    connection: &mut PgConnection,
    rows: impl Iterator<Item = (Uuid, Uuid, DateTime<Utc>, i16)>,
) -> Result<(), Error> {
    let count = |(monitor, project, slot, outcome): (Uuid, Uuid, DateTime<Utc>, i16)| {
        let outcome = Outcome::try_from(i32::from(outcome)).unwrap_or(Outcome::Missed);
        Count { monitor, project, slot, outcome }
    };
    bucket::count(connection, rows.map(count)).await
}

async fn next_due(pool: &PgPool) -> Result<Option<Duration>, Error> {
    let seconds: Option<f64> = sqlx::query_scalar(
        "select extract(epoch from min(next_at) - clock_timestamp())::float8
         from (select next_at from monitor_state where next_at < 'infinity' order by next_at limit 1) as first",
    )
    .fetch_one(pool)
    .await?;
    Ok(seconds.map(|seconds| Duration::from_secs_f64(seconds.clamp(0.0, 3_600.0))))
}

/// Closes slots that were left open too long. Returns how many.
pub(crate) async fn close_stale(pool: &PgPool, limit: i64) -> Result<usize, Error> {
    let mut tx = pool.begin().await?;
    let closed: Vec<(Uuid, Uuid, DateTime<Utc>, i16)> = sqlx::query_as(STALE)
        .bind(limit)
        .bind(Outcome::Missed as i16)
        .bind(Outcome::Down as i16)
        .fetch_all(&mut *tx)
        .await?;
    let number = closed.len();
    count(&mut tx, closed.into_iter()).await?;
    tx.commit().await?;
    Ok(number)
}

/// Notes that a scheduler is at work. Returns since when none was, if that was not just now.
pub(crate) async fn seen(pool: &PgPool, pause: Duration) -> Result<Option<DateTime<Utc>>, Error> {
    let before: Option<DateTime<Utc>> = sqlx::query_scalar(
        "update scheduler s set seen_at = clock_timestamp()
         from (select seen_at from scheduler for update) as old
         where old.seen_at < clock_timestamp() - $1 * interval '1 second'
         returning old.seen_at",
    )
    .bind(SEEN_INTERVAL_S)
    .fetch_optional(pool)
    .await?;
    let Some(before) = before else { return Ok(None) };
    let paused: bool =
        sqlx::query_scalar("select $1 < clock_timestamp() - $2 * interval '1 second'")
            .bind(before)
            .bind(pause.as_secs_f64())
            .fetch_one(pool)
            .await?;
    Ok(paused.then_some(before))
}
