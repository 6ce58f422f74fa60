//! Writing what checks found: the result of each slot under its lease, the monitor's state, the counts, and incidents, in one
//! transaction a batch.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use observe_core::ProjectId;
use sqlx::types::Uuid;
use sqlx::{FromRow, PgConnection, PgPool};

use crate::check::{Reason, Record, Verdict, micros};
use crate::error::Error;
use crate::incident::{
    DETAIL_CHARS_MAX, Ending, EntryKind, Kind, Severity, Signal, TITLE_CHARS_MAX, cut,
};
use crate::state::{Consequence, Patience, State, Status, Transition, judge};
use crate::store::bucket::{self, Count};
use crate::store::incident::{self, Outbox};
use crate::store::monitor::state_number;

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

/// Only who holds the lease writes; an attempt that will be repeated leaves the slot open.
const WRITE: &str = "
    update check_slot c
    set outcome = case when r.retry_at is null then r.outcome else 0 end,
        attempt = case when r.retry_at is null then r.attempt else r.attempt + 1 end,
        due_at = coalesce(r.retry_at, c.due_at), lease_token = null, lease_until = '-infinity',
        reason = r.reason, message = r.message, status_code = r.status_code, total_us = r.total_us,
        dns_us = r.dns_us, connect_us = r.connect_us, tls_us = r.tls_us, first_byte_us = r.first_byte_us,
        transfer_us = r.transfer_us
    from unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::smallint[], $5::smallint[], $6::timestamptz[],
                $7::text[], $8::text[], $9::smallint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[],
                $14::bigint[], $15::bigint[])
         as r (monitor_id, slot, lease, outcome, attempt, retry_at, reason, message, status_code, total_us, dns_us,
               connect_us, tls_us, first_byte_us, transfer_us)
    where c.monitor_id = r.monitor_id and c.slot = r.slot and c.lease_token = r.lease and c.outcome = 0
    returning c.monitor_id";

/// Hands slots back that nobody looked at, so that another replica can.
const RELEASE: &str = "
    update check_slot c set lease_token = null, lease_until = '-infinity'
    from unnest($1::uuid[], $2::timestamptz[], $3::uuid[]) as r (monitor_id, slot, lease)
    where c.monitor_id = r.monitor_id and c.slot = r.slot and c.lease_token = r.lease and c.outcome = 0";

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
    if !released.monitors.is_empty() {
        sqlx::query(RELEASE)
            .bind(released.monitors)
            .bind(released.slots)
            .bind(released.leases)
            .execute(&mut *tx)
            .await?;
    }
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

/// The columns of [`WRITE`].
#[derive(Default)]
pub(crate) struct Rows {
    monitors: Vec<Uuid>,
    slots: Vec<DateTime<Utc>>,
    leases: Vec<Uuid>,
    outcomes: Vec<i16>,
    attempts: Vec<i16>,
    retries: Vec<Option<DateTime<Utc>>>,
    reasons: Vec<Option<&'static str>>,
    messages: Vec<Option<String>>,
    statuses: Vec<i16>,
    times: [Vec<Option<i64>>; 6],
}

impl Rows {
    fn key(&mut self, record: &Record) {
        self.monitors.push(record.monitor);
        self.slots.push(record.slot);
        self.leases.push(record.lease);
    }

    fn add(&mut self, record: &Record, verdict: &Verdict, retry_at: Option<DateTime<Utc>>) {
        self.key(record);
        self.outcomes.push(verdict.outcome as i16);
        self.attempts.push(record.attempt);
        self.retries.push(retry_at);
        self.reasons.push(verdict.why.as_ref().map(|(reason, _)| reason.word()));
        self.messages.push(verdict.why.as_ref().map(|(_, message)| cut(message, DETAIL_CHARS_MAX)));
        self.statuses.push(verdict.status_code);
        let phases = &verdict.phases;
        let times = [
            verdict.total,
            phases.dns,
            phases.connect,
            phases.tls,
            phases.first_byte,
            phases.transfer,
        ];
        for (column, time) in self.times.iter_mut().zip(times) {
            column.push(time.map(micros));
        }
    }

    async fn write(self, connection: &mut PgConnection) -> Result<Vec<Uuid>, Error> {
        if self.monitors.is_empty() {
            return Ok(Vec::new());
        }
        let [total, dns, connect, tls, first_byte, transfer] = self.times;
        let written = sqlx::query_scalar(WRITE)
            .bind(self.monitors)
            .bind(self.slots)
            .bind(self.leases)
            .bind(self.outcomes)
            .bind(self.attempts)
            .bind(self.retries)
            .bind(self.reasons)
            .bind(self.messages)
            .bind(self.statuses)
            .bind(total)
            .bind(dns)
            .bind(connect)
            .bind(tls)
            .bind(first_byte)
            .bind(transfer)
            .fetch_all(connection)
            .await?;
        Ok(written)
    }
}

/// Writes a closed slot that had no lease, such as a heartbeat's, and what follows from it. A slot that is there stays, and
/// nothing follows but the state.
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
         values ($1, $2, $3, $4, $2, now(), $5, $6) on conflict do nothing",
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
