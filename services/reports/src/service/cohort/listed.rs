//! Who is on a fixed list, and who is in a cohort.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use observe_core::context::Permission;
use observe_core::error::CommonError;
use observe_core::{CallContext, PersonId, ProjectId, Violations};
use observe_proto::reports::v1 as pb;

use super::{Cohorts, id};
use crate::convert::{cohort, listed_persons, page_size};
use crate::engine::EngineError;
use crate::engine::slots::Asker;
use crate::error::ReportsError;
use crate::projection::{NOBODY, Snapshot};
use crate::service::persons::ListScope;

impl Cohorts {
    pub(super) async fn persons(
        &self,
        ctx: &CallContext,
        mut request: pb::ListCohortPersonsRequest,
    ) -> Result<pb::ListCohortPersonsResponse, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Read)?;
        let mut violations = Violations::new();
        let size = page_size(std::mem::take(&mut request.page_size), &mut violations);
        violations.finish()?;
        let token = std::mem::take(&mut request.page_token);
        let id = id(&request.cohort_id)?;
        let (cohort_id, project_id) = (id.to_string(), project.to_string());
        // The same list, however its project and its cohort were written.
        let list = pb::ListCohortPersonsRequest { cohort_id, project_id, ..Default::default() };
        let scope = ListScope::new("cohort persons", project, &list);
        let page = self.pages.page(&scope, size, &token)?;
        let definitions = self.counter.loader.load(project, &HashSet::from([id])).await?;
        let engine = self.counter.engine.with_cohorts(Arc::new(definitions));
        let behind = engine.cohort_persons(project, id, page).await?;
        let page = self.pages.complete(project, &scope, behind).await?;
        Ok(pb::ListCohortPersonsResponse {
            persons: page.persons,
            total: page.total,
            next_page_token: page.next_page_token,
        })
    }

    pub(super) async fn add(
        &self,
        ctx: &CallContext,
        request: pb::AddCohortPersonsRequest,
    ) -> Result<pb::AddCohortPersonsResponse, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Write)?;
        let (mut distinct_ids, persons) = read(&request.distinct_ids, &request.person_ids)?;
        let id = id(&request.cohort_id)?;
        if !persons.is_empty() {
            let own = move |now: &Snapshot, _: &Asker| Ok(own_ids(project, now, &persons));
            let own = self.compute(project, own).await?;
            distinct_ids.extend(own.ok_or(CommonError::NotFound("person"))?);
        }
        let now = self.counter.clock.now();
        let changed = self.store().add(project, id, &distinct_ids, now).await?;
        let changed = self.counter.counted(project, changed).await;
        Ok(pb::AddCohortPersonsResponse { cohort: Some(cohort(&changed)?) })
    }

    pub(super) async fn remove(
        &self,
        ctx: &CallContext,
        request: pb::RemoveCohortPersonsRequest,
    ) -> Result<pb::RemoveCohortPersonsResponse, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Write)?;
        let (distinct_ids, persons) = read(&request.distinct_ids, &request.person_ids)?;
        let id = id(&request.cohort_id)?;
        // A person may be on the list by any of its ids, and goes with all of them.
        let all = move |now: &Snapshot, _: &Asker| Ok(all_ids(now, distinct_ids, &persons));
        let all = self.compute(project, all).await?;
        let now = self.counter.clock.now();
        let changed = self.store().remove(project, id, &all, now).await?;
        let changed = self.counter.counted(project, changed).await;
        Ok(pb::RemoveCohortPersonsResponse { cohort: Some(cohort(&changed)?) })
    }

    async fn compute<T: Send + 'static>(
        &self,
        project: ProjectId,
        question: impl FnOnce(&Snapshot, &Asker) -> Result<T, EngineError> + Send + 'static,
    ) -> Result<T, EngineError> {
        // Told before there is a place, so that a start keeps nobody waiting.
        self.published.projection()?;
        let published = Arc::clone(&self.published);
        let work = move |asker: &Asker| {
            question(&published.projection()?.project(project).snapshot(), asker)
        };
        self.slots.compute(project, work).await
    }
}

fn read(
    distinct_ids: &[String],
    person_ids: &[String],
) -> Result<(Vec<String>, HashSet<PersonId>), ReportsError> {
    let (distinct_ids, persons) = listed_persons(distinct_ids, person_ids)?;
    // What is no id names no person.
    let persons = persons.ok_or(CommonError::NotFound("person"))?;
    Ok((distinct_ids, persons.into_iter().collect()))
}

/// Returns the code of each of the persons that are there.
fn codes(now: &Snapshot, persons: &HashSet<PersonId>) -> HashMap<u32, PersonId> {
    let all = 0..u32::try_from(now.persons.len()).expect("codes have 32 bits");
    let all = all.map(|code| (code, now.persons.id(code)));
    all.filter(|(_, id)| persons.contains(id)).collect()
}

/// Returns one distinct id for each of the persons: the one that makes the person by itself, so that the list keeps to it when
/// the person is split later, else the first. `None` if one of them has none, because it is no person or was merged away.
fn own_ids(project: ProjectId, now: &Snapshot, persons: &HashSet<PersonId>) -> Option<Vec<String>> {
    let codes = codes(now, persons);
    let mut own: HashMap<u32, String> = HashMap::new();
    for (visitor, code) in (0_u32..).zip(now.persons.person_of()) {
        let Some(person) = codes.get(code) else { continue };
        let id = now.visitors.text(visitor);
        if PersonId::of_distinct_id(project, id) == *person {
            own.insert(*code, id.to_owned());
        } else {
            own.entry(*code).or_insert_with(|| id.to_owned());
        }
    }
    (own.len() == persons.len()).then(|| own.into_values().collect())
}

/// Returns all distinct ids of the persons, and of those whose these distinct ids are; and these.
fn all_ids(now: &Snapshot, distinct_ids: Vec<String>, persons: &HashSet<PersonId>) -> Vec<String> {
    let person_of = now.persons.person_of();
    let mut codes: HashSet<u32> = codes(now, persons).into_keys().collect();
    let visitors = distinct_ids.iter().filter_map(|id| now.visitors.code(id));
    codes.extend(visitors.map(|visitor| person_of[visitor as usize]));
    codes.remove(&NOBODY);
    let of_them = (0_u32..).zip(person_of).filter(|(_, code)| codes.contains(code));
    let of_them = of_them.map(|(visitor, _)| now.visitors.text(visitor).to_owned());
    let all: HashSet<String> = of_them.chain(distinct_ids).collect();
    all.into_iter().collect()
}
