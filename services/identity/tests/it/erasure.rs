//! Erasing persons: each rule with the failure it closes.

mod beside;

use std::collections::HashMap;
use std::time::Duration;

use chrono::TimeDelta;
use observe_core::context::Principal;
use observe_core::distinct_id::hash;
use observe_core::{Clock as _, KeyId, PersonId, ProjectId};
use observe_proto::common::v1::{KeyKind, Role};
use observe_proto::events::v1::AcceptedEvent;
use observe_proto::identity::v1 as pb;
use observe_proto::identity::v1::apply_events_response::Outcome;
use observe_proto::identity::v1::change::Kind;
use observe_proto::identity::v1::delete_person_request::Id;
use observe_proto::identity::v1::erasure::State;
use observe_proto::identity::v1::erasure_service_client::ErasureServiceClient;
use observe_proto::identity::v1::get_person_request::Id as GetId;
use observe_proto::identity::v1::person_log_service_client::PersonLogServiceClient;
use observe_proto::identity::v1::person_service_client::PersonServiceClient;
use observe_testkit::eventually;
use serde_json::json;
use sqlx::AssertSqlSafe;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::harness::{Identity, Signed, event, identify, refusal, session, set};

/// How long to wait for what the service does in the background.
const DEADLINE: Duration = Duration::from_secs(60);
/// What is looked for after an erasure.
pub(crate) const MARKER: &str = "Zyxomma";

async fn erase_as(channel: Signed, project: ProjectId, id: Id) -> Result<pb::Erasure, Status> {
    let request = pb::DeletePersonRequest { project_id: project.to_string(), id: Some(id) };
    let answer = PersonServiceClient::new(channel).delete_person(request).await?;
    Ok(answer.into_inner().erasure.expect("always given"))
}

pub(crate) async fn erase(identity: &Identity, id: Id) -> pb::Erasure {
    erase_as(identity.as_role(Role::Admin), identity.project, id).await.expect("erased")
}

pub(crate) fn distinct(id: &str) -> Id {
    Id::DistinctId(id.into())
}

async fn receipt(identity: &Identity, id: &str) -> pb::Erasure {
    let request =
        pb::GetErasureRequest { project_id: identity.project.to_string(), erasure_id: id.into() };
    let mut erasures = ErasureServiceClient::new(identity.as_role(Role::Viewer));
    let answer = erasures.get_erasure(request).await.expect("found");
    answer.into_inner().erasure.expect("always given")
}

fn as_service(identity: &Identity, name: &str) -> PersonLogServiceClient<Signed> {
    PersonLogServiceClient::new(identity.as_principal(Principal::Service(name.into())))
}

async fn confirm(
    identity: &Identity,
    service: &str,
    erasure: &pb::Erasure,
    removed: &[(&str, i64)],
) -> Result<(), Status> {
    let request = pb::ConfirmErasureRequest {
        project_id: identity.project.to_bytes(),
        erasure_id: Uuid::parse_str(&erasure.id).expect("an id").as_bytes().to_vec(),
        removed: removed.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect(),
    };
    as_service(identity, service).confirm_erasure(request).await.map(|_| ())
}

pub(crate) async fn finish(identity: &Identity, erasure: &pb::Erasure) -> pb::Erasure {
    confirm(identity, "events", erasure, &[("events", 3)]).await.expect("confirmed");
    confirm(identity, "reports", erasure, &[("rows", 3)]).await.expect("confirmed");
    eventually(DEADLINE, "the erasure to be done", async || {
        let receipt = receipt(identity, &erasure.id).await;
        (receipt.state() == State::Done).then_some(receipt)
    })
    .await
}

/// An identity event that is received at a moment.
fn received(mut event: AcceptedEvent, at: chrono::DateTime<chrono::Utc>) -> AcceptedEvent {
    event.received_us = at.timestamp_micros();
    event
}

