//! `observe demo`: fills a project with a month of a small web shop, so that no page is empty on a first look. It is a client like
//! any other: what it sends goes through the public API of a running Observe.

mod batches;
mod checks;
mod connection;
mod event;
mod farewell;
mod fault;
mod ledger;
mod live;
mod options;
mod otlp;
mod person;
pub(crate) mod progress;
mod random;
mod request;
mod rhythm;
mod send;
mod shop;
mod uptime;
mod visit;
mod walk;
mod world;

#[cfg(test)]
mod tests;

use std::io::Write as _;
use std::time::Duration;

use observe_core::{Clock as _, SystemClock};
use observe_proto::events::v1::GetPipelineStatusRequest;
use observe_proto::events::v1::pipeline_service_client::PipelineServiceClient;
use observe_runtime::StartError;
use observe_runtime::config::EnvReader;
use tokio::time::Instant;

use connection::{Connection, call, failed};
use ledger::{CAPTURE, Ledger, Part};
pub use options::Options;
use options::Place;
pub(crate) use options::reachable;
pub(crate) use progress::grouped;
use progress::{Progress, say};
use send::{Target, is_served, send_all};
use uptime::Uptime;
use world::{Scale, World};

/// Where spans go.
const TRACES: Target =
    Target { path: "/v1/traces", content_type: "application/x-protobuf", rejected: otlp::exported };
/// How long it may take until all that was sent is stored.
const STORED_TIMEOUT: Duration = Duration::from_secs(120);
/// How often it is looked at.
const STORED_INTERVAL: Duration = Duration::from_millis(200);

/// Runs the command. Returns whether the project is filled.
///
/// # Errors
/// A sentence if it cannot begin.
pub async fn run(options: &Options, env: &mut EnvReader) -> Result<bool, StartError> {
    let place = options.place(env)?;
    let project = place.connection.project().await?;
    let ledger = Ledger::read(&place.connection).await?;
    if ledger.scale().is_none() && !options.anyway && !ledger::is_fresh(&place.connection).await? {
        return Err(StartError::new(format!(
            "the project {:?} has events of its own, which the demo's would be mixed with; make a project for the demo in the \
             dashboard (Settings), make a secret key there, and give it with --secret-key. To fill this one: --anyway",
            project.name
        )));
    }
    say(&format!("Filling the project {:?} at {}", project.name, place.public_url));
    let filled = async {
        let world = fill(options, &place, ledger).await?;
        farewell::say_where(&world, &place.public_url, &project.id, options.live);
        if options.live { live::run(&place.connection, &world).await } else { Ok(()) }
    };
    match filled.await {
        Ok(()) => Ok(true),
        Err(error) => {
            // Nothing more can be done for a closed standard error.
            let _ = writeln!(
                std::io::stderr(),
                "observe: {error}\nobserve: run the same again; it goes on where it stopped"
            );
            Ok(false)
        }
    }
}

/// Fills what is missing and returns the world it is of.
async fn fill(options: &Options, place: &Place, ledger: Ledger) -> Result<World, StartError> {
    let connection = &place.connection;
    let began = Instant::now();
    let wanted = Scale {
        seed: options.seed,
        people: options.people,
        days: options.days,
        now: SystemClock.now().timestamp_millis(),
    };
    let fresh = World::new(ledger.scale().unwrap_or(wanted));
    let scale = match ledger.begun(Part::Events) {
        Some(_) => fresh.scale(),
        None => ledger::begin(connection, &fresh, Part::Events).await?,
    };
    let world = World::new(scale);
    let filler = Filler { connection, world: &world, ledger };
    filler.events().await?;
    filler.requests().await?;
    filler.monitors(&place.public_url).await?;
    wait_until_stored(connection).await?;
    say(&format!("Filled in {} s.", began.elapsed().as_secs()));
    Ok(world)
}

/// Fills the parts.
struct Filler<'a> {
    connection: &'a Connection,
    world: &'a World,
    ledger: Ledger,
}

