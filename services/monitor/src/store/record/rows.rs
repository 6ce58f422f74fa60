//! Results by column, as one statement writes them.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::check::{Record, Verdict, micros};
use crate::error::Error;
use crate::incident::{DETAIL_CHARS_MAX, cut};

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

/// The columns of [`WRITE`].
#[derive(Default)]
pub(super) struct Rows {
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
    /// Adds a slot that is only handed back.
    pub(super) fn key(&mut self, record: &Record) {
        self.monitors.push(record.monitor);
        self.slots.push(record.slot);
        self.leases.push(record.lease);
    }

    /// Adds a result; one that is to be repeated leaves its slot open.
    pub(super) fn add(
        &mut self,
        record: &Record,
        verdict: &Verdict,
        retry_at: Option<DateTime<Utc>>,
    ) {
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

    /// Writes the results. Returns the monitors whose lease still held.
    pub(super) async fn write(self, connection: &mut PgConnection) -> Result<Vec<Uuid>, Error> {
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

    /// Hands the slots back.
    pub(super) async fn release(self, connection: &mut PgConnection) -> Result<(), Error> {
        if !self.monitors.is_empty() {
            sqlx::query(RELEASE)
                .bind(self.monitors)
                .bind(self.slots)
                .bind(self.leases)
                .execute(connection)
                .await?;
        }
        Ok(())
    }
}