/// Whether a text is anywhere in the schema, in clear, in bytes, or in JSON.
pub(crate) async fn tables_with(identity: &Identity, text: &str) -> Vec<String> {
    let pool = identity.superuser().await;
    let columns: Vec<(String, String)> = sqlx::query_as(
        "select table_name::text, column_name::text from information_schema.columns
         where table_schema = 'identity' order by 1, 2",
    )
    .fetch_all(&pool)
    .await
    .expect("read");
    let mut found = Vec::new();
    for (table, column) in columns {
        let sql = format!(
            "select exists (select from identity.{table}
                 where position($1::bytea in convert_to({column}::text, 'UTF8')) > 0
                    or position(encode($1::bytea, 'hex') in {column}::text) > 0)"
        );
        let is_in: bool = sqlx::query_scalar(AssertSqlSafe(sql))
            .bind(text.as_bytes())
            .fetch_one(&pool)
            .await
            .expect("read");
        if is_in {
            found.push(format!("{table}.{column}"));
        }
    }
    found
}

/// What somebody knows who followed the change log.
#[derive(Debug, Default, PartialEq)]
struct Known {
    mapping: HashMap<Vec<u8>, Vec<u8>>,
    properties: HashMap<Vec<u8>, String>,
}

fn follow(known: &mut Known, changes: &[pb::Change]) {
    for change in changes {
        match change.kind.clone() {
            Some(Kind::Mapping(one)) => {
                known.mapping.insert(hash(&one.distinct_id).to_vec(), one.person_id);
            }
            Some(Kind::Person(one)) if one.merged_away => {
                known.properties.remove(&one.person_id);
            }
            Some(Kind::Person(one)) => {
                known.properties.insert(one.person_id, one.properties_json);
            }
            Some(Kind::Erasure(one)) => {
                one.distinct_id_hashes.iter().for_each(|id| drop(known.mapping.remove(id)));
                known.properties.remove(&one.person_id);
            }
            None => {}
        }
    }
}

/// Makes a user with an anonymous past and a second anonymous one, that is merged in.
async fn somebody(identity: &Identity) -> pb::Person {
    let id = |name: &str| format!("{MARKER} {name}");
    identity
        .apply(&[
            set(1_000, &id("anon"), &json!({"city": MARKER})),
            identify(2_000, &id("anon"), &id("usr")),
            set(3_000, &id("phone"), &json!({"device": MARKER})),
            identify(4_000, &id("phone"), &id("usr")),
            set(5_000, "another", &json!({"city": "Rome"})),
        ])
        .await;
    identity.person(&id("usr")).await
}

#[tokio::test]
async fn a_person_goes_with_all_its_ids_and_merges_and_the_receipt_says_so_by_hashes() {
    let identity = Identity::start().await;
    let person = somebody(&identity).await;
    let erasure = erase(&identity, Id::PersonId(person.id.clone())).await;
    assert_eq!(erasure.state(), State::Pending);
    assert_eq!(erasure.person_id, person.id);
    assert_eq!(erasure.distinct_id_count, 3);
    for id in ["anon", "usr", "phone"] {
        let hash: String =
            hash(&format!("{MARKER} {id}")).iter().map(|b| format!("{b:02x}")).collect();
        assert!(erasure.distinct_id_hashes.contains(&hash), "{id}");
    }
    let own = erasure.parts.iter().find(|part| part.service == "identity").expect("at once");
    let counts = [("distinct_ids", 3), ("properties", 2), ("merges", 2)];
    assert_eq!(own.removed, counts.map(|(name, n)| (name.to_owned(), n)).into());
    assert!(erasure.actor.starts_with("user "), "{}", erasure.actor);

    let gone = identity.get_person(GetId::PersonId(person.id.clone())).await;
    assert_eq!(refusal(gone), (Code::NotFound, "NOT_FOUND".into()));
    for id in ["anon", "usr", "phone"] {
        let id = format!("{MARKER} {id}");
        let afresh = identity.person(&id).await;
        assert_eq!(afresh.id, PersonId::of_distinct_id(identity.project, &id).to_string());
        assert!(!afresh.identified && afresh.properties.expect("given").fields.is_empty());
    }
    assert_eq!(identity.person("another").await.properties.expect("given").fields.len(), 1);
}

