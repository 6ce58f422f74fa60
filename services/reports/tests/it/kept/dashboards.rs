//! Dashboards and their tiles.

use observe_proto::reports::v1 as pb;
use observe_proto::reports::v1::dashboard_service_client::DashboardServiceClient;
use observe_proto::reports::v1::dashboard_tile::{Content, Width};
use observe_proto::reports::v1::insight_query::Kind;
use prost_types::Duration;
use tonic::{Code, Status};
use uuid::Uuid;

use super::harness::{Reports, key, other_project, refusal, trends, wrong};
use super::insights::query;

pub(super) fn tile(content: Content) -> pb::DashboardTile {
    pb::DashboardTile { content: Some(content), ..Default::default() }
}

impl Reports {
    pub(super) async fn dashboard(
        &self,
        tiles: Vec<pb::DashboardTile>,
    ) -> Result<pb::Dashboard, Status> {
        let dashboard = pb::Dashboard { name: "Shop".into(), tiles, ..Default::default() };
        let request =
            pb::CreateDashboardRequest { dashboard: Some(dashboard), ..Default::default() };
        let made = self.dashboards().create_dashboard(request).await?.into_inner();
        Ok(made.dashboard.expect("always given"))
    }

    pub(super) async fn change(&self, dashboard: pb::Dashboard) -> Result<pb::Dashboard, Status> {
        let dashboard = Some(dashboard);
        let request = pb::UpdateDashboardRequest { dashboard, ..Default::default() };
        let changed = self.dashboards().update_dashboard(request).await?.into_inner();
        Ok(changed.dashboard.expect("always given"))
    }
}

#[tokio::test]
async fn a_dashboard_keeps_its_tiles_in_order_and_loses_those_whose_insight_goes() {
    let reports = Reports::start().await;
    let saved = reports.save("Visits", query(Kind::Trends(trends(None)))).await.expect("made");
    let wide =
        pb::DashboardTile { width: Width::Full.into(), ..tile(Content::Text("# Welcome".into())) };
    let insight = tile(Content::SavedInsightId(saved.id.clone()));
    let made = reports.dashboard(vec![wide, insight]).await.expect("made");
    assert_eq!(made.tiles.len(), 2);
    assert_eq!((made.tiles[0].width(), made.tiles[1].width()), (Width::Full, Width::Half));
    let mut turned = made.clone();
    turned.tiles.reverse();
    turned.last = Some(Duration { seconds: 86_400, nanos: 0 });
    let changed = reports.change(turned.clone()).await.expect("changed");
    assert_eq!((&changed.tiles, &changed.last), (&turned.tiles, &turned.last), "ids stay");
    let get = pb::GetDashboardRequest { dashboard_id: made.id.clone(), ..Default::default() };
    let read = reports.dashboards().get_dashboard(get.clone()).await.expect("read").into_inner();
    assert_eq!(read.dashboard, Some(changed));
    assert_eq!(read.saved_insights, std::slice::from_ref(&saved));
    let request =
        pb::DeleteSavedInsightRequest { saved_insight_id: saved.id, ..Default::default() };
    reports.saved().delete_saved_insight(request).await.expect("removed");
    let read = reports.dashboards().get_dashboard(get).await.expect("read").into_inner();
    assert_eq!(read.dashboard.expect("given").tiles.len(), 1);
    let all = reports.dashboards().list_dashboards(pb::ListDashboardsRequest::default()).await;
    let all = all.expect("listed").into_inner().dashboards;
    assert_eq!((all.len(), all[0].tiles.len()), (1, 0), "without tiles");
    let delete = pb::DeleteDashboardRequest { dashboard_id: made.id, ..Default::default() };
    reports.dashboards().delete_dashboard(delete.clone()).await.expect("removed");
    assert_eq!(refusal(reports.dashboards().delete_dashboard(delete).await).0, Code::NotFound);
}

#[tokio::test]
async fn a_change_of_what_somebody_else_changed_is_refused() {
    let reports = Reports::start().await;
    let made = reports.dashboard(vec![]).await.expect("made");
    let mine = pb::Dashboard { name: "Mine".into(), ..made.clone() };
    let first = reports.change(mine.clone()).await.expect("changed");
    let theirs = reports.change(pb::Dashboard { name: "Theirs".into(), ..made.clone() }).await;
    assert_eq!(refusal(theirs).0, Code::Aborted);
    let again = pb::Dashboard { name: "Again".into(), ..first };
    assert_eq!(reports.change(again).await.expect("changed").name, "Again");
    let anyhow = pb::Dashboard { updated_time: None, ..made };
    assert_eq!(reports.change(anyhow).await.expect("without a look").name, "Shop");
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_dashboard_is_told_at_once() {
    let reports = Reports::start().await;
    let id = Uuid::from_u128(1).to_string();
    let with_id = |id: &str| pb::DashboardTile { id: id.into(), ..tile(Content::Text("x".into())) };
    let tiles = vec![
        with_id("no id"),
        with_id(&id),
        with_id(&id),
        tile(Content::Text(String::new())),
        pb::DashboardTile { width: 9, ..Default::default() },
    ];
    let fields = wrong(reports.dashboard(tiles).await);
    let expected = [
        "dashboard.tiles[0].id",
        "dashboard.tiles[2].id",
        "dashboard.tiles[3].text",
        "dashboard.tiles[4]",
        "dashboard.tiles[4].width",
    ];
    assert_eq!(fields, expected);
    let many = vec![tile(Content::Text("x".into())); 51];
    assert_eq!(wrong(reports.dashboard(many).await), ["dashboard.tiles"]);
    let lost = tile(Content::SavedInsightId(Uuid::from_u128(7).to_string()));
    assert_eq!(refusal(reports.dashboard(vec![lost]).await).0, Code::NotFound);
}

#[tokio::test]
async fn another_tenants_dashboard_and_insights_are_like_none() {
    let reports = Reports::start().await;
    let saved = reports.save("Visits", query(Kind::Trends(trends(None)))).await.expect("made");
    let made = reports.dashboard(vec![]).await.expect("made");
    let mut stranger = DashboardServiceClient::new(reports.by(key(other_project())));
    let dashboard_id = made.id.clone();
    let get = pb::GetDashboardRequest { dashboard_id: dashboard_id.clone(), ..Default::default() };
    assert_eq!(refusal(stranger.get_dashboard(get).await).0, Code::NotFound);
    let share =
        pb::ShareDashboardRequest { dashboard_id: dashboard_id.clone(), ..Default::default() };
    assert_eq!(refusal(stranger.share_dashboard(share).await).0, Code::NotFound);
    let update = pb::UpdateDashboardRequest { dashboard: Some(made), ..Default::default() };
    assert_eq!(refusal(stranger.update_dashboard(update).await).0, Code::NotFound);
    let delete = pb::DeleteDashboardRequest { dashboard_id, ..Default::default() };
    assert_eq!(refusal(stranger.delete_dashboard(delete).await).0, Code::NotFound);
    let tiles = vec![tile(Content::SavedInsightId(saved.id))];
    let theirs = pb::Dashboard { name: "Theirs".into(), tiles, ..Default::default() };
    let create = pb::CreateDashboardRequest { dashboard: Some(theirs), ..Default::default() };
    assert_eq!(refusal(stranger.create_dashboard(create).await).0, Code::NotFound);
}
