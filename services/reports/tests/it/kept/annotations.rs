//! Notes at a moment.

use observe_proto::reports::v1 as pb;
use observe_proto::reports::v1::annotation_service_client::AnnotationServiceClient;
use prost_types::Timestamp;
use tonic::{Code, Status};

use super::harness::{NOW_MS, Reports, key, other_project, range, refusal, wrong};

const NOW: i64 = NOW_MS / 1_000;

fn at(seconds: i64) -> Option<Timestamp> {
    Some(Timestamp { seconds, nanos: 0 })
}

impl Reports {
    async fn note(&self, text: &str, time: Option<Timestamp>) -> Result<pb::Annotation, Status> {
        let text = text.to_owned();
        let request = pb::CreateAnnotationRequest { text, time, ..Default::default() };
        let made = self.annotations().create_annotation(request).await?.into_inner();
        Ok(made.annotation.expect("always given"))
    }

    async fn notes(&self) -> Vec<String> {
        let request = pb::ListAnnotationsRequest { range: range(), ..Default::default() };
        let answer = self.annotations().list_annotations(request).await.expect("listed");
        answer.into_inner().annotations.into_iter().map(|one| one.text).collect()
    }
}

#[tokio::test]
async fn notes_of_a_range_are_listed_oldest_first_and_changed_and_removed() {
    let reports = Reports::start().await;
    let release = reports.note("Release 2", at(NOW)).await.expect("made");
    reports.note("Release 1", at(NOW - 86_400)).await.expect("made");
    reports.note("Long ago", at(NOW - 200 * 86_400)).await.expect("made");
    assert_eq!(reports.notes().await, ["Release 1", "Release 2"]);
    let update = pb::UpdateAnnotationRequest {
        annotation_id: release.id.clone(),
        time: at(NOW - 2 * 86_400),
        text: "Release 0".into(),
        ..Default::default()
    };
    let changed = reports.annotations().update_annotation(update).await.expect("changed");
    let changed = changed.into_inner().annotation.expect("given");
    assert_eq!((changed.id, changed.created_time), (release.id.clone(), release.created_time));
    assert_eq!(reports.notes().await, ["Release 0", "Release 1"]);
    let delete = pb::DeleteAnnotationRequest { annotation_id: release.id, ..Default::default() };
    reports.annotations().delete_annotation(delete.clone()).await.expect("removed");
    assert_eq!(refusal(reports.annotations().delete_annotation(delete).await).0, Code::NotFound);
    assert_eq!(reports.notes().await, ["Release 1"]);
}

#[tokio::test]
async fn a_note_needs_a_time_and_a_text() {
    let reports = Reports::start().await;
    assert_eq!(wrong(reports.note("", None).await), ["time", "text"]);
    assert_eq!(wrong(reports.note(&"x".repeat(401), at(i64::MAX)).await), ["time", "text"]);
    let request = pb::ListAnnotationsRequest::default();
    assert_eq!(wrong(reports.annotations().list_annotations(request).await), ["range"]);
    reports.note("in the year 1", at(-62_135_596_800)).await.expect("any time will do");
}

#[tokio::test]
async fn another_tenants_note_is_like_none() {
    let reports = Reports::start().await;
    let note = reports.note("Mine", at(NOW)).await.expect("made");
    let mut stranger = AnnotationServiceClient::new(reports.by(key(other_project())));
    let request = pb::ListAnnotationsRequest { range: range(), ..Default::default() };
    let listed = stranger.list_annotations(request).await.expect("listed").into_inner();
    assert_eq!(listed.annotations, []);
    let delete = pb::DeleteAnnotationRequest { annotation_id: note.id, ..Default::default() };
    assert_eq!(refusal(stranger.delete_annotation(delete).await).0, Code::NotFound);
}
