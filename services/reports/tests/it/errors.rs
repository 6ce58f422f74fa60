//! `ErrorService` as others meet it, on a real database.

mod harness;

use chrono::TimeDelta;
use observe_core::{PersonId, ProjectId};
use observe_proto::common::v1::{Condition, Filter, Role, TimeRange};
use observe_proto::reports::v1 as pb;
use observe_proto::reports::v1::error_group::Status as GroupStatus;
use observe_proto::reports::v1::insight_service_client::InsightServiceClient;
use serde_json::json;
use tonic::Code;
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::project;
use crate::stand_in::event;
use harness::{Errors, HOUR_MS, MINUTE_MS, NOW_MS, error, key, thrown, user};

#[tokio::test]
async fn errors_are_grouped_and_counted_with_the_people_they_hit() {
    let errors = Errors::start().await;
    let (pay, cart) = (thrown("PayError"), thrown("CartError"));
    let all = vec![
        error("ada", HOUR_MS, &pay),
        error("ben", MINUTE_MS, &pay),
        error("anonymous", 2 * MINUTE_MS, &pay),
        error("ada", 5 * HOUR_MS, &cart),
        error("ada", 30 * HOUR_MS, &cart),
        event("ada", "view", NOW_MS),
    ];
    errors.log(all, 4).await;
    let groups = errors.groups().await;
    let told: Vec<_> = groups
        .iter()
        .map(|group| (group.title.as_str(), group.event_count, group.people_affected))
        .collect();
    assert_eq!(told, [("PayError: Order 17 failed", 3, 2), ("CartError: Order 17 failed", 1, 1)]);
    let [first, second] = groups.as_slice() else { panic!("two") };
    assert_eq!(first.id.len(), 32);
    assert_eq!(
        (first.r#type.as_str(), first.culprit.as_str()),
        ("PayError", "PayError in assets/app.js")
    );
    assert_eq!(first.status(), GroupStatus::Open);
    assert!(first.is_new && !first.handled && !second.is_new);
    let seconds = |time: Option<prost_types::Timestamp>| time.expect("set").seconds * 1_000;
    assert_eq!(seconds(second.first_seen_time), NOW_MS - 30 * HOUR_MS);
    assert_eq!(seconds(second.last_seen_time), NOW_MS - 5 * HOUR_MS);
    assert_eq!((first.points.len(), first.points.iter().sum::<i64>()), (48, 3));
    assert_eq!(first.points[47], 2, "both of the last half hour");
}

#[tokio::test]
async fn one_group_tells_its_stack_its_people_and_what_its_events_have_in_common() {
    let errors = Errors::start().await;
    let mut chained = thrown("PayError");
    let cause = json!({"type": "OSError", "value": "no route", "stack": "OSError: no route\n    at dial (net.js:1:2)"});
    chained["$exception_list"].as_array_mut().expect("a list").push(cause);
    let mut other_release = thrown("PayError");
    other_release["$release"] = json!("2.0");
    let all = vec![
        error("ada", 3 * MINUTE_MS, &other_release),
        error("ben", 2 * MINUTE_MS, &chained),
        error("ada", 4 * MINUTE_MS, &thrown("PayError")),
        error("ada", 5 * MINUTE_MS, &json!({"$exception_type": "Other"})),
    ];
    errors.log(all, 4).await;
    let id = errors.groups().await[0].id.clone();
    let detail = errors.get(&id).await.expect("the group");
    assert_eq!(detail.error_group.as_ref().map(|group| group.event_count), Some(3));
    let kinds: Vec<_> = detail.exceptions.iter().map(|one| one.r#type.as_str()).collect();
    assert_eq!(kinds, ["OSError", "PayError"], "what was thrown last comes last");
    let frame = &detail.exceptions[1].frames[0];
    assert_eq!(
        (frame.function.as_str(), frame.line, frame.column, frame.in_app),
        ("PayError", 7, 9, true)
    );
    assert_eq!(frame.context_line, "throw new Error()");
    assert_eq!(detail.exceptions[0].frames[0].function, "dial");
    let people: Vec<_> =
        detail.persons.iter().map(|one| (one.distinct_id.as_str(), one.event_count)).collect();
    assert_eq!(people, [("ben", 1), ("ada", 2)], "the latest first");
    let ada = PersonId::of_distinct_id(project(), "ada").to_string();
    assert_eq!(detail.persons[1].person_id, ada);
    let releases =
        detail.facets.iter().find(|facet| facet.property == "$release").expect("it is set");
    let releases: Vec<_> =
        releases.values.iter().map(|one| (one.value.as_str(), one.event_count)).collect();
    assert_eq!(releases, [("1.0", 2), ("2.0", 1)]);
    assert_eq!(detail.point_times.len(), detail.error_group.expect("the group").points.len());
    assert!(Uuid::parse_str(&detail.latest_event_uuid).is_ok() && detail.status_time.is_none());
}

#[tokio::test]
async fn two_ids_of_one_person_are_one_person_affected() {
    let errors = Errors::start().await;
    let all = vec![error("anon", HOUR_MS, &thrown("E")), error("ada", MINUTE_MS, &thrown("E"))];
    errors.log(all, 2).await;
    assert_eq!(errors.groups().await[0].people_affected, 2);
    errors.upstream.map(project(), "anon", PersonId::of_distinct_id(project(), "ada"));
    errors.until("the merge to count", |groups| groups[0].people_affected == 1).await;
    let id = errors.groups().await[0].id.clone();
    let persons = errors.get(&id).await.expect("the group").persons;
    assert_eq!((persons.len(), persons[0].event_count), (1, 2));
}

#[tokio::test]
async fn a_resolved_group_reopens_by_what_is_received_later_and_an_ignored_one_does_not() {
    let errors = Errors::start().await;
    errors.log(vec![error("ada", MINUTE_MS, &thrown("E"))], 1).await;
    let id = errors.groups().await[0].id.clone();
    let resolved = errors.update(&id, GroupStatus::Resolved, user(Role::Member)).await;
    assert_eq!(resolved.expect("it may").status(), GroupStatus::Resolved);
    assert_eq!(
        errors.get(&id).await.expect("it").status_time.map(|t| t.seconds * 1_000),
        Some(NOW_MS)
    );

    // One that happened before and arrives after it was resolved is none, if it was received before.
    errors.log(vec![error("ben", 2 * MINUTE_MS, &thrown("E"))], 2).await;
    assert_eq!(errors.groups().await[0].status(), GroupStatus::Resolved);

    errors.clock.advance(TimeDelta::seconds(10));
    errors.log(vec![error("cid", -5_000, &thrown("E"))], 3).await;
    let again = errors.groups().await[0].clone();
    assert_eq!((again.status(), again.regressed), (GroupStatus::Open, true));

    let ignored = errors.update(&id, GroupStatus::Ignored, key(project())).await.expect("it may");
    assert_eq!((ignored.status(), ignored.regressed), (GroupStatus::Ignored, false));
    errors.clock.advance(TimeDelta::seconds(10));
    errors.log(vec![error("cid", -15_000, &thrown("E"))], 4).await;
    assert_eq!(errors.groups().await[0].status(), GroupStatus::Ignored);

    let of = async |status: GroupStatus| {
        let filter = pb::ErrorGroupFilter { statuses: vec![status.into()], ..Default::default() };
        let request = pb::ListErrorGroupsRequest { filter: Some(filter), ..Default::default() };
        errors.list(request).await.expect("an answer").total
    };
    assert_eq!((of(GroupStatus::Open).await, of(GroupStatus::Ignored).await), (0, 1));
    let open = errors.update(&id, GroupStatus::Open, key(project())).await.expect("it may");
    assert_eq!((open.status(), open.regressed), (GroupStatus::Open, false));
}

#[tokio::test]
async fn decisions_survive_a_restart_and_so_do_groups() {
    let errors = Errors::start().await;
    let all = vec![error("ada", MINUTE_MS, &thrown("E")), error("ben", MINUTE_MS, &thrown("E"))];
    errors.log(all, 2).await;
    let before = errors.groups().await;
    errors.update(&before[0].id, GroupStatus::Resolved, key(project())).await.expect("it may");
    // The log is read anew from its start, as after a restart.
    errors.upstream.clear();
    errors.log(vec![error("ada", MINUTE_MS, &thrown("E"))], 1).await;
    let after = errors.groups().await;
    assert_eq!(
        (after[0].id.as_str(), after[0].status()),
        (before[0].id.as_str(), GroupStatus::Resolved)
    );
}

#[tokio::test]
async fn pages_follow_each_other_and_tokens_are_bound_to_their_filter() {
    let errors = Errors::start().await;
    let kinds = ["A", "B", "C", "D", "E"];
    let mut all = Vec::new();
    for (n, kind) in kinds.iter().enumerate() {
        all.extend((0..=n).map(|who| error(&format!("user {who}"), HOUR_MS, &thrown(kind))));
    }
    errors.log(all, 15).await;
    let page = |page_token: String| pb::ListErrorGroupsRequest {
        page_size: 2,
        page_token,
        ..pb::ListErrorGroupsRequest::default()
    };
    let mut seen = Vec::new();
    let mut token = String::new();
    loop {
        let answer = errors.list(page(token)).await.expect("a page");
        assert_eq!(answer.total, 5);
        seen.extend(answer.error_groups.into_iter().map(|group| group.r#type));
        // Time goes on, and the pages still are of one range.
        errors.clock.advance(TimeDelta::minutes(30));
        token = answer.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(seen, ["E", "D", "C", "B", "A"]);
    let first = errors.list(page(String::new())).await.expect("a page").next_page_token;
    let filter = pb::ErrorGroupFilter { search: "a".into(), ..Default::default() };
    let request = pb::ListErrorGroupsRequest { filter: Some(filter), ..page(first) };
    assert_eq!(
        errors.list(request).await.expect_err("another filter").code(),
        Code::InvalidArgument
    );
}

#[tokio::test]
async fn groups_are_found_by_title_type_and_culprit() {
    let errors = Errors::start().await;
    let all = vec![
        error("ada", HOUR_MS, &thrown("PayError")),
        error(
            "ada",
            HOUR_MS,
            &json!({"$exception_type": "KeyError", "$exception_message": "Größe"}),
        ),
    ];
    errors.log(all, 2).await;
    for (search, found) in
        [("payerror", 1), ("ASSETS/APP", 1), ("größe", 1), ("order", 1), ("error", 2), ("none", 0)]
    {
        let filter = pb::ErrorGroupFilter { search: search.into(), ..Default::default() };
        let request = pb::ListErrorGroupsRequest { filter: Some(filter), ..Default::default() };
        assert_eq!(errors.list(request).await.expect("an answer").total, found, "{search}");
    }
}

#[tokio::test]
async fn a_spike_is_told_while_it_lasts() {
    let errors = Errors::start().await;
    let all = (0..15).map(|n| error(&format!("u{}", n % 3), n * 1_000, &thrown("E"))).collect();
    errors.log(all, 15).await;
    let since = errors.groups().await[0].spike_since_time.expect("a spike");
    assert_eq!(since.seconds * 1_000, NOW_MS - 14_000);
    errors.clock.advance(TimeDelta::seconds(61));
    assert_eq!(errors.groups().await[0].spike_since_time, None, "it stopped a minute ago");
}

#[tokio::test]
async fn a_group_is_a_property_that_every_question_can_use() {
    let errors = Errors::start().await;
    let forged = json!({"$exception_type": "Other", "$exception_group": "forged"});
    errors.log(vec![error("ada", HOUR_MS, &thrown("E")), error("ben", HOUR_MS, &forged)], 2).await;
    let groups = errors.groups().await;
    let id = &groups.iter().find(|group| group.r#type == "E").expect("it").id;
    let at = |ms: i64| Some(prost_types::Timestamp { seconds: ms / 1_000, nanos: 0 });
    let count = async |value: &str| {
        let condition = Condition {
            property: "$exception_group".into(),
            values: vec![value.to_owned()],
            ..Condition::default()
        };
        let filter = Filter { conditions: vec![condition], ..Filter::default() };
        let series = pb::TrendsSeries { event: "$exception".into(), ..Default::default() };
        let request = pb::QueryTrendsRequest {
            range: Some(TimeRange { start_time: at(NOW_MS - 24 * HOUR_MS), end_time: at(NOW_MS) }),
            series: vec![series],
            filter: Some(filter),
            ..Default::default()
        };
        let mut client = InsightServiceClient::new(errors.channel.clone());
        let answer = client.query_trends(errors.signed(request, key(project()))).await;
        answer.expect("an answer").into_inner().series[0].total
    };
    assert_eq!((count(id).await, count("forged").await), (1.0, 0.0));
}

#[tokio::test]
async fn hostile_texts_and_endless_stacks_are_told_as_they_are_within_bounds() {
    let errors = Errors::start().await;
    let hostile = "<script>alert('x')</script>\u{202e}\"; drop table error_group_status; --";
    let frames: Vec<_> = (0..20_000)
        .map(|n| json!({"function": hostile, "filename": "a.js", "lineno": n}))
        .collect();
    let list = json!([{"type": hostile, "value": hostile.repeat(1_000), "stacktrace": {"frames": frames}}]);
    errors.log(vec![error(hostile, MINUTE_MS, &json!({"$exception_list": list}))], 1).await;
    let group = errors.groups().await[0].clone();
    assert_eq!(group.r#type, hostile);
    assert!(group.title.starts_with("<script>") && group.title.chars().count() <= 200);
    let detail = errors.get(&group.id).await.expect("it");
    assert_eq!(
        (detail.exceptions[0].frames.len(), detail.persons[0].distinct_id.as_str()),
        (200, hostile)
    );
    assert!(detail.exceptions[0].value.chars().count() <= 2_000);
    let refused = errors.update(hostile, GroupStatus::Resolved, key(project())).await;
    assert_eq!(refused.expect_err("no group").code(), Code::NotFound);
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_at_once() {
    let errors = Errors::start().await;
    errors.log(vec![error("ada", MINUTE_MS, &thrown("E"))], 1).await;
    let filter = pb::ErrorGroupFilter {
        range: Some(TimeRange::default()),
        statuses: vec![9],
        search: "x".repeat(201),
    };
    let request =
        pb::ListErrorGroupsRequest { filter: Some(filter), page_size: 1_001, ..Default::default() };
    let refused = errors.list(request).await.expect_err("wrong");
    let details = refused.get_error_details();
    let violations = &details.bad_request().expect("a bad request").field_violations;
    assert_eq!(
        violations.iter().map(|one| one.field.as_str()).collect::<Vec<_>>(),
        ["range.start_time", "range.end_time", "filter.statuses[0]", "filter.search", "page_size"]
    );
    let id = errors.groups().await[0].id.clone();
    let refused = errors.update(&id, GroupStatus::Unspecified, key(project())).await;
    assert_eq!(refused.expect_err("no status").code(), Code::InvalidArgument);
    let token = pb::ListErrorGroupsRequest { page_token: "x".into(), ..Default::default() };
    assert_eq!(errors.list(token).await.expect_err("no token").code(), Code::InvalidArgument);
    assert_eq!(errors.get("x").await.expect_err("no group").code(), Code::NotFound);
}

#[tokio::test]
async fn another_projects_groups_do_not_exist_and_viewers_change_nothing() {
    let errors = Errors::start().await;
    errors.log(vec![error("ada", MINUTE_MS, &thrown("E"))], 1).await;
    let id = errors.groups().await[0].id.clone();
    let refused = errors.update(&id, GroupStatus::Resolved, user(Role::Viewer)).await;
    assert_eq!(refused.expect_err("a viewer").code(), Code::PermissionDenied);
    let stranger = key(ProjectId::new(Uuid::from_u128(78)));
    let refused = errors.update(&id, GroupStatus::Resolved, stranger.clone()).await;
    assert_eq!(refused.expect_err("another project").code(), Code::NotFound);
    let request = pb::GetErrorGroupRequest { error_group_id: id, ..Default::default() };
    let own = errors.client().get_error_group(errors.signed(request, stranger.clone())).await;
    assert_eq!(own.expect_err("not in theirs").code(), Code::NotFound);
    let request = errors.signed(pb::ListErrorGroupsRequest::default(), stranger);
    let theirs = errors.client().list_error_groups(request).await.expect("an answer");
    assert_eq!(theirs.into_inner().total, 0);
}

#[tokio::test]
async fn row_level_security_is_forced_on_every_table_of_a_project() {
    let errors = Errors::start().await;
    let pool = sqlx::PgPool::connect(&errors.stores.database_url).await.expect("a database");
    let tables: Vec<(String, bool)> = sqlx::query_as(
        "select c.relname::text, c.relrowsecurity and c.relforcerowsecurity
         from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'project_id'
         where c.relnamespace = 'reports'::regnamespace and c.relkind in ('r', 'p')",
    )
    .fetch_all(&pool)
    .await
    .expect("an answer");
    assert!(tables.iter().any(|(name, _)| name == "error_group_status"));
    assert!(tables.iter().all(|(_, forced)| *forced), "{tables:?}");
}
