//! Questions under names.

use chrono::TimeDelta;
use observe_proto::reports::v1 as pb;
use observe_proto::reports::v1::insight_query::Kind;
use observe_proto::reports::v1::saved_insight_service_client::SavedInsightServiceClient;
use prost_types::Duration;
use tonic::{Code, Status};

use super::harness::{Reports, key, other_project, refusal, trends, wrong};

pub(super) fn query(kind: Kind) -> Option<pb::InsightQuery> {
    Some(pb::InsightQuery { kind: Some(kind), last: None })
}

impl Reports {
    pub(super) async fn save(
        &self,
        name: &str,
        query: Option<pb::InsightQuery>,
    ) -> Result<pb::SavedInsight, Status> {
        let name = name.to_owned();
        let display = "line".to_owned();
        let saved = pb::SavedInsight { name, query, display, ..Default::default() };
        let saved_insight = Some(saved);
        let request = pb::CreateSavedInsightRequest { saved_insight, ..Default::default() };
        let made = self.saved().create_saved_insight(request).await?.into_inner();
        Ok(made.saved_insight.expect("always given"))
    }

    async fn names(&self, search: &str, page_size: i32) -> Vec<Vec<String>> {
        let search = search.to_owned();
        let mut request = pb::ListSavedInsightsRequest { search, page_size, ..Default::default() };
        let mut pages = Vec::new();
        loop {
            let page = self.saved().list_saved_insights(request.clone()).await.expect("a page");
            let page = page.into_inner();
            pages.push(page.saved_insights.into_iter().map(|one| one.name).collect());
            if page.next_page_token.is_empty() {
                return pages;
            }
            request.page_token = page.next_page_token;
        }
    }
}

#[tokio::test]
async fn a_question_is_kept_without_its_project_and_found_again() {
    let reports = Reports::start().await;
    let project_id = crate::project().to_string();
    let asked = pb::QueryTrendsRequest { project_id, ..trends(None) };
    let made = reports.save("Visits", query(Kind::Trends(asked))).await.expect("made");
    assert_eq!(made.query, query(Kind::Trends(trends(None))));
    assert_eq!((made.display.as_str(), made.created_time), ("line", made.updated_time));
    reports.clock.advance(TimeDelta::seconds(5));
    let mut changed = made.clone();
    changed.name = "Visitors".into();
    let last = Some(Duration { seconds: 7 * 86_400, nanos: 0 });
    let open = pb::QueryTrendsRequest { range: None, ..trends(None) };
    changed.query = Some(pb::InsightQuery { kind: Some(Kind::Trends(open)), last });
    let saved_insight = Some(changed.clone());
    let update = pb::UpdateSavedInsightRequest { saved_insight, ..Default::default() };
    let after = reports.saved().update_saved_insight(update).await.expect("changed").into_inner();
    let after = after.saved_insight.expect("given");
    assert_eq!((&after.name, &after.query), (&changed.name, &changed.query));
    assert!(after.updated_time.map(|t| t.seconds) > made.updated_time.map(|t| t.seconds));
    let saved_insight_id = made.id;
    let get = pb::GetSavedInsightRequest {
        saved_insight_id: saved_insight_id.clone(),
        ..Default::default()
    };
    let read = reports.saved().get_saved_insight(get.clone()).await.expect("read").into_inner();
    assert_eq!(read.saved_insight, Some(after));
    let delete = pb::DeleteSavedInsightRequest { saved_insight_id, ..Default::default() };
    reports.saved().delete_saved_insight(delete).await.expect("removed");
    assert_eq!(refusal(reports.saved().get_saved_insight(get).await).0, Code::NotFound);
}

