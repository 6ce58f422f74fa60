//! Who is in cohorts, and what questions make of it.

use chrono::TimeDelta;
use observe_core::PersonId;
use observe_proto::common::v1::Scope;
use observe_proto::common::v1::condition::Operator;
use observe_proto::common::v1::filter::Conjunction;
use observe_proto::reports::v1 as pb;
use observe_proto::reports::v1::cohort_behavior::Comparison;
use observe_proto::reports::v1::cohort_condition::Kind;
use observe_testkit::eventually;
use tonic::Code;
use uuid::Uuid;

use super::harness::{DAY_MS, Reports, behavior, did, in_cohort, plan, refusal, rule, trends};
use crate::{DEADLINE, project};

#[tokio::test]
async fn a_rule_counts_what_was_done_lately_and_follows_what_is_done_next() {
    let reports = Reports::start().await;
    let often = [did("ada", "buy", 1), did("ada", "buy", 2), did("ben", "buy", 1)];
    let before = [did("ben", "buy", 40), did("cy", "view", 1), did("null", "buy", 1)];
    reports.log([often.as_slice(), &before].concat(), 6.0).await;
    let cohort = reports.cohort("Buyers", rule(behavior("buy", 2, 30))).await.expect("made");
    assert_eq!((cohort.person_count, cohort.count_time.is_some()), (1, true), "counted at once");
    reports.until_members(&cohort.id, &["ada"]).await;
    reports.log(vec![did("ben", "buy", 3)], 7.0).await;
    reports.until_members(&cohort.id, &["ada", "ben"]).await;
    // 29 days later only what was bought a day ago is young enough.
    reports.clock.advance(TimeDelta::milliseconds(28 * DAY_MS + DAY_MS / 2));
    reports.until_members(&cohort.id, &[]).await;
}