#[tokio::test]
async fn nothing_but_hashes_is_left_once_all_have_confirmed() {
    let identity = Identity::start().await;
    let person = somebody(&identity).await;
    let erasure = erase(&identity, distinct(&format!("{MARKER} phone"))).await;
    assert_eq!(erasure.person_id, person.id, "the whole person, by any of its ids");
    assert!(!tables_with(&identity, MARKER).await.is_empty(), "it has to be found to be removed");
    let done = finish(&identity, &erasure).await;
    assert!(done.done_time.is_some());
    assert_eq!(tables_with(&identity, MARKER).await, Vec::<String>::new());
    assert!(!tables_with(&identity, "Rome").await.is_empty(), "the search finds what is there");
    let again = as_service(&identity, "events")
        .read_erasures(pb::ReadErasuresRequest { after_number: 0 })
        .await
        .expect("answered")
        .into_inner();
    assert!(again.erasures[0].done);
    let told = again.erasures[0].erasure.clone().expect("given");
    assert!(told.distinct_ids.is_empty() && told.distinct_id_hashes.len() == 3);
}

#[tokio::test]
async fn who_reads_the_change_log_anew_knows_what_who_followed_it_knows() {
    let identity = Identity::start().await;
    somebody(&identity).await;
    let mut followed = Known::default();
    let changes = identity.changes(0).await;
    let read = changes.len();
    follow(&mut followed, &changes);
    let usr = format!("{MARKER} usr");
    let erasure = erase(&identity, distinct(&usr)).await;
    finish(&identity, &erasure).await;
    let now = identity.clock.now() + TimeDelta::seconds(5);
    identity.apply(&[received(set(6_000, &usr, &json!({"plan": "new"})), now)]).await;
    follow(&mut followed, &identity.changes(i64::try_from(read).expect("few")).await);

    let anew = identity.changes(0).await;
    assert!(anew.iter().zip(1..).all(|(change, number)| change.number == number), "no gap");
    let mut rebuilt = Known::default();
    follow(&mut rebuilt, &anew);
    assert_eq!(rebuilt, followed);
    assert_eq!(rebuilt.mapping.len(), 2, "the other person, and who came afresh");
}

#[tokio::test]
async fn asking_again_answers_the_same_erasure_until_it_is_done() {
    let identity = Identity::start().await;
    let person = somebody(&identity).await;
    let by_person = Id::PersonId(person.id.clone());
    let first = erase(&identity, by_person.clone()).await;
    for id in [by_person.clone(), distinct(&format!("{MARKER} anon"))] {
        assert_eq!(erase(&identity, id).await.id, first.id);
    }
    let merged_away = PersonId::of_distinct_id(identity.project, &format!("{MARKER} phone"));
    assert_eq!(erase(&identity, Id::PersonId(merged_away.to_string())).await.id, first.id);
    finish(&identity, &first).await;
    let again = erase_as(identity.as_role(Role::Owner), identity.project, by_person).await;
    assert_eq!(refusal(again), (Code::NotFound, "NOT_FOUND".into()));
    let another = erase(&identity, distinct(&format!("{MARKER} anon"))).await;
    assert_ne!(another.id, first.id, "events may have come since");
}

#[tokio::test]
async fn who_asks_at_the_same_time_gets_one_erasure() {
    let identity = Identity::start().await;
    somebody(&identity).await;
    let asked = (0..8).map(|_| erase(&identity, distinct(&format!("{MARKER} usr"))));
    let answers = futures::future::join_all(asked).await;
    assert!(answers.iter().all(|answer| answer.id == answers[0].id));
}

#[tokio::test]
async fn a_visitor_without_a_row_is_erased_and_an_id_that_names_nobody_is_not() {
    let identity = Identity::start().await;
    let erasure = erase(&identity, distinct("visitor")).await;
    assert_eq!(erasure.distinct_id_count, 1);
    assert_eq!(
        erasure.person_id,
        PersonId::of_distinct_id(identity.project, "visitor").to_string()
    );
    let admin = || identity.as_role(Role::Admin);
    for id in ["null", "", &"x".repeat(201)] {
        let refused = erase_as(admin(), identity.project, distinct(id)).await;
        assert_eq!(refusal(refused).0, Code::InvalidArgument, "{id:?}");
    }
    let nobody = Id::PersonId(Uuid::from_u128(1).to_string());
    let refused = erase_as(admin(), identity.project, nobody).await;
    assert_eq!(refusal(refused), (Code::NotFound, "NOT_FOUND".into()));
}

