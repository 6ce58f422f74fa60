//! What is known of each group of errors of a project, by the value code of its id. Like all of the projection it is
//! rebuilt from the log at the start.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use observe_core::ProjectId;
use uuid::Uuid;

use super::chunked::Chunked;
use crate::errors::Occurrence;
use crate::errors::group::{Group, Sample};

/// How many groups of a project keep what their latest event looked like. Further groups are counted like all others.
const SAMPLES_MAX: usize = 10_000;
/// Bytes of all samples of a project.
const SAMPLES_BYTES_MAX: usize = 64 << 20;

/// An event as its group sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    /// Its id.
    pub(crate) uuid: Uuid,
    /// Whose it is.
    pub(crate) visitor: u32,
    /// When it arrived.
    pub(crate) arrival: i64,
    /// When it happened, in milliseconds since 1970.
    pub(crate) time_ms: i64,
    /// When it was received, in microseconds since 1970.
    pub(crate) received_us: i64,
}

/// All groups of a project. Copies are cheap and stay as they were.
#[derive(Clone, Debug)]
pub(crate) struct ErrorGroups {
    project: ProjectId,
    /// By value code less one: every id that has a code was seen here when it got it.
    groups: Chunked<Group>,
    samples: usize,
    sample_bytes: usize,
    is_full: bool,
    /// The latest events of groups since [`Self::settle`]: an error that comes a thousand times at once is packed once.
    latest: HashMap<u32, (Seen, Occurrence)>,
    /// The places of those that changed since they were kept.
    changed: BTreeSet<usize>,
}

impl ErrorGroups {
    /// Starts without any; the project is for the log.
    pub(super) fn new(project: ProjectId) -> Self {
        Self {
            project,
            groups: Chunked::default(),
            samples: 0,
            sample_bytes: 0,
            is_full: false,
            latest: HashMap::new(),
            changed: BTreeSet::new(),
        }
    }

    /// Returns how many groups there are: the largest value code.
    pub(crate) fn len(&self) -> usize {
        self.groups.len()
    }

    /// Returns a group by the value code of its id.
    pub(crate) fn get(&self, code: u32) -> Option<&Group> {
        let place = (code as usize).checked_sub(1)?;
        (place < self.groups.len()).then(|| self.groups.get(place))
    }

    /// Iterates over all groups in the order of their codes, from 1.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Group> {
        self.groups.iter()
    }

    /// Notes an event of the group with this value code.
    pub(super) fn see(&mut self, code: u32, seen: Seen, occurrence: Occurrence) {
        let place = code as usize - 1;
        self.changed.insert(place);
        if place == self.groups.len() {
            self.groups.push(Group {
                first_seen_ms: seen.time_ms,
                last_seen_ms: seen.time_ms,
                last_received_us: seen.received_us,
                sample: None,
            });
        }
        let group = self.groups.get_mut(place);
        group.first_seen_ms = group.first_seen_ms.min(seen.time_ms);
        group.last_seen_ms = group.last_seen_ms.max(seen.time_ms);
        group.last_received_us = group.last_received_us.max(seen.received_us);
        let is_latest = group.sample.as_ref().is_none_or(|sample| sample.time_ms <= seen.time_ms);
        if is_latest && self.latest.get(&code).is_none_or(|(one, _)| one.time_ms <= seen.time_ms) {
            self.latest.insert(code, (seen, occurrence));
        }
    }

    /// Forgets what the events before a time looked like; their groups are known on, without any.
    pub(super) fn forget(&mut self, before_ms: i64) {
        self.forget_samples(|sample| sample.time_ms < before_ms);
    }

    /// Forgets what some events looked like, by whose they are and when they arrived.
    pub(super) fn forget_of(&mut self, is_gone: impl Fn(u32, i64) -> bool) {
        self.forget_samples(|sample| is_gone(sample.visitor, sample.arrival));
    }

    fn forget_samples(&mut self, is_gone: impl Fn(&Sample) -> bool) {
        for place in 0..self.groups.len() {
            let sample = self.groups.get(place).sample.as_ref();
            let Some(bytes) = sample.filter(|one| is_gone(one)).map(|one| one.bytes()) else {
                continue;
            };
            self.groups.get_mut(place).sample = None;
            self.changed.insert(place);
            self.sample_bytes -= bytes;
            self.samples -= 1;
        }
    }

    /// Returns the places of the groups that changed since they were kept.
    pub(super) fn changed(&self) -> &BTreeSet<usize> {
        &self.changed
    }

    /// Notes that all are kept as they are.
    pub(super) fn set_kept(&mut self) {
        self.changed.clear();
    }

    /// Takes in the next group as it was kept.
    pub(super) fn restore(&mut self, group: Group) {
        if let Some(sample) = &group.sample {
            self.samples += 1;
            self.sample_bytes += sample.bytes();
        }
        self.groups.push(group);
    }

    /// Keeps what the latest events looked like.
    pub(super) fn settle(&mut self) {
        for (code, (seen, occurrence)) in std::mem::take(&mut self.latest) {
            let group = self.groups.get_mut(code as usize - 1);
            let before = group.sample.as_ref().map_or(0, |sample| sample.bytes());
            let is_first = group.sample.is_none();
            if is_first && self.samples >= SAMPLES_MAX {
                self.is_full = full(self.is_full, self.project);
                continue;
            }
            let sample = Sample::new(occurrence, &seen);
            let bytes = self.sample_bytes - before + sample.bytes();
            if bytes > SAMPLES_BYTES_MAX {
                self.is_full = full(self.is_full, self.project);
                continue;
            }
            group.sample = Some(Arc::new(sample));
            self.sample_bytes = bytes;
            self.samples += usize::from(is_first);
        }
    }
}

