//! Where sessions begin in a list of one person's events.
//!
//! Where events say which session they are of, a session is what has one id. An event that does not say belongs to the
//! session of the event before it, and begins one after a pause, or when a session without an id has gone on for a day. So
//! whether an event begins a session depends on those before it: as far back as the last event that says its session or
//! follows a pause, and no further than [`LOOK_BACK`] events. It never depends on where a page of the list begins or ends.

/// The pause that ends a session, in milliseconds. An event after exactly so long is still of the session, as in observe.js.
const PAUSE_MS: i64 = 30 * 60 * 1000;
/// How long a session without an id goes on, in milliseconds.
const SESSION_MS: i64 = 24 * 60 * 60 * 1000;
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

/// The session that an event belongs to.
#[derive(Clone, Copy)]
struct Session<'a> {
    /// Its id; empty if no event of it says one.
    id: &'a str,
    /// When it began, if it has no id.
    start_ms: i64,
    /// The place of the event from which this is known.
    known_from: usize,
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
    let mut session: Option<Session<'_>> = None;
    for at in (0..moments.len()).rev() {
        let Moment { time_ms, session_id: id } = &moments[at];
        let Some(older) = moments.get(at + 1) else {
            begins[at] = is_whole;
            let is_known = is_whole || !id.is_empty();
            session = is_known.then_some(Session { id, start_ms: *time_ms, known_from: at });
            continue;
        };
        let has_paused = time_ms - older.time_ms > PAUSE_MS;
        let known = session.filter(|session| session.known_from - at <= LOOK_BACK);
        let is_over = known.is_some_and(|known| {
            known.id.is_empty() && time_ms.saturating_sub(known.start_ms) > SESSION_MS
        });
        let goes_on = match known {
            Some(known) if !id.is_empty() && !known.id.is_empty() => known.id == id,
            _ => !has_paused && !is_over,
        };
        begins[at] = !goes_on;
        if !id.is_empty() || has_paused {
            session = Some(Session { id, start_ms: *time_ms, known_from: at });
        } else if let Some(session) = session.as_mut().filter(|_| is_over) {
            session.start_ms = *time_ms;
        }
    }
    begins.truncate(page);
    begins
}

#[cfg(test)]
mod tests;