#[tokio::test]
async fn an_operation_that_is_relayed_late_does_not_bring_a_person_back() {
    let identity = Identity::start().await;
    somebody(&identity).await;
    let before = identity.clock.now();
    identity.clock.advance(TimeDelta::seconds(1));
    let usr = format!("{MARKER} usr");
    let erasure = erase(&identity, distinct(&usr)).await;
    let cut = erasure.cut_time.expect("given");
    assert_eq!(cut.seconds, identity.clock.now().timestamp(), "by the clock of who signed");

    let late = received(set(7_000, &usr, &json!({"email": "late"})), before);
    let by_alias = received(
        event("$create_alias", 7_000, "somebody", &json!({"alias": usr, "$set": {"a": 1}})),
        before,
    );
    let outcomes = identity.apply(&[late.clone(), by_alias]).await;
    assert_eq!(outcomes, [Outcome::Erased, Outcome::Applied]);
    assert_eq!(identity.apply(&[late]).await, [Outcome::Erased], "and again");
    let somebody = identity.person("somebody").await;
    assert_eq!(somebody.distinct_ids, ["somebody"], "the erased id does not join");
    assert_eq!(somebody.properties.expect("given").fields.len(), 1, "the rest of it is somebody's");
    assert!(identity.person(&usr).await.created_time.is_none());

    identity.clock.advance(TimeDelta::seconds(1));
    let later = received(set(8_000, &usr, &json!({"email": "new"})), identity.clock.now());
    assert_eq!(identity.apply(&[later]).await, [Outcome::Applied]);
    let afresh = identity.person(&usr).await;
    assert_eq!(afresh.properties.expect("given").fields.len(), 1, "nothing of what was");
}

#[tokio::test]
async fn who_follows_erasures_of_all_projects_misses_none() {
    let identity = Identity::start().await;
    let other = identity.other_project().await;
    let both = session(&[(identity.project, Role::Owner), (other, Role::Owner)]);
    let one = |n: usize| {
        let project = if n.is_multiple_of(2) { identity.project } else { other };
        let channel = identity.as_principal(both.clone());
        let id = distinct(&format!("visitor {n}"));
        async move { erase_as(channel, project, id).await.expect("erased") }
    };
    let begun = futures::future::join_all((0..40).map(one));
    let following = async {
        let mut seen: Vec<i64> = Vec::new();
        while seen.len() < 40 {
            let after_number = seen.last().copied().unwrap_or(0);
            let mut log = as_service(&identity, "events");
            let answer = log.read_erasures(pb::ReadErasuresRequest { after_number }).await;
            seen.extend(answer.expect("answered").into_inner().erasures.iter().map(|e| e.number));
            tokio::task::yield_now().await;
        }
        seen
    };
    let (_, seen) = futures::future::join(begun, following).await;
    assert_eq!(seen, (1..=40).collect::<Vec<i64>>(), "no gap and no late number");
}

#[tokio::test]
async fn an_erasure_is_done_once_events_and_reports_have_confirmed_and_what_is_said_again_changes_nothing()
 {
    let identity = Identity::start().await;
    let erasure = erase(&identity, distinct("visitor")).await;
    confirm(&identity, "events", &erasure, &[("events", 3)]).await.expect("confirmed");
    assert_eq!(receipt(&identity, &erasure.id).await.state(), State::Pending);
    let done = finish(&identity, &erasure).await;
    confirm(&identity, "events", &erasure, &[("events", 9)]).await.expect("nothing happens");
    let now = receipt(&identity, &erasure.id).await;
    assert_eq!(now, done);
    let parts: Vec<_> = now.parts.iter().map(|part| part.service.as_str()).collect();
    assert_eq!(parts.len(), 3);
    let events = now.parts.iter().find(|part| part.service == "events").expect("confirmed");
    assert_eq!(events.removed["events"], 3, "what was said first");

    let stranger = confirm(&identity, "monitor", &erasure, &[]).await;
    assert_eq!(refusal(stranger).0, Code::PermissionDenied);
    let unknown = pb::Erasure { id: Uuid::from_u128(4).to_string(), ..erasure.clone() };
    let refused = confirm(&identity, "events", &unknown, &[]).await;
    assert_eq!(refusal(refused), (Code::NotFound, "NOT_FOUND".into()));
    let refused = confirm(&identity, "events", &erasure, &[("events", -1)]).await;
    assert_eq!(refusal(refused).0, Code::InvalidArgument);
}