/// Says in the log, the first time, that there is no more room.
fn full(is_full: bool, project: ProjectId) -> bool {
    if !is_full {
        tracing::warn!(%project, limit = SAMPLES_MAX, "further error groups are counted without their stacks");
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::errors::Exception;

    fn occurrence(kind: &str) -> Occurrence {
        let exception = Exception { kind: kind.to_owned(), ..Exception::default() };
        Occurrence { chain: vec![exception], ..Occurrence::default() }
    }

    fn seen(time_ms: i64) -> Seen {
        let received_us = time_ms * 1_000;
        Seen { uuid: Uuid::from_u128(1), visitor: 0, arrival: received_us, time_ms, received_us }
    }

    #[test]
    fn a_group_knows_its_first_its_last_and_its_latest_event() {
        let mut groups = ErrorGroups::new(ProjectId::new(Uuid::nil()));
        groups.see(1, seen(50), occurrence("A"));
        let before = groups.clone();
        groups.see(1, seen(90), occurrence("B"));
        groups.see(1, seen(10), occurrence("C"));
        groups.settle();
        groups.see(1, seen(20), occurrence("D"));
        groups.settle();
        let group = groups.get(1).expect("seen");
        assert_eq!(
            (group.first_seen_ms, group.last_seen_ms, group.last_received_us),
            (10, 90, 90_000)
        );
        assert_eq!(group.sample.as_ref().map(|sample| sample.title.as_str()), Some("B"));
        assert_eq!(before.get(1).map(|group| group.last_seen_ms), Some(50));
        assert!(groups.get(0).is_none() && groups.get(2).is_none());
    }

    #[test]
    fn what_old_events_looked_like_is_forgotten() {
        let mut groups = ErrorGroups::new(ProjectId::new(Uuid::nil()));
        groups.see(1, seen(50), occurrence("A"));
        groups.see(2, seen(60), occurrence("B"));
        groups.settle();
        groups.forget(60);
        let has_sample: Vec<_> = groups.iter().map(|group| group.sample.is_some()).collect();
        assert_eq!(has_sample, [false, true]);
        groups.see(1, seen(70), occurrence("C"));
        groups.settle();
        assert!(groups.get(1).is_some_and(|group| group.sample.is_some()));
    }

    #[test]
    fn groups_beyond_the_limit_are_counted_without_a_sample() {
        let mut groups = ErrorGroups::new(ProjectId::new(Uuid::nil()));
        for code in 1..=u32::try_from(SAMPLES_MAX).expect("few") + 2 {
            groups.see(code, seen(5), occurrence("E"));
        }
        groups.settle();
        let without = groups.iter().filter(|group| group.sample.is_none()).count();
        assert_eq!((groups.len(), without), (SAMPLES_MAX + 2, 2));
    }
}
