//! What the link of a dashboard shows, to whom, and how often.

use chrono::TimeDelta;
use observe_core::Principal;
use observe_proto::reports::v1 as pb;
use observe_proto::reports::v1::dashboard_service_client::DashboardServiceClient;
use observe_proto::reports::v1::dashboard_tile::Content;
use observe_proto::reports::v1::insight_query::Kind;
use observe_proto::reports::v1::query_shared_tile_response::Kind as Answered;
use prost_types::Duration;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::dashboards::tile;
use super::harness::{DAY_MS, Reports, Signed, behavior, did, in_cohort, refusal, rule, trends};
use super::insights::query;

/// Somebody without an account.
fn anybody(reports: &Reports, address: &str) -> DashboardServiceClient<Signed> {
    DashboardServiceClient::new(reports.from(Principal::Anonymous, address))
}

async fn share(reports: &Reports, dashboard_id: &str) -> String {
    let dashboard_id = dashboard_id.to_owned();
    let request = pb::ShareDashboardRequest { dashboard_id, ..Default::default() };
    let shared = reports.dashboards().share_dashboard(request).await.expect("shared");
    shared.into_inner().share_token
}

async fn look(reports: &Reports, token: &str) -> Result<pb::GetSharedDashboardResponse, Status> {
    let request = pb::GetSharedDashboardRequest { share_token: token.into() };
    let shown = anybody(reports, "").get_shared_dashboard(request).await?;
    Ok(shown.into_inner())
}

async fn ask(reports: &Reports, token: &str, tile_id: &str) -> Result<Answered, Status> {
    let (share_token, tile_id) = (token.to_owned(), tile_id.to_owned());
    let request = pb::QuerySharedTileRequest { share_token, tile_id };
    let answer = anybody(reports, "").query_shared_tile(request).await?;
    Ok(answer.into_inner().kind.expect("always given"))
}

fn total(answer: &Answered) -> f64 {
    let Answered::Trends(trends) = answer else { unreachable!("no trends: {answer:?}") };
    trends.series[0].total
}

#[tokio::test]
async fn a_link_shows_names_and_numbers_and_not_the_questions() {
    let reports = Reports::start().await;
    reports
        .log(vec![did("ada", "buy", 1), did("ben", "view", 1), did("ada", "view", 40)], 3.0)
        .await;
    let buyers = reports.cohort("Buyers", rule(behavior("buy", 1, 30))).await.expect("made").id;
    let filter = in_cohort(&buyers, observe_proto::common::v1::condition::Operator::Equals);
    let asked = query(Kind::Trends(trends(filter)));
    let saved = reports.save("Of buyers", asked).await.expect("made");
    let tiles =
        vec![tile(Content::Text("hello".into())), tile(Content::SavedInsightId(saved.id.clone()))];
    let made = reports.dashboard(tiles).await.expect("made");
    assert!(!made.shared);
    let token = share(&reports, &made.id).await;
    let shown = look(&reports, &token).await.expect("anybody may look");
    assert_eq!((shown.name.as_str(), shown.tiles.len()), ("Shop", 2));
    assert_eq!((shown.tiles[0].text.as_str(), shown.tiles[0].name.as_str()), ("hello", ""));
    assert_eq!(
        (shown.tiles[1].name.as_str(), shown.tiles[1].display.as_str()),
        ("Of buyers", "line")
    );
    let told = format!("{shown:?}");
    assert!(!told.contains(&buyers) && !told.contains(&saved.id), "{told}");
    let answer = ask(&reports, &token, &shown.tiles[1].id).await.expect("answered");
    assert_eq!(total(&answer), 2.0, "both of ada's, in the question's own range");
    assert!(!format!("{answer:?}").contains(&buyers));
    let text = ask(&reports, &token, &shown.tiles[0].id).await;
    assert_eq!(refusal(text).0, Code::NotFound, "a text is no question");
}

