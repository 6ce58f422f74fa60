//! Paths and the web overview through the contract.

use observe_core::PersonId;
use observe_proto::common::v1::{Condition, Filter, Scope};
use observe_proto::events::v1::AcceptedEvent;
use observe_proto::reports::v1 as pb;
use observe_testkit::eventually;
use tonic::Code;

use crate::stand_in::{StandIn, event};
use crate::{DEADLINE, Fixture, project, range, signed, start};

/// A page view at a second, in a session.
fn view(who: &str, second: i64, session: &str, page: &str) -> AcceptedEvent {
    AcceptedEvent {
        session_id: session.into(),
        properties_json: format!(r#"{{"$pathname":"{page}"}}"#),
        ..event(who, "$pageview", second * 1_000)
    }
}

/// A site where three visitors went from `/` to `/a`, and one of them on to `/b`.
async fn visited() -> Fixture {
    let upstream = StandIn::new(1);
    for who in ["ada", "ben", "anon"] {
        upstream.append(0, project(), vec![view(who, 0, who, "/"), view(who, 10, who, "/a")]);
    }
    upstream.append(0, project(), vec![view("ada", 30, "ada", "/b"), view("cid", 0, "cid", "/")]);
    upstream.map(project(), "anon", PersonId::of_distinct_id(project(), "ben"));
    let fixture = start(&upstream).await;
    eventually(DEADLINE, "all events and the merge", async || {
        let answer = overview(&fixture, None).await;
        answer.is_some_and(|answer| {
            let numbers = answer.numbers.unwrap_or_default();
            (numbers.visitors, numbers.views) == (3, 8)
        })
    })
    .await;
    fixture
}

async fn overview(
    fixture: &Fixture,
    filter: Option<Filter>,
) -> Option<pb::QueryWebOverviewResponse> {
    let request = pb::QueryWebOverviewRequest { range: range(), filter, ..Default::default() };
    let answer = fixture.client.clone().query_web_overview(signed(request, project())).await;
    answer.ok().map(tonic::Response::into_inner)
}

fn paths() -> pb::QueryPathsRequest {
    pb::QueryPathsRequest { range: range(), ..Default::default() }
}

#[tokio::test]
async fn the_web_overview_tells_of_visitors_sessions_and_pages() {
    let fixture = visited().await;
    let answer = overview(&fixture, None).await.expect("an answer");
    let numbers = answer.numbers.expect("numbers");
    // Four sessions: ada's, ben's, anon's, who is ben, and cid's, who left at once.
    assert_eq!((numbers.visitors, numbers.views, numbers.sessions), (3, 8, 4));
    assert_eq!((numbers.bounce_rate, numbers.average_duration_seconds), (0.25, 12.5));
    assert_eq!(answer.points.iter().map(|point| point.sessions).collect::<Vec<_>>(), [4]);
    assert_eq!(answer.tables.len(), 11);
    let pages =
        answer.tables[0].rows.iter().map(|row| (row.value.as_str(), row.visitors, row.views));
    assert_eq!(pages.collect::<Vec<_>>(), [("/", 3, 4), ("/a", 2, 3), ("/b", 1, 1)]);
    assert_eq!(answer.persons_now, 0, "that was in 1970");
    let is_bounce = Condition {
        property: "$is_bounce".into(),
        scope: Scope::Session.into(),
        values: vec!["true".into()],
        ..Default::default()
    };
    let filter = Filter { conditions: vec![is_bounce], ..Default::default() };
    let bounced = overview(&fixture, Some(filter)).await.expect("an answer").numbers;
    assert_eq!(bounced.map(|numbers| (numbers.visitors, numbers.sessions)), Some((1, 1)));
}

#[tokio::test]
async fn whoever_took_a_way_is_listed_page_by_page() {
    let fixture = visited().await;
    let mut client = fixture.client.clone();
    let answer = client.query_paths(signed(paths(), project())).await.expect("an answer");
    let answer = answer.into_inner();
    let links = answer.links.iter().map(|link| (link.source.as_str(), link.target.as_str()));
    assert_eq!(links.collect::<Vec<_>>(), [("/", "/a"), ("/a", "/b")]);
    // Both of ben's sessions at once are one path, in which each page is one step.
    assert_eq!((answer.paths, answer.links[0].paths, answer.links[0].persons), (3, 2, 2));
    let mut request = pb::ListPathPersonsRequest {
        paths: Some(paths()),
        step: 1,
        source: "/".into(),
        target: "/a".into(),
        page_size: 1,
        ..Default::default()
    };
    let mut found = Vec::new();
    loop {
        let page = client.list_path_persons(signed(request.clone(), project())).await;
        let page = page.expect("a page").into_inner();
        assert_eq!(page.total, 2);
        found.extend(page.persons.into_iter().flat_map(|person| person.distinct_ids));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    found.sort_unstable();
    assert_eq!(found, ["ada", "anon", "ben"]);
    // The token goes with its question.
    request.target = "/b".into();
    let refused = client.list_path_persons(signed(request, project())).await;
    assert_eq!(refused.expect_err("another question").code(), Code::InvalidArgument);
}
