//! `PersonActivityService` as others meet it.

mod harness;
pub(crate) mod stand_in;

use observe_core::{Principal, ProjectId, SessionId, UserId};
use observe_proto::common::v1::Role;
use observe_proto::identity::v1::{Merge, PropertyChange};
use observe_proto::reports::v1 as pb;
use observe_proto::reports::v1::export_person_request::Id as ExportId;
use observe_proto::reports::v1::list_person_events_request::Id as ListId;
use prost_types::Timestamp;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::{project, signed_by};
use harness::{Activity, id_of};

fn fields(status: &Status) -> Vec<String> {
    let details = status.get_error_details();
    let violations = &details.bad_request().expect("a bad request").field_violations;
    violations.iter().map(|one| one.field.clone()).collect()
}

#[tokio::test]
async fn a_persons_events_are_those_of_all_its_ids_and_pages_do_not_change_its_sessions() {
    let activity = Activity::start().await;
    let ada = activity.person(&["ada", "anon"], "pro");
    for (who, minute, session) in [
        ("anon", 0, "s1"),
        ("anon", 50, "s1"),
        ("ben", 51, ""),
        ("ada", 52, ""),
        ("ada", 53, "s2"),
        ("ada", 100, ""),
        ("anon", 120, ""),
        ("ada", 151, ""),
    ] {
        activity.event(who, minute, session);
    }
    let expected =
        [(151, true), (120, false), (100, true), (53, true), (52, false), (50, false), (0, true)];
    for size in [1, 2, 3, 200] {
        assert_eq!(activity.timeline(ListId::PersonId(ada.clone()), size).await, expected);
        assert_eq!(activity.timeline(ListId::DistinctId("anon".into()), size).await, expected);
    }
    assert_eq!(activity.timeline(ListId::DistinctId("ben".into()), 0).await, [(51, true)]);
    assert_eq!(activity.timeline(ListId::DistinctId("never seen".into()), 0).await, []);
}

#[tokio::test]
async fn a_session_that_goes_on_for_days_begins_anew_each_day_whatever_the_page() {
    let activity = Activity::start().await;
    activity.person(&["server"], "pro");
    for n in 0..220 {
        activity.event("server", n * 20, "");
    }
    let id = || ListId::DistinctId("server".into());
    let whole = activity.timeline(id(), 200).await;
    let starts: Vec<_> = whole.iter().filter(|(_, begins)| *begins).map(|(at, _)| *at).collect();
    assert_eq!(starts, [4_380, 2_920, 1_460, 0]);
    assert_eq!(activity.timeline(id(), 33).await, whole);
    // A page of ten does not look at all there is once a pause is in sight.
    activity.event("server", 10_000, "");
    activity.people.state().told = 0;
    activity.page(id(), 1, "").await.expect("a page");
    assert!(activity.people.state().told < 30);
}

#[tokio::test]
async fn pages_go_on_with_whom_a_person_became() {
    let activity = Activity::start().await;
    let ben = activity.person(&["ben"], "free");
    let ada = activity.person(&["ada"], "pro");
    activity.event("ada", 0, "");
    activity.event("ben", 1, "");
    activity.event("ben", 2, "");
    let id = ListId::DistinctId("ben".into());
    let first = activity.page(id.clone(), 1, "").await.expect("a page");
    {
        let mut state = activity.people.state();
        state.persons.retain(|person| person.id == ada);
        state.persons[0].distinct_ids.push("ben".into());
        state.merged_away.push((ben.clone(), ada));
    }
    let second = activity.page(id, 200, &first.next_page_token).await.expect("a page");
    let who: Vec<_> = second.events.iter().map(|event| event.distinct_id.as_str()).collect();
    assert_eq!(who, ["ben", "ada"]);
    let by_old_id = activity.page(ListId::PersonId(ben), 200, "").await.expect("a page");
    assert_eq!(by_old_id.events.len(), 3);
}

#[tokio::test]
async fn an_export_has_all_that_is_kept_with_events_from_the_oldest_on() {
    let activity = Activity::start().await;
    let ada = activity.person(&["ada"], "pro");
    {
        let mut state = activity.people.state();
        state.merges = (0..450).map(|n| Merge { id: n.to_string(), ..Merge::default() }).collect();
        let change = |n: i32| PropertyChange { key: n.to_string(), ..PropertyChange::default() };
        state.changes = (0..1_000).map(change).collect();
    }
    for minute in 0..1_003 {
        activity.event("ada", minute, "");
    }
    let mut request =
        pb::ExportPersonRequest { id: Some(ExportId::PersonId(ada.clone())), ..Default::default() };
    let first = activity.export(request.clone()).await.expect("a page");
    assert_eq!(first.person.map(|person| person.id), Some(ada));
    assert_eq!((first.merges.len(), first.property_changes.len()), (450, 1_000));
    assert_eq!(
        (first.merges[449].id.as_str(), first.property_changes[999].key.as_str()),
        ("449", "999")
    );
    request.page_token = first.next_page_token;
    let second = activity.export(request).await.expect("a page");
    assert!(
        second.person.is_none() && second.merges.is_empty() && second.property_changes.is_empty()
    );
    let all = first.events.iter().chain(&second.events);
    let minutes: Vec<_> = all.map(|event| event.time.expect("set").seconds / 60).collect();
    assert_eq!(minutes, (0..1_003).collect::<Vec<_>>());
    assert_eq!(second.next_page_token, "");

    // One that was never identified has events alone.
    activity.event("visitor", 5, "");
    let id = Some(ExportId::DistinctId("visitor".into()));
    let export = activity.export(pb::ExportPersonRequest { id, ..Default::default() }).await;
    let export = export.expect("a page");
    assert_eq!(export.person.expect("always").distinct_ids, ["visitor"]);
    assert_eq!((export.events.len(), export.merges.len()), (1, 0));
}

