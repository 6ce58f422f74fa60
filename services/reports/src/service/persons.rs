//! Pages of the persons behind a number, for every RPC that lists them.

use std::time::Duration;

use observe_core::error::CommonError;
use observe_core::page::PageTokens;
use observe_core::{ProjectId, Violations};
use observe_proto::identity::v1::person_log_service_client::PersonLogServiceClient;
use observe_proto::identity::v1::{Person, ReadPersonsRequest};
use observe_runtime::client::ServiceChannel;
use observe_runtime::{Deps, StartError};
use prost::Message;
use sha2::{Digest as _, Sha256};
use tonic::Request;

use crate::behind::{Behind, BehindPerson, BehindUnits, Page};
use crate::convert::persons_to_proto;
use crate::error::{ReportsError, away};

/// How long identity may take.
const DEADLINE: Duration = Duration::from_secs(10);
/// The largest answer taken, in bytes: a page of persons, each with as many properties as it may have.
const ANSWER_BYTES_MAX: usize = 256 << 20;

/// Completes pages of persons with what identity knows of them.
#[derive(Clone)]
pub(crate) struct PersonPages {
    identity: PersonLogServiceClient<ServiceChannel>,
    tokens: PageTokens,
}

/// What must stay the same from page to page: which list it is, of what question.
#[derive(Clone, Debug)]
pub(crate) struct ListScope(Vec<u8>);

impl ListScope {
    /// Binds to a question; its page size and page token have to be left out before.
    pub(crate) fn new(list: &str, project: ProjectId, question: &impl Message) -> Self {
        let mut hash = Sha256::new();
        hash.update(list.as_bytes());
        hash.update([0]);
        hash.update(project.to_bytes());
        hash.update(question.encode_to_vec());
        Self(hash.finalize().to_vec())
    }
}

/// A page as the contracts say it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct PersonsPage {
    /// The persons; none where groups are counted.
    pub(crate) persons: Vec<Person>,
    /// The keys of the groups, where they are counted.
    pub(crate) group_keys: Vec<String>,
    /// How many there are on all pages together.
    pub(crate) total: i64,
    /// Empty on the last page.
    pub(crate) next_page_token: String,
}

impl PersonPages {
    /// Knows where identity is.
    ///
    /// # Errors
    /// A sentence if this process does not.
    pub(crate) fn new(deps: &Deps) -> Result<Self, StartError> {
        let identity = PersonLogServiceClient::new(deps.service_channel("identity")?);
        Ok(Self {
            identity: identity.max_decoding_message_size(ANSWER_BYTES_MAX),
            tokens: deps.page_tokens(),
        })
    }

    /// Reads which page is asked for.
    ///
    /// # Errors
    /// A violation if the token is not of this list.
    pub(crate) fn page(
        &self,
        scope: &ListScope,
        size: usize,
        token: &str,
    ) -> Result<Page, Violations> {
        if token.is_empty() {
            return Ok(Page { after: None, size });
        }
        let after = self.tokens.open(&scope.0, token);
        let mut violations = Violations::new();
        violations.require(after.is_some(), "page_token", "is not one of this question's list");
        violations.finish().map(|()| Page { after, size })
    }

    /// Completes a page: persons with what identity keeps of them, and the token of the next page.
    ///
    /// # Errors
    /// `Unavailable` if identity is away.
    pub(crate) async fn complete(
        &self,
        project: ProjectId,
        scope: &ListScope,
        behind: Behind,
    ) -> Result<PersonsPage, ReportsError> {
        let next = behind.next.map(|position| self.tokens.seal(&scope.0, &position));
        let (persons, group_keys) = match behind.units {
            BehindUnits::Groups(keys) => (Vec::new(), keys),
            BehindUnits::Persons(persons) => {
                let stored = self.stored(project, &persons).await?;
                (persons_to_proto(persons, stored), Vec::new())
            }
        };
        Ok(PersonsPage {
            persons,
            group_keys,
            total: i64::try_from(behind.total).unwrap_or(i64::MAX),
            next_page_token: next.unwrap_or_default(),
        })
    }

    /// Asks identity for those that have a row.
    async fn stored(
        &self,
        project: ProjectId,
        persons: &[BehindPerson],
    ) -> Result<Vec<Person>, CommonError> {
        if persons.is_empty() {
            return Ok(Vec::new());
        }
        let mut request = Request::new(ReadPersonsRequest {
            project_id: project.to_bytes(),
            person_ids: persons.iter().map(|person| person.id.to_bytes()).collect(),
        });
        request.set_timeout(DEADLINE);
        let answer = self.identity.clone().read_persons(request).await;
        let answer = answer.map_err(|status| away("identity", &status))?;
        Ok(answer.into_inner().persons)
    }
}
