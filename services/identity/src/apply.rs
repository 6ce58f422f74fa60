//! Applying identity operations: those of events, in batches, and those of calls, one by one. Both take the same path: one
//! transaction under the project's lock.
//!
//! Nothing here is warned about and forgotten. What the rules refuse is written down as refused. What fails for a reason of
//! ours, again and again, is put aside with its event ([`crate::store::parked`]) and tried again by a worker, so that
//! neither its batch nor the events behind it wait for it. An outage fails the whole call, and the caller sends all again.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::Duration;

use observe_core::error::CommonError;
use observe_core::{Clock, Entropy, ErrorCode, ProjectId, ServiceError as _, Violations};
use observe_proto::events::v1::AcceptedEvent;
use observe_proto::identity::v1::apply_events_response::Outcome;
use observe_runtime::postgres::Database;
use tokio::sync::{Semaphore, SemaphorePermit};
use uuid::Uuid;

use crate::erasure::Judged;
use crate::error::IdentityError;
use crate::merge;
use crate::operation::{Kind, Operation};
use crate::person::split::Part;
use crate::refusal;
use crate::store::parked::ParkedStore;
use crate::store::person_log::{Done, PersonLogStore};

/// How many batches may be under way: each holds a connection while it waits for its project's lock, and signing in and
/// the credential look-up need some, too.
const MAX_BATCHES: usize = 3;
/// How often a batch that met another one is tried.
const MAX_TRIES: u32 = 5;
/// The longest pause before it is tried again, for each try there was.
const MAX_PAUSE_PER_TRY: Duration = Duration::from_millis(50);

/// An operation with the event that asks for it.
#[derive(Clone, Debug)]
pub(crate) struct Given<'a> {
    pub(crate) operation: Operation,
    pub(crate) event: &'a AcceptedEvent,
}

impl<'a> Given<'a> {
    /// Reads an event; `None` if its uuid is not 16 bytes.
    pub(crate) fn read(event: &'a AcceptedEvent) -> Option<Self> {
        Some(Self { operation: Operation::read(event)?, event })
    }
}

/// Applies operations.
pub(crate) struct Applier {
    log: PersonLogStore,
    parked: ParkedStore,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    turns: Semaphore,
}

impl Applier {
    /// Takes what it reads and writes with.
    pub(crate) fn new(
        database: &Database,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        Self {
            log: PersonLogStore(database.clone()),
            parked: ParkedStore(database.clone()),
            clock,
            entropy,
            turns: Semaphore::new(MAX_BATCHES),
        }
    }

