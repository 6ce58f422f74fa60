//! The projection: every project's events as columns in memory, built by reading the event log and identity's change log from
//! where what was kept of it ends.
//!
//! Data and cursors live together, in this value alone, so each event is in it exactly once: a row of the log that does
//! not follow the one before is refused, and the projection must then be built anew.

mod block;
mod chunked;
mod columns;
mod dictionary;
mod erasure;
mod error_groups;
mod estimate;
mod first_seen;
mod gathered;
pub(crate) mod keeping;
mod keyed_hash;
mod log_row;
mod pack;
mod people;
mod persons;
mod project;
mod properties;
mod property_set;
mod retention;
mod rows;
mod sealing;
pub(crate) mod segment;
pub(crate) mod stored;
mod tail;
mod texts;

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use observe_core::ProjectId;
use observe_proto::events::v1::LogRow;
use observe_proto::identity::v1::ProjectChanges;

pub(crate) use block::Room;
pub(crate) use columns::{GROUPS, Snapshot};
pub(crate) use dictionary::{NOT_SET, ValueDictionary};
pub(crate) use error_groups::Seen;
pub(crate) use first_seen::First;
pub(crate) use pack::{BLOCK_ROWS, Unpacked};
pub(crate) use people::People;
pub(crate) use persons::NOBODY;
pub(crate) use project::Project;
pub(crate) use property_set::PropertySet;
pub(crate) use retention::Kept;
pub(crate) use rows::NameRun;
pub(crate) use segment::{Part, Segment};

use log_row::Decoder;

/// Why something read from a log cannot be applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// It does not follow what was applied before: the projection must be built anew.
    #[error("expected position {expected}, found {found}")]
    Gap {
        /// The position that follows.
        expected: i64,
        /// The position that came.
        found: i64,
    },
    /// It cannot be read.
    #[error("{0}")]
    Malformed(&'static str),
}

/// All projects, with the positions read.
#[derive(Debug, Default)]
pub struct Projection {
    projects: RwLock<HashMap<ProjectId, Arc<Project>>>,
    /// By shard, the last sequence applied.
    cursors: Mutex<HashMap<u32, i64>>,
    /// What projects keep that do not keep all.
    kept: Mutex<HashMap<ProjectId, Kept>>,
    /// Where blocks are unpacked.
    room: Room,
    /// Whether a row of the log was passed over.
    is_partial: AtomicBool,
    /// Where the rows of the log are decoded.
    decoder: Mutex<Decoder>,
    /// Whether persons are as they were kept, and identity's change log was not looked at yet.
    is_restored: AtomicBool,
    /// The only project that is read, if there is one.
    only: Option<ProjectId>,
}

impl Projection {
    /// Starts without anything.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts without anything. Of the blocks that questions unpack, so many bytes are kept; with 0, each question unpacks what
    /// it reads.
    #[must_use]
    pub fn with_room(bytes_max: usize) -> Self {
        Self { room: Room::of(bytes_max), ..Self::default() }
    }

    /// Returns how many bytes the packed columns of a project take, by column: `$visitor`, `$time`, `$arrival`, and the keys of
    /// properties. What is not sealed yet does not count.
    #[must_use]
    pub fn packed_bytes(&self, project: ProjectId) -> Vec<(String, u64)> {
        let now = self.project(project).snapshot();
        let mut columns: HashMap<String, u64> = HashMap::new();
        for segment in now.segments(i64::MIN, i64::MAX) {
            let fixed = ["$visitor", "$time", "$arrival"].into_iter().zip(segment.packed_bytes());
            let properties = segment.packed_property_bytes().into_iter();
            let properties = properties.map(|(key, bytes)| (now.properties.key_text(key), bytes));
            for (column, bytes) in fixed.chain(properties) {
                *columns.entry(column.to_owned()).or_default() += bytes as u64;
            }
        }
        columns.into_iter().collect()
    }

    /// Returns how many bytes of memory a project takes, by part; of what is unpacked, those of all projects.
    #[must_use]
    pub fn memory_bytes(&self, project: ProjectId) -> Vec<(&'static str, u64)> {
        let now = self.project(project).snapshot();
        let segments = now.segments(i64::MIN, i64::MAX);
        let sum = |of: fn(&Segment) -> usize| segments.iter().map(|segment| of(segment)).sum();
        let parts: [(_, usize); 6] = [
            ("packed columns", sum(Segment::all_packed_bytes)),
            ("unpacked columns", self.room.bytes()),
            ("first events of visitors and groups", sum(Segment::first_seen_bytes)),
            ("distinct ids", now.visitors.bytes()),
            ("values of properties", now.properties.bytes()),
            ("who is who", now.persons.person_of().len() * 4),
        ];
        parts.map(|(part, bytes)| (part, bytes as u64)).to_vec()
    }