#[tokio::test]
async fn a_preview_counts_both_sides_and_changes_nothing() {
    let activity = Activity::start().await;
    let ada = activity.person(&["ada", "ipad"], "pro");
    let ben = activity.person(&["ben"], "free");
    for (who, minute) in [("ada", 5), ("ipad", 3), ("ben", 7), ("anon", 9), ("anon", 11)] {
        activity.event(who, minute, "");
    }
    activity.fixture.expect_funnel(&[4, 0]).await;
    let preview = activity.preview(&ben, &ada, "").await.expect("a preview");
    let told = |side: &Option<pb::PersonActivity>| {
        let side = side.as_ref().expect("set");
        let minute = |time: Option<Timestamp>| time.map(|time| time.seconds / 60);
        (side.event_count, minute(side.first_event_time), minute(side.last_event_time))
    };
    assert_eq!(told(&preview.source), (1, Some(7), Some(7)));
    assert_eq!(told(&preview.target), (2, Some(3), Some(5)));
    assert_eq!(preview.merged.expect("set").distinct_ids, ["ada", "ipad", "ben"]);
    assert_eq!((preview.conflicting_keys, preview.trouble.as_str()), (vec!["plan".to_owned()], ""));

    // A visitor without a row is named by its distinct id as well.
    let preview = activity.preview(&id_of("anon"), &ada, "anon").await.expect("a preview");
    assert_eq!(told(&preview.source), (2, Some(9), Some(11)));
    let refused = activity.preview(&id_of("anon"), &ada, "").await.expect_err("no row");
    assert_eq!(refused.code(), Code::NotFound);
    let refused = activity.preview(&id_of("anon"), &ada, "other").await.expect_err("not its id");
    assert_eq!(refused.code(), Code::NotFound);
    let preview = activity.preview("", &ada, "anon").await.expect("a preview");
    assert_eq!(told(&preview.source).0, 2);
    for (source, target, distinct_id, field) in [
        (ada.as_str(), ada.as_str(), "", "source_person_id"),
        (&ada, &ada, "ipad", "source_person_id"),
        ("", &ada, "", "source_person_id"),
        ("", &ada, "null", "source_distinct_id"),
        (&ben, "", "", "target_person_id"),
    ] {
        let refused = activity.preview(source, target, distinct_id).await.expect_err(field);
        assert_eq!(
            (refused.code(), fields(&refused)),
            (Code::InvalidArgument, vec![field.to_owned()])
        );
    }
    activity.fixture.expect_funnel(&[4, 0]).await;
}

#[tokio::test]
async fn strangers_and_broken_rules_are_refused() {
    let activity = Activity::start().await;
    let ada = activity.person(&["ada"], "pro");
    activity.event("ada", 1, "");
    activity.event("ada", 2, "");
    let by_id = || ListId::PersonId(ada.clone());
    let page = activity.page(by_id(), 1, "").await.expect("a page");
    let token = page.next_page_token.as_str();
    for (id, size, token, field) in [
        (by_id(), 201, "", "page_size"),
        (by_id(), -1, "", "page_size"),
        (by_id(), 0, "bm9wZQ", "page_token"),
        (ListId::DistinctId("ada".into()), 0, token, "page_token"),
        (ListId::DistinctId(String::new()), 0, "", "id"),
        (ListId::DistinctId("a\0".into()), 0, "", "distinct_id"),
    ] {
        let refused = activity.page(id, size, token).await.expect_err("against a rule");
        assert_eq!(
            (refused.code(), fields(&refused)),
            (Code::InvalidArgument, vec![field.to_owned()])
        );
    }
    let export = pb::ExportPersonRequest {
        id: Some(ExportId::PersonId(ada.clone())),
        page_token: token.into(),
        ..Default::default()
    };
    let refused = activity.export(export).await.expect_err("a token of another list");
    assert_eq!(fields(&refused), ["page_token"]);
    for unknown in [id_of("nobody"), "no id at all".to_owned()] {
        let refused = activity.page(ListId::PersonId(unknown), 0, "").await.expect_err("no row");
        assert_eq!(refused.code(), Code::NotFound);
    }

    let request = pb::ExportPersonRequest {
        project_id: project().to_string(),
        id: Some(ExportId::PersonId(ada)),
        ..Default::default()
    };
    let user = |project, role| Principal::Session {
        user: UserId::new(Uuid::from_u128(5)),
        session: SessionId::new(Uuid::from_u128(6)),
        projects: vec![(project, role)],
        organizations: vec![],
    };
    let other = ProjectId::new(Uuid::from_u128(78));
    for (principal, expected) in [
        (user(project(), Role::Viewer), Code::PermissionDenied),
        (user(other, Role::Owner), Code::NotFound),
        (user(project(), Role::Member), Code::Ok),
    ] {
        let answer =
            activity.client.clone().export_person(signed_by(request.clone(), principal)).await;
        assert_eq!(answer.map_or_else(|status| status.code(), |_| Code::Ok), expected);
    }
}