#[tokio::test]
async fn the_time_of_the_dashboard_goes_before_that_of_the_question() {
    let reports = Reports::start().await;
    reports.log(vec![did("ada", "buy", 1), did("ada", "buy", 5), did("ada", "buy", 40)], 3.0).await;
    let mut week = query(Kind::Trends(pb::QueryTrendsRequest { range: None, ..trends(None) }));
    week.as_mut().expect("one").last = Some(Duration { seconds: 7 * DAY_MS / 1_000, nanos: 0 });
    let saved = reports.save("Week", week).await.expect("made");
    let tiles = vec![tile(Content::SavedInsightId(saved.id))];
    let made = reports.dashboard(tiles).await.expect("made");
    let token = share(&reports, &made.id).await;
    assert_eq!(total(&ask(&reports, &token, &made.tiles[0].id).await.expect("answered")), 2.0);
    let last = Some(Duration { seconds: 2 * DAY_MS / 1_000, nanos: 0 });
    reports.change(pb::Dashboard { last, ..made.clone() }).await.expect("changed");
    let answer = ask(&reports, &token, &made.tiles[0].id).await.expect("answered");
    assert_eq!(total(&answer), 1.0, "a changed dashboard is not answered from before");
    reports.clock.advance(TimeDelta::milliseconds(3 * DAY_MS));
    let last = Some(Duration { seconds: 2 * DAY_MS / 1_000, nanos: 0 });
    let updated_time = None;
    reports.change(pb::Dashboard { last, updated_time, ..made.clone() }).await.expect("changed");
    assert_eq!(total(&ask(&reports, &token, &made.tiles[0].id).await.expect("answered")), 0.0);
}

#[tokio::test]
async fn a_new_link_ends_the_one_before_and_without_one_nobody_sees_anything() {
    let reports = Reports::start().await;
    let made = reports.dashboard(vec![]).await.expect("made");
    let (first, second) = (share(&reports, &made.id).await, share(&reports, &made.id).await);
    assert_eq!(refusal(look(&reports, &first).await).0, Code::NotFound);
    look(&reports, &second).await.expect("the new one");
    let database = sqlx::PgPool::connect(&reports.stores.database_url).await.expect("it answers");
    let kept: Vec<u8> = sqlx::query_scalar("select share_token_hash from reports.dashboard")
        .fetch_one(&database)
        .await
        .expect("the superuser sees all");
    assert_eq!(kept.len(), 32);
    assert!(!second.as_bytes().windows(8).any(|part| kept.windows(8).any(|own| own == part)));
    let request = pb::UnshareDashboardRequest { dashboard_id: made.id, ..Default::default() };
    reports.dashboards().unshare_dashboard(request).await.expect("ended");
    let long = "x".repeat(10_000);
    for token in [second.as_str(), "", "nonsense", long.as_str()] {
        assert_eq!(refusal(look(&reports, token).await).0, Code::NotFound);
        assert_eq!(refusal(ask(&reports, token, "").await).0, Code::NotFound);
    }
}

#[tokio::test]
async fn a_question_that_cannot_be_asked_any_more_says_so_and_nothing_of_itself() {
    let reports = Reports::start().await;
    reports.log(vec![did("ada", "buy", 1)], 1.0).await;
    let cohort = reports.cohort("Gone", rule(behavior("buy", 1, 30))).await.expect("made").id;
    let filter = in_cohort(&cohort, observe_proto::common::v1::condition::Operator::Equals);
    let saved = reports.save("Old", query(Kind::Trends(trends(filter)))).await.expect("made");
    let tiles = vec![tile(Content::SavedInsightId(saved.id))];
    let made = reports.dashboard(tiles).await.expect("made");
    let token = share(&reports, &made.id).await;
    let request = pb::DeleteCohortRequest { cohort_id: cohort, ..Default::default() };
    reports.cohorts().delete_cohort(request).await.expect("removed");
    let refused = ask(&reports, &token, &made.tiles[0].id).await;
    assert_eq!(refusal(refused), (Code::FailedPrecondition, "INVALID_REQUEST".into()));
}

#[tokio::test]
async fn an_address_that_asks_too_often_is_told_when_to_come_back() {
    let reports = Reports::start().await;
    let made = reports.dashboard(vec![]).await.expect("made");
    let share_token = share(&reports, &made.id).await;
    let request = pb::GetSharedDashboardRequest { share_token };
    // Of IPv6, all that one network may choose from is one address.
    let mut busy =
        ["2001:db8:1:2::7", "2001:db8:1:2:3::7"].map(|address| anybody(&reports, address));
    for n in 0..600 {
        let looked = busy[n % 2].get_shared_dashboard(request.clone()).await;
        looked.expect("so often it may");
    }
    let refused = busy[0].get_shared_dashboard(request.clone()).await;
    let refused = refused.expect_err("once too often");
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert!(refused.get_error_details().retry_info().is_some());
    anybody(&reports, "2001:db8:1:3::7").get_shared_dashboard(request).await.expect("another may");
}
