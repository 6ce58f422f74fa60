use futures::StreamExt as _;
use observe_core::ProjectId;
use observe_proto::events::v1::StoredEvent;
use observe_testkit::eventually;
use tonic::Code;
use uuid::Uuid;

use super::*;
use crate::export::event_row::EventRow;
use crate::export::places::{EXPORTS_OF_PROJECT_MAX, Places};

/// Long enough for anything here.
const DEADLINE: Duration = Duration::from_secs(20);

/// Pages of some rows, then the end or an error.
struct Pages {
    left: usize,
    rows: usize,
    ends_well: bool,
}

impl Source for Pages {
    type Row = EventRow;

    async fn next_page(&mut self) -> Result<Vec<EventRow>, ReportsError> {
        if self.left == 0 {
            return if self.ends_well { Ok(Vec::new()) } else { Err(stopping()) };
        }
        self.left -= 1;
        let event = StoredEvent {
            uuid: vec![7; 16],
            properties_json: format!(r#"{{"filler":"{}"}}"#, "x".repeat(1_000)),
            ..StoredEvent::default()
        };
        let row = EventRow::new(event, None)?;
        Ok(vec![row; self.rows])
    }

    fn rows_estimated(&self) -> u64 {
        1_234
    }
}

fn project() -> ProjectId {
    ProjectId::new(Uuid::from_u128(1))
}

fn begun(places: &Places, pages: Pages, stall: Duration) -> Parts<Part> {
    let place = places.take(project()).expect("a place");
    begin_for(pages, Format::Ndjson, place, &Lifecycle::new(), (stall, |part| part))
}

/// Waits until all places of the project are free.
async fn all_free(places: &Places) {
    eventually(DEADLINE, "the places to be free", async || {
        let taken: Vec<_> = (0..EXPORTS_OF_PROJECT_MAX).map(|_| places.take(project())).collect();
        taken.iter().all(Result::is_ok).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_comes_in_small_pieces_that_tell_how_far_it_is() {
    let places = Places::default();
    let pages = Pages { left: 3, rows: 1_000, ends_well: true };
    let parts: Vec<_> = begun(&places, pages, DEADLINE).collect().await;
    let parts: Vec<Part> = parts.into_iter().map(|part| part.expect("all is well")).collect();
    assert!(parts.len() > 12, "three megabytes in {} pieces", parts.len());
    let mut bytes = 0;
    for part in &parts {
        assert!(part.chunk.len() <= CHUNK_BYTES_MAX);
        bytes += part.chunk.len() as u64;
        assert_eq!((part.bytes_done, part.rows_estimated), (bytes, 1_234));
    }
    assert_eq!(parts.last().expect("the last").rows_done, 3_000);
    let file: Vec<u8> = parts.into_iter().flat_map(|part| part.chunk).collect();
    assert_eq!(file.iter().filter(|byte| **byte == b'\n').count(), 3_000);
    all_free(&places).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_in_the_middle_is_the_end_of_the_stream() {
    let places = Places::default();
    let pages = Pages { left: 1, rows: 10, ends_well: false };
    let mut parts: Vec<_> = begun(&places, pages, DEADLINE).collect().await;
    let last = parts.pop().expect("the last").expect_err("it broke off");
    assert_eq!(last.code(), Code::Unavailable);
    assert!(parts.iter().all(Result::is_ok));
    all_free(&places).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_goes_away_leaves_the_place_to_others() {
    let places = Places::default();
    let pages = Pages { left: usize::MAX, rows: 1_000, ends_well: true };
    let mut parts = begun(&places, pages, DEADLINE);
    parts.next().await.expect("a part").expect("all is well");
    drop(parts);
    all_free(&places).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_nothing_for_long_finds_the_file_broken_off_and_not_whole() {
    let places = Places::default();
    let pages = Pages { left: 100, rows: 1_000, ends_well: true };
    let mut parts = begun(&places, pages, Duration::from_millis(20));
    all_free(&places).await;
    let mut last = None;
    while let Some(part) = parts.next().await {
        last = Some(part);
    }
    let last = last.expect("it began").expect_err("it is not whole");
    assert_eq!(last.code(), Code::Aborted);
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_ends_an_export_with_a_status() {
    let life = Lifecycle::new();
    let place = Places::default().take(project()).expect("a place");
    let pages = Pages { left: usize::MAX, rows: 10, ends_well: true };
    let mut parts = begin_for(pages, Format::Ndjson, place, &life, (DEADLINE, |part| part));
    parts.next().await.expect("a part").expect("all is well");
    life.stop();
    let mut last = None;
    while let Some(part) = parts.next().await {
        last = Some(part);
    }
    let last = last.expect("it began").expect_err("it is not whole");
    assert_eq!(last.code(), Code::Unavailable);
    assert!(life.drained().await);
}
