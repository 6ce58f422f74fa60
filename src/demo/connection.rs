//! How the demo talks to a running Observe: the same way as everybody else.

use std::time::Duration;

use observe_core::Secret;
use observe_proto::identity::v1::project_service_client::ProjectServiceClient;
use observe_proto::identity::v1::{GetProjectRequest, Project};
use observe_runtime::StartError;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};

use crate::patience::patiently;

/// How long it may take to connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long one call or request may take.
pub(super) const CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// A running Observe, and the key of the project to fill.
#[derive(Clone)]
pub(super) struct Connection {
    /// Where it is, such as `http://127.0.0.1:8080`.
    pub(super) base: String,
    /// Posts events and spans.
    pub(super) http: reqwest::Client,
    /// Calls RPCs.
    pub(super) channel: Channel,
    pub(super) key: Secret,
    bearer: MetadataValue<Ascii>,
}

impl Connection {
    /// Prepares to talk; nothing is sent yet.
    ///
    /// # Errors
    /// A sentence if the address or the key cannot be one.
    pub(super) fn open(base: &str, key: Secret) -> Result<Self, StartError> {
        let base = base.trim_end_matches('/').to_owned();
        if !base.starts_with("http://") {
            return Err(StartError::new(format!(
                "{base:?} is no address that the demo can fill; give the gateway's own, without TLS, such as \
                 --url http://127.0.0.1:8080"
            )));
        }
        let wrong_address =
            || StartError::new(format!("{base:?} is no address, try --url http://127.0.0.1:8080"));
        let endpoint = Endpoint::from_shared(base.clone()).map_err(|_| wrong_address())?;
        let channel =
            endpoint.connect_timeout(CONNECT_TIMEOUT).timeout(CALL_TIMEOUT).connect_lazy();
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(CALL_TIMEOUT)
            .no_proxy()
            .build()
            .map_err(|error| StartError::new(format!("no HTTP client can be made: {error}")))?;
        let bearer = MetadataValue::try_from(format!("Bearer {}", key.expose()))
            .map_err(|_| StartError::new("the secret key holds what no key holds"))?;
        Ok(Self { base, http, channel, key, bearer })
    }

    /// Wraps a message with the key.
    pub(super) fn ask<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.metadata_mut().insert("authorization", self.bearer.clone());
        request
    }

    /// Returns the project of the key.
    ///
    /// # Errors
    /// A sentence that says what to do when nobody answers, or the key may not ask.
    pub(super) async fn project(&self) -> Result<Project, StartError> {
        let mut projects = ProjectServiceClient::new(self.channel.clone());
        let answer = projects.get_project(self.ask(GetProjectRequest::default())).await;
        let answer = answer.map_err(|status| self.refusal(&status))?;
        Ok(answer.into_inner().project.unwrap_or_default())
    }

    fn refusal(&self, status: &Status) -> StartError {
        let base = &self.base;
        StartError::new(match status.code() {
            Code::Unauthenticated => format!(
                "Observe at {base} does not know this secret key; give one of the project to fill with --secret-key"
            ),
            Code::PermissionDenied => "this key may only send events; the demo needs the project's secret key (obs_sec_...)".to_owned(),
            Code::Unavailable | Code::DeadlineExceeded | Code::Unknown => format!(
                "Observe does not answer at {base}; start it with `observe up` (or `make run`) in another shell, or say where it \
                 is with --url"
            ),
            code => format!("Observe at {base} answered {code:?}: {}", status.message()),
        })
    }
}

/// Calls an RPC that may be repeated, again and again while the server is busy.
///
/// # Errors
/// The last status when patience is over, or one that waiting does not mend.
pub(super) async fn call<T>(
    mut attempt: impl AsyncFnMut() -> Result<tonic::Response<T>, Status>,
) -> Result<T, Status> {
    patiently(async || match attempt().await {
        Ok(answer) => Ok(Ok(answer.into_inner())),
        Err(status) => match status.code() {
            Code::Unavailable | Code::ResourceExhausted => Err((status, None)),
            _ => Ok(Err(status)),
        },
    })
    .await?
}

/// Says that an RPC failed.
pub(super) fn failed(what: &str, status: &Status) -> StartError {
    StartError::new(format!("{what}: {:?}: {}", status.code(), status.message()))
}
