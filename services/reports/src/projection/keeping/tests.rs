//! What is kept comes back as it was, whenever it is kept and whatever happened before.

use std::collections::HashMap;

use observe_core::PersonId;
use observe_core::distinct_id;
use observe_proto::events::v1::AcceptedEvent;
use observe_proto::identity::v1::{ErasureChange, MappingChange, change};

use super::*;

fn project_id() -> ProjectId {
    ProjectId::new(Uuid::from_u128(7))
}

/// A store in memory.
#[derive(Default)]
struct Shelf {
    segments: BTreeMap<u64, StoredSegment>,
    visitors: BTreeMap<i32, Vec<u8>>,
    errors: BTreeMap<i32, StoredGroup>,
    erasures: HashMap<Uuid, u64>,
    cursors: BTreeMap<u32, i64>,
    rows_sum: u64,
    change_number: i64,
}

impl Shelf {
    /// Keeps a project, and tells it so.
    fn keep(&mut self, project: &Project, cursor: i64) {
        let checkpoint = project.checkpoint(&BTreeMap::from([(0, cursor)]));
        if checkpoint.replaces {
            *self = Self::default();
        }
        for id in &checkpoint.removed {
            self.segments.remove(id).expect("it was added");
        }
        for segment in &checkpoint.added {
            let before = self.segments.insert(segment.head.id, segment.clone());
            assert!(before.is_none(), "numbers are given out once");
        }
        self.visitors.extend(checkpoint.visitors.iter().cloned());
        self.errors.extend(checkpoint.errors.iter().map(|group| (group.place, group.clone())));
        self.erasures.extend(checkpoint.erasures.iter().copied());
        self.cursors.clone_from(&checkpoint.cursors);
        self.rows_sum = checkpoint.rows_sum;
        self.change_number = checkpoint.change_number;
        project.kept(checkpoint);
        assert!(!project.is_unkept());
    }

    fn restore(&self) -> Project {
        let segment =
            |one: &StoredSegment| (Head { runs: Vec::new(), ..one.head.clone() }, one.runs.clone());
        let stored = StoredProject {
            cursors: self.cursors.clone(),
            rows_sum: self.rows_sum,
            change_number: self.change_number,
            segments: self.segments.values().map(segment).collect(),
            visitors: self.visitors.values().cloned().collect(),
            errors: self.errors.values().cloned().collect(),
            erasures: self.erasures.iter().map(|(id, rows)| (*id, *rows)).collect(),
        };
        let restored = Project::restore(project_id(), Kept::ALL, Room::default(), stored);
        restored.expect("it was kept")
    }

    /// Loads all segments of a project.
    fn load(&self, project: &Project) {
        for segment in project.unloaded(i64::MIN, i64::MAX) {
            let stored = &self.segments[&segment.id];
            project.load(&segment, &stored.body, &stored.digest).expect("it was kept");
        }
    }
}

/// A row as texts: who, what, when, when it arrived, and the properties.
type RowTexts = (String, String, i64, i64, Vec<(String, String)>);

/// All rows.
fn rows(project: &Project) -> Vec<RowTexts> {
    let now = project.snapshot();
    let keys = ["who", "n", "$exception_type", "$groups.company"];
    let mut found = Vec::new();
    for segment in now.segments(i64::MIN, i64::MAX) {
        for part in segment.parts(None) {
            let (visitors, times) = (segment.visitors(part.block), segment.times(part.block));
            let arrivals = segment.arrivals(part.block);
            for row in part.rows {
                let value = |key: &&str| {
                    let (code, values) = now.properties.find(key)?;
                    let (text, _) = values.value(segment.codes(code, part.block)?.get(row))?;
                    Some(((*key).to_owned(), text.to_owned()))
                };
                found.push((
                    now.visitors.text(visitors.as_u32()[row]).to_owned(),
                    now.names.text(part.name).to_owned(),
                    segment.min_time_ms + i64::from(times.as_u32()[row]),
                    arrivals.as_i64()[row],
                    keys.iter().filter_map(value).collect(),
                ));
            }
        }
    }
    found.sort();
    found
}

fn event(n: u32) -> AcceptedEvent {
    let who = format!("visitor {}", n * 7 % 50);
    let name = ["view", "buy", "$exception"][n as usize % 3];
    AcceptedEvent {
        name: name.into(),
        time_ms: i64::from(n % 40) * 86_400_000,
        received_us: i64::from(n),
        properties_json: format!(
            r#"{{"who":"{who}","n":{},"$groups":{{"company":"c{}"}},"$exception_type":"E{}"}}"#,
            n % 9,
            n % 4,
            n % 5
        ),
        distinct_id: who,
        ..AcceptedEvent::default()
    }
}

fn events(from: u32, count: u32) -> Vec<AcceptedEvent> {
    (from..from + count).map(event).collect()
}

fn erasure(number: i64, id: &str, cut_us: i64) -> Change {
    let erasure = ErasureChange {
        erasure_id: vec![u8::try_from(number).expect("few"); 16],
        person_id: PersonId::of_distinct_id(project_id(), id).to_bytes(),
        distinct_ids: Vec::new(),
        cut_us,
        distinct_id_hashes: vec![distinct_id::hash(id).to_vec()],
    };
    Change { number, kind: Some(change::Kind::Erasure(erasure)) }
}

fn new() -> Project {
    Project::new(project_id(), Kept::ALL, Room::default())
}

