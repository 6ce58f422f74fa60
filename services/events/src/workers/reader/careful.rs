//! Finds what ends a reader (PROTOCOLS section 3).
//!
//! A reader that took over from one that died, or that panicked itself, marks entries before it decodes and converts them,
//! and clears the marks after that, with no store in between. A mark that is found tells that a reader died of it: after
//! three, the entry is decoded alone; if a reader dies of that, too, event by event. Only an event that ends a reader while
//! it is alone is set aside. So an outage never sets anything aside, and neither does the death of a reader that was storing.
//! The readers of a process do so one at a time, or the death of one would be blamed on what the others decoded.
//!
//! A reader that follows one that handed its lease back marks nothing, and a careful one is careful no longer once it is past
//! all that the other can have read, or its lanes were empty.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use observe_core::ProjectId;
use sqlx::PgPool;
use tokio::sync::MutexGuard;
use tokio::time::timeout;
use uuid::Uuid;

use super::batch::{READ_COUNT_MAX, take_batch};
use super::{Hold, LANES, Reader};
use crate::decode::Panicked;
use crate::entry::pieces::{Piece, take_apart, told_counts};
use crate::entry::{Entry, EntryError, RawEntry};
use crate::queue::{self, ReadError};
use crate::redrive::{ENDED, VERSION};
use crate::store::consume::letters::{Letter, SetAside};
use crate::store::consume::{ConsumeError, Lease};
use crate::store::suspect::{self, Marker, Suspect};

/// Deaths after which an entry is decoded alone.
const DEATHS_MAX: i32 = 3;

/// How long a reader waits for others to decode before it looks after its lease.
const MARKING_WAIT: Duration = Duration::from_secs(1);

/// What goes into one transaction.
pub(super) struct Decoded {
    /// The entries.
    pub(super) batch: Vec<Entry>,
    /// What of them is set aside.
    pub(super) aside: Vec<SetAside>,
    /// How many entries were read; more than there are in the batch, if they do not fit.
    pub(super) read: usize,
    /// Their bytes.
    pub(super) bytes: usize,
}

