//! Reading from events and identity.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use observe_core::ProjectId;
use observe_proto::common::v1::ErrorReason;
use observe_proto::events::v1::log_service_client::LogServiceClient;
use observe_proto::events::v1::{ListHeadsRequest, ReadLogRequest};
use observe_proto::identity::v1::authentication_service_client::AuthenticationServiceClient;
use observe_proto::identity::v1::person_log_service_client::PersonLogServiceClient;
use observe_proto::identity::v1::{
    ChangePosition, ListRetentionsRequest, ProjectChanges, ReadChangesRequest, RetentionSettings,
};
use observe_runtime::client::ServiceChannel;
use tonic_types::StatusExt as _;

use super::erasures::Confirmer;
use super::parking::{self, Parking, Position};
use crate::engine::EngineError;
use crate::projection::{ApplyError, Projection};
use crate::published::Published;
use crate::query::Range;
use crate::store::cohort::CohortStore;
use crate::store::projection::{ProjectionStore, SaveError};
use crate::workers::keep::KeepError;
use crate::workers::load;

/// The largest answer taken, in bytes. A page of the log is about 8 MiB, a page of changes at most a few times that.
const ANSWER_BYTES_MAX: usize = 128 << 20;
/// How many projects' changes are asked for at once.
const PROJECTS_PER_CALL: usize = 500;

