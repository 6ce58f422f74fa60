//! Erased persons: what the columns hold of one goes at once, and what comes later from before the cut is not taken.
//!
//! Ids are told by their hashes, since identity keeps no more of them. A visitor's code and its text stay in the dictionary of
//! this process, without a row, until it ends.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use observe_core::PersonId;
use observe_core::distinct_id::{self, Hash};
use observe_proto::events::v1::AcceptedEvent;
use observe_proto::identity::v1::ErasureChange;
use rustc_hash::{FxHashMap, FxHashSet};
use uuid::Uuid;

use super::ApplyError;
use super::columns::ProjectColumns;
use super::dictionary::Dictionary;
use super::project::Project;
use super::segment::Segment;
use super::tail::Tail;

/// What is known of the erasures of one project.
#[derive(Debug, Default)]
pub(super) struct Erasures {
    /// By hash of a distinct id, the latest cut in microseconds since 1970.
    cuts: HashMap<Hash, i64>,
    latest_cut_us: i64,
    /// Visitor codes by half of the hash of their ids, which is enough to tell them apart; made when it is first needed.
    visitors: FxHashMap<u128, u32>,
    /// How many visitors are in there.
    hashed: usize,
    /// By erasure, how many rows went.
    rows: HashMap<Uuid, u64>,
}

impl Erasures {
    /// Returns the events without those that are erased. Almost always all came after the latest cut.
    pub(super) fn left<'a>(&self, events: &'a [AcceptedEvent]) -> Cow<'a, [AcceptedEvent]> {
        let arrival =
            |event: &AcceptedEvent| event.received_us.saturating_add(i64::from(event.index));
        if self.cuts.is_empty() || events.iter().all(|event| arrival(event) > self.latest_cut_us) {
            return Cow::Borrowed(events);
        }
        let is_left = |event: &&AcceptedEvent| {
            arrival(event) > self.latest_cut_us
                || self
                    .cuts
                    .get(&distinct_id::hash(&event.distinct_id))
                    .is_none_or(|cut_us| arrival(event) > *cut_us)
        };
        Cow::Owned(events.iter().filter(is_left).cloned().collect())
    }

    /// Returns how many rows an erasure removed; `None` if it was not applied here.
    pub(super) fn rows(&self, erasure: Uuid) -> Option<u64> {
        self.rows.get(&erasure).copied()
    }

    /// Takes in what was kept.
    pub(super) fn restore(&mut self, erasures: Vec<StoredErasure>) {
        for erasure in erasures {
            self.rows.insert(erasure.id, erasure.rows);
            if let Some(cut) = erasure.cut {
                self.note(&cut.hashes, cut.at_us);
            }
        }
    }

    /// Notes how many rows erasures removed elsewhere, where that was more: what is gone from the log by now was counted there.
    pub(super) fn count_at_least(&mut self, others: &Self) {
        for (id, rows) in &mut self.rows {
            *rows = others.rows(*id).unwrap_or(0).max(*rows);
        }
    }

    /// Notes a cut.
    fn note(&mut self, hashes: &[Hash], cut_us: i64) {
        self.latest_cut_us = self.latest_cut_us.max(cut_us);
        for hash in hashes {
            let known = self.cuts.entry(*hash).or_insert(cut_us);
            *known = cut_us.max(*known);
        }
    }

    /// Returns the codes of those ids that are visitors.
    fn find(&mut self, visitors: &Dictionary, hashes: &[Hash]) -> FxHashSet<u32> {
        for code in self.hashed..visitors.len() {
            let code = u32::try_from(code).expect("codes have 32 bits");
            self.visitors.insert(half(&distinct_id::hash(visitors.text(code))), code);
        }
        self.hashed = visitors.len();
        hashes.iter().filter_map(|hash| self.visitors.get(&half(hash)).copied()).collect()
    }
}

fn half(hash: &Hash) -> u128 {
    let (half, _) = hash.split_first_chunk().expect("a hash has 32 bytes");
    u128::from_be_bytes(*half)
}

/// An erasure as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct StoredErasure {
    pub(crate) id: Uuid,
    /// How many rows went.
    pub(crate) rows: u64,
    /// `None` where an earlier version kept it.
    pub(crate) cut: Option<Cut>,
}

/// What an erasure removes however late it comes.
#[derive(Clone, Debug)]
pub(crate) struct Cut {
    /// Of distinct ids.
    pub(crate) hashes: Vec<Hash>,
    /// What arrived at or before it, in microseconds since 1970.
    pub(crate) at_us: i64,
}

/// An erasure, read.
struct Erasure {
    id: Uuid,
    person: PersonId,
    hashes: Vec<Hash>,
    cut_us: i64,
}

