//! What is asked of persons, in short.

use std::sync::OnceLock;

use observe_core::{Clock as _, SystemClock};
use observe_proto::common::v1::{Scope, TimeRange};
use observe_proto::identity::v1 as identity;
use observe_proto::identity::v1::get_person_request::Id;
use observe_proto::identity::v1::group_service_client::GroupServiceClient;
use observe_proto::identity::v1::person_service_client::PersonServiceClient;
use observe_proto::reports::v1 as reports;
use observe_proto::reports::v1::export_person_request::Id as ExportId;
use observe_proto::reports::v1::insight_service_client::InsightServiceClient;
use observe_proto::reports::v1::list_person_events_request::Id as ListId;
use observe_proto::reports::v1::person_activity_service_client::PersonActivityServiceClient;
use observe_proto::reports::v1::trends_series::Math;
use prost_types::{Timestamp, value::Kind};
use serde_json::{Value, json};
use tonic::Status;

use crate::cluster::{Client, Cluster};

/// So many seconds after an hour ago, the same for the whole test: events far from now would be clamped.
pub(super) fn at(second: i64) -> i64 {
    static START: OnceLock<i64> = OnceLock::new();
    *START.get_or_init(|| SystemClock.now().timestamp() - 3_600) + second
}

/// Sends events with a key, all of which must be accepted.
pub(super) async fn send(cluster: &Cluster, key: &str, events: &[Value]) {
    let post = reqwest::Client::new().post(format!("{}/v1/events", cluster.base)).bearer_auth(key);
    let answer: Value = post.json(events).send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["accepted"], events.len(), "{answer}");
}

/// Asks with a key.
pub(super) struct Asker {
    insights: InsightServiceClient<Client>,
    persons: PersonServiceClient<Client>,
    activity: PersonActivityServiceClient<Client>,
    groups: GroupServiceClient<Client>,
}

impl Asker {
    pub(super) fn new(cluster: &Cluster, key: &str) -> Self {
        Self {
            insights: InsightServiceClient::new(cluster.client(key)),
            persons: PersonServiceClient::new(cluster.client(key)),
            activity: PersonActivityServiceClient::new(cluster.client(key)),
            groups: GroupServiceClient::new(cluster.client(key)),
        }
    }

    /// Persons who viewed, then clicked, then signed up.
    pub(super) async fn funnel(&self) -> Option<Vec<i64>> {
        let step = |event: &str| reports::FunnelStep { event: event.into(), ..Default::default() };
        let request = reports::QueryFunnelRequest {
            range: range(),
            steps: ["page_viewed", "button_clicked", "signed_up"].map(step).to_vec(),
            ..Default::default()
        };
        let answer = self.insights.clone().query_funnel(request).await.ok()?.into_inner();
        Some(answer.steps.iter().map(|step| step.persons).collect())
    }

    /// Different persons with any event.
    pub(super) async fn persons(&self) -> Option<i64> {
        Some(self.unique("", None).await?.first()?.1)
    }

    /// Different persons who viewed, by a property of theirs, in the order of its values.
    pub(super) async fn viewers_by(&self, property: &str) -> Option<Vec<(String, i64)>> {
        let breakdown = reports::Breakdown {
            property: property.into(),
            scope: Scope::Person.into(),
            ..Default::default()
        };
        let mut values = self.unique("page_viewed", Some(breakdown)).await?;
        values.sort_unstable();
        Some(values)
    }

    async fn unique(
        &self,
        event: &str,
        breakdown: Option<reports::Breakdown>,
    ) -> Option<Vec<(String, i64)>> {
        let series = reports::TrendsSeries {
            event: event.into(),
            math: Math::UniquePersons.into(),
            ..Default::default()
        };
        let request = reports::QueryTrendsRequest {
            range: range(),
            series: vec![series],
            breakdown,
            ..Default::default()
        };
        let answer = self.insights.clone().query_trends(request).await.ok()?.into_inner();
        #[expect(clippy::cast_possible_truncation, reason = "a handful of persons")]
        let lines = answer.series.into_iter().map(|one| (one.breakdown_value, one.total as i64));
        Some(lines.collect())
    }

