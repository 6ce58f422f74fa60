//! What was refused.

use observe_core::context::Permission;
use observe_core::{CallContext, Violations};
use observe_proto::identity::v1 as pb;

use super::Persons;
use crate::convert;
use crate::error::IdentityError;
use crate::service::page::Page;

impl Persons {
    pub(super) async fn refused_merges(
        &self,
        context: &CallContext,
        request: pb::ListRefusedMergesRequest,
    ) -> Result<pb::ListRefusedMergesResponse, IdentityError> {
        let project = context.project(&request.project_id, Permission::Read)?;
        let mut violations = Violations::new();
        let about = ("refused merges", project, &[&*request.person_id][..]);
        let asked = (request.page_size, request.page_token.as_str());
        let page = Page::read(&self.page_tokens, about, asked, &mut violations);
        violations.finish()?;
        let person = if request.person_id.is_empty() {
            None
        } else {
            Some(self.root(project, &request.person_id).await?)
        };
        let now = self.clock.now();
        let store = &self.refusals;
        let mut rows = store.list(project, person, page.before, page.limit(), now).await?;
        let next_page_token = page.finish(&self.page_tokens, &mut rows, |row| row.position);
        let (counts_last_day, parked_count) = store.counts(project, now).await?;
        let refused_merges = rows.into_iter().map(convert::refused_merge).collect();
        Ok(pb::ListRefusedMergesResponse {
            refused_merges,
            next_page_token,
            counts_last_day,
            parked_count,
        })
    }
}
