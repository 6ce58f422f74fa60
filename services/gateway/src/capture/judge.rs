//! The rules of capture: which drafts become events, and which uuid, time and place they get for good.

use std::collections::HashSet;

use observe_core::Entropy;
use observe_proto::events::v1::AcceptedEvent;
use uuid::Uuid;

use super::delivery::Delivery;
use super::draft::{Draft, Unreadable, is_blank};
use super::limits::{
    DISTINCT_ID_CHARS_MAX, EVENTS_MAX, NAME_CHARS_MAX, SANITIZED, SESSION_ID_CHARS_MAX,
};
use super::reject::{Code, Reject};
use super::sender::Sender;
use super::text::is_longer;

/// The names of events that change persons, or groups.
const IDENTITY_NAMES: [&str; 5] =
    [IDENTIFY, "$create_alias", "$merge_dangerously", "$set", "$groupidentify"];

/// The name of events that join an anonymous person with a known one.
const IDENTIFY: &str = "$identify";
/// The property that holds the anonymous id beside the distinct id.
const ANONYMOUS_ID: &str = "$anonymous_id";

/// What became of one event of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It goes on.
    Accepted(Uuid),
    /// Its uuid came earlier in the same request.
    Duplicate(Uuid),
    /// It breaks a rule.
    Rejected(Unreadable),
}

/// The events of a request that go on, and what became of each.
#[derive(Debug, Default)]
pub(crate) struct Judged {
    /// In the order of the request.
    pub(crate) accepted: Vec<AcceptedEvent>,
    /// One for each event, in the order of the request.
    pub(crate) outcomes: Vec<Outcome>,
}

/// Judges the drafts of one request of a sender.
pub(crate) fn judge(
    drafts: impl IntoIterator<Item = Result<Draft, Unreadable>>,
    delivery: &Delivery<'_>,
    sender: &Sender,
    entropy: &dyn Entropy,
) -> Judged {
    let drafts = drafts.into_iter();
    let count = drafts.size_hint().0.min(EVENTS_MAX);
    let mut judged =
        Judged { accepted: Vec::with_capacity(count), outcomes: Vec::with_capacity(count) };
    let mut seen = HashSet::with_capacity(count);
    for (index, draft) in drafts.enumerate() {
        let uuid = draft.as_ref().ok().and_then(|draft| draft.uuid);
        let repeated = uuid.filter(|uuid| seen.contains(uuid));
        let outcome = match (draft, repeated) {
            (Ok(_), Some(uuid)) => Outcome::Duplicate(uuid),
            (Ok(draft), None) => match accept(draft, index, delivery, sender, entropy) {
                Ok((uuid, event)) => {
                    seen.insert(uuid);
                    judged.accepted.push(event);
                    Outcome::Accepted(uuid)
                }
                Err(reject) => Outcome::Rejected(Unreadable { uuid, reject }),
            },
            (Err(unreadable), _) => Outcome::Rejected(unreadable),
        };
        judged.outcomes.push(outcome);
    }
    judged
}

fn accept(
    mut draft: Draft,
    index: usize,
    delivery: &Delivery<'_>,
    sender: &Sender,
    entropy: &dyn Entropy,
) -> Result<(Uuid, AcceptedEvent), Reject> {
    check(&draft)?;
    let request = delivery.received;
    let time = draft.time.fix(request)?;
    time.check_age(request, sender.retention.days(&draft.name))?;
    if time.clamped {
        draft.properties.add("$time_clamped", &true.into());
    }
    let replaced = draft.replaced + draft.properties.replaced();
    if replaced > 0 {
        draft.properties.add(SANITIZED, &replaced.into());
    }
    let distinct_id = match (is_blank(&draft.known_id), is_blank(&draft.anonymous_id)) {
        (true, _) => {
            if draft.name == IDENTIFY {
                // Nobody became known. That both ids are one says so: the properties count, the person stays anonymous.
                draft.properties.add(ANONYMOUS_ID, &draft.anonymous_id.as_str().into());
            }
            draft.anonymous_id
        }
        (false, true) => draft.known_id,
        (false, false) => {
            draft.properties.add(ANONYMOUS_ID, &draft.anonymous_id.into());
            draft.known_id
        }
    };
    let uuid = draft.uuid.unwrap_or_else(|| entropy.uuid(request.at));
    let identity =
        draft.properties.changes_person() || IDENTITY_NAMES.contains(&draft.name.as_str());
    let event = AcceptedEvent {
        uuid: uuid.as_bytes().to_vec(),
        name: draft.name,
        distinct_id,
        time_ms: time.millis,
        received_us: request.at.timestamp_micros(),
        index: u32::try_from(index).unwrap_or(u32::MAX),
        session_id: draft.session_id,
        properties_json: draft.properties.into_json(),
        identity,
        trusted: sender.trusted,
        historical: delivery.historical,
    };
    Ok((uuid, event))
}

fn check(draft: &Draft) -> Result<(), Reject> {
    if is_blank(&draft.name) {
        return Err(Reject::new(Code::MissingName, "an event needs a `name`"));
    }
    if is_longer(&draft.name, NAME_CHARS_MAX) {
        let message = format!("`name` may have at most {NAME_CHARS_MAX} characters");
        return Err(Reject::new(Code::NameTooLong, message));
    }
    if is_blank(&draft.known_id) && is_blank(&draft.anonymous_id) {
        let message = "an event needs a `user_id`, `distinct_id` or `anonymous_id`";
        return Err(Reject::new(Code::MissingDistinctId, message));
    }
    if [&draft.known_id, &draft.anonymous_id].iter().any(|id| is_longer(id, DISTINCT_ID_CHARS_MAX))
    {
        let message = format!("ids may have at most {DISTINCT_ID_CHARS_MAX} characters");
        return Err(Reject::new(Code::DistinctIdTooLong, message));
    }
    if is_longer(&draft.session_id, SESSION_ID_CHARS_MAX) {
        let message = format!("`session_id` may have at most {SESSION_ID_CHARS_MAX} characters");
        return Err(Reject::new(Code::InvalidEvent, message));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
