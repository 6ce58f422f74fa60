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

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use tokio::sync::MutexGuard;
use tokio::time::timeout;
use uuid::Uuid;

use super::aside::{Decoded, letter, undecodable, whole};
use super::batch::take_batch;
use super::suspects::Step;
use super::{Hold, Reader};
use crate::decode::Panicked;
use crate::entry::pieces::take_apart;
use crate::entry::{Entry, EntryError, RawEntry};
use crate::queue;
use crate::redrive::{ENDED, VERSION};
use crate::store::consume::ConsumeError;
use crate::store::consume::letters::SetAside;
use crate::store::suspect;

/// How long a reader waits for others to decode before it looks after its lease.
const MARKING_WAIT: Duration = Duration::from_secs(1);

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
            let is_known = catch_unwind(AssertUnwindSafe(|| careful.part(raw)));
            let decoded = match is_known {
                Ok(true) => break,
                Ok(false) => self.decoder.rehearse(raw),
                Err(_) => Err(Panicked),
            };
            match decoded {
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
            None if entries.is_empty() && !ids.is_empty() => Ok(None),
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
        let (marker, killers) = (careful.marker, careful.killers(raw.entry_id));
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
                    if hold.careful.as_ref().is_some_and(|careful| careful.is_killer(piece)) {
                        letters.push(letter(raw, place, piece, ENDED.to_owned(), Some(VERSION)));
                        continue;
                    }
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
