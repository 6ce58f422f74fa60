//! Reporting to events what was noted.

use std::collections::HashMap;
use std::time::Duration;

use observe_core::ProjectId;
use observe_proto::events::v1::ingest_service_client::IngestServiceClient;
use observe_proto::events::v1::{ProjectRejections, RecordRejectionsRequest, RejectionCount};
use observe_runtime::client::ServiceChannel;
use tokio::sync::mpsc;
use tonic::Status;

use super::sample::timestamp;
use super::{Notes, Rejections, Tally};

/// How often what was noted is reported.
const INTERVAL: Duration = Duration::from_secs(1);
/// How long to wait after a failure.
const RETRY_PAUSE: Duration = Duration::from_secs(5);
/// How long a report may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// What reports; it ends when the last [`Rejections`] is gone, after a last report.
pub(crate) struct Reporter {
    notes: Notes,
    closed: mpsc::Receiver<()>,
    events: IngestServiceClient<ServiceChannel>,
}

/// Returns both ends.
pub(crate) fn reporter(events: ServiceChannel) -> (Rejections, Reporter) {
    let (open, closed) = mpsc::channel(1);
    let notes = Notes::default();
    let rejections = Rejections { notes: notes.clone(), _open: open };
    (rejections, Reporter { notes, closed, events: IngestServiceClient::new(events) })
}

impl Reporter {
    /// Runs until nothing can be noted any more.
    pub(crate) async fn run(mut self) -> anyhow::Result<()> {
        let (mut pause, mut outage) = (INTERVAL, false);
        loop {
            let is_last = tokio::select! {
                // Nothing is ever sent: an answer means that the other end is gone.
                _ = self.closed.recv() => true,
                () = tokio::time::sleep(pause) => false,
            };
            let reported = self.report().await;
            if let Err(error) = &reported
                && !std::mem::replace(&mut outage, true)
            {
                tracing::warn!(%error, "rejections could not be reported, trying again");
            }
            outage &= reported.is_err();
            pause = if outage { RETRY_PAUSE } else { INTERVAL };
            if is_last {
                return Ok(());
            }
        }
    }

    async fn report(&mut self) -> Result<(), Status> {
        let projects = self.notes.take();
        if projects.is_empty() {
            return Ok(());
        }
        let mut request = tonic::Request::new(to_wire(&projects));
        request.set_timeout(TIMEOUT);
        let reported = self.events.record_rejections(request).await;
        if let Err(status) = reported {
            self.notes.put_back(projects);
            return Err(status);
        }
        Ok(())
    }
}

fn to_wire(projects: &HashMap<ProjectId, Tally>) -> RecordRejectionsRequest {
    let counts = |tally: &Tally| {
        let count = |(code, count): (&&'static str, &super::Count)| RejectionCount {
            code: (*code).to_owned(),
            count: i64::try_from(count.count).unwrap_or(i64::MAX),
            last_seen_time: Some(timestamp(count.last)),
        };
        tally.counts.iter().map(count).collect()
    };
    let projects = projects.iter().map(|(project, tally)| ProjectRejections {
        project_id: project.to_bytes(),
        counts: counts(tally),
        examples: tally.examples.iter().cloned().collect(),
    });
    RecordRejectionsRequest { projects: projects.collect() }
}
