//! `observe.reports.v1.PersonActivityService`.

use std::sync::Arc;

use observe_core::context::Permission;
use observe_core::error::CommonError;
use observe_core::page::PageTokens;
use observe_core::{CallContext, PersonId, ProjectId, Violations, respond};
use observe_proto::events::v1::list_events_request::Order;
use observe_proto::identity::v1::Person;
use observe_proto::reports::v1 as pb;
use observe_proto::reports::v1::person_activity_service_server::PersonActivityService;
use tonic::{Request, Response, Status};

use crate::convert::{
    export_question, moment, person_events_question, preview_question, preview_response,
};
use crate::engine::ReportEngine;
use crate::error::ReportsError;
use crate::history::HistoryQuery;
use crate::person_activity::neighbours::Neighbours;
use crate::person_activity::sessions::{self, LOOK_BACK, Moment};
use crate::person_activity::subject::{Named, Place, Subject, has_row};

/// How many events of a person an export has on a page.
const EXPORT_PAGE: i32 = 1_000;
/// How many older events are asked for first, to tell where sessions begin; nearly always it is more than enough.
const FIRST_LOOK_BACK: i32 = 20;
/// How often older events are asked for. Fewer than [`LOOK_BACK`] are looked at only where events are so large that a page
/// of them holds few.
const LOOKS_BACK_MAX: usize = 8;

/// Answers what persons did.
pub(crate) struct PersonActivities {
    /// What counts events.
    pub(crate) engine: Arc<dyn ReportEngine>,
    /// Who knows persons and events.
    pub(crate) neighbours: Neighbours,
    /// What seals page tokens.
    pub(crate) page_tokens: PageTokens,
}

/// Which list of a person's events a page token is of.
#[derive(Clone, Copy)]
enum List {
    Events,
    Export,
}

