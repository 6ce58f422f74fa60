//! `observe export-events` and `observe export-persons`: what a project holds as one file for other tools, fetched by a client like
//! any other, through the public API of a running Observe.

mod options;
mod progress;
mod target;

use std::time::Duration;

use observe_proto::reports::v1::export_service_client::ExportServiceClient;
use observe_proto::reports::v1::{
    ExportEventsResponse, ExportPersonsRequest, ExportPersonsResponse, ExportProgress,
};
use observe_runtime::StartError;
use observe_runtime::config::EnvReader;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status, Streaming};

pub use options::{EventOptions, PersonOptions};

use crate::patience::patiently;
use crate::place::Place;
use progress::Progress;
use target::Target;

/// How long it may take to connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How often a silent connection is probed, and how long the probe may take: an export has no deadline of its own.
const KEEP_ALIVE: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(20));

/// A piece of a file, whichever file it is.
trait Piece {
    /// Takes it apart.
    fn parts(self) -> (Vec<u8>, ExportProgress);
}

impl Piece for ExportEventsResponse {
    fn parts(self) -> (Vec<u8>, ExportProgress) {
        (self.chunk, self.progress.unwrap_or_default())
    }
}

impl Piece for ExportPersonsResponse {
    fn parts(self) -> (Vec<u8>, ExportProgress) {
        (self.chunk, self.progress.unwrap_or_default())
    }
}

/// Runs `observe export-events`. Returns whether all was written.
///
/// # Errors
/// A sentence if it cannot be asked for, breaks off, or cannot be written.
pub async fn events(options: &EventOptions, env: &mut EnvReader) -> Result<bool, StartError> {
    let request = options.request()?;
    let edge = Edge::open(&options.place, env)?;
    let target = Target::open(options.to.output.as_deref())?;
    let pieces = edge.begin(async || edge.client().export_events(edge.ask(request.clone())).await);
    edge.write(pieces.await?, target, "events").await
}

/// Runs `observe export-persons`. Returns whether all was written.
///
/// # Errors
/// As [`events`].
pub async fn persons(options: &PersonOptions, env: &mut EnvReader) -> Result<bool, StartError> {
    let format = options.to.format()?.into();
    let request = ExportPersonsRequest { project_id: String::new(), format };
    let edge = Edge::open(&options.place, env)?;
    let target = Target::open(options.to.output.as_deref())?;
    let pieces = edge.begin(async || edge.client().export_persons(edge.ask(request.clone())).await);
    edge.write(pieces.await?, target, "persons").await
}

/// A running Observe, and the key of a project.
struct Edge {
    base: String,
    channel: Channel,
    bearer: MetadataValue<Ascii>,
}

impl Edge {
    fn open(place: &Place, env: &mut EnvReader) -> Result<Self, StartError> {
        let (base, key) = place.find(env)?;
        let wrong =
            || StartError::new(format!("{base:?} is no address, try --url http://127.0.0.1:8080"));
        let endpoint = Endpoint::from_shared(base.clone()).map_err(|_| wrong())?;
        let channel = endpoint
            .connect_timeout(CONNECT_TIMEOUT)
            .http2_keep_alive_interval(KEEP_ALIVE.0)
            .keep_alive_timeout(KEEP_ALIVE.1)
            .connect_lazy();
        let bearer = MetadataValue::try_from(format!("Bearer {}", key.expose()))
            .map_err(|_| StartError::new("the secret key holds what no key holds"))?;
        Ok(Self { base, channel, bearer })
    }

    fn client(&self) -> ExportServiceClient<Channel> {
        ExportServiceClient::new(self.channel.clone())
    }

    fn ask<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.metadata_mut().insert("authorization", self.bearer.clone());
        request
    }

    /// Begins an export, asking again while the server is busy.
    async fn begin<T>(
        &self,
        mut attempt: impl AsyncFnMut() -> Result<tonic::Response<Streaming<T>>, Status>,
    ) -> Result<Streaming<T>, StartError> {
        let begun = patiently(async || match attempt().await {
            Ok(answer) => Ok(Ok(answer.into_inner())),
            Err(status) => match status.code() {
                Code::Unavailable | Code::ResourceExhausted => Err((status, None)),
                _ => Ok(Err(status)),
            },
        });
        begun.await.and_then(std::convert::identity).map_err(|status| self.refusal(&status))
    }

    /// Writes the pieces as they come. What does not end well leaves no file.
    async fn write<T: Piece>(
        &self,
        mut pieces: Streaming<T>,
        mut target: Target,
        unit: &'static str,
    ) -> Result<bool, StartError> {
        let mut progress = Progress::begin(unit);
        loop {
            match pieces.message().await {
                Ok(Some(piece)) => {
                    let (chunk, done) = piece.parts();
                    target.write(&chunk)?;
                    progress.show(&done);
                }
                Ok(None) => break,
                Err(status) => {
                    progress.break_off();
                    return Err(self.broken(&status, &target));
                }
            }
        }
        let name = target.finish()?;
        progress.end(&name);
        Ok(true)
    }

    fn broken(&self, status: &Status, target: &Target) -> StartError {
        let why = self.refusal(status);
        StartError::new(format!("the export broke off, and {}: {why}", target.left()))
    }

    fn refusal(&self, status: &Status) -> StartError {
        let base = &self.base;
        let message = status.message();
        StartError::new(match status.code() {
            Code::Unauthenticated => format!(
                "Observe at {base} does not know this secret key; give one of the project with --secret-key"
            ),
            Code::PermissionDenied => {
                "this key may only send events; the project's secret key (obs_sec_...) is needed"
                    .to_owned()
            }
            Code::Unavailable | Code::Unknown | Code::Cancelled => format!(
                "Observe does not answer at {base} ({message}); start it with `observe up` in another shell, or say where it is \
                 with --url"
            ),
            Code::ResourceExhausted => format!("Observe at {base} is busy: {message}"),
            _ => format!("Observe at {base} answered: {message}"),
        })
    }
}
