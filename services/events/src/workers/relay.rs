//! Tells identity, in the order of the log, of every event that changes persons. At least once: identity knows each event
//! by its uuid.

use std::sync::Arc;
use std::time::Duration;

use observe_proto::events::v1::LoggedEvents;
use observe_proto::identity::v1::ApplyEventsRequest;
use observe_proto::identity::v1::person_log_service_client::PersonLogServiceClient;
use observe_runtime::Lifecycle;
use observe_runtime::client::ServiceChannel;
use observe_runtime::postgres::Database;
use prost::Message as _;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::shard::Shard;
use crate::store::relay::{self, ToRelay};

/// How long to wait for news when nobody gives notice.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// How long to wait after a failure.
const RETRY_PAUSE: Duration = Duration::from_millis(500);
/// Log rows taken at a time.
const ROWS_MAX: i64 = 32;
/// Events in one call, as identity asks for.
const CALL_EVENTS_MAX: usize = 1_000;

/// What the relay works with.
pub struct Relay {
    /// Who this process is, in the lease.
    pub owner: Uuid,
    /// How many shards there are.
    pub shards: Shard,
    /// Where the log is.
    pub database: Database,
    /// Identity.
    pub identity: PersonLogServiceClient<ServiceChannel>,
    /// Told when identity events were stored.
    pub stored_identity: Arc<Notify>,
    /// The life of the process.
    pub life: Lifecycle,
}

impl Relay {
    /// Relays until shutdown; every failure is logged once an outage and tried again.
    ///
    /// # Errors
    /// None.
    pub async fn run(mut self) -> anyhow::Result<()> {
        let mut outage = false;
        while !self.life.is_stopping() {
            match self.relay_all().await {
                Ok(true) => outage = false,
                Ok(false) => {
                    outage = false;
                    tokio::select! {
                        () = self.stored_identity.notified() => {}
                        () = tokio::time::sleep(POLL_INTERVAL) => {}
                        () = self.life.stopping() => {}
                    }
                }
                Err(error) => {
                    if !std::mem::replace(&mut outage, true) {
                        tracing::warn!(
                            error = format!("{error:#}"),
                            "identity events wait to be relayed"
                        );
                    }
                    self.life.sleep(RETRY_PAUSE).await;
                }
            }
        }
        Ok(())
    }

    /// Relays what waits on the shards this process owns. Returns whether there was anything.
    async fn relay_all(&mut self) -> anyhow::Result<bool> {
        let mut any = false;
        let mut failure = None;
        for shard in 0..self.shards {
            // One shard's trouble does not keep the others waiting.
            match self.relay_shard(shard).await {
                Ok(found) => any |= found,
                Err(error) => failure = Some(error),
            }
        }
        failure.map_or(Ok(any), Err)
    }

    async fn relay_shard(&mut self, shard: Shard) -> anyhow::Result<bool> {
        let rows = relay::waiting(self.database.worker(), shard, self.owner, ROWS_MAX).await?;
        let any = !rows.is_empty();
        for row in rows {
            let last_sequence = row.last_sequence;
            if let Err(error) = self.apply(row).await {
                if !is_permanent(&error) {
                    return Err(error);
                }
                // Identity will never take it; waiting would only hold up everybody behind it.
                tracing::error!(
                    shard,
                    last_sequence,
                    error = format!("{error:#}"),
                    "identity events were refused"
                );
            }
            relay::advance(self.database.worker(), shard, self.owner, last_sequence).await?;
        }
        Ok(any)
    }

    async fn apply(&mut self, row: ToRelay) -> anyhow::Result<()> {
        let mut events = LoggedEvents::decode(row.identity_events.as_slice())?.events;
        while !events.is_empty() {
            let rest = events.split_off(events.len().min(CALL_EVENTS_MAX));
            let project_id = row.project_id.as_bytes().to_vec();
            self.identity.apply_events(ApplyEventsRequest { project_id, events }).await?;
            events = rest;
        }
        Ok(())
    }
}

/// Whether trying again cannot help: the request itself is refused, or its project is gone.
fn is_permanent(error: &anyhow::Error) -> bool {
    let refused = error.downcast_ref::<tonic::Status>().map(tonic::Status::code);
    matches!(refused, Some(tonic::Code::InvalidArgument | tonic::Code::NotFound))
        || error.is::<prost::DecodeError>()
}
