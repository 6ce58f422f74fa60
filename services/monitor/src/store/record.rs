//! Writing what checks found: the result of each slot under its lease, the monitor's state, the counts, and incidents, in one
//! transaction a batch.

mod rows;

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use observe_core::ProjectId;
use sqlx::types::Uuid;
use sqlx::{FromRow, PgConnection, PgPool};

use crate::check::{Reason, Record, Verdict};
use crate::error::Error;
use crate::incident::{
    DETAIL_CHARS_MAX, Ending, EntryKind, Kind, Severity, Signal, TITLE_CHARS_MAX, cut,
};
use crate::state::{Consequence, Patience, State, Status, Transition, judge};
use crate::store::bucket::{self, Count};
use crate::store::incident::{self, Outbox};
use crate::store::monitor::state_number;
use rows::Rows;

/// A monitor that is locked, as far as a verdict on it needs.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Locked {
    pub(crate) monitor_id: Uuid,
    pub(crate) project_id: Uuid,
    pub(crate) name: String,
    pub(crate) interval_s: i32,
    pub(crate) grace_s: i32,
    pub(crate) retries: i32,
    pub(crate) retry_interval_ms: i32,
    pub(crate) state: i16,
    pub(crate) state_since: DateTime<Utc>,
    pub(crate) failures: i32,
    pub(crate) failing_since: Option<DateTime<Utc>>,
    pub(crate) begun_at: Option<DateTime<Utc>>,
    /// By the store's clock.
    pub(crate) now: DateTime<Utc>,
}

impl Locked {
    pub(crate) fn status(&self) -> Status {
        Status {
            state: State::try_from(i32::from(self.state)).unwrap_or(State::Unspecified),
            since: self.state_since,
            failures: self.failures,
            failing_since: self.failing_since,
        }
    }

    pub(crate) fn patience(&self) -> Patience {
        let millis = |millis: i32| Duration::from_millis(millis.unsigned_abs().into());
        Patience {
            retries: self.retries,
            retry_interval: millis(self.retry_interval_ms),
            interval: Duration::from_secs(self.interval_s.unsigned_abs().into()),
        }
    }
}

/// What a verdict on a slot does, to be written once the slot has been.
pub(crate) struct Effect {
    pub(crate) locked: Locked,
    pub(crate) slot: DateTime<Utc>,
    pub(crate) verdict: Verdict,
    pub(crate) consequence: Consequence,
}

const LOCK: &str = "
    select s.monitor_id, s.project_id, m.name, m.interval_s, m.grace_s, m.retries, m.retry_interval_ms, s.state,
           s.state_since, s.failures, s.failing_since, s.begun_at, clock_timestamp() as now
    from monitor_state s join monitor m on m.id = s.monitor_id
    where s.monitor_id = any($1)
    order by s.monitor_id
    for update of s";

/// Locks monitors, in an order that all who lock several keep.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    monitors: &[Uuid],
) -> Result<HashMap<Uuid, Locked>, Error> {
    let rows: Vec<Locked> = sqlx::query_as(LOCK).bind(monitors).fetch_all(connection).await?;
    Ok(rows.into_iter().map(|row| (row.monitor_id, row)).collect())
}

/// Writes a batch of records, at most one a monitor. Returns how many were written; the others had lost their lease.
pub(crate) async fn write(
    pool: &PgPool,
    outbox: &Outbox,
    records: &[Record],
) -> Result<usize, Error> {
    let mut tx = pool.begin().await?;
    let monitors: Vec<Uuid> = records.iter().map(|record| record.monitor).collect();
    let mut locked = lock(&mut tx, &monitors).await?;
    let (mut rows, mut effects, mut released) = (Rows::default(), HashMap::new(), Rows::default());
    for record in records {
        // A monitor that is gone has taken its slots along.
        let Some(locked) = locked.remove(&record.monitor) else { continue };
        let Some(verdict) = &record.verdict else {
            released.key(record);
            continue;
        };
        let consequence =
            judge(&locked.status(), locked.patience(), verdict.outcome, record.slot, locked.now);
        rows.add(record, verdict, consequence.retry_at);
        let (slot, verdict) = (record.slot, verdict.clone());
        effects.insert(record.monitor, Effect { locked, slot, verdict, consequence });
    }
    let written = rows.write(&mut tx).await?;
    let effects: Vec<Effect> = written.iter().filter_map(|id| effects.remove(id)).collect();
    apply(&mut tx, outbox, &effects).await?;
    released.release(&mut tx).await?;
    tx.commit().await?;
    Ok(written.len())
}