    /// Applies the operations of events in the order given, each once for its uuid. Returns the outcome of each uuid.
    pub(crate) async fn apply(
        &self,
        project: ProjectId,
        given: &[Given<'_>],
    ) -> Result<HashMap<Uuid, Outcome>, IdentityError> {
        let _turn = self.turn().await?;
        let mut outcomes = HashMap::new();
        let mut waiting = vec![given];
        while let Some(part) = waiting.pop() {
            match self.retrying(|| self.try_apply(project, part)).await {
                Ok(done) => outcomes.extend(done),
                Err(error) if !is_ours(&error) => return Err(error),
                Err(error) => match part {
                    [only] => {
                        self.park(project, only, &error).await?;
                        outcomes.insert(only.operation.uuid(), Outcome::Parked);
                    }
                    // One of them is to blame, and the others need not wait for it. Halves keep the order.
                    _ => {
                        let (first, second) = part.split_at(part.len() / 2);
                        waiting.extend([second, first]);
                    }
                },
            }
        }
        Ok(outcomes)
    }

    /// Applies an operation that somebody called for. Nothing of one that is refused is applied. Returns whether it merged.
    pub(crate) async fn call(
        &self,
        project: ProjectId,
        operation: &Operation,
    ) -> Result<bool, IdentityError> {
        let _turn = self.turn().await?;
        self.retrying(|| self.try_call(project, operation)).await
    }

    /// Undoes a merge. Returns both persons, the merge's target first.
    pub(crate) async fn split(
        &self,
        project: ProjectId,
        merge: Uuid,
    ) -> Result<[Part; 2], IdentityError> {
        let _turn = self.turn().await?;
        self.retrying(|| self.try_split(project, merge)).await
    }

    /// Tries again what met somebody else in a way that trying again can mend.
    async fn retrying<T, F>(&self, attempt: impl Fn() -> F) -> Result<T, IdentityError>
    where
        F: Future<Output = Result<T, IdentityError>>,
    {
        let mut tries = 0;
        loop {
            tries += 1;
            match attempt().await {
                Err(IdentityError::Conflict(_)) if tries < MAX_TRIES => self.pause(tries).await,
                other => return other,
            }
        }
    }

    async fn try_apply(
        &self,
        project: ProjectId,
        given: &[Given<'_>],
    ) -> Result<HashMap<Uuid, Outcome>, IdentityError> {
        let mut batch = self.log.begin(project).await?.ok_or(CommonError::NotFound("project"))?;
        let uuids: Vec<_> = given.iter().map(|given| given.operation.uuid()).collect();
        let mut outcomes: HashMap<_, Outcome> = batch.applied(&uuids).await?;
        let operations = given.iter().map(|given| &given.operation);
        let new: Vec<_> =
            operations.filter(|operation| !outcomes.contains_key(&operation.uuid())).collect();
        if new.is_empty() {
            return Ok(outcomes);
        }
        let cuts = batch.cuts(&new).await?;
        let judged: Vec<Judged<'_>> = new.iter().map(|operation| cuts.judge(operation)).collect();
        let mut people = batch.load(&new).await?;
        let mut groups = batch.load_groups(&new).await?;
        let mut done = Vec::with_capacity(new.len());
        for one in &judged {
            let operation = one.operation();
            // The same event twice in one call is applied once, like the same event in two calls.
            if let Entry::Vacant(place) = outcomes.entry(operation.uuid()) {
                let outcome = match (one, &operation.kind) {
                    (Judged::Erased(_), _) => Outcome::Erased,
                    (Judged::Left(_), Kind::Group(change)) => {
                        merge::apply(&mut people, operation);
                        groups.apply(change, operation.version)
                    }
                    (Judged::Left(_), _) => merge::apply(&mut people, operation),
                };
                place.insert(outcome);
                done.push(Done { operation, outcome });
            }
        }
        batch.save_groups(&groups).await?;
        batch.commit(&people, &done, self.clock.now()).await?;
        let skipped = people.skipped_properties() + groups.skipped_properties();
        log_what_was_not_done(project, skipped, &done);
        Ok(outcomes)
    }

    async fn try_call(
        &self,
        project: ProjectId,
        operation: &Operation,
    ) -> Result<bool, IdentityError> {
        let mut batch = self.log.begin(project).await?.ok_or(CommonError::NotFound("project"))?;
        let mut people = batch.load(&[operation]).await?;
        let outcome = merge::apply(&mut people, operation);
        if outcome != Outcome::Applied {
            return Err(IdentityError::MergeRefused(refusal::code(outcome)));
        }
        if people.skipped_properties() > 0 {
            let mut violations = Violations::new();
            violations.add("properties", "are too large, or more than the person may have");
            return Err(violations.into());
        }
        // Nobody sends a call's uuid again, so there is nothing to remember of one that changed nothing.
        if people.is_changed() {
            batch.commit(&people, &[Done { operation, outcome }], self.clock.now()).await?;
        }
        Ok(!people.merges().is_empty())
    }

    async fn try_split(&self, project: ProjectId, merge: Uuid) -> Result<[Part; 2], IdentityError> {
        let mut batch = self.log.begin(project).await?.ok_or(CommonError::NotFound("project"))?;
        let row = batch.merge(merge).await?.ok_or(CommonError::NotFound("merge"))?;
        if let Some(trouble) = refusal::split_trouble(row.cause, row.undone_at.is_some()) {
            return Err(IdentityError::SplitRefused(trouble));
        }
        batch.split(row, self.clock.now()).await
    }

    async fn park(
        &self,
        project: ProjectId,
        given: &Given<'_>,
        error: &IdentityError,
    ) -> Result<(), IdentityError> {
        tracing::error!(
            %project, event = %given.operation.uuid(), %error,
            "an identity operation failed and is put aside; it is tried again"
        );
        self.parked.add(project, given.event, &error.to_string(), self.clock.now()).await
    }

    async fn turn(&self) -> Result<SemaphorePermit<'_>, IdentityError> {
        let turn = self.turns.acquire().await;
        Ok(turn.map_err(|error| CommonError::Internal(error.to_string()))?)
    }

    /// Waits a random part of a time that grows, so that those who met do not meet again.
    async fn pause(&self, tries: u32) {
        let mut random = [0];
        self.entropy.fill(&mut random);
        tokio::time::sleep(MAX_PAUSE_PER_TRY * tries * u32::from(random[0]) / 256).await;
    }
}

/// Whether it failed for a reason that is neither the caller's nor an outage: trying all of it again would not help.
fn is_ours(error: &IdentityError) -> bool {
    matches!(error, IdentityError::Conflict(_)) || error.code() == ErrorCode::Internal
}

/// Says how much was refused, in numbers: ids and properties are not for logs.
fn log_what_was_not_done(project: ProjectId, skipped_properties: usize, done: &[Done<'_>]) {
    let is_refused = |done: &&Done<'_>| !matches!(done.outcome, Outcome::Applied | Outcome::Erased);
    let refused = done.iter().filter(is_refused).count();
    if refused > 0 {
        tracing::info!(%project, refused, "identity events refused");
    }
    if skipped_properties > 0 {
        tracing::warn!(%project, skipped_properties, "person properties beyond the limit not taken");
    }
}