/// Why the logs could not be followed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// Another service is away, or answers with an error.
    #[error("{service}: {status}")]
    Call { service: &'static str, status: Box<tonic::Status> },
    /// The store of reports is away.
    #[error("the database of reports: {0}")]
    Store(#[from] sqlx::Error),
    /// What was read does not fit what is there.
    #[error("{position}: {error}")]
    Apply { position: Position, error: ApplyError },
    /// The log ends before the position that was read already.
    #[error("the log of shard {shard} ends at {head}, though {cursor} was read")]
    Receded { shard: u32, head: i64, cursor: i64 },
    /// The change log ends before the change that was applied already.
    #[error("the change log of project {project} ends before change {number}, though it was read")]
    ChangesReceded { project: ProjectId, number: i64 },
    /// The log says there is more and gives nothing.
    #[error("the log of shard {shard} gave nothing after {cursor}")]
    Stalled { shard: u32, cursor: i64 },
    /// Our own code panicked; what is in memory may be half changed.
    #[error("{position}: applying it panicked")]
    Crashed { position: Position },
    /// Another process keeps the projection.
    #[error("another process keeps the projection")]
    Fenced,
    /// What is kept cannot be loaded now.
    #[error("{0}")]
    Load(EngineError),
    /// What is kept is not what was written, as a question found.
    #[error("what is kept of the projection is damaged")]
    Damaged,
    /// It cannot be kept now.
    #[error("the projection is not kept: {0}")]
    Keep(KeepError),
    /// The task that applies was stopped.
    #[error("applying what was read broke off: {0}")]
    Stopped(#[from] tokio::task::JoinError),
}

impl Trouble {
    /// Returns whether trying again cannot help, only building anew.
    pub(crate) fn needs_rebuild(&self) -> bool {
        match self {
            Self::Call { status, .. } => is_expired(status),
            Self::Apply { error: ApplyError::Gap { .. }, .. } => true,
            Self::Receded { .. }
            | Self::ChangesReceded { .. }
            | Self::Crashed { .. }
            | Self::Stopped(_)
            | Self::Fenced
            | Self::Load(EngineError::Damaged(_))
            | Self::Damaged => true,
            Self::Apply { error: ApplyError::Malformed(_), .. }
            | Self::Keep(_)
            | Self::Load(_)
            | Self::Stalled { .. }
            | Self::Store(_) => false,
        }
    }

    /// Returns what cannot be applied, if that is the trouble.
    pub(super) fn position(&self) -> Option<&Position> {
        match self {
            Self::Apply { position, error: ApplyError::Malformed(_) }
            | Self::Crashed { position } => Some(position),
            _ => None,
        }
    }
}

impl From<KeepError> for Trouble {
    fn from(error: KeepError) -> Self {
        match error {
            KeepError::Save(SaveError::Fenced) => Self::Fenced,
            KeepError::Load(error) => Self::Load(error),
            error => Self::Keep(error),
        }
    }
}

/// Tells by the reason, not by the code: an answer that is too large has the same code.
fn is_expired(status: &tonic::Status) -> bool {
    let expired = ErrorReason::PositionExpired.as_str_name().trim_start_matches("ERROR_REASON_");
    status.get_details_error_info().is_some_and(|info| info.reason == expired)
}

/// Where the log of each shard ended when it was asked.
pub(crate) struct Heads(BTreeMap<u32, i64>);

impl Heads {
    /// Iterates over shards and their last sequences.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, i64)> {
        self.0.iter().map(|(shard, head)| (*shard, *head))
    }

    /// Returns whether all was read.
    pub(crate) fn are_passed(&self, projection: &Projection) -> bool {
        self.iter().all(|(shard, head)| projection.cursor(shard) >= head)
    }

    /// Returns how much was read, 0-1.
    #[expect(clippy::cast_precision_loss, reason = "an estimate for people")]
    pub(crate) fn progress(&self, projection: &Projection) -> f64 {
        let all: i64 = self.0.values().sum();
        let read: i64 = self.iter().map(|(shard, head)| projection.cursor(shard).min(head)).sum();
        if all == 0 { 1.0 } else { read as f64 / all as f64 }
    }
}

/// The services whose logs are followed.
pub(crate) struct Upstream {
    log: LogServiceClient<ServiceChannel>,
    persons: PersonLogServiceClient<ServiceChannel>,
    settings: AuthenticationServiceClient<ServiceChannel>,
    erasures: Confirmer,
    parking: Parking,
    store: ProjectionStore,
}

impl Upstream {
    pub(crate) fn new(
        events: ServiceChannel,
        identity: ServiceChannel,
        published: Arc<Published>,
        store: ProjectionStore,
        lists: CohortStore,
    ) -> Self {
        let log = LogServiceClient::new(events).max_decoding_message_size(ANSWER_BYTES_MAX);
        let settings = AuthenticationServiceClient::new(identity.clone());
        let erasures = Confirmer::new(identity.clone(), lists);
        let persons =
            PersonLogServiceClient::new(identity).max_decoding_message_size(ANSWER_BYTES_MAX);
        Self { log, persons, settings, erasures, parking: Parking::new(published), store }
    }

    /// Asks where each shard's log ends.
    pub(crate) async fn heads(&mut self, projection: &Projection) -> Result<Heads, Trouble> {
        let answer = self.log.list_heads(ListHeadsRequest {}).await.map_err(call("events"))?;
        let heads = answer.into_inner().heads;
        for one in &heads {
            let cursor = projection.cursor(one.shard);
            if one.sequence < cursor {
                return Err(Trouble::Receded { shard: one.shard, head: one.sequence, cursor });
            }
        }
        Ok(Heads(heads.into_iter().map(|one| (one.shard, one.sequence)).collect()))
    }

    /// Reads and applies the next page of a shard's log, which is known to go on, and of it the rows that begin up to a sequence.
    pub(crate) async fn read_page(
        &mut self,
        shard: u32,
        up_to: i64,
        projection: &Arc<Projection>,
    ) -> Result<(), Trouble> {
        let cursor = projection.cursor(shard);
        let request = ReadLogRequest { shard, from_sequence: cursor + 1 };
        let answer = self.log.read_log(request).await.map_err(call("events"))?;
        let mut rows = answer.into_inner().rows;
        rows.retain(|row| row.first_sequence <= up_to);
        if rows.is_empty() {
            return Err(Trouble::Stalled { shard, cursor });
        }
        let projection = Arc::clone(projection);
        // Unpacking a page takes up to a second of computation, which must not hold up those that serve requests.
        let parked = self.parking.parked();
        let applied = tokio::task::spawn_blocking(move || {
            parking::apply_rows(&projection, &parked, shard, &rows)
        });
        applied.await?.inspect_err(|trouble| self.parking.note(trouble))
    }

    /// Asks which projects do not keep all, and what they keep.
    pub(crate) async fn retentions(
        &mut self,
    ) -> Result<Vec<(ProjectId, RetentionSettings)>, Trouble> {
        let mut found = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = ListRetentionsRequest { page_size: 0, page_token };
            let answer = self.settings.list_retentions(request).await.map_err(call("identity"))?;
            let answer = answer.into_inner();
            let read = answer.retentions.into_iter();
            found.extend(
                read.filter_map(|one| ProjectId::parse(&one.project_id).zip(one.retention)),
            );
            page_token = answer.next_page_token;
            if page_token.is_empty() {
                return Ok(found);
            }
        }
    }

    /// Reads which erasures identity waits for.
    pub(crate) async fn read_erasures(&mut self, projection: &Projection) -> Result<(), Trouble> {
        self.erasures.read(projection).await
    }

    /// Tells identity which erasures are applied in the projection that answers.
    pub(crate) async fn confirm_erasures(
        &mut self,
        projection: &Projection,
    ) -> Result<(), Trouble> {
        self.erasures.confirm(projection).await
    }

    /// Reads and applies all changes of the persons of all known projects.
    pub(crate) async fn read_changes(
        &mut self,
        projection: &Arc<Projection>,
    ) -> Result<(), Trouble> {
        let mut left = projection.change_positions();
        while !left.is_empty() {
            left = self.read_some_changes(&left, projection).await?;
        }
        Ok(())
    }

    /// Reads and applies the next changes of some projects; returns those that have more.
    pub(super) async fn read_some_changes(
        &mut self,
        wanted: &[(ProjectId, i64)],
        projection: &Arc<Projection>,
    ) -> Result<Vec<(ProjectId, i64)>, Trouble> {
        // The last change that persons were kept with is read again: a log that was put back does not have it.
        let again = projection.is_restored();
        let mut unfinished = Vec::new();
        for some in wanted.chunks(PROJECTS_PER_CALL) {
            let positions = some.iter().map(|(project, number)| ChangePosition {
                project_id: project.to_bytes(),
                after_number: (number - i64::from(again)).max(0),
            });
            let request = ReadChangesRequest { positions: positions.collect() };
            let answer = self.persons.read_changes(request).await.map_err(call("identity"))?;
            let mut answer = answer.into_inner().projects;
            if again {
                go_on(&mut answer, some)?;
            }
            self.load_for_erasures(&answer, projection).await?;
            let projection = Arc::clone(projection);
            let parked = self.parking.parked();
            let applied = tokio::task::spawn_blocking(move || {
                let all = answer.into_iter();
                let unfinished = all.filter_map(|one| {
                    parking::apply_changes(&projection, &parked, one).transpose()
                });
                unfinished.collect::<Result<Vec<_>, _>>()
            });
            let more = applied.await?.inspect_err(|trouble| self.parking.note(trouble));
            unfinished.extend(more?);
        }
        projection.set_continued();
        Ok(unfinished)
    }
}

