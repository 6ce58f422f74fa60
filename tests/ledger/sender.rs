//! Senders: each makes requests at a pace, and sends each again, with the same uuids, until it is answered; as a good client
//! does.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use observe_core::{Clock as _, SystemClock};
use tokio::task::JoinSet;

use crate::book::{Book, Verdict};
use crate::sample::Sample;
use crate::timeline::Timeline;
use crate::wire::{Answer, Client, Wire};

/// The pause before another try, when the answer names none; and the longest that is waited, whatever it names.
const PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// How far a sender may fall behind its pace and still catch up.
const BEHIND_MAX: Duration = Duration::from_secs(2);
/// Every so many requests: one has an event in it that must be rejected; one is sent again although it was answered; one
/// that failed is given up.
const SPOILED_EVERY: u64 = 20;
const REPEATED_EVERY: u64 = 16;
const ABANDONED_EVERY: u64 = 40;

/// How one sender sends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Habit {
    pub(crate) wire: Wire,
    pub(crate) batch: u64,
    /// From one request to the next.
    pub(crate) pace: Duration,
    /// Bytes that are added to each event.
    pub(crate) padding: usize,
}

const fn habit(wire: Wire, batch: u64, pace_ms: u64) -> Habit {
    Habit { wire, batch, pace: Duration::from_millis(pace_ms), padding: 0 }
}

/// 500 events a second: singles, batches and imports, on every wire.
pub(crate) const USUAL: [Habit; 8] = [
    habit(Wire::Http, 1, 50),
    habit(Wire::Http, 1, 50),
    habit(Wire::Http, 20, 200),
    habit(Wire::PostHog, 50, 1_000),
    habit(Wire::HttpGzip, 25, 250),
    habit(Wire::Grpc, 10, 100),
    habit(Wire::GrpcGzip, 25, 500),
    habit(Wire::GrpcGzip, 20, 333),
];

/// All senders of a run.
pub(crate) struct Senders {
    stop: Arc<AtomicBool>,
    tasks: JoinSet<()>,
    books: Vec<PathBuf>,
}

impl Senders {
    /// Starts a sender for each habit. `run` makes their uuids differ from another run's.
    pub(crate) fn start(
        habits: &[Habit],
        base: &str,
        run: u64,
        folder: &std::path::Path,
        timeline: &Arc<Timeline>,
    ) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let mut tasks = JoinSet::new();
        let mut books = Vec::new();
        for (number, habit) in (0..).zip(habits) {
            let path = folder.join(format!("book-{run}-{number}"));
            let sender = Sender {
                habit: *habit,
                run,
                number,
                book: Book::open(&path),
                client: Client::new(habit.wire, base),
                timeline: timeline.clone(),
                stop: stop.clone(),
            };
            books.push(path);
            tasks.spawn(sender.run());
        }
        Self { stop, tasks, books }
    }

    /// Stops making requests, waits until all that are under way are answered, and returns what was written down.
    ///
    /// # Panics
    /// If a request is not answered by the deadline although nothing is down.
    pub(crate) async fn finish(mut self, deadline: Duration) -> Vec<PathBuf> {
        self.stop.store(true, Ordering::Relaxed);
        let all = async {
            while let Some(ended) = self.tasks.join_next().await {
                ended.unwrap();
            }
        };
        let ended = tokio::time::timeout(deadline, all).await;
        assert!(
            ended.is_ok(),
            "not every request is answered within {deadline:?} after the faults"
        );
        self.books
    }
}

struct Sender {
    habit: Habit,
    run: u64,
    number: u64,
    book: Book,
    client: Client,
    timeline: Arc<Timeline>,
    stop: Arc<AtomicBool>,
}

impl Sender {
    async fn run(mut self) {
        let mut due = Instant::now();
        for request in 0.. {
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            let batch = self.make(request);
            self.book.sending(batch.iter().map(|event| (event.uuid, event.content())));
            let answered = self.deliver(&batch, request % ABANDONED_EVERY == 7).await;
            if answered && request % REPEATED_EVERY == 5 {
                self.book.sending_again(batch.iter().map(|event| event.uuid));
                self.deliver(&batch, false).await;
            }
            due = due.max(Instant::now().checked_sub(BEHIND_MAX).unwrap_or(due)) + self.habit.pace;
            tokio::time::sleep_until(due.into()).await;
        }
    }

    fn make(&self, request: u64) -> Vec<Sample> {
        let now = SystemClock.now();
        let first = request * self.habit.batch;
        let numbers = first..first + self.habit.batch;
        let samples = numbers.map(|number| Sample::new(self.run, self.number, number, now));
        let mut batch: Vec<Sample> = match self.habit.padding {
            0 => samples.collect(),
            bytes => samples.map(|sample| sample.padded(bytes)).collect(),
        };
        if request % SPOILED_EVERY == 11 {
            let last = batch.pop().expect("a batch has events");
            batch.push(last.spoiled());
        }
        batch
    }

    /// Sends a request until it is answered, or once if it may be given up. Returns whether it was answered.
    async fn deliver(&mut self, batch: &[Sample], may_give_up: bool) -> bool {
        loop {
            let down = self.timeline.down();
            let answer = self.client.send(batch).await;
            let uuids = batch.iter().map(|event| event.uuid);
            let (verdict, pause) = match answer {
                Answer::Told(verdicts) => {
                    self.timeline.attempt(Verdict::Acknowledged, down);
                    self.book.answered(uuids.zip(verdicts));
                    return true;
                }
                Answer::Refused(pause) => (Verdict::Refused, pause),
                Answer::Unknown(seen) => {
                    self.timeline.silence(seen);
                    (Verdict::Unknown, PAUSE)
                }
                Answer::Wrong(what) => {
                    self.timeline.wrong(what);
                    (Verdict::Unknown, LONGEST_PAUSE)
                }
            };
            self.timeline.attempt(verdict, down);
            self.book.answered(uuids.clone().map(|uuid| (uuid, verdict)));
            if may_give_up {
                return false;
            }
            tokio::time::sleep(pause.clamp(PAUSE, LONGEST_PAUSE)).await;
            self.book.sending_again(uuids);
        }
    }
}