/// What a careful reader knows.
pub(super) struct Careful {
    marker: Marker,
    suspects: HashMap<Uuid, Suspect>,
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
            left: [READ_COUNT_MAX; LANES],
        };
        suspect::clear_own(pool, careful.marker).await?;
        careful.settle(pool).await?;
        Ok((needed || !careful.suspects.is_empty()).then_some(careful))
    }

    /// Learns from the marks that are left.
    async fn settle(&mut self, pool: &PgPool) -> Result<(), ConsumeError> {
        let suspects = suspect::settle(pool, self.marker.shard).await?;
        self.suspects = suspects.into_iter().map(|suspect| (suspect.entry_id, suspect)).collect();
        let deaths = self.suspects.values().map(|suspect| suspect.deaths).max();
        if let Some(deaths) = deaths.filter(|deaths| *deaths > 0) {
            let shard = self.marker.shard;
            tracing::warn!(shard, deaths, "readers died of an entry, looking for the event");
        }
        Ok(())
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

    /// Returns how many of these entries are decoded next, and whether alone.
    fn next(&self, raw: &[RawEntry]) -> (usize, Step) {
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
enum Step {
    /// With others.
    Together,
    /// By itself.
    Alone,
    /// Event by event.
    Apart,
    /// Not at all: taking it apart ends a reader.
    Unreadable,
}

impl Reader {
    /// Reads as a careful reader does; `None` after a panic, which tells something.
    pub(super) async fn read_carefully(
        &self,
        hold: &mut Hold,
    ) -> Result<Option<Decoded>, ConsumeError> {
        let _marking = self.lock_marking(hold).await?;
        let (lane, count) = (hold.head().lane, hold.head().count);
        let mut raw = queue::read_raw(&mut hold.connection, lane, count).await?;
        let careful = hold.careful.as_ref().expect("only a careful reader comes here");
        let (count, step) = careful.next(&raw);
        raw.truncate(count);
        match (step, raw.first()) {
            (Step::Unreadable, Some(first)) => Ok(Some(whole(first, ENDED, Some(VERSION)))),
            (Step::Apart, Some(first)) => self.decode_apart(hold, first).await,
            (step, _) => self.decode_marked(hold, &raw, step == Step::Alone).await,
        }
    }

    /// Waits for the other readers of this process, as long as the lease can be kept.
    async fn lock_marking(&self, hold: &mut Hold) -> Result<MutexGuard<'_, ()>, ConsumeError> {
        loop {
            if let Ok(guard) = timeout(MARKING_WAIT, self.marking.lock()).await {
                return Ok(guard);
            }
            self.renew(hold).await?;
        }
    }

    /// Decodes entries under marks.
    async fn decode_marked(
        &self,
        hold: &mut Hold,
        raw: &[RawEntry],
        alone: bool,
    ) -> Result<Option<Decoded>, ConsumeError> {
        let events_max = hold.head().events_max;
        let careful = hold.careful.as_mut().expect("only a careful reader comes here");
        let pool = self.database.worker();
        let ids: Vec<Uuid> = raw.iter().map(|raw| raw.entry_id).collect();
        if !ids.is_empty() {
            suspect::mark(pool, careful.marker, &ids, alone, None).await?;
        }
        let mut entries = Vec::new();
        let mut failure = None;
        for raw in raw {
            match self.decoder.rehearse(raw) {
                Ok(Ok(entry)) => entries.push(entry),
                Ok(Err(error)) => {
                    failure = Some((raw, error));
                    break;
                }
                Err(Panicked) => {
                    careful.settle(pool).await?;
                    return Ok(None);
                }
            }
        }
        if !ids.is_empty() {
            suspect::clear(pool, careful.marker, &ids).await?;
        }
        match failure {
            Some((raw, error)) if entries.is_empty() => undecodable(raw, error).map(Some),
            _ => {
                let read = raw.len();
                let (batch, bytes) = take_batch(entries, events_max);
                Ok(Some(Decoded { batch, aside: Vec::new(), read, bytes }))
            }
        }
    }

    /// Decodes the events of an entry one by one, each under a mark, but for those that ended a reader.
    async fn decode_apart(
        &self,
        hold: &mut Hold,
        raw: &RawEntry,
    ) -> Result<Option<Decoded>, ConsumeError> {
        let (pool, ids) = (self.database.worker(), [raw.entry_id]);
        let careful = hold.careful.as_ref().expect("only a careful reader comes here");
        let (marker, known) = (careful.marker, careful.suspects.get(&raw.entry_id).cloned());
        let killers = known.unwrap_or_default().killers;
        suspect::mark(pool, marker, &ids, true, None).await?;
        let pieces = catch_unwind(AssertUnwindSafe(|| take_apart(raw)));
        let (mut events, mut letters) = (Vec::new(), Vec::new());
        let survived = match &pieces {
            Ok(Some(pieces)) => {
                let mut survived = true;
                for (place, piece) in (0_i32..).zip(pieces) {
                    self.renew(hold).await?;
                    if killers.contains(&place) {
                        letters.push(letter(raw, place, piece, ENDED.to_owned(), Some(VERSION)));
                        continue;
                    }
                    suspect::mark(pool, marker, &ids, true, Some(place)).await?;
                    match self.decoder.rehearse_event(piece) {
                        Ok(Ok(event)) => events.push(event),
                        Ok(Err(error)) => {
                            letters.push(letter(raw, place, piece, error.to_string(), None));
                        }
                        Err(Panicked) => {
                            survived = false;
                            break;
                        }
                    }
                }
                survived
            }
            Ok(None) => true,
            Err(_) => false,
        };
        if !survived {
            let careful = hold.careful.as_mut().expect("only a careful reader comes here");
            careful.settle(pool).await?;
            return Ok(None);
        }
        suspect::clear(pool, marker, &ids).await?;
        let Ok(Some(_)) = pieces else {
            return undecodable(raw, EntryError::Damaged("payload")).map(Some);
        };
        let (stream_id, entry_id) = (raw.stream_id.clone(), raw.entry_id);
        let bytes = raw.payload.len();
        let batch = vec![Entry { stream_id, entry_id, events, bytes }];
        let aside = vec![SetAside { entry_id, letters, unreadable: None }];
        Ok(Some(Decoded { batch, aside, read: 1, bytes }))
    }

    /// Looks at the entry at the head, which is damaged.
    pub(super) async fn read_damaged(
        &self,
        hold: &mut Hold,
    ) -> Result<Option<Decoded>, ConsumeError> {
        let lane = hold.head().lane;
        let raw = queue::read_raw(&mut hold.connection, lane, 1).await?;
        match raw.first().map(|raw| (raw, self.decoder.entry(raw))) {
            Some((raw, Err(error))) => undecodable(raw, error).map(Some),
            _ => Ok(None),
        }
    }
}

/// An entry of a format that is not known stays where it is, and stops the shard. One that is damaged is set aside as a whole:
/// no other version will read it either, and it must not hold up what is behind it.
fn undecodable(raw: &RawEntry, error: EntryError) -> Result<Decoded, ConsumeError> {
    match error {
        EntryError::UnknownFormat(_) => Err(ReadError::Entry(raw.stream_id.clone(), error).into()),
        EntryError::Damaged(_) => Ok(whole(raw, &error.to_string(), None)),
    }
}

/// Sets an entry aside as a whole, with a letter for each project that it has events of.
fn whole(raw: &RawEntry, reason: &str, ended_version: Option<&'static str>) -> Decoded {
    let (stream_id, entry_id) = (raw.stream_id.clone(), raw.entry_id);
    let counts = told_counts(raw);
    tracing::error!(%entry_id, reason, projects = counts.len(), "an entry was set aside");
    let letter = |(project, events): (ProjectId, u64)| {
        let letter = Letter {
            uuid: entry_id,
            events: i64::try_from(events).unwrap_or(i64::MAX),
            reason: format!("{reason} ({events} events)"),
            ended_version,
            entry_id: Some(entry_id),
            ..Letter::default()
        };
        (project, letter)
    };
    let letters = counts.into_iter().map(letter).collect();
    let unreadable = Some((raw.clone(), reason.to_owned()));
    Decoded {
        batch: vec![Entry { stream_id, entry_id, events: Vec::new(), bytes: raw.payload.len() }],
        aside: vec![SetAside { entry_id, letters, unreadable }],
        read: 1,
        bytes: raw.payload.len(),
    }
}

fn letter(
    raw: &RawEntry,
    place: i32,
    piece: &Piece,
    reason: String,
    ended_version: Option<&'static str>,
) -> (ProjectId, Letter) {
    let place = usize::try_from(place).unwrap_or(0);
    let (uuid, name, distinct_id) = piece.label(raw.entry_id, place);
    let project = piece.project;
    tracing::error!(%project, %uuid, reason, "an event was set aside");
    let payload = piece.payload.clone();
    let letter = Letter {
        uuid,
        events: 1,
        name,
        distinct_id,
        reason,
        ended_version,
        payload,
        ..Letter::default()
    };
    (project, letter)
}
