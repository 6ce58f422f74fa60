//! Where sessions begin in a list of one person's events.
//!
//! By the rule of [`crate::sessions`], whether an event begins a session depends on those before it: as far back as the last
//! event that says its session or follows a pause, and no further than [`LOOK_BACK`] events. It never depends on where a page
//! of the list begins or ends.

use crate::sessions::{PAUSE_MS, Session};

/// How many events before an event are looked at. Only machines go on for so long without a pause; of an event of theirs that
/// is further from the last pause, the pause alone is known, and no session of theirs ends after a day.
pub(crate) const LOOK_BACK: usize = 1_000;

/// An event of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    /// When, in milliseconds since 1970.
    pub(crate) time_ms: i64,
    /// The session as the sender says; empty if it does not.
    pub(crate) session_id: String,
}

/// The session that an event belongs to, as far as it is known.
#[derive(Clone, Copy)]
struct Known<'a> {
    session: Session<&'a str>,
    /// The place of the event from which this is known.
    from: usize,
}

/// Returns whether what is told of the first `page` events will not change by what is older than all of these. The latest
/// come first.
pub(crate) fn is_enough(moments: &[Moment], page: usize, is_whole: bool) -> bool {
    let Some(oldest) = page.checked_sub(1) else { return true };
    if is_whole {
        return true;
    }
    let follows_pause = |at: usize| {
        moments.get(at + 1).is_some_and(|older| moments[at].time_ms - older.time_ms > PAUSE_MS)
    };
    let says = |at: usize| !moments[at].session_id.is_empty();
    if !says(oldest) && follows_pause(oldest) {
        return true;
    }
    // One more than is looked at tells whether the last of those follows a pause.
    let looked_at = (oldest + 1)..moments.len().min(oldest + 1 + LOOK_BACK);
    moments.len() > oldest + 1 + LOOK_BACK
        || looked_at.into_iter().any(|at| says(at) || follows_pause(at))
}

/// Returns of each of the first `page` events whether the next older one belongs to another session. The latest come first;
/// `is_whole` if there is no older one than the last.
pub(crate) fn begin(moments: &[Moment], page: usize, is_whole: bool) -> Vec<bool> {
    let mut begins = vec![false; moments.len()];
    let mut known: Option<Known<'_>> = None;
    for at in (0..moments.len()).rev() {
        let Moment { time_ms, session_id } = &moments[at];
        let id = (!session_id.is_empty()).then_some(session_id.as_str());
        let here = Known { session: Session { id, start_ms: *time_ms }, from: at };
        let Some(older) = moments.get(at + 1) else {
            begins[at] = is_whole;
            known = (is_whole || id.is_some()).then_some(here);
            continue;
        };
        let has_paused = time_ms.saturating_sub(older.time_ms) > PAUSE_MS;
        let goes_on = match known.filter(|known| known.from - at <= LOOK_BACK) {
            Some(known) => known.session.takes(older.time_ms, *time_ms, id.as_ref()),
            None => !has_paused,
        };
        begins[at] = !goes_on;
        if id.is_some() || has_paused {
            known = Some(here);
        } else if let Some(known) =
            known.as_mut().filter(|known| !goes_on && known.from - at <= LOOK_BACK)
        {
            known.session.start_ms = *time_ms;
        }
    }
    begins.truncate(page);
    begins
}

#[cfg(test)]
mod tests;
