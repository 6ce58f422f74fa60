//! Group commit: all waiting requests become packed entries, one Redis transaction a lane, one fsync for all; then every
//! request is answered.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::future::join_all;
use observe_core::{Clock, Entropy, ProjectId};
use observe_proto::events::v1::{AcceptedEvent, ProjectEvents, ProjectSpans, ServerSpan};
use observe_runtime::Lifecycle;
use observe_runtime::redis::QueueRedis;
use prost::Message as _;
use tokio::sync::{Semaphore, mpsc, oneshot};
use uuid::Uuid;

use crate::entry::{PackedEntry, Packer};
use crate::error::{Error, unavailable};
use crate::queue::{AppendError, Lane, append};
use crate::shard::{Shard, shard_of};

/// Requests that may wait; a further one waits at the door.
const WAITING_MAX: usize = 1024;
/// Bytes of events and spans in one commit.
const COMMIT_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Commits that may be under way: the next one packs while the last one is being fsynced.
const IN_FLIGHT_MAX: usize = 2;

/// What one request brings.
#[derive(Default)]
pub struct Write {
    /// Events, in order.
    pub events: Vec<(ProjectId, Uuid, AcceptedEvent)>,
    /// Spans.
    pub spans: Vec<(ProjectId, ServerSpan)>,
}

impl Write {
    fn bytes(&self) -> usize {
        let events: usize = self.events.iter().map(|(_, _, event)| event.encoded_len()).sum();
        let spans: usize = self.spans.iter().map(|(_, span)| span.encoded_len()).sum();
        events + spans
    }
}

/// One request.
pub struct Waiting {
    write: Write,
    bytes: usize,
    answer: oneshot::Sender<Result<(), Error>>,
}

/// Where requests hand in their events and spans.
#[derive(Clone)]
pub struct Writer(mpsc::Sender<Waiting>);

/// The worker's end.
pub struct Commits {
    waiting: mpsc::Receiver<Waiting>,
    queue: QueueRedis,
    shards: Shard,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl Writer {
    /// Returns the two ends.
    #[must_use]
    pub fn new(
        queue: QueueRedis,
        shards: Shard,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> (Self, Commits) {
        let (sender, waiting) = mpsc::channel(WAITING_MAX);
        (Self(sender), Commits { waiting, queue, shards, clock, entropy })
    }

    /// Returns once all of it is fsynced in the queue.
    ///
    /// # Errors
    /// `QueueFull` when none of it is; `Unavailable` when that is not known.
    pub async fn write(&self, write: Write) -> Result<(), Error> {
        if write.events.is_empty() && write.spans.is_empty() {
            return Ok(());
        }
        let (answer, answered) = oneshot::channel();
        let bytes = write.bytes();
        let stopped = |_| unavailable("the event queue", "the process is stopping".into());
        self.0.send(Waiting { write, bytes, answer }).await.map_err(|_| stopped(()))?;
        answered.await.map_err(|_| stopped(()))?
    }
}

impl Commits {
    /// Commits until the server is gone.
    ///
    /// # Errors
    /// None.
    pub async fn run(mut self, life: Lifecycle) -> anyhow::Result<()> {
        let slots = Arc::new(Semaphore::new(IN_FLIGHT_MAX));
        loop {
            let slot = slots.clone().acquire_owned().await?;
            // The senders live in the server: when it has answered its last request and is gone, nothing more can come.
            let Some(first) = self.waiting.recv().await else { return Ok(()) };
            let requests = self.gather(first);
            let commit = Commit {
                queue: self.queue.clone(),
                shards: self.shards,
                clock: self.clock.clone(),
                entropy: self.entropy.clone(),
            };
            life.spawn(async move {
                commit.run(requests).await;
                drop(slot);
            });
        }
    }

    /// Takes what waits, without waiting for more.
    fn gather(&mut self, first: Waiting) -> Vec<Waiting> {
        let mut bytes = first.bytes;
        let mut requests = vec![first];
        while bytes < COMMIT_BYTES_MAX {
            let Ok(next) = self.waiting.try_recv() else { break };
            bytes += next.bytes;
            requests.push(next);
        }
        requests
    }
}

struct Commit {
    queue: QueueRedis,
    shards: Shard,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl Commit {
    async fn run(self, requests: Vec<Waiting>) {
        let mut events: BTreeMap<Shard, Packer<ProjectEvents>> = BTreeMap::new();
        let mut spans = Packer::<ProjectSpans>::default();
        let mut answers = Vec::with_capacity(requests.len());
        for request in requests {
            let mut touched: Vec<Lane> = Vec::new();
            for (project, uuid, event) in request.write.events {
                let shard = shard_of(project, uuid, event.identity, self.shards);
                if !touched.contains(&Lane::Shard(shard)) {
                    touched.push(Lane::Shard(shard));
                }
                events.entry(shard).or_default().push(project, event);
            }
            if !request.write.spans.is_empty() {
                touched.push(Lane::Spans);
            }
            for (project, span) in request.write.spans {
                spans.push(project, span);
            }
            answers.push((touched, request.answer));
        }
        let mut lanes: BTreeMap<Lane, Vec<PackedEntry>> = BTreeMap::new();
        for (shard, packer) in events {
            lanes.insert(Lane::Shard(shard), packer.finish());
        }
        lanes.insert(Lane::Spans, spans.finish());
        let failed = self.append_all(lanes).await;
        for (touched, answer) in answers {
            let failure = touched.iter().find_map(|lane| failed.get(lane));
            let outcome = match failure {
                None => Ok(()),
                Some(AppendError::Unavailable(detail)) => {
                    Err(unavailable("the event queue", detail.clone()))
                }
                // Entries on other lanes may be in; a retry carries the same uuids.
                Some(AppendError::Full) => Err(Error::QueueFull),
            };
            // A caller that went away does not need the answer.
            let _ = answer.send(outcome);
        }
    }

    async fn append_all(
        &self,
        lanes: BTreeMap<Lane, Vec<PackedEntry>>,
    ) -> BTreeMap<Lane, AppendError> {
        let filled = lanes.into_iter().filter(|(_, entries)| !entries.is_empty());
        let appends = filled.map(|(lane, entries)| async move {
            let now = self.clock.now();
            let entries: Vec<_> =
                entries.into_iter().map(|entry| (self.entropy.uuid(now), entry)).collect();
            let outcome = append(&self.queue, lane, &entries, self.entropy.uuid(now)).await;
            outcome.err().map(|error| (lane, error))
        });
        join_all(appends).await.into_iter().flatten().collect()
    }
}