fn errors(project: &Project) -> Vec<(String, i64, i64, Option<String>)> {
    let now = project.snapshot();
    let groups = (1_u32..).zip(now.errors.iter());
    let all = groups.map(|(code, group)| {
        let title = group.sample.as_ref().map(|sample| sample.title.clone());
        let id = crate::errors::rows::id(&now, code);
        (id, group.first_seen_ms, group.last_seen_ms, title)
    });
    all.collect()
}

#[test]
fn what_is_kept_again_and_again_comes_back_whole() {
    let (project, mut shelf) = (new(), Shelf::default());
    for n in 0..30 {
        let batch = events(n * 40, 40);
        project.append(&batch);
        project.passed(0, i64::from(n) * 40 + 1, &[]);
        if n % 7 == 3 {
            shelf.keep(&project, i64::from(n + 1) * 40);
        }
    }
    shelf.keep(&project, 1_200);
    let restored = shelf.restore();
    assert!(!restored.is_unkept());
    shelf.load(&restored);
    assert_eq!(rows(&restored), rows(&project));
    assert_eq!(errors(&restored), errors(&project));
    assert_eq!(restored.version(), project.version());
    assert!(shelf.segments.len() < 60, "small segments were joined in the store, too");
}

#[test]
fn what_came_after_it_was_kept_comes_from_the_log_and_nothing_twice() {
    let (project, mut shelf) = (new(), Shelf::default());
    let apply = |project: &Project, n: u32| {
        if !project.keeping().has(0, i64::from(n) * 40 + 1) {
            project.append(&events(n * 40, 40));
            project.passed(0, i64::from(n) * 40 + 1, &[]);
        }
    };
    (0..5).for_each(|n| apply(&project, n));
    shelf.keep(&project, 200);
    (5..8).for_each(|n| apply(&project, n));
    assert_eq!(project.keeping().unkept(0), Some(201));
    let restored = shelf.restore();
    // The log is read from before what was kept, as the slowest project needs it.
    (2..8).for_each(|n| apply(&restored, n));
    shelf.load(&restored);
    assert_eq!(rows(&restored), rows(&project));
    assert_eq!(restored.version(), project.version());
}

#[test]
fn an_erased_person_is_in_nothing_that_is_kept() {
    let (project, mut shelf) = (new(), Shelf::default());
    project.append(&events(0, 400));
    shelf.keep(&project, 400);
    project.apply_changes(&[erasure(1, "visitor 7", 1_000)]).expect("the next change");
    assert!(project.has_unkept_erasure());
    shelf.keep(&project, 400);
    let texts = shelf.visitors.values().flat_map(|row| stored::read_texts(row).expect("kept"));
    let texts: Vec<_> = texts.collect();
    assert!(!texts.contains(&"visitor 7".to_owned()) && texts.contains(&"visitor 14".to_owned()));
    let restored = shelf.restore();
    // At a start the changes are read from the first one again.
    restored.apply_changes(&[erasure(1, "visitor 7", 1_000)]).expect("the next change");
    assert_eq!(
        restored.erasures().rows(Uuid::from_bytes([1; 16])),
        project.erasures().rows(Uuid::from_bytes([1; 16]))
    );
    shelf.load(&restored);
    assert_eq!(rows(&restored), rows(&project));
    let texts = |project: &Project| {
        let now = project.snapshot();
        let (_, values) = now.properties.find("who").expect("events have it");
        (1..values.value_codes())
            .filter_map(|code| Some(values.value(u32::try_from(code).expect("few"))?.0.to_owned()))
            .collect::<Vec<_>>()
    };
    assert!(!texts(&restored).contains(&"visitor 7".to_owned()));
    for project in [&project, &restored] {
        project.append(&[AcceptedEvent { received_us: 2_000, ..event(1) }]);
        assert_eq!(rows(project).iter().filter(|row| row.0 == "visitor 7").count(), 1);
    }
}

#[test]
fn merges_that_are_read_again_find_the_visitors_that_were_kept() {
    let (project, mut shelf) = (new(), Shelf::default());
    project.append(&events(0, 100));
    shelf.keep(&project, 100);
    let mapping = MappingChange {
        distinct_id: "visitor 7".into(),
        person_id: PersonId::of_distinct_id(project_id(), "visitor 14").to_bytes(),
    };
    let mapping = Change { number: 1, kind: Some(change::Kind::Mapping(mapping)) };
    let restored = shelf.restore();
    for project in [&project, &restored] {
        project.apply_changes(std::slice::from_ref(&mapping)).expect("the next change");
        let ids = ["visitor 7".to_owned(), "visitor 14".to_owned()];
        assert_eq!(project.count_persons(&ids), 1);
    }
}

#[test]
fn whether_everything_is_loaded_is_known() {
    let (project, mut shelf) = (new(), Shelf::default());
    project.append(&events(0, 10));
    shelf.keep(&project, 10);
    assert!(project.snapshot().is_loaded());
    let restored = shelf.restore();
    assert!(!restored.snapshot().is_loaded());
    assert!(restored.snapshot().properties.find("who").is_none(), "keys come with what is loaded");
    shelf.load(&restored);
    assert!(restored.snapshot().is_loaded());
    assert!(restored.snapshot().properties.find("who").is_some());
}

#[test]
fn what_was_changed_since_it_was_written_is_not_read() {
    let (project, mut shelf) = (new(), Shelf::default());
    project.append(&events(0, 10));
    shelf.keep(&project, 10);
    let restored = shelf.restore();
    let segment = restored.unloaded(i64::MIN, i64::MAX).remove(0);
    let stored = &shelf.segments[&segment.id];
    let mut body = stored.body.clone();
    body[20] ^= 1;
    assert!(restored.load(&segment, &body, &stored.digest).is_err());
    assert!(!segment.is_loaded());
}
