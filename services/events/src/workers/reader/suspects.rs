//! What a careful reader knows of entries that may have ended others.

use std::collections::{HashMap, HashSet};

use observe_core::ProjectId;
use sqlx::PgPool;
use uuid::Uuid;

use super::LANES;
use super::batch::READ_COUNT_MAX;
use crate::entry::RawEntry;
use crate::entry::pieces::{Piece, take_apart};
use crate::redrive::VERSION;
use crate::store::consume::{ConsumeError, Lease};
use crate::store::suspect::{self, Marker, Suspect};

/// Deaths after which an entry is decoded alone.
const DEATHS_MAX: i32 = 3;
/// Events that ended a reader before and are known by their ids; of more, the latest.
const KILLERS_MAX: i64 = 10_000;

/// What a careful reader knows.
pub(super) struct Careful {
    pub(super) marker: Marker,
    suspects: HashMap<Uuid, Suspect>,
    /// Events that ended a reader of this version before: their senders may send them again, because nobody answered them.
    killers: HashSet<(ProjectId, Uuid)>,
    /// Entries of each lane to be stored until it is past all that a dead reader can have read.
    left: [usize; LANES],
}

impl Careful {
    /// Begins, if that is needed: after a death, or when one was looked into before.
    pub(super) async fn begin(
        pool: &PgPool,
        lease: Lease,
        needed: bool,
    ) -> Result<Option<Self>, ConsumeError> {
        let mut careful = Self {
            marker: Marker { shard: lease.shard, owner: lease.owner },
            suspects: HashMap::new(),
            killers: HashSet::new(),
            left: [READ_COUNT_MAX; LANES],
        };
        suspect::clear_own(pool, careful.marker).await?;
        careful.settle(pool).await?;
        if !needed && careful.suspects.is_empty() {
            return Ok(None);
        }
        let killers = suspect::killers(pool, VERSION, KILLERS_MAX).await?.into_iter();
        careful.killers = killers.map(|(project, uuid)| (ProjectId::new(project), uuid)).collect();
        Ok(Some(careful))
    }

    /// Learns from the marks that are left.
    pub(super) async fn settle(&mut self, pool: &PgPool) -> Result<(), ConsumeError> {
        let suspects = suspect::settle(pool, self.marker.shard).await?;
        self.suspects = suspects.into_iter().map(|suspect| (suspect.entry_id, suspect)).collect();
        let deaths = self.suspects.values().map(|suspect| suspect.deaths).max();
        if let Some(deaths) = deaths.filter(|deaths| *deaths > 0) {
            let shard = self.marker.shard;
            tracing::warn!(shard, deaths, "readers died of an entry, looking for the event");
        }
        Ok(())
    }

    /// Returns whether an event ended a reader before.
    pub(super) fn is_killer(&self, piece: &Piece) -> bool {
        // Nothing else of the event is looked at.
        !self.killers.is_empty()
            && self.killers.contains(&(piece.project, piece.label(Uuid::nil(), 0).0))
    }

    /// Has an entry taken apart, if it holds an event that ended a reader before. Returns whether it does.
    pub(super) fn part(&mut self, raw: &RawEntry) -> bool {
        if self.killers.is_empty() {
            return false;
        }
        let pieces = take_apart(raw).unwrap_or_default();
        let found = pieces.iter().any(|piece| self.is_killer(piece));
        if found {
            let entry_id = raw.entry_id;
            let new = || Suspect { entry_id, ..Suspect::default() };
            self.suspects.entry(entry_id).or_insert_with(new).apart = true;
        }
        found
    }

    /// Notes that a lane is empty: there is nothing in it to be careful about.
    pub(super) fn empty(&mut self, lane: usize) {
        self.left[lane] = 0;
    }

    /// Forgets entries of a lane that are stored. Returns whether this is past all that there was to be careful about.
    pub(super) async fn past(
        &mut self,
        pool: &PgPool,
        lane: usize,
        entries: &[Uuid],
    ) -> Result<bool, ConsumeError> {
        self.left[lane] = self.left[lane].saturating_sub(entries.len());
        if self.left == [0; LANES] {
            suspect::forget_all(pool, self.marker.shard).await?;
            return Ok(true);
        }
        suspect::forget(pool, entries).await?;
        entries.iter().for_each(|entry| drop(self.suspects.remove(entry)));
        Ok(false)
    }

    /// Ends, when the lanes are empty.
    pub(super) async fn end(self, pool: &PgPool) -> Result<(), ConsumeError> {
        suspect::forget_all(pool, self.marker.shard).await?;
        Ok(())
    }

    /// Returns the places of events in an entry that ended a reader alone.
    pub(super) fn killers(&self, entry: Uuid) -> Vec<i32> {
        self.suspects.get(&entry).map(|suspect| suspect.killers.clone()).unwrap_or_default()
    }

    /// Returns how many of these entries are decoded next, and whether alone.
    pub(super) fn next(&self, raw: &[RawEntry]) -> (usize, Step) {
        let step = |raw: &RawEntry| match self.suspects.get(&raw.entry_id) {
            Some(suspect) if suspect.unreadable => Step::Unreadable,
            Some(suspect) if suspect.apart => Step::Apart,
            Some(suspect) if suspect.deaths >= DEATHS_MAX => Step::Alone,
            _ => Step::Together,
        };
        match raw.first().map(step) {
            Some(Step::Together) | None => {
                let together = raw.iter().take_while(|raw| step(raw) == Step::Together);
                (together.count(), Step::Together)
            }
            Some(alone) => (1, alone),
        }
    }
}

/// How an entry is decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// With others.
    Together,
    /// By itself.
    Alone,
    /// Event by event.
    Apart,
    /// Not at all: taking it apart ends a reader.
    Unreadable,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_killed_three_times_goes_alone_and_others_before_it() {
        let suspect = |n: u128, deaths, apart, unreadable| {
            let entry_id = Uuid::from_u128(n);
            (entry_id, Suspect { entry_id, deaths, apart, unreadable, killers: vec![] })
        };
        let known = [
            suspect(1, 2, false, false),
            suspect(3, 3, false, false),
            suspect(4, 3, true, false),
            suspect(5, 3, true, true),
        ];
        let careful = Careful {
            marker: Marker { shard: 0, owner: Uuid::nil() },
            suspects: known.into_iter().collect(),
            killers: HashSet::new(),
            left: [READ_COUNT_MAX; LANES],
        };
        let raw: Vec<RawEntry> = (0..6)
            .map(|n| RawEntry {
                stream_id: String::new(),
                entry_id: Uuid::from_u128(n),
                header: vec![],
                payload: vec![],
            })
            .collect();
        assert_eq!(careful.next(&raw), (3, Step::Together));
        assert_eq!(careful.next(&raw[3..]), (1, Step::Alone));
        assert_eq!(careful.next(&raw[4..]), (1, Step::Apart));
        assert_eq!(careful.next(&raw[5..]), (1, Step::Unreadable));
        assert_eq!(careful.next(&[]), (0, Step::Together));
    }
}