    pub(super) async fn person(&self, distinct_id: &str) -> Option<identity::Person> {
        let id = Some(Id::DistinctId(distinct_id.into()));
        let request = identity::GetPersonRequest { id, ..Default::default() };
        self.persons.clone().get_person(request).await.ok()?.into_inner().person
    }

    pub(super) async fn preview(
        &self,
        source: &str,
        target: &str,
    ) -> Result<reports::PreviewMergeResponse, Status> {
        let request = reports::PreviewMergeRequest {
            source_person_id: source.into(),
            target_person_id: target.into(),
            ..Default::default()
        };
        self.activity.clone().preview_merge(request).await.map(tonic::Response::into_inner)
    }

    /// Merges and returns the merge's id.
    pub(super) async fn merge(&self, source: &str, target: &str) -> Result<String, Status> {
        let request = identity::MergePersonsRequest {
            source_person_id: source.into(),
            target_person_id: target.into(),
            ..Default::default()
        };
        Ok(self.persons.clone().merge_persons(request).await?.into_inner().merge_id)
    }

    pub(super) async fn split(&self, merge: &str) -> Result<Vec<identity::Person>, Status> {
        let request = identity::SplitPersonRequest { merge_id: merge.into(), ..Default::default() };
        Ok(self.persons.clone().split_person(request).await?.into_inner().persons)
    }

    pub(super) async fn merges(&self, person: &str) -> Vec<identity::Merge> {
        let request =
            identity::ListMergesRequest { person_id: person.into(), ..Default::default() };
        self.persons.clone().list_merges(request).await.unwrap().into_inner().merges
    }

    /// The refused merges of a person, or of the project without one.
    pub(super) async fn refused_merges(&self, person: &str) -> identity::ListRefusedMergesResponse {
        let request =
            identity::ListRefusedMergesRequest { person_id: person.into(), ..Default::default() };
        self.persons.clone().list_refused_merges(request).await.unwrap().into_inner()
    }

    /// The person's events, the latest first: name, and whether it begins a session.
    pub(super) async fn events(&self, person: &str) -> Vec<(String, bool)> {
        let id = Some(ListId::PersonId(person.into()));
        let request = reports::ListPersonEventsRequest { id, ..Default::default() };
        let answer = self.activity.clone().list_person_events(request).await.unwrap().into_inner();
        let names = answer.events.into_iter().map(|event| event.name);
        names.zip(answer.begins_session).collect()
    }

    pub(super) async fn export(
        &self,
        id: ExportId,
    ) -> Result<reports::ExportPersonResponse, Status> {
        let request = reports::ExportPersonRequest { id: Some(id), ..Default::default() };
        self.activity.clone().export_person(request).await.map(tonic::Response::into_inner)
    }

    /// The properties of a group.
    pub(super) async fn group(&self, kind: &str, key: &str) -> Option<Value> {
        let request = identity::GetGroupRequest {
            r#type: kind.into(),
            key: key.into(),
            ..Default::default()
        };
        let group = self.groups.clone().get_group(request).await.ok()?.into_inner().group?;
        let fields = group.properties.unwrap_or_default().fields;
        Some(fields.into_iter().map(|(key, value)| (key, plain(value.kind))).collect())
    }

    pub(super) async fn group_types(&self) -> Vec<(String, i64)> {
        let request = identity::ListGroupTypesRequest::default();
        let answer = self.groups.clone().list_group_types(request).await.unwrap();
        let types = answer.into_inner().group_types.into_iter();
        types.map(|one| (one.r#type, one.group_count)).collect()
    }

    pub(super) async fn groups(&self, kind: &str) -> Vec<String> {
        let request = identity::ListGroupsRequest { r#type: kind.into(), ..Default::default() };
        let answer = self.groups.clone().list_groups(request).await.unwrap();
        answer.into_inner().groups.into_iter().map(|group| group.key).collect()
    }
}

/// Texts and numbers as JSON.
fn plain(kind: Option<Kind>) -> Value {
    match kind {
        Some(Kind::StringValue(text)) => json!(text),
        Some(Kind::NumberValue(number)) => json!(number),
        other => unreachable!("no such value is sent: {other:?}"),
    }
}

fn range() -> Option<TimeRange> {
    let time = |seconds| Some(Timestamp { seconds, nanos: 0 });
    Some(TimeRange { start_time: time(at(-3_600)), end_time: time(at(86_400)) })
}