#[tokio::test]
async fn owners_admins_and_secret_keys_erase_and_others_do_not() {
    let identity = Identity::start().await;
    let key = |kind| {
        let key = KeyId::new(Uuid::from_u128(3));
        identity.as_principal(Principal::Key { key, project: identity.project, kind })
    };
    for (channel, may) in [
        (identity.as_role(Role::Owner), true),
        (identity.as_role(Role::Admin), true),
        (key(KeyKind::Secret), true),
        (identity.as_role(Role::Member), false),
        (identity.as_role(Role::Viewer), false),
        (key(KeyKind::Write), false),
        (identity.as_service(), false),
    ] {
        let answer = erase_as(channel, identity.project, distinct("visitor")).await;
        match answer {
            Ok(_) => assert!(may),
            Err(status) => assert!(!may && status.code() == Code::PermissionDenied, "{status}"),
        }
    }
}

#[tokio::test]
async fn another_projects_same_id_stays_and_its_erasures_are_not_found() {
    let identity = Identity::start().await;
    let other = identity.other_project().await;
    let events = [set(1_000, "usr", &json!({"plan": "pro"}))];
    identity.apply(&events).await;
    let request = pb::ApplyEventsRequest { project_id: other.to_bytes(), events: events.to_vec() };
    identity.log().apply_events(request).await.expect("applied");
    let erasure = erase(&identity, distinct("usr")).await;

    let stranger = || identity.as_principal(session(&[(other, Role::Owner)]));
    let request = pb::GetPersonRequest {
        project_id: other.to_string(),
        id: Some(GetId::DistinctId("usr".into())),
    };
    let theirs = PersonServiceClient::new(stranger()).get_person(request).await.expect("answered");
    let theirs = theirs.into_inner().person.expect("given");
    assert_eq!(theirs.properties.expect("given").fields.len(), 1);

    let mut erasures = ErasureServiceClient::new(stranger());
    for project_id in [other.to_string(), identity.project.to_string()] {
        let request = pb::GetErasureRequest { project_id, erasure_id: erasure.id.clone() };
        let refused = erasures.get_erasure(request).await;
        assert_eq!(refusal(refused), (Code::NotFound, "NOT_FOUND".into()));
    }
    let list = pb::ListErasuresRequest { project_id: other.to_string(), ..Default::default() };
    let listed = erasures.list_erasures(list).await.expect("answered").into_inner();
    assert!(listed.erasures.is_empty());
    let refused = erase_as(stranger(), identity.project, distinct("usr")).await;
    assert_eq!(refusal(refused), (Code::NotFound, "NOT_FOUND".into()));
}

#[tokio::test]
async fn receipts_are_listed_page_by_page_the_latest_first() {
    let identity = Identity::start().await;
    let mut begun = Vec::new();
    for n in 0..5 {
        begun.push(erase(&identity, distinct(&format!("visitor {n}"))).await.id);
    }
    begun.reverse();
    let mut erasures = ErasureServiceClient::new(identity.as_role(Role::Viewer));
    let (mut listed, mut page_token) = (Vec::new(), String::new());
    loop {
        let project_id = identity.project.to_string();
        let request = pb::ListErasuresRequest { project_id, page_size: 2, page_token };
        let page = erasures.list_erasures(request).await.expect("answered").into_inner();
        assert!(page.erasures.len() <= 2);
        listed.extend(page.erasures.into_iter().map(|erasure| erasure.id));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(listed, begun);
}