    /// Starts with what was kept: the projects, and by shard, up to where the log is in them all.
    pub(crate) fn restored(
        projects: HashMap<ProjectId, Project>,
        floor: HashMap<u32, i64>,
        room: Room,
    ) -> Self {
        let projects = projects.into_iter().map(|(id, project)| (id, Arc::new(project))).collect();
        let (projects, cursors) = (RwLock::new(projects), Mutex::new(floor));
        Self { projects, cursors, room, is_restored: AtomicBool::new(true), ..Self::default() }
    }

    /// Starts without anything, to make one project anew beside this projection.
    pub(crate) fn beside(&self, project: ProjectId) -> Self {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let anew = Self { room: self.room.clone(), only: Some(project), ..Self::default() };
        anew.keep(kept);
        // Its persons may have changes before it has an event.
        anew.project(project);
        anew
    }

    /// Puts a project that was made anew beside in the place of the one that is there: nobody is answered from that one from now
    /// on. It was read up to where this projection is.
    pub(crate) fn replace(&self, id: ProjectId, anew: Arc<Project>) {
        anew.take_over(&self.project(id));
        anew.keep(self.kept_of(id));
        if anew.is_partial() {
            self.is_partial.store(true, Ordering::Relaxed);
        }
        let mut projects = self.projects.write().unwrap_or_else(PoisonError::into_inner);
        projects.insert(id, anew);
    }

    /// Returns whether identity's change log was not looked at yet since persons were restored.
    pub(crate) fn is_restored(&self) -> bool {
        self.is_restored.load(Ordering::Relaxed)
    }

    /// Notes that identity's change log goes on from where persons were restored.
    pub(crate) fn set_continued(&self) {
        self.is_restored.store(false, Ordering::Relaxed);
    }

    /// Returns all known projects.
    pub(crate) fn all(&self) -> Vec<(ProjectId, Arc<Project>)> {
        let projects = self.projects.read().unwrap_or_else(PoisonError::into_inner);
        projects.iter().map(|(id, project)| (*id, Arc::clone(project))).collect()
    }

    /// Returns how far the log is read, by shard.
    pub(crate) fn read_to(&self) -> BTreeMap<u32, i64> {
        self.cursors().iter().map(|(shard, cursor)| (*shard, *cursor)).collect()
    }

    /// Returns how far the log is in the store, by shard: up to before the first row that is in memory only. Once a row was passed
    /// over, that is the beginning, so that a later version, which can read it, does.
    pub(crate) fn floor(&self) -> BTreeMap<u32, i64> {
        let mut floor = self.read_to();
        if self.is_partial.load(Ordering::Relaxed) {
            floor.values_mut().for_each(|cursor| *cursor = 0);
        }
        for (_, project) in self.all() {
            let keeping = project.keeping();
            for (shard, cursor) in &mut floor {
                if let Some(first) = keeping.unkept(*shard) {
                    *cursor = (*cursor).min(first - 1);
                }
            }
        }
        floor
    }

    /// Returns the last sequence of the shard that was applied; 0 at the start.
    #[must_use]
    pub fn cursor(&self, shard: u32) -> i64 {
        self.cursors().get(&shard).copied().unwrap_or(0)
    }

    /// Applies a row of the log to its project.
    fn apply(&self, project: &Project, shard: u32, row: &LogRow) -> Result<(), ApplyError> {
        // What was in an empty one is older than its project keeps, or was erased.
        if row.payload.is_empty() || project.keeping().has(shard, row.first_sequence) {
            return Ok(());
        }
        let mut decoder = std::mem::take(&mut *self.decoder());
        let (events, erased) = decoder.decode(&row.payload)?;
        if events.len() + erased as usize != row.count as usize {
            return Err(ApplyError::Malformed(
                "a log row holds another number of events than it says",
            ));
        }
        project.append(events);
        project.passed(shard, row.first_sequence, &row.payload);
        decoder.trim();
        *self.decoder() = decoder;
        Ok(())
    }

    /// Applies the next row of a shard's log.
    ///
    /// # Errors
    /// `Gap` if it is not the next one, `Malformed` if it cannot be read; nothing of it is applied then.
    pub fn apply_log_row(&self, shard: u32, row: &LogRow) -> Result<(), ApplyError> {
        let expected = self.cursor(shard) + 1;
        if row.first_sequence != expected {
            return Err(ApplyError::Gap { expected, found: row.first_sequence });
        }
        let project = ProjectId::from_bytes(&row.project_id)
            .ok_or(ApplyError::Malformed("a log row names no project"))?;
        if self.reads(project) {
            self.apply(&self.project(project), shard, row)?;
        }
        self.cursors().insert(shard, row.first_sequence + i64::from(row.count) - 1);
        Ok(())
    }

