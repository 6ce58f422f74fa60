//! The questions over gRPC.

use anyhow::{Context as _, ensure};
use chrono::{DateTime, Utc};
use observe_proto::common::v1::TimeRange;
use observe_proto::reports::v1::insight_service_client::InsightServiceClient;
use observe_proto::reports::v1::trends_series::Math;
use observe_proto::reports::v1::{
    Breakdown, FunnelStep, FunnelStepResult, QueryFunnelRequest, QueryTrendsRequest, TrendsSeries,
};
use prost_types::Timestamp;
use tonic::transport::Channel;

use super::{Answer, Question, Range};
use crate::bed::{Address, asked};
use crate::world::FUNNEL;

/// Asks over one connection.
pub(super) struct Asker(InsightServiceClient<Channel>);

impl Asker {
    pub(super) fn new(address: &Address) -> Self {
        Self(InsightServiceClient::new(address.channel()))
    }

    /// Asks once.
    pub(super) async fn ask(&mut self, question: Question, range: Range) -> anyhow::Result<Answer> {
        match question {
            Question::Funnel => self.funnel(range, None).await,
            Question::FunnelByBrowser => {
                let breakdown = Breakdown { property: "browser".into(), ..Breakdown::default() };
                self.funnel(range, Some(breakdown)).await
            }
            Question::Trends => self.trends(range).await,
        }
    }

    async fn funnel(
        &mut self,
        range: Range,
        breakdown: Option<Breakdown>,
    ) -> anyhow::Result<Answer> {
        let step = |event: &str| FunnelStep { event: event.into(), ..FunnelStep::default() };
        let request = QueryFunnelRequest {
            range: Some(wire(range)),
            steps: FUNNEL.map(step).to_vec(),
            breakdown,
            ..QueryFunnelRequest::default()
        };
        let response =
            self.0.query_funnel(asked(request)?).await.context("QueryFunnel")?.into_inner();
        let mut answer = Answer::from([(String::new(), persons(&response.steps))]);
        answer
            .extend(response.breakdowns.iter().map(|one| (one.value.clone(), persons(&one.steps))));
        Ok(answer)
    }

    async fn trends(&mut self, range: Range) -> anyhow::Result<Answer> {
        let response = self.query_trends(range, Math::UniquePersons).await?;
        let mut answer = Answer::new();
        for (start, value) in response.0 {
            // A day that only the varied end of the range touches.
            if start < range.end.timestamp() && value > 0 {
                let day = DateTime::<Utc>::from_timestamp(start, 0)
                    .context("a bucket without a start")?;
                answer.insert(day.date_naive().to_string(), vec![value]);
            }
        }
        Ok(answer)
    }

    /// Returns how many events are seen.
    pub(super) async fn total(&mut self, range: Range) -> anyhow::Result<i64> {
        Ok(self.query_trends(range, Math::Total).await?.1)
    }

    async fn query_trends(
        &mut self,
        range: Range,
        math: Math,
    ) -> anyhow::Result<(Vec<(i64, i64)>, i64)> {
        let series = vec![TrendsSeries { math: math.into(), ..TrendsSeries::default() }];
        let range = Some(wire(range));
        let request = QueryTrendsRequest { range, series, ..QueryTrendsRequest::default() };
        let response =
            self.0.query_trends(asked(request)?).await.context("QueryTrends")?.into_inner();
        ensure!(response.series.len() == 1, "one series has {} answers", response.series.len());
        let series = &response.series[0];
        let points = series.points.iter().map(|point| {
            let start = point.start_time.as_ref().map_or(0, |start| start.seconds);
            (start, round(point.value))
        });
        Ok((points.collect(), round(series.total)))
    }
}

fn persons(steps: &[FunnelStepResult]) -> Vec<i64> {
    steps.iter().map(|step| step.persons).collect()
}

fn round(value: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "counts are far below 2^53")]
    let count = value.round() as i64;
    count
}

fn wire(range: Range) -> TimeRange {
    let [start_time, end_time] = [range.start, range.end].map(|time| {
        let nanos = i32::try_from(time.timestamp_subsec_nanos()).unwrap_or(0);
        Some(Timestamp { seconds: time.timestamp(), nanos })
    });
    TimeRange { start_time, end_time }
}
