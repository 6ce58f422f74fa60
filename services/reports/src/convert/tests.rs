//! Questions that break rules, and answers on the wire.

mod site;

use observe_core::Violations;
use observe_proto::common::v1 as common;
use observe_proto::common::v1::condition::Operator;
use observe_proto::reports::v1 as pb;
use prost_types::{Duration, Timestamp};

use super::{funnel_query, funnel_response, trend_persons_query, trends_query, trends_response};
use crate::funnel::{FunnelAnswer, StepAnswer};
use crate::trends::{Line, TrendsAnswer};

fn range(start: i64, end: i64) -> Option<common::TimeRange> {
    let at = |seconds| Some(Timestamp { seconds, nanos: 0 });
    Some(common::TimeRange { start_time: at(start), end_time: at(end) })
}

fn trends() -> pb::QueryTrendsRequest {
    pb::QueryTrendsRequest {
        range: range(0, 86_400),
        series: vec![pb::TrendsSeries { event: "view".into(), ..pb::TrendsSeries::default() }],
        ..pb::QueryTrendsRequest::default()
    }
}

fn funnel() -> pb::QueryFunnelRequest {
    let step = |event: &str| pb::FunnelStep { event: event.into(), ..Default::default() };
    pb::QueryFunnelRequest {
        range: range(0, 86_400),
        steps: vec![step("view"), step("")],
        ..pb::QueryFunnelRequest::default()
    }
}

fn condition(operator: Operator, values: &[&str]) -> common::Condition {
    common::Condition {
        property: "p".into(),
        scope: 0,
        operator: operator.into(),
        values: values.iter().map(|value| (*value).to_owned()).collect(),
    }
}

fn filter(conditions: Vec<common::Condition>) -> Option<common::Filter> {
    Some(common::Filter { conditions, ..common::Filter::default() })
}

fn fields(result: Result<impl std::fmt::Debug, Violations>) -> Vec<String> {
    let violations = result.expect_err("rules are broken");
    violations.iter().map(|violation| violation.field.clone()).collect()
}

#[test]
fn every_violation_is_named() {
    let mut request = trends();
    request.range = range(5, 5);
    request.time_zone = "Mars/Olympus".into();
    request.interval = 99;
    request.series[0].math = 99;
    request.series[0].filter = filter(vec![condition(Operator::Greater, &["x"])]);
    request.breakdown = Some(pb::Breakdown { limit: 101, scope: 9, ..pb::Breakdown::default() });
    assert_eq!(
        fields(trends_query(&request)),
        [
            "range.end_time",
            "interval",
            "time_zone",
            "series[0].math",
            "series[0].filter.conditions[0].values[0]",
            "breakdown.property",
            "breakdown.limit",
            "breakdown.scope",
        ]
    );
    let mut request = funnel();
    request.range = None;
    request.steps.truncate(1);
    request.order = 7;
    request.window = Some(Duration { seconds: 0, nanos: 0 });
    assert_eq!(fields(funnel_query(&request)), ["range", "order", "steps", "window"]);
}

#[test]
fn ranges_are_required_and_limited_in_buckets() {
    let mut request = trends();
    request.range = Some(common::TimeRange::default());
    assert_eq!(fields(trends_query(&request)), ["range.start_time", "range.end_time"]);
    request.range = range(0, 10_001 * 86_400);
    assert_eq!(fields(trends_query(&request)), ["range"]);
    request.range = range(i64::MIN, i64::MAX);
    assert_eq!(fields(trends_query(&request)), ["range.start_time", "range.end_time"]);
    request.range = range(0, 10_000 * 86_400);
    assert!(trends_query(&request).is_ok());
}

#[test]
fn the_defaults_are_the_documented_ones() {
    let mut request = funnel();
    request.breakdown = Some(pb::Breakdown { property: "p".into(), ..pb::Breakdown::default() });
    let query = funnel_query(&request).expect("valid");
    assert_eq!(query.window_ms, 14 * 86_400_000);
    assert_eq!(query.breakdown.expect("given").limit, 25);
    assert_eq!(query.steps[1].event, None);
    request.window = Some(Duration { seconds: 366 * 86_400, nanos: 0 });
    assert!(funnel_query(&request).is_ok());
    request.window = Some(Duration { seconds: 366 * 86_400, nanos: 1 });
    assert_eq!(fields(funnel_query(&request)), ["window"]);
}