impl Filler<'_> {
    async fn events(&self) -> Result<(), StartError> {
        if !self.is_wanted(Part::Events, "events") {
            return Ok(());
        }
        let mut progress = self.progress("Events", "events");
        let sent = send_all(self.connection, CAPTURE, batches::events(self.world), |batch| {
            progress.add(batch.people.into(), batch.items);
        });
        sent.await?;
        let items = progress.end();
        ledger::complete(self.connection, self.world, Part::Events, items).await
    }

    async fn requests(&self) -> Result<(), StartError> {
        if !self.is_wanted(Part::Requests, "requests") {
            return Ok(());
        }
        if !is_served(self.connection, TRACES).await? {
            warn("this Observe takes no OTLP traces, so Endpoints stays empty");
            return Ok(());
        }
        if self.ledger.begun(Part::Requests).is_none() {
            ledger::begin(self.connection, self.world, Part::Requests).await?;
        }
        let mut progress = self.progress("Requests", "spans");
        let sent = send_all(self.connection, TRACES, batches::requests(self.world), |batch| {
            progress.add(batch.people.into(), batch.items);
        });
        sent.await?;
        let items = progress.end();
        ledger::complete(self.connection, self.world, Part::Requests, items).await
    }

    async fn monitors(&self, public_url: &str) -> Result<(), StartError> {
        if !self.is_wanted(Part::Monitors, "checks") {
            return Ok(());
        }
        match uptime::fill(self.connection, self.world, public_url).await? {
            Uptime::NotServed => {
                warn("this Observe has no monitors, so Uptime stays empty");
                Ok(())
            }
            Uptime::Filled { checks, stand_ins, silent } => {
                if stand_ins {
                    warn(
                        "no address can be dialled from here, so heartbeats stand for the shop's; OBSERVE_EGRESS_ALLOW=127.0.0.0/8 \
                         would let Observe watch itself",
                    );
                }
                if silent {
                    warn("a heartbeat could not call in, so it waits for its first call");
                }
                ledger::complete(self.connection, self.world, Part::Monitors, checks).await
            }
        }
    }

    /// Returns whether a part is to be filled; says so when not.
    fn is_wanted(&self, part: Part, unit: &str) -> bool {
        if let Some(items) = self.ledger.done(part) {
            say(&format!("{:<9} there already: {} {unit}", title(part), grouped(items)));
            return false;
        }
        let age = self.ledger.begun(part).map(|begun| SystemClock.now() - begun);
        if let (Some(age), Some(remembered)) = (age, part.remembered())
            && age > remembered
        {
            warn(&format!(
                "the {} were begun {} hours ago and not finished; sent again now, some would count twice, so they stay as they \
                 are. A new project can be filled whole",
                part.name(),
                age.num_hours()
            ));
            return false;
        }
        true
    }

    fn progress(&self, label: &'static str, unit: &'static str) -> Progress {
        Progress::begin(label, unit, self.world.scale().people.into())
    }
}

fn title(part: Part) -> &'static str {
    match part {
        Part::Events => "Events",
        Part::Requests => "Requests",
        Part::Monitors => "Monitors",
    }
}

/// Says that something is left out.
fn warn(what: &str) {
    say(&format!("Left out: {what}."));
}

/// Waits until the pages can show what was sent.
async fn wait_until_stored(connection: &Connection) -> Result<(), StartError> {
    let mut pipeline = PipelineServiceClient::new(connection.channel.clone());
    let began = Instant::now();
    while began.elapsed() < STORED_TIMEOUT {
        let ask = || connection.ask(GetPipelineStatusRequest::default());
        let status = call(async || pipeline.get_pipeline_status(ask()).await).await;
        let status = status.map_err(|status| failed("the pipeline cannot be asked", &status))?;
        if status.pending == 0 {
            return Ok(());
        }
        tokio::time::sleep(STORED_INTERVAL).await;
    }
    warn("not all events are stored yet; the pages will be full when they are");
    Ok(())
}
