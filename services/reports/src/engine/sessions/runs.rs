//! Adding up what is known of sessions, by the code of `$session_id`.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::engine::EngineError;
use crate::engine::breakdown::ValueSource;
use crate::engine::plan::{Part, Reads};
use crate::engine::scan::scan;
use crate::engine::view::View;
use crate::projection::NOT_SET;
use crate::query::{CountedBy, Filter, Range, Selector};
use crate::sessions::SESSION_MS;

/// Which events are looked at.
pub(super) struct Looked<'a> {
    /// Those of sessions that have an event inside.
    pub(super) range: Range,
    /// Those of this name; any if `None`.
    pub(super) event: Option<&'a str>,
    /// The session that they name, and the value to keep.
    pub(super) values: [&'a ValueSource<'a>; 2],
    /// How much memory it may take, in bytes.
    pub(super) bytes_max: usize,
}

/// What is known of a session by the events that are looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    /// When the first one happened and arrived.
    pub(super) first: (i64, i64),
    /// When the last one happened.
    pub(super) last_ms: i64,
    /// How many there are.
    pub(super) events: u32,
    /// The value code of the first one.
    pub(super) value: u32,
}

impl Known {
    /// What is known of a session without such events.
    pub(super) const NOTHING: Self =
        Self { first: (i64::MAX, i64::MAX), last_ms: i64::MIN, events: 0, value: NOT_SET };

    fn add(&mut self, other: Self) {
        if other.first < self.first {
            (self.first, self.value) = (other.first, other.value);
        }
        self.last_ms = self.last_ms.max(other.last_ms);
        self.events += other.events;
    }
}

/// Returns a range with the time around it that sessions are looked at in which have an event inside.
pub(in crate::engine) fn with_sessions(range: Range) -> Range {
    Range {
        start_ms: range.start_ms.saturating_sub(SESSION_MS),
        end_ms: range.end_ms.saturating_add(SESSION_MS),
    }
}

/// A session's code and what is known of it.
type Session = (u32, Known);

/// Returns the sessions that have such an event, in the order of their codes.
///
/// # Errors
/// `Abandoned` if the asker has gone, `TooLarge` if they take more memory than they may.
pub(super) fn known_sessions(
    looked: &Looked<'_>,
    view: &View<'_>,
) -> Result<Vec<Session>, EngineError> {
    let event = looked.event.map(str::to_owned);
    let selectors = [Selector { event, filter: Filter::everything() }];
    let reads = Reads {
        range: with_sessions(looked.range),
        counted_by: &CountedBy::Persons,
        filter: &Filter::everything(),
        selectors: &selectors,
        values: looked.values,
    };
    let runs_max = looked.bytes_max / size_of::<Session>();
    let taken = AtomicUsize::new(0);
    let runs = scan(view, &reads, Vec::new, |runs: &mut Vec<Session>, part| {
        if taken.load(Ordering::Relaxed) <= runs_max {
            let before = runs.len();
            add_runs(runs, part);
            taken.fetch_add(runs.len() - before, Ordering::Relaxed);
        }
    })?;
    if taken.into_inner() > runs_max {
        return Err(EngineError::TooLarge);
    }
    let mut sessions = Vec::new();
    for mut of_thread in runs {
        sessions.append(&mut of_thread);
    }
    sessions.sort_unstable_by_key(|(session, _)| *session);
    view.asker.check()?;
    sessions.dedup_by(|(session, known), (of, sum)| {
        let is_same = session == of;
        if is_same {
            sum.add(*known);
        }
        is_same
    });
    Ok(sessions)
}

/// Adds the events of a part, as runs of one session. Those of one visitor follow each other, and so mostly those of one session.
fn add_runs(runs: &mut Vec<Session>, part: &Part<'_, 2>) {
    let mut last = NOT_SET;
    part.each_with_place(|place, row| {
        let [session, value] = row.values;
        if session == NOT_SET {
            return;
        }
        let first = (row.time_ms, part.arrival(place));
        let known = Known { first, last_ms: row.time_ms, events: 1, value };
        match runs.last_mut() {
            Some((_, sum)) if session == last => sum.add(known),
            _ => runs.push((session, known)),
        }
        last = session;
    });
}
