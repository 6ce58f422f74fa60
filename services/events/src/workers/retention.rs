//! Removes what projects keep no longer, a little at a time, so that nobody waits for it.

use std::sync::Arc;
use std::time::Duration;

use observe_core::Clock;
use observe_proto::identity::v1::ListRetentionsRequest;
use observe_proto::identity::v1::authentication_service_client::AuthenticationServiceClient;
use observe_runtime::Lifecycle;
use observe_runtime::client::ServiceChannel;
use observe_runtime::postgres::Database;
use uuid::Uuid;

use crate::retention::expiry_of;
use crate::store::retention::{self, Expiry, REST, Week};

/// How often what became too old is looked for.
const INTERVAL: Duration = Duration::from_secs(600);
/// How long to wait after a failure.
const RETRY_PAUSE: Duration = Duration::from_secs(10);

/// What the worker works with.
pub struct Retention {
    /// Where events are.
    pub database: Database,
    /// Who knows how long projects keep what.
    pub identity: AuthenticationServiceClient<ServiceChannel>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The life of the process.
    pub life: Lifecycle,
}

impl Retention {
    /// Removes until shutdown; every failure is logged once an outage and tried again.
    ///
    /// # Errors
    /// None.
    pub async fn run(mut self) -> anyhow::Result<()> {
        let mut outage = false;
        loop {
            let removed = self.remove_all().await;
            if let Err(error) = &removed
                && !std::mem::replace(&mut outage, true)
            {
                tracing::warn!(
                    error = format!("{error:#}"),
                    "what is too old could not be removed, trying again"
                );
            }
            outage &= removed.is_err();
            let pause = if removed.is_ok() { INTERVAL } else { RETRY_PAUSE };
            if !self.life.sleep(pause).await {
                return Ok(());
            }
        }
    }

    async fn remove_all(&mut self) -> anyhow::Result<()> {
        let expiries = self.expiries().await?;
        if expiries.is_empty() {
            return Ok(());
        }
        retention::note_aged(self.database.worker(), &expiries).await?;
        let weeks = retention::weeks(self.database.worker()).await?;
        for week in &weeks {
            if !self.remove_week(week, &expiries).await? {
                return Ok(());
            }
        }
        let pool = self.database.worker();
        for expiry in &expiries {
            while retention::empty_some(pool, expiry).await? {
                if !self.life.sleep(REST).await {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Asks what projects do not keep all.
    async fn expiries(&mut self) -> anyhow::Result<Vec<Expiry>> {
        let now = self.clock.now();
        let mut expiries = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = ListRetentionsRequest { page_size: 0, page_token };
            let answer = self.identity.list_retentions(request).await?.into_inner();
            expiries.extend(answer.retentions.iter().filter_map(|one| expiry_of(one, now)));
            page_token = answer.next_page_token;
            if page_token.is_empty() {
                return Ok(expiries);
            }
        }
    }

    /// Removes what is too old in one week: all of it at once if it all is. Returns whether to go on.
    async fn remove_week(&self, week: &Week, expiries: &[Expiry]) -> anyhow::Result<bool> {
        let pool = self.database.worker();
        let expired: Vec<Uuid> = expiries
            .iter()
            .filter(|expiry| expiry.covers(week))
            .map(|expiry| expiry.project.uuid())
            .collect();
        // The one for all that is old is made once and stays.
        let is_candidate = week.start.is_some() && !expired.is_empty();
        if is_candidate && retention::has_only(pool, week, &expired).await? {
            match retention::drop_week(pool, week, &expired).await {
                Ok(true) => {
                    tracing::info!(week = week.name, "a week of events ran out");
                    return Ok(true);
                }
                Ok(false) => {}
                // Somebody works with the table. Next time, or row by row.
                Err(error) if observe_runtime::postgres::is_outage(&error) => {
                    tracing::debug!(%error, week = week.name, "the week is in use");
                }
                Err(error) => return Err(error.into()),
            }
        }
        for exceptions in [false, true] {
            let reached = expiries.iter().filter_map(|expiry| expiry.reaches(week, exceptions));
            let reached: Vec<_> = reached.collect();
            let left = retention::have_expired(pool, week, &reached, exceptions).await?;
            for (project, before) in left {
                while retention::delete_some(pool, project, week, before, exceptions).await? {
                    if !self.life.sleep(REST).await {
                        return Ok(false);
                    }
                }
            }
        }
        Ok(!self.life.is_stopping())
    }
}
