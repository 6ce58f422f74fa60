//! Monitors and their history, through `MonitorService`.

use observe_proto::monitor::v1::monitor::Target;
use observe_proto::monitor::v1::monitor_service_client::MonitorServiceClient;
use observe_proto::monitor::v1::{
    Check, CreateMonitorRequest, HeartbeatTarget, HttpTarget, ImportChecksRequest,
    ListMonitorsRequest, Monitor,
};
use observe_runtime::StartError;
use prost_types::Duration;
use tonic::transport::Channel;
use tonic::{Code, Status};

use super::checks::{
    ADDRESSES, EXPORT, HEARTBEAT_INTERVAL, INTERVAL, Watched, of_address, of_heartbeat,
};
use super::connection::{Connection, call, failed};
use super::progress::Progress;
use super::rhythm::SECOND;
use super::world::World;

/// Checks of one call; the server takes 10,000.
const CHECKS_MAX: usize = 5_000;
/// A public address that is there to be asked, for installations that may not dial themselves.
const EXAMPLE: &str = "https://example.com";

/// What came of it.
pub(super) enum Uptime {
    /// This server has no monitors.
    NotServed,
    /// They are there.
    Filled {
        /// How many checks they have.
        checks: u64,
        /// Whether the addresses could not be watched, so that programs that call in stand for them.
        stand_ins: bool,
        /// Whether a heartbeat could not call in, so that it has nothing but its history.
        silent: bool,
    },
}

/// Makes the monitors that are missing and imports their history. What is there already stays as it is.
///
/// # Errors
/// A sentence if the server refuses, or patience is over.
pub(super) async fn fill(
    connection: &Connection,
    world: &World,
    public_url: &str,
) -> Result<Uptime, StartError> {
    let mut monitors =
        Monitors { client: MonitorServiceClient::new(connection.channel.clone()), connection };
    let Some(existing) = monitors.list().await? else { return Ok(Uptime::NotServed) };
    let all: Vec<&'static Watched> = ADDRESSES.iter().chain([&EXPORT]).collect();
    let mut progress =
        Progress::begin("Monitors", "checks", u64::try_from(all.len()).unwrap_or(u64::MAX));
    let (mut stand_ins, mut silent) = (false, false);
    for watched in all {
        let found = existing.iter().find(|monitor| monitor.name == watched.name);
        let monitor = match found {
            Some(monitor) => monitor.clone(),
            None => monitors.create(watched, public_url).await?,
        };
        let is_heartbeat = matches!(monitor.target, Some(Target::Heartbeat(_)));
        let checks = match (is_heartbeat, watched == &EXPORT) {
            (true, true) => of_heartbeat(world, watched, HEARTBEAT_INTERVAL),
            (true, false) => of_heartbeat(world, watched, INTERVAL),
            (false, _) => of_address(world, watched),
        };
        stand_ins |= is_heartbeat && watched != &EXPORT;
        let count = u64::try_from(checks.len()).unwrap_or(u64::MAX);
        monitors.import(&monitor.id, checks).await?;
        if let (None, Some(Target::Heartbeat(heartbeat))) = (found, &monitor.target) {
            silent |= !calls_in(connection, &heartbeat.path).await;
        }
        progress.add(1, count);
    }
    Ok(Uptime::Filled { checks: progress.end(), stand_ins, silent })
}

struct Monitors<'a> {
    client: MonitorServiceClient<Channel>,
    connection: &'a Connection,
}

impl Monitors<'_> {
    /// Returns the project's monitors; `None` if the server knows none at all.
    async fn list(&mut self) -> Result<Option<Vec<Monitor>>, StartError> {
        let (client, connection) = (&mut self.client, self.connection);
        let ask = || connection.ask(ListMonitorsRequest::default());
        match call(async || client.list_monitors(ask()).await).await {
            Ok(answer) => {
                Ok(Some(answer.monitors.into_iter().filter_map(|one| one.monitor).collect()))
            }
            Err(status) if status.code() == Code::Unimplemented => Ok(None),
            Err(status) => Err(failed("the project's monitors cannot be read", &status)),
        }
    }

    /// Makes a monitor of the first kind that the server takes: of Observe's own address, of a public one, of a program that
    /// calls in.
    async fn create(&mut self, watched: &Watched, public_url: &str) -> Result<Monitor, StartError> {
        let mut last = None;
        for target in targets(watched, public_url) {
            match self.try_create(watched, target).await {
                Ok(monitor) => return Ok(monitor),
                // The operator does not let this address be dialled, or its name means nothing here.
                Err(status) if status.code() == Code::InvalidArgument => last = Some(status),
                Err(status) => return Err(failed("a monitor cannot be made", &status)),
            }
        }
        let status = last.expect("there is at least one kind of target");
        Err(failed("a monitor cannot be made", &status))
    }

    async fn try_create(&mut self, watched: &Watched, target: Target) -> Result<Monitor, Status> {
        let is_heartbeat = matches!(target, Target::Heartbeat(_));
        let interval = if is_heartbeat { HEARTBEAT_INTERVAL } else { INTERVAL };
        let monitor = Monitor {
            name: watched.name.to_owned(),
            interval: Some(Duration { seconds: interval / SECOND, nanos: 0 }),
            retries: if is_heartbeat { 0 } else { 2 },
            retry_interval: (!is_heartbeat).then_some(Duration { seconds: 20, nanos: 0 }),
            target: Some(target),
            ..Monitor::default()
        };
        // Made once: an answer that is lost is found by its name at the next run.
        let request = CreateMonitorRequest { monitor: Some(monitor), ..Default::default() };
        let answer = self.client.create_monitor(self.connection.ask(request)).await?;
        Ok(answer.into_inner().monitor.unwrap_or_default())
    }

    async fn import(&mut self, monitor_id: &str, checks: Vec<Check>) -> Result<(), StartError> {
        let (client, connection) = (&mut self.client, self.connection);
        for part in checks.chunks(CHECKS_MAX) {
            let request = ImportChecksRequest {
                monitor_id: monitor_id.to_owned(),
                checks: part.to_vec(),
                ..Default::default()
            };
            call(async || client.import_checks(connection.ask(request.clone())).await)
                .await
                .map_err(|status| failed("the history of a monitor cannot be imported", &status))?;
        }
        Ok(())
    }
}

fn targets(watched: &Watched, public_url: &str) -> Vec<Target> {
    let heartbeat = Target::Heartbeat(HeartbeatTarget {
        // A day, the longest there is, so that the demo stays quiet for two.
        grace: Some(Duration { seconds: HEARTBEAT_INTERVAL / SECOND, nanos: 0 }),
        ..HeartbeatTarget::default()
    });
    if watched == &EXPORT {
        return vec![heartbeat];
    }
    let http = |url| Target::Http(HttpTarget { url, ..HttpTarget::default() });
    vec![
        http(format!("{}/healthz?monitor={}", public_url.trim_end_matches('/'), watched.slug)),
        http(format!("{EXAMPLE}/?monitor={}", watched.slug)),
        heartbeat,
    ]
}

/// Does what the program would do: calls in once, so that the monitor has something to go by. Returns whether it could.
async fn calls_in(connection: &Connection, path: &str) -> bool {
    let answer = connection.http.post(format!("{}{path}", connection.base)).send().await;
    answer.is_ok_and(|answer| answer.status().is_success())
}