#[tokio::test]
async fn what_is_wrong_with_the_question_is_told_with_the_rest() {
    let reports = Reports::start().await;
    let series = vec![pb::TrendsSeries { math: 99, ..Default::default() }];
    let bad =
        pb::QueryTrendsRequest { range: None, series, time_zone: "Moon".into(), ..trends(None) };
    let fields = wrong(reports.save("", query(Kind::Trends(bad))).await);
    let expected = [
        "saved_insight.name",
        "saved_insight.query.trends.range",
        "saved_insight.query.trends.time_zone",
        "saved_insight.query.trends.series[0].math",
    ];
    assert_eq!(fields, expected);
    assert_eq!(wrong(reports.save("None", None).await), ["saved_insight.query"]);
    let mut long = query(Kind::Trends(trends(None))).expect("one");
    long.last = Some(Duration { seconds: 401 * 86_400, nanos: 0 });
    assert_eq!(wrong(reports.save("Long", Some(long)).await), ["saved_insight.query.last"]);
    let mut large = trends(None);
    large.series[0].event = "x".repeat(70_000);
    let fields = wrong(reports.save("Large", query(Kind::Trends(large))).await);
    assert!(fields.contains(&"saved_insight.query".to_owned()), "{fields:?}");
}

#[tokio::test]
async fn lists_have_the_one_changed_last_first_and_are_searched_by_name() {
    let reports = Reports::start().await;
    for name in ["50% off", "Sales", "All sales", "100"] {
        reports.clock.advance(TimeDelta::seconds(1));
        reports.save(name, query(Kind::Trends(trends(None)))).await.expect("made");
    }
    for size in [1, 2, 3] {
        assert_eq!(
            reports.names("", size).await.concat(),
            ["100", "All sales", "Sales", "50% off"]
        );
    }
    assert_eq!(reports.names("", 4).await.len(), 1, "no empty page at the end");
    assert_eq!(reports.names("SALES", 0).await.concat(), ["All sales", "Sales"]);
    assert_eq!(reports.names("0%", 0).await.concat(), ["50% off"], "as it is");
    let request = pb::ListSavedInsightsRequest { page_token: "none".into(), ..Default::default() };
    assert_eq!(wrong(reports.saved().list_saved_insights(request).await), ["page_token"]);
}

#[tokio::test]
async fn a_question_that_cannot_be_read_any_more_is_told_so() {
    let reports = Reports::start().await;
    let made = reports.save("Old", query(Kind::Trends(trends(None)))).await.expect("made");
    let database = sqlx::PgPool::connect(&reports.stores.database_url).await.expect("it answers");
    sqlx::query("update reports.saved_insight set query_format = 2")
        .execute(&database)
        .await
        .expect("the superuser may");
    let get = pb::GetSavedInsightRequest { saved_insight_id: made.id, ..Default::default() };
    let refused = reports.saved().get_saved_insight(get).await;
    assert_eq!(refusal(refused).0, Code::FailedPrecondition);
    assert_eq!(reports.names("", 0).await.concat(), ["Old"], "the others are listed with it");
}

#[tokio::test]
async fn another_tenants_question_is_like_none() {
    let reports = Reports::start().await;
    let made = reports.save("Mine", query(Kind::Trends(trends(None)))).await.expect("made");
    let mut stranger = SavedInsightServiceClient::new(reports.by(key(other_project())));
    let saved_insight_id = made.id.clone();
    let get = pb::GetSavedInsightRequest {
        saved_insight_id: saved_insight_id.clone(),
        ..Default::default()
    };
    assert_eq!(refusal(stranger.get_saved_insight(get).await).0, Code::NotFound);
    let update = pb::UpdateSavedInsightRequest { saved_insight: Some(made), ..Default::default() };
    assert_eq!(refusal(stranger.update_saved_insight(update).await).0, Code::NotFound);
    let delete = pb::DeleteSavedInsightRequest { saved_insight_id, ..Default::default() };
    assert_eq!(refusal(stranger.delete_saved_insight(delete).await).0, Code::NotFound);
    let all = stranger.list_saved_insights(pb::ListSavedInsightsRequest::default()).await;
    assert_eq!(all.expect("listed").into_inner().saved_insights, []);
}
