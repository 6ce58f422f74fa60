//! Group commit: all waiting requests become packed entries, one Redis transaction a lane, one fsync for all; then every
//! request is answered. While the queue is away, their events are stored directly.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::future::join_all;
use observe_core::error::CommonError;
use observe_core::{Clock, Entropy, ProjectId};
use observe_proto::events::v1::ServerSpan;
use observe_runtime::Lifecycle;
use observe_runtime::redis::QueueRedis;
use prost::Message as _;
use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::entry::{PackedEntry, Packer};
use crate::error::{Error, unavailable};
use crate::queue::{AppendError, Lane, append};
use crate::sealed::SealedEvents;
use crate::shard::Shard;
use crate::store::direct::{ByShard, Direct};
use crate::workers::queue_watch::QueueHealth;

/// Requests that may wait; a further one waits at the door.
const WAITING_MAX: usize = 1024;
/// Bytes of events and spans in one commit.
const COMMIT_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Commits that may be under way: the next one packs while the last one is being fsynced. The direct way has the same bound:
/// transactions wait for each other's locks, so more would only wait.
const IN_FLIGHT_MAX: usize = 2;
/// Events in an entry of the past, and so in a transaction of them: none of what happens now waits for more.
pub const HISTORICAL_EVENTS_MAX: usize = 1_000;

/// What one request brings.
#[derive(Default)]
pub struct Write {
    /// Events, in order; none of the batches is empty.
    pub events: Vec<SealedEvents>,
    /// Spans.
    pub spans: Vec<(ProjectId, ServerSpan)>,
}

impl Write {
    fn bytes(&self) -> usize {
        let events: usize = self.events.iter().map(SealedEvents::bytes).sum();
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
    way: Way,
}

/// Where events go.
#[derive(Clone)]
pub struct Way {
    /// The queue.
    pub queue: QueueRedis,
    /// Whether it is away.
    pub health: QueueHealth,
    /// What stores events meanwhile.
    pub direct: Direct,
    /// How many shards there are.
    pub shards: Shard,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What makes the ids of entries.
    pub entropy: Arc<dyn Entropy>,
}

impl Writer {
    /// Returns the two ends.
    #[must_use]
    pub fn new(way: Way) -> (Self, Commits) {
        let (sender, waiting) = mpsc::channel(WAITING_MAX);
        (Self(sender), Commits { waiting, way })
    }

