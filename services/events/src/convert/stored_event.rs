//! Between the contract and the domain: events for exports.

use chrono::{DateTime, Datelike as _, Utc};
use observe_core::Violations;
use observe_proto::events::v1 as pb;

use crate::event::Position;
use crate::store::stored_event::{StoredQuery, StoredRow};

const NAMES_MAX: usize = 100;
/// No project has so many shards.
const HEADS_MAX: usize = 1_024;

/// Reads which events are asked for.
///
/// # Errors
/// Every violation.
pub fn stored_query(request: &pb::ReadStoredEventsRequest) -> Result<StoredQuery, Violations> {
    let mut violations = Violations::new();
    let names = &request.names;
    violations.require(names.len() <= NAMES_MAX, "names", "has more than 100 names");
    violations.require(
        !names.iter().any(|name| name.contains('\0')),
        "names",
        "must not contain NUL",
    );
    let is_few = request.heads.len() <= HEADS_MAX
        && request.heads.iter().all(|head| (head.shard as usize) < HEADS_MAX);
    violations.require(is_few, "heads", "has more than 1,024 shards");
    let after = Position::from_bytes(&request.position);
    violations.require(
        request.position.is_empty() || after.is_some(),
        "position",
        "is none of ours",
    );
    violations.finish()?;
    let mut heads = Vec::new();
    for head in &request.heads {
        let shard = head.shard as usize;
        heads.resize(heads.len().max(shard + 1), 0);
        heads[shard] = head.sequence;
    }
    Ok(StoredQuery {
        start: request.start_time_ms.and_then(stored_time),
        end: request.end_time_ms.and_then(stored_time),
        names: names.clone(),
        heads,
        after,
    })
}

/// What is outside PostgreSQL's calendar limits nothing: no event is out there.
fn stored_time(time_ms: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(time_ms).filter(|time| (1..=9999).contains(&time.year()))
}

/// Returns the contract's form of a stored event.
#[must_use]
pub fn stored_event(row: StoredRow) -> pb::StoredEvent {
    pb::StoredEvent {
        uuid: row.uuid.as_bytes().to_vec(),
        name: row.name,
        distinct_id: row.distinct_id,
        time_us: row.time.timestamp_micros(),
        received_us: row.received_at.timestamp_micros(),
        session_id: row.session_id.unwrap_or_default(),
        properties_json: row.properties,
    }
}

#[cfg(test)]
mod tests {
    use observe_proto::events::v1::ShardHead;

    use super::*;

    #[test]
    fn heads_are_laid_out_by_shard_and_what_is_no_position_is_refused() {
        let head = |shard, sequence| ShardHead { shard, sequence };
        let request = pb::ReadStoredEventsRequest {
            heads: vec![head(2, 7), head(0, 3)],
            ..Default::default()
        };
        assert_eq!(stored_query(&request).expect("it is good").heads, [3, 0, 7]);
        let wrong = pb::ReadStoredEventsRequest {
            heads: vec![head(u32::MAX, 1)],
            names: vec!["a\0".into(); 101],
            position: vec![1],
            ..Default::default()
        };
        let refused = stored_query(&wrong).expect_err("it is not");
        let fields: Vec<_> = refused.iter().map(|one| one.field.as_str()).collect();
        assert_eq!(fields, ["names", "names", "heads", "position"]);
    }

    #[test]
    fn times_beyond_the_calendar_limit_nothing() {
        let request = pb::ReadStoredEventsRequest {
            start_time_ms: Some(i64::MIN),
            end_time_ms: Some(i64::MAX),
            ..Default::default()
        };
        let query = stored_query(&request).expect("it is good");
        assert_eq!((query.start, query.end), (None, None));
    }
}