impl Erasure {
    fn read(change: &ErasureChange) -> Option<Self> {
        let hashes = change.distinct_id_hashes.iter();
        Some(Self {
            id: Uuid::from_slice(&change.erasure_id).ok()?,
            person: PersonId::from_bytes(&change.person_id)?,
            hashes: hashes.map(|hash| hash.as_slice().try_into().ok()).collect::<Option<_>>()?,
            cut_us: change.cut_us,
        })
    }
}

impl Project {
    /// Applies an erasure, which is identity's next change. It is computed beside, and seen all at once.
    ///
    /// # Errors
    /// `Gap` if it is not the next one, `Malformed` if it cannot be read.
    pub(super) fn erase(&self, number: i64, change: &ErasureChange) -> Result<(), ApplyError> {
        let expected = self.change_number() + 1;
        if number != expected {
            return Err(ApplyError::Gap { expected, found: number });
        }
        let erasure = Erasure::read(change);
        let erasure = erasure.ok_or(ApplyError::Malformed("an erasure cannot be read"))?;
        let mut erasures = self.erasures();
        erasures.note(&erasure.hashes, erasure.cut_us);
        let visitors = self.read().visitors.clone();
        let gone = erasures.find(&visitors, &erasure.hashes);
        // There is one writer, so what is there now is there until it is replaced.
        let removed = if gone.is_empty() {
            self.write().forget_person(number, &erasure, &gone);
            0
        } else {
            self.rewrite(number, &erasure, &gone)
        };
        let (is_kept, restored) = {
            let keeping = self.keeping();
            (number <= keeping.erased_through, keeping.restored_visitors)
        };
        let rows = if is_kept {
            // Changes that are read again may have named those who were forgotten; no segment that was kept has any of them.
            let back = gone.iter().copied().filter(|visitor| *visitor as usize >= restored);
            self.forget_visitors(&back.collect(), true);
            *erasures.rows.entry(erasure.id).or_insert(removed)
        } else {
            self.forget_visitors(&gone, false);
            erasures.rows.insert(erasure.id, removed);
            removed
        };
        let Erasure { id, hashes, cut_us, .. } = erasure;
        let cut = Some(Cut { hashes, at_us: cut_us });
        self.keeping().erased(StoredErasure { id, rows, cut });
        Ok(())
    }

    /// Forgets those of some visitors that have no event left.
    fn forget_visitors(&self, visitors: &FxHashSet<u32>, only_loaded: bool) {
        if visitors.is_empty() {
            return;
        }
        let now = self.snapshot();
        let mut left = FxHashSet::default();
        let all = now.segments(i64::MIN, i64::MAX).into_iter();
        for segment in all.filter(|segment| !only_loaded || segment.is_loaded()) {
            for part in segment.parts(None) {
                let codes = segment.visitors(part.block);
                let has = |visitor: &&u32| {
                    codes.as_u32()[part.rows.clone()].binary_search(visitor).is_ok()
                };
                left.extend(visitors.iter().filter(has));
            }
        }
        let mut columns = self.write();
        for visitor in visitors.difference(&left) {
            columns.visitors.forget(*visitor);
            columns.persons.forget(*visitor);
        }
    }

    fn rewrite(&self, number: i64, erasure: &Erasure, gone: &FxHashSet<u32>) -> u64 {
        let is_gone =
            |visitor: u32, arrival: i64| arrival <= erasure.cut_us && gone.contains(&visitor);
        let (mut segments, tail) = {
            let columns = self.read();
            (columns.segments.clone(), columns.tail.clone())
        };
        let mut removed = 0;
        // After a start, what was kept since has it applied already.
        let is_done = {
            let keeping = self.keeping();
            let is_kept = number <= keeping.erased_through;
            let all = segments.values().flatten();
            let done = all.filter(|segment| is_kept && keeping.has_segment(segment.id));
            done.map(|segment| segment.id).collect::<FxHashSet<_>>()
        };
        for week in segments.values_mut() {
            let left = week.iter().filter_map(|segment| {
                if is_done.contains(&segment.id) {
                    return Some(Arc::clone(segment));
                }
                left_of(segment, is_gone, &mut removed, self)
            });
            *week = left.collect();
        }
        segments.retain(|_, week| !week.is_empty());
        let tail: Vec<Arc<Tail>> = tail
            .iter()
            .map(|piece| match piece.without(is_gone) {
                None => Arc::clone(piece),
                Some(left) => {
                    removed += piece.len() - left.len();
                    Arc::new(left)
                }
            })
            .collect();
        let mut columns = self.write();
        columns.segments = segments;
        columns.tail = tail;
        columns.forget_person(number, erasure, gone);
        u64::try_from(removed).unwrap_or(u64::MAX)
    }
}