    /// Returns once all of it is durable: fsynced in the queue or, while that is away, stored. Spans have no such way.
    ///
    /// # Errors
    /// `QueueFull` when the queue is; `Unavailable` when it is not known whether all of it is durable. Parts may be; the same
    /// uuids may be sent again after either.
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
            let way = self.way.clone();
            life.spawn(async move {
                way.commit(requests).await;
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

/// What is to be told of one request: the lanes it touches, and where.
type Answer = (Vec<Lane>, oneshot::Sender<Result<(), Error>>);

impl Way {
    async fn commit(&self, requests: Vec<Waiting>) {
        if self.health.is_away() {
            self.store_requests(requests).await;
            return;
        }
        let (lanes, answers) = self.pack(requests);
        let mut failed = self.append_all(&lanes).await;
        if failed.values().any(|error| matches!(error, AppendError::Unavailable(_))) {
            self.health.set_away();
            self.store_entries(&lanes, &mut failed, &answers).await;
        }
        for (touched, answer) in answers {
            // A caller that went away does not need the answer.
            let _ = answer.send(outcome(&touched, &failed));
        }
    }

    fn pack(&self, requests: Vec<Waiting>) -> (BTreeMap<Lane, Vec<PackedEntry>>, Vec<Answer>) {
        let mut events: BTreeMap<Lane, Packer> = BTreeMap::new();
        let mut spans = Packer::default();
        let mut answers = Vec::with_capacity(requests.len());
        for request in requests {
            let mut touched: Vec<Lane> = Vec::new();
            for event in request.write.events.iter().flat_map(SealedEvents::iter) {
                let lane = event.lane(self.shards);
                if !touched.contains(&lane) {
                    touched.push(lane);
                }
                let packer = events.entry(lane).or_insert_with(|| packer(lane));
                packer.push(event.project, event.encoded);
            }
            if !request.write.spans.is_empty() {
                touched.push(Lane::Spans);
            }
            for (project, span) in request.write.spans {
                spans.push(project, &span.encode_to_vec());
            }
            answers.push((touched, request.answer));
        }
        let mut lanes: BTreeMap<Lane, Vec<PackedEntry>> =
            events.into_iter().map(|(lane, packer)| (lane, packer.finish())).collect();
        lanes.insert(Lane::Spans, spans.finish());
        (lanes, answers)
    }

    async fn append_all(
        &self,
        lanes: &BTreeMap<Lane, Vec<PackedEntry>>,
    ) -> BTreeMap<Lane, AppendError> {
        let filled = lanes.iter().filter(|(_, entries)| !entries.is_empty());
        let appends = filled.map(|(&lane, entries)| async move {
            let now = self.clock.now();
            let entries: Vec<_> =
                entries.iter().map(|entry| (self.entropy.uuid(now), entry)).collect();
            let outcome = append(&self.queue, lane, &entries, self.entropy.uuid(now)).await;
            outcome.err().map(|error| (lane, error))
        });
        join_all(appends).await.into_iter().flatten().collect()
    }

    /// Stores the events of lanes of which it is not known whether they are in the queue, unless no request would be helped.
    /// Those that are in the queue as well are duplicates when they are read.
    async fn store_entries(
        &self,
        lanes: &BTreeMap<Lane, Vec<PackedEntry>>,
        failed: &mut BTreeMap<Lane, AppendError>,
        answers: &[Answer],
    ) {
        let can_store = |lane: &Lane| match failed.get(lane) {
            None => true,
            Some(AppendError::Unavailable(_)) => lane.shard().is_some(),
            Some(AppendError::Full) => false,
        };
        if !answers.iter().any(|(touched, _)| touched.iter().all(can_store)) {
            return;
        }
        let away: Vec<Lane> = failed
            .iter()
            .filter(|(lane, error)| {
                lane.shard().is_some() && matches!(error, AppendError::Unavailable(_))
            })
            .map(|(lane, _)| *lane)
            .collect();
        let mut events = ByShard::new();
        for (shard, entries) in away.iter().filter_map(|lane| lane.shard().zip(lanes.get(lane))) {
            let of_shard = events.entry(shard).or_default();
            for entry in entries {
                match entry.events() {
                    Ok(unpacked) => of_shard.extend(unpacked),
                    Err(error) => {
                        tracing::error!(%error, "what was packed here cannot be unpacked");
                        return;
                    }
                }
            }
        }
        match self.direct.store(events).await {
            Ok(()) => failed.retain(|lane, _| !away.contains(lane)),
            Err(error) => tracing::warn!(%error, "events can be neither queued nor stored"),
        }
    }

    /// Stores the requests' events while the queue is away. Those with spans are refused: spans are counted through the queue
    /// alone, and a request is taken whole.
    async fn store_requests(&self, requests: Vec<Waiting>) {
        let mut events = ByShard::new();
        let mut answers = Vec::with_capacity(requests.len());
        for Waiting { write, answer, .. } in requests {
            if !write.spans.is_empty() {
                let _ = answer.send(Err(unavailable("the event queue", "it is away".into())));
                continue;
            }
            let opened: Option<Vec<_>> = write
                .events
                .iter()
                .flat_map(SealedEvents::iter)
                .map(|event| Some((event.shard(self.shards), event.open()?)))
                .collect();
            let Some(opened) = opened else {
                let broken = "an event cannot be decoded".to_owned();
                let _ = answer.send(Err(CommonError::Internal(broken).into()));
                continue;
            };
            for (shard, event) in opened {
                events.entry(shard).or_default().push(event);
            }
            answers.push(answer);
        }
        if answers.is_empty() {
            return;
        }
        let failure = self.direct.store(events).await.err().map(|error| error.to_string());
        for answer in answers {
            let _ = answer.send(match &failure {
                None => Ok(()),
                Some(detail) => {
                    Err(unavailable("the event queue and the event store", detail.clone()))
                }
            });
        }
    }
}

/// Returns what packs a lane's events.
fn packer(lane: Lane) -> Packer {
    match lane {
        Lane::Historical(_) => Packer::with_items_max(HISTORICAL_EVENTS_MAX),
        Lane::Shard(_) | Lane::Spans => Packer::default(),
    }
}

/// Returns what became of a request that touches these lanes.
fn outcome(touched: &[Lane], failed: &BTreeMap<Lane, AppendError>) -> Result<(), Error> {
    match touched.iter().find_map(|lane| failed.get(lane)) {
        None => Ok(()),
        Some(AppendError::Unavailable(detail)) => {
            Err(unavailable("the event queue", detail.clone()))
        }
        // Entries on other lanes may be in; a retry carries the same uuids.
        Some(AppendError::Full) => Err(Error::QueueFull),
    }
}