    fn reads(&self, project: ProjectId) -> bool {
        self.only.is_none_or(|only| only == project)
    }

    /// Passes over the next row of a shard's log as if it were applied: one that cannot be.
    ///
    /// # Errors
    /// `Gap` if it is not the next one.
    pub fn skip_log_row(&self, shard: u32, row: &LogRow) -> Result<(), ApplyError> {
        let expected = self.cursor(shard) + 1;
        if row.first_sequence != expected {
            return Err(ApplyError::Gap { expected, found: row.first_sequence });
        }
        let count = i64::from(row.count.max(1));
        self.cursors().insert(shard, row.first_sequence + count - 1);
        self.is_partial.store(true, Ordering::Relaxed);
        let project = ProjectId::from_bytes(&row.project_id);
        if let Some(project) = project.filter(|project| self.reads(*project)) {
            self.project(project).keeping().set_partial();
        }
        Ok(())
    }

    /// Returns, for every known project, the number of the last change applied.
    #[must_use]
    pub fn change_positions(&self) -> Vec<(ProjectId, i64)> {
        let projects = self.projects.read().unwrap_or_else(PoisonError::into_inner);
        projects.iter().map(|(id, project)| (*id, project.change_number())).collect()
    }

    /// Returns the number of the last change applied of the project; 0 at the start.
    #[must_use]
    pub fn change_number(&self, project: ProjectId) -> i64 {
        self.project(project).change_number()
    }

    /// Returns how many rows of a project an erasure removed here; `None` if it was not applied.
    #[must_use]
    pub fn erased_rows(&self, project: ProjectId, erasure: uuid::Uuid) -> Option<u64> {
        self.project(project).erasures().rows(erasure)
    }

    /// Passes over the next change of a project's persons as if it were applied: one that cannot be.
    ///
    /// # Errors
    /// `Gap` if the number is not the next one.
    pub fn skip_change(&self, project: ProjectId, number: i64) -> Result<(), ApplyError> {
        let project = self.project(project);
        let expected = project.change_number() + 1;
        if number != expected {
            return Err(ApplyError::Gap { expected, found: number });
        }
        project.keeping().set_persons_partial();
        project.skip_change();
        Ok(())
    }

    /// Applies the next changes of a project's persons. Returns the project and its new position if there are more to read.
    ///
    /// # Errors
    /// `Gap` if they are not the next ones, `Malformed` if one cannot be read.
    pub fn apply_changes(
        &self,
        changes: &ProjectChanges,
    ) -> Result<Option<(ProjectId, i64)>, ApplyError> {
        let id = ProjectId::from_bytes(&changes.project_id)
            .ok_or(ApplyError::Malformed("changes name no project"))?;
        let project = self.project(id);
        project.apply_changes(&changes.changes)?;
        let applied = project.change_number();
        if changes.head_number < applied {
            // The other side knows less than we were told: it was restored or replaced.
            return Err(ApplyError::Gap { expected: applied, found: changes.head_number });
        }
        // Without changes nothing more would come of asking again at once.
        let more = applied < changes.head_number && !changes.changes.is_empty();
        Ok(more.then_some((id, applied)))
    }

    /// Returns a project, known from now on; it may be empty.
    pub(crate) fn project(&self, id: ProjectId) -> Arc<Project> {
        let known = self.projects.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned();
        known.unwrap_or_else(|| {
            let mut projects = self.projects.write().unwrap_or_else(PoisonError::into_inner);
            let new = || Arc::new(Project::new(id, self.kept_of(id), self.room.clone()));
            Arc::clone(projects.entry(id).or_insert_with(new))
        })
    }

    /// Says what projects keep; those not named keep all. What is older goes, now and whenever it comes.
    pub(crate) fn keep(&self, kept: HashMap<ProjectId, Kept>) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = kept;
        for (id, project) in self.all() {
            project.keep(self.kept_of(id));
        }
    }

    fn kept_of(&self, id: ProjectId) -> Kept {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&id).copied().unwrap_or(Kept::ALL)
    }

    fn decoder(&self) -> MutexGuard<'_, Decoder> {
        self.decoder.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cursors(&self) -> MutexGuard<'_, HashMap<u32, i64>> {
        self.cursors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