#[tokio::test]
async fn rules_join_properties_behaviors_and_cohorts_and_turn_them_around() {
    let reports = Reports::start().await;
    for who in ["ada", "ben"] {
        let person = PersonId::of_distinct_id(project(), who);
        reports.upstream.person(project(), person, Some(r#"{"plan":"pro"}"#));
        reports.upstream.map(project(), who, person);
    }
    reports.log(vec![did("ada", "buy", 1), did("ben", "view", 1), did("cy", "buy", 2)], 3.0).await;
    let pro = reports.cohort("Pro", rule(plan("pro"))).await.expect("made");
    reports.until_members(&pro.id, &["ada", "ben"]).await;
    let condition = |kind, negated| pb::CohortCondition { kind: Some(kind), negated };
    let of = |conjunction: Conjunction, conditions| {
        let conjunction = conjunction.into();
        Some(pb::CohortRule { conjunction, conditions, groups: vec![] })
    };
    let in_pro = || Kind::CohortId(pro.id.clone());
    let both = vec![condition(in_pro(), false), condition(behavior("buy", 1, 30), false)];
    let both = reports.cohort("Paying", of(Conjunction::And, both)).await.expect("made");
    reports.until_members(&both.id, &["ada"]).await;
    let either = vec![condition(in_pro(), false), condition(behavior("buy", 1, 30), false)];
    let either = reports.cohort("Any", of(Conjunction::Or, either)).await.expect("made");
    reports.until_members(&either.id, &["ada", "ben", "cy"]).await;
    let outside = reports.cohort("Free", of(Conjunction::And, vec![condition(in_pro(), true)]));
    let outside = outside.await.expect("made");
    reports.until_members(&outside.id, &["cy"]).await;
    let never = pb::CohortBehavior {
        event: "buy".into(),
        comparison: Comparison::AtMost.into(),
        ..Default::default()
    };
    let never = reports.cohort("Never", rule(Kind::Behavior(never))).await.expect("made");
    reports.until_members(&never.id, &["ben"]).await;
    let request = pb::PreviewCohortRequest { rule: rule(plan("pro")), ..Default::default() };
    let preview = reports.cohorts().preview_cohort(request).await.expect("counted").into_inner();
    assert_eq!((preview.person_count, preview.all_persons), (2, 3));
}

#[tokio::test]
async fn a_fixed_list_follows_merges_and_their_undoing_and_those_who_come_later() {
    let reports = Reports::start().await;
    reports
        .log(vec![did("anon", "view", 1), did("ada", "view", 1), did("ben", "view", 1)], 3.0)
        .await;
    let list = reports.cohort("List", None).await.expect("made");
    let add = |distinct_ids: &[&str], person_ids: &[String]| pb::AddCohortPersonsRequest {
        cohort_id: list.id.clone(),
        distinct_ids: distinct_ids.iter().map(ToString::to_string).collect(),
        person_ids: person_ids.to_vec(),
        ..Default::default()
    };
    let anon = PersonId::of_distinct_id(project(), "anon");
    let ada = PersonId::of_distinct_id(project(), "ada");
    let added = reports.cohorts().add_cohort_persons(add(&["later"], &[anon.to_string()])).await;
    let added = added.expect("added").into_inner().cohort.expect("given");
    assert_eq!(added.person_count, 1, "nobody is `later` yet");
    reports.until_members(&list.id, &["anon"]).await;
    reports.upstream.map(project(), "anon", ada);
    reports.until_members(&list.id, &["anon"]).await;
    eventually(DEADLINE, "the other id of the person to count, too", async || {
        let total = reports.total(in_cohort(&list.id, Operator::Equals)).await;
        (total.ok() == Some(2.0)).then_some(())
    })
    .await;
    reports.upstream.map(project(), "anon", anon);
    eventually(DEADLINE, "it to be alone again", async || {
        let total = reports.total(in_cohort(&list.id, Operator::Equals)).await;
        (total.ok() == Some(1.0)).then_some(())
    })
    .await;
    reports.log(vec![did("later", "view", 0)], 4.0).await;
    reports.until_members(&list.id, &["anon", "later"]).await;
    let nobody = reports.cohorts().add_cohort_persons(add(&[], &[Uuid::nil().to_string()])).await;
    assert_eq!(refusal(nobody), (Code::NotFound, "NOT_FOUND".into()));
    reports.upstream.map(project(), "ada", anon);
    let remove = pb::RemoveCohortPersonsRequest {
        cohort_id: list.id.clone(),
        distinct_ids: vec!["ada".into()],
        ..Default::default()
    };
    eventually(DEADLINE, "the person to go by another of its ids", async || {
        let left = reports.cohorts().remove_cohort_persons(remove.clone()).await.expect("removed");
        let left = left.into_inner().cohort.expect("given");
        (left.person_count == 1).then_some(())
    })
    .await;
    reports.until_members(&list.id, &["later"]).await;
}

#[tokio::test]
async fn questions_take_cohorts_in_filters_and_as_breakdowns() {
    let reports = Reports::start().await;
    let events = vec![
        did("ada", "view", 2),
        did("ada", "buy", 1),
        did("ben", "view", 1),
        did("null", "view", 1),
    ];
    reports.log(events, 4.0).await;
    let buyers = reports.cohort("Buyers", rule(behavior("buy", 1, 30))).await.expect("made").id;
    let viewers = reports.cohort("Viewers", rule(behavior("view", 1, 30))).await.expect("made").id;
    let total = async |id: &str, operator| reports.total(in_cohort(id, operator)).await;
    assert_eq!(total(&buyers, Operator::Equals).await.expect("answered"), 2.0);
    assert_eq!(total(&buyers, Operator::NotIn).await.expect("answered"), 2.0, "nobody is in none");
    assert_eq!(total(&viewers, Operator::In).await.expect("answered"), 3.0);
    let breakdown = pb::Breakdown {
        scope: Scope::Cohort.into(),
        cohort_ids: vec![buyers.clone(), viewers.clone()],
        ..Default::default()
    };
    let question = pb::QueryTrendsRequest { breakdown: Some(breakdown.clone()), ..trends(None) };
    let answer = reports.insights().query_trends(question).await.expect("answered").into_inner();
    let lines: Vec<_> =
        answer.series.iter().map(|line| (line.breakdown_value.as_str(), line.total)).collect();
    assert_eq!(lines, [("Viewers", 3.0), ("Buyers", 2.0)], "ada counts in both");
    let question = pb::QueryTrendsRequest { breakdown: Some(breakdown.clone()), ..trends(None) };
    let behind = pb::ListTrendPersonsRequest {
        trends: Some(question),
        series: 1,
        breakdown_value: "Buyers".into(),
        ..Default::default()
    };
    let page = reports.insights().list_trend_persons(behind).await.expect("a page").into_inner();
    let ids: Vec<_> = page.persons.into_iter().flat_map(|one| one.distinct_ids).collect();
    assert_eq!(ids, ["ada"]);
    let step = |event: &str| pb::FunnelStep { event: event.into(), ..Default::default() };
    let funnel = pb::QueryFunnelRequest {
        range: trends(None).range,
        steps: vec![step("view"), step("buy")],
        breakdown: Some(breakdown),
        ..Default::default()
    };
    let behind = pb::ListFunnelPersonsRequest {
        funnel: Some(funnel.clone()),
        step: 1,
        breakdown_value: "Viewers".into(),
        ..Default::default()
    };
    let page = reports.insights().list_funnel_persons(behind).await.expect("a page").into_inner();
    assert_eq!((page.persons.len(), page.total), (2, 2));
    let answer = reports.insights().query_funnel(funnel).await.expect("answered").into_inner();
    let persons = |steps: &[pb::FunnelStepResult]| -> Vec<i64> {
        steps.iter().map(|step| step.persons).collect()
    };
    assert_eq!(persons(&answer.steps), [2, 1]);
    let lines: Vec<_> =
        answer.breakdowns.iter().map(|one| (one.value.as_str(), persons(&one.steps))).collect();
    assert_eq!(lines, [("Viewers", vec![2, 1]), ("Buyers", vec![1, 1])]);
}

#[tokio::test]
async fn an_answer_that_is_kept_has_who_joined_a_cohort_a_moment_ago() {
    let reports = Reports::start().await;
    reports.log(vec![did("ada", "buy", 1)], 1.0).await;
    let buyers = reports.cohort("Buyers", rule(behavior("buy", 1, 30))).await.expect("made").id;
    let until = async |expected: f64| {
        eventually(DEADLINE, &format!("{expected} events of buyers"), async || {
            let total = reports.total(in_cohort(&buyers, Operator::Equals)).await;
            total.is_ok_and(|total| total == expected)
        })
        .await;
    };
    until(1.0).await;
    // Asked all the while, also right after the event is there.
    reports.upstream.append(0, project(), vec![did("ben", "buy", 1)]);
    until(2.0).await;
}

#[tokio::test]
async fn an_unknown_cohort_is_not_found_and_a_breakdown_says_what_it_lacks() {
    let reports = Reports::start().await;
    reports.log(vec![did("ada", "view", 1)], 1.0).await;
    for id in [Uuid::from_u128(9).to_string(), "no id".to_owned()] {
        let answer = reports.total(in_cohort(&id, Operator::Equals)).await;
        assert_eq!(refusal(answer), (Code::NotFound, "NOT_FOUND".into()), "{id}");
    }
    let breakdown = |cohort_ids, property: &str| pb::Breakdown {
        scope: Scope::Cohort.into(),
        cohort_ids,
        property: property.into(),
        ..Default::default()
    };
    let ask = async |breakdown| {
        let question = pb::QueryTrendsRequest { breakdown: Some(breakdown), ..trends(None) };
        reports.insights().query_trends(question).await
    };
    let wrong = super::harness::wrong(ask(breakdown(vec![], "plan")).await);
    assert_eq!(wrong, ["breakdown.property", "breakdown.cohort_ids"]);
    let unknown = ask(breakdown(vec![Uuid::from_u128(9).to_string()], "")).await;
    assert_eq!(refusal(unknown).0, Code::NotFound);
}

#[tokio::test]
async fn an_erased_person_goes_from_fixed_lists() {
    let reports = Reports::start().await;
    reports.log(vec![did("ada", "view", 1), did("ben", "view", 1)], 2.0).await;
    let list = reports.cohort("List", None).await.expect("made");
    let request = pb::AddCohortPersonsRequest {
        cohort_id: list.id.clone(),
        distinct_ids: vec!["ada".into(), "ben".into()],
        ..Default::default()
    };
    reports.cohorts().add_cohort_persons(request).await.expect("added");
    reports.until_members(&list.id, &["ada", "ben"]).await;
    let id = reports.upstream.erase(project(), &["ada"], super::harness::NOW_MS * 1_000);
    eventually(DEADLINE, "the erasure to be confirmed", async || {
        (!reports.upstream.confirmed(&id).is_empty()).then_some(())
    })
    .await;
    let database = sqlx::PgPool::connect(&reports.stores.database_url).await.expect("it answers");
    let left: Vec<String> = sqlx::query_scalar("select distinct_id from reports.cohort_member")
        .fetch_all(&database)
        .await
        .expect("the superuser sees all");
    assert_eq!(left, ["ben"]);
    reports.until_members(&list.id, &["ben"]).await;
}

#[tokio::test]
async fn members_are_listed_page_by_page_with_what_identity_keeps_of_them() {
    let reports = Reports::start().await;
    let person = PersonId::of_distinct_id(project(), "p0");
    reports.upstream.person(project(), person, Some(r#"{"plan":"pro"}"#));
    reports.upstream.map(project(), "p0", person);
    let events = (0..5).map(|n| did(&format!("p{n}"), "view", 1)).collect();
    reports.log(events, 5.0).await;
    let cohort = reports.cohort("All", rule(behavior("view", 1, 30))).await.expect("made");
    let mut request =
        pb::ListCohortPersonsRequest { cohort_id: cohort.id, page_size: 2, ..Default::default() };
    let mut seen = Vec::new();
    loop {
        let page = reports.cohorts().list_cohort_persons(request.clone()).await.expect("a page");
        let page = page.into_inner();
        assert_eq!(page.total, 5);
        seen.extend(page.persons);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    let known = seen.iter().find(|one| one.distinct_ids == ["p0"]).expect("it is there");
    assert!(known.properties.as_ref().expect("given").fields.contains_key("plan"));
    let mut ids: Vec<_> = seen.into_iter().flat_map(|one| one.distinct_ids).collect();
    ids.sort();
    assert_eq!(ids, ["p0", "p1", "p2", "p3", "p4"]);
    let other = reports.cohort("Others", rule(behavior("buy", 1, 30))).await.expect("made");
    let strange = pb::ListCohortPersonsRequest { cohort_id: other.id, ..request };
    let refused = reports.cohorts().list_cohort_persons(strange).await;
    assert_eq!(super::harness::wrong(refused), ["page_token"]);
}