/// Returns what is left of a segment: itself if nothing goes.
fn left_of(
    segment: &Arc<Segment>,
    is_gone: impl Fn(u32, i64) -> bool,
    removed: &mut usize,
    project: &Project,
) -> Option<Arc<Segment>> {
    let gone = segment.count(&is_gone);
    if gone == 0 {
        return Some(Arc::clone(segment));
    }
    *removed += gone;
    let left = segment.retain(|_, visitor, arrival, _| !is_gone(visitor, arrival), &project.room);
    left.map(|left| project.numbered(left))
}

impl ProjectColumns {
    /// Forgets what is known of an erased person, and has each of its ids be again the person that it makes by itself.
    fn forget_person(&mut self, number: i64, erasure: &Erasure, visitors: &FxHashSet<u32>) {
        self.persons.drop_person(erasure.person);
        for visitor in visitors {
            self.persons.start_afresh(*visitor, self.visitors.text(*visitor));
        }
        self.errors
            .forget_of(|visitor, arrival| arrival <= erasure.cut_us && visitors.contains(&visitor));
        self.change_number = number;
    }
}

#[cfg(test)]
mod tests {
    use observe_core::ProjectId;
    use observe_proto::identity::v1::{Change, MappingChange, PersonChange, change};

    use super::super::block::Room;
    use super::super::columns::Snapshot;
    use super::super::retention::Kept;
    use super::*;

    fn project_id() -> ProjectId {
        ProjectId::new(Uuid::from_u128(9))
    }

