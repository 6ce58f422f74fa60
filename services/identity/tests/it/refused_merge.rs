use chrono::TimeDelta;
use observe_proto::common::v1::Role;
use observe_proto::identity::v1 as pb;
use observe_proto::identity::v1::merge::Cause;
use observe_proto::identity::v1::person_service_client::PersonServiceClient;
use serde_json::json;
use tonic::Code;
use uuid::Uuid;

use crate::harness::{Identity, event, identify, refusal, session};

async fn page(
    identity: &Identity,
    person_id: &str,
    page_size: i32,
    page_token: &str,
) -> pb::ListRefusedMergesResponse {
    let request = pb::ListRefusedMergesRequest {
        project_id: identity.project.to_string(),
        person_id: person_id.into(),
        page_size,
        page_token: page_token.into(),
    };
    identity.persons().list_refused_merges(request).await.expect("listed").into_inner()
}

#[tokio::test]
async fn a_refused_merge_says_what_was_asked_and_why_not() {
    let identity = Identity::start().await;
    let takeover = identify(3, "anon", "bob");
    identity
        .apply(&[
            identify(1, "anon", "alice"),
            takeover.clone(),
            event("$create_alias", 4, "carol", &json!({"alias": "nul\0l"})),
            event("$merge_dangerously", 5, "bob", &json!({"alias": "alice"})),
        ])
        .await;
    let all = page(&identity, "", 0, "").await;
    let seen: Vec<_> = all
        .refused_merges
        .iter()
        .map(|one| {
            (
                one.cause(),
                one.source_distinct_id.as_str(),
                one.target_distinct_id.as_str(),
                one.code.as_str(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            (Cause::MergeDangerously, "alice", "bob", "secret_key_needed"),
            (Cause::Alias, "nul\u{fffd}l", "carol", "illegal_id"),
            (Cause::Identify, "anon", "bob", "already_identified"),
        ]
    );
    let uuid = Uuid::from_slice(&takeover.uuid).expect("16 bytes").to_string();
    assert_eq!(all.refused_merges[2].event_uuid, uuid);
    assert!(all.refused_merges.iter().all(|one| !one.message.is_empty()));
    assert_eq!(all.counts_last_day.len(), 3);
    assert_eq!(all.parked_count, 0);

    // Delivered again it is the same one.
    identity.apply(&[takeover]).await;
    assert_eq!(page(&identity, "", 0, "").await, all);

    let alice = identity.person("alice").await.id;
    let of_alice = page(&identity, &alice, 0, "").await.refused_merges;
    assert_eq!(of_alice, [all.refused_merges[0].clone(), all.refused_merges[2].clone()]);
    let first = page(&identity, "", 2, "").await;
    let second = page(&identity, "", 2, &first.next_page_token).await;
    assert_eq!([first.refused_merges, second.refused_merges].concat(), all.refused_merges);
    assert!(second.next_page_token.is_empty());

    identity.clock.advance(TimeDelta::hours(25));
    let later = page(&identity, "", 0, "").await;
    assert_eq!((later.refused_merges.len(), later.counts_last_day.len()), (3, 0));
    identity.clock.advance(TimeDelta::days(30));
    assert!(page(&identity, "", 0, "").await.refused_merges.is_empty());
}

#[tokio::test]
async fn the_latest_thousand_are_kept_and_all_are_counted() {
    let identity = Identity::start().await;
    for part in 0..3 {
        let events: Vec<_> = (0..600)
            .map(|n| {
                event(
                    "$create_alias",
                    1,
                    &format!("usr {}", part * 600 + n),
                    &json!({"alias": "null"}),
                )
            })
            .collect();
        identity.apply(&events).await;
    }
    let mut token = String::new();
    let mut kept = Vec::new();
    loop {
        let answer = page(&identity, "", 200, &token).await;
        assert_eq!(answer.counts_last_day["illegal_id"], 1_800);
        kept.extend(answer.refused_merges.into_iter().map(|one| one.target_distinct_id));
        token = answer.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(kept.len(), 1_000);
    assert_eq!((kept[0].as_str(), kept[999].as_str()), ("usr 1799", "usr 800"));
}

#[tokio::test]
async fn the_refused_merges_of_another_project_are_not_there() {
    let identity = Identity::start().await;
    let other = identity.other_project().await;
    identity.apply(&[identify(1, "null", "usr")]).await;
    let usr = identity.person("usr").await.id;
    let mut others =
        PersonServiceClient::new(identity.as_principal(session(&[(other, Role::Owner)])));
    let request = |project_id: String, person_id: String| pb::ListRefusedMergesRequest {
        project_id,
        person_id,
        ..pb::ListRefusedMergesRequest::default()
    };
    let theirs = others.list_refused_merges(request(other.to_string(), String::new())).await;
    let theirs = theirs.expect("listed").into_inner();
    assert!(theirs.refused_merges.is_empty() && theirs.counts_last_day.is_empty());
    for (project, person) in
        [(identity.project.to_string(), String::new()), (other.to_string(), usr)]
    {
        let refused = others.list_refused_merges(request(project, person)).await;
        assert_eq!(refusal(refused), (Code::NotFound, "NOT_FOUND".into()));
    }
    let refused = identity
        .persons()
        .list_refused_merges(pb::ListRefusedMergesRequest {
            page_token: "nonsense".into(),
            ..request(identity.project.to_string(), String::new())
        })
        .await;
    assert_eq!(refusal(refused).0, Code::InvalidArgument);
}
