//! Reads what questions need to know of cohorts: those that they name, and those that their rules name.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use moka::sync::Cache;
use observe_core::error::CommonError;
use observe_core::{Clock, ProjectId};
use observe_proto::reports::v1 as pb;
use prost::Message as _;
use uuid::Uuid;

use super::{Definition, Definitions, DistinctIds, Kind, Rule, in_order};
use crate::convert::cohort_rule;
use crate::engine::Slots;
use crate::error::ReportsError;
use crate::refusal::Refusal;
use crate::store::cohort::{COHORT, CohortRow, CohortStore, RULE_FORMAT};

/// How much memory the lists that were read may take, in bytes. The longest one takes two thirds of it; what does not fit is
/// read each time.
const LISTS_BYTES_MAX: u64 = 64 << 20;

/// Knows the cohorts of all projects.
#[derive(Clone)]
pub(crate) struct Loader {
    pub(crate) store: CohortStore,
    /// Where rules are read: compiling their patterns is computation.
    slots: Slots,
    clock: Arc<dyn Clock>,
    /// By cohort and revision: a list that was changed is another one.
    lists: Cache<(Uuid, i64), Arc<DistinctIds>>,
}

impl Loader {
    /// Knows none yet.
    pub(crate) fn new(store: CohortStore, slots: Slots, clock: Arc<dyn Clock>) -> Self {
        let weigh = |_: &(Uuid, i64), ids: &Arc<DistinctIds>| {
            u32::try_from(ids.bytes()).unwrap_or(u32::MAX)
        };
        let lists = Cache::builder().max_capacity(LISTS_BYTES_MAX).weigher(weigh).build();
        Self { store, slots, clock, lists }
    }

    /// Returns the cohorts, and those that their rules name, as they are now.
    ///
    /// # Errors
    /// `NotFound` if one of these is no cohort of the project; that of the store; a rule that cannot be read any more.
    pub(crate) async fn load(
        &self,
        project: ProjectId,
        wanted: &HashSet<Uuid>,
    ) -> Result<Definitions, ReportsError> {
        let rows = self.rows(project, wanted).await?;
        if wanted.iter().any(|id| !rows.contains_key(id)) {
            return Err(CommonError::NotFound(COHORT).into());
        }
        self.define(project, rows).await
    }

    /// Returns a rule that is not saved as if it were the cohort without an id, the last one.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub(crate) async fn load_rule(
        &self,
        project: ProjectId,
        rule: Rule,
    ) -> Result<Definitions, ReportsError> {
        let mut definitions = self.load(project, &rule.named()).await?;
        definitions.cohorts.push(Definition {
            id: Uuid::nil(),
            name: String::new(),
            revision: None,
            kind: Kind::Rule(Arc::new(rule)),
        });
        Ok(definitions)
    }

    /// Returns the rows of these cohorts and of all that they lead to. A project has few enough to have all of them.
    async fn rows(
        &self,
        project: ProjectId,
        wanted: &HashSet<Uuid>,
    ) -> Result<HashMap<Uuid, CohortRow>, ReportsError> {
        let mut rows: HashMap<Uuid, CohortRow> = HashMap::new();
        let mut next: Vec<Uuid> = wanted.iter().copied().collect();
        while !next.is_empty() {
            let found = self.store.list(project, Some(&next)).await?;
            let named: HashSet<Uuid> =
                found.iter().flat_map(|row| row.named_cohorts.iter().copied()).collect();
            rows.extend(found.into_iter().map(|row| (row.id, row)));
            next = named.into_iter().filter(|id| !rows.contains_key(id)).collect();
        }
        Ok(rows)
    }

    async fn define(
        &self,
        project: ProjectId,
        rows: HashMap<Uuid, CohortRow>,
    ) -> Result<Definitions, ReportsError> {
        let mut cohorts = Vec::with_capacity(rows.len());
        let (ruled, listed): (Vec<_>, Vec<_>) =
            rows.into_values().partition(|row| row.rule.is_some());
        for row in listed {
            let kind = Kind::List(self.listed(project, &row).await?);
            cohorts.push(definition(&row, kind));
        }
        if !ruled.is_empty() {
            let read = move |_: &_| Ok(ruled.iter().map(read_rule).collect::<Result<Vec<_>, _>>());
            cohorts.extend(self.slots.compute(project, read).await??);
        }
        let now_ms = self.clock.now().timestamp_millis();
        Ok(Definitions { now_ms, cohorts: in_order(cohorts) })
    }

    async fn listed(
        &self,
        project: ProjectId,
        row: &CohortRow,
    ) -> Result<Arc<DistinctIds>, ReportsError> {
        let key = (row.id, row.revision);
        if let Some(ids) = self.lists.get(&key) {
            return Ok(ids);
        }
        // It may be a later one than the revision says; then the next question reads it once more.
        let ids = Arc::new(self.store.listed(project, row.id).await?);
        self.lists.insert(key, Arc::clone(&ids));
        Ok(ids)
    }
}

fn definition(row: &CohortRow, kind: Kind) -> Definition {
    Definition { id: row.id, name: row.name.clone(), revision: Some(row.revision), kind }
}

fn read_rule(row: &CohortRow) -> Result<Definition, Refusal> {
    let wire = stored_rule(row)?.unwrap_or_default();
    let rule = cohort_rule(&wire).map_err(|_| Refusal::Unreadable(COHORT))?;
    Ok(definition(row, Kind::Rule(Arc::new(rule))))
}

/// Returns the rule as it was said; `None` for a fixed list.
///
/// # Errors
/// `Unreadable` if a later version wrote it.
pub(crate) fn stored_rule(row: &CohortRow) -> Result<Option<pb::CohortRule>, Refusal> {
    let Some(bytes) = &row.rule else { return Ok(None) };
    let known = (row.rule_format == RULE_FORMAT).then_some(bytes.as_slice());
    let rule = known.and_then(|bytes| pb::CohortRule::decode(bytes).ok());
    rule.map(Some).ok_or(Refusal::Unreadable(COHORT))
}
