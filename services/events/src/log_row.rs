//! Rows of the event log: each holds one project's events out of one transaction, so that a projection of one project can
//! skip the others; errors apart from all else, so that each can be kept as long as its project says.

use observe_core::ProjectId;
use observe_proto::events::v1::{AcceptedEvent, LoggedEvents};
use prost::Message as _;
use uuid::Uuid;

/// The name of errors.
pub const EXCEPTION: &str = "$exception";

/// A row to be written.
#[derive(Debug)]
pub struct LogRow {
    /// Whose events.
    pub project: ProjectId,
    /// The sequence of the first; the others follow one by one.
    pub first_sequence: i64,
    /// The places of its events in the batch, in order.
    pub ordinals: Vec<usize>,
    /// Whether its events are errors.
    pub exceptions: bool,
    /// When the newest of its events happened, in milliseconds since 1970.
    pub newest_ms: i64,
    /// An lz4 frame of `LoggedEvents`.
    pub payload: Vec<u8>,
    /// The identity events among them, `LoggedEvents`, if there are any.
    pub identity_events: Option<Vec<u8>>,
}

/// Arranges the stored events (places in `events`, in order) into rows whose sequences begin at `next_sequence` and leave no
/// gap.
#[must_use]
pub fn log_rows(
    events: &[(ProjectId, Uuid, AcceptedEvent)],
    stored: &[usize],
    next_sequence: i64,
) -> Vec<LogRow> {
    let mut groups: Vec<((ProjectId, bool), Vec<usize>)> = Vec::new();
    for &ordinal in stored {
        let (project, _, event) = &events[ordinal];
        let of = (*project, event.name == EXCEPTION);
        match groups.iter_mut().find(|(group, _)| *group == of) {
            Some((_, ordinals)) => ordinals.push(ordinal),
            None => groups.push((of, vec![ordinal])),
        }
    }
    let mut first_sequence = next_sequence;
    let mut rows = Vec::with_capacity(groups.len());
    for ((project, exceptions), ordinals) in groups {
        let logged = LoggedEvents {
            events: ordinals.iter().map(|&at| events[at].2.clone()).collect(),
            erased: 0,
        };
        let identity: Vec<_> =
            logged.events.iter().filter(|event| event.identity).cloned().collect();
        let identity_events = (!identity.is_empty())
            .then(|| LoggedEvents { events: identity, erased: 0 }.encode_to_vec());
        let count = i64::try_from(ordinals.len()).unwrap_or(i64::MAX);
        let newest_ms = logged.events.iter().map(|event| event.time_ms).max().unwrap_or(i64::MIN);
        let payload = compress(&logged.encode_to_vec());
        rows.push(LogRow {
            project,
            first_sequence,
            ordinals,
            exceptions,
            newest_ms,
            payload,
            identity_events,
        });
        first_sequence += count;
    }
    rows
}

/// Reads the payload of a row back; that of a row whose events were too old to be kept, or were erased, holds none.
///
/// # Errors
/// If it is damaged.
pub fn unpack(payload: &[u8]) -> anyhow::Result<Vec<AcceptedEvent>> {
    Ok(unpack_logged(payload)?.events)
}

/// As [`unpack`], with how many were erased.
///
/// # Errors
/// As [`unpack`].
pub fn unpack_logged(payload: &[u8]) -> anyhow::Result<LoggedEvents> {
    use std::io::Read as _;
    if payload.is_empty() {
        return Ok(LoggedEvents::default());
    }
    let mut bytes = Vec::new();
    lz4_flex::frame::FrameDecoder::new(payload).read_to_end(&mut bytes)?;
    Ok(LoggedEvents::decode(bytes.as_slice())?)
}

/// How large the blocks of a frame are, in bytes, if it has more than one: whoever reads it makes room for a whole block, and fills
/// it with zeros, whatever is in it.
const BLOCK_BYTES: usize = 256 * 1024;

/// Returns the payload of a row.
#[must_use]
pub fn compress(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut frame = lz4_flex::frame::FrameInfo::new();
    if bytes.len() > BLOCK_BYTES {
        frame = frame.block_size(lz4_flex::frame::BlockSize::Max256KB);
    }
    let room = Vec::with_capacity(bytes.len() / 3);
    let mut encoder = lz4_flex::frame::FrameEncoder::with_frame_info(frame, room);
    encoder.write_all(bytes).expect("writing to memory does not fail");
    encoder.finish().expect("writing to memory does not fail")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_of_any_size_come_back() {
        for count in [0, 1, 100, 20_000] {
            let event = AcceptedEvent { name: "page viewed".into(), ..AcceptedEvent::default() };
            let events = LoggedEvents { events: vec![event; count], erased: 3 };
            let payload = compress(&events.encode_to_vec());
            assert_eq!(unpack_logged(&payload).expect("events"), events);
        }
    }

    #[test]
    fn sequences_leave_no_gap_and_rows_hold_one_project() {
        let project = |n: u128| ProjectId::new(Uuid::from_u128(n));
        let event = |p: u128, identity: bool| {
            (project(p), Uuid::from_u128(9), AcceptedEvent { identity, ..AcceptedEvent::default() })
        };
        let events = [event(1, false), event(2, true), event(1, false), event(1, true)];
        let rows = log_rows(&events, &[0, 1, 3], 10);
        let shape: Vec<_> = rows
            .iter()
            .map(|row| (row.project, row.first_sequence, row.ordinals.clone()))
            .collect();
        assert_eq!(shape, [(project(1), 10, vec![0, 3]), (project(2), 12, vec![1])]);
        assert!(rows.iter().all(|row| row.identity_events.is_some()));
    }

    #[test]
    fn errors_have_rows_of_their_own_and_each_row_knows_its_newest_event() {
        let project = ProjectId::new(Uuid::from_u128(1));
        let event = |name: &str, time_ms| {
            let event = AcceptedEvent { name: name.into(), time_ms, ..AcceptedEvent::default() };
            (project, Uuid::nil(), event)
        };
        let events = [event("view", 5), event(EXCEPTION, 9), event("view", 3)];
        let rows = log_rows(&events, &[0, 1, 2], 1);
        let shape: Vec<_> = rows
            .iter()
            .map(|row| (row.exceptions, row.newest_ms, row.first_sequence, row.ordinals.clone()))
            .collect();
        assert_eq!(shape, [(false, 5, 1, vec![0, 2]), (true, 9, 3, vec![1])]);
        assert!(unpack(&[]).expect("an emptied row").is_empty());
    }
}
