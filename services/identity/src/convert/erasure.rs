//! Erasures.

use chrono::DateTime;
use observe_proto::identity::v1 as pb;

use super::timestamp;
use crate::erasure::{Erasure, Part};

pub(crate) fn erasure(erasure: Erasure) -> pb::Erasure {
    let state = match erasure.done_at {
        Some(_) => pb::erasure::State::Done,
        None => pb::erasure::State::Pending,
    };
    let hex = |hash: &[u8; 32]| hash.iter().map(|byte| format!("{byte:02x}")).collect();
    pb::Erasure {
        id: erasure.id.to_string(),
        person_id: erasure.person.to_string(),
        distinct_id_count: i32::try_from(erasure.id_hashes.len()).unwrap_or(i32::MAX),
        distinct_id_hashes: erasure.id_hashes.iter().map(hex).collect(),
        cut_time: DateTime::from_timestamp_micros(erasure.cut_us).map(timestamp),
        state: state.into(),
        parts: erasure.parts.into_iter().map(part).collect(),
        actor: erasure.actor,
        done_time: erasure.done_at.map(timestamp),
    }
}

fn part(part: Part) -> pb::ErasedPart {
    pb::ErasedPart {
        service: part.service,
        confirm_time: Some(timestamp(part.confirmed_at)),
        removed: part.removed.into_iter().collect(),
    }
}