impl PersonActivities {
    async fn preview(
        &self,
        ctx: &CallContext,
        request: pb::PreviewMergeRequest,
    ) -> Result<pb::PreviewMergeResponse, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Read)?;
        let (source, target) = preview_question(&request)?;
        let source = source.ok_or(CommonError::NotFound("person"))?;
        let target = target.ok_or(CommonError::NotFound("person"))?;
        let (source, target) = tokio::try_join!(
            self.source(project, &source, &request.source_person_id),
            self.neighbours.person(project, &target),
        )?;
        if source.id == target.id {
            let mut violations = Violations::new();
            violations.add("source_person_id", "must be another person than the target");
            return Err(violations.into());
        }
        let persons = vec![source.distinct_ids.clone(), target.distinct_ids.clone()];
        let histories = self.engine.history(project, HistoryQuery { persons }).await?;
        Ok(preview_response(source, target, &histories))
    }

    /// Returns the source. One that is named by a distinct id has to be the person that is named as well, if one is: as it
    /// is now, or as the distinct id makes it by itself.
    async fn source(
        &self,
        project: ProjectId,
        named: &Named,
        person_id: &str,
    ) -> Result<Person, CommonError> {
        let person = self.neighbours.person(project, named).await?;
        let is_meant = match named {
            Named::DistinctId(distinct_id) if !person_id.is_empty() => {
                let own = PersonId::of_distinct_id(project, distinct_id);
                let wanted = PersonId::parse(person_id);
                wanted.is_some() && (wanted == Some(own) || wanted == PersonId::parse(&person.id))
            }
            _ => true,
        };
        if is_meant { Ok(person) } else { Err(CommonError::NotFound("person")) }
    }

    async fn list(
        &self,
        ctx: &CallContext,
        request: pb::ListPersonEventsRequest,
    ) -> Result<pb::ListPersonEventsResponse, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Read)?;
        let (named, page_size) = person_events_question(&request)?;
        let named = named.ok_or(CommonError::NotFound("person"))?;
        let scope = scope(List::Events, project, &named);
        let place = match self.open_token(&scope, &named, &request.page_token)? {
            Some(place) => place,
            None => self.start(project, &named).await?.1,
        };
        let Place { subject, events_token } = place;
        let page =
            self.neighbours.events(project, &subject, Order::Unspecified, page_size, &events_token);
        let page = page.await?;
        let moments = page.events.iter().map(moment).collect();
        let begins_session =
            self.sessions(project, &subject, moments, page.next_page_token.clone()).await?;
        let next_page_token = self.seal_token(&scope, subject, page.next_page_token);
        Ok(pb::ListPersonEventsResponse { events: page.events, begins_session, next_page_token })
    }

    /// Tells of each event of a page whether it begins a session, looking at older ones as far as it has to.
    async fn sessions(
        &self,
        project: ProjectId,
        subject: &Subject,
        mut moments: Vec<Moment>,
        mut older: String,
    ) -> Result<Vec<bool>, ReportsError> {
        let page = moments.len();
        let mut look_back = FIRST_LOOK_BACK;
        for _ in 0..LOOKS_BACK_MAX {
            if sessions::is_enough(&moments, page, older.is_empty()) {
                break;
            }
            let events =
                self.neighbours.events(project, subject, Order::Unspecified, look_back, &older);
            let events = events.await?;
            moments.extend(events.events.iter().map(moment));
            older = events.next_page_token;
            // One more than is looked at; see there.
            look_back = i32::try_from(LOOK_BACK).expect("a small constant");
        }
        Ok(sessions::begin(&moments, page, older.is_empty()))
    }

    async fn export(
        &self,
        ctx: &CallContext,
        request: pb::ExportPersonRequest,
    ) -> Result<pb::ExportPersonResponse, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Write)?;
        let named = export_question(&request)?.ok_or(CommonError::NotFound("person"))?;
        let scope = scope(List::Export, project, &named);
        let mut answer = pb::ExportPersonResponse::default();
        let place = match self.open_token(&scope, &named, &request.page_token)? {
            Some(place) => place,
            None => {
                let (person, place) = self.start(project, &named).await?;
                // Without a row there are none.
                if has_row(&person) {
                    (answer.merges, answer.property_changes) = tokio::try_join!(
                        self.neighbours.merges(project, &person.id),
                        self.neighbours.property_changes(project, &person.id),
                    )?;
                }
                answer.person = Some(person);
                place
            }
        };
        let Place { subject, events_token } = place;
        let page = self.neighbours.events(
            project,
            &subject,
            Order::OldestFirst,
            EXPORT_PAGE,
            &events_token,
        );
        let page = page.await?;
        answer.events = page.events;
        answer.next_page_token = self.seal_token(&scope, subject, page.next_page_token);
        Ok(answer)
    }

    /// Returns the person, and where the list of its events begins.
    async fn start(
        &self,
        project: ProjectId,
        named: &Named,
    ) -> Result<(Person, Place), CommonError> {
        let person = self.neighbours.person(project, named).await?;
        let no_id = || CommonError::Internal("identity answered a person without an id".into());
        let subject = Subject::new(named, &person).ok_or_else(no_id)?;
        Ok((person, Place { subject, events_token: String::new() }))
    }

    fn open_token(
        &self,
        scope: &[u8],
        named: &Named,
        token: &str,
    ) -> Result<Option<Place>, Violations> {
        if token.is_empty() {
            return Ok(None);
        }
        let place = self.page_tokens.open(scope, token);
        let place = place.and_then(|bytes| Place::from_bytes(named, &bytes));
        let mut violations = Violations::new();
        violations.require(place.is_some(), "page_token", "is not one of this person's list");
        violations.finish().map(|()| place)
    }

    fn seal_token(&self, scope: &[u8], subject: Subject, events_token: String) -> String {
        if events_token.is_empty() {
            return String::new();
        }
        self.page_tokens.seal(scope, &Place { subject, events_token }.to_bytes())
    }
}

/// What must stay the same from page to page.
fn scope(list: List, project: ProjectId, named: &Named) -> Vec<u8> {
    let list: &[u8] = match list {
        List::Events => b"person events",
        List::Export => b"person export",
    };
    [list, &project.to_bytes(), &named.to_bytes()].concat()
}

#[tonic::async_trait]
impl PersonActivityService for PersonActivities {
    async fn preview_merge(
        &self,
        request: Request<pb::PreviewMergeRequest>,
    ) -> Result<Response<pb::PreviewMergeResponse>, Status> {
        let ctx = match CallContext::from_request(&request) {
            Ok(ctx) => ctx,
            Err(error) => return respond(Err(error)),
        };
        respond(self.preview(&ctx, request.into_inner()).await)
    }

    async fn list_person_events(
        &self,
        request: Request<pb::ListPersonEventsRequest>,
    ) -> Result<Response<pb::ListPersonEventsResponse>, Status> {
        let ctx = match CallContext::from_request(&request) {
            Ok(ctx) => ctx,
            Err(error) => return respond(Err(error)),
        };
        respond(self.list(&ctx, request.into_inner()).await)
    }

    async fn export_person(
        &self,
        request: Request<pb::ExportPersonRequest>,
    ) -> Result<Response<pb::ExportPersonResponse>, Status> {
        let ctx = match CallContext::from_request(&request) {
            Ok(ctx) => ctx,
            Err(error) => return respond(Err(error)),
        };
        respond(self.export(&ctx, request.into_inner()).await)
    }
}