    fn event(who: &str, name: &str, received_us: i64) -> AcceptedEvent {
        AcceptedEvent {
            name: name.into(),
            distinct_id: who.into(),
            time_ms: received_us * 400_000_000,
            received_us,
            properties_json: format!(r#"{{"at":{received_us},"who":"{who}"}}"#),
            ..AcceptedEvent::default()
        }
    }

    fn erasure(number: i64, ids: &[&str], cut_us: i64) -> Change {
        let erasure = ErasureChange {
            erasure_id: vec![u8::try_from(number).expect("few"); 16],
            person_id: PersonId::of_distinct_id(project_id(), "ada").to_bytes(),
            distinct_ids: Vec::new(),
            cut_us,
            distinct_id_hashes: ids.iter().map(|id| distinct_id::hash(id).to_vec()).collect(),
        };
        Change { number, kind: Some(change::Kind::Erasure(erasure)) }
    }

    fn mapping(number: i64, id: &str, to: &str) -> Change {
        let person_id = PersonId::of_distinct_id(project_id(), to).to_bytes();
        let mapping = MappingChange { distinct_id: id.into(), person_id };
        Change { number, kind: Some(change::Kind::Mapping(mapping)) }
    }

    fn profile(number: i64, of: &str, json: &str) -> Change {
        let person = PersonChange {
            person_id: PersonId::of_distinct_id(project_id(), of).to_bytes(),
            properties_json: json.into(),
            ..PersonChange::default()
        };
        Change { number, kind: Some(change::Kind::Person(person)) }
    }

    /// All rows: who, which event, arrival, and the property "who".
    fn rows(now: &Snapshot) -> Vec<(String, String, i64, String)> {
        let (who, values) = now.properties.find("who").expect("every event has it");
        let mut found = Vec::new();
        for segment in now.segments(i64::MIN, i64::MAX) {
            let codes = segment.codes(who, 0).expect("every event has it");
            for part in segment.parts(None) {
                for row in part.rows {
                    let value = values.value(codes.get(row));
                    found.push((
                        now.visitors.text(segment.visitors(0).as_u32()[row]).to_owned(),
                        now.names.text(part.name).to_owned(),
                        segment.arrivals(0).as_i64()[row],
                        value.expect("set").0.to_owned(),
                    ));
                }
            }
        }
        found.sort();
        found
    }

    fn expected(rows: &[(&str, &str, i64)]) -> Vec<(String, String, i64, String)> {
        let row = |(who, name, at): &(&str, &str, i64)| {
            ((*who).to_owned(), (*name).to_owned(), *at, (*who).to_owned())
        };
        rows.iter().map(row).collect()
    }

    #[test]
    fn rows_up_to_the_cut_go_from_segments_and_tail_and_late_ones_are_not_taken() {
        let project = Project::new(project_id(), Kept::ALL, Room::default());
        project.append(&[event("ada", "a", 1), event("bob", "a", 2), event("anon", "b", 3)]);
        project.seal();
        project.append(&[event("ada", "b", 4), event("bob", "b", 5), event("ada", "a", 50)]);
        let changes = [mapping(1, "anon", "ada"), profile(2, "ada", r#"{"plan":"pro"}"#)];
        project.apply_changes(&changes).expect("the next");
        let before = project.snapshot();
        project.apply_changes(&[erasure(3, &["ada", "anon", "unseen"], 10)]).expect("the next");
        assert_eq!(rows(&before).len(), 6, "who asked before keeps what it saw");
        let left = [("ada", "a", 50), ("bob", "a", 2), ("bob", "b", 5)];
        assert_eq!(rows(&project.snapshot()), expected(&left));
        assert_eq!(project.erasures().rows(Uuid::from_bytes([3; 16])), Some(3));

        project.append(&[
            event("ada", "late", 9),
            event("unseen", "late", 10),
            event("cy", "n", 7),
        ]);
        project.append(&[event("unseen", "new", 11)]);
        let left = [
            ("ada", "a", 50),
            ("bob", "a", 2),
            ("bob", "b", 5),
            ("cy", "n", 7),
            ("unseen", "new", 11),
        ];
        assert_eq!(rows(&project.snapshot()), expected(&left));
        project.seal();
        assert_eq!(rows(&project.snapshot()), expected(&left));
    }

    #[test]
    fn properties_go_and_each_id_is_a_person_of_its_own_again() {
        let project = Project::new(project_id(), Kept::ALL, Room::default());
        project.append(&[event("ada", "a", 1), event("anon", "a", 2), event("anon", "a", 60)]);
        let changes = [mapping(1, "anon", "ada"), profile(2, "ada", r#"{"plan":"pro"}"#)];
        project.apply_changes(&changes).expect("the next");
        let count = || project.count_persons(&["ada".to_owned(), "anon".to_owned()]);
        assert_eq!(count(), 1);
        project.apply_changes(&[erasure(3, &["ada", "anon"], 10)]).expect("the next");
        assert_eq!(count(), 2);
        let now = project.snapshot();
        let (key, _) = now.persons.property("plan").expect("it occurred");
        now.persons.each_value(key, |_, _| panic!("nobody has it now"));
        project.apply_changes(&[profile(4, "ada", r#"{"plan":"new"}"#)]).expect("the next");
        let now = project.snapshot();
        let mut with = 0;
        now.persons.each_value(key, |_, _| with += 1);
        assert_eq!(with, 1, "what comes later starts afresh");
    }

    #[test]
    fn who_reads_the_logs_anew_comes_to_the_same() {
        let followed = Project::new(project_id(), Kept::ALL, Room::default());
        followed.append(&[event("ada", "a", 1), event("bob", "a", 2)]);
        followed
            .apply_changes(&[mapping(1, "anon", "ada"), erasure(2, &["ada", "anon"], 10)])
            .expect("the next");
        followed.append(&[event("ada", "a", 11), event("ada", "late", 3)]);
        let anew = Project::new(project_id(), Kept::ALL, Room::default());
        // The log has lost what was erased, or has not yet; the change log has lost the mapping.
        anew.append(&[event("ada", "a", 1), event("bob", "a", 2), event("ada", "a", 11)]);
        anew.apply_changes(&[Change { number: 1, kind: None }, erasure(2, &["ada", "anon"], 10)])
            .expect("the next");
        assert_eq!(rows(&anew.snapshot()), rows(&followed.snapshot()));
        let ids = ["ada".to_owned(), "anon".to_owned()];
        assert_eq!(anew.count_persons(&ids), followed.count_persons(&ids));
    }

    #[test]
    fn what_the_latest_error_of_a_group_looked_like_goes_with_its_person() {
        let project = Project::new(project_id(), Kept::ALL, Room::default());
        let error = |who: &str, message: &str, at| AcceptedEvent {
            properties_json: format!(
                r#"{{"who":"{who}","$exception_list":[{{"type":"{message}","value":"x"}}]}}"#
            ),
            ..event(who, "$exception", at)
        };
        project.append(&[error("ada", "A", 1), error("bob", "B", 2)]);
        project.apply_changes(&[erasure(1, &["ada"], 10)]).expect("the next");
        let now = project.snapshot();
        let samples = now.errors.iter().filter(|group| group.sample.is_some()).count();
        assert_eq!((now.errors.len(), samples), (2, 1));
    }

    #[test]
    fn one_that_does_not_follow_or_cannot_be_read_changes_nothing() {
        let project = Project::new(project_id(), Kept::ALL, Room::default());
        project.append(&[event("ada", "a", 1)]);
        let gap = project.apply_changes(&[erasure(2, &["ada"], 10)]);
        assert_eq!(gap, Err(ApplyError::Gap { expected: 1, found: 2 }));
        let broken = ErasureChange { distinct_id_hashes: vec![vec![1]], ..Default::default() };
        let broken = Change { number: 1, kind: Some(change::Kind::Erasure(broken)) };
        assert!(matches!(project.apply_changes(&[broken]), Err(ApplyError::Malformed(_))));
        assert_eq!(rows(&project.snapshot()).len(), 1);
        assert_eq!(project.change_number(), 0);
    }
}
