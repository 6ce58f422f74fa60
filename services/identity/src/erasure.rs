//! Erasing persons: the rules.
//!
//! An erasure has a cut. What names one of its distinct ids and was received at or before the cut is erased, whenever it comes
//! to light: an operation that is relayed late is dropped. What was received later starts afresh.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use observe_core::distinct_id::{self, Hash};
use observe_core::{CallContext, PersonId, Principal, ProjectId};
use uuid::Uuid;

use crate::operation::{Kind, Operation};

/// Different things that one service may tell to have removed.
pub(crate) const REMOVED_KINDS_MAX: usize = 20;
/// Bytes of the name of such a thing.
pub(crate) const REMOVED_NAME_BYTES_MAX: usize = 64;

/// How many of what one service removed.
pub(crate) type Removed = BTreeMap<String, i64>;

/// Whose erasure is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// A person's, or of the one that it became.
    Person(PersonId),
    /// That of the person of a distinct id, which need not have a row.
    DistinctId(String),
}

/// An erasure that is asked for.
#[derive(Clone, Debug)]
pub(crate) struct NewErasure {
    /// In which project.
    pub(crate) project: ProjectId,
    /// Whose.
    pub(crate) subject: Subject,
    /// The id that it gets.
    pub(crate) id: Uuid,
    /// In microseconds since 1970.
    pub(crate) cut_us: i64,
    /// Who asks.
    pub(crate) actor: String,
    /// Now.
    pub(crate) now: DateTime<Utc>,
}

/// An erasure as its receipt tells it.
#[derive(Clone, Debug)]
pub(crate) struct Erasure {
    pub(crate) id: Uuid,
    /// Over all projects, in the order in which they were begun.
    pub(crate) number: i64,
    pub(crate) person: PersonId,
    pub(crate) cut_us: i64,
    pub(crate) id_hashes: Vec<Hash>,
    pub(crate) actor: String,
    pub(crate) done_at: Option<DateTime<Utc>>,
    pub(crate) parts: Vec<Part>,
}

/// What one service removed.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) service: String,
    pub(crate) confirmed_at: DateTime<Utc>,
    pub(crate) removed: Removed,
}

/// Returns the cut of an erasure that was asked for when the edge signed the call: the end of that millisecond, since no more
/// is known of it.
pub(crate) fn cut_us(signed_at: DateTime<Utc>) -> i64 {
    signed_at.timestamp_millis().saturating_mul(1_000).saturating_add(999)
}

/// Returns who asks, as it is kept.
pub(crate) fn actor(context: &CallContext) -> String {
    match &context.principal {
        Principal::Session { user, .. } => format!("user {user}"),
        Principal::Key { key, .. } => format!("key {key}"),
        Principal::Service(name) => format!("service {name}"),
        Principal::Anonymous => String::new(),
    }
}

/// The cuts of those distinct ids of some operations that were erased.
#[derive(Debug, Default)]
pub(crate) struct Cuts(HashMap<Hash, i64>);

/// What the cuts leave of an operation.
#[derive(Debug, PartialEq)]
pub(crate) enum Judged<'a> {
    /// All of it or, if the other id that it names was erased, all but that.
    Left(Cow<'a, Operation>),
    /// Nothing: its target was erased.
    Erased(&'a Operation),
}

impl Judged<'_> {
    /// Returns the operation as it is to be written down.
    pub(crate) fn operation(&self) -> &Operation {
        match self {
            Self::Left(operation) => operation,
            Self::Erased(operation) => operation,
        }
    }
}

impl Cuts {
    /// Takes the latest cut of each hash.
    pub(crate) fn new(cuts: impl IntoIterator<Item = (Hash, i64)>) -> Self {
        Self(cuts.into_iter().collect())
    }

    /// Judges an operation.
    pub(crate) fn judge<'a>(&self, operation: &'a Operation) -> Judged<'a> {
        if self.0.is_empty() {
            return Judged::Left(Cow::Borrowed(operation));
        }
        let arrival = operation.version.1;
        let is_erased =
            |id: &str| self.0.get(&distinct_id::hash(id)).is_some_and(|cut_us| arrival <= *cut_us);
        if is_erased(&operation.target) {
            Judged::Erased(operation)
        } else if operation.source().is_some_and(is_erased) {
            Judged::Left(Cow::Owned(without_source(operation)))
        } else {
            Judged::Left(Cow::Borrowed(operation))
        }
    }
}

/// Returns the hashes of the distinct ids that operations name which were received at or before a cut.
pub(crate) fn named_until(operations: &[&Operation], cut_us: i64) -> Vec<Hash> {
    let old = operations.iter().filter(|operation| operation.version.1 <= cut_us);
    let mut named: Vec<Hash> = old
        .flat_map(|operation| operation.source().into_iter().chain([operation.target.as_str()]))
        .map(distinct_id::hash)
        .collect();
    named.sort_unstable();
    named.dedup();
    named
}

fn without_source(operation: &Operation) -> Operation {
    let kind = match &operation.kind {
        Kind::Identify { .. } => Kind::Identify { anonymous: None },
        // It names no source.
        Kind::Group(change) => Kind::Group(change.clone()),
        Kind::Alias(_) | Kind::Merge { .. } | Kind::Persons { .. } | Kind::Properties => {
            Kind::Properties
        }
    };
    Operation { kind, ..operation.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use observe_proto::events::v1::AcceptedEvent;

    fn identify(received_us: i64) -> Operation {
        let event = AcceptedEvent {
            uuid: vec![7; 16],
            name: "$identify".into(),
            distinct_id: "usr".into(),
            received_us,
            index: 2,
            properties_json: r#"{"$anonymous_id":"anon","$set":{"plan":"pro"}}"#.into(),
            ..AcceptedEvent::default()
        };
        Operation::read(&event).expect("readable")
    }

    #[test]
    fn an_operation_is_judged_by_its_arrival_and_the_ids_it_names() {
        let of = |id: &str| Cuts::new([(distinct_id::hash(id), 1_000)]);
        let (early, later) = (identify(998), identify(999));
        assert_eq!(of("usr").judge(&early), Judged::Erased(&early), "it arrived at 1,000");
        assert_eq!(of("usr").judge(&later), Judged::Left(Cow::Borrowed(&later)), "after the cut");
        assert_eq!(of("other").judge(&early), Judged::Left(Cow::Borrowed(&early)));
        let Judged::Left(left) = of("anon").judge(&early) else {
            panic!("the target is somebody else");
        };
        assert_eq!(left.kind, Kind::Identify { anonymous: None });
        assert_eq!(left.properties, identify(1).properties, "which are the target's");
        assert_eq!(of("anon").judge(&later), Judged::Left(Cow::Borrowed(&later)));
    }

    #[test]
    fn only_what_is_old_enough_is_looked_up() {
        let (old, new) = (identify(1), identify(5_000));
        assert_eq!(named_until(&[&old, &new], 1_000).len(), 2);
        assert!(named_until(&[&new], 1_000).is_empty());
    }

    #[test]
    fn the_cut_is_the_end_of_the_millisecond_of_the_call() {
        let at = DateTime::from_timestamp_micros(1_763_855_999_123_456).expect("a time");
        assert_eq!(cut_us(at), 1_763_855_999_123_999);
    }
}
