//! From the bytes of the queue to events: the part of a reader's work that depends on nothing but what was sent, and so the
//! part in which an event can end its reader again and again.

use std::panic::{AssertUnwindSafe, catch_unwind};

use observe_core::ProjectId;
use observe_proto::events::v1::AcceptedEvent;
use prost::Message as _;
use uuid::Uuid;

use crate::entry::pieces::Piece;
use crate::entry::{Entry, EntryError, RawEntry, unpack};
use crate::log_row::log_rows;
use crate::store::consume::stage::{Staged, encode};
use crate::trap::Trap;

/// Decodes entries and events.
#[derive(Clone, Debug, Default)]
pub struct Decoder {
    trap: Trap,
}

/// The decoder panicked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Panicked;

impl Decoder {
    /// Makes one with a trap for tests.
    #[must_use]
    pub fn new(trap: Trap) -> Self {
        Self { trap }
    }

    /// Decodes an entry.
    ///
    /// # Errors
    /// [`EntryError`].
    pub fn entry(&self, raw: &RawEntry) -> Result<Entry, EntryError> {
        let entry = unpack(raw)?;
        entry.events.iter().for_each(|(_, _, event)| self.trap.spring(event));
        Ok(entry)
    }

    /// Decodes one event.
    ///
    /// # Errors
    /// [`EntryError`].
    pub fn event(&self, project: ProjectId, payload: &[u8]) -> Result<Staged, EntryError> {
        let event = AcceptedEvent::decode(payload).map_err(|_| EntryError::Damaged("event"))?;
        let uuid = Uuid::from_slice(&event.uuid).map_err(|_| EntryError::Damaged("uuid"))?;
        self.trap.spring(&event);
        Ok((project, uuid, event))
    }

    /// Decodes an entry and makes of it, for trial, all that the transaction makes of its events.
    ///
    /// # Errors
    /// If that panics. The inner result is that of [`Self::entry`].
    pub fn rehearse(&self, raw: &RawEntry) -> Result<Result<Entry, EntryError>, Panicked> {
        let decode = || {
            let entry = self.entry(raw)?;
            convert(&entry.events);
            Ok(entry)
        };
        // All that a panic can leave half done is dropped here.
        catch_unwind(AssertUnwindSafe(decode)).map_err(|_| Panicked)
    }

    /// As [`Self::rehearse`], for one event.
    ///
    /// # Errors
    /// As [`Self::rehearse`].
    pub fn rehearse_event(&self, piece: &Piece) -> Result<Result<Staged, EntryError>, Panicked> {
        let decode = || {
            let event = self.event(piece.project, &piece.payload)?;
            convert(std::slice::from_ref(&event));
            Ok(event)
        };
        catch_unwind(AssertUnwindSafe(decode)).map_err(|_| Panicked)
    }
}

fn convert(events: &[Staged]) {
    let ordinals: Vec<usize> = (0..events.len()).collect();
    std::hint::black_box(encode(events, &ordinals));
    std::hint::black_box(log_rows(events, &ordinals, 1));
}
