//! Paths and the web overview.

use observe_proto::reports::v1 as pb;

use super::{condition, fields, filter, range};
use crate::convert::{
    path_persons_query, paths_query, paths_response, web_overview_query, web_overview_response,
};
use crate::paths::{Link, Node, PathsAnswer, Steps, Went};
use crate::query::Scope;
use crate::web_overview::vitals::{VITALS, VitalAnswer};
use crate::web_overview::{Dimension, WebNumbers, WebOverviewAnswer, WebPoint, WebTable};

const DAY: i64 = 86_400;

fn paths() -> pb::QueryPathsRequest {
    pb::QueryPathsRequest { range: range(0, DAY), ..Default::default() }
}

fn overview() -> pb::QueryWebOverviewRequest {
    pb::QueryWebOverviewRequest { range: range(0, 2 * DAY), ..Default::default() }
}

#[test]
fn paths_have_defaults_and_limits() {
    let query = paths_query(&paths()).expect("a good question");
    assert_eq!((query.max_steps, query.limit, query.steps), (5, 50, Steps::Pages));
    assert_eq!((query.start_point, query.end_point), (None, None));
    let request = pb::QueryPathsRequest {
        range: None,
        steps: 9,
        start_point: "x".repeat(4_097),
        max_steps: 11,
        limit: 201,
        ..Default::default()
    };
    let broken = ["range", "steps", "start_point", "max_steps", "limit"];
    assert_eq!(fields(paths_query(&request)), broken);
    for (max_steps, limit, are_good) in
        [(2, 1, true), (10, 200, true), (1, 1, false), (2, -1, false)]
    {
        let request = pb::QueryPathsRequest { max_steps, limit, ..paths() };
        assert_eq!(paths_query(&request).is_ok(), are_good, "{max_steps} {limit}");
    }
}

#[test]
fn who_took_a_way_is_asked_within_the_question() {
    let ask = |request: &pb::ListPathPersonsRequest| path_persons_query(request);
    let mut request = pb::ListPathPersonsRequest {
        paths: Some(paths()),
        step: 5,
        source: "/".into(),
        ..Default::default()
    };
    let (query, size) = ask(&request).expect("a good question");
    assert_eq!((query.went, query.step, size), (Went::Anywhere, 5, 100));
    request.target = "/a".into();
    assert_eq!(ask(&request).expect("a good question").0.went, Went::To("/a".into()));
    request.dropped_off = true;
    assert_eq!(fields(ask(&request)), ["target"]);
    request.target.clear();
    assert_eq!(ask(&request).expect("a good question").0.went, Went::Nowhere);
    request = pb::ListPathPersonsRequest {
        paths: Some(pb::QueryPathsRequest { range: None, limit: -1, ..paths() }),
        step: 6,
        page_size: 201,
        ..Default::default()
    };
    let broken = ["paths.range", "paths.limit", "source", "page_size"];
    assert_eq!(fields(ask(&request)), broken);
    request = pb::ListPathPersonsRequest { paths: Some(paths()), step: 6, ..request };
    assert_eq!(fields(ask(&request)), ["step", "source", "page_size"]);
    assert_eq!(fields(ask(&pb::ListPathPersonsRequest::default())), ["paths", "step", "source"]);
}

#[test]
fn an_answer_of_paths_is_written() {
    let answer = PathsAnswer {
        links: vec![Link {
            source: "/".into(),
            target: "/a".into(),
            step: 1,
            paths: 3,
            persons: 2,
            median_ms: 1_500.5,
        }],
        nodes: vec![Node { value: "/".into(), step: 1, paths: 4, dropped_off: 1 }],
        paths: 4,
        hints: Vec::new(),
    };
    let written = paths_response(answer);
    let time = written.links[0].median_time.expect("a time");
    assert_eq!((time.seconds, time.nanos), (1, 500_500_000));
    assert_eq!((written.links[0].persons, written.nodes[0].dropped_off, written.paths), (2, 1, 4));
}

#[test]
fn the_web_overview_has_defaults_and_limits() {
    let query = web_overview_query(&overview(), 7).expect("a good question");
    assert_eq!((query.period.buckets.count(), query.limit, query.now_ms), (2, 10, 7));
    assert_eq!(query.previous, None);
    let request = pb::QueryWebOverviewRequest {
        range: range(1_774_738_800, 1_774_738_800 + 23 * 3_600),
        time_zone: "Europe/Berlin".into(),
        compare_previous: true,
        ..Default::default()
    };
    let query = web_overview_query(&request, 0).expect("a good question");
    let before = query.previous.map(|before| (before.start_ms, before.end_ms));
    let day = (1_774_738_800_000 - DAY * 1_000, 1_774_738_800_000);
    assert_eq!(before, Some(day), "before the day of 23 hours is one of 24");
    let request = pb::QueryWebOverviewRequest {
        range: range(0, 400 * DAY + 1),
        interval: 9,
        time_zone: "Mars/Olympus".into(),
        limit: 101,
        ..Default::default()
    };
    let broken = ["range", "interval", "time_zone", "limit"];
    assert_eq!(fields(web_overview_query(&request, 0)), broken);
    let mut request = overview();
    request.range = range(0, 400 * DAY);
    request.interval = pb::Interval::Hour.into();
    assert!(web_overview_query(&request, 0).is_ok(), "400 days of hours are enough buckets");
}

#[test]
fn filters_may_be_about_sessions() {
    use observe_proto::common::v1 as common;
    let mut condition = condition(common::condition::Operator::Equals, &["true"]);
    condition.scope = common::Scope::Session.into();
    condition.property = "$is_bounce".into();
    let request = pb::QueryWebOverviewRequest { filter: filter(vec![condition]), ..overview() };
    let query = web_overview_query(&request, 0).expect("a good question");
    assert!(!query.filter.selects(&|condition| condition.scope != Scope::Session));
}

#[test]
fn an_answer_of_the_web_overview_is_written() {
    let numbers =
        WebNumbers { visitors: 2, views: 6, sessions: 4, bounces: 1, duration_ms: 10_000 };
    let vital = VitalAnswer { vital: VITALS[2], p75: 0.05, count: 4, good: 3 };
    let answer = WebOverviewAnswer {
        numbers,
        previous: Some(WebNumbers::default()),
        points: vec![WebPoint { visitors: 1, views: 2, sessions: 3 }; 2],
        tables: vec![WebTable { rows: Vec::new(), more: 3 }; Dimension::ALL.len()],
        vitals: vec![vital],
        persons_now: 5,
    };
    let buckets = web_overview_query(&overview(), 0).expect("a good question").period.buckets;
    let written = web_overview_response(&buckets, answer);
    let told = written.numbers.expect("numbers");
    assert_eq!(
        (told.bounce_rate, told.average_duration_seconds, told.views_per_session),
        (0.25, 2.5, 1.5)
    );
    let before = written.previous.expect("numbers");
    assert_eq!(
        (before.bounce_rate, before.average_duration_seconds, before.views_per_session),
        (0.0, 0.0, 0.0)
    );
    assert_eq!(written.points[1].start_time.map(|time| time.seconds), Some(DAY));
    let dimensions: Vec<_> = written.tables.iter().map(|table| table.dimension).collect();
    assert_eq!(dimensions, (1..=11).collect::<Vec<_>>(), "in the order of the enumeration");
    assert_eq!((written.vitals[0].name.as_str(), written.vitals[0].good_share), ("CLS", 0.75));
    assert_eq!(written.persons_now, 5);
}
