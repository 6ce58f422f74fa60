//! Telling identity that erasures are applied: each once the projection that answers has passed its change.

use std::collections::BTreeMap;

use observe_core::ProjectId;
use observe_proto::identity::v1::person_log_service_client::PersonLogServiceClient;
use observe_proto::identity::v1::{ConfirmErasureRequest, NumberedErasure, ReadErasuresRequest};
use observe_runtime::client::ServiceChannel;
use uuid::Uuid;

use super::upstream::{Trouble, call};
use crate::projection::Projection;
use crate::store::cohort::CohortStore;

/// Confirmed in one go; more wait for the next one, so that following is not held up.
const CONFIRMED_AT_ONCE: usize = 100;

/// An erasure that identity waits for.
#[derive(Clone, Debug)]
struct Waiting {
    project: ProjectId,
    id: Uuid,
    change_number: i64,
    /// Fixed lists of cohorts hold them.
    distinct_ids: Vec<String>,
}

/// Follows identity's list of erasures.
pub(super) struct Confirmer {
    identity: PersonLogServiceClient<ServiceChannel>,
    lists: CohortStore,
    /// The last number read. It is not kept: what is done is told by identity, and what was confirmed changes nothing.
    read: i64,
    /// By number.
    waiting: BTreeMap<i64, Waiting>,
}

impl Confirmer {
    pub(super) fn new(identity: ServiceChannel, lists: CohortStore) -> Self {
        let identity = PersonLogServiceClient::new(identity);
        Self { identity, lists, read: 0, waiting: BTreeMap::new() }
    }

    /// Reads what is new. A project that nothing was read of yet is known from then on: its changes are followed.
    pub(super) async fn read(&mut self, projection: &Projection) -> Result<(), Trouble> {
        loop {
            let request = ReadErasuresRequest { after_number: self.read };
            let answer = self.identity.read_erasures(request).await.map_err(call("identity"))?;
            let erasures = answer.into_inner().erasures;
            let Some(last) = erasures.last() else { break };
            self.read = last.number;
            let pending = erasures.iter().filter(|erasure| !erasure.done);
            self.waiting.extend(pending.filter_map(|one| Some((one.number, waiting(one)?))));
        }
        for one in self.waiting.values() {
            projection.project(one.project);
        }
        Ok(())
    }

    /// Confirms what the projection, which answers questions, has applied.
    pub(super) async fn confirm(&mut self, projection: &Projection) -> Result<(), Trouble> {
        let applied = |one: &Waiting| projection.change_number(one.project) >= one.change_number;
        let applied: Vec<(i64, Waiting)> = self
            .waiting
            .iter()
            .filter(|(_, one)| applied(one))
            .take(CONFIRMED_AT_ONCE)
            .map(|(number, one)| (*number, one.clone()))
            .collect();
        for (number, one) in applied {
            // A change that cannot be read is passed over, visibly; what it should have removed is not known then, and the
            // receipt must not say that it is gone.
            let Some(rows) = projection.erased_rows(one.project, one.id) else { continue };
            self.lists.erase(one.project, &one.distinct_ids).await?;
            let request = ConfirmErasureRequest {
                project_id: one.project.to_bytes(),
                erasure_id: one.id.as_bytes().to_vec(),
                removed: [("rows".to_owned(), i64::try_from(rows).unwrap_or(i64::MAX))].into(),
            };
            match self.identity.confirm_erasure(request).await {
                Ok(_) => {}
                Err(status) if status.code() == tonic::Code::NotFound => {}
                Err(status) => return Err(call("identity")(status)),
            }
            self.waiting.remove(&number);
        }
        Ok(())
    }
}

fn waiting(numbered: &NumberedErasure) -> Option<Waiting> {
    let erasure = numbered.erasure.as_ref()?;
    Some(Waiting {
        project: ProjectId::from_bytes(&numbered.project_id)?,
        id: Uuid::from_slice(&erasure.erasure_id).ok()?,
        change_number: numbered.change_number,
        distinct_ids: erasure.distinct_ids.clone(),
    })
}
