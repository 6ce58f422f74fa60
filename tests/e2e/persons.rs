//! Persons through all services: a visitor becomes a user, wrong merges are taken back, refused ones are told, groups are kept.

mod asked;

use observe_proto::identity::v1::Person;
use observe_proto::identity::v1::merge::Cause;
use observe_proto::reports::v1::PersonActivity;
use observe_proto::reports::v1::export_person_request::Id as ExportId;
use observe_testkit::eventually;
use serde_json::json;
use tonic::Code;

use crate::cluster::{Cluster, DEADLINE, SECRET_KEY, WRITE_KEY};
use asked::{Asker, at};

/// Everything that a merge may change and a split must give back.
#[derive(Clone, Debug, PartialEq)]
struct Picture {
    funnel: Vec<i64>,
    /// Different persons with any event.
    persons: i64,
    /// Persons who viewed, by their plan now.
    plans: Vec<(String, i64)>,
    people: Vec<Person>,
}

async fn picture(asker: &Asker) -> Option<Picture> {
    Some(Picture {
        funnel: asker.funnel().await?,
        persons: asker.persons().await?,
        plans: asker.viewers_by("plan").await?,
        people: vec![asker.person("user-1").await?, asker.person("user-2").await?],
    })
}

/// Two users, one of whom came first without a name: together they would have gone all the way.
async fn two_users(cluster: &Cluster) {
    let events = [
        json!({"name": "page_viewed", "anonymous_id": "anon-1", "timestamp": at(0)}),
        json!({"name": "$identify", "user_id": "user-1", "anonymous_id": "anon-1", "timestamp": at(5),
            "properties": {"$set": {"plan": "pro", "seats": 3}}}),
        json!({"name": "button_clicked", "user_id": "user-1", "timestamp": at(10)}),
        json!({"name": "$identify", "user_id": "user-2", "timestamp": at(15),
            "properties": {"$set": {"plan": "free", "city": "Paris"}}}),
        json!({"name": "page_viewed", "user_id": "user-2", "timestamp": at(20)}),
        json!({"name": "signed_up", "user_id": "user-2", "timestamp": at(30)}),
    ];
    asked::send(cluster, WRITE_KEY, &events).await;
    cluster.at_rest(6).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_joins_all_history_and_its_undo_gives_back_exactly_what_was() {
    let mut cluster = Cluster::start().await;
    let asker = Asker::new(&cluster, SECRET_KEY);
    two_users(&cluster).await;
    let before = eventually(DEADLINE, "a visitor and a user to be one person", async || {
        picture(&asker).await.filter(|now| now.funnel == [2, 1, 0])
    })
    .await;
    assert_eq!(before.persons, 2);
    assert_eq!(before.plans, [("free".to_owned(), 1), ("pro".to_owned(), 1)]);
    assert_eq!(before.people[0].distinct_ids, ["user-1", "anon-1"]);
    let [target, source] = [&before.people[0].id, &before.people[1].id];

    let preview = asker.preview(source, target).await.unwrap();
    let count = |side: Option<&PersonActivity>| side.unwrap().event_count;
    assert_eq!((count(preview.source.as_ref()), count(preview.target.as_ref())), (3, 3));
    assert_eq!((preview.conflicting_keys, preview.trouble.as_str()), (vec!["plan".to_owned()], ""));
    let promised = preview.merged.unwrap();

    let merge = asker.merge(source, target).await.unwrap();
    let merged = eventually(DEADLINE, "one person all the way", async || {
        picture(&asker).await.filter(|now| now.funnel == [1, 1, 1])
    })
    .await;
    assert_eq!(merged.persons, 1);
    assert_eq!(merged.plans, [("pro".to_owned(), 1)]);
    assert_eq!(merged.people[0], merged.people[1], "both ids answer the same person");
    let sorted = |person: &Person| {
        let mut ids = person.distinct_ids.clone();
        ids.sort_unstable();
        Person { distinct_ids: ids, ..person.clone() }
    };
    assert_eq!(sorted(&merged.people[0]), sorted(&promised), "as the preview said");
    let timeline = asker.events(source).await;
    assert_eq!(timeline.len(), 6, "by the id of who was merged away, too");
    let starts = timeline.iter().filter(|(_, begins)| *begins).count();
    assert_eq!((starts, timeline[5].1), (1, true), "all within half an hour");

    asker.split(&merge).await.unwrap();
    let after = eventually(DEADLINE, "both to be as they were", async || {
        picture(&asker).await.filter(|now| now.funnel == [2, 1, 0] && now.plans.len() == 2)
    })
    .await;
    assert_eq!(after, before);
    assert_eq!(asker.events(source).await.len(), 3);
    let refused = asker.split(&merge).await.expect_err("it was undone already");
    assert_eq!(refused.code(), Code::FailedPrecondition);
    let ledger = asker.merges(target).await;
    let undone = ledger.iter().find(|one| one.id == merge).unwrap();
    assert!(undone.cause() == Cause::MergePersons && undone.undone_time.is_some());
    assert!(!undone.can_split && !undone.split_trouble.is_empty());

    // Once more, and what reports knows is read anew from both logs.
    asker.merge(source, target).await.unwrap();
    cluster.kill_and_restart_reports();
    let again = eventually(DEADLINE, "one person again", async || {
        picture(&asker).await.filter(|now| now.funnel == [1, 1, 1])
    })
    .await;
    assert_eq!(again, merged);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_joined_a_visitor_is_a_merge_that_can_be_undone_too() {
    let cluster = Cluster::start().await;
    let asker = Asker::new(&cluster, SECRET_KEY);
    two_users(&cluster).await;
    let user = eventually(DEADLINE, "the visitor to join", async || {
        let user = asker.person("user-1").await?;
        (asker.funnel().await? == [2, 1, 0] && user.distinct_ids.len() == 2).then_some(user)
    })
    .await;
    let ledger = asker.merges(&user.id).await;
    let [joined] = ledger.as_slice() else { panic!("one merge: {ledger:?}") };
    assert_eq!((joined.cause(), joined.can_split), (Cause::Identify, true));
    assert_eq!(joined.moved_distinct_ids, ["anon-1"]);
    asker.split(&joined.id).await.unwrap();
    eventually(DEADLINE, "the visitor to be somebody else", async || {
        (asker.funnel().await? == [2, 0, 0] && asker.persons().await? == 3).then_some(())
    })
    .await;
    let visitor = asker.person("anon-1").await.unwrap();
    assert_eq!((visitor.distinct_ids, visitor.identified), (vec!["anon-1".to_owned()], false));
    assert_eq!(asker.person("user-1").await.unwrap().distinct_ids, ["user-1"]);
    // Told again by another event, it joins again.
    let event = json!({"name": "$identify", "user_id": "user-1", "anonymous_id": "anon-1"});
    asked::send(&cluster, WRITE_KEY, &[event]).await;
    eventually(DEADLINE, "the visitor to join again", async || {
        (asker.funnel().await? == [2, 1, 0] && asker.persons().await? == 2).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_merges_are_told_with_their_reason_and_both_stay_as_they_are() {
    let cluster = Cluster::start().await;
    let asker = Asker::new(&cluster, SECRET_KEY);
    two_users(&cluster).await;
    let refused = [
        json!({"name": "$identify", "user_id": "user-1", "anonymous_id": "user-2"}),
        json!({"name": "$create_alias", "user_id": "user-1", "properties": {"alias": "null"}}),
        json!({"name": "$merge_dangerously", "user_id": "user-1", "properties": {"alias": "user-2"}}),
    ];
    asked::send(&cluster, WRITE_KEY, &refused).await;
    let told = eventually(DEADLINE, "three refusals", async || {
        let told = asker.refused_merges("").await;
        (told.refused_merges.len() == 3).then_some(told)
    })
    .await;
    let codes: Vec<_> = told.refused_merges.iter().map(|one| one.code.as_str()).collect();
    assert_eq!(
        codes,
        ["secret_key_needed", "illegal_id", "already_identified"],
        "the latest first"
    );
    assert!(
        told.refused_merges.iter().all(|one| one.message.len() > 20 && !one.event_uuid.is_empty())
    );
    assert_eq!(told.counts_last_day.values().sum::<i64>(), 3);
    let user_2 = asker.person("user-2").await.unwrap();
    let of_person = asker.refused_merges(&user_2.id).await.refused_merges;
    assert_eq!(of_person.len(), 2, "those that named one of its ids");
    eventually(DEADLINE, "both as they were", async || {
        (asker.funnel().await? == [2, 1, 0]).then_some(())
    })
    .await;
    assert_ne!(user_2.id, asker.person("user-1").await.unwrap().id);

    // With a secret key it is done, and the ledger says by what.
    asked::send(&cluster, SECRET_KEY, &refused[2..]).await;
    eventually(DEADLINE, "the merge", async || (asker.funnel().await? == [1, 1, 1]).then_some(()))
        .await;
    let ledger = asker.merges(&user_2.id).await;
    assert_eq!(ledger[0].cause(), Cause::MergeDangerously);
    asker.split(&ledger[0].id).await.unwrap();
    eventually(DEADLINE, "its undo", async || (asker.funnel().await? == [2, 1, 0]).then_some(()))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_holds_all_that_is_kept_of_a_person_and_of_nobody_else() {
    let cluster = Cluster::start().await;
    let asker = Asker::new(&cluster, SECRET_KEY);
    two_users(&cluster).await;
    let user = eventually(DEADLINE, "the visitor to join", async || {
        asker.person("user-1").await.filter(|user| user.distinct_ids.len() == 2)
    })
    .await;
    let export = asker.export(ExportId::PersonId(user.id.clone())).await.unwrap();
    assert_eq!(export.person.as_ref(), Some(&user));
    let names: Vec<_> = export.events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(names, ["page_viewed", "$identify", "button_clicked"], "the oldest first");
    assert_eq!(export.merges.len(), 1);
    let mut keys: Vec<_> = export.property_changes.iter().map(|one| one.key.as_str()).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["plan", "seats"]);
    assert_eq!(export.next_page_token, "");
    // A person without a row is found by its distinct id alone.
    let visitor = asker.export(ExportId::DistinctId("never-seen".into())).await.unwrap();
    let id = visitor.person.unwrap().id;
    let refused = asker.export(ExportId::PersonId(id)).await.expect_err("no row");
    assert_eq!((refused.code(), visitor.events.len()), (Code::NotFound, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_are_kept_with_their_properties() {
    let cluster = Cluster::start().await;
    let asker = Asker::new(&cluster, SECRET_KEY);
    let group = |key: &str, set: serde_json::Value| {
        json!({"name": "$groupidentify", "user_id": "user-1", "properties": {
            "$group_type": "company", "$group_key": key, "$group_set": set}})
    };
    let events = [
        group("acme", json!({"seats": 3, "city": "Rome"})),
        group("zeta", json!({"seats": 1})),
        json!({"name": "paid", "user_id": "user-1", "properties": {"$groups": {"company": "acme"}}}),
    ];
    asked::send(&cluster, WRITE_KEY, &events).await;
    asked::send(&cluster, WRITE_KEY, &[group("acme", json!({"seats": 4}))]).await;
    eventually(DEADLINE, "the groups", async || {
        let acme = asker.group("company", "acme").await?;
        (acme == json!({"seats": 4.0, "city": "Rome"})).then_some(())
    })
    .await;
    assert_eq!(asker.group_types().await, [("company".to_owned(), 2)]);
    let mut keys = asker.groups("company").await;
    keys.sort_unstable();
    assert_eq!(keys, ["acme", "zeta"]);
    // Saying something of a group says nothing of who said it.
    let person = asker.person("user-1").await.unwrap();
    assert!(person.created_time.is_none(), "{person:?}");
}
