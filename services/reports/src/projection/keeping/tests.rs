//! What is kept comes back as it was, whenever it is kept and whatever happened before.

use std::collections::HashMap;

use observe_core::PersonId;
use observe_core::distinct_id;
use observe_proto::events::v1::AcceptedEvent;
use observe_proto::identity::v1::{ErasureChange, MappingChange, PersonChange, change};

use super::*;
use uuid::Uuid;

fn project_id() -> ProjectId {
    ProjectId::new(Uuid::from_u128(7))
}

/// A store in memory.
#[derive(Default)]
struct Shelf {
    segments: BTreeMap<u64, StoredSegment>,
    visitors: BTreeMap<i32, StoredVisitors>,
    /// How many there are, and rows of them; `None` while they are not kept.
    persons: Option<(usize, BTreeMap<i32, Vec<u8>>)>,
    errors: BTreeMap<i32, StoredGroup>,
    erasures: HashMap<Uuid, StoredErasure>,
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
        self.visitors.extend(checkpoint.visitors.iter().map(|one| (one.row, one.clone())));
        self.persons = checkpoint.persons.as_ref().map(|persons| {
            let mut rows = self.persons.take().map(|(_, rows)| rows).unwrap_or_default();
            rows.extend(persons.rows.iter().cloned());
            rows.retain(|row, _| (*row as usize) < persons.row_count());
            (persons.count, rows)
        });
        self.errors.extend(checkpoint.errors.iter().map(|group| (group.place, group.clone())));
        self.erasures.extend(checkpoint.erasures.iter().map(|one| (one.id, one.clone())));
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
            visitors: self.visitors.values().map(|one| one.texts.clone()).collect(),
            persons: self.persons.as_ref().map(|(count, rows)| StoredPersons {
                rows: rows.values().cloned().collect(),
                visitors: self.visitors.values().map(|one| one.persons.clone()).collect(),
                count: *count,
            }),
            errors: self.errors.values().cloned().collect(),
            erasures: self.erasures.values().cloned().collect(),
        };
        let restored = Project::restore(project_id(), Kept::ALL, Room::default(), stored);
        restored.expect("it was kept")
    }

    /// All distinct ids.
    fn texts(&self) -> Vec<String> {
        let texts = self.visitors.values().map(|row| stored::read_texts(&row.texts));
        texts.flat_map(|row| row.expect("kept")).collect()
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
    let texts = shelf.texts();
    assert!(!texts.contains(&"visitor 7".to_owned()) && texts.contains(&"visitor 14".to_owned()));
    let restored = shelf.restore();
    assert_eq!(restored.change_number(), 1, "no change is read again");
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

/// A visitor, whose it is, and the properties of that person.
type Known = (String, Option<PersonId>, Vec<(String, String)>);

/// Returns who is who.
fn persons(project: &Project) -> Vec<Known> {
    let now = project.snapshot();
    let mut of_person: HashMap<u32, Vec<(String, String)>> = HashMap::new();
    for key in now.persons.property_keys() {
        let (code, values) = now.persons.property(key).expect("it occurred");
        now.persons.each_value(code, |person, value| {
            let (text, _) = values.value(value).expect("set");
            of_person.entry(person).or_default().push((key.to_owned(), text.to_owned()));
        });
    }
    let of = |(text, person): (&str, &u32)| {
        let mut properties = of_person.get(person).cloned().unwrap_or_default();
        properties.sort();
        let id = (*person != crate::projection::NOBODY).then(|| now.persons.id(*person));
        (text.to_owned(), id, properties)
    };
    now.visitors.texts().zip(now.persons.person_of()).map(of).collect()
}

fn mapping(number: i64, id: &str, of: &str) -> Change {
    let person_id = PersonId::of_distinct_id(project_id(), of).to_bytes();
    let mapping = MappingChange { distinct_id: id.into(), person_id };
    Change { number, kind: Some(change::Kind::Mapping(mapping)) }
}

fn profile(number: i64, of: &str, json: &str) -> Change {
    let person_id = PersonId::of_distinct_id(project_id(), of).to_bytes();
    let person =
        PersonChange { person_id, properties_json: json.into(), ..PersonChange::default() };
    Change { number, kind: Some(change::Kind::Person(person)) }
}

/// Merges and properties; the first has the number `from`.
fn changes(from: i64, count: i64) -> Vec<Change> {
    let change = |number: i64| match number % 3 {
        0 => mapping(number, &format!("visitor {}", number % 50), "user"),
        1 => profile(number, &format!("visitor {}", number % 20), r#"{"plan":"pro"}"#),
        _ => profile(number, "user", &format!(r#"{{"n":{number},"mail":"u@x"}}"#)),
    };
    (from..from + count).map(change).collect()
}

#[test]
fn persons_come_back_as_they_were_and_only_later_changes_are_read() {
    let (project, mut shelf) = (new(), Shelf::default());
    for n in 0..10 {
        project.append(&events(n * 40, 40));
        project.apply_changes(&changes(1 + i64::from(n) * 20, 20)).expect("the next changes");
        if n % 3 == 1 {
            shelf.keep(&project, i64::from(n + 1) * 40);
        }
    }
    shelf.keep(&project, 400);
    project.apply_changes(&changes(201, 7)).expect("the next changes");
    let restored = shelf.restore();
    assert!(!restored.is_unkept());
    assert_eq!(restored.change_number(), 200);
    restored.apply_changes(&changes(201, 7)).expect("the next changes");
    assert!(restored.is_unkept());
    assert_eq!(persons(&restored), persons(&project));
    assert_eq!(restored.version(), project.version());
    shelf.keep(&restored, 400);
    assert_eq!(persons(&shelf.restore()), persons(&project));
}

#[test]
fn persons_that_are_damaged_or_of_an_earlier_version_are_read_from_the_first_change() {
    let (project, mut shelf) = (new(), Shelf::default());
    project.append(&events(0, 400));
    project.apply_changes(&changes(1, 60)).expect("the next changes");
    project.apply_changes(&[erasure(61, "visitor 7", 1_000)]).expect("the next change");
    shelf.keep(&project, 400);
    let kept = shelf.persons.clone();
    let damaged = |shelf: &mut Shelf| {
        let rows = &mut shelf.persons.as_mut().expect("kept").1;
        let row = rows.get_mut(&0).expect("it has persons");
        let middle = row.len() / 2;
        row[middle] ^= 1;
    };
    let of_earlier = |shelf: &mut Shelf| {
        shelf.persons = None;
        shelf.erasures.values_mut().for_each(|one| one.cut = None);
    };
    for harm in [&damaged as &dyn Fn(&mut Shelf), &of_earlier] {
        shelf.persons.clone_from(&kept);
        harm(&mut shelf);
        let restored = shelf.restore();
        assert_eq!(restored.change_number(), 0);
        // Identity has not emptied the erased person's changes yet: they name who was forgotten.
        restored.apply_changes(&changes(1, 60)).expect("the next changes");
        restored.apply_changes(&[erasure(61, "visitor 7", 1_000)]).expect("the next change");
        shelf.load(&restored);
        assert_eq!(rows(&restored), rows(&project));
        restored.append(&[event(1)]);
        assert_eq!(rows(&restored).len(), rows(&project).len(), "it arrived before the cut");
        let mut again = std::mem::take(&mut shelf);
        again.keep(&restored, 400);
        assert!(!again.texts().contains(&"visitor 7".to_owned()));
        let back = again.restore();
        assert_eq!(back.change_number(), 61);
        let erased = Uuid::from_bytes([61; 16]);
        assert_eq!(back.erasures().rows(erased), project.erasures().rows(erased));
        back.append(&[event(1)]);
        again.load(&back);
        assert_eq!(rows(&back).len(), rows(&project).len(), "the cut is known without its change");
        shelf = again;
    }
}

#[test]
fn nothing_of_an_erased_person_is_in_the_rows_of_persons() {
    let (project, mut shelf) = (new(), Shelf::default());
    project.append(&events(0, 100));
    let json = r#"{"mail":"zyxomma@x","city":"zyxomma"}"#;
    project.apply_changes(&[profile(1, "visitor 7", json)]).expect("the next change");
    shelf.keep(&project, 100);
    let has = |shelf: &Shelf| {
        let rows = &shelf.persons.as_ref().expect("kept").1;
        // The first time that a text comes it is in clear, however much is packed.
        rows.values().any(|row| row.windows(7).any(|some| some == b"zyxomma"))
    };
    assert!(has(&shelf));
    project.apply_changes(&[erasure(2, "visitor 7", 1_000)]).expect("the next change");
    shelf.keep(&project, 100);
    assert!(!has(&shelf));
    assert_eq!(persons(&shelf.restore()), persons(&project));
}

#[test]
fn a_change_that_was_passed_over_is_read_again_by_a_later_version() {
    let (project, mut shelf) = (new(), Shelf::default());
    project.append(&events(0, 100));
    project.apply_changes(&changes(1, 9)).expect("the next changes");
    shelf.keep(&project, 100);
    project.keeping().set_persons_partial();
    project.skip_change();
    shelf.keep(&project, 100);
    let restored = shelf.restore();
    assert_eq!((restored.change_number(), shelf.persons.is_none()), (0, true));
    assert!(!restored.keeping().has(0, 101) && restored.keeping().has(0, 100));
    restored.apply_changes(&changes(1, 10)).expect("the next changes");
    shelf.keep(&restored, 100);
    assert_eq!(shelf.restore().change_number(), 10);
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