#[test]
fn operators_take_the_values_they_can_use() {
    let check = |operator, values: &[&str]| {
        let request = pb::QueryTrendsRequest {
            filter: filter(vec![condition(operator, values)]),
            ..trends()
        };
        trends_query(&request)
    };
    let many = vec!["x"; 1_001];
    let long = "x".repeat(1_001);
    for (operator, values) in [
        (Operator::IsSet, &["x"][..]),
        (Operator::Equals, &[]),
        (Operator::In, &many),
        (Operator::Less, &["1", "2"]),
        (Operator::Less, &["NaN"]),
        (Operator::Matches, &["("]),
        (Operator::Matches, &[long.as_str()]),
        (Operator::Matches, &[r"\w{500}{500}"]),
    ] {
        assert_eq!(fields(check(operator, values)).len(), 1, "{operator:?} {}", values.len());
    }
    for (operator, values) in [
        (Operator::IsNotSet, &[][..]),
        (Operator::Unspecified, &["x", "y"]),
        (Operator::GreaterOrEqual, &["-1.5e3"]),
        (Operator::Matches, &["^/blog/[0-9]+", "shop$"]),
    ] {
        assert!(check(operator, values).is_ok(), "{operator:?} {values:?}");
    }
}

#[test]
fn regular_expressions_are_counted_in_the_whole_request_before_one_is_compiled() {
    let mut request = funnel();
    let matching = |count| filter(vec![condition(Operator::Matches, &vec!["("; count])]);
    // Broken ones: as long as they are too many, nothing is said of them, since none was compiled.
    request.steps[0].filter = matching(30);
    request.filter = matching(21);
    assert_eq!(fields(funnel_query(&request)), ["filter"]);
    request.filter = matching(20);
    let first = ["steps[0].filter.conditions[0].values[0]", "filter.conditions[0].values[0]"];
    assert_eq!(fields(funnel_query(&request)), first, "the first of each condition is blamed");
    let mut request = trends();
    request.series[0].filter = filter(vec![condition(Operator::Matches, &["^/blog/"; 50])]);
    assert!(trends_query(&request).is_ok());
    request.filter = filter(vec![condition(Operator::Matches, &["x"])]);
    assert_eq!(fields(trends_query(&request)), ["filter"]);
}

#[test]
fn fifty_large_regular_expressions_are_refused_as_a_whole() {
    let mut request = trends();
    request.filter = filter(vec![condition(Operator::Matches, &[r"\w{6}"; 50])]);
    let refused = fields(trends_query(&request));
    assert_eq!(refused.len(), 1, "{refused:?}");
    request.filter = filter(vec![condition(Operator::Matches, &["a{500}"])]);
    assert!(trends_query(&request).is_ok());
}

#[test]
fn the_points_of_an_answer_are_limited() {
    let mut request = trends();
    request.range = range(0, 1_000 * 86_400);
    request.series = vec![request.series[0].clone(); 10];
    let limited = |limit| pb::Breakdown { property: "p".into(), limit, ..pb::Breakdown::default() };
    request.breakdown = Some(limited(24));
    assert!(trends_query(&request).is_ok(), "10 x 25 x 1,000 is 250,000");
    request.breakdown = Some(limited(25));
    assert_eq!(fields(trends_query(&request)), ["range"]);
    request.breakdown = None;
    request.range = range(0, 10_000 * 86_400);
    assert!(trends_query(&request).is_ok());
}

#[test]
fn filters_are_limited_in_number_and_depth() {
    let nested = |depth: usize, conditions: usize| {
        let all = vec![condition(Operator::IsSet, &[]); conditions];
        let mut inner = common::Filter { conditions: all, ..common::Filter::default() };
        for _ in 0..depth {
            inner = common::Filter { groups: vec![inner], ..common::Filter::default() };
        }
        pb::QueryTrendsRequest { filter: Some(inner), ..trends() }
    };
    assert!(trends_query(&nested(5, 50)).is_ok());
    assert_eq!(fields(trends_query(&nested(5, 51))), ["filter"]);
    assert_eq!(fields(trends_query(&nested(6, 1))), ["filter"]);
}

#[test]
fn fractions_of_milliseconds_move_no_event() {
    let mut request = trends();
    let at = |nanos| Some(Timestamp { seconds: 0, nanos });
    request.range = Some(common::TimeRange { start_time: at(1), end_time: at(2_000_001) });
    let query = trends_query(&request).expect("valid");
    assert_eq!((query.period.range.start_ms, query.period.range.end_ms), (1, 3));
}

#[test]
fn points_carry_the_starts_of_their_buckets() {
    let mut request = trends();
    request.range = range(-3_600, 3_600);
    let query = trends_query(&request).expect("valid");
    let line = Line { value: Some("x".into()), points: vec![1.0, 2.0], total: 3.0 };
    let answer = TrendsAnswer { series: vec![vec![line]], previous: None, hints: Vec::new() };
    let response = trends_response(&query, answer);
    let result = &response.series[0];
    let starts: Vec<_> =
        result.points.iter().map(|point| point.start_time.expect("given").seconds).collect();
    assert_eq!((starts, result.total), (vec![-86_400, 0], 3.0));
    assert_eq!((result.label.as_str(), result.breakdown_value.as_str()), ("view", "x"));
}