/// Writes what follows from results whose slots are written: states, counts, incidents.
pub(crate) async fn apply(
    connection: &mut PgConnection,
    outbox: &Outbox,
    effects: &[Effect],
) -> Result<(), Error> {
    let changed: Vec<&Effect> = effects
        .iter()
        .filter(|effect| effect.consequence.status != effect.locked.status())
        .collect();
    if !changed.is_empty() {
        let of = |effect: &&Effect| effect.consequence.status.clone();
        sqlx::query(
            "update monitor_state s
             set state = r.state, state_since = r.since, failures = r.failures, failing_since = r.failing_since
             from unnest($1::uuid[], $2::smallint[], $3::timestamptz[], $4::int[], $5::timestamptz[])
                  as r (monitor_id, state, since, failures, failing_since)
             where s.monitor_id = r.monitor_id",
        )
        .bind(changed.iter().map(|effect| effect.locked.monitor_id).collect::<Vec<_>>())
        .bind(changed.iter().map(|effect| state_number(of(effect).state)).collect::<Vec<_>>())
        .bind(changed.iter().map(|effect| of(effect).since).collect::<Vec<_>>())
        .bind(changed.iter().map(|effect| of(effect).failures).collect::<Vec<_>>())
        .bind(changed.iter().map(|effect| of(effect).failing_since).collect::<Vec<_>>())
        .execute(&mut *connection)
        .await?;
    }
    let closed = effects.iter().filter(|effect| effect.consequence.retry_at.is_none());
    let counts = closed.map(|effect| Count {
        monitor: effect.locked.monitor_id,
        project: effect.locked.project_id,
        slot: effect.slot,
        outcome: effect.verdict.outcome,
    });
    bucket::count(connection, counts).await?;
    for effect in effects {
        if let Some(transition) = effect.consequence.transition {
            turn(connection, outbox, effect, transition).await?;
        }
    }
    Ok(())
}

async fn turn(
    connection: &mut PgConnection,
    outbox: &Outbox,
    effect: &Effect,
    transition: Transition,
) -> Result<(), Error> {
    let locked = &effect.locked;
    let project = ProjectId::new(locked.project_id);
    let subject = locked.monitor_id.to_string();
    match transition {
        Transition::Open(since) => {
            let detail = effect.verdict.why.as_ref().map_or("", |(_, message)| message.as_str());
            let signal = Signal {
                project,
                kind: Kind::MonitorDown,
                severity: Severity::Critical,
                title: cut(&format!("{} is down", locked.name), TITLE_CHARS_MAX),
                detail: sentence(&cut(detail, DETAIL_CHARS_MAX)),
                link: format!("uptime/{subject}"),
                subject,
                since,
            };
            incident::open(connection, outbox, &signal, locked.now).await?;
        }
        Transition::Close => {
            let ending = Ending {
                kind: EntryKind::Closed,
                text: format!("{} is up again.", locked.name),
                user: None,
                at: locked.now,
            };
            incident::close(connection, outbox, project, Kind::MonitorDown, &subject, &ending)
                .await?;
        }
    }
    Ok(())
}

/// Makes a sentence of a phrase.
fn sentence(phrase: &str) -> String {
    let mut chars = phrase.chars();
    let Some(first) = chars.next() else { return String::new() };
    format!("{}{}.", first.to_uppercase(), chars.as_str().trim_end_matches('.'))
}

/// Writes a closed slot that had no lease, such as a heartbeat's, and what follows from it. When the second before holds the
/// same, as when a program calls in a loop, it is one check, and nothing follows but the state.
pub(crate) async fn write_closed(
    connection: &mut PgConnection,
    outbox: &Outbox,
    locked: Locked,
    slot: DateTime<Utc>,
    verdict: Verdict,
) -> Result<(), Error> {
    let (reason, message) =
        verdict.why.clone().map_or((None, None), |(reason, message): (Reason, _)| {
            (Some(reason.word()), Some(message))
        });
    let inserted = sqlx::query(
        "insert into check_slot (monitor_id, slot, project_id, outcome, due_at, started_at, reason, message)
         select $1, $2, $3, $4, $2, now(), $5, $6
         where not exists (
             select from check_slot
             where monitor_id = $1 and slot > $2 - interval '1 second' and slot <= $2 and outcome = $4
               and reason is not distinct from $5
         )
         on conflict do nothing",
    )
    .bind(locked.monitor_id)
    .bind(slot)
    .bind(locked.project_id)
    .bind(verdict.outcome as i16)
    .bind(reason)
    .bind(message)
    .execute(&mut *connection)
    .await?;
    let patience = Patience { retries: 0, ..locked.patience() };
    let mut consequence = judge(&locked.status(), patience, verdict.outcome, slot, locked.now);
    if inserted.rows_affected() == 0 {
        // Counted already: only the state follows.
        consequence.retry_at = Some(locked.now);
    }
    apply(connection, outbox, &[Effect { locked, slot, verdict, consequence }]).await
}
