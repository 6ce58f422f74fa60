//! What the edge did not accept: counted by project and reason, with examples for the developer who wires up an SDK, and
//! reported to events about once a second.
//!
//! Nothing here is on a request's path but a look at a counter: a report that fails is tried again, and no request waits for
//! one. What is not reported yet dies with the process.

pub(crate) mod attempt;
pub(crate) mod code;
mod excerpt;
mod reporter;
pub(crate) mod sample;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use observe_core::ProjectId;
use observe_proto::events::v1::RejectedEvent;
use tokio::sync::mpsc;

use crate::capture::delivery::Delivery;
use crate::capture::draft::Unreadable;
use crate::capture::judge::Outcome;
use sample::{Sample, timestamp};

pub(crate) use reporter::{Reporter, reporter};

/// Projects that are remembered between two reports. What befalls further ones is not noted until the next.
const PROJECTS_MAX: usize = 1_000;
/// Examples of one project between two reports; further ones are counted only.
const EXAMPLES_MAX: usize = 100;
/// Examples of all projects between two reports, so that a report fits one call.
const ALL_EXAMPLES_MAX: usize = 2_000;
/// Characters of a message that are kept.
const MESSAGE_CHARS_MAX: usize = 500;

/// Where rejections are noted. It is one for all wires; copies share what they note.
#[derive(Clone)]
pub(crate) struct Rejections {
    notes: Notes,
    /// Closed when the last copy is gone, which is after the last connection has ended.
    _open: mpsc::Sender<()>,
}

/// What is noted and not reported yet.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Tallies>>);

#[derive(Default)]
struct Tallies {
    projects: HashMap<ProjectId, Tally>,
    examples: usize,
}

/// What one project's senders were refused.
#[derive(Debug, Default)]
struct Tally {
    counts: BTreeMap<&'static str, Count>,
    /// The latest last.
    examples: VecDeque<RejectedEvent>,
}

/// How often, and when last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Count {
    count: u64,
    last: DateTime<Utc>,
}

/// One request that was refused whole, or one thing in it.
pub(crate) struct Refusal<'a> {
    pub(crate) project: ProjectId,
    /// One of those that `docs/API.md` lists.
    pub(crate) code: &'static str,
    pub(crate) message: &'a str,
    pub(crate) endpoint: &'a str,
    /// Events, as far as they could be told; else requests.
    pub(crate) count: u64,
    pub(crate) at: DateTime<Utc>,
    pub(crate) sample: Sample,
}

impl Rejections {
    /// Notes the events of a request that were rejected one by one.
    pub(crate) fn note_outcomes(
        &self,
        project: ProjectId,
        outcomes: &[Outcome],
        delivery: &Delivery<'_>,
    ) {
        let mut counts: BTreeMap<&'static str, u64> = BTreeMap::new();
        for (_, unreadable) in rejected(outcomes) {
            *counts.entry(unreadable.reject.code.as_str()).or_default() += 1;
        }
        if counts.is_empty() {
            return;
        }
        let at = delivery.received.at;
        let room = self.notes.count(project, &counts, at);
        // Made outside of the lock. The last ones of a request are its latest.
        let total = counts.values().sum::<u64>();
        let skipped = usize::try_from(total).unwrap_or(usize::MAX).saturating_sub(room);
        let examples = rejected(outcomes).skip(skipped).map(|(index, unreadable)| {
            let mut sample = delivery.sources.sample(index);
            if let Some(uuid) = unreadable.uuid {
                sample.uuid = uuid.to_string();
            }
            sample.say_library(&delivery.visitor.user_agent);
            let reject = &unreadable.reject;
            sample.example(at, reject.code.as_str(), &reject.message, delivery.endpoint)
        });
        self.notes.show(project, examples.collect());
    }