#[test]
fn conversions_are_shares_and_zero_at_nobody() {
    let query = funnel_query(&funnel()).expect("valid");
    let answer = |counts: [u64; 2], median_ms| FunnelAnswer {
        steps: counts.map(|persons| StepAnswer { persons, median_ms, average_ms: None }).to_vec(),
        breakdowns: Vec::new(),
        time_to_convert: Vec::new(),
        hints: Vec::new(),
    };
    let response = funnel_response(&query, answer([4, 1], Some(1_500.5)));
    let shares: Vec<_> = response
        .steps
        .iter()
        .map(|step| (step.conversion_from_first, step.conversion_from_previous))
        .collect();
    assert_eq!(shares, [(1.0, 1.0), (0.25, 0.25)]);
    let median = response.steps[1].median_time_to_convert;
    assert_eq!(median, Some(Duration { seconds: 1, nanos: 500_500_000 }));
    let nobody = funnel_response(&query, answer([0, 0], None));
    assert!(nobody.steps.iter().all(|step| {
        step.conversion_from_first == 0.0
            && step.conversion_from_previous == 0.0
            && step.median_time_to_convert.is_none()
    }));
}

#[test]
fn every_fault_of_a_formula_is_a_violation_with_its_place() {
    let mut request = trends();
    request.formula = "A + + E )".into();
    let violations = trends_query(&request).expect_err("no formula");
    let told: Vec<_> = violations.iter().map(|one| one.description.as_str()).collect();
    let expected = [
        "at character 5, a number, a series or ( is missing",
        "at character 7, \"E\" is no series: there is A alone",
        "at character 9, there is no ( for this )",
    ];
    assert_eq!(told, expected);
    assert_eq!(fields(trends_query(&request)), ["formula"; 3]);
    request.formula = "1".repeat(201);
    assert_eq!(fields(trends_query(&request)), ["formula"]);
    request.formula = "A / 2".into();
    assert!(trends_query(&request).expect("valid").formula.is_some());
}

#[test]
fn a_property_is_of_the_maths_that_need_one() {
    use pb::trends_series::Math;
    let mut request = trends();
    request.series[0].math = Math::P95.into();
    assert_eq!(fields(trends_query(&request)), ["series[0].math_property"]);
    request.series[0].math_property = "price".into();
    assert!(trends_query(&request).is_ok());
    request.series[0].math = Math::WeeklyActive.into();
    assert_eq!(fields(trends_query(&request)), ["series[0].math_property"]);
}

#[test]
fn a_comparison_doubles_the_points_and_has_as_many_as_the_answer() {
    let mut request = trends();
    request.range = range(0, 500 * 86_400);
    request.series = vec![request.series[0].clone(); 10];
    request.compare_previous = true;
    request.breakdown =
        Some(pb::Breakdown { property: "p".into(), limit: 24, ..pb::Breakdown::default() });
    let query = trends_query(&request).expect("10 x 25 x 500 x 2 is 250,000");
    let previous = query.previous.expect("asked for");
    assert_eq!(previous.buckets.count(), query.period.buckets.count());
    request.range = range(0, 501 * 86_400);
    assert_eq!(fields(trends_query(&request)), ["range"]);
}

#[test]
fn who_is_behind_a_number_is_asked_by_what_was_answered() {
    let asked = || pb::ListTrendPersonsRequest {
        trends: Some(trends()),
        series: 1,
        ..pb::ListTrendPersonsRequest::default()
    };
    let query = trend_persons_query(&asked()).expect("valid");
    assert_eq!((query.series, query.bucket, query.value, query.page.size), (0, None, None, 100));
    let start = Some(Timestamp { seconds: 0, nanos: 0 });
    let bucket = pb::ListTrendPersonsRequest { bucket_start_time: start, ..asked() };
    assert_eq!(trend_persons_query(&bucket).expect("valid").bucket, Some(0));
    let wrong = pb::ListTrendPersonsRequest {
        series: 2,
        bucket_start_time: Some(Timestamp { seconds: 1, nanos: 0 }),
        breakdown_value: "x".into(),
        page_size: 201,
        ..asked()
    };
    let expected = ["series", "bucket_start_time", "breakdown_value", "page_size"];
    assert_eq!(fields(trend_persons_query(&wrong)), expected);
    let broken = pb::QueryTrendsRequest { range: None, formula: ")".into(), ..trends() };
    let broken = pb::ListTrendPersonsRequest { trends: Some(broken), ..asked() };
    assert_eq!(fields(trend_persons_query(&broken))[0], "trends.range");
    let nothing = pb::ListTrendPersonsRequest::default();
    assert_eq!(fields(trend_persons_query(&nothing)), ["trends", "series"]);
}
