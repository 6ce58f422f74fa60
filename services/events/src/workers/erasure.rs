//! Erases what identity says is to be erased: takes over the cuts, removes what is there, and tells identity what went.

use std::collections::HashMap;
use std::time::Duration;

use observe_proto::identity::v1::person_log_service_client::PersonLogServiceClient;
use observe_proto::identity::v1::{ConfirmErasureRequest, ReadErasuresRequest};
use observe_runtime::Lifecycle;
use observe_runtime::client::ServiceChannel;
use observe_runtime::postgres::Database;

use crate::shard::Shard;
use crate::store::erasure::task::Task;
use crate::store::erasure::{beside, rows, take, task};
use crate::store::retention::{self, REST};

/// How often identity is asked for erasures.
const POLL_INTERVAL: Duration = Duration::from_millis(500);
/// How long to wait after a failure.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// What the worker works with.
#[derive(Clone)]
pub struct Eraser {
    /// Where events are.
    pub database: Database,
    /// How many shards there are.
    pub shards: Shard,
    /// Who knows what is to be erased.
    pub identity: PersonLogServiceClient<ServiceChannel>,
    /// The life of the process.
    pub life: Lifecycle,
}

impl Eraser {
    /// Erases until shutdown; every failure is logged once an outage and tried again. Cuts are taken over whatever there is to
    /// be removed meanwhile: nothing more of an erased person is stored from then on.
    ///
    /// # Errors
    /// None.
    pub async fn run(self) -> anyhow::Result<()> {
        let following = self.clone().follow();
        tokio::join!(following, self.clear());
        Ok(())
    }

    async fn follow(mut self) {
        let mut outage = false;
        loop {
            let done = self.take_over().await;
            if !self.rest(done, &mut outage, "erasures wait to be taken over").await {
                return;
            }
        }
    }

    async fn clear(mut self) {
        let mut outage = false;
        loop {
            let done = self.remove_all().await;
            if !self.rest(done, &mut outage, "erased persons wait to be removed").await {
                return;
            }
        }
    }

    /// Waits for the next look, longer after a failure. Returns whether to go on.
    async fn rest(&self, done: anyhow::Result<()>, outage: &mut bool, waits: &str) -> bool {
        if let Err(error) = &done
            && !std::mem::replace(outage, true)
        {
            tracing::warn!(error = format!("{error:#}"), "{waits}");
        }
        *outage &= done.is_err();
        self.life.sleep(if done.is_ok() { POLL_INTERVAL } else { RETRY_PAUSE }).await
    }

    async fn take_over(&mut self) -> anyhow::Result<()> {
        let pool = self.database.worker().clone();
        loop {
            let after_number = take::position(&pool).await?;
            let request = ReadErasuresRequest { after_number };
            let erasures = self.identity.read_erasures(request).await?.into_inner().erasures;
            if erasures.is_empty() || self.life.is_stopping() {
                return Ok(());
            }
            take::take(&pool, self.shards, after_number, &erasures).await?;
        }
    }

    async fn remove_all(&mut self) -> anyhow::Result<()> {
        while let Some(task) = task::next(self.database.worker()).await? {
            if !self.remove(&task).await? {
                return Ok(());
            }
            self.confirm(&task).await?;
        }
        Ok(())
    }

    /// Removes all of one erasure. Returns whether it came to the end; else shutdown begins.
    async fn remove(&self, task: &Task) -> anyhow::Result<bool> {
        let pool = self.database.worker();
        beside::blank_requests(pool, task).await?;
        beside::remove_examples(pool, task).await?;
        for shard in 0..self.shards {
            let mut last = beside::remove_letters(pool, task, shard, None).await?;
            while last.is_some() {
                last = beside::remove_letters(pool, task, shard, last).await?;
            }
        }
        for week in retention::weeks(pool).await? {
            while rows::remove_some(pool, task, &week).await? {
                if !self.life.sleep(REST).await {
                    return Ok(false);
                }
            }
        }
        if rows::is_aged(pool, task.project).await? {
            let mut after = Some((0, 0));
            while let Some(place) = after {
                after = rows::scan_some(pool, task, place).await?;
                if after.is_some() && !self.life.sleep(REST).await {
                    return Ok(false);
                }
            }
        }
        Ok(!self.life.is_stopping())
    }

    async fn confirm(&mut self, task: &Task) -> anyhow::Result<()> {
        let pool = self.database.worker().clone();
        let Some(removed) = task::removed(&pool, task.number).await? else { return Ok(()) };
        let counts = removed.counts().into_iter();
        let counts: HashMap<String, i64> =
            counts.map(|(name, count)| (name.to_owned(), count)).collect();
        let request = ConfirmErasureRequest {
            project_id: task.project.to_bytes(),
            erasure_id: task.erasure_id.as_bytes().to_vec(),
            removed: counts,
        };
        match self.identity.confirm_erasure(request).await {
            Ok(_) => {}
            // Identity was put back to before the erasure. What it removed is removed; nobody waits for the receipt.
            Err(status) if status.code() == tonic::Code::NotFound => {
                tracing::warn!(erasure = %task.erasure_id, "identity does not know an erasure that was done");
            }
            Err(status) => return Err(status.into()),
        }
        task::end(&pool, task.number).await?;
        tracing::info!(project = %task.project, erasure = %task.erasure_id, ?removed, "a person was erased");
        Ok(())
    }
}
