//! How cohorts are kept: what is refused, and by whom they may be seen.

use observe_proto::common::v1::condition::Operator;
use observe_proto::common::v1::{Condition, Filter, Role, Scope};
use observe_proto::reports::v1 as pb;
use observe_proto::reports::v1::cohort_condition::Kind;
use observe_proto::reports::v1::cohort_service_client::CohortServiceClient;
use tonic::Code;
use uuid::Uuid;

use super::harness::{
    Reports, behavior, did, key, other_project, plan, refusal, rule, user, wrong,
};

#[tokio::test]
async fn a_cohort_is_made_read_changed_and_removed() {
    let reports = Reports::start().await;
    let made = reports.cohort("Buyers", rule(behavior("buy", 1, 7))).await.expect("made");
    assert_eq!((made.name.as_str(), &made.rule), ("Buyers", &rule(behavior("buy", 1, 7))));
    let get = pb::GetCohortRequest { cohort_id: made.id.clone(), ..Default::default() };
    let read = reports.cohorts().get_cohort(get.clone()).await.expect("read").into_inner().cohort;
    assert_eq!(read.as_ref().map(|read| &read.id), Some(&made.id));
    let list = reports.cohort("A list", None).await.expect("made");
    let update = pb::UpdateCohortRequest {
        cohort_id: made.id.clone(),
        name: "Pro".into(),
        description: "who pays".into(),
        rule: rule(plan("pro")),
        ..Default::default()
    };
    let changed = reports.cohorts().update_cohort(update).await.expect("changed").into_inner();
    assert_eq!(changed.cohort.as_ref().and_then(|one| one.rule.clone()), rule(plan("pro")));
    let all = reports.cohorts().list_cohorts(pb::ListCohortsRequest::default()).await;
    let names: Vec<_> =
        all.expect("listed").into_inner().cohorts.into_iter().map(|one| one.name).collect();
    assert_eq!(names, ["A list", "Pro"], "by name");
    for cohort_id in [made.id, list.id] {
        let delete = pb::DeleteCohortRequest { cohort_id, ..Default::default() };
        reports.cohorts().delete_cohort(delete.clone()).await.expect("removed");
        assert_eq!(refusal(reports.cohorts().delete_cohort(delete).await).0, Code::NotFound);
    }
    assert_eq!(refusal(reports.cohorts().get_cohort(get).await).0, Code::NotFound);
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_rule_is_told_at_once() {
    let reports = Reports::start().await;
    let condition = |kind| pb::CohortCondition { kind, negated: false };
    let property = Condition {
        property: String::new(),
        operator: Operator::Greater.into(),
        values: vec!["much".into()],
        ..Default::default()
    };
    let in_cohort = Condition {
        scope: Scope::Cohort.into(),
        values: vec![Uuid::nil().to_string()],
        ..Default::default()
    };
    let filter = Filter { conditions: vec![in_cohort], ..Default::default() };
    let behavior = pb::CohortBehavior {
        times: -1,
        days: 4_000,
        comparison: 9,
        filter: Some(filter),
        ..Default::default()
    };
    let rule = pb::CohortRule {
        conjunction: 7,
        conditions: vec![
            condition(Some(Kind::Property(property))),
            condition(Some(Kind::Behavior(behavior))),
            condition(Some(Kind::CohortId("none".into()))),
            condition(None),
        ],
        groups: vec![pb::CohortRule::default()],
    };
    let fields = [
        "name",
        "rule.conjunction",
        "rule.conditions[0].property.property",
        "rule.conditions[0].property.values[0]",
        "rule.conditions[1].behavior.times",
        "rule.conditions[1].behavior.days",
        "rule.conditions[1].behavior.comparison",
        "rule.conditions[1].behavior.filter.conditions[0].scope",
        "rule.conditions[2].cohort_id",
        "rule.conditions[3]",
        "rule.groups[0]",
    ];
    assert_eq!(wrong(reports.cohort("", Some(rule)).await), fields);
    let empty = reports.cohort("Empty", Some(pb::CohortRule::default())).await;
    assert_eq!(wrong(empty), ["rule"], "everybody is no cohort; a list has no rule at all");
    let mut deep =
        pb::CohortRule { conditions: vec![condition(Some(plan("pro")))], ..Default::default() };
    for _ in 0..6 {
        deep = pb::CohortRule { groups: vec![deep], ..Default::default() };
    }
    assert_eq!(wrong(reports.cohort("Deep", Some(deep)).await), ["rule"]);
    let many = vec![condition(Some(plan("pro"))); 51];
    let many = pb::CohortRule { conditions: many, ..Default::default() };
    assert_eq!(wrong(reports.cohort("Many", Some(many)).await), ["rule"]);
}

#[tokio::test]
async fn names_are_taken_once_and_rules_lead_neither_back_nor_nowhere() {
    let reports = Reports::start().await;
    let first = reports.cohort("First", rule(plan("pro"))).await.expect("made");
    let again = reports.cohort("First", None).await;
    assert_eq!(refusal(again), (Code::AlreadyExists, "ALREADY_EXISTS".into()));
    let naming = |id: &str| rule(Kind::CohortId(id.to_owned()));
    let second = reports.cohort("Second", naming(&first.id)).await.expect("made");
    let lost = reports.cohort("Lost", naming(&Uuid::from_u128(3).to_string())).await;
    assert_eq!(refusal(lost).0, Code::NotFound);
    let update = |rule| pb::UpdateCohortRequest {
        cohort_id: first.id.clone(),
        name: "First".into(),
        rule,
        ..Default::default()
    };
    for id in [&first.id, &second.id] {
        let back = reports.cohorts().update_cohort(update(naming(id))).await;
        assert_eq!(wrong(back), ["rule"], "it leads back to itself");
    }
    assert_eq!(
        wrong(reports.cohorts().update_cohort(update(None)).await),
        ["rule"],
        "a rule stays"
    );
    let delete = |cohort_id: &str| pb::DeleteCohortRequest {
        cohort_id: cohort_id.to_owned(),
        ..Default::default()
    };
    let used = reports.cohorts().delete_cohort(delete(&first.id)).await;
    assert_eq!(refusal(used).0, Code::FailedPrecondition);
    reports.cohorts().delete_cohort(delete(&second.id)).await.expect("removed");
    reports.cohorts().delete_cohort(delete(&first.id)).await.expect("removed");
}

#[tokio::test]
async fn only_fixed_lists_take_persons_and_only_those_who_are_somebody() {
    let reports = Reports::start().await;
    reports.log(vec![did("ada", "view", 1)], 1.0).await;
    let ruled = reports.cohort("Ruled", rule(plan("pro"))).await.expect("made");
    let list = reports.cohort("List", None).await.expect("made");
    let add = async |cohort_id: &str, distinct_ids: Vec<String>| {
        let cohort_id = cohort_id.to_owned();
        let request = pb::AddCohortPersonsRequest { cohort_id, distinct_ids, ..Default::default() };
        reports.cohorts().add_cohort_persons(request).await
    };
    let refused = add(&ruled.id, vec!["ada".into()]).await;
    assert_eq!(refusal(refused).0, Code::FailedPrecondition);
    assert_eq!(wrong(add(&list.id, vec![]).await), ["distinct_ids"]);
    let bad = vec!["null".into(), "ada".into(), "x".repeat(201)];
    assert_eq!(wrong(add(&list.id, bad).await), ["distinct_ids[0]", "distinct_ids[2]"]);
    let too_many = (0..1_001).map(|n| format!("p{n}")).collect();
    assert_eq!(wrong(add(&list.id, too_many).await), ["distinct_ids"]);
    for _ in 0..2 {
        let added = add(&list.id, vec!["ada".into(), "ada".into()]).await.expect("added");
        assert_eq!(added.into_inner().cohort.expect("given").person_count, 1, "once");
    }
}

#[tokio::test]
async fn another_tenants_cohort_is_like_none_and_viewers_change_nothing() {
    let reports = Reports::start().await;
    let made = reports.cohort("Mine", rule(plan("pro"))).await.expect("made");
    let mut stranger = CohortServiceClient::new(reports.by(key(other_project())));
    let cohort_id = made.id.clone();
    let get = pb::GetCohortRequest { cohort_id: cohort_id.clone(), ..Default::default() };
    assert_eq!(refusal(stranger.get_cohort(get.clone()).await).0, Code::NotFound);
    let persons =
        pb::ListCohortPersonsRequest { cohort_id: cohort_id.clone(), ..Default::default() };
    assert_eq!(refusal(stranger.list_cohort_persons(persons).await).0, Code::NotFound);
    let delete = pb::DeleteCohortRequest { cohort_id: cohort_id.clone(), ..Default::default() };
    assert_eq!(refusal(stranger.delete_cohort(delete.clone()).await).0, Code::NotFound);
    let naming = pb::CreateCohortRequest {
        name: "Theirs".into(),
        rule: rule(Kind::CohortId(cohort_id)),
        ..Default::default()
    };
    assert_eq!(refusal(stranger.create_cohort(naming).await).0, Code::NotFound);
    let all = stranger.list_cohorts(pb::ListCohortsRequest::default()).await.expect("listed");
    assert_eq!(all.into_inner().cohorts, []);

    let mut viewer = CohortServiceClient::new(reports.by(user(Role::Viewer)));
    let project_id = crate::project().to_string();
    let get = pb::GetCohortRequest { project_id: project_id.clone(), ..get };
    viewer.get_cohort(get).await.expect("a viewer may look");
    let delete = pb::DeleteCohortRequest { project_id, ..delete };
    assert_eq!(refusal(viewer.delete_cohort(delete).await).0, Code::PermissionDenied);
}
