//! What a reader takes into a transaction, and what it sets aside of that before.

use observe_core::ProjectId;

use crate::entry::pieces::{Piece, told_counts};
use crate::entry::{Entry, EntryError, RawEntry};
use crate::queue::ReadError;
use crate::store::consume::ConsumeError;
use crate::store::consume::letters::{Letter, SetAside};

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

/// An entry of a format that is not known stays where it is, and stops the shard. One that is damaged is set aside as a whole:
/// no other version will read it either, and it must not hold up what is behind it.
pub(super) fn undecodable(raw: &RawEntry, error: EntryError) -> Result<Decoded, ConsumeError> {
    match error {
        EntryError::UnknownFormat(_) => Err(ReadError::Entry(raw.stream_id.clone(), error).into()),
        EntryError::Damaged(_) => Ok(whole(raw, &error.to_string(), None)),
    }
}

/// Sets an entry aside as a whole, with a letter for each project that it has events of.
pub(super) fn whole(raw: &RawEntry, reason: &str, ended_version: Option<&'static str>) -> Decoded {
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

/// Makes the letter of an event of an entry that is taken apart.
pub(super) fn letter(
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
