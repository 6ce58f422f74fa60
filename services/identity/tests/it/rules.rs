//! The cases that persons must stand (I-1 to I-12): concurrency, order, repetition, lost connections, abuse.
//!
//! Each runs a few rounds by default; `IDENTITY_FULL=1` runs all of them, which takes long.

mod abuse;
mod bounds;
mod failure;
mod model;
mod order;
mod race;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use observe_core::PersonId;
use observe_proto::events::v1::AcceptedEvent;
use observe_proto::identity::v1 as pb;
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

use crate::harness::{Identity, event};

/// How long something may take on a busy machine.
const SOON: Duration = Duration::from_secs(30);

/// Returns how many rounds to run.
fn rounds(short: u64, full: u64) -> u64 {
    if std::env::var_os("IDENTITY_FULL").is_some() { full } else { short }
}

fn force(time_ms: i64, source: &str, target: &str) -> AcceptedEvent {
    AcceptedEvent {
        trusted: true,
        ..event("$merge_dangerously", time_ms, target, &json!({"alias": source}))
    }
}

fn alias(time_ms: i64, source: &str, target: &str) -> AcceptedEvent {
    event("$create_alias", time_ms, target, &json!({"alias": source}))
}

async fn split(identity: &Identity, merge_id: Uuid) -> Result<(), tonic::Status> {
    let request = pb::SplitPersonRequest {
        project_id: identity.project.to_string(),
        merge_id: merge_id.to_string(),
    };
    identity.editor().split_person(request).await.map(|_| ())
}

/// Checks what must hold of all persons whatever happened: every distinct id has one living person, those that were merged
/// away lead to it, and who is together is exactly who the merges that stand have joined.
async fn check_invariants(identity: &Identity, pool: &PgPool) {
    let mappings: Vec<(String, Uuid, String)> = sqlx::query_as(
        "select distinct_id, person_id, lineage::text from identity.person_distinct_id order by position",
    )
    .fetch_all(pool)
    .await
    .expect("read");
    let persons: Vec<(Uuid, Option<Uuid>, bool)> =
        sqlx::query_as("select id, merged_into, identified from identity.person")
            .fetch_all(pool)
            .await
            .expect("read");
    let edges: Vec<(String, String)> = sqlx::query_as(
        "select source_id, target_id from identity.merge_op where undone_at is null",
    )
    .fetch_all(pool)
    .await
    .expect("read");
    let merged_into: HashMap<Uuid, Option<Uuid>> =
        persons.iter().map(|(id, into, _)| (*id, *into)).collect();
    let person_of: HashMap<&str, Uuid> =
        mappings.iter().map(|(id, person, _)| (id.as_str(), *person)).collect();
    let mut together: BTreeMap<Uuid, BTreeSet<&str>> = BTreeMap::new();
    for (id, person, lineage) in &mappings {
        assert_eq!(merged_into[person], None, "the person of {id} lives");
        together.entry(*person).or_default().insert(id);
        let own = PersonId::of_distinct_id(identity.project, id).uuid();
        assert_eq!(lineage == "[]", own == *person, "{id} gives its person its id or came later");
        if merged_into.contains_key(&own) {
            let mut root = own;
            for _ in 0..persons.len() {
                root = merged_into[&root].unwrap_or(root);
            }
            assert_eq!(root, *person, "the row of {id} leads to its person");
        }
    }
    // The merges that stand are a tree over each person.
    let mut groups: HashMap<&str, BTreeSet<&str>> =
        person_of.keys().map(|id| (*id, BTreeSet::from([*id]))).collect();
    for (source, target) in &edges {
        let (one, other) = (groups[source.as_str()].clone(), groups[target.as_str()].clone());
        assert!(one.is_disjoint(&other), "{source} and {target} were joined once");
        let joined: BTreeSet<&str> = one.union(&other).copied().collect();
        for id in &joined {
            groups.insert(id, joined.clone());
        }
    }
    for (id, person) in &person_of {
        assert_eq!(groups[id], together[person], "{id} is with those it was joined with");
    }
    for (id, into, identified) in &persons {
        let is_joined = together.get(id).is_some_and(|ids| ids.len() > 1);
        assert!(into.is_some() || !is_joined || *identified, "who was joined is known");
        assert!(into.is_some() || together.contains_key(id), "{id} has a distinct id");
    }
}
