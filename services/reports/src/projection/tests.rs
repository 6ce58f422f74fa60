use std::io::Write as _;

use observe_proto::events::v1::{AcceptedEvent, LoggedEvents};
use observe_proto::identity::v1::{Change, MappingChange, change};
use prost::Message as _;
use uuid::Uuid;

use super::*;

fn row(first_sequence: i64, count: u32) -> LogRow {
    let event = AcceptedEvent {
        name: "view".into(),
        distinct_id: "ada".into(),
        ..AcceptedEvent::default()
    };
    let events = LoggedEvents { events: vec![event; count as usize], erased: 0 };
    let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
    encoder.write_all(&events.encode_to_vec()).expect("memory takes all");
    let payload = encoder.finish().expect("memory takes all").into();
    LogRow { project_id: vec![1; 16], first_sequence, count, payload }
}

#[test]
fn a_row_that_does_not_follow_is_refused() {
    let projection = Projection::new();
    projection.apply_log_row(0, &row(1, 3)).expect("the first");
    projection.apply_log_row(1, &row(1, 1)).expect("the first of another shard");
    assert_eq!(projection.cursor(0), 3);
    for wrong in [1, 3, 5] {
        let refused = projection.apply_log_row(0, &row(wrong, 1));
        assert_eq!(refused, Err(ApplyError::Gap { expected: 4, found: wrong }));
    }
    projection.apply_log_row(0, &row(4, 1)).expect("the next");
    let project = projection.project(ProjectId::new(Uuid::from_bytes([1; 16])));
    let rows: usize =
        project.snapshot().segments(i64::MIN, i64::MAX).iter().map(|one| one.len()).sum();
    assert_eq!(rows, 5, "every event is in it once");
}

#[test]
fn a_row_that_cannot_be_read_changes_nothing() {
    let projection = Projection::new();
    let broken = LogRow { payload: vec![1, 2, 3].into(), ..row(1, 1) };
    assert!(matches!(projection.apply_log_row(0, &broken), Err(ApplyError::Malformed(_))));
    let miscounted = LogRow { count: 2, ..row(1, 1) };
    assert!(matches!(projection.apply_log_row(0, &miscounted), Err(ApplyError::Malformed(_))));
    assert_eq!(projection.cursor(0), 0);
}

#[test]
fn a_row_that_was_passed_over_beside_is_read_by_a_later_version_too() {
    let projection = Projection::new();
    projection.apply_log_row(0, &row(1, 3)).expect("the first");
    let id = ProjectId::new(Uuid::from_bytes([1; 16]));
    let beside = projection.beside(id);
    beside.skip_log_row(0, &row(1, 3)).expect("the first");
    projection.replace(id, beside.project(id));
    assert_eq!(projection.floor(), BTreeMap::from([(0, 0)]), "nothing of it is kept");
}

#[test]
fn an_emptied_row_is_passed_over() {
    let projection = Projection::new();
    projection.apply_log_row(0, &LogRow { payload: vec![].into(), ..row(1, 3) }).expect("one");
    projection.apply_log_row(0, &row(4, 1)).expect("the next");
    assert_eq!(projection.cursor(0), 4);
}

#[test]
fn what_is_older_than_is_kept_goes_and_does_not_come_back() {
    let projection = Projection::new();
    let id = ProjectId::new(Uuid::from_bytes([1; 16]));
    let event = |name: &str, time_ms| AcceptedEvent {
        name: name.into(),
        distinct_id: "ada".into(),
        time_ms,
        properties_json: "{}".into(),
        ..AcceptedEvent::default()
    };
    let rows = || -> Vec<i64> {
        let now = projection.project(id).snapshot();
        let mut times: Vec<_> = now
            .segments(i64::MIN, i64::MAX)
            .iter()
            .flat_map(|one| {
                let from = |time: &u32| one.min_time_ms + i64::from(*time);
                one.times(0).as_u32().iter().map(from).collect::<Vec<_>>()
            })
            .collect();
        times.sort_unstable();
        times
    };
    let week = 7 * 24 * 60 * 60 * 1000;
    let times = [5, week, week + 7, 3 * week];
    projection.project(id).append(&times.map(|time| event("view", time)));
    projection.project(id).seal();
    projection.project(id).append(&times.map(|time| event("$exception", time)));
    let kept = Kept { events_from_ms: week + 1, errors_from_ms: 2 * week };
    projection.keep([(id, kept)].into());
    assert_eq!(rows(), [week + 7, 3 * week, 3 * week]);
    projection.project(id).append(&[event("view", week), event("view", 4 * week)]);
    assert_eq!(rows(), [week + 7, 3 * week, 3 * week, 4 * week]);
    projection.keep(HashMap::new());
    projection.project(id).append(&[event("view", 1)]);
    assert_eq!(rows()[0], 1, "all is kept again");
}

#[test]
fn a_project_that_was_made_anew_is_not_answered_with_what_was_kept_before() {
    let projection = Projection::new();
    projection.apply_log_row(0, &row(1, 3)).expect("the first");
    let id = ProjectId::new(Uuid::from_bytes([1; 16]));
    let mut versions = vec![projection.project(id).version()];
    for _ in 0..2 {
        let beside = projection.beside(id);
        beside.apply_log_row(0, &row(1, 3)).expect("the first");
        assert_eq!(beside.project(id).version(), versions[0], "it has the same rows");
        projection.replace(id, beside.project(id));
        let version = projection.project(id).version();
        assert!(!versions.contains(&version));
        versions.push(version);
    }
}

#[test]
fn changes_are_applied_in_order_without_a_gap() {
    let projection = Projection::new();
    let change = |number| Change {
        number,
        kind: Some(change::Kind::Mapping(MappingChange {
            distinct_id: "ada".into(),
            person_id: vec![7; 16],
        })),
    };
    let changes = |numbers: &[i64], head_number| ProjectChanges {
        project_id: vec![1; 16],
        changes: numbers.iter().map(|n| change(*n)).collect(),
        head_number,
    };
    let project = ProjectId::new(Uuid::from_bytes([1; 16]));
    assert_eq!(projection.apply_changes(&changes(&[1, 2], 3)), Ok(Some((project, 2))));
    assert_eq!(projection.apply_changes(&changes(&[3], 3)), Ok(None));
    let gap = projection.apply_changes(&changes(&[5], 5));
    assert_eq!(gap, Err(ApplyError::Gap { expected: 4, found: 5 }));
    let restored = projection.apply_changes(&changes(&[], 2));
    assert!(matches!(restored, Err(ApplyError::Gap { .. })));
    assert_eq!(projection.change_positions(), [(project, 3)]);
}