    /// Notes a request that was refused whole.
    pub(crate) fn note(&self, refusal: Refusal<'_>) {
        let Refusal { project, code, message, endpoint, count, at, sample } = refusal;
        if self.notes.count(project, &BTreeMap::from([(code, count)]), at) > 0 {
            self.notes.show(project, vec![sample.example(at, code, message, endpoint)]);
        }
    }
}

/// Returns the rejected ones with their places in the request.
fn rejected(outcomes: &[Outcome]) -> impl Iterator<Item = (usize, &Unreadable)> {
    outcomes.iter().enumerate().filter_map(|(index, outcome)| match outcome {
        Outcome::Rejected(unreadable) => Some((index, unreadable)),
        Outcome::Accepted(_) | Outcome::Duplicate(_) => None,
    })
}

impl Notes {
    /// Counts, and returns how many examples there is room for.
    fn count(
        &self,
        project: ProjectId,
        counts: &BTreeMap<&'static str, u64>,
        at: DateTime<Utc>,
    ) -> usize {
        let mut tallies = self.tallies();
        let room_of_all = ALL_EXAMPLES_MAX.saturating_sub(tallies.examples);
        let Some(tally) = tallies.of(project) else { return 0 };
        for (code, count) in counts {
            tally.add(code, Count { count: *count, last: at });
        }
        EXAMPLES_MAX.saturating_sub(tally.examples.len()).min(room_of_all)
    }

    /// Keeps examples, the latest last.
    fn show(&self, project: ProjectId, examples: Vec<RejectedEvent>) {
        let mut tallies = self.tallies();
        let Some(tally) = tallies.of(project) else { return };
        let before = tally.examples.len();
        tally.examples.extend(examples);
        while tally.examples.len() > EXAMPLES_MAX {
            tally.examples.pop_front();
        }
        let after = tally.examples.len();
        tallies.examples = (tallies.examples + after).saturating_sub(before);
    }

    /// Takes everything out.
    fn take(&self) -> HashMap<ProjectId, Tally> {
        std::mem::take(&mut *self.tallies()).projects
    }

    /// Puts back what could not be reported; it is older than what is there.
    fn put_back(&self, projects: HashMap<ProjectId, Tally>) {
        let mut tallies = self.tallies();
        for (project, old) in projects {
            let room_of_all = ALL_EXAMPLES_MAX.saturating_sub(tallies.examples);
            let Some(tally) = tallies.of(project) else { continue };
            for (code, count) in &old.counts {
                tally.add(code, *count);
            }
            let room = EXAMPLES_MAX.saturating_sub(tally.examples.len()).min(room_of_all);
            let kept = old.examples.into_iter().rev().take(room);
            let mut added = 0;
            for example in kept {
                tally.examples.push_front(example);
                added += 1;
            }
            tallies.examples += added;
        }
    }

    fn tallies(&self) -> MutexGuard<'_, Tallies> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tallies {
    fn of(&mut self, project: ProjectId) -> Option<&mut Tally> {
        if self.projects.len() >= PROJECTS_MAX && !self.projects.contains_key(&project) {
            return None;
        }
        Some(self.projects.entry(project).or_default())
    }
}

impl Tally {
    fn add(&mut self, code: &'static str, more: Count) {
        let count = self.counts.entry(code).or_insert(Count { count: 0, last: more.last });
        count.count = count.count.saturating_add(more.count);
        count.last = count.last.max(more.last);
    }
}

impl Sample {
    fn example(
        self,
        at: DateTime<Utc>,
        code: &str,
        message: &str,
        endpoint: &str,
    ) -> RejectedEvent {
        RejectedEvent {
            received_time: Some(timestamp(at)),
            code: code.to_owned(),
            message: message.chars().take(MESSAGE_CHARS_MAX).collect(),
            endpoint: endpoint.to_owned(),
            name: self.name,
            uuid: self.uuid,
            library: self.library,
            excerpt: self.excerpt,
        }
    }
}

#[cfg(test)]
mod tests;
