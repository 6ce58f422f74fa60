//! What is noted is bounded, and outlives a report that failed.

use uuid::Uuid;

use super::*;

fn project(n: usize) -> ProjectId {
    ProjectId::new(Uuid::from_u128(n as u128))
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + seconds, 0).expect("a valid time")
}

fn example(n: usize) -> RejectedEvent {
    RejectedEvent { name: n.to_string(), ..RejectedEvent::default() }
}

fn names(tally: &Tally) -> Vec<&str> {
    tally.examples.iter().map(|example| example.name.as_str()).collect()
}

#[test]
fn memory_is_bounded_by_projects_and_examples() {
    let notes = Notes::default();
    for n in 0..PROJECTS_MAX + 10 {
        notes.count(project(n), &BTreeMap::from([("a", 1)]), at(0));
        notes.show(project(n), (0..10).map(example).collect());
    }
    let room = notes.count(project(0), &BTreeMap::from([("a", 1), ("b", 5)]), at(7));
    assert_eq!(room, 0, "the examples of all projects are limited together");
    let taken = notes.take();
    assert_eq!(taken.len(), PROJECTS_MAX);
    assert_eq!(taken[&project(0)].counts["a"], Count { count: 2, last: at(7) });
    assert_eq!(taken[&project(0)].counts["b"].count, 5);
    assert!(notes.take().is_empty());
    notes.show(project(1), (0..250).map(example).collect());
    let taken = notes.take();
    assert_eq!(names(&taken[&project(1)]).first(), Some(&"150"), "the latest are kept");
    assert_eq!(taken[&project(1)].examples.len(), EXAMPLES_MAX);
}

#[test]
fn what_could_not_be_reported_is_kept_before_what_is_newer() {
    let notes = Notes::default();
    notes.count(project(1), &BTreeMap::from([("a", 3)]), at(1));
    notes.show(project(1), (0..60).map(example).collect());
    let failed = notes.take();
    notes.count(project(1), &BTreeMap::from([("a", 1)]), at(2));
    notes.show(project(1), (60..120).map(example).collect());
    notes.put_back(failed);
    let taken = notes.take();
    let tally = &taken[&project(1)];
    assert_eq!(tally.counts["a"], Count { count: 4, last: at(2) });
    let expected: Vec<_> = (20..120).map(|n: usize| n.to_string()).collect();
    assert_eq!(names(tally), expected);
}
