//! When requests were answered, how, and what was down at that time.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use crate::book::Verdict;
use crate::part::Part;

/// One request's end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attempt {
    pub(crate) at: Instant,
    pub(crate) verdict: Verdict,
    /// The bits of the parts that were down when it was sent or when it ended.
    pub(crate) down: u32,
}

/// One fault, from its beginning to when its part was up again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    pub(crate) part: Part,
    pub(crate) began: Instant,
    /// When it was told to start again.
    pub(crate) restarted: Instant,
    /// When it answered again.
    pub(crate) up: Instant,
}

/// Shared by all senders and the injector of faults.
#[derive(Default)]
pub(crate) struct Timeline {
    down: AtomicU32,
    attempts: Mutex<Vec<Attempt>>,
    faults: Mutex<Vec<Fault>>,
    /// The next sequence of each shard, as PostgreSQL told it.
    progress: Mutex<Vec<(Instant, Vec<i64>)>>,
    wrong: Mutex<Vec<String>>,
    silences: Mutex<Vec<String>>,
}

impl Timeline {
    pub(crate) fn down(&self) -> u32 {
        self.down.load(Ordering::Relaxed)
    }

    pub(crate) fn goes_down(&self, part: Part) {
        self.down.fetch_or(part.bit(), Ordering::Relaxed);
    }

    pub(crate) fn is_up(&self, part: Part) {
        self.down.fetch_and(!part.bit(), Ordering::Relaxed);
    }

    /// Notes the end of a request that began while `down` were down.
    pub(crate) fn attempt(&self, verdict: Verdict, down: u32) {
        let attempt = Attempt { at: Instant::now(), verdict, down: down | self.down() };
        self.attempts.lock().unwrap().push(attempt);
    }

    pub(crate) fn fault(&self, fault: Fault) {
        self.faults.lock().unwrap().push(fault);
    }

    pub(crate) fn progress(&self, sequences: Vec<i64>) {
        self.progress.lock().unwrap().push((Instant::now(), sequences));
    }

    /// Notes an answer that no contract allows, or a process that ended by itself.
    pub(crate) fn wrong(&self, what: String) {
        self.wrong.lock().unwrap().push(what);
    }

    /// Notes what was seen in place of an answer.
    pub(crate) fn silence(&self, seen: String) {
        self.silences.lock().unwrap().push(seen);
    }

    pub(crate) fn silences(&self) -> Vec<String> {
        self.silences.lock().unwrap().clone()
    }

    pub(crate) fn attempts(&self) -> Vec<Attempt> {
        let mut attempts = self.attempts.lock().unwrap().clone();
        attempts.sort_by_key(|attempt| attempt.at);
        attempts
    }

    pub(crate) fn faults(&self) -> Vec<Fault> {
        self.faults.lock().unwrap().clone()
    }

    pub(crate) fn sequences(&self) -> Vec<(Instant, Vec<i64>)> {
        self.progress.lock().unwrap().clone()
    }

    pub(crate) fn wrongs(&self) -> Vec<String> {
        self.wrong.lock().unwrap().clone()
    }
}
