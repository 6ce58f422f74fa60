use observe_proto::identity::v1 as pb;
use observe_proto::identity::v1::property_change::Cause;
use serde_json::{Value, json};
use tonic::Code;
use uuid::Uuid;

use crate::harness::{Identity, event, identify, json_of, refusal, set};

async fn page(
    identity: &Identity,
    person_id: &str,
    key: &str,
    (page_size, page_token): (i32, &str),
) -> Result<pb::ListPropertyChangesResponse, tonic::Status> {
    let request = pb::ListPropertyChangesRequest {
        project_id: identity.project.to_string(),
        person_id: person_id.into(),
        key: key.into(),
        page_size,
        page_token: page_token.into(),
    };
    Ok(identity.persons().list_property_changes(request).await?.into_inner())
}

type Seen = (String, Option<Value>, Option<Value>, Cause);

async fn changes(identity: &Identity, distinct_id: &str, key: &str) -> Vec<Seen> {
    let person = identity.person(distinct_id).await.id;
    let page = page(identity, &person, key, (200, "")).await.expect("listed");
    let seen = |change: pb::PropertyChange| {
        let cause = change.cause();
        (change.key, change.old_value.map(json_of), change.new_value.map(json_of), cause)
    };
    page.changes.into_iter().map(seen).collect()
}

#[tokio::test]
async fn the_history_says_what_changed_and_by_what() {
    let identity = Identity::start().await;
    let wrong = identify(4_000, "anon", "usr");
    identity
        .apply(&[
            set(1_000, "usr", &json!({"plan": "free", "city": "Rome"})),
            // What changes nothing that can be seen leaves no trace.
            set(500, "usr", &json!({"plan": "older"})),
            event("$set", 2_000, "usr", &json!({"$set": {"plan": null}, "$unset": ["city"]})),
            set(3_000, "anon", &json!({"source": "ad"})),
            wrong.clone(),
        ])
        .await;
    let text = |text: &str| Some(json!(text));
    let update = |key: &str, old, new| (key.to_owned(), old, new, Cause::Update);
    let expected = [
        ("source".to_owned(), None, text("ad"), Cause::Merge),
        update("city", text("Rome"), None),
        update("plan", text("free"), Some(Value::Null)),
        update("plan", None, text("free")),
        update("city", None, text("Rome")),
    ];
    let mut found = changes(&identity, "usr", "").await;
    // Within one event keys come in their order.
    assert_eq!(found.len(), expected.len());
    found.sort_by_key(|change| expected.iter().position(|one| one == change));
    assert_eq!(found, expected);
    assert_eq!(changes(&identity, "usr", "city").await.len(), 2);

    let merge_id = Uuid::from_slice(&wrong.uuid).expect("16 bytes").to_string();
    let request = pb::SplitPersonRequest {
        project_id: identity.project.to_string(),
        merge_id: merge_id.clone(),
    };
    identity.editor().split_person(request).await.expect("undone");
    let usr = changes(&identity, "usr", "").await;
    assert_eq!(usr[0], ("source".to_owned(), text("ad"), None, Cause::Split));
    let anon = changes(&identity, "anon", "").await;
    let got_back = ("source".to_owned(), None, text("ad"), Cause::Split);
    assert_eq!(anon, [got_back, update("source", None, text("ad"))]);

    let person = identity.person("usr").await.id;
    let first = page(&identity, &person, "", (1, "")).await.expect("listed");
    assert_eq!(first.changes[0].origin_id, merge_id);
    let second = page(&identity, &person, "", (1, &first.next_page_token)).await.expect("listed");
    assert_eq!(second.changes[0].cause(), Cause::Merge);
    let of_key = page(&identity, &person, "plan", (1, &first.next_page_token)).await;
    assert_eq!(refusal(of_key).0, Code::InvalidArgument);
    let nobody = identity.person("nobody").await.id;
    assert_eq!(refusal(page(&identity, &nobody, "", (0, "")).await).0, Code::NotFound);
}

#[tokio::test]
async fn the_latest_thousand_changes_are_kept_and_large_values_are_cut() {
    let identity = Identity::start().await;
    let many: Vec<_> = (1..=700).map(|n| set(n, "usr", &json!({"n": n}))).collect();
    identity.apply(&many).await;
    let more: Vec<_> = (701..=1_400).map(|n| set(n, "usr", &json!({"n": n}))).collect();
    identity.apply(&more).await;
    let kept: i64 = sqlx::query_scalar("select count(*) from identity.property_change")
        .fetch_one(&identity.superuser().await)
        .await
        .expect("read");
    assert_eq!(kept, 1_000);
    let latest = changes(&identity, "usr", "n").await;
    assert_eq!(
        latest[0],
        ("n".to_owned(), Some(json!(1_399.0)), Some(json!(1_400.0)), Cause::Update)
    );
    identity.apply(&[set(2_000, "usr", &json!({"text": "é".repeat(5_000)}))]).await;
    let latest = changes(&identity, "usr", "text").await;
    let cut = latest[0].2.clone().expect("it has a value");
    assert_eq!(cut.as_str().map(|text| text.chars().count()), Some(201));
}
