//! Visitors and persons between memory and the store.

use observe_core::ProjectId;

use super::super::columns::ProjectColumns;
use super::super::dictionary::Dictionary;
use super::super::persons::Persons;
use super::super::stored::{self, Damaged, VISITORS_PER_ROW};
use super::{PersonsCheckpoint, StoredProject, StoredVisitors};

/// Writes the rows of visitors that are not in the store as they are.
pub(super) fn stored_visitors(
    columns: &ProjectColumns,
    are_persons_kept: bool,
) -> Vec<StoredVisitors> {
    let count = columns.visitors.len();
    let rows = columns.persons.changed().visitors.iter().map(|row| {
        let codes = row * VISITORS_PER_ROW..count.min((row + 1) * VISITORS_PER_ROW);
        let text = |code| columns.visitors.text(u32::try_from(code).expect("32 bits")).to_owned();
        let persons = are_persons_kept.then(|| columns.persons.to_stored_visitors(*row));
        StoredVisitors {
            row: i32::try_from(*row).expect("few"),
            texts: stored::write_texts(codes.map(text).collect()),
            persons: persons.unwrap_or_default(),
        }
    });
    rows.collect()
}

/// Writes the rows of persons that are not in the store as they are.
pub(super) fn stored_persons(columns: &ProjectColumns) -> PersonsCheckpoint {
    let persons = &columns.persons;
    let rows = persons.changed().persons.iter();
    let rows = rows.map(|row| (i32::try_from(*row).expect("few"), persons.to_stored_row(*row)));
    PersonsCheckpoint { count: persons.len(), rows: rows.collect() }
}

/// Reads visitors, and persons beside: `None` where they are not kept as this version knows them, or damaged.
pub(super) fn restore(
    project: ProjectId,
    stored: &StoredProject,
) -> Result<(Dictionary, Option<Persons>), Damaged> {
    let are_cuts_kept = stored.erasures.iter().all(|erasure| erasure.cut.is_some());
    let kept = stored.persons.as_ref().filter(|_| are_cuts_kept);
    std::thread::scope(|scope| {
        let persons = scope.spawn(|| kept.map(|kept| Persons::restore(project, kept)));
        let mut visitors = Dictionary::default();
        for texts in &stored.visitors {
            for text in stored::read_texts(texts)? {
                if text.is_empty() {
                    visitors.skip();
                } else {
                    visitors.intern(&text);
                }
            }
        }
        let persons = persons.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        let damaged = match persons {
            None => return Ok((visitors, None)),
            Some(Ok(persons)) if persons.visitors() == visitors.len() => {
                return Ok((visitors, Some(persons)));
            }
            Some(Ok(_)) => Damaged("there are other visitors than were kept"),
            Some(Err(damaged)) => damaged,
        };
        tracing::error!(%project, %damaged, "persons are made anew from the first change");
        Ok((visitors, None))
    })
}
