//! Secret keys that were sent where strangers can read them: told to identity, so that their owners learn it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use observe_core::{Clock, KeyId};
use observe_proto::identity::v1::ReportExposedKeyRequest;
use observe_proto::identity::v1::authentication_service_client::AuthenticationServiceClient;
use observe_runtime::Lifecycle;
use observe_runtime::client::ServiceChannel;
use tokio::sync::mpsc;

/// How long a key that was reported is not reported again.
const QUIET: TimeDelta = TimeDelta::seconds(60);
/// Reports that may wait.
const WAITING_MAX: usize = 64;
/// Keys remembered as reported.
const RECENT_MAX: usize = 1_000;
/// How long identity may take for one.
const TIMEOUT: Duration = Duration::from_secs(2);

/// When each key was reported last.
type Recent = Arc<Mutex<HashMap<KeyId, DateTime<Utc>>>>;

/// Where exposed keys are noted, off the way of the request that showed them. The default goes nowhere.
#[derive(Clone, Debug, Default)]
pub(crate) struct Exposures(Option<Inner>);

#[derive(Clone)]
struct Inner {
    waiting: mpsc::Sender<KeyId>,
    recent: Recent,
    clock: Arc<dyn Clock>,
}

/// What takes the notes to identity; it ends when the process stops.
pub(crate) struct ExposureReporter {
    waiting: mpsc::Receiver<KeyId>,
    recent: Recent,
    identity: AuthenticationServiceClient<ServiceChannel>,
    life: Lifecycle,
}

/// Returns both ends of the way to identity.
pub(crate) fn exposures(
    identity: ServiceChannel,
    clock: Arc<dyn Clock>,
    life: Lifecycle,
) -> (Exposures, ExposureReporter) {
    let (sender, waiting) = mpsc::channel(WAITING_MAX);
    let recent = Recent::default();
    let inner = Inner { waiting: sender, recent: recent.clone(), clock };
    let identity = AuthenticationServiceClient::new(identity);
    (Exposures(Some(inner)), ExposureReporter { waiting, recent, identity, life })
}

impl Exposures {
    /// Notes that a secret key was shown. A key is reported once a minute; while more keys wait than may, one is left for the
    /// next time that it is shown.
    pub(crate) fn note(&self, key: KeyId) {
        let Some(inner) = &self.0 else { return };
        let now = inner.clock.now();
        let mut recent = inner.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.get(&key).is_some_and(|reported| now < *reported + QUIET) {
            return;
        }
        tracing::warn!(key_id = %key, "a secret key was sent in public, it should be revoked");
        if recent.len() >= RECENT_MAX {
            recent.retain(|_, reported| now < *reported + QUIET);
        }
        if recent.len() < RECENT_MAX && inner.waiting.try_send(key).is_ok() {
            recent.insert(key, now);
        }
    }
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("exposures")
    }
}

impl ExposureReporter {
    /// Reports until the process stops.
    pub(crate) async fn run(mut self) -> anyhow::Result<()> {
        loop {
            let key = tokio::select! {
                key = self.waiting.recv() => key,
                () = self.life.stopping() => None,
            };
            let Some(key) = key else { return Ok(()) };
            self.report(key).await;
        }
    }

    async fn report(&self, key: KeyId) {
        let mut identity = self.identity.clone();
        let report =
            identity.report_exposed_key(ReportExposedKeyRequest { key_id: key.to_string() });
        let failed = match tokio::time::timeout(TIMEOUT, report).await {
            Ok(Ok(_)) => return,
            Ok(Err(status)) => status.to_string(),
            Err(_) => "no answer in time".to_owned(),
        };
        tracing::warn!(key_id = %key, error = failed, "an exposed key could not be reported");
        // The next request with it tries again.
        self.recent.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
    }
}