/// Leaves out the changes that are known of the projects that were asked for.
///
/// # Errors
/// `ChangesReceded` if a log does not have the last one that is known.
fn go_on(answer: &mut [ProjectChanges], known: &[(ProjectId, i64)]) -> Result<(), Trouble> {
    let mut of: HashMap<_, _> =
        answer.iter_mut().map(|one| (one.project_id.clone(), &mut one.changes)).collect();
    for &(project, number) in known.iter().filter(|(_, number)| *number > 0) {
        let changes = of.remove(&project.to_bytes()).filter(|changes| !changes.is_empty());
        let changes = changes.ok_or(Trouble::ChangesReceded { project, number })?;
        changes.retain(|change| change.number > number);
    }
    Ok(())
}

impl Upstream {
    /// Loads all of the projects of which something is to be erased: their rows are looked at.
    async fn load_for_erasures(
        &self,
        changes: &[ProjectChanges],
        projection: &Projection,
    ) -> Result<(), Trouble> {
        for of_project in changes {
            let Some(id) = ProjectId::from_bytes(&of_project.project_id) else { continue };
            let project = projection.project(id);
            if of_project.changes.iter().any(|change| project.is_new_erasure(change)) {
                let loaded = load::load(&self.store, id, &project, Range::ALWAYS).await;
                loaded.map_err(Trouble::Load)?;
            }
        }
        Ok(())
    }
}

pub(super) fn call(service: &'static str) -> impl Fn(tonic::Status) -> Trouble {
    move |status| Trouble::Call { service, status: Box::new(status) }
}
